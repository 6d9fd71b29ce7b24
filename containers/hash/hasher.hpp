#pragma once
// Hashing: 32 bits from a key, under a secret of the process and a seed of the map.
//
//   bytes     XXH3 (Yann Collet) over a window of the secret that the seed chooses, then one
//             keyed multiplication
//   a word    two keyed 64 x 64 -> 128 bit multiplications, halves folded (as wyhash, Wang Yi)
//   either    SipHash-1-3 under a key of its own, in a map that has found itself under attack
//
//   hash  | bucket number, from the top ......... | slot byte |
//          31                                   8  7         0
//
// The seed enters before and after the bytes are mixed: with a seed that XXH3 takes as its own
// argument, keys of up to 240 bytes would be mixed with the constants that xxHash publishes, and
// collisions made for those hold for every seed. Neither of the fast functions is proof against
// someone who learns the secret, or much about hashes, by other ways; SipHash is, for 128 fresh bits.
//
// Under MIDDEN_STRESS with MIDDEN_SEED the secret and the keys of SipHash derive from that seed, for
// replay; else they come from the system, the secret once a process.
//
// Threads: values; the secrets are made under a lock and never change.
// It does not promise the same hash in another process.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <midden/build.hpp>
#include <midden/config.hpp>

#include "containers/hash/siphash.hpp"

namespace midden::inline MIDDEN_ABI::containers::hash {

inline std::uint64_t fold_multiply(std::uint64_t a, std::uint64_t b) noexcept {
  __extension__ using Wide = unsigned __int128;
  const Wide product = Wide{a} * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

class Hasher {
 public:
  static constexpr std::size_t window_bytes = 192;
  static constexpr std::size_t secret_bytes = 1024;
  using Secret = std::array<std::byte, secret_bytes>;

  // The secret outlives the hasher.
  Hasher(const Secret& secret, std::uint64_t seed);
  explicit Hasher(SipKey key) : keys_{key.low, key.high} {}

  std::uint32_t word(std::uint64_t key) const noexcept {
    if (is_siphash()) [[unlikely]]
      return siphash_word(key);
    const std::uint64_t once = fold_multiply(key ^ keys_[0], keys_[1]);
    return static_cast<std::uint32_t>(fold_multiply(once ^ keys_[2], keys_[3]) >> 32);
  }
  std::uint32_t bytes(const std::byte* data, std::size_t size) const noexcept;

  // Of the function that hashes words, or bytes.
  std::string_view name(bool words) const noexcept {
    if (is_siphash()) return "SipHash-1-3";
    return words ? "keyed multiplication" : "XXH3";
  }

  bool is_siphash() const noexcept { return window_ == nullptr; }

 private:
  std::uint32_t siphash_word(std::uint64_t key) const noexcept;
  std::uint32_t siphash_bytes(const std::byte* data, std::size_t size) const noexcept;

  std::uint64_t keys_[4];
  const std::byte* window_ = nullptr;
};

// The secret for maps of a Runtime with this configuration. Valid for the whole run.
const Hasher::Secret& secret_for(const Config& config);

// A key for one map, random. Where stress is to be replayed it derives from `seed`.
SipKey draw_sip_key(const Config& config, std::uint64_t seed);

}  // namespace midden::inline MIDDEN_ABI::containers::hash
