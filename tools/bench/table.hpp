#pragma once
// Tables for people: columns as wide as their widest cell, the first to the left, figures to the
// right. Cells are ASCII.

#include <cstdio>
#include <string>
#include <vector>

namespace bench {

class Table {
 public:
  explicit Table(std::vector<std::string> header) : rows_{std::move(header)} {}

  // Requires: as many cells as the header has.
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  void print(std::FILE* to) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

// A figure with three digits and a comma at each thousand: 0.12, 12.3, 123, 1,234,567.
std::string figure(double value);

// How many times `value` is of `base`: "12.3x"; "-" where base is zero.
std::string times(double value, double base);

}  // namespace bench
