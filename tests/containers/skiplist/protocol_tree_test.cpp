// Leaves that are cut and joined, by changed nodes above them, while snapshots are taken: rules T1 to T6 of
// protocol.hpp, kept and broken.

#include "tests/containers/skiplist/protocol_kit.hpp"

using namespace protocol;

namespace {

constexpr Shape cut = Shape::cut;
constexpr Shape cut_above = Shape::cut_above;
constexpr Shape join = Shape::join;
constexpr Shape lower = Shape::lower;
constexpr Shape empty = Shape::empty;

// A node above one leaf, which is cut where the key 1 comes, or two, which are joined where it goes.
Setup one_leaf(std::vector<std::vector<Op>> writers, std::vector<Small> reads = {0, 1}) {
  return {.writers = std::move(writers), .reads = std::move(reads), .levels = 2, .present = {0}};
}
Setup two_leaves(std::vector<std::vector<Op>> writers, std::vector<Small> reads = {0, 1}) {
  return {.writers = std::move(writers), .reads = std::move(reads), .edges = 2, .levels = 2, .present = {0, 1}};
}
// A node above that, or two of them with a leaf each.
Setup high(unsigned parents, std::vector<std::vector<Op>> writers, std::vector<Small> reads = {1, 0, 1}) {
  Setup setup = two_leaves(std::move(writers), std::move(reads));
  setup.levels = 3;
  setup.parents = parents;
  return setup;
}
Setup with(Setup setup, Rules rules) {
  setup.rules = rules;
  return setup;
}
Setup twice(Setup setup) {
  setup.rounds = 2;
  return setup;
}
Setup with_reader(Setup setup, std::vector<Small> finds) {
  setup.finds = std::move(finds);
  return setup;
}
Setup two_takers(Setup setup) {
  setup.takers = 2;
  return setup;
}
Setup apart(Setup setup) {
  setup.reclaimer_apart = true;
  return setup;
}

using Writers = std::vector<std::vector<Op>>;

const Writers cuts = {{insert(1, 3, cut)}, {erase(0)}};
const Writers cuts_entry = {{insert(1, 3, cut)}, {overwrite(0, 4)}};
const Writers joins = {{erase(1, join)}, {erase(0)}};
const Writers joins_entry = {{erase(1, join)}, {overwrite(0, 4)}};
const Writers carries = {{erase(1, cut)}, {erase(0), insert(0, 5)}};
const Writers carries_alone = {{erase(0), erase(1, cut), insert(0, 4), erase(0)}};
const Writers carries_entry = {{overwrite(0, 6), erase(1, cut), overwrite(0, 4), overwrite(0, 5)}};
const Writers carries_neighbour = {{overwrite(1, 3), erase(0, cut), insert(0, 4, join), overwrite(1, 5)}};
const Writers cuts_thrice = {{erase(0, cut), insert(0, 4, cut)}, {erase(1, cut)}};
const Writers cuts_above = {{erase(0, cut_above)}, {erase(1, cut_above)}};
const Writers carries_above = {{erase(1, cut), erase(0, cut_above), insert(1, 6, cut)}};

// A leaf of both keys, which is cut where one of them goes.
Setup full_leaf(Writers writers, std::vector<Small> reads = {0, 1}) {
  Setup setup = one_leaf(std::move(writers), std::move(reads));
  setup.present = {0, 1};
  return setup;
}

}  // namespace

TEST_CASE("Snapshots stay what they were while a leaf is cut and a half of it changes") {
  keeps("cut", twice(one_leaf(cuts)));
  keeps("cut, overwrite", twice(one_leaf(cuts_entry)));
  keeps("cut, erase and insert", one_leaf({{insert(1, 3, cut)}, {erase(0), insert(0, 4)}}, {0, 1, 1, 0}));
  keeps("cut, reader", with_reader(one_leaf({{insert(1, 3, cut), overwrite(0, 4)}}, {0}), {0, 1}));
}

TEST_CASE("Snapshots stay what they were while a key is overwritten in a leaf and in its halves") {
  keeps("cut, overwrites", twice(one_leaf({{overwrite(0, 4), insert(1, 3, cut), overwrite(0, 5), erase(0)}})));
  keeps("cut, overwrites, two writers", full_leaf({{overwrite(0, 4), overwrite(0, 6)}, {erase(1, cut)}}, {0, 1, 0}));
  keeps("cut, join, overwrites", twice(full_leaf(carries_neighbour)));
  keeps("grow, lower, overwrites",
        {.writers = {{overwrite(0, 3), insert(1, 4, cut), overwrite(1, 5), erase(0, lower), overwrite(1, 6)}},
         .rounds = 2,
         .reads = {0, 1}});
}

TEST_CASE("Snapshots stay what they were while leaves are joined and one of them changes") {
  keeps("join", twice(two_leaves(joins)));
  keeps("join, overwrite", twice(two_leaves(joins_entry)));
  keeps("cut and join", one_leaf({{insert(1, 3, cut), erase(1, join)}, {erase(0)}}));
  keeps("cut and join, overwrite", one_leaf({{insert(1, 3, cut), erase(1, join)}, {overwrite(0, 4)}}));
  keeps("join from both sides", twice(two_leaves({{erase(0, join)}, {erase(1, join)}})));
  keeps("join, overwrites", twice(two_leaves({{overwrite(0, 3), erase(1, join)}, {overwrite(0, 4)}}, {0})));
}

TEST_CASE("Snapshots stay what they were while the leaf beside one that is cut changes") {
  keeps("carried, one writer", two_leaves(carries_alone));
  keeps("carried, one writer, overwrites", two_leaves(carries_entry));
  keeps("carried, cut, too", twice(two_leaves({{erase(0, cut)}, {erase(1, cut)}})));
  keeps("carried, three cuts", two_leaves(cuts_thrice));
}

TEST_CASE("Snapshots stay what they were while the tree grows and shrinks at its top") {
  keeps("grow, lower",
        {.writers = {{insert(1, 3, cut), erase(1, lower)}, {erase(0)}}, .reads = {0, 1}, .present = {0}});
  keeps("grow, lower, overwrite",
        {.writers = {{insert(1, 3, cut), erase(1, lower)}, {overwrite(0, 4)}}, .reads = {0, 1}, .present = {0}});
  keeps("grow by a third level", two_leaves({{erase(0, cut_above)}, {erase(1)}}, {1, 0, 1}));
  keeps("grow by a third level, overwrite", two_leaves({{erase(0, cut_above)}, {overwrite(1, 5)}}, {1, 0, 1}));
  keeps("plant",
        {.writers = {{insert(0, 3)}, {insert(0, 4)}}, .rounds = 2, .reads = {0, 0}, .edges = 0, .present = {}});
  keeps("plant, overwrite", {.writers = {{insert(0, 3), overwrite(0, 5)}, {overwrite(0, 4)}},
                             .rounds = 2,
                             .reads = {0, 0},
                             .edges = 0,
                             .present = {}});
  keeps("empty, plant", {.writers = {{erase(0, empty), insert(0, 3)}, {overwrite(0, 4)}}, .rounds = 2});
}

TEST_CASE("Snapshots stay what they were while nodes above leaves are cut") {
  keeps("cut above, then cut", high(1, {{erase(0, cut_above), erase(1, cut)}, {overwrite(1, 5)}}));
  keeps("cut above, carried", twice(high(2, {{erase(0, cut_above)}, {erase(1, cut)}})));
  keeps("cut above from both sides", twice(high(2, cuts_above, {1, 0})));
  keeps("cut, cut above, cut", high(2, carries_above));
}

TEST_CASE("Reclamation that acts whenever it likes frees nothing in use while leaves are cut") {
  keeps("reclaimer, cut", apart(one_leaf({{insert(1, 3, cut), erase(0)}}, {0})));
  keeps("reclaimer, cut, overwrite", apart(one_leaf({{insert(1, 3, cut), overwrite(0, 4)}}, {0})));
  keeps("reclaimer, cut, reader", with_reader(apart(one_leaf({{insert(1, 3, cut)}}, {0})), {0}));
  keeps("reclaimer, carried", apart(two_leaves({{erase(1, cut), erase(0)}}, {0})));
}

TEST_CASE("Writers need not help nodes above leaves, as what is new below those is locked") {
  keeps("no help", with(twice(one_leaf(cuts)), {.writers_help_above = false}));
  keeps("no help, overwrite", with(twice(one_leaf(cuts_entry)), {.writers_help_above = false}));
  keeps("no help, carried", with(twice(two_leaves({{erase(0, cut)}, {erase(1, cut)}})), {.writers_help_above = false}));
  keeps("no help, cut above", with(high(1, {{erase(0, cut_above)}, {overwrite(1, 5)}}), {.writers_help_above = false}));
}

TEST_CASE("New leaves that are not locked do for writers that help, if carried bits are atomic") {
  const Rules rules = {.holds_new_leaves = false, .atomic_bits = true};
  keeps("new leaves not locked", with(twice(one_leaf(cuts)), rules));
  keeps("new leaves not locked, overwrite",
        with(full_leaf({{overwrite(0, 4), erase(1, cut)}, {overwrite(0, 5)}}), rules));
}

TEST_CASE("Large changes of the tree keep the protocol, too", "[.large]") {
  keeps("carried", two_leaves(carries, {0, 1, 0}));
  keeps("carried, overwrites", two_leaves({{erase(1, cut)}, {overwrite(0, 4), overwrite(0, 5)}}, {0, 1, 0}));
  keeps("carried, overwritten before and erased",
        twice(two_leaves({{overwrite(0, 3), erase(1, cut)}, {overwrite(0, 4), erase(0)}}, {0})));
  keeps("holds all above, nothing locked",
        with(two_leaves(cuts_thrice), {.holds_copy_above = false, .prunes_above = false}));
  keeps("cut above", high(1, {{erase(0, cut_above)}, {erase(1), insert(1, 5)}}));
  keeps("cut above, overwrites", high(1, {{erase(0, cut_above)}, {overwrite(1, 4), overwrite(1, 5)}}));
  keeps("join, erase and insert", two_leaves({{erase(1, join)}, {erase(0), insert(0, 5)}}, {0, 1, 0}));
  keeps("join, two overwrites", two_leaves({{erase(1, join)}, {overwrite(0, 4), overwrite(0, 5)}}, {0, 1, 0}));
  keeps("join, three overwrites",
        twice(two_leaves({{overwrite(0, 3), erase(1, join)}, {overwrite(0, 4), overwrite(0, 5)}}, {0})));
  keeps(
      "grow, lower, two overwrites",
      twice({.writers = {{insert(1, 3, cut), erase(1, lower)}, {overwrite(0, 4), overwrite(0, 5)}}, .reads = {0, 1}}));
  keeps("cut, overwrites in all leaves",
        twice(full_leaf({{overwrite(0, 4), erase(1, cut), overwrite(0, 5)}, {overwrite(0, 6)}}, {0})));
  keeps("cut, reader, two reads", with_reader(one_leaf(cuts_entry), {0, 1}));
  keeps("cut, reader of the half that is erased", with_reader(one_leaf({{insert(1, 3, cut)}, {erase(1)}}), {1, 0}));
  keeps("two snapshots, cut and erase", two_takers(one_leaf(cuts, {0})));
  keeps("two snapshots, cut and overwrite", two_takers(one_leaf(cuts_entry, {0})));
  keeps("two snapshots, cut, then overwrite", two_takers(one_leaf({{insert(1, 3, cut), overwrite(0, 4)}})));
  keeps("two snapshots, cut, reader", two_takers(with_reader(one_leaf({{insert(1, 3, cut)}}, {1}), {1})));
  keeps("two snapshots, carried, one writer", two_takers(two_leaves({{erase(1, cut), erase(0), insert(0, 5)}}, {0})));
  keeps("two snapshots, carried, two writers", two_takers(two_leaves({{erase(1, cut)}, {erase(0)}}, {0})));
  keeps("two snapshots, carried, overwrite", two_takers(two_leaves({{erase(1, cut)}, {overwrite(0, 4)}}, {0})));
  keeps("cut, then cut above, overwrite", high(1, {{erase(0, cut), insert(0, 3, cut_above)}, {overwrite(1, 5)}}));
  keeps("cut, cut above twice", high(2, {{erase(1, cut), erase(0, cut_above)}, {insert(1, 6, cut_above)}}));
}

TEST_CASE("T1: a writer that does not look whether the node above is dead stores where nobody comes") {
  breaks("stores into dead nodes", with(two_leaves(carries), {.checks_dead_above = false}), "a freed leaf");
}

TEST_CASE("T1: a neighbour that is joined without its lock loses what is written there") {
  breaks("does not lock the neighbour", with(twice(two_leaves(joins_entry)), {.locks_neighbour = false}),
         "a freed entry");
}

TEST_CASE("T2: a new leaf that gets a stamp of its own is missed by snapshots that see the node above") {
  breaks("stamps new leaves", with(one_leaf({{insert(1, 3, cut)}}), {.dates_new_nodes = false}), "the end of a chain");
}

TEST_CASE("T2: a node above leaves that is not locked is replaced while its prev is not yet what it will be") {
  breaks("copy above not locked", with(two_leaves(cuts_thrice), {.holds_copy_above = false}), "a freed leaf");
}

TEST_CASE("T2: a new leaf that is not locked is changed by two writers at once") {
  breaks("new leaves not locked", with(full_leaf({{erase(1, cut)}, {overwrite(0, 4)}}), {.holds_new_leaves = false}),
         "two writers change a leaf");
}

TEST_CASE("T3: who does not help nodes above leaves uses what later snapshots do not know") {
  breaks(
      "writers do not help above",
      with(twice(one_leaf(cuts_entry)), {.writers_help_above = false, .holds_new_leaves = false, .atomic_bits = true}),
      "a freed entry");
  breaks("snapshots do not help above", with(one_leaf({{insert(1, 3, cut)}}), {.snapshots_help_above = false}),
         "the end of a chain");
  breaks("readers do not help above",
         {.writers = {{insert(1, 3, cut)}},
          .finds = {1},
          .takers = 2,
          .reads = {1},
          .present = {0},
          .rules = {.readers_help_above = false}},
         "a snapshot reads");
}

TEST_CASE("T4: words that are not marked as carried over lose what dead nodes lead to") {
  breaks("marks nothing carried", with(two_leaves(carries_alone), {.marks_carried = false}), "a freed leaf");
  breaks("marks no entry carried", with(full_leaf(carries_neighbour), {.marks_carried_entries = false}),
         "a freed entry");
}

TEST_CASE("T5: a leaf that goes by its own stamp while the node above is held is met by a snapshot") {
  breaks("holds nothing below", with(twice(one_leaf(cuts)), {.holds_below = false}), "a freed leaf");
}

TEST_CASE("T5: a carried node that goes by its own stamp when it is replaced is met by a snapshot") {
  breaks("replaces a carried leaf", with(two_leaves(carries_alone), {.holds_carried = false}), "a freed leaf");
  breaks("replaces a carried node above", with(high(2, carries_above), {.holds_carried = false}), "a freed leaf");
}

TEST_CASE("T5: a carried leaf that goes with the node above it is met by a snapshot") {
  breaks("cuts a carried leaf", with(two_leaves({{erase(0, cut)}, {erase(1, cut)}}), {.holds_carried_below = false}),
         "a freed leaf");
}

TEST_CASE("T5: a leaf that goes while the node above it is held as carried is met by a snapshot") {
  breaks("cuts below a carried node", with(high(2, cuts_above, {1, 0}), {.holds_below_carried = false}),
         "a freed leaf");
}

TEST_CASE("T5: words that come from a neighbour and are marked as the leaf's own were lose what leads to them") {
  breaks("inherits for the neighbour", with(full_leaf(carries_neighbour), {.inherits_from_neighbour = false}),
         "a freed entry");
}

TEST_CASE("T6: a list that becomes empty without a leaf is empty for older snapshots, too") {
  breaks("keeps no empty leaf", {.writers = {{erase(0, empty)}}, .rules = {.keeps_empty_leaf = false}},
         "a snapshot reads");
}
