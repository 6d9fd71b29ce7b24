#pragma once
// Functions, files and lines of code, by libdw, those that the compiler put into others too. A build without it has
// source_lines_none.cpp, which knows none. Separate files of debug information are not looked for.
//
// Threads: one at a time. Making one reads what the process has loaded (milliseconds), so it is kept for a report.

#include <string>
#include <vector>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI::runtime {

struct Position {
  std::string function;  // "ns::Class::function", without arguments; empty: not known
  std::string line;      // "file.cpp:41" in it; empty: not known
};

class SourceLines {
 public:
  SourceLines();
  ~SourceLines();
  SourceLines(const SourceLines&) = delete;
  SourceLines& operator=(const SourceLines&) = delete;

  // Of the call that returns to `address`: in the function where it is written, then in the one that this is put into,
  // and so on. Empty where the code has no such tables.
  std::vector<Position> of_call(const void* address) const;

 private:
  [[maybe_unused]] void* session_ = nullptr;  // a Dwfl, which no header knows
};

}  // namespace midden::inline MIDDEN_ABI::runtime
