#pragma once
// Plots as SVG: series of points over two axes, linear or logarithmic.
//
//   title
//   ● series  ● series                     legend
//   |          .    .   .                  points, joined by a line where asked
//   |   .  .     .
//   +----+----+----+----+                  ticks at 1, 2, 5 times a power of ten
//        label of x
//
// The file stands alone: no script, no font, no link. It has colours for a light and for a dark
// ground and takes those that the reader's system asks for.
//
// What it does not do: place labels so that long ones fit. Points that are not positive are left
// out on a logarithmic axis.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace bench {

enum class Scale : std::uint8_t { linear, logarithmic };

struct Axis {
  std::string label;
  Scale scale = Scale::linear;
  std::string (*tick)(double value);  // how a value is written
};

struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points;
};

struct Plot {
  std::string title;
  std::string subtitle;
  Axis x;
  Axis y;
  bool joined = false;
  std::vector<Series> series;
};

std::string svg(const Plot& plot);

// Ways to write a value at a tick.
std::string tick_count(double value);         // 500, 20k, 1M
std::string tick_microseconds(double value);  // 50 µs, 2 ms, 1 s

}  // namespace bench
