#pragma once
// SipHash: 64 bits from bytes under a key of 128, which nobody finds out from hashes.
//
// Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012. The two numbers are rounds for
// each word of the input and rounds at the end: 2-4 is the paper's proposal, 1-3 what hash
// tables take, where an attacker sees no hash, only time.
//
//   v0 v1 v2 v3   four words of state: the key under four constants
//   a word        is xored into v3, mixed in by rounds, xored into v0
//   the last one  the bytes that are left, and the length in its highest byte
//
// Threads: pure functions.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI::containers::hash {

struct SipKey {
  std::uint64_t low;
  std::uint64_t high;
};

class SipState {
 public:
  explicit SipState(SipKey key) noexcept
      : v0_(key.low ^ 0x736F6D6570736575),  // "somepseudorandomlygeneratedbytes"
        v1_(key.high ^ 0x646F72616E646F6D),
        v2_(key.low ^ 0x6C7967656E657261),
        v3_(key.high ^ 0x7465646279746573) {}

  void add(std::uint64_t word, unsigned rounds) noexcept {
    v3_ ^= word;
    mix(rounds);
    v0_ ^= word;
  }
  std::uint64_t finish(unsigned rounds) noexcept {
    v2_ ^= 0xFF;
    mix(rounds);
    return v0_ ^ v1_ ^ v2_ ^ v3_;
  }

 private:
  void mix(unsigned rounds) noexcept {
    for (; rounds > 0; --rounds) {
      v0_ += v1_;
      v2_ += v3_;
      v1_ = std::rotl(v1_, 13) ^ v0_;
      v3_ = std::rotl(v3_, 16) ^ v2_;
      v0_ = std::rotl(v0_, 32);
      v2_ += v1_;
      v0_ += v3_;
      v1_ = std::rotl(v1_, 17) ^ v2_;
      v3_ = std::rotl(v3_, 21) ^ v0_;
      v2_ = std::rotl(v2_, 32);
    }
  }

  std::uint64_t v0_;
  std::uint64_t v1_;
  std::uint64_t v2_;
  std::uint64_t v3_;
};

template <unsigned word_rounds, unsigned end_rounds>
std::uint64_t siphash(SipKey key, const std::byte* data, std::size_t size) noexcept {
  static_assert(std::endian::native == std::endian::little, "words are read as they stand");
  SipState state(key);
  std::uint64_t word;
  const std::byte* const end = data + size / 8 * 8;
  for (; data != end; data += 8) {
    std::memcpy(&word, data, 8);
    state.add(word, word_rounds);
  }
  word = std::uint64_t{size} << 56;
  std::memcpy(&word, data, size % 8);
  state.add(word, word_rounds);
  return state.finish(end_rounds);
}

}  // namespace midden::inline MIDDEN_ABI::containers::hash
