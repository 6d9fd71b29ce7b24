#include "collector/heap/type_table.hpp"

#include <bit>
#include <new>
#include <stdexcept>
#include <string>

namespace midden::inline MIDDEN_ABI {

void validate(const TypeInfo& type) {
  auto refuse = [&](const std::string& what) {
    throw std::invalid_argument("midden: type '" + std::string(type.name) + "': " + what);
  };
  auto check_offsets = [&](std::span<const std::uint32_t> offsets, std::size_t bytes, const char* part) {
    for (const std::uint32_t offset : offsets) {
      if (offset % sizeof(void*) != 0) refuse(std::string("a reference in its ") + part + " is not on a multiple of 8");
      if (std::size_t{offset} + sizeof(void*) > bytes) refuse(std::string("a reference lies outside of its ") + part);
    }
  };
  if (type.name.empty()) refuse("has no name");
  if (!std::has_single_bit(type.alignment) || type.alignment > max_alignment) {
    refuse("alignment " + std::to_string(type.alignment) + " is not a power of two up to " +
           std::to_string(max_alignment));
  }
  if (type.size == 0 && type.element_size == 0) refuse("has no size");
  if (type.size > (std::size_t{1} << 40)) refuse("is larger than 1 TiB");
  check_offsets(type.refs, type.size, "fixed part");
  check_offsets(type.element_refs, type.element_size, "elements");
  if (!type.element_refs.empty()) {
    if (type.element_size % sizeof(void*) != 0) refuse("elements with references are not a multiple of 8 bytes");
    if (type.size % sizeof(void*) != 0) refuse("elements with references do not begin on a multiple of 8");
    if (type.used_offset % sizeof(void*) != 0 || type.size < sizeof(std::size_t) ||
        type.used_offset > type.size - sizeof(std::size_t)) {
      refuse("the count of its elements lies outside of its fixed part");
    }
  }
  if (type.segment && !type.leaf()) refuse("is a segment that holds references");
}

}  // namespace midden::inline MIDDEN_ABI

namespace midden::inline MIDDEN_ABI::collector {

namespace {

constexpr std::size_t max_chunks = 1 << 16;

}  // namespace

Type::Type(TypeId id, const TypeInfo& described)
    : id_(id),
      name_(described.name),
      refs_(described.refs.begin(), described.refs.end()),
      element_refs_(described.element_refs.begin(), described.element_refs.end()),
      info_(described),
      homes_(std::make_unique<Home[]>(described.element_size == 0 ? 1 : size_class_count)) {
  info_.name = name_;
  info_.refs = refs_;
  info_.element_refs = element_refs_;
  plan_ = {.slot_bytes = 0,
           .refs = info_.refs,
           .fixed_bytes = info_.size,
           .element_bytes = element_refs_.empty() ? 0 : info_.element_size,
           .element_refs = info_.element_refs,
           .used_offset = info_.used_offset,
           .scan = info_.scan};
}

PlanWord Type::make_plan(std::size_t slot_bytes) {
  ScanPlan& plan = own_plans_.emplace_back(plan_);
  plan.slot_bytes = slot_bytes;
  return PlanWord::of(plan, info_.leaf());
}

TypeTable::TypeTable() : chunks_(std::make_unique<Chunk[]>(max_chunks)) {}

Type& TypeTable::find(const TypeInfo& described) {
  const std::lock_guard lock(mutex_);
  if (const auto known = by_address_.find(&described); known != by_address_.end()) return *known->second;
  Type& type = insert(described);
  by_address_.emplace(&described, &type);
  return type;
}

Type& TypeTable::add(const TypeInfo& described) {
  const std::lock_guard lock(mutex_);
  return insert(described);
}

Type& TypeTable::insert(const TypeInfo& described) {
  validate(described);
  const TypeId id = free_.empty() ? next_ : free_.back();
  if (id >> chunk_log2 >= max_chunks) throw std::bad_alloc();
  Chunk& chunk = chunks_[id >> chunk_log2];
  if (chunk == nullptr) chunk = std::make_unique<std::unique_ptr<Type>[]>(chunk_size);
  auto type = std::make_unique<Type>(id, described);
  if (free_.empty()) {
    ++next_;
  } else {
    free_.pop_back();
  }
  return *(chunk[id & (chunk_size - 1)] = std::move(type));
}

std::vector<Type*> TypeTable::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<Type*> result;
  for (TypeId id = 1; id < next_; ++id) {
    Type* type = chunks_[id >> chunk_log2][id & (chunk_size - 1)].get();
    if (type != nullptr) result.push_back(type);
  }
  return result;
}

TypeId TypeTable::end_id() const {
  const std::lock_guard lock(mutex_);
  return next_;
}

void TypeTable::remove(Type& type) {
  const std::lock_guard lock(mutex_);
  const TypeId id = type.id();
  free_.reserve(free_.size() + 1);
  chunks_[id >> chunk_log2][id & (chunk_size - 1)].reset();
  free_.push_back(id);
}

}  // namespace midden::inline MIDDEN_ABI::collector
