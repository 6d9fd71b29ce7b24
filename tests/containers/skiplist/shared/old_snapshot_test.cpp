// Snapshots that are left open: told of where they hold something back, and once.

#include "containers/skiplist/shared/old_snapshot.hpp"

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "tests/containers/map_suite.hpp"

using midden::Attach;
using midden::Runtime;
using std::chrono::milliseconds;

namespace {

// A map of 100 entries whose snapshots are told of after `limit`.
class Watched {
 public:
  explicit Watched(milliseconds limit) : runtime_(config(limit)), here_(runtime_) {
    map = midden::make_concurrent_map<std::int64_t, std::int64_t>({.backend = "skiplist"});
    write();
  }

  void write() {
    for (std::int64_t key = 0; key < 100; ++key) map->insert_or_assign(key, ++last_);
  }
  // Some time later, at the next collection.
  std::size_t messages() {
    std::this_thread::sleep_for(milliseconds(5));
    runtime_.collect();
    return said_.size();
  }
  const std::string& last_message() const { return said_.back(); }

 private:
  midden::Config config(milliseconds limit) {
    midden::Config config = shared_config();
    config.snapshot_warn = limit;
    config.name = "watched";
    config.message = [this](std::string_view text) { said_.emplace_back(text); };
    return config;
  }

  std::vector<std::string> said_;
  Runtime runtime_;
  Attach here_;
  std::int64_t last_ = 0;

 public:
  midden::Root<midden::ConcurrentMap<std::int64_t, std::int64_t>> map;
};

}  // namespace

TEST_CASE("A snapshot that is left open while its map is written is told of, once") {
  Watched watched(milliseconds(1));
  auto first = watched.map->snapshot();
  CHECK(watched.messages() == 0);
  watched.write();
  REQUIRE(watched.messages() == 1);
  CAPTURE(watched.last_message());
  CHECK(watched.last_message().find("midden: watched: a snapshot has been open for ") == 0);
  CHECK(watched.last_message().find("the oldest of 1; its map of 100 entries holds back ") != std::string::npos);
  watched.write();
  CHECK(watched.messages() == 1);
  const auto second = watched.map->snapshot();
  watched.write();
  CHECK(watched.messages() == 1);
  first.close();
  watched.write();
  CHECK(watched.messages() == 2);
}

TEST_CASE("Snapshots that are younger than the limit are not told of, and none where there is no limit") {
  for (const milliseconds limit : {milliseconds(0), milliseconds(std::chrono::hours(24))}) {
    Watched watched(limit);
    const auto snapshot = watched.map->snapshot();
    watched.write();
    CHECK(watched.messages() == 0);
  }
}
