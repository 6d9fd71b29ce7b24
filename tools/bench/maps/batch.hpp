#pragma once
// A batch: what a subject is to do in one call.
//
//   i-th of it    key, value, operation
//   key number n  as keys.hpp writes it, or a std::uint64_t, scrambled so that such keys are not dense
//
// It is made beforehand, so that keys cost nothing but the reading, and all subjects read the same
// objects: std::string too where the map could do with less, since some need one to look it up.
//
// Threads: many may read it.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "tools/bench/keys.hpp"

namespace bench::maps {

enum class Operation : std::uint8_t { look_up, assign, erase };

class Batch {
 public:
  // `strings`: the style of keys that are strings; without it they are numbers.
  explicit Batch(std::optional<KeyStyle> strings) : strings_(strings) {}

  // Strings keep their memory for the next keys.
  void clear();
  void add(std::uint64_t number, std::int64_t value, Operation operation = Operation::look_up);

  std::size_t size() const { return values_.size(); }
  bool has_strings() const { return strings_.has_value(); }
  // Requires: Key is std::string where it has strings, else std::uint64_t.
  template <class Key>
  const Key& key(std::size_t i) const {
    if constexpr (std::is_same_v<Key, std::string>) {
      return texts_[i];
    } else {
      return words_[i];
    }
  }
  template <class Key>
  std::span<const Key> keys() const {
    if constexpr (std::is_same_v<Key, std::string>) {
      return {texts_.data(), size()};
    } else {
      return {words_.data(), size()};
    }
  }
  std::int64_t value(std::size_t i) const { return values_[i]; }
  Operation operation(std::size_t i) const { return operations_[i]; }

 private:
  std::optional<KeyStyle> strings_;
  std::vector<std::string> texts_;  // at least as many as keys
  std::vector<std::uint64_t> words_;
  std::vector<std::int64_t> values_;
  std::vector<Operation> operations_;
};

}  // namespace bench::maps
