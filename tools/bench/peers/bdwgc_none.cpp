// No bdwgc: it was not there when the program was configured. Only present() and missing_note() may be called.

#include <stdexcept>

#include "tools/bench/peers/bdwgc.hpp"

namespace bench::bdwgc {

void* ready_list = nullptr;

namespace {
[[noreturn]] void missing() { throw std::logic_error("there is no such peer: bdwgc"); }
}  // namespace

bool present() { return false; }

std::string version() { missing(); }

std::string missing_note() { return "bdwgc is missing: this program was built without libgc.\n"; }

void start(const Settings&) { missing(); }

Registered::Registered() { missing(); }

Registered::~Registered() = default;

void* allocate(std::size_t) { missing(); }

void* allocate_leaf(std::size_t) { missing(); }

void* allocate_many(std::size_t) { missing(); }

void keep(void*) { missing(); }

void collect() { missing(); }

void settle(std::size_t) { missing(); }

std::size_t memory_use() { missing(); }

const std::vector<Cycle>& cycles() { missing(); }

}  // namespace bench::bdwgc
