#pragma once
// A measurement in a process of its own.
//
//   parent   forks, reads, waits                 | pipe | figures, as JSON
//   child    measures, writes its figures, ends  '------'
//
// So each subject begins with fresh memory, has its own peak of it, and may have what a process
// can be given only once: the settings of a collector that is global.
//
//   1. The child ends by _exit: what the parent had in its buffers is not written twice.
//   2. It does not outlive the parent, nor its time.
//   3. What goes wrong in it is an error of the parent that names the subject.
//
// Threads: the parent has no other when it forks, and no Runtime.

#include <chrono>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

namespace bench {

struct ChildFigures {
  nlohmann::ordered_json figures;    // as `measure` answered them
  std::uint64_t peak_rss_bytes = 0;  // of the child, with what it took over from the parent
};

// Throws std::runtime_error where the child throws, dies of a signal, or takes longer than
// `limit`; then it is killed.
ChildFigures measure_in_child(const std::string& subject, const std::function<nlohmann::ordered_json()>& measure,
                              std::chrono::milliseconds limit = std::chrono::minutes(10));

}  // namespace bench
