#include "tools/count/words.hpp"

#include <array>

namespace count {

namespace {

// The letter in lower case, or 0.
char letter(char byte) {
  if (byte >= 'a' && byte <= 'z') return byte;
  if (byte >= 'A' && byte <= 'Z') return static_cast<char>(byte - 'A' + 'a');
  return 0;
}

}  // namespace

void for_each_word(std::istream& text, const std::function<void(std::string_view)>& word) {
  std::array<char, 1 << 16> piece{};
  std::string current;
  const auto end_word = [&] {
    if (!current.empty()) word(current);
    current.clear();
  };
  while (text.read(piece.data(), piece.size()), text.gcount() > 0) {
    for (const char byte : std::string_view(piece.data(), static_cast<std::size_t>(text.gcount()))) {
      if (const char in_word = letter(byte)) {
        current.push_back(in_word);
      } else {
        end_word();
      }
    }
  }
  end_word();
}

}  // namespace count
