#include "tools/bench/ratios.hpp"

#include <algorithm>
#include <array>

#include "tools/bench/table.hpp"

namespace bench {

namespace {

struct Base {
  std::string_view beginning;  // of the names of those it is the better of
  const char* header;
  std::string_view metric;
};

constexpr std::array<Base, 5> bases{{{"malloc", "to malloc", "ratio_to_malloc"},
                                     {"mimalloc", "to mimalloc", "ratio_to_mimalloc"},
                                     {"bdwgc", "to best bdwgc", "ratio_to_best_bdwgc"},
                                     {"go", "to go", "ratio_to_go"},
                                     {"java", "to best java", "ratio_to_best_java"}}};

}  // namespace

std::vector<std::string> Ratios::report(const std::string& subject,
                                        const std::function<void(std::string_view metric, double ratio)>& row) const {
  const double own = times_.at(subject);
  std::vector<std::string> cells;
  for (const Base& base : bases) {
    const std::optional<double> other = best(base.beginning);
    if (!other) continue;
    if (subject.starts_with(base.beginning) || own <= 0) {
      cells.emplace_back("-");
    } else {
      row(base.metric, *other / own);
      cells.push_back(times(*other, own));
    }
  }
  return cells;
}

std::vector<std::string> Ratios::header() const {
  std::vector<std::string> cells;
  for (const Base& base : bases) {
    if (best(base.beginning)) cells.emplace_back(base.header);
  }
  return cells;
}

std::optional<double> Ratios::best(std::string_view beginning) const {
  std::optional<double> least;
  for (auto at = times_.lower_bound(beginning); at != times_.end() && at->first.starts_with(beginning); ++at) {
    least = least ? std::min(*least, at->second) : at->second;
  }
  return least;
}

}  // namespace bench
