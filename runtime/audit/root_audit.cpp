#include "runtime/audit/root_audit.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "collector/check/heap_walk.hpp"
#include "runtime/audit/host_calls.hpp"
#include "runtime/audit/source_lines.hpp"
#include "runtime/thread.hpp"

namespace midden::inline MIDDEN_ABI::runtime {

namespace {

std::string plus(std::ptrdiff_t offset) { return offset == 0 ? std::string() : " +" + std::to_string(offset); }

}  // namespace

std::unique_ptr<StackWords> RootAudit::words() const {
  const collector::AddressSpace& space = heap_.address_space();
  return std::make_unique<StackWords>(space.base(), space.reserved_blocks() * collector::block_bytes);
}

void RootAudit::forget_dead(const collector::StoppedWorld& stopped, const collector::Heap&) {
  found_.clear();
  seen_.clear();
  find_in_threads();
  find_in_objects(stopped);
  sites_.forget_dead(heap_);
}

void RootAudit::find_in_threads() {
  for (const auto& thread : world_.threads()) {
    if (thread->held == nullptr) continue;
    const std::span<void* const> frames = thread->held->frames();
    for (const HeldWord& held : thread->held->words()) {
      const void* const object = dying(held.word);
      if (object == nullptr) continue;
      const auto from = frames.begin() + static_cast<std::ptrdiff_t>(held.frame);
      Place place;
      place.call = *from;
      Suspect* const suspect = add(std::move(place), held.word, object);
      if (suspect == nullptr) continue;
      suspect->holder = "thread \"" + thread->name + "\"";
      suspect->at = held.place;
      suspect->frames.assign(from, from + std::min<std::ptrdiff_t>(frames.end() - from, 16));
    }
  }
}

void RootAudit::find_in_objects(const collector::StoppedWorld& stopped) {
  for (const collector::Space& space : heap_.spaces(stopped)) {
    for (const collector::BlockIndex first : space.spans) {
      const collector::Block& head = heap_.address_space().block(first);
      const std::byte* object = heap_.address_space().begin_of(first);
      for (std::uint32_t slot = 0; slot < head.slots; ++slot, object += head.slot_bytes) {
        if (heap_.marked(object) && !heap_.type_of(object).info().segment) find_in_object(object, head.slot_bytes);
      }
    }
  }
}

void RootAudit::find_in_object(const void* holder, std::size_t bytes) {
  for (std::size_t at = 0; at + sizeof(void*) <= bytes; at += sizeof(void*)) {
    const void* word = nullptr;
    std::memcpy(&word, static_cast<const std::byte*>(holder) + at, sizeof word);
    const void* const object = dying(word);
    if (object == nullptr) continue;
    Place place;
    place.type = heap_.type_of(holder).info().name;
    place.at = static_cast<std::ptrdiff_t>(at);
    Suspect* const suspect = add(std::move(place), word, object);
    if (suspect == nullptr) continue;
    suspect->holder = collector::describe_object(heap_, holder);
    suspect->at = static_cast<std::ptrdiff_t>(at);
  }
}

const void* RootAudit::dying(const void* word) const {
  const void* const object = heap_.slot_around(word);
  if (object == nullptr || heap_.marked(object)) return nullptr;
  return sites_.find(object) == nullptr ? nullptr : object;  // not there: it died before
}

RootAudit::Suspect* RootAudit::add(Place place, const void* word, const void* object) {
  place.named = heap_.type_of(object).info().name;
  if (found_.size() == most_found || told_.contains(place) || !seen_.insert(place).second) return nullptr;
  Suspect& suspect = found_.emplace_back();
  suspect.place = std::move(place);
  suspect.object = collector::describe_object(heap_, object);
  suspect.inside = static_cast<const std::byte*>(word) - static_cast<const std::byte*>(object);
  suspect.born = sites_.find(object);
  return &suspect;
}

std::vector<std::string> RootAudit::tell() {
  std::vector<std::string> told;
  std::optional<SourceLines> lines;
  for (const Suspect& suspect : found_) {
    if (told.size() == most_told) break;
    void* const call = suspect.place.call;
    if (!told_.insert(suspect.place).second || (call != nullptr && is_inner_call(call))) continue;
    if (!lines) lines.emplace();
    told.push_back(describe(suspect, *lines));
  }
  found_.clear();
  return told;
}

std::string RootAudit::describe(const Suspect& suspect, const SourceLines& lines) {
  std::string text = "suspect: no root keeps " + suspect.object + ", which dies in this cycle; " + suspect.holder +
                     " has its address" + plus(suspect.inside);
  if (suspect.frames.empty()) {
    text += " at +" + std::to_string(suspect.at) + ", where its type declares no reference";
  } else {
    text += " " + StackWords::describe_place(static_cast<std::int32_t>(suspect.at)) +
            describe_calls(suspect.frames, "held by     ", lines);
  }
  return text + describe_calls(*suspect.born, "allocated by", lines);
}

}  // namespace midden::inline MIDDEN_ABI::runtime
