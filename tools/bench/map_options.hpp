#pragma once
// The options that the map cases share: which backends, which keys, how many entries.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tools/bench/keys.hpp"
#include "tools/bench/options.hpp"

namespace bench {

struct MapChoice {
  std::vector<std::string> backends;
  std::string keys = "string";

  // The backends named, or all there are. Throws UsageError where one is named twice.
  std::vector<std::string> chosen() const;
  KeyStyle style() const;
};

// Adds --backend.
void add_backends(CLI::App& command, MapChoice& choice);

// Adds --backend and --keys.
void add_map_choice(CLI::App& command, MapChoice& choice);

// Adds an option that is a number of entries.
void add_entries(CLI::App& command, const std::string& name, std::size_t& entries, const std::string& text);

}  // namespace bench
