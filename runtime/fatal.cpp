#include "runtime/fatal.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string>

#include "runtime/backtrace.hpp"

namespace midden::inline MIDDEN_ABI::runtime {

void fatal(std::string_view what, std::string_view structure) {
  std::string text = "midden: fatal: ";
  text.append(what).append("\n");
  if (!structure.empty()) text.append("  ").append(structure).append("\n");
  text.append("call stack:\n").append(describe(capture_stack(1)));
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t count = ::write(STDERR_FILENO, text.data() + written, text.size() - written);
    if (count <= 0) break;
    written += static_cast<std::size_t>(count);
  }
  std::abort();
}

}  // namespace midden::inline MIDDEN_ABI::runtime
