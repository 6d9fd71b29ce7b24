// Descriptions of types made at run time, and graphs of their objects: a description is refused with a reason, or its
// objects are made, joined, collected and still there.

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "tools/fuzz/fuzz.hpp"
#include "tools/stress/failure.hpp"

namespace {

using stress::must;
using stress::Random;

struct Description {
  explicit Description(Random& random) {
    for (std::uint64_t n = random.below(5); n > 0; --n) refs.push_back(offset(random));
    for (std::uint64_t n = random.below(3); n > 0; --n) element_refs.push_back(offset(random));
    info.name = random.one_in(20) ? "" : "Made";
    info.size = random.below(random.one_in(8) ? 70'000 : 80);
    info.alignment = std::size_t{1} << random.below(14);
    info.refs = refs;
    info.element_size = random.one_in(2) ? 0 : random.below(40);
    info.element_refs = element_refs;
    info.used_offset = random.below(10) * 8 + random.one_in(9);
  }
  Description(const Description&) = delete;
  Description& operator=(const Description&) = delete;

  static std::uint32_t offset(Random& random) {
    return static_cast<std::uint32_t>(random.below(10) * 8 + (random.one_in(12) ? 4 : 0));
  }

  std::vector<std::uint32_t> refs;
  std::vector<std::uint32_t> element_refs;
  midden::TypeInfo info;
};

struct Made {
  midden::TypeHandle type;
  std::size_t size;
  std::vector<std::uint32_t> refs;
  bool elements;
  bool counted;  // its elements have references
  std::size_t count_at;
};

// An object's reference, by its place in the type's list.
midden::Ref<void>& ref_of(void* object, const Made& type, std::size_t i) {
  return *reinterpret_cast<midden::Ref<void>*>(static_cast<std::byte*>(object) + type.refs[i]);
}

class Graph {
 public:
  Graph(midden::Runtime& runtime, midden::Attach& here) : runtime_(runtime), here_(here) {}

  void operate(Random& random) {
    switch (random.below(8)) {
      case 0:
        return describe(random);
      case 1:
        return retire(random);
      case 2:
        return join(random);
      case 3:
        return drop(random);
      case 4:
        return collect();
      default:
        return make(random);
    }
  }

  void collect() {
    runtime_.collect();
    for (const Node& node : nodes_) {
      for (std::size_t i = 0; i < node.type.refs.size(); ++i) {
        must(ref_of(node.object.get(), node.type, i).get() == node.targets[i], "a reference names another object");
      }
    }
  }

 private:
  struct Node {
    midden::Root<void> object;
    Made type;
    std::vector<const void*> targets;
  };

  void describe(Random& random) {
    const Description described(random);
    if (types_.size() == 8) return;
    try {
      Made made{
          runtime_.add_type(described.info), described.info.size,       described.refs, described.info.element_size > 0,
          !described.element_refs.empty(),   described.info.used_offset};
      // Two of the offsets may be the same: one reference.
      std::sort(made.refs.begin(), made.refs.end());
      made.refs.erase(std::unique(made.refs.begin(), made.refs.end()), made.refs.end());
      types_.push_back(std::move(made));
    } catch (const std::invalid_argument& error) {
      must(std::string(error.what()).find("midden: type '") == 0, "a refusal does not name the type: {}", error.what());
    }
  }

  void retire(Random& random) {
    if (types_.empty()) return;
    const std::size_t i = random.below(types_.size());
    const midden::TypeHandle type = types_[i].type;
    runtime_.retire_type(type);
    types_.erase(types_.begin() + static_cast<std::ptrdiff_t>(i));
    try {
      midden::make_object(here_, type);
      must(false, "an object of a retired type was made");
    } catch (const std::invalid_argument&) {
    }
  }

  void make(Random& random) {
    if (types_.empty() || nodes_.size() == 40) return;
    const Made& type = types_[random.below(types_.size())];
    const std::size_t elements = type.elements ? random.below(200) : 0;
    midden::Root<void> object = midden::make_object(here_, type.type, elements);
    const auto* bytes = static_cast<const std::byte*>(object.get());
    must(std::all_of(bytes, bytes + type.size, [](std::byte b) { return b == std::byte{}; }), "memory is not zero");
    if (type.counted) std::memcpy(static_cast<std::byte*>(object.get()) + type.count_at, &elements, sizeof elements);
    nodes_.push_back({std::move(object), type, std::vector<const void*>(type.refs.size())});
  }

  void join(Random& random) {
    if (nodes_.empty()) return;
    Node& from = nodes_[random.below(nodes_.size())];
    const Node& to = nodes_[random.below(nodes_.size())];
    if (from.type.refs.empty()) return;
    const std::size_t i = random.below(from.type.refs.size());
    ref_of(from.object.get(), from.type, i) = to.object.get();
    from.targets[i] = to.object.get();
  }

  void drop(Random& random) {
    if (nodes_.empty()) return;
    nodes_.erase(nodes_.begin() + static_cast<std::ptrdiff_t>(random.below(nodes_.size())));
  }

  midden::Runtime& runtime_;
  midden::Attach& here_;
  std::vector<Made> types_;
  std::vector<Node> nodes_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  fuzz::with_tape(bytes, size, [](const stress::Round& round, Random& random, const stress::Tape& tape) {
    midden::Runtime runtime(fuzz::configuration(round, random));
    midden::Attach here(runtime);
    Graph graph(runtime, here);
    while (!tape.at_end()) graph.operate(random);
    graph.collect();
  });
  return 0;
}
