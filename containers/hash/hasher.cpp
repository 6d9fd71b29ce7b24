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

// Words of 64 bits from the system.
class SystemRandom {
 public:
  std::uint64_t operator()() { return std::uint64_t{device_()} << 32 | device_(); }

 private:
  std::random_device device_;
};

template <class Random>
Hasher::Secret make_secret(Random&& random) {
  Hasher::Secret secret;
  for (std::size_t at = 0; at < secret.size(); at += sizeof(std::uint64_t)) {
    const std::uint64_t word = random();
    std::memcpy(&secret[at], &word, sizeof word);
  }
  return secret;
}

bool is_replayed(const Config& config) { return config.stress.any() && config.seed != 0; }

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

std::uint32_t Hasher::siphash_bytes(const std::byte* data, std::size_t size) const noexcept {
  return static_cast<std::uint32_t>(siphash<1, 3>({keys_[0], keys_[1]}, data, size) >> 32);
}

std::uint32_t Hasher::siphash_word(std::uint64_t key) const noexcept {
  return siphash_bytes(reinterpret_cast<const std::byte*>(&key), sizeof key);
}

std::uint32_t Hasher::bytes(const std::byte* data, std::size_t size) const noexcept {
  if (is_siphash()) [[unlikely]]
    return siphash_bytes(data, size);
  const std::uint64_t mixed = XXH3_64bits_withSecret(data, size, window_, window_bytes);
  return static_cast<std::uint32_t>(fold_multiply(mixed ^ keys_[0], keys_[1]) >> 32);
}

const Hasher::Secret& secret_for(const Config& config) {
  static const Hasher::Secret of_process = make_secret(SystemRandom());
  if (!is_replayed(config)) return of_process;
  static std::mutex mutex;
  // Never destroyed: threads may run while the process exits.
  static auto& derived = *new std::map<std::uint64_t, std::unique_ptr<const Hasher::Secret>>;
  const std::lock_guard lock(mutex);
  std::unique_ptr<const Hasher::Secret>& secret = derived[config.seed];
  if (!secret) secret = std::make_unique<const Hasher::Secret>(make_secret(std::mt19937_64(config.seed)));
  return *secret;
}

SipKey draw_sip_key(const Config& config, std::uint64_t seed) {
  const auto draw = [](auto&& random) {
    const std::uint64_t low = random();
    return SipKey{low, random()};
  };
  return is_replayed(config) ? draw(std::mt19937_64(seed)) : draw(SystemRandom());
}

}  // namespace midden::inline MIDDEN_ABI::containers::hash
