// The head of a bucket: comparing eight slot bytes at a time.

#include "containers/hash/bucket.hpp"

#include <cstdint>
#include <random>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

using midden::containers::hash::Head;
using midden::containers::hash::Slots;

namespace {

std::vector<unsigned> listed(Slots slots) {
  std::vector<unsigned> result;
  for (; slots.any(); slots.drop_first()) result.push_back(slots.first());
  return result;
}

}  // namespace

TEST_CASE("Matching slots are those with that byte and no others") {
  std::mt19937_64 random = test_generator();
  for (int round = 0; round < 20000; ++round) {
    // Few different bytes, among them those that a borrow or carry would disturb.
    constexpr std::uint64_t bytes[] = {0, 1, 2, 0x7F, 0x80, 0x81, 0xFE, 0xFF};
    Head head{};
    std::vector<std::uint64_t> model;
    for (unsigned slot = 0; slot < 8; ++slot) {
      model.push_back(bytes[random() % std::size(bytes)]);
      head.set(slot, model.back());
    }
    for (const std::uint64_t byte : bytes) {
      std::vector<unsigned> expected;
      for (unsigned slot = 0; slot < 8; ++slot) {
        if (model[slot] == byte) expected.push_back(slot);
      }
      if (listed(head.matching(byte)) != expected) FAIL("byte " << byte << " in " << std::hex << head.control);
    }
    for (unsigned slot = 0; slot < 8; ++slot) {
      if (head.get(slot) != model[slot]) FAIL("slot " << slot);
    }
  }
  SUCCEED("all agree");
}

TEST_CASE("A bucket counts its first full slots") {
  for (const std::uint64_t byte : {std::uint64_t{1}, std::uint64_t{0x80}, std::uint64_t{0xFF}}) {
    Head head{};
    CHECK(head.count() == 0);
    for (unsigned slot = 0; slot < 8; ++slot) {
      CHECK_FALSE(head.full());
      head.set(slot, byte);
      CHECK(head.count() == slot + 1);
    }
    CHECK(head.full());
    head.set(7, 0);
    CHECK(head.count() == 7);
  }
}

TEST_CASE("No hash has the byte of an empty slot") {
  for (std::uint32_t hash = 0; hash < 512; ++hash) CHECK(Head::slot_byte(hash << 3) != 0);
  CHECK(Head::slot_byte(0xAB00) == 1);
  CHECK(Head::slot_byte(0xABFF) == 0xFF);
}
