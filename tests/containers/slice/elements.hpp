#pragma once
// What the tests of slices have in common: settled configurations, and elements of every kind
// that a slice may hold.
//
// An element carries a number. `Maker<T>` makes one from a number and reads it back; where T has
// references, the number stands in a heap object of its own, so that a lost reference shows.

#include <cstddef>
#include <cstdint>
#include <vector>

#include <midden/midden.hpp>
#include <midden/slice_array.hpp>

// Deaf to the environment, so that counts hold whatever is set.
inline midden::Config quiet() {
  midden::Config config;
  config.environment = midden::Environment::ignore;
  config.reserve = std::size_t{4} << 30;
  return config;
}

// Verifies each collection.
inline midden::Config verified() {
  midden::Config config = quiet();
  config.check = true;
  return config;
}

// Collects at every allocation, and verifies each collection.
inline midden::Config stressed() {
  midden::Config config = verified();
  config.stress.alloc = 1;
  return config;
}

// Collects; the number of objects that are alive.
inline std::uint64_t live_objects(midden::Runtime& runtime) {
  runtime.collect();
  return runtime.last_cycle().objects_marked;
}

struct Boxed {
  std::int64_t number = 0;
  static constexpr midden::Leaf midden_leaf{};
};

inline midden::Root<Boxed> make_boxed(std::int64_t number) {
  midden::Root<Boxed> box = midden::make<Boxed>();
  box->number = number;
  return box;
}

// Two references with a number between them.
struct Pair {
  midden::Ref<Boxed> first;
  std::int64_t number = 0;
  midden::Ref<Boxed> second;
  static constexpr auto midden_refs = midden::refs<Pair>(&Pair::first, &Pair::second);
};

// A word that is a small integer, if it is odd, or a reference.
struct Tagged {
  std::uintptr_t bits = 1;
  static void midden_trace(const Tagged& self, midden::Tracer& tracer) {
    if ((self.bits & 1) == 0) tracer.object(reinterpret_cast<const void*>(self.bits));
  }
};

// Five bytes: sizes that divide nothing.
struct Odd {
  unsigned char bytes[5] = {};
  static constexpr midden::Leaf midden_leaf{};
};

struct alignas(64) Wide {
  std::int64_t number = 0;
  static constexpr midden::Leaf midden_leaf{};
};

struct alignas(4096) Page {
  midden::Ref<Boxed> box;
  static constexpr auto midden_refs = midden::refs<Page>(&Page::box);
};

// Copied by hand, so not plain bytes.
struct Counted {
  std::int64_t number = 0;
  static constexpr midden::Leaf midden_leaf{};
  Counted() = default;
  explicit Counted(std::int64_t given) : number(given) {}
  Counted(const Counted& other) noexcept : number(other.number) {}
  Counted& operator=(const Counted& other) noexcept {
    number = other.number;
    return *this;
  }
};

template <class T>
struct Maker;

template <>
struct Maker<std::int64_t> {
  static constexpr std::size_t objects = 0;  // that an element keeps alive
  static std::int64_t make(std::int64_t number) { return number; }
  static std::int64_t number(std::int64_t element) { return element; }
};
template <>
struct Maker<Odd> {
  static constexpr std::size_t objects = 0;
  static Odd make(std::int64_t number) {
    Odd odd;
    for (int i = 0; i < 5; ++i) odd.bytes[i] = static_cast<unsigned char>(number >> 8 * i);
    return odd;
  }
  static std::int64_t number(const Odd& element) {
    std::int64_t number = 0;
    for (int i = 0; i < 5; ++i) number |= std::int64_t{element.bytes[i]} << 8 * i;
    return number;
  }
};
template <>
struct Maker<Wide> {
  static constexpr std::size_t objects = 0;
  static Wide make(std::int64_t number) { return {number}; }
  static std::int64_t number(const Wide& element) {
    return reinterpret_cast<std::uintptr_t>(&element) % alignof(Wide) == 0 ? element.number : -1;
  }
};
template <>
struct Maker<Counted> {
  static constexpr std::size_t objects = 0;
  static Counted make(std::int64_t number) { return Counted(number); }
  static std::int64_t number(const Counted& element) { return element.number; }
};

// Those below return elements whose targets nothing keeps alive: store them before the next
// safepoint, or keep them in a Batch.
template <>
struct Maker<midden::Ref<Boxed>> {
  static constexpr std::size_t objects = 1;
  static midden::Ref<Boxed> make(std::int64_t number) { return make_boxed(number); }
  static std::int64_t number(const midden::Ref<Boxed>& element) { return element->number; }
};
template <>
struct Maker<Pair> {
  static constexpr std::size_t objects = 2;
  static Pair make(std::int64_t number) {
    const midden::Root<Boxed> first = make_boxed(number);
    const midden::Root<Boxed> second = make_boxed(number + 1);
    return {first, number, second};
  }
  static std::int64_t number(const Pair& element) {
    const bool whole = element.first->number == element.number && element.second->number == element.number + 1;
    return whole ? element.number : -1;
  }
};
template <>
struct Maker<Tagged> {
  static constexpr std::size_t objects = 1;
  static Tagged make(std::int64_t number) { return {reinterpret_cast<std::uintptr_t>(make_boxed(number).get())}; }
  static std::int64_t number(const Tagged& element) { return reinterpret_cast<const Boxed*>(element.bits)->number; }
};
template <>
struct Maker<Page> {
  static constexpr std::size_t objects = 1;
  static Page make(std::int64_t number) { return {make_boxed(number)}; }
  static std::int64_t number(const Page& element) {
    return reinterpret_cast<std::uintptr_t>(&element) % alignof(Page) == 0 ? element.box->number : -1;
  }
};

// Elements in a row, outside of the heap, whose targets live while it does.
template <class T>
class Batch {
 public:
  Batch(std::int64_t first, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      elements_.push_back(Maker<T>::make(first + static_cast<std::int64_t>(i)));
      kept_.emplace_back(midden::detail::here(), &elements_.back(), 1);
    }
  }
  const std::vector<T>& elements() const { return elements_; }
  // From here on the elements alone name their targets.
  const std::vector<T>& unprotected() {
    kept_.clear();
    return elements_;
  }

 private:
  std::vector<T> elements_;
  std::vector<midden::detail::KeptTargets<T>> kept_;
};
