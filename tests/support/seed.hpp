#pragma once
// The seed of a run: where every random test gets its randomness, and how a failure is replayed.
//
// A run draws one seed and writes it to stderr at first use, so that the output of a failing test
// shows it, even of one that crashed:
//
//   seed 0x1f2e3d4c5b6a7988: replay with MIDDEN_TEST_SEED=0x1f2e3d4c5b6a7988
//
// With that variable set (decimal, or hexadecimal after 0x) the run repeats. One that cannot be
// read stops the program: a typing error must not look like a replay that passed.
//
// Threads: any. It does not promise the same threads' interleaving, only the same numbers.

#include <charconv>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <random>
#include <string_view>

// The number that the whole of the text says, or none.
inline std::optional<std::uint64_t> parse_seed(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The seed of this run; the same at every call.
inline std::uint64_t test_seed() {
  static const std::uint64_t seed = [] {
    std::uint64_t chosen = 0;
    if (const char* text = std::getenv("MIDDEN_TEST_SEED")) {
      const auto parsed = parse_seed(text);
      if (!parsed) {
        std::fprintf(stderr, "MIDDEN_TEST_SEED is \"%s\"; accepted: 64 bits, decimal or 0x and hexadecimal\n", text);
        std::abort();
      }
      chosen = *parsed;
    } else {
      std::random_device device;
      chosen = std::uint64_t{device()} << 32 | device();
    }
    std::fprintf(stderr, "seed 0x%016" PRIx64 ": replay with MIDDEN_TEST_SEED=0x%016" PRIx64 "\n", chosen, chosen);
    return chosen;
  }();
  return seed;
}

// A generator of this run. Tests, and threads of one test, that must not draw the same numbers
// take different streams. A test takes its own, so that it replays alone as it ran among others.
inline std::mt19937_64 test_generator(std::uint64_t stream = 0) {
  const std::uint64_t seed = test_seed();
  std::seed_seq sequence{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32),
                         static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)};
  return std::mt19937_64(sequence);
}
