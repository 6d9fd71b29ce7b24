#include "tools/bench/maps/batch.hpp"

namespace bench::maps {

void Batch::clear() {
  words_.clear();
  values_.clear();
  operations_.clear();
}

void Batch::add(std::uint64_t number, std::int64_t value, Operation operation) {
  if (!strings_) {
    words_.push_back(scrambled(number));
  } else {
    if (texts_.size() == size()) texts_.emplace_back();
    std::string& text = texts_[size()];
    text.clear();
    append_key(text, *strings_, number);
  }
  values_.push_back(value);
  operations_.push_back(operation);
}

}  // namespace bench::maps
