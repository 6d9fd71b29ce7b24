#pragma once
// What a thread holds where it becomes quiet: the words of its stack and of its registers that are addresses in the
// heap, each with the frame whose it is.
//
//   frame f   | words ...... | registers that f saved | return |          towards the callers ──▶
//           sp of f                                          end of f = sp of its caller
//
// A register that survives calls is saved by the first function inside that uses it. That copy is no word of the frame
// it stands in but the value of a frame further out: of the first, going outwards, that has saved the register itself,
// and so has put the value there.
//
// What is found is what the compiler has kept, dead or alive: a slot that is not used any more has its last value.
// Frames behind one without unwind tables are not looked at. Source: libunwind's cursor, and unw_get_save_loc.
//
// Threads: `record` on the thread itself, when it is about to be quiet; the rest by others, while it is.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI::runtime {

struct HeldWord {
  const void* word;
  std::size_t frame;
  // Bytes to the end of the frame, below 0, or the number of a register.
  std::int32_t place;
};

class StackWords {
 public:
  // Addresses in [begin, begin + bytes) are looked for.
  StackWords(const void* begin, std::size_t bytes) : begin_(reinterpret_cast<std::uintptr_t>(begin)), bytes_(bytes) {}

  // Whether this build can: it has libunwind.
  static bool supported();

  // Of the caller and of those who called it. Where the host's allocator has no memory, of none.
  void record() noexcept;
  std::span<const HeldWord> words() const { return words_; }
  // Where each frame calls the one before it, the innermost first.
  std::span<void* const> frames() const { return frames_; }

  // "in register RBX", "24 bytes below the end of its frame".
  static std::string describe_place(std::int32_t place);

 private:
  void add(const void* word, std::int32_t place) {
    if (reinterpret_cast<std::uintptr_t>(word) - begin_ < bytes_) words_.push_back({word, frames_.size() - 1, place});
  }

  const std::uintptr_t begin_;
  const std::size_t bytes_;
  std::vector<HeldWord> words_;
  std::vector<void*> frames_;
};

}  // namespace midden::inline MIDDEN_ABI::runtime
