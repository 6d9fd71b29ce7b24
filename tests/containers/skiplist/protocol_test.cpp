// The protocol of the ordered map that many threads share, in every interleaving of small setups
// with one snapshot at a time. Its rules are at the head of protocol.hpp.

#include "tests/containers/skiplist/protocol_kit.hpp"

using namespace protocol;

TEST_CASE("Snapshots stay what they were while two writers overwrite a key") {
  keeps("overwrites", {.writers = {{overwrite(0, 3), overwrite(0, 4)}, {overwrite(0, 5)}}, .rounds = 2});
}

TEST_CASE("Snapshots stay what they were while a key is overwritten in leaves that are copied for another") {
  keeps("overwrite, copy twice, overwrite",
        {.writers = {{overwrite(0, 3), erase(1), insert(1, 5), overwrite(0, 4)}}, .rounds = 2, .present = {0, 1}});
  keeps("overwrites beside copies", {.writers = {{overwrite(0, 3), overwrite(0, 4)}, {erase(1), insert(1, 5)}},
                                     .reads = {0, 1, 0},
                                     .present = {0, 1}});
  keeps("overwrites and erases of two keys", {.writers = {{overwrite(0, 3), erase(1)}, {overwrite(0, 4), erase(0)}},
                                              .rounds = 2,
                                              .reads = {0},
                                              .present = {0, 1}});
}

TEST_CASE("Snapshots stay what they were while two writers erase and insert a key") {
  keeps("erase, insert", {.writers = {{erase(0), insert(0, 4)}, {overwrite(0, 5)}}, .rounds = 2});
  keeps("insert, erase", {.writers = {{insert(0, 4), erase(0)}, {insert(0, 5), erase(0)}}, .rounds = 2, .present = {}});
}

TEST_CASE("A live reader beside two writers and a snapshot finds what one thread after the other would leave") {
  keeps("reader of overwrites", {.writers = {{overwrite(0, 3)}, {overwrite(0, 4)}}, .finds = {0, 0}});
  keeps("reader of an erase", {.writers = {{overwrite(0, 3)}, {erase(0)}}, .finds = {0}, .rounds = 2});
  keeps("reader of inserts", {.writers = {{insert(0, 4)}, {insert(0, 5)}}, .finds = {0}, .rounds = 2, .present = {}});
}

TEST_CASE("A snapshot sees two keys of a leaf at one moment") {
  keeps("two keys, an erase",
        {.writers = {{overwrite(0, 3), overwrite(1, 4)}, {erase(1)}}, .reads = {0, 1, 1, 0}, .present = {0, 1}});
  keeps("two keys, an insert", {.writers = {{overwrite(0, 3), overwrite(1, 4)}, {insert(1, 5)}},
                                .rounds = 2,
                                .reads = {0, 1, 1, 0},
                                .present = {0}});
}

TEST_CASE("A snapshot sees two keys of two leaves at one moment") {
  keeps("two leaves", {.writers = {{overwrite(0, 3), overwrite(1, 4)}, {erase(1), insert(0, 6)}},
                       .reads = {0, 1, 1, 0},
                       .edges = 2,
                       .present = {0, 1}});
  keeps("reader of two leaves, one writer", {.writers = {{overwrite(0, 3), overwrite(1, 4)}},
                                             .finds = {1, 0},
                                             .reads = {1, 0},
                                             .edges = 2,
                                             .present = {0, 1}});
}

TEST_CASE("Reclamation that acts whenever it likes frees nothing in use") {
  keeps("reclaimer, two writers", {.writers = {{overwrite(0, 3)}, {overwrite(0, 4)}}, .reclaimer_apart = true});
  keeps("reclaimer, two writers, copies", {.writers = {{erase(0)}, {insert(0, 4)}}, .reclaimer_apart = true});
  keeps("reclaimer, two snapshots",
        {.writers = {{overwrite(0, 3), overwrite(0, 4)}}, .rounds = 2, .reclaimer_apart = true});
  keeps("reclaimer, two snapshots, copies",
        {.writers = {{overwrite(0, 3), erase(0)}}, .rounds = 2, .reclaimer_apart = true});
  keeps("reclaimer, a copy between",
        {.writers = {{overwrite(0, 3), erase(1), overwrite(0, 4)}}, .present = {0, 1}, .reclaimer_apart = true});
}

TEST_CASE("Large setups keep the protocol, too", "[.large]") {
  keeps("four overwrites",
        {.writers = {{overwrite(0, 3), overwrite(0, 4)}, {overwrite(0, 5), overwrite(0, 6)}}, .rounds = 2});
  keeps("four writes, copies",
        {.writers = {{overwrite(0, 3), erase(0)}, {insert(0, 5), overwrite(0, 6)}}, .rounds = 2});
  keeps("overwrites and a copy, reader", {.writers = {{overwrite(0, 3), overwrite(0, 4)}, {erase(1)}},
                                          .finds = {0},
                                          .reads = {0, 1, 0},
                                          .present = {0, 1}});
  keeps("three overwrites, reader", {.writers = {{overwrite(0, 3), overwrite(0, 4)}, {overwrite(0, 5)}}, .finds = {0}});
  keeps("erase, insert, reader", {.writers = {{erase(0), insert(0, 4)}, {overwrite(0, 5)}}, .finds = {0}, .rounds = 2});
  keeps("two keys, reader", {.writers = {{overwrite(0, 3), erase(1)}, {overwrite(1, 5)}},
                             .finds = {1, 0},
                             .reads = {0, 1, 1, 0},
                             .present = {0, 1}});
  keeps("two leaves, four writes", {.writers = {{overwrite(0, 3), erase(1)}, {overwrite(1, 5), overwrite(0, 6)}},
                                    .rounds = 2,
                                    .reads = {0, 1, 1, 0},
                                    .edges = 2,
                                    .present = {0, 1}});
  keeps("reader of two leaves", {.writers = {{overwrite(0, 3)}, {overwrite(1, 4)}},
                                 .finds = {0, 1},
                                 .reads = {1, 0},
                                 .edges = 2,
                                 .present = {0, 1}});
  keeps("reclaimer, reader", {.writers = {{overwrite(0, 3), erase(0)}}, .finds = {0}, .reclaimer_apart = true});
}
