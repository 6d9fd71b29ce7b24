#pragma once
// How much of this process is in memory.

#include <unistd.h>

#include <cstdint>
#include <fstream>

// In bytes, shared pages included.
inline std::uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t size = 0, resident = 0;
  file >> size >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}
