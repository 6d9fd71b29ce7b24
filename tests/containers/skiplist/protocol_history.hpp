#pragma once
// Is what the threads were told what one thread after the other could have been told?
//
//   content    the value of each key, 0 where it is absent
//   moment     when an operation seems to happen, all at once: between its call and its return
//   ordering   content after the moments so far, and the results of operations that have had theirs
//              and not returned; of a snapshot, which has its moment as they do, its content
//
// The history keeps all orderings that agree with every return so far, and real time is in them:
// who has returned has had its moment, who has not been called has not. A return for which none
// is left is a failure. Moments are chosen as late as can be, when somebody returns: whatever
// waits may as well wait until then (Lowe, "Testing for linearizability", 2017). So the search is
// done as the program runs, and two pasts that allow the same future are one state.

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace protocol {

using Small = std::uint8_t;
constexpr Small small(std::size_t value) { return static_cast<Small>(value); }

inline constexpr unsigned max_keys = 2;
inline constexpr unsigned max_threads = 5;

enum class Act : Small { none, insert, overwrite, erase, find, snapshot };

// What else a writer does to the tree, where it makes a copy of its leaf.
enum class Shape : Small { as_is, cut, cut_above, join, lower, empty };

// An operation, its key, and the value that it writes. Its result is the value before.
struct Op {
  Act act = Act::none;
  Small key = 0;
  Small value = 0;
  Shape shape = Shape::as_is;
};

inline Op insert(Small key, Small value, Shape shape = Shape::as_is) { return {Act::insert, key, value, shape}; }
inline Op overwrite(Small key, Small value) { return {Act::overwrite, key, value}; }
inline Op erase(Small key, Shape shape = Shape::as_is) { return {Act::erase, key, 0, shape}; }

class History {
 public:
  void start(Small content) {
    count_ = 1;
    orderings_[0] = content;
  }

  void call(unsigned thread, Op op) { called_[thread] = op; }

  // False where no ordering explains it. The result of a snapshot is told by its reads.
  bool returns(unsigned thread, Small result) {
    History after = *this;
    after.count_ = 0;
    for (unsigned i = 0; i < count_; ++i) search(orderings_[i], thread, result, after);
    after.called_[thread] = {};
    after.tidy();
    *this = after;
    return count_ > 0;
  }

  // A read of a snapshot that has returned.
  bool snapshot_read(unsigned thread, Small key, Small value) {
    return keep([=](std::uint64_t o) { return value_of(result_in(o, thread), key) == value; });
  }
  void snapshot_closed(unsigned thread) {
    for (unsigned i = 0; i < count_; ++i) orderings_[i] &= ~(std::uint64_t{0x1FF} << shift(thread));
    tidy();
  }

  bool ends_with(Small content) {
    return keep([=](std::uint64_t o) { return small(o & 0xFF) == content; });
  }

  static Small value_of(Small content, Small key) { return small((content >> (4 * key)) & 15); }
  static Small with(Small content, Small key, Small value) {
    return small((content & ~(15U << (4 * key))) | (static_cast<unsigned>(value) << (4 * key)));
  }

  static constexpr unsigned max_orderings = 64;
  bool overflown() const { return count_ > max_orderings; }

 private:
  // An ordering in a word: the content, then for each thread a bit, whether it had its moment,
  // and its result.
  static unsigned shift(unsigned thread) { return 8 + 9 * thread; }
  static bool had_moment(std::uint64_t o, unsigned thread) { return ((o >> shift(thread)) & 1) != 0; }
  static Small result_in(std::uint64_t o, unsigned thread) { return small((o >> (shift(thread) + 1)) & 0xFF); }

  std::uint64_t moment(std::uint64_t o, unsigned thread) const {
    const Op op = called_[thread];
    const Small content = small(o & 0xFF);
    const Small was = value_of(content, op.key);
    Small now = was;
    if (op.act == Act::insert && was == 0) now = op.value;
    if (op.act == Act::overwrite && was != 0) now = op.value;
    if (op.act == Act::erase) now = 0;
    const std::uint64_t result = op.act == Act::snapshot ? content : was;
    return (o & ~std::uint64_t{0xFF}) | with(content, op.key, now) | (result << 1 | 1) << shift(thread);
  }

  // All ways in which the threads that were called have moments, up to that of the one that returns.
  void search(std::uint64_t o, unsigned thread, Small result, History& after) const {
    if (had_moment(o, thread)) {
      if (called_[thread].act == Act::snapshot) {
        after.add(o);
      } else if (result_in(o, thread) == result) {
        after.add(o & ~(std::uint64_t{0x1FF} << shift(thread)));
      }
      return;
    }
    for (unsigned t = 0; t < max_threads; ++t) {
      if (called_[t].act != Act::none && !had_moment(o, t)) search(moment(o, t), thread, result, after);
    }
  }

  void add(std::uint64_t o) {
    std::uint64_t* const end = orderings_ + std::min(count_, max_orderings);
    if (std::find(orderings_, end, o) != end) return;
    if (count_ < max_orderings) orderings_[count_] = o;
    ++count_;
  }

  template <class Predicate>
  bool keep(Predicate wanted) {
    const auto unwanted = [&](std::uint64_t o) { return !wanted(o); };
    count_ = static_cast<unsigned>(std::remove_if(orderings_, orderings_ + count_, unwanted) - orderings_);
    tidy();
    return count_ > 0;
  }

  // One form for one set, so that equal pasts are equal bytes.
  void tidy() {
    if (overflown()) return;
    std::sort(orderings_, orderings_ + count_);
    count_ = static_cast<unsigned>(std::unique(orderings_, orderings_ + count_) - orderings_);
    std::fill(orderings_ + count_, orderings_ + max_orderings, 0);
  }

  unsigned count_ = 0;
  Op called_[max_threads] = {};
  std::uint64_t orderings_[max_orderings] = {};  // last, as most are 0
};

}  // namespace protocol
