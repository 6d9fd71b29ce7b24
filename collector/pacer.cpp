#include "collector/pacer.hpp"

#include <algorithm>

namespace midden::inline MIDDEN_ABI::collector {

namespace {

constexpr std::uint64_t most_debt_ns = 60'000'000'000;
// Until the first measure: the tables' share of a heap, and of the limit.
constexpr std::uint64_t tables_share = 16;

std::uint64_t to_bytes(double bytes) { return bytes >= 9e18 ? no_trigger : static_cast<std::uint64_t>(bytes); }

// No sum wraps: what a host declares may be any number.
std::uint64_t less(std::uint64_t from, std::uint64_t what) { return from - std::min(from, what); }
std::uint64_t plus(std::uint64_t a, std::uint64_t b) { return a + std::min(b, no_trigger - a); }

std::uint64_t growth(const PacerSettings& settings, std::uint64_t bytes) {
  if (settings.off) return no_trigger;
  return plus(settings.floor, to_bytes(static_cast<double>(bytes) * settings.percent / 100.0));
}

}  // namespace

void PacerInput::add(const CycleReport& report) {
  scannable_bytes = report.scannable_bytes;
  arena_bytes = report.arena_bytes;
  live_bytes = report.live_bytes;
  external_bytes = report.external_bytes;
  cycle_ns = report.collection_ns();
  running_ns = report.running_ns + report.pause_ns - cycle_ns;
}

Cause PacerDecision::cause(Cause asked, const Pressure& added, std::uint64_t wanted) const {
  const bool grown =
      added.allocated >= growth.allocated || added.arena >= growth.arena || added.external >= growth.external;
  const bool limited = added.sum() >= together || added.passes(ahead, wanted);
  return asked == Cause::growth && !grown && limited ? Cause::limit : asked;
}

void PacerDecision::report_to(CycleReport& report) const {
  const std::uint64_t trigger = std::min(growth.allocated, together);
  report.trigger_bytes = trigger == no_trigger ? 0 : trigger;
  report.over_limit_bytes = over_limit;
  report.capped = capped;
}

Pacer::Pacer(const PacerSettings& settings)
    : settings_(settings), stuck_bytes_(settings.soft_limit == no_trigger ? 0 : settings.soft_limit / tables_share) {
  decide({});
}

const PacerDecision& Pacer::pace(const PacerInput& input) {
  measure(input);
  decide(input);
  return decision_;
}

void Pacer::measure(const PacerInput& input) {
  const std::uint64_t beyond =
      less(input.held_bytes, plus(plus(live_bytes_, input.added.allocated), input.added.arena));
  const std::uint64_t passed = less(plus(input.held_bytes, input.external_bytes), settings_.soft_limit);
  stuck_bytes_ = input.held_bytes > held_bytes_ ? beyond : std::min(beyond, plus(stuck_bytes_, passed));
  held_bytes_ = input.held_bytes;
  live_bytes_ = input.live_bytes;

  rated_bytes_ = plus(rated_bytes_, input.added.sum());
  rated_ns_ = plus(rated_ns_, input.running_ns);
  // Less is no measure of a rate.
  if (rated_bytes_ >= least_new && rated_ns_ > 0) {
    rate_ = static_cast<double>(rated_bytes_) / static_cast<double>(rated_ns_);
    rated_bytes_ = rated_ns_ = 0;
  }

  debt_ns_ = less(debt_ns_, input.running_ns);
  if (input.limited) debt_ns_ = std::min(most_debt_ns, plus(debt_ns_, input.cycle_ns));
}

void Pacer::decide(const PacerInput& input) {
  decision_ = {};
  decision_.growth = {.allocated = growth(settings_, input.scannable_bytes),
                      .arena = growth(settings_, input.arena_bytes),
                      .external = growth(settings_, input.external_bytes)};
  if (settings_.soft_limit == no_trigger) return;
  const std::uint64_t kept = plus(plus(input.live_bytes, stuck_bytes_), input.external_bytes);
  const std::uint64_t room = less(settings_.soft_limit, kept);
  decision_.together = std::max({room, to_bytes(static_cast<double>(debt_ns_) * rate_), least_new});
  decision_.over_limit = less(kept, settings_.soft_limit);
  decision_.capped = decision_.together > room && decision_.growth.allocated > room;
  decision_.ahead = decision_.capped ? no_trigger : decision_.together;
}

}  // namespace midden::inline MIDDEN_ABI::collector
