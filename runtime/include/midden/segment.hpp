#pragma once
// Segment: a run of bytes for an opaque arena, which the collector marks as one object.
//
//   | size | bytes ... |         zero when made; pages appear when they are touched
//
// The collector never looks inside: it may hold no reference. A segment above 256 KiB is paced
// and limited by what its owner commits, not by its size, so a container may reserve much and
// use little. Smaller ones count as ordinary objects.
//
// Threads: making and committing on an attached thread; the bytes as their owner says.

#include <cstddef>

#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/describe.hpp>
#include <midden/root.hpp>

namespace midden::inline MIDDEN_ABI {

class Segment {
 public:
  static constexpr Leaf midden_leaf{};

  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;

  std::size_t size() const noexcept { return size_; }
  // Aligned to 8 bytes.
  std::byte* data() noexcept { return reinterpret_cast<std::byte*>(this + 1); }

 private:
  friend Root<Segment> make_segment(Attach& here, std::size_t bytes);
  explicit Segment(std::size_t size) : size_(size) {}

  std::size_t size_;
};

namespace detail {

template <>
struct StaticType<Segment> {
  TypeInfo info{.name = "midden::Segment",
                .size = sizeof(Segment),
                .alignment = alignof(Segment),
                .element_size = 1,
                .segment = true};
};

}  // namespace detail

// A zeroed segment of `bytes` usable bytes. Throws OutOfMemory, NotAttached. A safepoint.
Root<Segment> make_segment(Attach& here, std::size_t bytes);

// Call before touching beyond what was committed: counts the first `bytes` bytes of the segment
// against pacing and limits. Throws OutOfMemory, and then the bytes may not be touched. A
// safepoint: the caller keeps the segment alive. Committing less than before does nothing. One thread at a time for
// one segment.
void commit(Attach& here, Segment& segment, std::size_t bytes);

// Gives memory of a segment above 256 KiB back to the system: the pages that lie wholly in [begin, begin + bytes),
// which read as zeros when they are touched again. The segment counts as before. Does nothing where `begin` lies in no
// such segment of that Runtime. Requires: all the bytes are the segment's, which is alive. Any thread, attached or not.
void discard(Runtime& runtime, std::byte* begin, std::size_t bytes) noexcept;

}  // namespace midden::inline MIDDEN_ABI
