#pragma once
// Binary trees of what a peer makes (makers.hpp). N has `left` and `right`, null in a leaf.
//
//   top_down    a node is made, then what hangs from it
//   bottom_up   what hangs from a node is made before it
//
// A Tree drops its nodes when it ends: frees them, or leaves them to the collector, which finds
// those that are alive from the stack. So must the PlainTrees be, which hold the maker.
//
// Threads: one.

#include <cstddef>
#include <memory>
#include <type_traits>

#include "tools/bench/peers/makers.hpp"

namespace bench {

template <class Maker, class N>
class PlainTrees {
  struct Drop {
    void operator()(N* node) const {
      if (node->left != nullptr) {
        (*this)(node->left);
        (*this)(node->right);
      }
      Maker::release(node);
    }
  };

 public:
  using Tree = std::conditional_t<Maker::collects, N*, std::unique_ptr<N, Drop>>;

  Tree node() { return Tree(make_one<N>(maker_)); }
  void top_down(const Tree& tree, std::size_t depth) { grow(*tree, depth); }
  Tree bottom_up(std::size_t depth) { return Tree(built(depth)); }
  static const N& top(const Tree& tree) { return *tree; }

 private:
  void grow(N& node, std::size_t depth) {
    if (depth == 0) return;
    node.left = make_one<N>(maker_);
    node.right = make_one<N>(maker_);
    grow(*node.left, depth - 1);
    grow(*node.right, depth - 1);
  }
  N* built(std::size_t depth) {
    if (depth == 0) return make_one<N>(maker_);
    N* const left = built(depth - 1);
    N* const right = built(depth - 1);
    N* const node = make_one<N>(maker_);
    node->left = left;
    node->right = right;
    return node;
  }

  Maker maker_;
};

}  // namespace bench
