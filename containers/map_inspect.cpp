#include <midden/map_inspect.hpp>

#include <algorithm>
#include <string_view>

namespace midden::inline MIDDEN_ABI::detail {

namespace {

constexpr std::size_t most_shown = 64;  // bytes of a key
constexpr std::string_view digits = "0123456789abcdef";

void add_hex(std::string& text, std::byte byte) {
  text += digits[std::to_integer<std::size_t>(byte >> 4)];
  text += digits[std::to_integer<std::size_t>(byte & std::byte{15})];
}

std::span<const std::byte> shown(MapKey key) { return {key.data, std::min<std::size_t>(key.word, most_shown)}; }

// What follows what is shown of a key.
std::string rest(MapKey key) { return key.word <= most_shown ? "" : "... (" + std::to_string(key.word) + " bytes)"; }

}  // namespace

std::string describe_text_key(MapKey key) {
  std::string text = "\"";
  for (const std::byte byte : shown(key)) {
    const char letter = static_cast<char>(byte);
    if (letter == '"' || letter == '\\') {
      text += '\\';
      text += letter;
    } else if (letter >= ' ' && letter <= '~') {
      text += letter;
    } else {
      text += "\\x";
      add_hex(text, byte);
    }
  }
  return text + "\"" + rest(key);
}

std::string describe_bytes_key(MapKey key) {
  std::string text = "0x";
  for (const std::byte byte : shown(key)) add_hex(text, byte);
  return text + rest(key);
}

}  // namespace midden::inline MIDDEN_ABI::detail
