#include "collector/mark/marker.hpp"

#include <limits>
#include <utility>

namespace midden::inline MIDDEN_ABI::collector {

Marker::Marker(Heap& heap, const MarkSettings& settings, Crew* crew) : heap_(heap), settings_(settings), crew_(crew) {
  const std::size_t helpers = crew_ == nullptr ? 0 : crew_->helpers();
  for (std::size_t i = 0; i <= helpers; ++i) seats_.emplace_back(heap, settings);
  waiting_.reserve(seats_.size());
  if (helpers > 0) seats_[0].worker.when_reported(settings.patience, [this] { call_helpers(); });
}

void Marker::trace(const StoppedWorld& stopped, std::span<RootSource* const> sources) {
  totals_ = {};
  called_ = false;
  blocks_ = 0;
  sources_ = sources;
  next_part_.store(0, std::memory_order_relaxed);
  for (Seat& seat : seats_) seat.worker.begin(stopped);
  std::unique_lock lock(mutex_);
  stage_ = Stage::roots;
  working_ = 1;
  lock.unlock();
  trace_parts(seats_[0].worker);
  lock.lock();
  changed_.wait(lock, [&] { return tracing_ == 0; });
  stage_ = Stage::gathered;
}

void Marker::drain(const StoppedWorld&) {
  {
    const std::lock_guard lock(mutex_);
    stage_ = Stage::marking;
  }
  changed_.notify_all();
  if (seats_[0].worker.scan_grey(settings_.patience)) call_helpers();
  work(seats_[0]);
}

void Marker::drain_added(const StoppedWorld&) {
  MarkWorker& own = seats_[0].worker;
  do {
    do {
      while (own.scan_grey(settings_.slice)) {
      }
    } while (scan_block(own));
  } while (begin_round());
}

bool Marker::scan_block(MarkWorker& worker) {
  if (next_block_.load(std::memory_order_relaxed) >= blocks_) return false;
  const BlockIndex block = next_block_.fetch_add(1, std::memory_order_relaxed);
  if (block >= blocks_) return false;
  worker.scan_waiting(block);
  return true;
}

bool Marker::begin_round() {
  bool any = false;
  bool overflowed = false;
  for (Seat& seat : seats_) {
    any = seat.worker.take_waiting() || any;
    overflowed = seat.worker.take_overflowed() || overflowed;
  }
  totals_.overflows += overflowed;
  blocks_ = any ? heap_.address_space().frontier() : 0;
  next_block_.store(0, std::memory_order_relaxed);
  return any;
}

const MarkTotals& Marker::finish(const StoppedWorld&) {
  for (Seat& seat : seats_) {
    const std::uint64_t before = totals_.references;
    seat.worker.settle(totals_);
    totals_.workers += &seat == &seats_[0] || totals_.references != before;
  }
  return totals_;
}

void Marker::call_helpers() {
  if (seats_.size() > 1 && !std::exchange(called_, true)) crew_->call(*this);
}

void Marker::help(std::size_t number) {
  Seat& seat = seats_[number];
  std::unique_lock lock(mutex_);
  if (stage_ == Stage::closed) return;
  ++working_;
  if (stage_ == Stage::roots) {
    ++tracing_;
    lock.unlock();
    trace_parts(seat.worker);
    lock.lock();
    if (--tracing_ == 0) changed_.notify_all();
  }
  changed_.wait(lock, [&] { return stage_ == Stage::marking; });
  lock.unlock();
  work(seat);
}

void Marker::trace_parts(MarkWorker& worker) {
  while (true) {
    std::size_t part = next_part_.fetch_add(1, std::memory_order_relaxed);
    auto source = sources_.begin();
    for (; source != sources_.end() && part >= (*source)->parts(); ++source) part -= (*source)->parts();
    if (source == sources_.end()) return;
    (*source)->trace_part(part, worker);
  }
}

void Marker::work(Seat& seat) {
  do {
    do {
      while (seat.worker.scan_grey(settings_.slice)) {
        if (anybody_waits()) share(seat);
      }
    } while (scan_block(seat.worker));
  } while (wait_for_work(seat));
}

void Marker::share(Seat& seat) {
  const std::lock_guard lock(mutex_);
  if (waiting_.empty() || !seat.worker.give(waiting_.back()->worker)) return;
  ++working_;
  answer(*waiting_.back(), Answer::work);
  waiting_.pop_back();
  note_waiting();
}

bool Marker::wait_for_work(Seat& seat) {
  std::unique_lock lock(mutex_);
  if (working_ == 1) {
    const bool another_round = begin_round();
    if (another_round) {
      working_ += waiting_.size();
    } else {
      working_ = 0;
      stage_ = Stage::closed;
    }
    for (Seat* other : waiting_) answer(*other, another_round ? Answer::work : Answer::nothing_left);
    waiting_.clear();
    note_waiting();
    return another_round;
  }
  --working_;
  // On this thread's own stack: once it is written the seat may be in use by another cycle.
  Answer given = Answer::none;
  seat.asked = &given;
  waiting_.push_back(&seat);
  note_waiting();
  seat.answered.wait(lock, [&] { return given != Answer::none; });
  return given == Answer::work;
}

void Marker::answer(Seat& seat, Answer answer) {
  *seat.asked = answer;
  seat.answered.notify_one();
}

}  // namespace midden::inline MIDDEN_ABI::collector
