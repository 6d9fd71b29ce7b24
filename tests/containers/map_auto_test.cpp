// The backend `auto`: a map begins as a hash map, and moves when its tables hold many references.

#include "tests/containers/map_suite.hpp"

using midden::Attach;
using midden::Ref;
using midden::Runtime;

namespace {

midden::Config automatic(std::size_t references) {
  midden::Config config = map_config();
  config.map = "auto";
  config.map_auto_references = references;
  return config;
}

}  // namespace

TEST_CASE("Under auto a map begins as hash and moves to skiplist when it has become dear to scan") {
  const auto check = [&]<class K, class V>() {
    std::mt19937_64 random = test_generator(1500);
    Runtime runtime(automatic(200));
    Attach here(runtime);
    const auto map = midden::make_map<K, V>();
    std::map<std::uint64_t, std::uint64_t> model;
    bool moved = false;
    for (std::uint64_t i = 0; i < 3000; ++i) {
      const std::uint64_t n = random() % (i < 1000 ? 200 : 600);
      if (i >= 1000 && random() % 4 == 0) {
        must(map->erase(Kind<K>::make(n)) == (model.erase(n) == 1), "erase agrees");
      } else {
        must(map->insert_or_assign(Kind<K>::make(n), Kind<V>::make(i)) == model.insert_or_assign(n, i).second,
             "an insertion agrees");
      }
      must(map->size() == model.size(), "sizes agree");
      const auto known = model.find(random() % 600);
      if (known != model.end()) must(is_value(*map->get(Kind<K>::make(known->first)), known->second), "get agrees");
      must(moved || map->backend_name() == "hash" || map->size() >= 100, "it moves when it is large");
      moved = map->backend_name() == "skiplist";
    }
    CHECK(moved);
    CHECK_FALSE(map->stats().rebuilding);
    map->clear();
    map->insert_or_assign(Kind<K>::make(1), Kind<V>::make(1));
    CHECK(map->backend_name() == "skiplist");
  };
  check.template operator()<std::string_view, std::int64_t>();
  check.template operator()<std::int64_t, std::string_view>();
  check.template operator()<std::string_view, Ref<Node>>();
  check.template operator()<Key100, std::int64_t>();
  check.template operator()<std::int64_t, Large>();
  check.template operator()<std::int64_t, Ref<Node>>();
}

TEST_CASE("Under auto a map stays in hash as long as its tables hold no more references than configured") {
  Runtime runtime(automatic(200));
  Attach here(runtime);
  const auto map = midden::make_map<std::string_view, std::int64_t>();
  const auto texts = midden::make_map<std::string_view, std::string_view>();
  for (int i = 0; i < 200; ++i) map->insert_or_assign(std::to_string(i), i);
  for (int i = 0; i < 200; ++i) map->insert_or_assign(std::to_string(i), i);
  CHECK(map->backend_name() == "hash");
  for (int i = 0; i <= 100; ++i) texts->insert_or_assign(std::to_string(i), "two for each entry");
  CHECK(texts->backend_name() == "hash");
  texts->erase("no such key");
  CHECK(texts->backend_name() == "skiplist");
  map->insert_or_assign("one more", 1);
  {
    const auto cursor = map->begin();
    map->insert_or_assign("one more", 2);
    CHECK(map->backend_name() == "hash");
  }
  map->insert_or_assign("one more", 3);
  CHECK(map->backend_name() == "skiplist");
  CHECK(map->stats().rebuilding);
}

TEST_CASE("Under auto a map whose buckets are not looked into stays in hash") {
  Runtime runtime(automatic(50));
  Attach here(runtime);
  const auto numbers = midden::make_map<std::int64_t, std::int64_t>();
  const auto others = midden::make_map<Key16, Nothing>({.backend = "auto"});
  for (std::uint64_t n = 0; n < 300; ++n) {
    numbers->insert_or_assign(Kind<std::int64_t>::make(n), 1);
    others->insert_or_assign(Kind<Key16>::make(n), {});
  }
  CHECK(numbers->backend_name() == "hash");
  CHECK(others->backend_name() == "hash");
}

TEST_CASE("Under auto order is kept by skiplist from the begin, and maps of all threads stay what they are") {
  Runtime runtime(automatic(0));
  Attach here(runtime);
  CHECK(midden::make_ordered_map<std::string_view, std::int64_t>()->backend_name() == "skiplist");
  CHECK(midden::make_concurrent_ordered_map<std::string_view, std::int64_t>()->backend_name() == "skiplist");
  const auto shared = midden::make_concurrent_map<std::string_view, std::int64_t>({.backend = "auto"});
  for (int i = 0; i < 100; ++i) shared->insert_or_assign(std::to_string(i), i);
  CHECK(shared->backend_name() == "hash");
  CHECK(shared->size() == 100);
}

TEST_CASE("A map under auto that is rebuilt by its host stays where the host put it") {
  Runtime runtime(automatic(20));
  Attach here(runtime);
  for (const char* const backend : {"sorted-array", "hash"}) {
    const auto map = midden::make_map<std::string_view, std::int64_t>();
    map->rebuild(backend);
    for (int i = 0; i < 100; ++i) map->insert_or_assign(std::to_string(i), i);
    CHECK(map->backend_name() == backend);
    for (int i = 0; i < 100; ++i) CHECK(map->get(std::to_string(i)) == i);
  }
}
