#pragma once
// Words of a text: maximal runs of the letters A to Z, in lower case. All other bytes separate.
//
// The text comes in pieces; a word that is cut between two is put together.

#include <cstdio>
#include <functional>
#include <string>
#include <string_view>

namespace count {

// Calls `word` for each word of the stream; the view ends with the call. Throws std::system_error
// where the stream cannot be read.
void for_each_word(std::FILE* text, const std::function<void(std::string_view)>& word);

}  // namespace count
