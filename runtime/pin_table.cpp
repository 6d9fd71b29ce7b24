#include "runtime/pin_table.hpp"

#include <algorithm>
#include <cstdio>
#include <string>

#include <midden/fault.hpp>

#include "collector/report/ledger.hpp"
#include "runtime/core.hpp"

namespace midden::inline MIDDEN_ABI {

namespace detail {

std::uint32_t PinTable::add(void* object) {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) {
    free_.reserve(entries_.size() + 1);  // so that `remove` never allocates
    entries_.emplace_back();
    free_.push_back(static_cast<std::uint32_t>(entries_.size() - 1));
  }
  if (++counts_[object] == 1) heap_->address_space().metadata(object).set(collector::pinned_flag);
  const std::uint32_t number = free_.back();
  free_.pop_back();
  entries_[number] = {object, collector::steady_ns()};
  return number;
}

void PinTable::remove(std::uint32_t number) noexcept {
  if (!process_.is_this()) return;  // who held the mutex may not be here
  const std::lock_guard lock(mutex_);
  if (heap_ == nullptr) return;
  Entry& entry = entries_[number];
  const auto count = counts_.find(entry.object);
  if (--count->second == 0) {
    heap_->address_space().metadata(entry.object).clear(collector::pinned_flag);
    counts_.erase(count);
  }
  entry = {};
  free_.push_back(number);
}

bool PinTable::pinned(const void* object) const {
  const std::lock_guard lock(mutex_);
  return counts_.contains(const_cast<void*>(object));
}

PinReport PinTable::report() const {
  const std::lock_guard lock(mutex_);
  const std::uint64_t now = collector::steady_ns();
  PinReport report;
  for (const Entry& entry : entries_) {
    if (entry.object == nullptr) continue;
    ++report.count;
    report.oldest_ns = std::max(report.oldest_ns, now - entry.since_ns);
  }
  return report;
}

std::vector<std::string> PinTable::close() {
  const std::lock_guard lock(mutex_);
  const std::uint64_t now = collector::steady_ns();
  std::vector<std::string> lines;
  for (const Entry& entry : entries_) {
    if (entry.object == nullptr) continue;
    char age[48];
    std::snprintf(age, sizeof age, "%.3f s", static_cast<double>(now - entry.since_ns) / 1e9);
    lines.push_back("a pin of " + std::string(heap_->type_of(entry.object).info().name) + " was left, held for " + age);
  }
  entries_.clear();
  counts_.clear();
  heap_ = nullptr;
  open_.store(false, std::memory_order_release);
  return lines;
}

void PinTable::trace(Tracer& tracer) {
  const std::lock_guard lock(mutex_);
  if (broken(Defect::pin_ignored)) return;
  for (const Entry& entry : entries_) tracer.object(entry.object);
}

AnyPin::AnyPin(void* object) {
  Mutator& mutator = here();
  if (object == nullptr) return;
  mutator.runtime->core().require_own(object);
  if (!mutator.runtime->core().pins()->open()) return;
  table_ = mutator.runtime->core().pins();
  number_ = table_->add(object);
  object_ = object;
}

void AnyPin::release() noexcept {
  if (table_ == nullptr) return;
  table_->remove(number_);
  table_.reset();
}

void* AnyPin::object() const noexcept { return table_ != nullptr && table_->open() ? object_ : nullptr; }

}  // namespace detail

bool is_pinned(const void* object) {
  runtime::Core& core = detail::here().runtime->core();
  const std::uint8_t flags = core.heap().address_space().metadata(object).load();
  return (flags & collector::pinned_flag) != 0 && core.pins()->pinned(object);
}

}  // namespace midden::inline MIDDEN_ABI
