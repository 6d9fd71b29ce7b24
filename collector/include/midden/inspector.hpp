#pragma once
// Inspection: how an object shows the heap check what marking does not look into.
//
// Marking never reads the memory of an opaque arena. A type that keeps some may offer a function which shows
// it piece by piece to an Inspector. A checked heap (MIDDEN_CHECK) calls that in each cycle and tells of every word
// in the pieces that looks like a reference:
//
//   struct Table {
//     static void midden_inspect(const Table& self, midden::Inspector& inspector) {
//       for (const Row& row : rows_of(self)) {
//         inspector.look(row.bytes(), [&] { return "row " + std::to_string(row.number); });
//       }
//     }
//   };
//
//   words   those at multiples of 8 from the begin of a piece, which may itself lie anywhere
//
// Contract of an inspection function
//   1. It shows bytes that hold no Ref: what its scan function reports would be told as hidden.
//   2. It may not touch the heap but to read: no allocation, no Root, no store of a Ref; and it may not wait for a lock
//      that a thread may hold while it is stopped.
//   3. It runs while the world is stopped, on the thread that collects, which need not be attached. Threads may
//      have been stopped inside an operation on the object, wherever that has a safepoint.
//
// midden_inspect is inherited: a class that adds bytes of its own writes another one, which calls its base's.

#include <cstddef>
#include <span>
#include <string>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI {

class Inspector {
 public:
  Inspector(const Inspector&) = delete;
  Inspector& operator=(const Inspector&) = delete;

  // Looks for references in the whole words of a piece. `name()` is a std::string that tells a reader which piece
  // it is; called only where something is said of it.
  template <class Name>
  void look(std::span<const std::byte> piece, const Name& name) {
    visit(piece, Label{[](const void* context) { return std::string((*static_cast<const Name*>(context))()); }, &name});
  }

 protected:
  struct Label {
    std::string (*make)(const void* context);
    const void* context;
  };

  Inspector() = default;
  ~Inspector() = default;

 private:
  virtual void visit(std::span<const std::byte> piece, Label label) = 0;
};

using InspectFunction = void (*)(Inspector&, const void* object);

}  // namespace midden::inline MIDDEN_ABI
