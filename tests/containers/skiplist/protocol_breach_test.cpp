// Rules of the protocol, each broken: the search finds it, and says in which interleaving.

#include "tests/containers/skiplist/protocol_kit.hpp"

using namespace protocol;

namespace {

using Writers = std::vector<std::vector<Op>>;

// Each makes a copy of its leaf.
const Writers one = {{erase(0)}};
const Writers twice = {{erase(0), insert(0, 4)}};
const Writers two = {{erase(0)}, {erase(0)}};
const Writers three = {{erase(0), erase(0)}, {insert(0, 4)}};
// Each makes a chain of entries longer.
const Writers one_entry = {{overwrite(0, 3)}};
const Writers two_entries = {{overwrite(0, 3), overwrite(0, 4)}};
const Writers two_writers = {{overwrite(0, 3)}, {overwrite(0, 4)}};
// The key 0, with a copy of the leaf for the key 1.
const Writers carried = {{overwrite(0, 3), erase(1), overwrite(0, 4)}};
const Writers carried_erased = {{overwrite(0, 3), erase(1), erase(0)}};
const Writers carried_unchained = {{erase(1), erase(0)}};

Setup two_keys(Writers writers, Rules rules = {}) {
  return {.writers = std::move(writers), .reads = {0, 0}, .present = {0, 1}, .rules = rules};
}

}  // namespace

TEST_CASE("A copy that is stamped before it is linked appears in a snapshot that is older") {
  breaks("stamps before linking", {.writers = one, .rules = {.stamps_after_linking = false}}, "a snapshot reads");
}

TEST_CASE("A stamp from a clock that was read before linking appears in a snapshot that is older") {
  breaks("reads the clock before linking", {.writers = one, .rules = {.reads_clock_after_linking = false}},
         "a snapshot reads");
}

TEST_CASE("An entry that is stamped before it is stored appears in a snapshot that is older") {
  breaks("stamps before storing", {.writers = one_entry, .rules = {.stamps_after_storing = false}}, "a snapshot reads");
  breaks("reads the clock before storing", {.writers = one_entry, .rules = {.reads_clock_after_storing = false}},
         "a snapshot reads");
}

TEST_CASE("A stamp that is stored and not compared and swapped changes under a snapshot") {
  breaks("stamps twice", {.writers = one, .rules = {.stamps_once = false}}, "the end of a chain of versions");
  breaks("stamps entries twice", {.writers = one_entry, .rules = {.stamps_once = false}},
         "the end of a chain of entries");
}

TEST_CASE("A snapshot that does not help meets a stamp later that it could not see") {
  breaks("snapshots do not help", {.writers = one, .rules = {.snapshots_help = false}},
         "the end of a chain of versions");
  breaks("snapshots do not help entries", {.writers = one_entry, .rules = {.snapshots_help_entries = false}},
         "the end of a chain of entries");
}

TEST_CASE("A snapshot that does not move the clock sees writes after it") {
  breaks("does not move the clock", {.writers = one, .rules = {.moves_clock = false}}, "a snapshot reads");
  breaks("does not move the clock, entry", {.writers = one_entry, .rules = {.moves_clock = false}}, "a snapshot reads");
}

TEST_CASE("A snapshot that does not wait for plain writers sees them overwrite in place") {
  breaks("does not wait for plain writers", {.writers = one_entry, .rules = {.waits_for_plain_writers = false}},
         "the end of a chain of entries");
}

TEST_CASE("A writer that reads the mode before it takes its stripe is not waited for") {
  breaks("reads the mode too early", {.writers = one_entry, .rules = {.sees_mode_inside = false}},
         "the end of a chain of entries");
}

TEST_CASE("A snapshot that reads the clock before it announces finds its version gone") {
  breaks("announces late", {.writers = one, .rules = {.announces_first = false}}, "the end of a chain of versions");
  breaks("announces late, entry", {.writers = one_entry, .rules = {.announces_first = false}},
         "the end of a chain of entries");
}

TEST_CASE("A leaf or an entry that is retired without a look at the slots is missed by a snapshot") {
  breaks("does not hold for snapshots", {.writers = one, .rules = {.holds_for_snapshots = false}}, "a freed leaf");
  breaks("does not hold entries", {.writers = one_entry, .rules = {.holds_for_snapshots = false}}, "a freed entry");
}

TEST_CASE("What is freed without a grace period is met by a reader") {
  breaks("no grace period", {.writers = one_entry, .finds = {0}, .rules = {.waits_for_grace = false}}, "a freed entry");
  breaks("no grace period, leaf", {.writers = one, .finds = {0}, .rules = {.waits_for_grace = false}}, "a freed leaf");
}

TEST_CASE("An entry that does not lead to the one that it overwrote is all that a snapshot finds") {
  breaks("does not chain", {.writers = one_entry, .rules = {.chains_entries = false}}, "the end of a chain of entries");
}

TEST_CASE("An entry that goes with its newest leaf is missed by the snapshot of an older one") {
  breaks("entries go with leaves", two_keys(carried_unchained, {.holds_carried_erased = false}), "a freed entry");
  breaks("chained entries go with leaves", two_keys(carried_erased, {.holds_carried_erased = false}), "a freed entry");
}

TEST_CASE("An entry that is overwritten in its newest leaf is missed by the snapshot that comes by an older one") {
  breaks("overwrites a carried entry", two_keys(carried, {.holds_carried_entries = false}), "a freed entry");
}

TEST_CASE("Words of a leaf that are not marked as carried over lose what dead leaves lead to") {
  breaks("marks no entry carried", two_keys(carried, {.marks_carried_entries = false}), "a freed entry");
  breaks("marks no entry carried, erased", two_keys(carried_erased, {.marks_carried_entries = false}), "a freed entry");
}

TEST_CASE("An entry that was overwritten and erased at one stamp is on the way to older ones") {
  breaks("breaks a chain that is erased",
         {.writers = {{overwrite(0, 3), erase(0)}}, .rules = {.holds_whole_chains_of_entries = false}},
         "a freed entry");
}

TEST_CASE("A leaf that is retired at once while a copy still leads to it is met by a snapshot") {
  breaks("does not relink", {.writers = twice, .rules = {.relinks = false}}, "a freed leaf");
}

TEST_CASE("An entry that is retired at once while the new one still leads to it is met by a snapshot") {
  breaks("does not relink entries", {.writers = two_entries, .rules = {.relinks_entries = false}}, "a freed entry");
}

TEST_CASE("A writer that does not look whether its leaf is dead writes where nobody reads") {
  breaks("writes into dead leaves", {.writers = two, .rules = {.checks_dead = false}}, "retired twice");
  breaks("marks no leaf dead", {.writers = two, .rules = {.marks_dead = false}}, "retired twice");
  breaks("overwrites in dead leaves", {.writers = {{erase(0)}, {overwrite(0, 4)}}, .rules = {.checks_dead = false}},
         "retired twice");
}

TEST_CASE("A copy that is not locked is replaced while its prev is not yet what it will be") {
  breaks("copy not locked", {.writers = three, .rules = {.holds_copy = false}}, "a freed leaf");
  breaks("copy helped, but not locked",
         {.writers = three, .rules = {.holds_copy = false, .helps_before_changing = true}}, "a freed leaf");
}

TEST_CASE("An entry in a leaf that is not locked is overwritten while its prev is not yet what it will be") {
  breaks("leaf not locked", {.writers = two_writers, .rules = {.holds_leaf = false}}, "a freed entry");
  breaks("entry helped, but leaf not locked",
         {.writers = {{overwrite(0, 3), overwrite(0, 5)}, {overwrite(0, 4)}},
          .rules = {.helps_before_changing = true, .holds_leaf = false}},
         "a freed entry");
}

TEST_CASE("A bound that is taken for the snapshot it may become lets a version go that this needs") {
  breaks("does not fear bounds", {.writers = twice, .takers = 2, .rules = {.fears_bounds_between = false}},
         "a snapshot reads");
  breaks("does not fear bounds, entry", {.writers = two_entries, .takers = 2, .rules = {.fears_bounds_between = false}},
         "a snapshot reads");
}

TEST_CASE("What is found broken is not when every rule holds") {
  keeps("a writer", {.writers = one});
  keeps("a writer and a reader", {.writers = one, .finds = {0}});
  keeps("a writer, twice", {.writers = twice});
  keeps("a writer, twice, and two snapshots", {.writers = twice, .takers = 2});
  keeps("two writers", {.writers = two});
  keeps("two writers, three writes", {.writers = three});
  keeps("a writer and a leaf of two keys", two_keys({{erase(1), erase(0)}}));
  keeps("an entry", {.writers = one_entry});
  keeps("an entry and a reader", {.writers = one_entry, .finds = {0}});
  keeps("two entries", {.writers = two_entries});
  keeps("an entry, erased", {.writers = {{overwrite(0, 3), erase(0)}}});
  keeps("an entry, and its leaf erased", {.writers = {{erase(0)}, {overwrite(0, 4)}}});
  keeps("two entries, two writers", {.writers = two_writers});
  keeps("three entries, two writers", {.writers = {{overwrite(0, 3), overwrite(0, 5)}, {overwrite(0, 4)}}});
  keeps("an entry that is carried", two_keys(carried));
  keeps("an entry that is carried, erased", two_keys(carried_erased));
}
