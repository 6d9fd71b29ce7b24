// SipHash against published values.

#include "containers/hash/siphash.hpp"

#include <array>

#include "tests/support/catch.hpp"

using midden::containers::hash::siphash;
using midden::containers::hash::SipKey;

namespace {

// The key of the paper's appendix A: the bytes 0 to 15.
constexpr SipKey key{0x0706050403020100, 0x0F0E0D0C0B0A0908};

// The texts of all these values: the bytes 0 to length - 1.
std::array<std::byte, 64> text() {
  std::array<std::byte, 64> bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i);
  return bytes;
}

}  // namespace

TEST_CASE("SipHash-2-4 has the values of its authors") {
  // Of 15 bytes: the paper, appendix A. The others: vectors.h of the reference implementation.
  const auto [length, hash] = GENERATE(table<std::size_t, std::uint64_t>({
      {0, 0x726FDB47DD0E0E31},
      {1, 0x74F839C593DC67FD},
      {7, 0xAB0200F58B01D137},
      {8, 0x93F5F5799A932462},
      {9, 0x9E0082DF0BA9E4B0},
      {15, 0xA129CA6149BE45E5},
      {16, 0x3F2ACC7F57C29BDB},
      {63, 0x958A324CEB064572},
  }));
  CHECK((siphash<2, 4>(key, text().data(), length)) == hash);
}

TEST_CASE("SipHash-1-3 has the values of the reference implementation") {
  // As the tests of Rust's standard library list them.
  const auto [length, hash] = GENERATE(table<std::size_t, std::uint64_t>({
      {0, 0xABAC0158050FC4DC},
      {1, 0xC9F49BF37D57CA93},
      {7, 0xD3927D989BB11140},
      {8, 0x369095118D299A8E},
      {9, 0x25A48EB36C063DE4},
      {15, 0xD320D86D2A519956},
      {16, 0xCC4FDD1A7D908B66},
      {63, 0x9D199062B7BBB3A8},
  }));
  CHECK((siphash<1, 3>(key, text().data(), length)) == hash);
}
