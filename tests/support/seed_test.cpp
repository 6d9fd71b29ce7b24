#include "tests/support/seed.hpp"

#include "tests/support/catch.hpp"

TEST_CASE("A seed is read in decimal and in hexadecimal") {
  CHECK(parse_seed("0") == 0U);
  CHECK(parse_seed("1234567890") == 1234567890U);
  CHECK(parse_seed("0xffffffffffffffff") == UINT64_MAX);
  CHECK(parse_seed("0XAb") == 0xabU);
}

TEST_CASE("What is not a seed of 64 bits is refused") {
  for (const char* text : {"", "0x", "12 ", " 12", "-1", "abc", "1.5", "0x10000000000000000"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_seed(text).has_value());
  }
}

TEST_CASE("A run has one seed") { CHECK(test_seed() == test_seed()); }

TEST_CASE("A generator repeats itself, and streams differ") {
  CHECK(test_generator(3)() == test_generator(3)());
  CHECK(test_generator(3)() != test_generator(4)());
}
