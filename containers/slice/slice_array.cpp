// What slices and rings of every element type share: sizes, and what is said when they are misused.

#include <midden/slice_array.hpp>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "containers/slice/growth.hpp"

namespace midden::inline MIDDEN_ABI::detail {

namespace {

containers::ArrayShape shape_of(const TypeInfo& array) { return {array.size, array.element_size, array.alignment}; }

}  // namespace

std::size_t slice_capacity(const TypeInfo& array, std::size_t needed) {
  return containers::fill_slot(shape_of(array), needed);
}

std::size_t slice_capacity(const TypeInfo& array, Growth growth, std::size_t capacity, std::size_t needed) {
  return containers::next_capacity(growth, shape_of(array), capacity, needed);
}

std::size_t slice_bytes(const TypeInfo& array, std::size_t capacity) {
  return containers::slot_bytes(array.size + capacity * array.element_size, array.alignment);
}

void throw_outside(const char* operation, std::size_t asked, std::size_t size) {
  throw std::out_of_range(std::string("midden::") + operation + ": " + std::to_string(asked) + " was asked for, of " +
                          std::to_string(size));
}

void index_fault(const char* container, std::size_t index, std::size_t length) {
  std::fprintf(stderr, "midden: fatal: a %s of %zu elements was asked for element %zu\n", container, length, index);
  std::abort();
}

}  // namespace midden::inline MIDDEN_ABI::detail
