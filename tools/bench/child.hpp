#pragma once
// A measurement in a process of its own.
//
//   parent   forks, reads, waits                 | pipe | figures, as JSON
//   child    measures, writes its figures, ends  '------'
//
// The child goes on in this program, or becomes another, whose standard output is the pipe.
//
// So each subject begins with fresh memory, has its own peak of it, and may have what a process
// can be given only once: the settings of a collector that is global.
//
//   1. The child ends by _exit: what the parent had in its buffers is not written twice.
//   2. It does not outlive the parent, nor its time.
//   3. What goes wrong in it is an error of the parent that names the subject. What another program
//      has to say of that goes to standard error, which is the parent's.
//
// Threads: the parent has no other when it forks, and no Runtime.

#include <chrono>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace bench {

struct ChildFigures {
  nlohmann::ordered_json figures;    // as `measure` answered them
  std::uint64_t peak_rss_bytes = 0;  // of the child, with what it took over from the parent
};

// Throws std::runtime_error where the child throws, dies of a signal, or takes longer than
// `limit`; then it is killed.
ChildFigures measure_in_child(const std::string& subject, const std::function<nlohmann::ordered_json()>& measure,
                              std::chrono::milliseconds limit = std::chrono::minutes(10));

// A program to run, by its path, or its name as in PATH.
struct Command {
  std::vector<std::string> words;                                // the first is the program
  std::vector<std::pair<std::string, std::string>> environment;  // what differs from ours
};

// The same of a program that writes its figures to standard output, one JSON object, and nothing
// else. Its descriptor 3 is an empty file without a name, for a log that it keeps.
ChildFigures measure_program(const std::string& subject, const Command& command,
                             std::chrono::milliseconds limit = std::chrono::minutes(10));

}  // namespace bench
