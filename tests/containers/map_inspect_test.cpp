// What a checked heap says of maps whose keys and values look like references.

#include <atomic>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <midden/concurrent_map.hpp>
#include <midden/map_inspect.hpp>

#include "tests/containers/map_suite.hpp"

using midden::Attach;
using midden::Ref;
using midden::Root;
using midden::Runtime;

namespace {

// What no host should store: the collector does not see `node`.
struct Hiding {
  std::uint64_t number = 0;
  Node* node = nullptr;
};
enum class Colour : std::int16_t { red = -3 };

std::uint64_t word_of(const void* object) { return reinterpret_cast<std::uintptr_t>(object); }

std::string address_of(const void* object) {
  char text[32];
  std::snprintf(text, sizeof text, "%p", object);
  return text;
}

// A Runtime whose heap is checked, with a node that is alive, and what cycles say.
class Checked {
 public:
  Checked() : runtime_(config(lines_)), here_(runtime_), node_(midden::make<Node>()) {}

  Runtime& runtime() { return runtime_; }
  Node* node() const { return node_.get(); }

  std::vector<std::string> said() {
    lines_.clear();
    runtime_.collect();
    return std::exchange(lines_, {});
  }
  // That a cycle says one thing: of this map, about this piece, that it leads to the node.
  void expect(const void* map, const std::string& piece) {
    const std::vector<std::string> lines = said();
    REQUIRE(lines.size() == 1);
    INFO(lines[0]);
    const std::string end =
        "@" + address_of(map) + ": " + piece + " looks like a reference to Node@" + address_of(node());
    CHECK(lines[0].rfind("midden: runtime: ", 0) == 0);
    CHECK(lines[0].find("Map<") != std::string::npos);
    CHECK(lines[0].size() > end.size());
    CHECK(lines[0].substr(lines[0].size() - std::min(end.size(), lines[0].size())) == end);
  }

 private:
  static midden::Config config(std::vector<std::string>& lines) {
    midden::Config config = shared_config();
    config.check = true;
    config.message = [&lines](std::string_view line) { lines.emplace_back(line); };
    return config;
  }

  std::vector<std::string> lines_;
  Runtime runtime_;
  Attach here_;
  Root<Node> node_;
};

const std::vector<std::string> backends{"hash", "skiplist"};

}  // namespace

TEST_CASE("A reference hidden in a map's value is told with map, key, offset and object") {
  for (const std::string& backend : backends) {
    INFO(backend);
    Checked checked;
    const auto map = midden::make_map<std::string_view, Hiding>({.backend = backend});
    for (int i = 0; i < 500; ++i) map->insert_or_assign("key " + std::to_string(i), {});
    CHECK(checked.said().empty());
    map->insert_or_assign("ali\"ce\n", {7, checked.node()});
    checked.expect(map.get(), "the value of \"ali\\\"ce\\x0a\" +8");
    CHECK(map->erase("ali\"ce\n"));
    CHECK(checked.said().empty());
  }
}

TEST_CASE("Numbers that only come near an address, or are one of an object long dead, are not told") {
  for (const std::string& backend : backends) {
    Checked checked;
    const auto map = midden::make_map<std::int64_t, std::uint64_t>({.backend = backend});
    const std::uint64_t word = word_of(checked.node());
    const std::uint64_t near[] = {word + 1, word - 1, word + 8, __builtin_bswap64(word), ~word, 0, 1};
    for (std::int64_t i = 0; i < std::ssize(near); ++i) map->insert_or_assign(i, near[i]);
    const std::uint64_t dead = word_of(midden::make<Node>().get());
    checked.said();
    map->insert_or_assign(100, dead);
    CHECK(checked.said().empty());
  }
}

TEST_CASE("What only a map leads to is told as it dies") {
  for (const std::string& backend : backends) {
    Checked checked;
    const auto map = midden::make_map<std::int64_t, Hiding>({.backend = backend});
    map->insert_or_assign(-5, {0, midden::make<Node>().get()});
    const std::vector<std::string> lines = checked.said();
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].find(": the value of -5 +8 looks like a reference to Node@") != std::string::npos);
    CHECK(lines[0].find(", which nothing else keeps alive") != std::string::npos);
    CHECK(checked.said().empty());
  }
}

TEST_CASE("Values of any length are looked at, and keys of every form") {
  for (const std::string& backend : backends) {
    INFO(backend);
    Checked checked;
    const std::uint64_t word = word_of(checked.node());
    const std::string bytes(reinterpret_cast<const char*>(&word), sizeof word);
    const std::string number = std::to_string(word);
    {
      const auto map = midden::make_map<std::string_view, std::string_view>({.backend = backend});
      map->insert_or_assign("k", std::string(16, 'x') + bytes + std::string(400, 'y'));
      map->insert_or_assign("unaligned", std::string(3, 'x') + bytes);
      checked.expect(map.get(), "the value of \"k\" +16");
    }
    {
      const auto map = midden::make_map<std::string_view, Nothing>({.backend = backend});
      map->insert_or_assign("12345678" + bytes, {});
      const std::vector<std::string> lines = checked.said();
      REQUIRE(lines.size() == 1);
      CHECK(lines[0].find(": the key \"12345678") != std::string::npos);
      CHECK(lines[0].find("\" +8 looks like") != std::string::npos);
    }
    {
      const auto map = midden::make_map<std::uint64_t, Nothing>({.backend = backend});
      map->insert_or_assign(word, {});
      checked.expect(map.get(), "the key " + number + " +0");
    }
    {
      const auto map = midden::make_map<std::int64_t, Nothing>({.backend = backend});
      map->insert_or_assign(static_cast<std::int64_t>(word), {});
      checked.expect(map.get(), "the key " + number + " +0");
    }
    {
      const auto map = midden::make_map<Key16, std::uint64_t>({.backend = backend});
      map->insert_or_assign({{0xFF, word}}, 1);
      const std::vector<std::string> lines = checked.said();
      REQUIRE(lines.size() == 1);
      CHECK(lines[0].find(": the key 0xff00000000000000") != std::string::npos);
      CHECK(lines[0].find(" +8 looks like") != std::string::npos);
    }
  }
}

TEST_CASE("References that a map holds as such are no suspects") {
  for (const std::string& backend : backends) {
    Checked checked;
    const auto map = midden::make_map<std::int64_t, Ref<Node>>({.backend = backend});
    for (std::int64_t i = 0; i < 500; ++i) map->insert_or_assign(i, checked.node());
    CHECK(checked.said().empty());
    map->insert_or_assign(static_cast<std::int64_t>(word_of(checked.node())), nullptr);
    checked.expect(map.get(), "the key " + std::to_string(word_of(checked.node())) + " +0");
  }
}

TEST_CASE("A map that is said to be plain is not looked at, nor is what it becomes") {
  Checked checked;
  const Hiding hiding{1, checked.node()};
  for (const std::string& backend : backends) {
    const midden::MapOptions plain{.backend = backend, .plain = true};
    const auto map = midden::make_map<std::int64_t, Hiding>(plain);
    const auto shared = midden::make_concurrent_map<std::int64_t, Hiding>(plain);
    const auto in_order =
        midden::make_concurrent_ordered_map<std::int64_t, Hiding>({.backend = "skiplist", .plain = true});
    const auto one_writer = midden::make_ordered_map<std::int64_t, Hiding>({.backend = "skiplist", .plain = true});
    for (std::int64_t i = 0; i < 200; ++i) {
      map->insert_or_assign(i, hiding);
      shared->insert_or_assign(i, hiding);
      in_order->insert_or_assign(i, hiding);
      one_writer->insert_or_assign(i, hiding);
    }
    const auto first = map->snapshot();
    const auto second = shared->snapshot();
    const auto third = in_order->snapshot();
    CHECK(checked.said().empty());
    map->rebuild(backend == "hash" ? "skiplist" : "hash");
    map->insert_or_assign(1, hiding);
    CHECK(map->stats().rebuilding);
    CHECK(checked.said().empty());
    map->finish_rebuild();
    CHECK(checked.said().empty());
  }
}

TEST_CASE("A map that is being rebuilt is looked at in both halves") {
  for (const std::string& backend : backends) {
    Checked checked;
    const auto map = midden::make_map<std::int64_t, std::uint64_t>({.backend = backend});
    for (std::int64_t i = 0; i < 200; ++i) map->insert_or_assign(i, word_of(checked.node()));
    map->rebuild(backend == "hash" ? "skiplist" : "hash");
    for (std::int64_t i = 0; i < 4; ++i) map->insert_or_assign(i, 0);
    REQUIRE(map->stats().rebuilding);
    REQUIRE(map->stats().moved > 0);
    const std::vector<std::string> lines = checked.said();
    REQUIRE(lines.size() == 9);
    CHECK(lines.back().find("and 188 more suspects") != std::string::npos);
  }
}

TEST_CASE("A map for all threads is looked at, and what only a snapshot of it shows") {
  for (const std::string& backend : backends) {
    INFO(backend);
    Checked checked;
    const auto map = midden::make_concurrent_map<std::string_view, Hiding>({.backend = backend});
    CHECK(checked.said().empty());
    for (int i = 0; i < 300; ++i) map->insert_or_assign("key " + std::to_string(i), {});
    map->insert_or_assign("bob", {1, checked.node()});
    checked.expect(map.get(), "the value of \"bob\" +8");
    auto snapshot = map->snapshot();
    map->insert_or_assign("bob", {});
    map->erase("key 7");
    checked.expect(snapshot.get(), "the value of \"bob\" +8");
    snapshot.close();
    CHECK(checked.said().empty());
  }
}

TEST_CASE("A map is looked at while other threads stand in the midst of writing it") {
  for (const std::string& backend : backends) {
    Checked checked;
    const auto map = midden::make_concurrent_ordered_map<std::int64_t, std::uint64_t>({.backend = "skiplist"});
    const auto sharded = midden::make_concurrent_map<std::int64_t, std::uint64_t>({.backend = backend});
    map->insert_or_assign(-1, word_of(checked.node()));
    std::atomic<bool> done{false};
    std::vector<std::thread> threads;
    const midden::GlobalRoot<midden::ConcurrentOrderedMap<std::int64_t, std::uint64_t>> all(map);
    const midden::GlobalRoot<midden::ConcurrentMap<std::int64_t, std::uint64_t>> all_sharded(sharded);
    for (std::int64_t writer = 0; writer < 2; ++writer) {
      threads.emplace_back([&, writer] {
        Attach there(checked.runtime(), "writes");
        for (std::int64_t i = 0; !done.load(std::memory_order_relaxed); i = (i + 1) % 3000) {
          all->insert_or_assign(2 * i + writer, 1);
          all_sharded->insert_or_assign(2 * i + writer, 1);
          all->erase(2 * (i + 1500) % 3000 + writer);
          if (i % 200 == 0) static_cast<void>(all->snapshot());
        }
      });
    }
    for (int cycle = 0; cycle < 20; ++cycle) {
      const std::vector<std::string> lines = checked.said();
      REQUIRE_FALSE(lines.empty());
      CHECK(lines[0].find("the value of -1 +0") != std::string::npos);
    }
    done.store(true, std::memory_order_relaxed);
    {
      const midden::Blocked waiting;
      for (std::thread& thread : threads) thread.join();
    }
  }
}

TEST_CASE("A map of a host's backend that cannot show its entries is not looked at") {
  Checked checked;
  const auto map = midden::make_map<std::int64_t, std::uint64_t>({.backend = sorted_array_backend()});
  map->insert_or_assign(1, word_of(checked.node()));
  CHECK(checked.said().empty());
}

TEST_CASE("Keys are told as what they are, and long ones cut") {
  const auto text = [](std::string_view key) {
    return midden::detail::describe_key<std::string_view>(midden::detail::EncodedKey<std::string_view>(key).key());
  };
  CHECK(text("") == "\"\"");
  CHECK(text("a\\b\t\xFF") == "\"a\\\\b\\x09\\xff\"");
  CHECK(text(std::string(64, 'x')) == "\"" + std::string(64, 'x') + "\"");
  CHECK(text(std::string(65, 'x')) == "\"" + std::string(64, 'x') + "\"... (65 bytes)");
  const auto told = [](auto key) {
    using K = decltype(key);
    return midden::detail::describe_key<K>(midden::detail::EncodedKey<K>(key).key());
  };
  CHECK(told(std::int32_t{-7}) == "-7");
  CHECK(told(~std::uint64_t{0}) == "18446744073709551615");
  CHECK(told(Colour::red) == "-3");
  CHECK(told(true) == "1");
  CHECK(told(Key16{{1, 2}}) == "0x01000000000000000200000000000000");
}
