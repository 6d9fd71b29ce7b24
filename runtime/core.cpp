#include "runtime/core.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>
#include <random>
#include <thread>
#include <utility>

#include <midden/error.hpp>

#include "runtime/fatal.hpp"

namespace midden::inline MIDDEN_ABI::runtime {

namespace {

std::function<void(std::string_view)> to_stderr() {
  return [](std::string_view line) { std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data()); };
}

Config complete(Config config) {
  config = resolve(std::move(config));
  if (!config.message) config.message = to_stderr();
  if (config.audit_roots && !StackWords::supported()) {
    throw ConfigError("midden: MIDDEN_AUDIT_ROOTS (Config::audit_roots): this build of Midden has no libunwind");
  }
  return config;
}

std::uint64_t draw_seed(std::uint64_t given) {
  if (given != 0) return given;
  std::random_device device;
  return (std::uint64_t{device()} << 32 | device()) | 1;
}

constexpr std::size_t or_unlimited(std::size_t limit) {
  return limit == 0 ? std::numeric_limits<std::size_t>::max() : limit;
}

// The address range to ask for: what was configured, or the largest that the system grants.
std::size_t choose_reserve(collector::PageSource& pages, std::size_t configured) {
  if (configured != 0) return configured;
  constexpr std::size_t least = std::size_t{1} << 30;
  std::size_t bytes = std::size_t{256} << 30;
  for (; bytes > least; bytes /= 2) {
    const std::size_t with_tables = bytes / 2 * 3;
    if (std::byte* range = pages.reserve(with_tables, collector::page_bytes)) {
      pages.release(range, with_tables);
      break;
    }
  }
  return bytes;
}

// `config` lives as long as they do.
collector::CycleSettings cycle_settings(const Config& config, Workers& workers) {
  return {
      .pacing = {.percent = config.gc_percent.value_or(0),
                 .off = !config.gc_percent.has_value(),
                 .floor = config.gc_floor,
                 .soft_limit = or_unlimited(config.memory_limit)},
      .marking = {.stack_limit = or_unlimited(config.mark_stack_limit), .prefetch = config.mark_prefetch},
      .crew = &workers,
      .broken = [](const collector::Finding& found) { fatal("the heap is broken: " + found.what, found.structure); },
      .suspect = [&config](const std::string& line) { config.message("midden: " + config.name + ": " + line); }};
}

// No upkeep begins later than this in a cycle.
constexpr std::uint64_t most_upkeep_ns = 10'000'000;

// Memory that was not needed between two looks this far apart is returned.
constexpr std::uint64_t look_period_ns = 450'000'000;

// Marking is bound by memory: more threads than this help little, and a host can ask for them.
constexpr std::uint32_t most_default_workers = 16;

// The Runtime whose cycle this thread is running.
thread_local constinit const Core* collecting = nullptr;
// Whether this thread is in a function of a handshake.
thread_local constinit bool in_handshake = false;

}  // namespace

Core::Core(Runtime& face, Config config)
    : face_(face),
      config_(complete(std::move(config))),
      seed_(draw_seed(config_.seed)),
      pages_(config_.huge_pages),
      heap_(pages_, {.reserve = choose_reserve(pages_, config_.reserve), .heap_max = or_unlimited(config_.heap_max)},
            config_.check),
      added_types_(heap_),
      world_(config_.stop_warn),
      trace_(config_.message),
      thread_roots_(world_),
      pins_(std::make_shared<detail::PinTable>(heap_)),
      globals_(std::make_shared<detail::GlobalRoots>(face)),
      workers_((config_.workers == 0 ? std::min(processors(placement_), most_default_workers) : config_.workers) - 1,
               placement_, [this] { collecting = this; }),
      audit_(config_.audit_roots ? std::make_unique<RootAudit>(heap_, world_) : nullptr),
      cycle_(heap_, world_, ledger_, cycle_settings(config_, workers_)),
      housekeeper_([this] { return keep_house_alone(); }, [this] { return run_some_cleanups(); }, placement_) {
  cycle_.add_roots(thread_roots_);
  cycle_.add_roots(task_roots_);
  cycle_.weak().add_table(upkeep_);
  if (audit_ != nullptr) cycle_.weak().add_table(*audit_);
  cycle_.add_roots(*globals_);
  cycle_.add_roots(*pins_);
  ledger_.add_observer(statistics_);
  if (config_.gctrace) ledger_.add_observer(trace_);
}

void Core::end() {
  require_outside_of_handshake();
  if (housekeeper_.is_this_thread()) fatal("a Runtime was ended by one of its own cleanups", config_.name);
  {
    const Waiting waiting;  // it may be in a cleanup, for which others wait
    housekeeper_.end();
  }
  if (const std::vector<std::string> names = world_.names(); !names.empty()) {
    std::string list;
    for (const std::string& name : names) list.append(list.empty() ? "" : ", ").append(name);
    fatal("a Runtime ended while threads were attached to it", config_.name + ": " + list);
  }
  if (const std::size_t lists = task_roots_.count(); lists != 0) {
    fatal("a Runtime ended before the RootLists made for it", config_.name + ": " + std::to_string(lists));
  }
  end_cleanups();
  workers_.end();
}

void Core::require_own_process() const {
  if (!inherited()) return;
  throw NotAttached("midden: " + config_.name +
                    ": a Runtime belongs to the process that made it, and this is a child of it by fork: make another");
}

void Core::close_roots() {
  if (const std::vector<void*> left = globals_->close(); !left.empty()) {
    say("emptied what outlived the Runtime, " + describe_roots(heap_, left, "GlobalRoot"));
  }
  for (const std::string& line : pins_->close()) say(line);
}

// The counter makes them differ, the finaliser (SplitMix64, Steele, Lea and Flood 2014) makes them look unrelated.
// Relaxed: numbers need only be distinct.
std::uint64_t Core::draw() noexcept {
  std::uint64_t number = seed_ + 0x9E3779B97F4A7C15 * (drawn_.fetch_add(1, std::memory_order_relaxed) + 1);
  number = (number ^ number >> 30) * 0xBF58476D1CE4E5B9;
  number = (number ^ number >> 27) * 0x94D049BB133111EB;
  return number ^ number >> 31;
}

void Core::say(const std::string& line) const { config_.message("midden: " + config_.name + ": " + line); }

// --- threads --------------------------------------------------------------------------------

Thread::Thread(Core& its_core, collector::Heap& heap, std::string given_name)
    : core(its_core), name(std::move(given_name)), allocator(heap), own_roots(__builtin_frame_address(0)) {
  use_roots(own_roots.list());
}

Thread& Core::attach(std::string name) {
  require_own_process();
  require_outside_of_handshake();
  auto thread = std::make_unique<Thread>(*this, heap_, std::move(name));
  Thread& result = *thread;
  thread->runtime = &face_;
  thread->stress_roots = config_.stress.root;
  thread->stress_resizes = config_.stress.resize;
  if (config_.stress.alloc != 0 || config_.stress.refuse != 0 || audit_ != nullptr) thread->allocator.single_slots();
  if (audit_ != nullptr) thread->held = audit_->words();
  if (asks_always()) Word(*thread).set(detail::always_ask_bit);
  world_.attach(std::move(thread));
  return result;
}

void Core::detach(Thread& thread) {
  require_outside_of_handshake();
  require_may_block(thread);
  if (thread.roots != &thread.own_roots.list()) {
    fatal("an Attach ended while its thread used a RootList", "thread " + thread.name);
  }
  if (thread.reading != 0) fatal("an Attach ended inside a ReadSection", "thread " + thread.name);
  if (const std::vector<void*> named = named_by(thread.own_roots); !named.empty()) {
    fatal("an Attach ended while roots of its thread were alive",
          "thread " + thread.name + ": " + describe_roots(heap_, named));
  }
  thread.allocator.give_back();
  world_.detach(thread);
}

void Core::require_safepoint_allowed(Thread& thread) const {
  if (!Word(thread).has(detail::no_safepoint_bit)) return;
  fatal("a safepoint was reached inside a NoSafepoint scope", "thread " + thread.name);
}

void Core::require_may_block(Thread& thread) const {
  require_safepoint_allowed(thread);
  if (thread.deferring == 0) return;
  fatal("a thread blocked, or ended its Attach, inside a DeferSafepoints scope", "thread " + thread.name);
}

void Core::block(Thread& thread) {
  require_outside_of_handshake();
  require_may_block(thread);
  world_.block(thread);
}

void Core::unblock(Thread& thread) {
  require_outside_of_handshake();
  world_.unblock(thread);
}

void Core::poll(Thread& thread) {
  require_safepoint_allowed(thread);
  if (thread.deferring != 0) return;
  world_.poll(thread);
  if (!asks_always()) Word(thread).clear(detail::always_ask_bit);
  if (is_due(thread, &Stress::grace)) begin_grace_period();
  const bool due = is_due(thread, &Stress::safepoint);
  if (std::exchange(thread.stress_due, false) || due) collect(Cause::stress);
}

bool Core::is_due(Thread& thread, std::uint32_t Stress::*kind) const noexcept {
  if (config_.stress.*kind == 0 || ++(thread.stressed.*kind) < config_.stress.*kind) return false;
  thread.stressed.*kind = 0;
  return true;
}

void Core::note(Thread& thread, std::uint32_t Stress::*kind) {
  if (is_due(thread, kind)) collect_at_next_poll(thread);
}

void Core::collect_at_next_poll(Thread& thread) {
  thread.stress_due = true;
  Word(thread).set(detail::always_ask_bit);
}

std::vector<ThreadReport> Core::threads() const {
  require_outside_of_handshake();
  return world_.reports();
}

void Core::require_own(const void* object) const {
  if (object == nullptr || heap_.address_space().contains(object)) return;
  fatal("a pin, global root or upkeep was asked for of an object of another Runtime, or of none",
        "runtime " + config_.name);
}

// --- collection -----------------------------------------------------------------------------

void Core::collect(Cause cause) { collect(cause, started()); }

void Core::collect_refused(Thread& thread) {
  ++thread.granted_cycles;
  collect(thread.refused.cause, thread.refused.seen, thread.refused.wanted);
}

void Core::collect(Cause cause, std::uint64_t seen, std::uint64_t wanted) {
  require_outside_of_cycle();
  require_outside_of_handshake();
  const Waiting waiting;
  const std::lock_guard lock(cycle_mutex_);
  // A cycle that began after the request has done what was asked for.
  if (started() != seen) return;
  const Core* const outer = std::exchange(collecting, this);
  try {
    // Before it counts as begun: else who allocates meanwhile would want the next one.
    const Upkept upkept = upkeep_.run(face_, most_upkeep_ns);
    started_.store(seen + 1);
    warn_of_late_stop(cycle_.run(cause, wanted, upkept));
    if (audit_ != nullptr) tell_of_suspects();
    follow_up_cleanups();
  } catch (const std::exception& error) {
    fatal("an exception left a collection; observers, root sources, upkeep and Config::message may not throw",
          error.what());
  } catch (...) {
    fatal("something that is no std::exception left a collection");
  }
  collecting = outer;
  if (!config_.housekeeper) return;
  housekeeper_.wake();
  if (config_.run_cleanups && cycle_.weak().cleanups().queued() > 0) housekeeper_.send();
}

bool Core::keep_house(std::uint64_t deadline_ns) {
  if (!heap_.sweep_until(deadline_ns)) return false;
  const std::uint64_t begin = collector::steady_ns();
  if (begin - looked_ns_ >= look_period_ns) {
    looked_ns_ = begin;
    heap_.look();
  }
  return heap_.return_until(deadline_ns);
}

// The housekeeper's work, in slices: a cycle that is needed meanwhile does not wait for long.
bool Core::keep_house_alone() {
  constexpr std::uint64_t slice_ns = 200'000;
  for (bool finished = false; !finished && !housekeeper_.ending();) {
    {
      const std::lock_guard lock(cycle_mutex_);
      finished = keep_house(collector::steady_ns() + slice_ns);
    }
    if (config_.run_cleanups) run_some_cleanups();
    std::this_thread::sleep_for(std::chrono::microseconds(100));  // who waits for the mutex gets it now
  }
  const std::lock_guard lock(cycle_mutex_);
  return heap_.has_unreturned();
}

void Core::warn_of_late_stop(const CycleReport& report) {
  const std::optional<LateStop> late = world_.late_stop();
  if (!late) return;
  char took[64];
  std::snprintf(took, sizeof took, "%.3f ms", static_cast<double>(report.late_ns) / 1e6);
  std::string text = "thread \"" + report.late_thread + "\" stopped " + took + " after cycle " +
                     std::to_string(report.number) + " had asked (MIDDEN_STOP_WARN is " +
                     std::to_string(config_.stop_warn.count()) + " ms)";
  if (late->threads > 1) text += ", the latest of " + std::to_string(late->threads) + " late threads";
  text += "; it stopped at:\n" + describe(late->stack);
  text.pop_back();
  say(text);
}

void Core::tell_of_suspects() {
  for (const std::string& text : audit_->tell()) say(text);
}

void Core::with_no_cycle(const std::function<void()>& f) {
  require_outside_of_cycle();
  require_outside_of_handshake();
  const Waiting waiting;
  const std::lock_guard lock(cycle_mutex_);
  f();
}

void Core::handshake(const std::function<void()>& f) {
  require_outside_of_cycle();
  require_outside_of_handshake();
  const Waiting waiting;
  world_.handshake([&](Thread& thread) {
    in_handshake = true;
    try {
      f();
    } catch (const std::exception& error) {
      fatal("a function of a handshake threw", thread.name + ": " + error.what());
    } catch (...) {
      fatal("a function of a handshake threw", thread.name + ": no std::exception");
    }
    in_handshake = false;
  });
}

std::uint64_t Core::begin_grace_period() {
  require_outside_of_handshake();
  return world_.begin_grace_period();
}

void Core::wait_for_grace_period() {
  require_outside_of_cycle();
  require_outside_of_handshake();
  if (const detail::Mutator* const own = detail::current; own != nullptr && own->reading != 0) {
    fatal("a thread waited for a grace period inside a ReadSection of its own", "runtime " + config_.name);
  }
  const Waiting waiting;
  world_.wait_for_grace_period();
}

GraceReport Core::grace() const {
  require_outside_of_handshake();
  return world_.grace();
}

void Core::require_outside_of_cycle() const {
  if (collecting == this) fatal("a call from inside a collection waits for its end", "runtime " + config_.name);
}

void Core::require_outside_of_handshake() const {
  if (in_handshake) fatal("a function of a handshake waits for others, which wait for it", "runtime " + config_.name);
}

Waiting::Waiting() {
  if (detail::current != nullptr) blocked_.emplace();
}

}  // namespace midden::inline MIDDEN_ABI::runtime
