#pragma once
// A PageSource that can say no: real pages, with the n-th request refused, and everything counted.
//
// Requests are calls of `reserve` and `commit`, in the order in which they come. What was reserved
// and not released is remembered, so a test can see that nothing is left.

#include <cstddef>
#include <limits>
#include <map>

#include "collector/heap/pages.hpp"
#include "tests/support/catch.hpp"

namespace midden::collector_tests {

class FakePages final : public collector::PageSource {
 public:
  static constexpr std::size_t never = std::numeric_limits<std::size_t>::max();

  // Refuses the request after `granted` more, and `count` in all.
  void refuse_after(std::size_t granted, std::size_t count = 1) {
    refuse_from_ = requests_ + granted;
    refuse_to_ = count == never ? never : refuse_from_ + count;
  }
  // Refuses every n-th request.
  void refuse_every(std::size_t n) { every_ = n; }
  void refuse_nothing() {
    refuse_from_ = refuse_to_ = never;
    every_ = 0;
  }

  std::size_t requests() const { return requests_; }
  std::size_t reservations() const { return reserved_.size(); }
  std::size_t committed_bytes() const { return committed_bytes_; }
  std::size_t discarded_bytes() const { return discarded_bytes_; }

  std::byte* reserve(std::size_t bytes, std::size_t alignment) override {
    if (refused()) return nullptr;
    std::byte* begin = pages_.reserve(bytes, alignment);
    if (begin != nullptr) reserved_[begin] = bytes;
    return begin;
  }
  void release(std::byte* begin, std::size_t bytes) override {
    const auto known = reserved_.find(begin);
    REQUIRE(known != reserved_.end());
    REQUIRE(known->second == bytes);
    reserved_.erase(known);
    pages_.release(begin, bytes);
  }
  bool commit(std::byte* begin, std::size_t bytes) override {
    if (refused()) return false;
    committed_bytes_ += bytes;
    return pages_.commit(begin, bytes);
  }
  void discard(std::byte* begin, std::size_t bytes) override {
    discarded_bytes_ += bytes;
    pages_.discard(begin, bytes);
  }

 private:
  bool refused() {
    const std::size_t number = requests_++;
    if (every_ != 0 && ++since_ % every_ == 0) return true;
    return number >= refuse_from_ && number < refuse_to_;
  }

  collector::SystemPages pages_;
  std::map<std::byte*, std::size_t> reserved_;
  std::size_t requests_ = 0;
  std::size_t refuse_from_ = never;
  std::size_t refuse_to_ = never;
  std::size_t every_ = 0;  // 0: none
  std::size_t since_ = 0;  // requests while it was not
  std::size_t committed_bytes_ = 0;
  std::size_t discarded_bytes_ = 0;
};

}  // namespace midden::collector_tests
