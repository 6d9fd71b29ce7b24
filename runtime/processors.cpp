#include "runtime/processors.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <limits>
#include <system_error>

namespace midden::inline MIDDEN_ABI::runtime {

namespace {

constexpr std::uint32_t no_limit = std::numeric_limits<std::uint32_t>::max();

// The beginning of a file of the system's, without asking the host's allocator.
class Text {
 public:
  explicit Text(const char* path) {
    const int file = ::open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    if (const ::ssize_t got = ::read(file, bytes_, sizeof bytes_); got > 0) size_ = static_cast<std::size_t>(got);
    ::close(file);
  }
  std::string_view view() const { return {bytes_, size_}; }

 private:
  char bytes_[4096];
  std::size_t size_ = 0;
};

// Of the group that /proc/self/cgroup names in a line "0::/path". In a container that is "/".
std::uint32_t own_quota() {
  const Text groups("/proc/self/cgroup");
  constexpr std::string_view own = "0::";
  std::size_t begin = groups.view().find(own);
  if (begin == std::string_view::npos || (begin != 0 && groups.view()[begin - 1] != '\n')) return no_limit;
  begin += own.size();
  return quota_of_group("/sys/fs/cgroup", groups.view().substr(begin, groups.view().find('\n', begin) - begin));
}

}  // namespace

Placement::Placement(Ask ask) {
  constexpr std::size_t most_sets = 64;
  // EINVAL says that the machine has more processors.
  for (std::size_t count = 1; count <= most_sets; count *= 2) {
    sets_.assign(count, {});
    if (ask(0, bytes(), sets_.data()) == 0) return;
    if (errno != EINVAL) break;
  }
  sets_.clear();
}

std::uint32_t Placement::count() const {
  return sets_.empty() ? 1 : static_cast<std::uint32_t>(CPU_COUNT_S(bytes(), sets_.data()));
}

void Placement::take() const {
  if (!sets_.empty()) static_cast<void>(::sched_setaffinity(0, bytes(), sets_.data()));
}

std::uint32_t processors(const Placement& placement) { return std::min(placement.count(), own_quota()); }

std::uint32_t quota_of_group(std::string_view mount, std::string_view group) {
  std::uint32_t least = no_limit;
  while (true) {
    char path[4096];
    const int length = std::snprintf(path, sizeof path, "%.*s%.*s/cpu.max", static_cast<int>(mount.size()),
                                     mount.data(), static_cast<int>(group.size()), group.data());
    if (length < static_cast<int>(sizeof path)) least = std::min(least, quota_of(Text(path).view()));
    const std::size_t end_of_above = group.rfind('/');
    if (end_of_above == std::string_view::npos) return least;
    group = group.substr(0, end_of_above);
  }
}

std::uint32_t quota_of(std::string_view cpu_max) {
  std::uint64_t quota = 0, period = 0;
  const char* const end = cpu_max.data() + cpu_max.size();
  const auto [space, bad_quota] = std::from_chars(cpu_max.data(), end, quota);
  if (bad_quota != std::errc() || space == end || *space != ' ') return no_limit;
  const auto [stop, bad_period] = std::from_chars(space + 1, end, period);
  if (bad_period != std::errc() || period == 0) return no_limit;
  const std::uint64_t whole = quota / period + (quota % period != 0);
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(whole, 1, no_limit));
}

}  // namespace midden::inline MIDDEN_ABI::runtime
