#pragma once
// The numbers of one operation.
//
// Each operation draws from a generator of its own, which its round's seed, its thread and its number give. So an
// operation does the same whether or not the ones before it were done, as far as what it works on allows, and a
// failing history can be made shorter by leaving operations out.
//
// The generator is SplitMix64 (Steele, Lea, Flood 2014). A fuzzer has the numbers come from a tape instead, whose bytes
// it chooses.
//
// Threads: one generator each.

#include <cstddef>
#include <cstdint>
#include <span>

namespace stress {

// One step of SplitMix64's output function: spreads what differs in few bits over all.
constexpr std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// Numbers of as few bytes as their limits need; zeros behind the end.
class Tape {
 public:
  explicit Tape(std::span<const std::uint8_t> bytes) : left_(bytes) {}

  bool at_end() const { return left_.empty(); }
  std::uint64_t below(std::uint64_t limit) {
    std::uint64_t number = 0;
    for (std::uint64_t rest = limit - 1; rest != 0 && !left_.empty(); rest >>= 8, left_ = left_.subspan(1)) {
      number = number << 8 | left_.front();
    }
    return number % limit;
  }

 private:
  std::span<const std::uint8_t> left_;
};

class Random {
 public:
  explicit Random(Tape& tape) : tape_(&tape) {}
  Random(std::uint64_t seed, std::uint64_t stream, std::uint64_t number)
      : state_(mixed(seed + mixed(stream * 0x9e3779b97f4a7c15 + mixed(number + 1)))) {}

  std::uint64_t operator()() {
    if (tape_ != nullptr) return tape_->below(~std::uint64_t{0});
    state_ += 0x9e3779b97f4a7c15;
    return mixed(state_);
  }
  // 0 for a limit of 0.
  std::uint64_t below(std::uint64_t limit) {
    if (limit == 0) return 0;
    return tape_ != nullptr ? tape_->below(limit) : (*this)() % limit;
  }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  // Small ones as often as large ones: each number of bits is as likely, up to `bits`.
  std::uint64_t of_any_size(unsigned bits) { return (*this)() >> (64 - 1 - below(bits)); }
  // One of a container's elements, which has some.
  template <class C>
  auto& pick(C& from) {
    return from[static_cast<std::size_t>(below(from.size()))];
  }

 private:
  Tape* tape_ = nullptr;
  std::uint64_t state_ = 0;
};

}  // namespace stress
