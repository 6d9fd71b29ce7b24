#include "tools/bench/ratios.hpp"

#include <algorithm>

#include "tools/bench/peers/bdwgc.hpp"
#include "tools/bench/peers/mimalloc.hpp"
#include "tools/bench/table.hpp"

namespace bench {

std::vector<std::string> Ratios::report(const std::string& subject,
                                        const std::function<void(std::string_view metric, double ratio)>& row) const {
  const double own = times_.at(subject);
  const auto cell = [&](std::string_view metric, bool is_it, const std::optional<double>& other) -> std::string {
    if (is_it || !other || own <= 0) return "-";
    row(metric, *other / own);
    return times(*other, own);
  };
  return {cell("ratio_to_malloc", subject == "malloc", time_of("malloc")),
          cell("ratio_to_mimalloc", subject == "mimalloc", time_of("mimalloc")),
          cell("ratio_to_best_bdwgc", subject.starts_with("bdwgc"), best_bdwgc())};
}

std::optional<double> Ratios::time_of(const std::string& subject) const {
  const auto found = times_.find(subject);
  return found == times_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<double> Ratios::best_bdwgc() const {
  const std::optional<double> packaged = time_of("bdwgc");
  const std::optional<double> tuned = time_of("bdwgc-tuned");
  return packaged && tuned ? std::min(packaged, tuned) : packaged ? packaged : tuned;
}

std::string missing_peers() { return bdwgc::missing_note() + mimalloc::missing_note(); }

}  // namespace bench
