#pragma once
// A subject that is a map of Midden, of a backend that is named.
//
// Threads: as Subject.

#include <memory>
#include <string>

#include "tools/bench/maps/subject.hpp"

namespace bench::maps {

// Requires: the backend is known.
std::unique_ptr<Subject> make_backend(const std::string& name, bool with_strings);

}  // namespace bench::maps
