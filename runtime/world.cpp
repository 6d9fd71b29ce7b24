#include "runtime/world.hpp"

#include <algorithm>
#include <new>
#include <string_view>

#include <midden/fault.hpp>

#include "collector/report/ledger.hpp"

namespace midden::inline MIDDEN_ABI::runtime {

using detail::blocked_bit;
using detail::grace_bit;
using detail::handshake_bit;
using detail::stop_bit;

void World::attach(std::unique_ptr<Thread> thread) {
  const std::unique_lock lock = lock_running();
  Word(*thread).clear(blocked_bit);
  latest_.thread.reserve(thread->name.size());
  threads_.push_back(std::move(thread));
}

void World::detach(Thread& thread) {
  thread.held.reset();
  block(thread);
  std::unique_lock lock = lock_running();
  if (Word(thread).has(handshake_bit)) serve_handshake(thread);
  grace_.leave(thread, threads_);
  const auto place = std::find_if(threads_.begin(), threads_.end(), [&](auto& held) { return held.get() == &thread; });
  const std::unique_ptr<Thread> ended = std::move(*place);
  threads_.erase(place);
  lock.unlock();
}

void World::block(Thread& thread) {
  if (thread.held != nullptr) thread.held->record();
  if (!Word(thread).try_block()) block_slowly(thread);
}

void World::unblock(Thread& thread) {
  if (!Word(thread).try_unblock()) unblock_slowly(thread);
}

void World::poll(Thread& thread) {
  if (Word(thread).has(stop_bit | handshake_bit)) {
    if (thread.held != nullptr) thread.held->record();
    block_slowly(thread);
    unblock_slowly(thread);
  } else if (Word(thread).has(grace_bit)) {
    const std::lock_guard lock(mutex_);
    grace_.pass(thread, threads_);
  }
}

void World::block_slowly(Thread& thread) {
  std::unique_lock lock(mutex_);
  if (Word(thread).has(handshake_bit)) serve_handshake(thread);
  Word(thread).set(blocked_bit);
  // Blocked already: a period that begins as this one ends waits for others only.
  if (Word(thread).has(grace_bit)) grace_.pass(thread, threads_);
  const bool arrives = turns_.stopping() && thread.in_stop;
  const bool late = arrives && arrive(thread);
  const bool last = arrives && still_running_ == 0;
  lock.unlock();
  // Not before: the stopper would wake to wait for the mutex.
  if (last) all_quiet_.notify_all();
  if (late) record_stack(thread);
}

bool World::arrive(Thread& thread) {
  thread.in_stop = false;
  last_to_arrive_ = &thread;
  last_arrival_ns_ = collector::steady_ns() - asked_ns_;
  if (thread.stops == nullptr) thread.stops.reset(new (std::nothrow) Histogram);
  if (thread.stops != nullptr) thread.stops->record(last_arrival_ns_);
  const bool late = last_arrival_ns_ > patience_ns_;
  late_.threads += late;
  recording_ += late;
  --still_running_;
  return late;
}

void World::record_stack(const Thread& thread) {
  const CallStack stack = capture_stack(0);
  const std::lock_guard lock(mutex_);
  if (last_to_arrive_ == &thread) late_.stack = stack;
  if (--recording_ == 0) recorded_.notify_all();
}

std::optional<LateStop> World::late_stop() {
  std::unique_lock lock(mutex_);
  if (late_.threads == 0) return std::nullopt;
  recorded_.wait(lock, [&] { return recording_ == 0; });
  return late_;
}

void World::unblock_slowly(Thread& thread) {
  turns_.wait_until_running();
  // Or all that were stopped would queue for the mutex.
  if (Word(thread).try_unblock()) return;
  const std::unique_lock lock = lock_running();
  if (Word(thread).has(handshake_bit)) serve_handshake(thread);
  Word(thread).clear(blocked_bit);
}

std::unique_lock<std::mutex> World::lock_running() {
  std::unique_lock lock(mutex_);
  while (turns_.stopping()) {
    lock.unlock();
    turns_.wait_until_running();
    lock.lock();
  }
  return lock;
}

void World::serve_handshake(Thread& thread) {
  Word(thread).clear(handshake_bit);
  (*handshake_)(thread);
  if (--handshakes_left_ == 0) all_quiet_.notify_all();
}

collector::StoppedWorld World::stop() {
  turn_.lock();
  std::unique_lock lock(mutex_);
  turns_.next();
  still_running_ = 0;
  last_to_arrive_ = nullptr;
  last_arrival_ns_ = 0;
  late_.threads = 0;
  asked_ns_ = collector::steady_ns();
  for (const auto& thread : threads_) {
    thread->in_stop = (Word(*thread).set(stop_bit) & blocked_bit) == 0;
    still_running_ += thread->in_stop;
  }
  all_quiet_.wait(lock, [&] { return still_running_ == 0 || (broken(Defect::early_stop) && still_running_ == 1); });
  stopped_count_ = threads_.size();
  return collector::StoppedWorld(*this);
}

void World::resume() {
  {
    const std::lock_guard lock(mutex_);
    // It may end as soon as it may run.
    latest_.thread.assign(last_to_arrive_ == nullptr ? std::string_view() : last_to_arrive_->name);
    latest_.ns = last_arrival_ns_;
    for (const auto& thread : threads_) Word(*thread).clear(stop_bit);
    turns_.next();
  }
  turns_.wake();
  turn_.unlock();
}

void World::handshake(const std::function<void(Thread&)>& f) {
  const std::lock_guard turn(turn_);
  std::unique_lock lock(mutex_);
  handshake_ = &f;
  handshakes_left_ = threads_.size();
  for (const auto& thread : threads_) Word(*thread).set(handshake_bit);
  for (const auto& thread : threads_) {
    // A blocked one cannot unblock without the mutex now.
    if (Word(*thread).has(blocked_bit) && Word(*thread).has(handshake_bit)) serve_handshake(*thread);
  }
  all_quiet_.wait(lock, [&] { return handshakes_left_ == 0; });
  handshake_ = nullptr;
}

std::uint64_t World::begin_grace_period() {
  const std::lock_guard lock(mutex_);
  return grace_.ask(threads_);
}

void World::wait_for_grace_period() { grace_.wait(begin_grace_period()); }

GraceReport World::grace() const {
  const std::lock_guard lock(mutex_);
  return grace_.report(threads_);
}

collector::Latest World::latest() const {
  const std::lock_guard lock(mutex_);
  return latest_;
}

std::vector<std::string> World::names() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> result;
  for (const auto& thread : threads_) result.push_back(thread->name);
  return result;
}

std::vector<ThreadReport> World::reports() const {
  const std::lock_guard lock(mutex_);
  std::vector<ThreadReport> result;
  result.reserve(threads_.size());
  for (const auto& thread : threads_) {
    result.push_back({thread->name, Word(*thread).has(blocked_bit), {}});
    if (thread->stops != nullptr) result.back().stop = *thread->stops;
  }
  return result;
}

}  // namespace midden::inline MIDDEN_ABI::runtime
