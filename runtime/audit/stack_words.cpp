#include "runtime/audit/stack_words.hpp"

#define UNW_LOCAL_ONLY
#include <libunwind.h>

#include <algorithm>
#include <array>
#include <new>

namespace midden::inline MIDDEN_ABI::runtime {

namespace {

// Reads what is nobody's to read: words of other functions' frames.
__attribute__((noinline, no_sanitize("address"), no_sanitize("thread"))) const void* word_at(unw_word_t address) {
  return *reinterpret_cast<const void* const volatile*>(address);
}

// By register: where its value stands, as one frame sees it; 0: not known, or not kept by calls.
using Places = std::array<unw_word_t, UNW_TDEP_LAST_REG + 1>;

Places places_of(unw_cursor_t& cursor) {
  Places places{};
  for (int number = 0; number <= UNW_TDEP_LAST_REG; ++number) {
    unw_save_loc_t place{};
    if (number == UNW_TDEP_SP || number == UNW_TDEP_IP) continue;
    if (unw_get_save_loc(&cursor, number, &place) != 0 || place.type != UNW_SLT_MEMORY) continue;
    places[static_cast<std::size_t>(number)] = place.u.addr;
  }
  return places;
}

unw_word_t value_of(unw_cursor_t& cursor, unw_regnum_t number) {
  unw_word_t value = 0;
  return unw_get_reg(&cursor, number, &value) == 0 ? value : 0;
}

}  // namespace

bool StackWords::supported() { return true; }

void StackWords::record() noexcept try {
  words_.clear();
  frames_.clear();
  unw_context_t context;
  unw_cursor_t cursor;
  unw_getcontext(&context);
  if (unw_init_local(&cursor, &context) != 0) return;
  for (bool own = true, more = true; more; own = false) {
    const unw_word_t sp = value_of(cursor, UNW_REG_SP);
    const unw_word_t ip = value_of(cursor, UNW_REG_IP);
    if (ip == 0) return;
    const Places seen = places_of(cursor);
    more = unw_step(&cursor) > 0;
    const Places outside = more ? places_of(cursor) : Places{};
    frames_.push_back(reinterpret_cast<void*>(ip));
    // Values that this frame has put into registers whose former ones it saved.
    for (std::size_t i = 0; i < seen.size(); ++i) {
      if (seen[i] != 0 && seen[i] != outside[i]) add(word_at(seen[i]), static_cast<std::int32_t>(i));
    }
    if (own || !more) continue;  // `context` and more of the kind; what the system put below the first frame
    const unw_word_t end = value_of(cursor, UNW_REG_SP);
    for (unw_word_t at = sp; at < end; at += sizeof(void*)) {
      if (std::find(outside.begin(), outside.end(), at) != outside.end()) continue;
      add(word_at(at), -static_cast<std::int32_t>(end - at));
    }
  }
} catch (const std::bad_alloc&) {
  words_.clear();
}

std::string StackWords::describe_place(std::int32_t place) {
  if (place < 0) return std::to_string(-place) + " bytes below the end of its frame";
  return std::string("in register ") + unw_regname(place);
}

}  // namespace midden::inline MIDDEN_ABI::runtime
