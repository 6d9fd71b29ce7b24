// No mimalloc: it was not there when the program was configured. Only present() and missing_note() may be called.

#include <stdexcept>

#include "tools/bench/peers/mimalloc.hpp"

namespace bench::mimalloc {

void* (*take)(std::size_t) = nullptr;
void (*give_back)(void*) = nullptr;

namespace {
[[noreturn]] void missing() { throw std::logic_error("there is no such peer: mimalloc"); }
}  // namespace

bool present() { return false; }

std::string version() { missing(); }

std::string missing_note() { return "mimalloc is missing: this program was built without it.\n"; }

void start() { missing(); }

}  // namespace bench::mimalloc
