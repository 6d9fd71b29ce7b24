// The tables, rows and plot of midden-bench pauses.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tools/bench/pauses.hpp"
#include "tools/bench/plot.hpp"
#include "tools/bench/table.hpp"

namespace bench {

namespace {

using midden::Phase;

// A column: its heading, the metric that it is among the rows, and where its figure is.
struct Column {
  std::string heading;
  std::string metric;
  std::string unit;
  double (*of)(const MapFigures& map);
};

const std::vector<Column>& cycle_columns() {
  static const std::vector<Column> columns{
      {"mark mean", "mark_us_mean", "us", [](const MapFigures& map) { return map.us(Phase::mark).mean(); }},
      {"mark p99", "mark_us_p99", "us", [](const MapFigures& map) { return map.us(Phase::mark).quantile(0.99); }},
      {"pause mean", "pause_us_mean", "us", [](const MapFigures& map) { return map.pause_us.mean(); }},
      {"p50", "pause_us_p50", "us", [](const MapFigures& map) { return map.pause_us.median(); }},
      {"p99", "pause_us_p99", "us", [](const MapFigures& map) { return map.pause_us.quantile(0.99); }},
      {"max", "pause_us_max", "us", [](const MapFigures& map) { return map.pause_us.most(); }},
      {"stop p99", "stop_us_p99", "us", [](const MapFigures& map) { return map.us(Phase::stop).quantile(0.99); }},
      {"references", "references_scanned", "count", [](const MapFigures& map) { return map.references.mean(); }}};
  return columns;
}

const std::vector<Column>& map_columns() {
  static const std::vector<Column> columns{
      {"bytes/entry", "bytes_per_entry", "bytes", [](const MapFigures& map) { return map.bytes_per_entry; }},
      {"committed/entry", "committed_bytes_per_entry", "bytes",
       [](const MapFigures& map) { return map.committed_per_entry; }},
      {"operations/s", "mutator_ops_per_s", "1/s", [](const MapFigures& map) { return map.mutator_ops_per_s; }}};
  return columns;
}

const std::vector<Column>& speed_columns() {
  static const std::vector<Column> columns{
      {"insert ns", "insert_ns", "ns", [](const MapFigures& map) { return map.insert_ns; }},
      {"look-up ns", "lookup_ns", "ns", [](const MapFigures& map) { return map.lookup_ns; }}};
  return columns;
}

const MapFigures* find(const std::vector<MapFigures>& maps, std::string_view subject) {
  const auto place =
      std::find_if(maps.begin(), maps.end(), [&](const MapFigures& map) { return map.subject == subject; });
  return place == maps.end() ? nullptr : &*place;
}

// How many times the figures of hash are of skiplist's: a row at the end of the tables.
void add_ratio(Table& table, const std::vector<MapFigures>& maps, const std::vector<Column>& columns,
               std::vector<std::string> more = {}) {
  const MapFigures* hash = find(maps, "hash");
  const MapFigures* skiplist = find(maps, "skiplist");
  if (hash == nullptr || skiplist == nullptr) return;
  std::vector<std::string> cells{"hash/skiplist"};
  for (const Column& column : columns) cells.push_back(times(column.of(*hash), column.of(*skiplist)));
  cells.insert(cells.end(), more.begin(), more.end());
  table.row(std::move(cells));
}

Table new_table(const std::vector<Column>& columns, const std::vector<std::string>& more = {}) {
  std::vector<std::string> header{""};
  for (const Column& column : columns) header.push_back(column.heading);
  header.insert(header.end(), more.begin(), more.end());
  return Table(std::move(header));
}

Table cycles_table(const std::vector<MapFigures>& maps) {
  Table table = new_table(cycle_columns());
  for (const MapFigures& map : maps) {
    if (!map.collected()) continue;
    std::vector<std::string> cells{map.subject};
    for (const Column& column : cycle_columns()) cells.push_back(figure(column.of(map)));
    table.row(std::move(cells));
  }
  add_ratio(table, maps, cycle_columns());
  return table;
}

Table phases_table(const std::vector<MapFigures>& maps) {
  std::vector<std::string> header{""};
  for (const MapFigures& map : maps) {
    if (!map.collected()) continue;
    for (const char* column : {"mean", "p99", "max"}) header.push_back(map.subject + " " + column);
  }
  Table table(std::move(header));
  for (std::size_t i = 0; i < midden::phase_count; ++i) {
    std::vector<std::string> cells{std::string(midden::phase_names[i])};
    for (const MapFigures& map : maps) {
      if (!map.collected()) continue;
      const Samples& us = map.phase_us[i];
      cells.insert(cells.end(), {figure(us.mean()), figure(us.quantile(0.99)), figure(us.most())});
    }
    table.row(std::move(cells));
  }
  return table;
}

Table maps_table(const std::vector<MapFigures>& maps) {
  std::vector<Column> columns = map_columns();
  columns.insert(columns.end(), speed_columns().begin(), speed_columns().end());
  Table table = new_table(columns, {"insert/std_map", "look-up/std_map"});
  const MapFigures* tree = find(maps, "std_map");
  for (const MapFigures& map : maps) {
    std::vector<std::string> cells{map.subject};
    for (const Column& column : map_columns()) cells.push_back(map.collected() ? figure(column.of(map)) : "-");
    for (const Column& column : speed_columns()) cells.push_back(figure(column.of(map)));
    for (const Column& column : speed_columns()) {
      cells.push_back(tree == nullptr ? "-" : times(column.of(map), column.of(*tree)));
    }
    table.row(std::move(cells));
  }
  add_ratio(table, maps, columns, {"-", "-"});
  return table;
}

}  // namespace

void print_pauses(const PauseOptions& options, const std::vector<MapFigures>& maps, std::FILE* to) {
  fmt::print(to, "A map of {} entries, {} keys{}: {} cycles beside one mutator, {} ms apart (us)\n\n",
             figure(static_cast<double>(options.entries)), options.maps.keys,
             options.outlier ? fmt::format(" and the outlier") : "", options.cycles, options.gap_ms);
  cycles_table(maps).print(to);
  fmt::print(to, "\nPhases of these pauses (us)\n\n");
  phases_table(maps).print(to);
  fmt::print(to, "\nThe maps; operations of the mutator during the cycles, inserts and look-ups without them\n\n");
  maps_table(maps).print(to);
}

void add_pauses(const PauseOptions& options, const std::vector<MapFigures>& maps, Output& output) {
  const nlohmann::ordered_json parameters{{"entries", options.entries}, {"keys", options.maps.keys},
                                          {"outlier", options.outlier}, {"lookups", options.lookups},
                                          {"cycles", options.cycles},   {"gap_ms", options.gap_ms},
                                          {"workers", options.workers}};
  for (const MapFigures& map : maps) {
    const auto add = [&](const std::string& metric, const std::string& unit, double value) {
      output.add("pauses", map.subject, parameters, metric, unit, value);
    };
    for (const Column& column : speed_columns()) add(column.metric, column.unit, column.of(map));
    if (!map.collected()) continue;
    for (const Column& column : cycle_columns()) add(column.metric, column.unit, column.of(map));
    for (const Column& column : map_columns()) add(column.metric, column.unit, column.of(map));
    for (std::size_t i = 0; i < midden::phase_count; ++i) {
      if (i != static_cast<std::size_t>(Phase::mark)) {
        add(fmt::format("{}_us_mean", midden::phase_names[i]), "us", map.phase_us[i].mean());
      }
    }
  }
}

std::string plot_pauses(const PauseOptions& options, const std::vector<MapFigures>& maps) {
  Plot plot{.title = fmt::format("Pauses with a map of {} entries", figure(static_cast<double>(options.entries))),
            .subtitle = fmt::format("{} keys, one mutator, cycles {} ms apart; lower is better", options.maps.keys,
                                    options.gap_ms),
            .x = {"cycle", Scale::linear, tick_count},
            .y = {"pause", Scale::logarithmic, tick_microseconds},
            .joined = false,
            .series = {}};
  for (const MapFigures& map : maps) {
    if (!map.collected()) continue;
    Series& series = plot.series.emplace_back();
    series.name = map.subject;
    for (const double us : map.pauses_in_order) {
      series.points.emplace_back(static_cast<double>(series.points.size() + 1), us);
    }
  }
  return svg(plot);
}

}  // namespace bench
