// Slices against a model of vectors, operation by operation, with collections between them.
//
// The model of a slice is a vector of cells, each of which holds an element's number. Slices that
// share an array share cells, so an assignment through one is seen through all. Whether an
// operation moved a slice to another array is observed, not predicted: then its cells become its
// own. What is checked is that nothing else ever changes, and that every target is alive.

#include <midden/slice.hpp>

#include <cstdint>
#include <memory>
#include <random>
#include <set>
#include <vector>

#include "tests/containers/slice/elements.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

namespace {

using midden::Growth;
using midden::make_slice;
using midden::Pin;
using midden::Root;
using midden::Slice;

using Cell = std::shared_ptr<std::int64_t>;
using Cells = std::vector<Cell>;

Cell cell(std::int64_t number) { return std::make_shared<std::int64_t>(number); }

enum class Sharing { none, all };

template <class T>
class Play {
 public:
  Play(midden::Runtime& runtime, std::mt19937_64& random, Sharing sharing, std::size_t longest)
      : runtime_(runtime), random_(random), sharing_(sharing), longest_(longest) {
    for (int i = 0; i < 3; ++i) add(make_slice<T>(), {});
  }

  void step() {
    Line& line = lines_[below(lines_.size())];
    const T* const begin_before = line.slice->data();
    operate(line);
    if (line.slice->data() != begin_before) {
      for (Cell& each : line.cells) each = cell(*each);
    }
    // Outside of the operation: those that add a line move the vector.
    if (below(8) == 0) change_lines();
  }

  void check() const {
    for (const Line& line : lines_) {
      REQUIRE(line.slice->size() == line.cells.size());
      REQUIRE(line.slice->capacity() >= line.slice->size());
      check_elements(line.slice->data(), line.cells);
    }
    for (const Held& held : pins_) {
      REQUIRE(held.pin.size() == held.cells.size());
      check_elements(held.pin.data(), held.cells);
    }
  }

  // Without sharing the number of live objects is known: slices, arrays, and what elements name.
  void check_live_objects() {
    std::size_t expected = 0;
    std::set<std::int64_t> numbers;
    for (const Line& line : lines_) {
      expected += line.slice->retained_bytes() == 0 ? 1 : 2;
      for (const Cell& each : line.cells) numbers.insert(*each);
    }
    REQUIRE(live_objects(runtime_) == expected + numbers.size() * Maker<T>::objects);
  }

 private:
  struct Line {
    Root<Slice<T>> slice;
    Cells cells;
  };
  struct Held {
    Pin<Slice<T>> pin;
    Cells cells;
  };

  std::size_t below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_); }
  // Numbers are never used twice, so that each names targets of its own.
  std::int64_t fresh(std::size_t count = 1) {
    const std::int64_t first = next_;
    next_ += 2 * static_cast<std::int64_t>(count);
    return first;
  }

  void add(Root<Slice<T>> slice, Cells cells) { lines_.push_back({std::move(slice), std::move(cells)}); }

  static void check_elements(const T* elements, const Cells& cells) {
    std::size_t same = 0;
    while (same < cells.size() && Maker<T>::number(elements[same]) == *cells[same]) ++same;
    REQUIRE(same == cells.size());
  }

  void operate(Line& line) {
    Slice<T>& slice = *line.slice;
    Cells& cells = line.cells;
    const std::size_t room = longest_ > cells.size() ? longest_ - cells.size() : 0;
    switch (below(14)) {
      case 0:
      case 1:
      case 2: {
        if (room == 0) break;
        const std::int64_t number = fresh();
        slice.append(Maker<T>::make(number));
        cells.push_back(cell(number));
        break;
      }
      case 3: {  // an element of its own
        if (room == 0 || cells.empty()) break;
        const std::size_t index = below(cells.size());
        slice.append(slice[index]);
        cells.push_back(cell(*cells[index]));
        break;
      }
      case 4: {  // several from outside of the heap
        if (room == 0) break;
        const std::size_t count = 1 + below(std::min<std::size_t>(room, 20));
        const std::int64_t first = next_;
        Batch<T> batch(first, count);
        next_ += static_cast<std::int64_t>(count) + 1;
        slice.append(batch.unprotected());
        for (std::size_t i = 0; i < count; ++i) cells.push_back(cell(first + static_cast<std::int64_t>(i)));
        break;
      }
      case 5: {  // a part of its own, as a span
        if (room == 0 || cells.empty()) break;
        const std::size_t begin = below(cells.size());
        const std::size_t count = std::min(room, 1 + below(cells.size() - begin));
        slice.append(std::span<const T>(slice.data() + begin, count));
        for (std::size_t i = 0; i < count; ++i) cells.push_back(cell(*cells[begin + i]));
        break;
      }
      case 6: {  // another slice, perhaps itself
        const Line& other = lines_[below(lines_.size())];
        const Cells copy = other.cells;
        if (room < copy.size()) break;
        slice.append(*other.slice);
        for (const Cell& each : copy) cells.push_back(cell(*each));
        break;
      }
      case 7: {
        const std::size_t length = below(longest_);
        const std::int64_t number = fresh();
        slice.resize(length, Maker<T>::make(number));
        while (cells.size() < length) cells.push_back(cell(number));
        cells.resize(length);
        break;
      }
      case 8: {
        const std::size_t length = below(cells.size() + 2);
        slice.truncate(length);
        if (length < cells.size()) cells.resize(length);
        break;
      }
      case 9: {
        if (cells.empty()) break;
        slice.pop_back();
        cells.pop_back();
        break;
      }
      case 10: {
        const std::size_t begin = below(cells.size() + 1);
        const std::size_t end = begin + below(cells.size() - begin + 1);
        slice.erase(begin, end);
        cells.erase(cells.begin() + static_cast<std::ptrdiff_t>(begin),
                    cells.begin() + static_cast<std::ptrdiff_t>(end));
        break;
      }
      case 11: {
        slice.reserve(below(longest_));
        break;
      }
      case 12: {
        slice.clip();
        REQUIRE(slice.retained_bytes() <= 64 + 2 * sizeof(T) + cells.size() * sizeof(T) * 5 / 4 + alignof(T));
        break;
      }
      case 13: {
        if (cells.empty()) break;
        const std::size_t index = below(cells.size());
        const std::int64_t number = fresh();
        const T element = Maker<T>::make(number);
        slice[index] = element;
        *cells[index] = number;
        break;
      }
    }
  }

  void change_lines() {
    const std::size_t from = below(lines_.size());
    const std::size_t to = below(lines_.size());
    switch (below(sharing_ == Sharing::none ? 1 : 6)) {
      case 0: {
        const Growth growth = static_cast<Growth>(below(3));
        lines_[to] = {make_slice<T>(0, growth), {}};
        break;
      }
      case 1:
      case 2: {
        const Line& line = lines_[from];
        const std::size_t begin = below(line.cells.size() + 1);
        const std::size_t end = begin + below(line.cells.size() - begin + 1);
        Line part{line.slice->slice(begin, end), Cells(line.cells.begin() + static_cast<std::ptrdiff_t>(begin),
                                                       line.cells.begin() + static_cast<std::ptrdiff_t>(end))};
        if (lines_.size() < 6) {
          lines_.push_back(std::move(part));
        } else {
          lines_[to] = std::move(part);
        }
        break;
      }
      case 3: {  // with room
        Line& line = lines_[from];
        const std::size_t begin = below(line.cells.size() + 1);
        const std::size_t least = line.cells.size() - begin;
        const std::size_t capacity = least + below(line.slice->capacity() - line.cells.size() + 1);
        Line part{line.slice->slice(begin, line.cells.size(), capacity),
                  Cells(line.cells.begin() + static_cast<std::ptrdiff_t>(begin), line.cells.end())};
        lines_[to] = std::move(part);
        break;
      }
      case 4: {
        if (pins_.size() == 4) pins_.erase(pins_.begin() + static_cast<std::ptrdiff_t>(below(4)));
        pins_.push_back({Pin<Slice<T>>(lines_[from].slice), lines_[from].cells});
        break;
      }
      case 5: {
        REQUIRE(lines_[from].slice->span().size() == lines_[from].cells.size());
        break;
      }
    }
  }

  midden::Runtime& runtime_;
  std::mt19937_64& random_;
  const Sharing sharing_;
  const std::size_t longest_;
  std::vector<Line> lines_;
  std::vector<Held> pins_;
  std::int64_t next_ = 1;
};

}  // namespace

TEMPLATE_TEST_CASE("Slices are vectors that share elements", "", std::int64_t, Odd, Wide, Counted, midden::Ref<Boxed>,
                   Pair, Tagged) {
  std::mt19937_64 random = test_generator(sizeof(TestType));
  midden::Runtime runtime(quiet());
  const midden::Attach here(runtime);
  Play<TestType> play(runtime, random, Sharing::all, 400);
  for (int step = 0; step < 20'000; ++step) {
    CAPTURE(step);
    play.step();
    if (step % 16 == 0) play.check();
    if (step % 256 == 0) runtime.collect();
  }
  play.check();
}

TEMPLATE_TEST_CASE("Slices survive a verified collection at every allocation and between operations", "", std::int64_t,
                   Wide, Counted, midden::Ref<Boxed>, Pair, Tagged, Page) {
  std::mt19937_64 random = test_generator(100 + sizeof(TestType));
  midden::Runtime runtime(stressed());
  const midden::Attach here(runtime);
  Play<TestType> play(runtime, random, Sharing::all, 40);
  for (int step = 0; step < 600; ++step) {
    CAPTURE(step);
    runtime.collect();
    play.step();
    play.check();
  }
}

TEMPLATE_TEST_CASE("Exactly the targets of the elements are alive", "", std::int64_t, midden::Ref<Boxed>, Pair,
                   Tagged) {
  std::mt19937_64 random = test_generator(200 + sizeof(TestType));
  midden::Runtime runtime(quiet());
  const midden::Attach here(runtime);
  Play<TestType> play(runtime, random, Sharing::none, 300);
  for (int step = 0; step < 5'000; ++step) {
    CAPTURE(step);
    play.step();
    if (step % 4 == 0) play.check_live_objects();
  }
}

TEST_CASE("Large slices are vectors, too") {
  std::mt19937_64 random = test_generator(300);
  midden::Runtime runtime(quiet());
  const midden::Attach here(runtime);
  Play<midden::Ref<Boxed>> play(runtime, random, Sharing::all, 100'000);
  for (int step = 0; step < 400; ++step) {
    CAPTURE(step);
    play.step();
    if (step % 32 == 0) {
      runtime.collect();
      play.check();
    }
  }
}
