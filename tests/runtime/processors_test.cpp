// How many processors a process may use, and which of them a Runtime's threads.

#include "runtime/processors.hpp"

#include <sched.h>
#include <sys/types.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <string_view>
#include <thread>

#include <midden/midden.hpp>

#include "tests/runtime/nodes.hpp"
#include "tests/support/catch.hpp"

namespace midden::runtime {
namespace {

TEST_CASE("A quota of processors is rounded up, and one that is not understood is none") {
  constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
  CHECK(quota_of("150000 100000") == 2);
  CHECK(quota_of("200000 100000") == 2);
  CHECK(quota_of("1000 100000") == 1);
  CHECK(quota_of("0 100000") == 1);
  CHECK(quota_of("max 100000") == none);
  CHECK(quota_of("") == none);
  CHECK(quota_of("150000 100000\n") == 2);
  CHECK(quota_of("100000") == none);
  CHECK(quota_of("100000 0") == none);
  CHECK(quota_of("100000 x") == none);
  CHECK(quota_of("18446744073709551615 1") == none);
}

// An empty folder, which ends with it.
class Folder {
 public:
  Folder() {
    std::string name = std::filesystem::temp_directory_path() / "midden-XXXXXX";
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string path() const { return path_; }
  void write(const std::filesystem::path& file, const char* text) const {
    std::filesystem::create_directories((path_ / file).parent_path());
    std::ofstream(path_ / file) << text;
  }

 private:
  std::filesystem::path path_;
};

TEST_CASE("The least quota of a control group and of those above it holds") {
  const Folder mount;
  const auto quota = [&](std::string_view group) { return quota_of_group(mount.path(), group); };
  mount.write("pod/box/cpu.max", "400000 100000\n");
  CHECK(quota("/pod/box") == 4);
  mount.write("pod/cpu.max", "200000 100000\n");
  mount.write("other/cpu.max", "100000 100000\n");
  CHECK(quota("/pod/box") == 2);
  CHECK(quota("/pod") == 2);
  mount.write("pod/box/cpu.max", "max 100000\n");
  CHECK(quota("/pod/box") == 2);
  CHECK(quota("/pod/box/without") == 2);
  CHECK(quota("/pods") == std::numeric_limits<std::uint32_t>::max());
  mount.write("cpu.max", "50000 100000\n");
  for (const char* group : {"/pod/box", "/other", "/", ""}) CHECK(quota(group) == 1);
}

TEST_CASE("Processors are counted where there are more than one set of the system's holds") {
  const Placement many([](pid_t, std::size_t bytes, cpu_set_t* sets) {
    if (bytes < 3000 / 8) {
      errno = EINVAL;
      return -1;
    }
    CPU_SET_S(7, bytes, sets);
    CPU_SET_S(2999, bytes, sets);
    return 0;
  });
  CHECK(many.count() == 2);
  const Placement unknown([](pid_t, std::size_t, cpu_set_t*) {
    errno = ENOSYS;
    return -1;
  });
  CHECK(unknown.count() == 1);
  unknown.take();
}

// Where a thread of this process may run; 0: this one.
cpu_set_t places_of(pid_t thread) {
  cpu_set_t set;
  CPU_ZERO(&set);
  static_cast<void>(sched_getaffinity(thread, sizeof set, &set));
  return set;
}

void stay_on_one_processor() {
  const cpu_set_t all = places_of(0);
  cpu_set_t one;
  CPU_ZERO(&one);
  for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++i) {
    if (CPU_ISSET(i, &all)) CPU_SET(i, &one);
  }
  REQUIRE(sched_setaffinity(0, sizeof one, &one) == 0);
}

// The thread of this process that has the name, or 0.
pid_t thread_named(const std::string& wanted) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(entry.path() / "comm"), name);
    if (name == wanted) return std::stoi(entry.path().filename());
  }
  return 0;
}

TEST_CASE("A process that may run on one processor has one") {
  CHECK(processors(Placement()) >= 1);
  std::thread([] {
    stay_on_one_processor();
    CHECK(processors(Placement()) == 1);
  }).join();
}

TEST_CASE("A Runtime's threads may run where the one that made it might, wherever the one runs that collects") {
  const cpu_set_t all = places_of(0);
  if (CPU_COUNT(&all) < 2) {
    WARN("skipped: there is one processor");
    return;
  }
  Config config = quiet();
  config.workers = 2;
  Runtime runtime(config);
  std::thread([&] {
    stay_on_one_processor();
    Attach here(runtime);
    const Root<Node> list = make_list(100'000);
    REQUIRE(within(std::chrono::seconds(60), [&] {
      runtime.collect();
      return thread_named("midden-mark") != 0 && thread_named("midden-house") != 0;
    }));
    const cpu_set_t mark = places_of(thread_named("midden-mark"));
    const cpu_set_t house = places_of(thread_named("midden-house"));
    CHECK(CPU_EQUAL(&mark, &all));
    CHECK(CPU_EQUAL(&house, &all));
  }).join();
}

}  // namespace
}  // namespace midden::runtime
