#include "containers/hash/chunk.hpp"

#include <midden/fault.hpp>
#include <midden/make.hpp>

namespace midden::inline MIDDEN_ABI::containers::hash {

namespace {

// What the first bucket says of its chunk.
class About {
 public:
  About(const Layout& layout, std::size_t buckets)
      : bits_(layout.stride() / 8 | (layout.key_refs() ? key_refs : 0) | (layout.value_refs() ? value_refs : 0) |
              (layout.side_by_side() ? side_by_side : 0) | static_cast<std::uint32_t>(buckets) << buckets_at) {}
  explicit About(const Head& first) : bits_(first.about_chunk) {}

  std::uint32_t bits() const { return bits_; }
  std::size_t buckets() const { return bits_ >> buckets_at; }
  std::size_t stride() const { return std::size_t{bits_ & (key_refs - 1)} * 8; }
  bool has_key_refs() const { return (bits_ & key_refs) != 0; }
  bool has_value_refs() const { return (bits_ & value_refs) != 0; }
  bool is_side_by_side() const { return (bits_ & side_by_side) != 0; }

 private:
  static constexpr std::uint32_t key_refs = 1 << 13;
  static constexpr std::uint32_t value_refs = 1 << 14;
  static constexpr std::uint32_t side_by_side = 1 << 15;
  static constexpr unsigned buckets_at = 16;

  std::uint32_t bits_;
};

const Ref<void>* refs_at(const std::byte* place) { return reinterpret_cast<const Ref<void>*>(place); }

}  // namespace

Root<Chunk> make_chunk(Attach& here, const Layout& layout, std::size_t buckets) {
  const std::size_t words = (buckets * layout.stride() - head_bytes) / 8;
  std::byte* memory =
      layout.leaf()
          ? detail::allocate_elements(here.mutator(), detail::type_slot<LeafChunk>, type_info<LeafChunk>(), words)
          : detail::allocate_elements(here.mutator(), detail::type_slot<RefChunk>, type_info<RefChunk>(), words);
  memory = detail::launder_zeroed(memory);
  head(memory).about_chunk = About(layout, buckets).bits();
  detail::publish_object();
  return Root<Chunk>(here.mutator(), reinterpret_cast<Chunk*>(memory));
}

std::size_t buckets_of(Chunk* chunk) noexcept { return About(head(bytes_of(chunk))).buckets(); }

void scan_chunk(Tracer& tracer, const void* chunk) {
  const auto* bucket = static_cast<const std::byte*>(chunk);
  const About about(*reinterpret_cast<const Head*>(bucket));
  const std::size_t stride = about.stride();
  const std::byte* const end = bucket + (about.buckets() - (broken(Defect::bucket_unscanned) ? 1 : 0)) * stride;
  const std::size_t step = (stride - head_bytes) / slots_per_bucket;
  const bool keys = about.has_key_refs();
  const bool values = about.has_value_refs();

  if (keys && values) {
    // Eight pairs, or sixteen in two columns: one run either way.
    for (; bucket != end; bucket += stride) tracer.edges(refs_at(bucket + head_bytes), 2 * slots_per_bucket);
  } else if (about.is_side_by_side() && step != sizeof(Ref<void>)) {
    const std::size_t at = keys ? head_bytes : head_bytes + step - sizeof(Ref<void>);
    for (; bucket != end; bucket += stride) {
      const unsigned full = reinterpret_cast<const Head*>(bucket)->count();
      for (unsigned slot = 0; slot < full; ++slot) tracer.edge(*refs_at(bucket + at + slot * step));
    }
  } else {
    const std::size_t at = keys ? head_bytes : stride - slots_per_bucket * sizeof(Ref<void>);
    for (; bucket != end; bucket += stride) tracer.edges(refs_at(bucket + at), slots_per_bucket);
  }
}

}  // namespace midden::inline MIDDEN_ABI::containers::hash
