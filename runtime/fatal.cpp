#include "runtime/fatal.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <exception>

#include "runtime/backtrace.hpp"

namespace midden::inline MIDDEN_ABI::runtime {

namespace {

void say(std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(STDERR_FILENO, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace

void fatal(std::string_view what, std::string_view structure) {
  say("midden: fatal: ");
  say(what);
  if (!structure.empty()) {
    say("\n  ");
    say(structure);
  }
  say("\ncall stack:\n");
  const CallStack stack = capture_stack(1);
  try {
    say(describe(stack));
  } catch (const std::exception&) {
    say("  (no memory to name its functions)\n");
  }
  std::abort();
}

}  // namespace midden::inline MIDDEN_ABI::runtime
