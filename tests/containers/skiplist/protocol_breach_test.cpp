// Rules of the protocol, each broken: the search finds it, and says in which interleaving.

#include "tests/containers/skiplist/protocol_kit.hpp"

using namespace protocol;

namespace {

const std::vector<std::vector<Op>> one = {{overwrite(0, 3)}};
const std::vector<std::vector<Op>> twice = {{overwrite(0, 3), overwrite(0, 4)}};
const std::vector<std::vector<Op>> two = {{overwrite(0, 3)}, {overwrite(0, 4)}};
const std::vector<std::vector<Op>> three = {{overwrite(0, 3), overwrite(0, 5)}, {overwrite(0, 4)}};

}  // namespace

TEST_CASE("A copy that is stamped before it is linked appears in a snapshot that is older") {
  breaks("stamps before linking", {.writers = one, .rules = {.stamps_after_linking = false}}, "a snapshot reads");
}

TEST_CASE("A stamp from a clock that was read before linking appears in a snapshot that is older") {
  breaks("reads the clock before linking", {.writers = one, .rules = {.reads_clock_after_linking = false}},
         "a snapshot reads");
}

TEST_CASE("A stamp that is stored and not compared and swapped changes under a snapshot") {
  breaks("stamps twice", {.writers = one, .rules = {.stamps_once = false}}, "the end of a chain");
}

TEST_CASE("A snapshot that does not help meets a stamp later that it could not see") {
  breaks("snapshots do not help", {.writers = one, .rules = {.snapshots_help = false}}, "the end of a chain");
}

TEST_CASE("A snapshot that does not move the clock sees writes after it") {
  breaks("does not move the clock", {.writers = one, .rules = {.moves_clock = false}}, "a snapshot reads");
}

TEST_CASE("A snapshot that does not wait for plain writers sees them overwrite in place") {
  breaks("does not wait for plain writers", {.writers = one, .rules = {.waits_for_plain_writers = false}},
         "a snapshot reads");
}

TEST_CASE("A writer that reads the mode before it takes its stripe is not waited for") {
  breaks("reads the mode too early", {.writers = one, .rules = {.sees_mode_inside = false}}, "a snapshot reads");
}

TEST_CASE("A snapshot that reads the clock before it announces finds its version gone") {
  breaks("announces late", {.writers = one, .rules = {.announces_first = false}}, "the end of a chain");
}

TEST_CASE("A leaf that is retired without a look at the slots is missed by a snapshot") {
  breaks("does not hold for snapshots", {.writers = one, .rules = {.holds_for_snapshots = false}}, "a freed leaf");
}

TEST_CASE("An entry that is freed without a grace period is met by a reader") {
  breaks("no grace period", {.writers = one, .finds = {0}, .rules = {.waits_for_grace = false}}, "a freed entry");
}

TEST_CASE("An entry that goes with its newest leaf is missed by the snapshot of an older one") {
  breaks("entries go with leaves",
         {.writers = {{overwrite(0, 3), overwrite(1, 4)}},
          .reads = {1, 1},
          .present = {0, 1},
          .rules = {.entries_go_alone = false}},
         "a freed entry");
}

TEST_CASE("A leaf that is retired at once while a copy still leads to it is met by a snapshot") {
  breaks("does not relink", {.writers = twice, .rules = {.relinks = false}}, "a freed leaf");
}

TEST_CASE("A writer that does not look whether its leaf is dead writes where nobody reads") {
  breaks("writes into dead leaves", {.writers = two, .rules = {.checks_dead = false}}, "retired twice");
  breaks("marks no leaf dead", {.writers = two, .rules = {.marks_dead = false}}, "retired twice");
}

TEST_CASE("A copy that is not locked is replaced while its prev is not yet what it will be") {
  breaks("copy not locked", {.writers = three, .rules = {.holds_copy = false}}, "a freed leaf");
  breaks("copy helped, but not locked",
         {.writers = three, .rules = {.holds_copy = false, .helps_before_copying = true}}, "a freed leaf");
}

TEST_CASE("A bound that is taken for the snapshot it may become lets a version go that this needs") {
  breaks("does not fear bounds", {.writers = twice, .takers = 2, .rules = {.fears_bounds_between = false}},
         "a snapshot reads");
}

TEST_CASE("What is found broken is not when every rule holds") {
  keeps("a writer", {.writers = one});
  keeps("a writer and a reader", {.writers = one, .finds = {0}});
  keeps("a writer, twice", {.writers = twice});
  keeps("a writer of two keys", {.writers = {{overwrite(0, 3), overwrite(1, 4)}}, .reads = {1, 1}, .present = {0, 1}});
  keeps("a writer, twice, and two snapshots", {.writers = twice, .takers = 2});
  keeps("two writers", {.writers = two});
  keeps("two writers, three writes", {.writers = three});
}
