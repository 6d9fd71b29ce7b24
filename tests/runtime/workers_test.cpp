// The threads that help to mark.

#include "runtime/workers.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include <midden/midden.hpp>

#include "tests/runtime/nodes.hpp"
#include "tests/support/catch.hpp"

namespace midden::runtime {
namespace {

const Placement anywhere;

// Notes who helped, and waits for as many as it is told.
class Notes final : public collector::Chore {
 public:
  void help(std::size_t number) override {
    {
      const std::lock_guard lock(mutex_);
      numbers_.insert(number);
      threads_.insert(std::this_thread::get_id());
    }
    changed_.notify_all();
  }
  void wait(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return numbers_.size() >= count; });
  }
  std::multiset<std::size_t> numbers() {
    const std::lock_guard lock(mutex_);
    return numbers_;
  }
  std::size_t threads() {
    const std::lock_guard lock(mutex_);
    return threads_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::multiset<std::size_t> numbers_;
  std::set<std::thread::id> threads_;
};

TEST_CASE("Each helper that is called helps once, under its number, on a thread that has been prepared") {
  static thread_local bool prepared = false;
  std::atomic<int> begun{0};
  Notes notes;
  Workers workers(3, anywhere, [&] {
    prepared = true;
    ++begun;
  });
  CHECK(workers.helpers() == 3);
  for (std::size_t call = 1; call <= 20; ++call) {
    workers.call(notes);
    notes.wait(3 * call);
  }
  CHECK(notes.threads() == 3);
  CHECK(begun == 3);
  CHECK_FALSE(prepared);
  for (const std::size_t number : {1U, 2U, 3U}) CHECK(notes.numbers().count(number) == 20);
  workers.end();
  workers.end();
}

TEST_CASE("Workers that were never called end, and none can be called where there are none") {
  Notes notes;
  {
    const Workers workers(8, anywhere, [] {});
  }
  Workers nobody(0, anywhere, [] {});
  nobody.call(notes);
  nobody.end();
  CHECK(notes.numbers().empty());
}

Root<Node> make_tree(int depth) {
  Root<Node> node = make<Node>();
  if (depth > 0) {
    node->left = make_tree(depth - 1);
    node->right = make_tree(depth - 1);
  }
  return node;
}

std::size_t count_tree(const Node* node) {
  return node == nullptr ? 0 : 1 + count_tree(node->left.get()) + count_tree(node->right.get());
}

TEST_CASE("A Runtime marks with as many threads as it is told") {
  for (const std::uint32_t wanted : {1U, 2U, 5U}) {
    CAPTURE(wanted);
    Config config = quiet();
    config.workers = wanted;
    config.gc_percent.reset();
    Runtime runtime(config);
    Attach here(runtime);
    const Root<Node> top = make_tree(15);
    std::uint64_t most = 0;
    for (int cycle = 0; cycle < 10 || (most < 2 && wanted > 1 && cycle < 10'000); ++cycle) {
      runtime.collect();
      most = std::max(most, runtime.last_cycle().workers);
      REQUIRE(count_tree(top.get()) == (std::size_t{1} << 16) - 1);
    }
    CHECK(most >= std::min(wanted, 2U));
    CHECK(most <= wanted);
  }
}

}  // namespace
}  // namespace midden::runtime
