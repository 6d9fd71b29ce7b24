#pragma once
// The test program's own operator new, which can refuse: what the collector does when its host has
// no memory left.

namespace midden::collector_tests {

// While it lives, this thread gets no memory from the host's allocator.
class NoHostMemory {
 public:
  NoHostMemory();
  ~NoHostMemory();
  NoHostMemory(const NoHostMemory&) = delete;
  NoHostMemory& operator=(const NoHostMemory&) = delete;
};

}  // namespace midden::collector_tests
