// The pieces of a node: which prefix they leave out, and how they stay right.
//
// A node is given a prefix when it is filled anew, and when an added key ties with its neighbour.
// The prefix that its fences share comes first, because searches need not verify it. Where that
// leaves many ties, it is the prefix of all its keys, or of all but a few at either end, or of its
// middle half, whichever leaves fewest.

#include <algorithm>

#include "containers/skiplist/search.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

namespace {

// A quarter of ties is too many.
bool too_many(unsigned ties, unsigned words) noexcept { return 4 * ties > words; }

bool is_outside(std::uint32_t piece) noexcept { return piece == piece_below || piece == piece_above; }

// Keys of a node with the pieces they would have behind a prefix.
struct Encoding {
  std::uint32_t pieces[Node::max_words];
  std::size_t prefix;
  unsigned ties = 0;

  // The first `shared` bytes of all keys are equal. Needs count > 0.
  Encoding(const Bytes* keys, unsigned count, std::size_t shared, std::size_t wanted) noexcept
      : prefix(std::min(wanted, Node::max_prefix)) {
    const unsigned middle = count / 2;
    for (unsigned i = 0; i < count; ++i) {
      const bool inside = prefix <= shared || common_bytes(keys[i], keys[middle], shared) >= prefix;
      pieces[i] = inside ? piece_of(keys[i], prefix) : i < middle ? piece_below : piece_above;
      ties += i > 0 && pieces[i] == pieces[i - 1];
    }
  }
};

}  // namespace

// The piece that an entry's key has in a node.
std::uint32_t Levels::piece_in(const Node& n, unsigned level, Offset e) const noexcept {
  const Bytes own = key(e);
  if (n.prefix == 0) return piece_of(own, 0);
  const Bytes middle = key(entry_of(n, level, sample(n, level)));
  if (common_bytes(own, middle) >= n.prefix) return piece_of(own, n.prefix);
  return compare(own, middle) < 0 ? piece_below : piece_above;
}

std::size_t Levels::shared_by_fences(const Node& n) const noexcept {
  if (n.low == 0 || n.high == 0) return 0;
  return std::min(common_bytes(key(n.low), key(n.high)), Node::max_prefix);
}

void Levels::choose_prefix(Node& n, unsigned level) noexcept {
  const unsigned from = first_word(level);
  const unsigned count = n.count - from;
  n.prefix = 0;
  if (count == 0) return;

  // All at once: the reads alone may each wait for the one before, since `bsr`, by which an address is found, waits for
  // what its target had, and that may be what was read.
  for (unsigned i = 0; i < count; ++i) arena_.prefetch(n.word(from + i).target);
  Bytes keys[Node::max_words];
  for (unsigned i = 0; i < count; ++i) keys[i] = key(entry_of(n, level, from + i));
  const std::size_t shared = common_bytes(keys[0], keys[count - 1]);
  Encoding best(keys, count, shared, shared_by_fences(n));
  if (too_many(best.ties, count)) {
    for (const unsigned strangers : {0u, (count + 7) / 8, count / 4}) {
      const unsigned last = count - 1 - strangers;
      if (strangers >= last) break;
      const Encoding other(keys, count, shared, common_bytes(keys[strangers], keys[last], shared));
      if (other.ties < best.ties) best = other;
    }
  }
  n.prefix = static_cast<std::uint16_t>(best.prefix);
  for (unsigned i = 0; i < count; ++i) n.word(from + i).piece = best.pieces[i];
}

// Whether it has for certain: a key whose piece is at the end of the range may have it or not.
bool Levels::sample_has_prefix(const Node& n, unsigned level) const noexcept {
  if (n.prefix == 0) return true;
  const unsigned i = sample(n, level);
  return i < n.count && !is_outside(n.word(i).piece);
}

// Gives a node new words, whose pieces are those behind `prefix` where it is not no_prefix. Its
// fences are set.
void Levels::fill(Node& n, unsigned level, const Word* words, unsigned count, std::size_t prefix) noexcept {
  std::copy_n(words, count, n.words());
  n.count = static_cast<std::uint8_t>(count);
  // Pieces behind the prefix that the new fences share need no second look.
  if (prefix == shared_by_fences(n)) {
    n.prefix = static_cast<std::uint16_t>(prefix);
    unsigned ties = 0;
    for (unsigned i = first_word(level) + 1; i < count; ++i) ties += n.word(i).piece == n.word(i - 1).piece;
    if (!too_many(ties, count) && sample_has_prefix(n, level)) return;
  }
  choose_prefix(n, level);
}

// Word `i` is new. Where ties cannot be helped a new choice would be made for each word: so leaves,
// which get most of them, choose only at some counts. A tie in an index node costs every search.
void Levels::inserted(Node& n, unsigned level, unsigned i) noexcept {
  const std::uint32_t piece = n.word(i).piece;
  const bool tied =
      (i > first_word(level) && n.word(i - 1).piece == piece) || (i + 1u < n.count && n.word(i + 1).piece == piece);
  const bool due = level > 0 || n.count < 8 || n.count % 16 == 0;
  if ((tied && due) || !sample_has_prefix(n, level)) choose_prefix(n, level);
}

// The node below word `i` of an index node has another `low`.
void Levels::rekey(Node& n, unsigned level, unsigned i, Offset e) noexcept {
  if (i == sample(n, level)) return choose_prefix(n, level);
  n.word(i).piece = piece_in(n, level, e);
}

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
