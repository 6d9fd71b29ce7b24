// Bytes and keys: every comparison is that of std::string, and pieces never contradict it.

#include "containers/skiplist/bytes.hpp"

#include <algorithm>
#include <memory>
#include <string>

#include "tests/containers/skiplist/list_kit.hpp"

using namespace skiplist_test;

namespace {

int sign(int order) { return order < 0 ? -1 : order > 0 ? 1 : 0; }

// A copy without room at either end, so that a sanitizer sees a read beyond.
class Exact {
 public:
  explicit Exact(const std::string& text) : size_(text.size()), bytes_(new std::byte[std::max<std::size_t>(size_, 1)]) {
    std::memcpy(bytes_.get(), text.data(), size_);
  }
  Bytes get() const { return {bytes_.get(), size_}; }

 private:
  std::size_t size_;
  std::unique_ptr<std::byte[]> bytes_;
};

// Few letters, so that strings share much; among them the ones at the ends.
std::string some_string(std::mt19937_64& random, std::size_t longest) {
  std::string text(random() % (longest + 1), '\0');
  for (char& c : text)
    c = "\0\xFF"
        "ab"[random() % 4];
  return text;
}

}  // namespace

TEST_CASE("Bytes compare as strings do, whatever of their begin is known to be equal") {
  auto random = test_generator(1);
  for (int i = 0; i < 20000; ++i) {
    const std::string common = some_string(random, 20);
    const std::string a = common + some_string(random, 12);
    const std::string b = common + some_string(random, 12);
    CAPTURE(a, b);
    const Exact x(a);
    const Exact y(b);
    const std::size_t shared = static_cast<std::size_t>(
        std::mismatch(a.begin(), a.begin() + static_cast<long>(std::min(a.size(), b.size())), b.begin()).first -
        a.begin());
    const std::size_t known = random() % (shared + 1);
    REQUIRE(common_bytes(x.get(), y.get(), known) == shared);
    REQUIRE(sign(compare(x.get(), y.get(), known)) == sign(a.compare(b)));
    REQUIRE(equal(x.get(), y.get()) == (a == b));
    REQUIRE(equal(x.get(), x.get()));
  }
}

TEST_CASE("A piece holds four bytes, and zeros past the end") {
  CHECK(piece_of(as_bytes("abcdef"), 0) == 0x61626364);
  CHECK(piece_of(as_bytes("abcdef"), 2) == 0x63646566);
  CHECK(piece_of(as_bytes("abcdef"), 3) == 0x64656600);
  CHECK(piece_of(as_bytes("abcdef"), 5) == 0x66000000);
  CHECK(piece_of(as_bytes("abcdef"), 6) == 0);
  CHECK(piece_of(as_bytes("abcdef"), 1000) == 0);
  CHECK(piece_of(as_bytes("abc"), 0) == 0x61626300);
  CHECK(piece_of(as_bytes("abc"), 2) == 0x63000000);
  CHECK(piece_of(as_bytes("abc"), 3) == 0);
  CHECK(piece_of(as_bytes(""), 0) == 0);
  CHECK(piece_of(as_bytes("\xFF\xFE\xFD\xFC"), 0) == 0xFFFEFDFC);
}

TEST_CASE("Pieces behind a common prefix ascend with their strings") {
  auto random = test_generator(2);
  for (int i = 0; i < 20000; ++i) {
    const std::string prefix = some_string(random, 9);
    const Exact a(prefix + some_string(random, 8));
    const Exact b(prefix + some_string(random, 8));
    const std::uint32_t x = piece_of(a.get(), prefix.size());
    const std::uint32_t y = piece_of(b.get(), prefix.size());
    if (x < y) REQUIRE(compare(a.get(), b.get()) < 0);
    if (x > y) REQUIRE(compare(a.get(), b.get()) > 0);
  }
}

TEMPLATE_TEST_CASE("Each form of key compares with entries as its bytes do", "", WordKey, FixedKey, VariableKey) {
  const Layout& layout = Form<TestType>::layout;
  auto random = test_generator(3);
  for (int i = 0; i < 5000; ++i) {
    // Small differences at any place of the number.
    const std::uint64_t number = random();
    const std::string own = Form<TestType>::bytes(number);
    const std::string other = Form<TestType>::bytes(number ^ (std::uint64_t{random() % 3} << (random() % 64)));
    CAPTURE(own, other);
    std::vector<std::byte> entry(layout.bytes(other.size(), layout.value_bytes));
    key_of<TestType>(other).store(entry.data());
    REQUIRE(as_string(layout.key(entry.data())) == other);
    REQUIRE(layout.bytes(entry.data()) == entry.size());

    const TestType key = key_of<TestType>(own);
    const std::size_t shared = common_bytes(as_bytes(own), as_bytes(other));
    REQUIRE(key.size() == own.size());
    REQUIRE(key.equal(entry.data()) == (own == other));
    REQUIRE(sign(key.compare(entry.data(), random() % (shared + 1))) == sign(own.compare(other)));
    for (std::size_t at = 0; at < own.size() + 2; ++at) REQUIRE(key.piece(at) == piece_of(as_bytes(own), at));
    for (std::size_t size = 1; size <= other.size(); ++size) {
      REQUIRE(sign(key.compare_prefix(entry.data(), std::min(shared, size), size)) ==
              sign(own.substr(0, size).compare(other.substr(0, size))));
    }
    REQUIRE(TestType::of(entry.data(), layout).equal(entry.data()));
  }
}

TEST_CASE("An entry keeps key and value apart at every size") {
  for (const bool variable_key : {false, true}) {
    for (const bool variable_value : {false, true}) {
      for (const std::size_t key_bytes : {0u, 1u, 7u, 8u, 300u}) {
        const Layout layout{.variable_key = variable_key,
                            .variable_value = variable_value,
                            .key_bytes = static_cast<std::uint32_t>(key_bytes),
                            .value_bytes = 5};
        const std::size_t value_bytes = variable_value ? 11 : 5;
        std::vector<std::byte> entry(layout.bytes(key_bytes, value_bytes));
        if (variable_key) store_32(entry.data() + 4, static_cast<std::uint32_t>(key_bytes));
        const Bytes key = layout.key(entry.data());
        REQUIRE(key.size == key_bytes);
        if (variable_value) store_32(entry.data() + (key.data - entry.data()) + key_bytes, 11);
        const Bytes value = layout.value(entry.data());
        REQUIRE(value.size == value_bytes);
        REQUIRE(value.data >= key.data + key.size);
        REQUIRE(value.data + value.size == entry.data() + entry.size());
      }
    }
  }
}
