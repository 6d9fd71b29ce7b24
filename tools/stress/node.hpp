#pragma once
// The objects that scenarios make: each has an identity that says what must be in it.
//
// Threads: as any object of the heap.

#include <cstddef>
#include <cstdint>

#include <midden/array.hpp>
#include <midden/midden.hpp>

#include "tools/stress/failure.hpp"

namespace stress {

using Bytes = midden::Array<std::byte>;

// What byte `i` of the bytes with this identity is.
inline std::byte content(std::uint64_t identity, std::size_t i) {
  return static_cast<std::byte>((identity * 0x9e3779b97f4a7c15 + i * 0x100000001b3) >> 24);
}

inline midden::Root<Bytes> make_bytes(midden::Attach& here, std::uint64_t identity, std::size_t size) {
  midden::Root<Bytes> bytes = midden::make_array<std::byte>(here, size);
  for (std::size_t i = 0; i < size; ++i) (*bytes)[i] = content(identity, i);
  return bytes;
}

// Long ones are looked at here and there.
inline void must_hold(const Bytes& bytes, std::uint64_t identity, std::size_t size) {
  must(bytes.size() == size, "the bytes of {} are {} and not {}", identity, bytes.size(), size);
  const std::size_t step = size > 10'000 ? 97 : 1;
  for (std::size_t i = 0; i < size; i += step) {
    must(bytes[i] == content(identity, i), "byte {} of {}, of {}, has changed", i, size, identity);
  }
}

struct Node {
  std::uint64_t identity = 0;
  midden::Ref<Node> left;
  midden::Ref<Node> right;
  midden::Ref<midden::Array<midden::Ref<Node>>> many;
  midden::Ref<Bytes> bytes;

  static constexpr auto midden_refs = midden::refs<Node>(&Node::left, &Node::right, &Node::many, &Node::bytes);
};

inline midden::Root<Node> make_node(midden::Attach& here, std::uint64_t identity) {
  midden::Root<Node> node = midden::make<Node>(here);
  node->identity = identity;
  return node;
}

// A list of nodes with identities from `first` on, which are `length`.
inline midden::Root<Node> make_list(midden::Attach& here, std::uint64_t first, std::uint64_t length) {
  midden::Root<Node> head;
  for (std::uint64_t i = length; i > 0; --i) {
    midden::Root<Node> node = make_node(here, first + i - 1);
    node->left = head;
    head = std::move(node);
  }
  return head;
}

inline void must_be_list(const Node* node, std::uint64_t first, std::uint64_t length) {
  for (std::uint64_t i = 0; i < length; ++i, node = node->left.get()) {
    must(node != nullptr, "the list from {} ends after {} of {} nodes", first, i, length);
    must(node->identity == first + i, "node {} of the list from {} is {}", i, first, node->identity);
  }
  must(node == nullptr, "the list from {} goes on after {} nodes", first, length);
}

}  // namespace stress
