#pragma once
// A subject of the case maps: one map, used a batch at a time, so that the virtual call costs nothing
// beside what is measured. batched.hpp makes one of any map.
//
// Each operation checks what it finds, and throws std::runtime_error where a key has another's value.
//
// Threads: `work` any number at a time, the rest one.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "tools/bench/maps/batch.hpp"
#include "tools/bench/together.hpp"

namespace bench::maps {

// Of the entries that a walk has shown.
struct Shown {
  std::size_t entries = 0;
  std::uint64_t sum = 0;  // of their values, modulo 2^64

  void add(std::int64_t value) {
    ++entries;
    sum += static_cast<std::uint64_t>(value);
  }
  Shown& operator+=(const Shown& other) {
    entries += other.entries;
    sum += other.sum;
    return *this;
  }
  bool operator==(const Shown&) const = default;
};

// When it was, by the clock on the wall.
struct Interval {
  std::chrono::steady_clock::time_point begin;
  std::chrono::steady_clock::time_point end;
};

class Subject {
 public:
  Subject() = default;
  virtual ~Subject() = default;
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;

  virtual bool ordered() const = 0;
  // Whether one thread can erase a key in reasonable time.
  virtual bool erases() const = 0;
  // What lets several threads use it: "shared_mutex", or "its own".
  virtual std::string_view guard() const = 0;
  virtual std::size_t size() const = 0;

  // Inserts or overwrites each key.
  virtual void assign(const Batch& batch) = 0;
  // The same; answers the CPU seconds of the one that took longest, without those during which the
  // heap was collected.
  virtual double longest_assign(const Batch& batch) = 0;
  // How many of the keys are there.
  virtual std::size_t look_up(const Batch& batch) = 0;
  // Whether it takes many keys in one call, and that: as look_up.
  virtual bool looks_up_many() const = 0;
  virtual std::size_t look_up_many(const Batch& batch) = 0;
  // How many were there. Requires: erases.
  virtual std::size_t erase(const Batch& batch) = 0;
  virtual Shown scan() = 0;
  // All values, in the order of a walk.
  virtual std::vector<std::int64_t> values() = 0;
  // From each key on, so many entries. Requires: ordered.
  virtual Shown ranges(const Batch& batch, std::size_t entries) = 0;

  // Does the batch's operations beside other threads that do; begins when all are there.
  virtual Interval work(const Batch& batch, Start& start) = 0;

  // Of a map that is not in malloc's memory: its bytes.
  virtual std::optional<std::size_t> heap_bytes() const { return std::nullopt; }
  // So far, of a map that is collected.
  virtual std::optional<std::uint64_t> collections() const { return std::nullopt; }
};

}  // namespace bench::maps
