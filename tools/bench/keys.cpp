#include "tools/bench/keys.hpp"

#include <algorithm>
#include <numeric>
#include <random>

namespace bench {

namespace {

void append_string(std::string& to, std::uint64_t number) {
  to += "key:000000000000";
  for (std::size_t place = to.size(); number != 0; number /= 10) to[--place] = static_cast<char>('0' + number % 10);
}

void append_uuid(std::string& to, std::uint64_t number) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::uint64_t bits[2] = {scrambled(2 * number), scrambled(2 * number + 1)};
  bits[0] = (bits[0] & ~std::uint64_t{0xf000}) | 0x4000;                       // version 4
  bits[1] = (bits[1] & ~(std::uint64_t{3} << 62)) | (std::uint64_t{2} << 62);  // variant 1
  for (unsigned i = 0; i < 32; ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) to += '-';
    to += digits[(bits[i / 16] >> (60 - 4 * (i % 16))) & 15];
  }
}

void append_mixed(std::string& to, std::uint64_t number) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  // An odd factor modulo 2^48 is a bijection: 8 letters of 6 bits tell the keys apart.
  const std::uint64_t head = number * 0x9e3779b97f4b;
  for (unsigned i = 0; i < 8; ++i) to += letters[(head >> (42 - 6 * i)) & 63];
  std::uint64_t random = scrambled(number);
  for (std::uint64_t more = random % 33; more > 0; --more) {
    random = scrambled(random);
    to += letters[random & 63];
  }
}

}  // namespace

// SplitMix64's finalizer (Steele, Lea, Flood 2014).
std::uint64_t scrambled(std::uint64_t number) {
  std::uint64_t x = number;
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

void append_key(std::string& to, KeyStyle style, std::uint64_t number) {
  switch (style) {
    case KeyStyle::string:
      return append_string(to, number);
    case KeyStyle::uuid:
      return append_uuid(to, number);
    case KeyStyle::mixed:
      return append_mixed(to, number);
  }
}

void KeyBatch::clear() {
  text_.clear();
  begins_.assign(1, 0);
  numbers_.clear();
}

void KeyBatch::add(std::uint64_t number) {
  append_key(text_, style_, number);
  begins_.push_back(text_.size());
  numbers_.push_back(number);
}

std::vector<std::uint32_t> shuffled(std::size_t count) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), std::uint32_t{0});
  std::mt19937_64 random(count);
  std::shuffle(order.begin(), order.end(), random);
  return order;
}

}  // namespace bench
