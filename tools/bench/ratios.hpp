#pragma once
// How a subject stands to its peers: to malloc, to mimalloc, and to the better of bdwgc and
// bdwgc-tuned.
//
//   ratio   the other's time by the subject's: above 1 the subject is faster
//
// There is none to a peer that was not measured, nor to itself; of the two bdwgc neither has one to
// the better of them.
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
  // `header`. Requires: the subject has been added.
  std::vector<std::string> report(const std::string& subject,
                                  const std::function<void(std::string_view metric, double ratio)>& row) const;

  static std::vector<std::string> header() { return {"to malloc", "to mimalloc", "to best bdwgc"}; }

 private:
  std::optional<double> time_of(const std::string& subject) const;
  std::optional<double> best_bdwgc() const;

  std::map<std::string, double> times_;
};

// A line for each peer that this program does not have.
std::string missing_peers();

}  // namespace bench
