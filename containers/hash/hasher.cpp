#include "containers/hash/hasher.hpp"

#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <random>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace midden::inline MIDDEN_ABI::containers::hash {

namespace {

static_assert(Hasher::window_bytes >= XXH3_SECRET_SIZE_MIN);

Hasher::Secret draw_secret() {
  std::random_device device;
  Hasher::Secret secret;
  for (std::size_t at = 0; at < secret.size(); at += sizeof(std::uint32_t)) {
    const std::uint32_t word = device();
    std::memcpy(&secret[at], &word, sizeof word);
  }
  return secret;
}

Hasher::Secret derive_secret(std::uint64_t seed) {
  std::mt19937_64 generator(seed);
  Hasher::Secret secret;
  for (std::size_t at = 0; at < secret.size(); at += sizeof(std::uint64_t)) {
    const std::uint64_t word = generator();
    std::memcpy(&secret[at], &word, sizeof word);
  }
  return secret;
}

}  // namespace

Hasher::Hasher(const Secret& secret, std::uint64_t seed) {
  const std::uint64_t drawn = XXH3_64bits_withSecret(&seed, sizeof seed, secret.data(), secret.size());
  constexpr std::size_t windows = (secret_bytes - window_bytes) / 8;
  window_ = secret.data() + 8 * (drawn % windows);
  for (std::uint64_t& key : keys_) {
    const std::uint64_t numbered[2] = {drawn, static_cast<std::uint64_t>(&key - keys_)};
    key = XXH3_64bits_withSecret(numbered, sizeof numbered, secret.data(), secret.size()) | 1;
  }
}

std::uint32_t Hasher::bytes(const std::byte* data, std::size_t size) const noexcept {
  const std::uint64_t mixed = XXH3_64bits_withSecret(data, size, window_, window_bytes);
  return static_cast<std::uint32_t>(fold_multiply(mixed ^ keys_[0], keys_[1]) >> 32);
}

const Hasher::Secret& secret_for(const Config& config) {
  static const Hasher::Secret of_process = draw_secret();
  if (!config.stress.any() || config.seed == 0) return of_process;
  static std::mutex mutex;
  static std::map<std::uint64_t, std::unique_ptr<const Hasher::Secret>> derived;
  const std::lock_guard lock(mutex);
  std::unique_ptr<const Hasher::Secret>& secret = derived[config.seed];
  if (!secret) secret = std::make_unique<const Hasher::Secret>(derive_secret(config.seed));
  return *secret;
}

}  // namespace midden::inline MIDDEN_ABI::containers::hash
