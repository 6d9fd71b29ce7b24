// The sample of look-ups: who is often asked for is found, from as many threads as ask.

#include "containers/hash/hot_buckets.hpp"

#include <set>
#include <thread>
#include <vector>

#include "tests/containers/hash/make_state.hpp"
#include "tests/support/catch.hpp"

using midden::Attach;
using midden::MapStats;
using midden::Runtime;
using namespace midden::containers::hash;

namespace {

MapStats read(HotBuckets& hot, std::uint64_t table = 1) {
  MapStats stats;
  hot.read(table, stats);
  return stats;
}

}  // namespace

TEST_CASE("Up to 32 buckets are counted exactly, and shown by their counts") {
  HotBuckets hot;
  for (BucketNumber bucket = 0; bucket < 32; ++bucket) {
    for (BucketNumber i = 0; i <= bucket; ++i) hot.count(1, bucket);
  }
  const MapStats stats = read(hot);
  CHECK(stats.sampled == 32 * 33 / 2 * HotBuckets::one_in);
  for (std::size_t i = 0; i < stats.hottest.size(); ++i) {
    CHECK(stats.hottest[i].bucket == 31 - i);
    CHECK(stats.hottest[i].look_ups == (32 - i) * HotBuckets::one_in);
  }
}

TEST_CASE("A bucket with an eighth of all look-ups is found among thousands") {
  std::mt19937_64 random = test_generator(800);
  HotBuckets hot;
  std::uint64_t of_seven = 0;
  for (int i = 0; i < 20'000; ++i) {
    const bool seven = random() % 8 == 0;
    of_seven += seven ? 1 : 0;
    hot.count(1, seven ? 7 : static_cast<BucketNumber>(100 + random() % 5000));
  }
  const MapStats stats = read(hot);
  CHECK(stats.hottest[0].bucket == 7);
  CHECK(stats.hottest[0].look_ups <= of_seven * HotBuckets::one_in);
  CHECK(stats.hottest[0].look_ups > of_seven * HotBuckets::one_in / 2);
  CHECK(stats.hottest[1].look_ups < stats.hottest[0].look_ups / 10);
}

TEST_CASE("A sample of another table starts over") {
  HotBuckets hot;
  for (int i = 0; i < 10; ++i) hot.count(1, 5);
  CHECK(read(hot, 2).sampled == 0);
  CHECK(read(hot, 2).hottest[0].look_ups == 0);
  CHECK(read(hot, 1).hottest[0].bucket == 5);
  hot.count(2, 6);
  CHECK(read(hot, 1).sampled == 0);
  CHECK(read(hot, 2).hottest[0].bucket == 6);
  CHECK(read(hot, 2).hottest[1].look_ups == 0);
}

TEST_CASE("One look-up in 64 is sampled, also where they come in periods") {
  HotBuckets hot;
  for (int i = 0; i < 64 * 4000; ++i) hot.look_up(1, i % 64 == 0 ? 0 : 1);
  const MapStats stats = read(hot);
  CHECK(stats.sampled > 64 * 3600);
  CHECK(stats.sampled < 64 * 4400);
  CHECK(stats.hottest[0].bucket == 1);
  CHECK(stats.hottest[1].bucket == 0);
  CHECK(stats.hottest[1].look_ups > 64 * 20);
  CHECK(stats.hottest[1].look_ups < 64 * 150);
}

TEST_CASE("Threads that look up at once lose samples but mix nothing up") {
  HotBuckets hot;
  std::vector<std::thread> threads;
  for (BucketNumber bucket : {1U, 2U, 3U}) {
    threads.emplace_back([&hot, bucket] {
      for (int i = 0; i < 20'000; ++i) hot.count(1, bucket);
    });
  }
  for (int i = 0; i < 100; ++i) {
    const MapStats stats = read(hot);
    std::uint64_t sum = 0;
    for (const auto& row : stats.hottest) sum += row.look_ups;
    must(sum == stats.sampled, "all that was counted is there");
  }
  for (std::thread& thread : threads) thread.join();
  const MapStats stats = read(hot);
  CHECK(stats.sampled <= 60'000 * HotBuckets::one_in);
  CHECK(stats.sampled >= 1'000 * HotBuckets::one_in);
}

TEST_CASE("The bucket of a key that is looked up much more than others is the hottest") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const auto map = midden::make_map<std::string_view, std::int64_t>({.backend = "hash"});
  for (int i = 0; i < 1000; ++i) map->insert_or_assign("key " + std::to_string(i), i);
  const auto look_up = [&] {
    for (int i = 0; i < 40'000; ++i) map->contains(i % 2 == 0 ? "key 77" : "key " + std::to_string(i % 1000));
  };
  look_up();
  CHECK(map->stats().sampled == 0);  // nobody had asked
  look_up();
  const MapStats stats = map->stats();
  CHECK(stats.sampled > 20'000);
  CHECK(stats.hottest[0].look_ups > stats.sampled / 3);
  CHECK(stats.hottest[0].chain >= 1);
  CHECK(stats.hottest[0].bucket < stats.buckets);
  CHECK(stats.hottest[1].look_ups < stats.sampled / 10);

  map->clear();
  CHECK(map->stats().sampled == 0);
}
