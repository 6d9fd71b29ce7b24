#pragma once
// Backends that the tests register: maps that are being rebuilt most of the time.
//
//   writes   40 that move nothing, then some that move all to the other backend, then 40 ...
//
//   rebuilt             between hash and skiplist
//   rebuilt-in-order    between skiplist and skiplist, so it keeps order
//
// The suite runs over them like any other. A map of theirs does what a shell does for its backend's map, except that
// it also waits for hits of `find` to end.

#include <string>
#include <string_view>

// Registers both at the first call.
void always_rebuilt_backends();

// Whether it is one of these.
inline bool is_always_rebuilt(std::string_view backend) { return backend.starts_with("rebuilt"); }
