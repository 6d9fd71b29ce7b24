#pragma once
// The keys that the map cases use: the n-th key of a style, always the same one.
//
//   string   key:000000000042     16 bytes, nearly all of them common to all keys
//   uuid     3f2504e0-4f89-41d3-9a0c-0305e82c3301     36 bytes, nothing common but the dashes
//   mixed    8 to 40 bytes of letters, digits and two signs, nothing common
//
// Keys of different numbers differ: in a string key and in the first 8 bytes of a mixed one
// stands the number, through a bijection; equal UUIDs are as unlikely as 122 random bits say.
//
// KeyBatch holds keys one behind the other, so that reading them in order costs next to nothing
// beside what is measured.
//
// Threads: a KeyBatch is used by one; the rest is pure.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

enum class KeyStyle : std::uint8_t { string, uuid, mixed };

// A bijection of 64 bits whose values look random.
std::uint64_t scrambled(std::uint64_t number);

// Appends key `number` of a style. Requires: number < 10^12.
void append_key(std::string& to, KeyStyle style, std::uint64_t number);

class KeyBatch {
 public:
  explicit KeyBatch(KeyStyle style) : style_(style) {}

  void clear();
  void add(std::uint64_t number);

  std::size_t size() const { return numbers_.size(); }
  std::string_view key(std::size_t i) const {
    return std::string_view(text_).substr(begins_[i], begins_[i + 1] - begins_[i]);
  }
  std::uint64_t number(std::size_t i) const { return numbers_[i]; }

 private:
  KeyStyle style_;
  std::string text_;
  std::vector<std::size_t> begins_{0};  // and the end of the last
  std::vector<std::uint64_t> numbers_;
};

// 0 ... count - 1 in an order that is the same in each run.
std::vector<std::uint32_t> shuffled(std::size_t count);

}  // namespace bench
