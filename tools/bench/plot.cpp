#include "tools/bench/plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <limits>
#include <string_view>

namespace bench {

namespace {

constexpr double width = 760, height = 420;
constexpr double left = 76, right = 24, top = 84, bottom = 56;

// Classes, not variables: renderers that know no custom properties draw the light colours.
constexpr std::string_view style = R"(<style>
text{font-family:system-ui,"Segoe UI","DejaVu Sans",sans-serif;font-size:12px;fill:#57606a}
.title{font-size:16px;font-weight:600;fill:#1f2328}.strong{fill:#1f2328}
.ground{fill:#ffffff}.grid{stroke:#e4e7eb}.axis{stroke:#8c959f}
path{fill:none;stroke-width:2;stroke-linejoin:round}
.f0{fill:#d1570a}.f1{fill:#0b67c2}.f2{fill:#1a7f4b}.f3{fill:#8250df}
.l0{stroke:#d1570a}.l1{stroke:#0b67c2}.l2{stroke:#1a7f4b}.l3{stroke:#8250df}
@media(prefers-color-scheme:dark){
text{fill:#9aa4af}.title,.strong{fill:#e6edf3}.ground{fill:#0f1419}.grid{stroke:#262d35}.axis{stroke:#6e7681}
.f0{fill:#ff9248}.f1{fill:#58a6ff}.f2{fill:#4fd08a}.f3{fill:#bc8cff}
.l0{stroke:#ff9248}.l1{stroke:#58a6ff}.l2{stroke:#4fd08a}.l3{stroke:#bc8cff}
}
</style>
)";
constexpr std::size_t colours = 4;

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

// The values of an axis that are drawn, and where.
class Range {
 public:
  Range(Scale scale, double least, double most, double begin, double end)
      : logarithmic_(scale == Scale::logarithmic), begin_(begin), end_(end) {
    if (logarithmic_) {
      spread_logarithmic(least, most);
    } else {
      spread_linear(least, most);
    }
  }

  double place(double value) const { return begin_ + (end_ - begin_) * (along(value) - low_) / (high_ - low_); }
  const std::vector<double>& ticks() const { return ticks_; }

 private:
  double along(double value) const { return logarithmic_ ? std::log10(value) : value; }

  void spread_linear(double least, double most) {
    low_ = std::min(least, 0.0);
    if (most <= low_) most = low_ + 1;
    const double rough = (most - low_) / 6;
    const double power = std::pow(10, std::floor(std::log10(rough)));
    const double step = power * (rough <= power ? 1 : rough <= 2 * power ? 2 : rough <= 5 * power ? 5 : 10);
    low_ = std::floor(low_ / step) * step;
    high_ = std::ceil(most / step) * step;
    for (int i = 0; low_ + i * step <= high_ + step / 2; ++i) ticks_.push_back(low_ + i * step);
  }

  // From power of ten to power of ten; where that is wide for the values, from a 1, 2 or 5 to one.
  void spread_logarithmic(double least, double most) {
    constexpr std::array<double, 3> steps{1, 2, 5};
    std::vector<double> all;
    const int first = static_cast<int>(std::floor(std::log10(least)));
    const int last = static_cast<int>(std::ceil(std::log10(most))) + 1;
    for (int power = first; power <= last; ++power) {
      for (const double step : steps) all.push_back(step * std::pow(10, power));
    }
    constexpr double close = 1 + 1e-9;
    auto from = std::prev(std::upper_bound(all.begin(), all.end(), least * close));
    auto to = std::lower_bound(all.begin(), all.end(), most / close);
    if (to == from) ++to;
    const bool wide = to - from > 6;
    if (wide) {
      from -= (from - all.begin()) % 3;
      to += (3 - (to - all.begin()) % 3) % 3;
    }
    low_ = std::log10(*from);
    high_ = std::log10(*to);
    for (auto tick = from; tick <= to; tick += wide ? 3 : 1) ticks_.push_back(*tick);
  }

  bool logarithmic_;
  double begin_, end_;
  double low_ = 0, high_ = 1;
  std::vector<double> ticks_;
};

bool drawable(const Plot& plot, const std::pair<double, double>& point) {
  return (plot.x.scale == Scale::linear || point.first > 0) && (plot.y.scale == Scale::linear || point.second > 0);
}

class Drawing {
 public:
  explicit Drawing(const Plot& plot) : plot_(plot), x_(range(true)), y_(range(false)) {}

  std::string draw() {
    add("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {0} {1}' width='{0}' height='{1}' "
        "role='img'>\n<title>{2}</title>\n{3}",
        width, height, escaped(plot_.title), style);
    add("<rect class='ground' width='{}' height='{}' rx='6'/>\n", width, height);
    add("<text class='title' x='20' y='30'>{}</text><text x='20' y='49'>{}</text>\n", escaped(plot_.title),
        escaped(plot_.subtitle));
    axes();
    double legend = 20;
    for (std::size_t i = 0; i < plot_.series.size(); ++i) {
      series(plot_.series[i], i % colours);
      add("<circle class='f{}' cx='{:.1f}' cy='66' r='4.5'/><text class='strong' x='{:.1f}' y='70'>{}</text>\n",
          i % colours, legend + 5, legend + 15, escaped(plot_.series[i].name));
      legend += 36 + 7.2 * static_cast<double>(plot_.series[i].name.size());
    }
    return text_ + "</svg>\n";
  }

 private:
  template <class... Values>
  void add(fmt::format_string<Values...> format, Values&&... values) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Values>(values)...);
  }

  Range range(bool horizontal) const {
    double least = std::numeric_limits<double>::infinity();
    double most = -least;
    for (const Series& series : plot_.series) {
      for (const auto& point : series.points) {
        if (!drawable(plot_, point)) continue;
        least = std::min(least, horizontal ? point.first : point.second);
        most = std::max(most, horizontal ? point.first : point.second);
      }
    }
    if (least > most) least = most = 1;
    return horizontal ? Range(plot_.x.scale, least, most, left, width - right)
                      : Range(plot_.y.scale, least, most, height - bottom, top);
  }

  void axes() {
    for (const double value : x_.ticks()) {
      add("<line class='grid' x1='{0:.1f}' y1='{1}' x2='{0:.1f}' y2='{2}'/><text x='{0:.1f}' y='{3}' "
          "text-anchor='middle'>{4}</text>\n",
          x_.place(value), top, height - bottom, height - bottom + 18, escaped(plot_.x.tick(value)));
    }
    for (const double value : y_.ticks()) {
      add("<line class='grid' x1='{1}' y1='{0:.1f}' x2='{2}' y2='{0:.1f}'/><text x='{3}' y='{4:.1f}' "
          "text-anchor='end'>{5}</text>\n",
          y_.place(value), left, width - right, left - 8, y_.place(value) + 4, escaped(plot_.y.tick(value)));
    }
    add("<line class='axis' x1='{0}' y1='{1}' x2='{2}' y2='{1}'/>\n", left, height - bottom, width - right);
    add("<text x='{:.1f}' y='{}' text-anchor='middle'>{}</text>\n", (left + width - right) / 2, height - 14,
        escaped(plot_.x.label));
    add("<text transform='translate(18 {:.1f}) rotate(-90)' text-anchor='middle'>{}</text>\n",
        (top + height - bottom) / 2, escaped(plot_.y.label));
  }

  void series(const Series& series, std::size_t colour) {
    std::string line;
    for (const auto& point : series.points) {
      if (!drawable(plot_, point)) continue;
      const double x = x_.place(point.first), y = y_.place(point.second);
      fmt::format_to(std::back_inserter(line), "{}{:.1f} {:.1f}", line.empty() ? "M" : "L", x, y);
      add("<circle class='f{}' cx='{:.1f}' cy='{:.1f}' r='{}'/>\n", colour, x, y, plot_.joined ? 3.5 : 2.5);
    }
    if (plot_.joined && !line.empty()) {
      add("<path class='l{}' d='{}'/>\n", colour, line);
    }
  }

  const Plot& plot_;
  std::string text_;
  Range x_, y_;
};

std::string short_number(double value) { return fmt::format("{:.6g}", value); }

}  // namespace

std::string svg(const Plot& plot) { return Drawing(plot).draw(); }

std::string tick_count(double value) {
  if (value >= 999'999.5) return short_number(value / 1e6) + "M";
  if (value >= 999.5) return short_number(value / 1e3) + "k";
  return short_number(value);
}

std::string tick_microseconds(double value) {
  if (value >= 999'999.5) return short_number(value / 1e6) + " s";
  if (value >= 999.5) return short_number(value / 1e3) + " ms";
  return short_number(value) + " µs";
}

}  // namespace bench
