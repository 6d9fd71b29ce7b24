#include "runtime/added_types.hpp"

#include <stdexcept>
#include <utility>

namespace midden::inline MIDDEN_ABI::runtime {

namespace {

// Relaxed: the numbers need only be distinct.
std::uint32_t next_number() {
  static std::atomic<std::uint32_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace

AddedTypes::AddedTypes(collector::Heap& heap) : heap_(heap), number_(next_number()) {}

TypeHandle AddedTypes::add(const TypeInfo& type) {
  const std::lock_guard lock(mutex_);
  if (free_ == nullptr) free_ = &places_.emplace_back();
  free_->type = &heap_.types().add(type);
  AddedType& place = *std::exchange(free_, free_->next_free);
  return {place, number_, place.use()};
}

void AddedTypes::retire(TypeHandle handle) {
  const std::lock_guard lock(mutex_);
  heap_.retire(find(handle));
  AddedType& place = *handle.type_;
  place.end_use();
  place.next_free = std::exchange(free_, &place);
}

collector::Type& AddedTypes::find(TypeHandle handle) const {
  if (!handle) throw std::invalid_argument("midden: a TypeHandle is empty");
  if (handle.runtime_ != number_) throw std::invalid_argument("midden: a TypeHandle is of another Runtime");
  if (handle.use_ != handle.type_->use()) throw std::invalid_argument("midden: a TypeHandle is of a retired type");
  return *handle.type_->type;
}

}  // namespace midden::inline MIDDEN_ABI::runtime
