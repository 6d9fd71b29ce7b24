#include "runtime/audit/host_calls.hpp"

#include <charconv>
#include <cstddef>
#include <utility>

#include "runtime/backtrace.hpp"

namespace midden::inline MIDDEN_ABI::runtime {

namespace {

constexpr std::string_view library = "midden::";

// Whether it stands in the library, and is not one that a header makes for a host.
bool is_inner(std::string_view function) {
  if (!function.starts_with(library)) return false;
  const std::size_t version = function.find("::", library.size());  // the inline namespace
  if (version == std::string_view::npos) return false;
  function.remove_prefix(version + 2);
  return function.starts_with("runtime::") || function.starts_with("collector::") || function.starts_with("detail::");
}

// "ns::Class::function" of "_ZN2ns5Class8functionEv"; empty where the begin is no name of one's own.
std::string name_in(std::string_view symbol) {
  std::string name;
  const std::size_t begin = symbol.find_first_not_of("_ZNKL");
  if (!symbol.starts_with("_Z") || begin == std::string_view::npos) return name;
  symbol.remove_prefix(begin);
  std::size_t length = 0;
  while (true) {
    const auto [end, error] = std::from_chars(symbol.data(), symbol.data() + symbol.size(), length);
    if (error != std::errc() || length > static_cast<std::size_t>(symbol.data() + symbol.size() - end)) return name;
    const std::string_view part(end, length);
    name.append(name.empty() ? "" : "::").append(part.starts_with("_GLOBAL__N") ? "(anonymous)" : part);
    symbol = std::string_view(end + length, static_cast<std::size_t>(symbol.data() + symbol.size() - end) - length);
  }
}

// The function that stands around a call; "" where that is not known.
std::string function_around(void* address) {
  const std::string symbol = function_of_call(address).symbol;
  std::string name = name_in(symbol);
  return name.empty() && !symbol.empty() ? readable(symbol) : name;
}

// The functions that a call is in, one put into the other by the compiler; at least one.
std::vector<Position> positions_of(void* address, const SourceLines& lines) {
  std::vector<Position> positions = lines.of_call(address);
  if (positions.empty()) positions.emplace_back();
  // The linker knows its namespaces, whatever the compiler was asked to tell.
  if (std::string around = function_around(address); !around.empty()) positions.back().function = std::move(around);
  if (positions.back().function.empty()) positions.back().function = "?";
  return positions;
}

// Code of a header that the compiler put into a host's function has no namespaces where it was asked for lines alone.
bool is_library(const Position& position) {
  return position.function.starts_with(library) || (position.function.find("::") == std::string::npos &&
                                                    position.line.find("/include/midden/") != std::string::npos);
}

}  // namespace

bool is_inner_call(void* address) { return is_inner(function_around(address)); }

std::string describe_calls(const std::vector<void*>& frames, std::string_view head, const SourceLines& lines) {
  constexpr int most = 3;
  std::string text;
  int told = 0;
  for (void* const address : frames) {
    if (is_inner_call(address)) continue;
    for (const Position& position : positions_of(address, lines)) {
      if (is_library(position)) continue;
      text.append("\n  ").append(told == 0 ? head : "   called by").append("  ").append(position.function);
      if (!position.line.empty()) text.append(" at ").append(position.line);
      if (++told == most) return text;
    }
  }
  return text;
}

}  // namespace midden::inline MIDDEN_ABI::runtime
