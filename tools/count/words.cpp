#include "tools/count/words.hpp"

#include <array>
#include <cerrno>
#include <system_error>

namespace count {

namespace {

// The letter in lower case, or 0.
char letter(char byte) {
  if (byte >= 'a' && byte <= 'z') return byte;
  if (byte >= 'A' && byte <= 'Z') return static_cast<char>(byte - 'A' + 'a');
  return 0;
}

}  // namespace

void for_each_word(std::FILE* text, const std::function<void(std::string_view)>& word) {
  std::array<char, 1 << 16> piece{};
  std::string current;
  const auto end_word = [&] {
    if (!current.empty()) word(current);
    current.clear();
  };
  while (const std::size_t count = std::fread(piece.data(), 1, piece.size(), text)) {
    for (const char byte : std::string_view(piece.data(), count)) {
      if (const char in_word = letter(byte)) {
        current.push_back(in_word);
      } else {
        end_word();
      }
    }
  }
  if (std::ferror(text) != 0) throw std::system_error(errno, std::generic_category());
  end_word();
}

}  // namespace count
