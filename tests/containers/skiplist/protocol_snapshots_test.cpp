// Two snapshots at once: in the same flip of the mode, in one that the other undoes, or with
// history that only one of them needs.

#include "tests/containers/skiplist/protocol_kit.hpp"

using namespace protocol;

TEST_CASE("Two snapshots at once are both right while a key is overwritten twice") {
  keeps("two snapshots, a writer", {.writers = {{overwrite(0, 3), overwrite(0, 4)}}, .takers = 2});
}

TEST_CASE("Two snapshots at once are both right while a key is overwritten and erased") {
  keeps("two snapshots, erase and insert", {.writers = {{erase(0), insert(0, 4)}}, .takers = 2});
  keeps("two snapshots, overwrite and erase", {.writers = {{overwrite(0, 3), erase(0)}}, .takers = 2});
}

TEST_CASE("Two snapshots at once are both right beside two writers") {
  keeps("two snapshots, two writers", {.writers = {{overwrite(0, 3)}, {overwrite(0, 4)}}, .takers = 2, .reads = {0}});
  keeps("two snapshots, two writers, a copy", {.writers = {{overwrite(0, 3)}, {erase(0)}}, .takers = 2, .reads = {0}});
}

TEST_CASE("Two threads open and close snapshots in turn, and the mode comes back to plain") {
  keeps("two snapshots twice", {.writers = {{overwrite(0, 3)}}, .takers = 2, .rounds = 2, .reads = {0}});
  keeps("two snapshots twice, a copy", {.writers = {{erase(0)}}, .takers = 2, .rounds = 2, .reads = {0}});
}

TEST_CASE("Large setups with two snapshots keep the protocol, too", "[.large]") {
  keeps("two snapshots, reader", {.writers = {{overwrite(0, 3)}}, .finds = {0}, .takers = 2, .reads = {0}});
  keeps("two snapshots, two writers, two reads", {.writers = {{overwrite(0, 3)}, {overwrite(0, 4)}}, .takers = 2});
  keeps("two snapshots, erase and insert, two reads", {.writers = {{erase(0)}, {insert(0, 4)}}, .takers = 2});
  keeps("two snapshots, a copy between",
        {.writers = {{overwrite(0, 3), erase(1), overwrite(0, 4)}}, .takers = 2, .reads = {0}, .present = {0, 1}});
  keeps("two snapshots, three writes",
        {.writers = {{overwrite(0, 3), overwrite(0, 4)}, {overwrite(0, 5)}}, .takers = 2, .reads = {0}});
}

// 70 million states: some minutes, and up to eight gigabytes.
TEST_CASE("All kinds of threads, two of each but the reader, keep the protocol", "[.largest]") {
  keeps("two snapshots, two writers, reader",
        {.writers = {{overwrite(0, 3)}, {overwrite(0, 4)}}, .finds = {0}, .takers = 2, .reads = {0}});
  keeps("two snapshots, erase and insert, reader",
        {.writers = {{erase(0)}, {insert(0, 4)}}, .finds = {0}, .takers = 2, .reads = {0}});
}

TEST_CASE("A reader that does not help shows what a later snapshot does not know") {
  breaks("readers do not help",
         {.writers = {{erase(0)}}, .finds = {0}, .takers = 2, .reads = {0}, .rules = {.readers_help = false}},
         "a snapshot reads");
  breaks("readers do not help entries",
         {.writers = {{overwrite(0, 3)}},
          .finds = {0},
          .takers = 2,
          .reads = {0},
          .rules = {.readers_help_entries = false}},
         "a snapshot reads");
}

TEST_CASE("A look at the slots before stamping misses the snapshot that is announced between") {
  breaks("looks before stamping", {.writers = {{erase(0)}}, .takers = 2, .rules = {.looks_after_stamping = false}},
         "a freed leaf");
  breaks("looks before stamping an entry",
         {.writers = {{overwrite(0, 3)}}, .takers = 2, .rules = {.looks_after_stamping = false}}, "a freed entry");
}

TEST_CASE("A snapshot that joins another's flip before it is complete meets plain writers") {
  breaks("joins a flip", {.writers = {{overwrite(0, 3)}}, .takers = 2, .rules = {.waits_for_others_flip = false}},
         "the end of a chain of entries");
}

TEST_CASE("A mode that goes to plain without a mark first takes it from a snapshot that begins") {
  breaks("lowers in one step", {.writers = {{overwrite(0, 3)}}, .takers = 2, .rules = {.lowers_in_two_steps = false}},
         "the end of a chain of entries");
}

TEST_CASE("A leaf that goes when only its own snapshots have closed breaks the chain to older ones") {
  breaks("breaks chains", {.writers = {{erase(0), insert(0, 4)}}, .takers = 2, .rules = {.holds_whole_chains = false}},
         "a freed leaf");
}

TEST_CASE("An entry that goes when only its own snapshots have closed breaks the chain to older ones") {
  breaks(
      "breaks chains of entries",
      {.writers = {{overwrite(0, 3), overwrite(0, 4)}}, .takers = 2, .rules = {.holds_whole_chains_of_entries = false}},
      "a freed entry");
}

TEST_CASE("An entry born above a bound may be needed by the snapshot that the bound becomes") {
  breaks("takes a bound for a snapshot",
         {.writers = {{insert(0, 3), erase(0)}}, .takers = 2, .present = {}, .rules = {.tells_bounds = false}},
         "a freed entry");
}

TEST_CASE("A copy that is not locked is overwritten in place before it is stamped") {
  breaks("copy not locked, plain writer",
         {.writers = {{insert(0, 3)}, {overwrite(0, 4)}},
          .takers = 2,
          .reads = {0},
          .present = {},
          .rules = {.holds_copy = false}},
         "a snapshot reads");
}
