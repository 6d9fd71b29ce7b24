// The shell: which backend serves a map, and whose thread may use it.

#include <thread>
#include <vector>

#include "tests/containers/map_suite.hpp"

using midden::Attach;
using midden::ConfigError;
using midden::make_map;
using midden::make_ordered_map;
using midden::NotAttached;
using midden::Runtime;

namespace {

midden::Config config_with(std::string map) {
  midden::Config config = map_config();
  config.map = std::move(map);
  return config;
}

template <class E, class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const E& error) {
    return error.what();
  }
  return "nothing was thrown";
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

const midden::MapOps* no_ops(const midden::MapShape&) { return nullptr; }

const midden::MapOps* old_ops(const midden::MapShape&) {
  static constexpr midden::MapOps old{.version = 0};
  return &old;
}

const midden::MapOps* no_functions(const midden::MapShape&) {
  static constexpr midden::MapOps empty{};
  return &empty;
}

const midden::MapOps* no_way_back(const midden::MapShape& shape) {
  static const midden::MapOps forward = [&] {
    midden::MapOps all = *midden::find_map_backend("skiplist")->ops(shape);
    all.previous = nullptr;
    return all;
  }();
  return &forward;
}

// Registers a name once in the process.
void known(const std::string& name, const midden::MapOps* (*ops)(const midden::MapShape&)) {
  if (midden::find_map_backend(name) == nullptr) midden::register_map_backend({name, ops});
}

}  // namespace

TEST_CASE("The argument chooses the backend, else the configuration") {
  sorted_array_backend();
  Runtime runtime(config_with("sorted-array"));
  Attach here(runtime);
  CHECK(make_map<std::int64_t, std::int64_t>()->backend_name() == "sorted-array");
  CHECK(make_map<std::int64_t, std::int64_t>({.backend = "hash"})->backend_name() == "hash");
  CHECK(make_map<std::int64_t, std::int64_t>(here, {.backend = "hash"})->backend_name() == "hash");
  CHECK(make_ordered_map<std::int64_t, std::int64_t>(here)->backend_name() == "sorted-array");
  CHECK(make_ordered_map<std::int64_t, std::int64_t>({.backend = "sorted-array"})->size() == 0);
}

TEST_CASE("Without any wish the backend is hash") {
  Runtime runtime(map_config());
  Attach here(runtime);
  CHECK(make_map<std::int64_t, std::int64_t>()->backend_name() == "hash");
}

TEST_CASE("A name that is not known is an error at the first map, naming it and what is known") {
  Runtime runtime(config_with("hahs"));
  Attach here(runtime);
  const std::string configured = message_of<ConfigError>([] { make_map<std::int64_t, std::int64_t>(); });
  CHECK(contains(configured, "'hahs'"));
  CHECK(contains(configured, "MIDDEN_MAP"));
  CHECK(contains(configured, "hash"));
  const std::string asked = message_of<ConfigError>([] { make_map<std::int64_t, std::int64_t>({.backend = "tree"}); });
  CHECK(contains(asked, "'tree'"));
  CHECK(contains(asked, "hash"));
  CHECK(make_map<std::int64_t, std::int64_t>({.backend = "hash"})->empty());
}

TEST_CASE("A name may be registered after the Runtime began") {
  Runtime runtime(config_with("registered-late"));
  Attach here(runtime);
  CHECK_THROWS_AS((make_map<std::int64_t, std::int64_t>()), ConfigError);
  sorted_array_backend();
  known("registered-late", midden::find_map_backend("sorted-array")->ops);
  CHECK(make_map<std::int64_t, std::int64_t>()->backend_name() == "registered-late");
}

TEST_CASE("An ordered map under an unordered default takes an ordered backend and says so once") {
  sorted_array_backend();
  std::vector<std::string> said;
  midden::Config config = config_with("hash");
  config.message = [&](std::string_view line) { said.emplace_back(line); };
  for (int runtimes = 1; runtimes <= 2; ++runtimes) {
    // Seeds differ, as they do where none is configured.
    ++config.seed;
    Runtime runtime(config);
    Attach here(runtime);
    const auto map = make_ordered_map<std::int64_t, std::int64_t>();
    CHECK(map->backend_name() != "hash");
    CHECK(make_ordered_map<std::string_view, std::int64_t>()->backend_name() == map->backend_name());
    CHECK(make_map<std::int64_t, std::int64_t>()->backend_name() == "hash");
    REQUIRE(said.size() == static_cast<std::size_t>(runtimes));
    CHECK(contains(said.back(), "'hash'"));
    CHECK(contains(said.back(), map->backend_name()));
  }
}

TEST_CASE("An argument that cannot serve the request is an error") {
  known("holds-nothing", no_ops);
  known("of-another-version", old_ops);
  Runtime runtime(map_config());
  Attach here(runtime);
  CHECK(contains(message_of<ConfigError>([] { make_ordered_map<std::int64_t, std::int64_t>({.backend = "hash"}); }),
                 "does not keep keys in order"));
  CHECK(contains(message_of<ConfigError>([] { make_map<std::int64_t, std::int64_t>({.backend = "holds-nothing"}); }),
                 "does not hold such keys and values"));
  CHECK(
      contains(message_of<ConfigError>([] { make_map<std::int64_t, std::int64_t>({.backend = "of-another-version"}); }),
               "version 0"));
}

TEST_CASE("A backend without an operation that maps need is an error that names both") {
  known("empty", no_functions);
  known("forward", no_way_back);
  Runtime runtime(map_config());
  Attach here(runtime);
  const std::string empty = message_of<ConfigError>([] { make_map<std::int64_t, int>({.backend = "empty"}); });
  CHECK(contains(empty, "'empty'"));
  CHECK(contains(empty, "'create'"));
  const std::string forward = message_of<ConfigError>([] { make_map<std::int64_t, int>({.backend = "forward"}); });
  CHECK(contains(forward, "'forward'"));
  CHECK(contains(forward, "'previous'"));
}

TEST_CASE("A key that is too long for one backend is so for all, and named in bytes") {
  const std::string key(midden::max_map_key_bytes + 1, 'k');
  for_each_backend([&](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto map = midden::make_map<std::string_view, std::int64_t>({.backend = backend});
    const std::string said = message_of<midden::TooLarge>([&] { map->insert_or_assign(key, 1); });
    CHECK(contains(said, "16777215"));
    CHECK(contains(said, "16777216"));
    CHECK(map->empty());
    CHECK_FALSE(map->contains(key));
    CHECK(map->insert_or_assign(std::string_view(key).substr(1), 1));
  });
}

TEST_CASE("update keeps its map alive while the callback allocates") {
  for_each_backend([](const std::string& backend) {
    midden::Config config = map_config();
    config.check = true;
    config.stress.alloc = 1;
    Runtime runtime(config);
    Attach here(runtime);
    auto root = midden::make_map<std::int64_t, std::int64_t>({.backend = backend});
    auto* map = root.get();
    CHECK(map->update(1, [&](std::int64_t& value) {
      root = nullptr;
      midden::make_string("something else");
      value += 7;
    }) == 7);
  });
}

TEST_CASE("A configured backend that holds no such map is replaced, and said to be") {
  known("holds-nothing", no_ops);
  std::vector<std::string> said;
  midden::Config config = config_with("holds-nothing");
  config.message = [&](std::string_view line) { said.emplace_back(line); };
  Runtime runtime(config);
  Attach here(runtime);
  CHECK(make_map<std::int64_t, std::int64_t>()->backend_name() == "hash");
  REQUIRE(said.size() == 1);
  CHECK(contains(said[0], "holds-nothing"));
}

TEST_CASE("A name is registered once, and not every name can be") {
  CHECK_THROWS_AS(midden::register_map_backend({"hash", no_ops}), ConfigError);
  CHECK_THROWS_AS(midden::register_map_backend({"", no_ops}), ConfigError);
  CHECK_THROWS_AS(midden::register_map_backend({"auto", no_ops}), ConfigError);
  CHECK_THROWS_AS(midden::register_map_backend({"without-operations", nullptr}), ConfigError);
  CHECK(midden::find_map_backend("without-operations") == nullptr);
  CHECK(midden::map_backend_names().front() == "hash");
}

TEST_CASE("A thread that is not attached is told so by every call") {
  for_each_backend([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto map = make_map<std::string_view, std::string_view>({.backend = backend});
    map->insert_or_assign("a", "1");
    const auto refused = [&](auto f) {
      bool thrown = false;
      std::thread other([&] { thrown = contains(message_of<NotAttached>(f), "attached"); });
      const midden::Blocked blocked;
      other.join();
      return thrown;
    };
    auto* const raw = map.get();
    CHECK(refused([&] { raw->insert_or_assign("b", "2"); }));
    CHECK(refused([&] { raw->try_emplace("b", "2"); }));
    CHECK(refused([&] { raw->erase("a"); }));
    CHECK(refused([&] { raw->clear(); }));
    CHECK(refused([&] { raw->size(); }));
    CHECK(refused([&] { raw->contains("a"); }));
    CHECK(refused([&] { raw->get("a"); }));
    CHECK(refused([&] { raw->find("a"); }));
    CHECK(refused([&] { raw->begin(); }));
    CHECK(refused([&] { raw->stats(); }));
    CHECK(refused([&] { make_map<std::int64_t, std::int64_t>(); }));
    CHECK(map->size() == 1);
    CHECK(map->get("a") == "1");
  });
}

TEST_CASE("A thread that is attached to another Runtime is told both names") {
  for_each_backend([](const std::string& backend) {
    midden::Config first = map_config();
    first.name = "first";
    midden::Config second = map_config();
    second.name = "second";
    Runtime one(first);
    Runtime two(second);
    Attach here(one);
    const auto map = make_map<std::string_view, std::int64_t>({.backend = backend});
    map->insert_or_assign("a", 1);
    auto* const raw = map.get();
    {
      Attach there(two);
      for (const std::string& said :
           {message_of<NotAttached>([&] { raw->insert_or_assign("b", 2); }),
            message_of<NotAttached>([&] { raw->insert_or_assign(there, "b", 2); }),
            message_of<NotAttached>([&] { raw->erase("a"); }), message_of<NotAttached>([&] { raw->get("a"); }),
            message_of<NotAttached>([&] { raw->begin(); })}) {
        CHECK(contains(said, "'first'"));
        CHECK(contains(said, "'second'"));
      }
      const auto other = make_map<std::string_view, std::int64_t>({.backend = backend});
      other->insert_or_assign("a", 2);
      two.collect();
      CHECK(other->at("a") == 2);
    }
    one.collect();
    CHECK(map->at("a") == 1);
    CHECK(map->size() == 1);
  });
}

TEST_CASE("An operation keeps its map and its value alive to its own end") {
  for_each_backend([](const std::string& backend) {
    Runtime runtime(stressed_config(1));
    Attach here(runtime);
    auto map = make_map<std::string_view, midden::Ref<Node>>({.backend = backend});
    for (int i = 0; i < 8; ++i) map->insert_or_assign(std::to_string(i), nullptr);
    midden::Root<Node> node = midden::make<Node>();
    node->number = 5;
    auto* const raw_map = map.get();
    Node* const raw_node = node.get();
    map = nullptr;
    node = nullptr;
    CHECK(raw_map->insert_or_assign("a ninth key, for which the map must grow", raw_node));
  });
}

TEST_CASE("Many readers may use a map at the same time") {
  for_each_backend([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto map = make_map<std::int64_t, std::int64_t>({.backend = backend});
    for (int i = 0; i < 500; ++i) map->insert_or_assign(i, 2 * i);
    std::atomic<int> right{0};
    std::vector<std::thread> readers;
    for (int t = 0; t < 3; ++t) {
      readers.emplace_back([&] {
        Attach reader(runtime);
        const midden::Root<midden::Map<std::int64_t, std::int64_t>> own(map.get());
        int found = 0;
        for (int i = 0; i < 500; ++i) found += own->get(i) == 2 * i ? 1 : 0;
        int shown = 0;
        for (const auto entry : *own) shown += entry.value == 2 * entry.key ? 1 : 0;
        runtime.collect();
        right += found == 500 && shown == 500 ? 1 : 0;
      });
    }
    {
      const midden::Blocked blocked;
      for (std::thread& reader : readers) reader.join();
    }
    CHECK(right == 3);
  });
}

TEST_CASE("The checked build overwrites the views that a cursor has shown") {
  if (!midden::checked) return;
  for_each_backend([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto map = midden::make_map<std::string_view, std::string_view>({.backend = backend});
    for (int i = 0; i < 10; ++i) map->insert_or_assign("key " + std::to_string(i), "value " + std::to_string(i));
    auto cursor = map->begin();
    for (int i = 0; i < 9; ++i) {
      const std::string_view key = cursor.key();
      const std::string_view value = cursor.value();
      REQUIRE(key.starts_with("key "));
      REQUIRE(value == "value " + std::string(key.substr(4)));
      ++cursor;
      CHECK(key == std::string(5, '\xdb'));
      CHECK(value == std::string(7, '\xdb'));
      CHECK(cursor.key().starts_with("key "));
    }
    const auto found = map->find("key 3");
    CHECK(found.value() == "value 3");
    CHECK(map->find("key 3").value().data() != found.value().data());
  });
}
