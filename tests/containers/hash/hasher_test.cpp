// Hashing: even over families of keys that weak hashes cluster, and different from map to map.

#include "containers/hash/hasher.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include <midden/config.hpp>

#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

using midden::containers::hash::draw_sip_key;
using midden::containers::hash::Hasher;
using midden::containers::hash::secret_for;

namespace {

midden::Config seeded(std::uint64_t seed) {
  midden::Config config;
  config.environment = midden::Environment::ignore;
  config.seed = seed;
  config.stress.alloc = 1000;
  return config;
}

Hasher hasher_of_run() { return Hasher(secret_for(seeded(test_seed() | 1)), test_seed()); }

Hasher siphash_of_run() { return Hasher(draw_sip_key(seeded(1), test_seed())); }

std::uint32_t hash_text(const Hasher& hasher, const std::string& text) {
  return hasher.bytes(reinterpret_cast<const std::byte*>(text.data()), text.size());
}

// Hashes put into 2^10 buckets by `shift`: the sum of squared deviations from the mean over the
// mean. About the number of buckets for random hashes, with a spread of its root.
double unevenness(const std::vector<std::uint32_t>& hashes, unsigned shift) {
  std::vector<double> buckets(1024);
  for (const std::uint32_t hash : hashes) buckets[hash >> shift & 1023] += 1;
  const double mean = static_cast<double>(hashes.size()) / 1024;
  double sum = 0;
  for (const double count : buckets) sum += (count - mean) * (count - mean) / mean;
  return sum;
}

void check_even(const std::vector<std::uint32_t>& hashes) {
  // The top bits choose buckets, the lowest are the slot byte; ten deviations above random.
  CHECK(unevenness(hashes, 22) < 1024 + 10 * 45.3);
  CHECK(unevenness(hashes, 0) < 1024 + 10 * 45.3);
}

}  // namespace

TEST_CASE("Words of regular families hash as evenly as random ones") {
  const bool sip = GENERATE(false, true);
  const Hasher hasher = sip ? siphash_of_run() : hasher_of_run();
  const std::pair<const char*, std::function<std::uint64_t(std::uint64_t)>> families[] = {
      {"sequential", [](std::uint64_t i) { return i; }},
      {"negative", [](std::uint64_t i) { return ~i; }},
      {"multiples of 64", [](std::uint64_t i) { return i << 6; }},
      {"multiples of 2^32", [](std::uint64_t i) { return i << 32; }},
      {"multiples of 2^48", [](std::uint64_t i) { return i << 48 | (i >> 16) << 1; }},
      {"bits reversed",
       [](std::uint64_t i) {
         std::uint64_t reversed = 0;
         for (int bit = 0; bit < 64; ++bit) reversed |= (i >> bit & 1) << (63 - bit);
         return reversed;
       }},
      {"floats",
       [](std::uint64_t i) {
         const double number = static_cast<double>(i) * 0.25;
         std::uint64_t bits;
         std::memcpy(&bits, &number, sizeof bits);
         return bits;
       }},
      {"pointers", [](std::uint64_t i) { return 0x7F0000000000 + i * 144; }},
  };
  for (const auto& [name, key] : families) {
    INFO(name);
    std::vector<std::uint32_t> hashes;
    for (std::uint64_t i = 0; i < 65536; ++i) hashes.push_back(hasher.word(key(i)));
    check_even(hashes);
  }
}

TEST_CASE("Texts of regular families hash as evenly as random ones") {
  const bool sip = GENERATE(false, true);
  const Hasher hasher = sip ? siphash_of_run() : hasher_of_run();
  const std::pair<const char*, std::function<std::string(std::uint64_t)>> families[] = {
      {"numbers", [](std::uint64_t i) { return std::to_string(i); }},
      {"a long common beginning", [](std::uint64_t i) { return std::string(300, 'a') + std::to_string(i); }},
      {"a long common end", [](std::uint64_t i) { return std::to_string(i) + std::string(100, 'z'); }},
      {"zeros", [](std::uint64_t i) { return std::string(i % 2048, '\0') + static_cast<char>(i / 2048); }},
  };
  for (const auto& [name, key] : families) {
    INFO(name);
    std::vector<std::uint32_t> hashes;
    for (std::uint64_t i = 0; i < 65536; ++i) hashes.push_back(hash_text(hasher, key(i)));
    check_even(hashes);
  }
}

TEST_CASE("Maps with different seeds put the same keys in unrelated orders") {
  const Hasher::Secret& secret = secret_for(seeded(1));
  const Hasher first(secret, 1);
  const Hasher second(secret, 2);
  std::vector<std::uint32_t> words;
  std::vector<std::uint32_t> texts;
  // The first tenth of the one's order, in the other's: it must not be a stretch of that.
  for (std::uint64_t i = 0; i < 655360; ++i) {
    if (first.word(i) < 0xFFFFFFFF / 10) words.push_back(second.word(i));
    const std::string text = std::to_string(i);
    if (hash_text(first, text) < 0xFFFFFFFF / 10) texts.push_back(hash_text(second, text));
  }
  check_even(words);
  check_even(texts);
}

TEST_CASE("Secrets differ between runs, and repeat where stress is to be replayed") {
  const Hasher::Secret& random = secret_for({});
  CHECK(&secret_for({}) == &random);
  CHECK(secret_for(seeded(7)) == secret_for(seeded(7)));
  CHECK(secret_for(seeded(7)) != secret_for(seeded(8)));
  CHECK(secret_for(seeded(7)) != random);
  midden::Config without_stress = seeded(7);
  without_stress.stress = {};
  CHECK(&secret_for(without_stress) == &random);
  CHECK(Hasher(random, 1).word(1) != Hasher(secret_for(seeded(7)), 1).word(1));
  CHECK(std::count(random.begin(), random.end(), std::byte{0}) < 64);
}

TEST_CASE("Keys of SipHash are fresh, and repeat where stress is to be replayed") {
  const auto hash = [](const midden::Config& config) { return Hasher(draw_sip_key(config, 5)).word(1); };
  CHECK(hash({}) != hash({}));
  CHECK(hash(seeded(7)) == hash(seeded(7)));
}

TEST_CASE("Each byte of a text and its length change its hash") {
  const Hasher hasher = hasher_of_run();
  const std::string text(100, 'x');
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string other = text;
    other[i] = 'y';
    CHECK(hash_text(hasher, other) != hash_text(hasher, text));
    CHECK(hash_text(hasher, text.substr(0, i)) != hash_text(hasher, text));
  }
}
