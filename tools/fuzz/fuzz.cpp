#include "tools/fuzz/fuzz.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

#include "tools/stress/failure.hpp"

namespace fuzz {

midden::Config configuration(const stress::Round& round, stress::Random& random) {
  midden::Config config = round.configuration(random, true);
  config.environment = midden::Environment::ignore;
  config.reserve = std::size_t{1} << 30;
  config.workers = 1;  // threads would come and go with each input
  return config;
}

}  // namespace fuzz

namespace stress {

void fail(const std::string& words) {
  std::fprintf(stderr, "FAILED: %s\n", words.c_str());
  std::abort();
}

}  // namespace stress
