#include "runtime/audit/host_calls.hpp"

#include <charconv>
#include <cstddef>
#include <utility>

#include "runtime/backtrace.hpp"

namespace midden::inline MIDDEN_ABI::runtime {

namespace {

constexpr std::string_view library = "midden::";

struct Name {
  std::string text{};     // "ns::Class::function" of "_ZN2ns5Class8functionEv"; empty where it begins otherwise
  bool made_for = false;  // arguments of a template follow
};

Name name_in(std::string_view symbol) {
  Name name;
  const std::size_t begin = symbol.find_first_not_of("_ZNKL");
  if (!symbol.starts_with("_Z") || begin == std::string_view::npos) return name;
  symbol.remove_prefix(begin);
  std::size_t length = 0;
  while (true) {
    const char* const end_of_symbol = symbol.data() + symbol.size();
    const auto [end, error] = std::from_chars(symbol.data(), end_of_symbol, length);
    if (error != std::errc() || length > static_cast<std::size_t>(end_of_symbol - end)) break;
    const std::string_view part(end, length);
    name.text.append(name.text.empty() ? "" : "::").append(part.starts_with("_GLOBAL__N") ? "(anonymous)" : part);
    symbol = std::string_view(end + length, static_cast<std::size_t>(end_of_symbol - end) - length);
  }
  name.made_for = symbol.starts_with("I");
  return name;
}

// The function that stands around a call; "" where that is not known.
std::string function_around(void* address) {
  const std::string symbol = function_of_call(address).symbol;
  std::string name = name_in(symbol).text;
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

bool is_inner_call(void* address) {
  const Name name = name_in(function_of_call(address).symbol);
  return name.text.starts_with(library) && !name.made_for;
}

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
