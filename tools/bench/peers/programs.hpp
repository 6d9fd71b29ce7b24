#pragma once
// Peers that are programs of their own, in Go and in Java: their sources are in go/ and java/ here.
//
//   subject         collector                                     needs
//
//   go              Go's: marks and sweeps beside the program     `go` where Midden is built
//   java-g1         -XX:+UseG1GC                                  `javac` there, `java` when it runs
//   java-parallel   -XX:+UseParallelGC                            the same
//
// They do the work of the C++ program and measure it themselves: the start of a process is in no time,
// and nothing warms up that does not in C++. Java compiles while it is measured.
//
//   heap       Java has at most four times what is alive, at least 64 MiB (-Xmx); it may begin with
//              less. Go lets it grow by as much as is alive, to 4 MiB at least; Midden by as much
//              as is alive and 32 MiB (Config::gc_floor).
//   workers    Java has as many threads in its pauses, and beside the program (-XX:ParallelGCThreads,
//              -XX:ConcGCThreads). Go has no such setting: it may run that many threads in all (GOMAXPROCS),
//              so that with one the collector and the program take turns.
//   pauses     Go stops twice a cycle, and each counts; what the program does for the collector when it
//              allocates is no pause. Java's are as its log has them, without the time to stop.
//              What runs beside the program is in none.
//   marking    Of Go, from the call of runtime.GC() to the end of marking, with both stops, without
//              the sweep behind them; the program waits, so that all threads mark. Of Java, what its log
//              has as the marking of a full collection, System.gc(); the pause is with all that it does then,
//              which is to move objects together.
//
// What the environment tells Go and Java counts (GOGC, JAVA_TOOL_OPTIONS), as it does for Midden; GOMAXPROCS
// gives way where there are workers to set.
//
// Threads: the main thread.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/bench/child.hpp"

namespace bench {

// What such a program is to do.
struct Task {
  std::string name;  // of the case
  std::vector<std::uint64_t> numbers;
  std::uint64_t live_bytes = 0;  // what is alive at most, as Java has it
  std::size_t workers = 0;       // 0: as many as each has by itself
  std::chrono::milliseconds limit = std::chrono::minutes(10);
};

struct Program {
  enum class Language : std::uint8_t { go, java };

  const char* name;
  Language language;
  const char* collector;  // of Java: the option

  // A line that says what is not there of it; empty where it can be measured.
  std::string missing_note() const;
  // Throws what measure_program does. Requires: it is there.
  ChildFigures measure(const Task& task) const;
};

const std::vector<Program>& programs();

// "go 1.19.8, java 17.0.15", of those that are there; asks the programs.
std::string program_versions();
}  // namespace bench
