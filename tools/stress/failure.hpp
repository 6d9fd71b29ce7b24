#pragma once
// What a scenario says when it does not find what must be there.
//
// Threads: any of a round's.

#include <fmt/format.h>

#include <string>
#include <utility>

namespace stress {

// Notes the failure for the parent and ends the process at once: nothing is unwound that may be broken. Of several
// threads the first is noted.
[[noreturn]] void fail(const std::string& words);

// Fails with these words where `right` is false.
template <class... Arguments>
void must(bool right, fmt::format_string<Arguments...> words, Arguments&&... arguments) {
  if (!right) [[unlikely]]
    fail(fmt::format(words, std::forward<Arguments>(arguments)...));
}

}  // namespace stress
