#include <midden/runtime.hpp>

#include <algorithm>
#include <limits>
#include <utility>

#include <midden/fault.hpp>

#include "runtime/core.hpp"

namespace midden::inline MIDDEN_ABI {

namespace {

std::unique_ptr<runtime::Core> make_core(Runtime& face, Config config) {
  try {
    return std::make_unique<runtime::Core>(face, std::move(config));
  } catch (const OutOfMemory&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw OutOfMemory("midden: out of memory: the system grants no address range of Config::reserve bytes");
  }
}

}  // namespace

Runtime::Runtime(Config config) : core_(make_core(*this, std::move(config))) {}
Runtime::~Runtime() {
  if (core_->inherited()) {
    static_cast<void>(core_.release());  // its threads are not there to be joined
  } else {
    core_->end();
  }
}

runtime::Core& Runtime::own() const {
  core_->require_own_process();
  return *core_;
}

void Runtime::collect() { own().collect(Cause::requested); }
bool Runtime::idle(std::chrono::nanoseconds budget) {
  const auto nanoseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(0, budget.count()));
  bool finished = false;
  const std::uint64_t now = collector::steady_ns();
  const std::uint64_t deadline = nanoseconds > ~now ? ~std::uint64_t{0} : now + nanoseconds;
  own().with_no_cycle([&] { finished = own().keep_house(deadline); });
  if (!own().config().run_cleanups) return finished;
  if (collector::steady_ns() < deadline) own().run_cleanups(std::numeric_limits<std::size_t>::max(), deadline);
  return finished && own().cycle().weak().cleanups().queued() == 0;
}
std::size_t Runtime::run_cleanups(std::size_t most) {
  return own().run_cleanups(most, std::numeric_limits<std::uint64_t>::max());
}

PauseReport Runtime::pauses() const { return own().statistics().pauses(); }
CycleReport Runtime::last_cycle() const { return own().statistics().last(); }
HeapReport Runtime::heap() const {
  HeapReport report = own().heap().report();
  report.external_bytes = own().cycle().weak().external().total();
  return report;
}
std::vector<SpaceReport> Runtime::census() {
  std::vector<SpaceReport> rows;
  own().with_no_cycle([&] { rows = own().heap().census(); });
  return rows;
}
PinReport Runtime::pins() const { return own().pins()->report(); }
std::vector<ThreadReport> Runtime::threads() const { return own().threads(); }
const Config& Runtime::config() const { return core_->config(); }
std::uint64_t Runtime::seed() const { return core_->seed(); }
std::uint64_t Runtime::draw() noexcept { return core_->draw(); }

TypeHandle Runtime::add_type(const TypeInfo& type) { return own().added_types().add(type); }
void Runtime::retire_type(TypeHandle type) { own().added_types().retire(type); }

void Runtime::handshake(const std::function<void()>& f) { own().handshake(f); }

std::uint64_t Runtime::begin_grace_period() { return core_->inherited() ? 0 : core_->begin_grace_period(); }
bool Runtime::grace_period_over(std::uint64_t period) const noexcept {
  const std::uint64_t over = core_->world().grace_periods_over();
  if (broken(Defect::grace_wraps)) return over % 16 >= period % 16;
  return over >= period;
}
void Runtime::wait_for_grace_period() { own().wait_for_grace_period(); }
GraceReport Runtime::grace() const { return own().grace(); }
void Runtime::before_next_cycle(void* object, bool (*upkeep)(Runtime&, void*)) {
  own().require_own(object);
  own().upkeep().ask(object, upkeep);
}

void Runtime::add_roots(RootSource& source) {
  if (broken(Defect::host_roots)) return;
  own().with_no_cycle([&] { own().cycle().add_roots(source); });
}
void Runtime::remove_roots(RootSource& source) {
  if (core_->inherited()) return;
  own().with_no_cycle([&] { own().cycle().remove_roots(source); });
}
void Runtime::add_observer(Observer& observer) {
  own().with_no_cycle([&] { own().ledger().add_observer(observer); });
}
void Runtime::remove_observer(Observer& observer) {
  if (core_->inherited()) return;
  own().with_no_cycle([&] { own().ledger().remove_observer(observer); });
}

Runtime& Runtime::current() { return *detail::here().runtime; }

}  // namespace midden::inline MIDDEN_ABI
