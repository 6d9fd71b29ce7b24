// When the system gives the process no more memory: OutOfMemory, the heap intact, and going on when it
// gives some again.

#include <malloc.h>
#include <sys/resource.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>

#include "tests/runtime/nodes.hpp"
#include "tests/support/catch.hpp"

using midden::Attach;
using midden::Root;
using midden::Runtime;

namespace {

constexpr std::size_t mib = std::size_t{1} << 20;

// Private memory that the process may write to.
std::size_t data_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word != "VmData:") continue;
    std::size_t kib = 0;
    status >> kib;
    return kib * 1024;
  }
  return 0;
}

// While it lives the system gives the process so many bytes more.
class LimitedSystem {
 public:
  explicit LimitedSystem(std::size_t more) {
    REQUIRE(getrlimit(RLIMIT_DATA, &before_) == 0);
    rlimit now = before_;
    now.rlim_cur = data_bytes() + more;
    REQUIRE(setrlimit(RLIMIT_DATA, &now) == 0);
  }
  ~LimitedSystem() { setrlimit(RLIMIT_DATA, &before_); }
  LimitedSystem(const LimitedSystem&) = delete;
  LimitedSystem& operator=(const LimitedSystem&) = delete;

 private:
  rlimit before_{};
};

// Leaves so much with the host's allocator: the second marker takes its memory from there, and a cycle
// of a checked heap that finds none cannot go on.
void keep_host_memory(std::size_t bytes) {
  REQUIRE(mallopt(M_MMAP_THRESHOLD, static_cast<int>(2 * bytes)) == 1);
  REQUIRE(mallopt(M_TRIM_THRESHOLD, static_cast<int>(2 * bytes)) == 1);
  void* volatile taken = std::malloc(bytes);
  std::free(taken);
}

struct Page {
  midden::Ref<Page> next;
  std::uint8_t bytes[4080];
  static constexpr auto midden_refs = midden::refs<Page>(&Page::next);
};

}  // namespace

TEST_CASE("A system that gives no more is OutOfMemory, with the heap intact, and may give more later") {
  REQUIRE(data_bytes() > 0);
  keep_host_memory(8 * mib);
  midden::Config config = checking();
  config.check = GENERATE(false, true);
  config.housekeeper = false;  // a thread of its own that comes and goes would need memory, too
  config.workers = 1;
  Runtime runtime(config);
  Attach here(runtime);
  for (int round = 0; round < 3; ++round) {
    CAPTURE(round);
    Root<Page> list;
    std::size_t length = 0;
    std::string complaint;
    {
      const LimitedSystem limited(32 * mib);
      try {
        while (length < 512 * mib / sizeof(Page)) {
          Root<Page> page = midden::make<Page>();
          page->next = list;
          page->bytes[0] = static_cast<std::uint8_t>(length);
          list = page;
          ++length;
        }
      } catch (const midden::OutOfMemory& error) {
        complaint = error.what();
      }
    }
    CHECK(complaint.find("the system gives no more") != std::string::npos);
    // In the first round at least this much was there; later what the heap had is used again.
    CHECK(length >= 16 * mib / sizeof(Page));
    CHECK(live_objects(runtime) == length);
    std::size_t found = 0;
    bool right = true;
    for (const Page* page = list.get(); page != nullptr; page = page->next.get()) {
      ++found;
      right = right && page->bytes[0] == static_cast<std::uint8_t>(length - found);
    }
    CHECK(found == length);
    CHECK(right);
    // The system gives some again.
    CHECK(midden::make_array<char>(64 * mib)->size() == 64 * mib);
  }
  CHECK(live_objects(runtime) == 0);
}
