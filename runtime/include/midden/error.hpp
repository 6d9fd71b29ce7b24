#pragma once
// Every way to fail that a host can catch, and which call fails so. First the library's own
// classes, then those of the standard that it throws as they are, which are no midden::Error.
//
//   ConfigError    Runtime(), register_map_backend, make_map,    a setting that cannot be used
//                  Map::rebuild
//   OutOfMemory    every call that allocates                     the hard limit, or the system refused
//   TooLarge       every call that writes a map                  a key or value beyond the limits, a full map
//   NotAttached    every call that touches the heap              no Attach on this thread, it is Blocked, or its
//                                                                process is a child of fork
//   SafepointDeferred   every call that allocates, inside DeferSafepoints   a collection must come first
//
//   std::invalid_argument   Runtime::add_type                    a description that cannot be
//                           Runtime::retire_type, make_object    an empty, foreign or retired TypeHandle
//                           make_ring                            no capacity
//   std::logic_error        Map::rebuild, Map::finish_rebuild    a cursor walks over the map
//   std::out_of_range       at() of every container, and what    an index or key that is not there
//                           takes or removes a range of one
//   std::logic_error        every call that reads a FrozenMap    its snapshot has been closed
//   std::bad_alloc          every call that keeps books          no memory outside of the heap
//
// What cannot be an exception (a broken heap, misuse that a check found) prints what, the
// structure and a call stack, and stops the process with SIGABRT.
//
// Error is not itself a std::exception, because OutOfMemory is also a std::bad_alloc and would
// then be one in two ways, which `catch (const std::exception&)` does not catch.

#include <exception>
#include <new>
#include <stdexcept>
#include <string>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI {

class Error {
 public:
  virtual ~Error() = default;
  virtual const char* what() const noexcept = 0;
};

class ConfigError final : public Error, public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  const char* what() const noexcept override { return std::runtime_error::what(); }
};

class OutOfMemory final : public Error, public std::bad_alloc {
 public:
  explicit OutOfMemory(const char* message) noexcept : message_(message) {}
  const char* what() const noexcept override { return message_; }

 private:
  const char* message_;  // static storage
};

// No failure: the same call outside of the scope, or after a collection, may be served. Not a std::bad_alloc, so
// that what makes do without memory does not take it for the lack of some.
class SafepointDeferred final : public Error, public std::exception {
 public:
  const char* what() const noexcept override {
    return "midden: an allocation inside a DeferSafepoints scope needs a collection first";
  }
};

class TooLarge final : public Error, public std::length_error {
 public:
  using std::length_error::length_error;
  const char* what() const noexcept override { return std::length_error::what(); }
};

class NotAttached final : public Error, public std::logic_error {
 public:
  using std::logic_error::logic_error;
  const char* what() const noexcept override { return std::logic_error::what(); }
};

}  // namespace midden::inline MIDDEN_ABI
