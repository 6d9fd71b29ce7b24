#include "tools/bench/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace bench {

void Table::print(std::FILE* to) const {
  std::vector<std::size_t> widths(rows_.front().size());
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : rows_) {
    fmt::print(to, "  {:<{}}", row.front(), widths.front());
    for (std::size_t i = 1; i < row.size(); ++i) fmt::print(to, "  {:>{}}", row[i], widths[i]);
    fmt::print(to, "\n");
  }
}

std::string figure(double value) {
  if (value < 99.95) return fmt::format("{:.{}f}", value, value < 9.995 ? 2 : 1);
  const std::string digits = fmt::format("{:.0f}", value);
  std::string grouped;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) grouped += ',';
    grouped += digits[i];
  }
  return grouped;
}

std::string times(double value, double base) { return base == 0 ? "-" : figure(value / base) + "x"; }

}  // namespace bench
