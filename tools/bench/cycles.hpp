#pragma once
// What the cycles of one run cost, Midden's or bdwgc's, as a child sends it to its parent.
//
// Threads: Midden calls it on the thread that collects, one at a time.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>

#include <midden/observer.hpp>
#include <midden/report.hpp>

#include "tools/bench/peers/bdwgc.hpp"

namespace bench {

class Cycles final : public midden::Observer {
 public:
  Cycles() = default;
  // Those of bdwgc but the first `skip`.
  static Cycles of_bdwgc(std::size_t skip = 0) {
    Cycles all;
    for (std::size_t i = skip; i < bdwgc::cycles().size(); ++i) {
      all.add(bdwgc::cycles()[i].mark_ns, bdwgc::cycles()[i].pause_ns, 0);
    }
    return all;
  }

  void cycle_ended(const midden::CycleReport& report) override {
    add(report.ns(midden::Phase::mark), report.pause_ns, report.objects_marked);
  }

  // cycles, mark_ns, pause_ns: of all; pause_ns_max; objects: those marked, zero where nobody counts.
  nlohmann::ordered_json figures() const {
    return {{"cycles", count_},
            {"mark_ns", mark_ns_},
            {"pause_ns", pause_ns_},
            {"pause_ns_max", longest_ns_},
            {"objects", objects_}};
  }

 private:
  void add(std::uint64_t mark_ns, std::uint64_t pause_ns, std::uint64_t objects) {
    ++count_;
    mark_ns_ += mark_ns;
    pause_ns_ += pause_ns;
    longest_ns_ = std::max(longest_ns_, pause_ns);
    objects_ += objects;
  }

  std::uint64_t count_ = 0;
  std::uint64_t mark_ns_ = 0;
  std::uint64_t pause_ns_ = 0;
  std::uint64_t longest_ns_ = 0;
  std::uint64_t objects_ = 0;
};

}  // namespace bench
