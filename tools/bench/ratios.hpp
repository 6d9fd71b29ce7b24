#pragma once
// How a subject stands to its peers: to malloc, to mimalloc, to the better of bdwgc and
// bdwgc-tuned, to Go, and to the better of Java's collectors.
//
//   ratio   the other's time by the subject's: above 1 the subject is faster
//
// There is none to a peer that was not measured, nor to itself; of those that are two neither has
// one to the better of them.
//
// Threads: the main thread.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

class Ratios {
 public:
  // A subject with the time that it took, in any unit.
  void add(const std::string& subject, double time) { times_[subject] = time; }

  // Gives each ratio there is to `row`, with the name of its metric; answers a cell for each of
  // header(). Requires: the subject has been added.
  std::vector<std::string> report(const std::string& subject,
                                  const std::function<void(std::string_view metric, double ratio)>& row) const;

  // A column for each peer that has been added.
  std::vector<std::string> header() const;

 private:
  // Of the subjects whose names begin so.
  std::optional<double> best(std::string_view beginning) const;

  std::map<std::string, double, std::less<>> times_;
};

}  // namespace bench
