#pragma once
// Which subjects of a case are measured: those that are asked for, or all that are there.
//
//   --subjects a,b,c    in the order of the case
//
// A name that the case does not know is refused, and so is a peer that is not there: what was
// asked for is measured, or there is an error.
//
// Threads: the main thread.

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

class SubjectChoice {
 public:
  // Whether to measure it. Requires: the command line has been read.
  bool has(std::string_view subject) const;
  // Whether it was asked for by name.
  bool names(std::string_view subject) const;
  // A line for each peer that is missing, for below a table; none where subjects were asked for.
  std::string missing_peers() const;

 private:
  friend void add_only_subjects(CLI::App&, SubjectChoice&, const std::vector<std::string>&);

  std::vector<std::string> known_;  // to the case
  std::vector<std::string> asked_;
};

// Adds --subjects to a case that knows these subjects.
void add_only_subjects(CLI::App& command, SubjectChoice& choice, const std::vector<std::string>& known);

// The same, to one that knows Go and Java besides.
void add_subjects(CLI::App& command, SubjectChoice& choice, const std::vector<std::string>& known);

// Those of a program that makes objects: midden, midden-unsafe, bdwgc, bdwgc-tuned, malloc, mimalloc.
std::vector<std::string> allocating_subjects();

}  // namespace bench
