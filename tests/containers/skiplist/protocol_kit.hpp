#pragma once
// What the tests of the protocol say: a setup keeps it in every interleaving, or breaks it in one.

#include <cstdio>

#include "tests/containers/skiplist/protocol_model.hpp"
#include "tests/support/catch.hpp"

namespace protocol {

inline void keeps(const char* what, const Setup& setup) {
  const Exploration result = explore(Model(setup));
  std::printf("protocol, %s: %s", what, result.text().c_str());
  INFO(what << ": " << result.text());
  CHECK(result.failure.empty());
}

// `how` is a part of the failure.
inline void breaks(const char* what, const Setup& setup, const char* how) {
  const Exploration result = explore(Model(setup));
  std::printf("protocol, %s: %s", what, result.text().c_str());
  INFO(what << ": " << result.text());
  CHECK(result.failure.find(how) != std::string::npos);
}

}  // namespace protocol
