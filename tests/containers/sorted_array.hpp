#pragma once
// The backend that the tests register: one sorted array of entries, copied at each insert and
// erase. Slow, and simple enough to be right by reading; the suite runs over it like any other.

#include <string>

// Registers it at the first call. Returns its name, "sorted-array".
const std::string& sorted_array_backend();
