#pragma once
// Slices that share arrays, beside vectors that do the same by rule.
//
// Each slice has a model: for each of its elements a cell, which slices that share it have in common. So an assignment
// through one is seen in the models of all, as it is in the slices. An operation that may move a slice to another array
// gives it cells of its own where it must have moved, and looks whether it has where it may have.
//
// Threads: one.

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <midden/slice.hpp>

#include "tools/stress/kinds.hpp"
#include "tools/stress/round.hpp"

namespace stress {

template <class T>
class SliceModel {
  using Cell = std::shared_ptr<std::uint64_t>;
  struct Modelled {
    midden::Root<midden::Slice<T>> slice;
    std::vector<Cell> cells{};
  };
  struct Pinned {
    midden::Pin<midden::Slice<T>> pin;
    std::vector<Cell> cells{};
  };

 public:
  SliceModel(const Round& round, midden::Runtime& runtime, midden::Attach& here)
      : round_(round), runtime_(runtime), here_(here) {}

  void operate(Random& random) {
    if (slices_.size() < 2 || (slices_.size() < 12 && random.one_in(12))) return add();
    Modelled& one = random.pick(slices_);
    switch (random.below(12)) {
      case 0:
      case 1:
      case 2:
        return append(one, random.below(100'000));
      case 3:
        return append_many(one, random);
      case 4:
        return assign(one, random);
      case 5:
        return truncate(one, random);
      case 6:
        return erase(one, random);
      case 7:
        return share(one, random);
      case 8:
        return pin(one, random);
      case 9:
        if (!random.one_in(4)) return drop(random);
        return clip(one);
      case 10:
        if (random.one_in(5)) return collect();
        return compare(one);
      default:
        return compare(one);
    }
  }

  void collect() {
    round_.tell("collect");
    runtime_.collect();
    compare_all();
  }
  void compare_all() const {
    for (const Modelled& one : slices_) compare(one);
    for (const Pinned& pinned : pins_) same_as(pinned.pin.span(), pinned.cells, "a pin");
  }

 private:
  static Cell cell(std::uint64_t n) { return std::make_shared<std::uint64_t>(n); }
  typename Kind<T>::Own make(std::uint64_t n) { return Kind<T>::make(here_, n); }

  // Runs `change`, which may move the slice; where it has, its cells are its own from now on.
  template <class Change>
  void change(Modelled& one, Change&& change) {
    const T* before = one.slice->data();
    change();
    if (one.slice->data() == before) return;
    for (Cell& cell : one.cells) cell = std::make_shared<std::uint64_t>(*cell);
  }

  void add() {
    round_.tell("make a slice");
    slices_.push_back({midden::make_slice<T>(here_)});
  }
  void append(Modelled& one, std::uint64_t n) {
    round_.tell("append {}", n);
    const auto value = make(n);
    change(one, [&] { one.slice->append(here_, T(value)); });
    one.cells.push_back(cell(n));
  }
  void append_many(Modelled& one, Random& random) {
    if (one.cells.size() > 3000) return;
    const std::uint64_t n = random.below(100'000);
    const std::size_t count = random.of_any_size(9);
    round_.tell("append {} times {}", count, n);
    const auto value = make(n);
    change(one, [&] { one.slice->append(here_, count, T(value)); });
    for (std::size_t i = 0; i < count; ++i) one.cells.push_back(cell(n));
  }
  void assign(Modelled& one, Random& random) {
    if (one.cells.empty()) return;
    const std::size_t i = random.below(one.cells.size());
    const std::uint64_t n = random.below(100'000);
    round_.tell("[{}] = {}", i, n);
    const auto value = make(n);
    (*one.slice)[i] = T(value);
    *one.cells[i] = n;
  }
  void truncate(Modelled& one, Random& random) {
    const std::size_t length = random.one_in(8) ? 0 : one.cells.size() - random.below(one.cells.size() / 4 + 1);
    round_.tell("truncate to {}", length);
    one.slice->truncate(length);
    one.cells.resize(length);
  }
  void erase(Modelled& one, Random& random) {
    const std::size_t begin = random.below(one.cells.size() + 1);
    const std::size_t end = begin + random.below(std::min<std::size_t>(20, one.cells.size() - begin) + 1);
    round_.tell("erase from {} to {}", begin, end);
    change(one, [&] { one.slice->erase(here_, begin, end); });
    // Where it did not move, the cells behind have moved down within their array, which nobody shares.
    one.cells.erase(one.cells.begin() + static_cast<std::ptrdiff_t>(begin),
                    one.cells.begin() + static_cast<std::ptrdiff_t>(end));
  }
  void share(Modelled& one, Random& random) {
    if (slices_.size() > 12) return;
    const std::size_t begin = random.below(one.cells.size() + 1);
    const std::size_t end = begin + random.below(one.cells.size() - begin + 1);
    round_.tell("slice from {} to {}", begin, end);
    Modelled part{one.slice->slice(here_, begin, end)};
    part.cells.assign(one.cells.begin() + static_cast<std::ptrdiff_t>(begin),
                      one.cells.begin() + static_cast<std::ptrdiff_t>(end));
    slices_.push_back(std::move(part));
  }
  void pin(Modelled& one, Random& random) {
    if (pins_.size() > 8 || (!pins_.empty() && random.one_in(2))) {
      round_.tell("end a pin");
      std::swap(random.pick(pins_), pins_.back());
      same_as(pins_.back().pin.span(), pins_.back().cells, "a pin");
      pins_.pop_back();
      return;
    }
    round_.tell("pin");
    pins_.push_back({midden::Pin<midden::Slice<T>>(one.slice), one.cells});
  }
  void clip(Modelled& one) {
    round_.tell("clip");
    change(one, [&] { one.slice->clip(here_); });
  }
  void drop(Random& random) {
    if (slices_.size() < 8) return;
    round_.tell("drop a slice");
    std::swap(random.pick(slices_), slices_.back());
    slices_.pop_back();
  }

  void compare(const Modelled& one) const { same_as({one.slice->data(), one.slice->size()}, one.cells, "a slice"); }
  static void same_as(std::span<const T> shown, const std::vector<Cell>& cells, std::string_view what) {
    must(shown.size() == cells.size(), "{} has {} elements and not {}", what, shown.size(), cells.size());
    for (std::size_t i = 0; i < cells.size(); ++i) {
      must(is_number<T>(shown[i], *cells[i]), "element {} of {} is not {}", i, what, *cells[i]);
    }
  }

  const Round& round_;
  midden::Runtime& runtime_;
  midden::Attach& here_;
  std::vector<Modelled> slices_;
  std::vector<Pinned> pins_;
};

}  // namespace stress
