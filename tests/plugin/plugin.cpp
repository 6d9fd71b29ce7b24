// A plug-in that holds a Runtime: made when its host begins it, used on threads of its own, and ended by its owner
// before it is unloaded, or, `forgetful`, by its own static destructor.

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include <midden/map.hpp>
#include <midden/midden.hpp>

namespace {

struct Node {
  midden::Ref<Node> next;
  static constexpr auto midden_refs = midden::refs<Node>(&Node::next);
};

std::unique_ptr<midden::Runtime> runtime;

// How many objects are alive afterwards.
long use() {
  midden::Attach here(*runtime);
  midden::Root<Node> head;
  for (int i = 0; i < 1000; ++i) {
    midden::Root<Node> node = midden::make<Node>();
    node->next = head;
    if (i % 10 == 0) head = node;
  }
  auto map = midden::make_map<std::string_view, std::int64_t>();
  for (int i = 0; i < 1000; ++i) map->insert_or_assign(std::to_string(i), i);
  runtime->collect();
  return map->size() == 1000 ? static_cast<long>(runtime->last_cycle().objects_marked) : -1;
}

}  // namespace

extern "C" [[gnu::visibility("default")]] bool begin_plugin() {
  runtime = std::make_unique<midden::Runtime>();
  std::vector<std::thread> threads;
  std::atomic<bool> right{true};
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      if (use() <= 100) right = false;
    });
  }
  for (std::thread& thread : threads) thread.join();
  return use() > 100 && right;
}

extern "C" [[gnu::visibility("default")]] void end_plugin() { runtime.reset(); }
