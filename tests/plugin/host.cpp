// Loads a plug-in that holds a Runtime, uses it, and unloads it, again and again: plugin_host PLUGIN [unloads]
//
// What g++ makes has symbols that are one for the whole process, and stays loaded when it is closed, unless the linker
// makes ordinary ones of them. `unloads`: it must be gone.

#include <dlfcn.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

namespace {

// As the system counts them.
int threads() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    int count = 0;
    if (word == "Threads:" && status >> count) return count;
  }
  return -1;
}

// Joined threads are the system's for a moment longer.
bool alone() {
  for (int i = 0; i < 1000 && threads() != 1; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return threads() == 1;
}

int complain(const char* what, int round) {
  std::fprintf(stderr, "round %d: %s\n", round, what);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return complain("no plug-in was named", -1);
  const bool unloads = argc > 2 && std::string_view(argv[2]) == "unloads";
  for (int round = 0; round < 20; ++round) {
    void* const plugin = ::dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (plugin == nullptr) return complain(::dlerror(), round);
    const auto begin = reinterpret_cast<bool (*)()>(::dlsym(plugin, "begin_plugin"));
    const auto end = reinterpret_cast<void (*)()>(::dlsym(plugin, "end_plugin"));
    if (begin == nullptr || end == nullptr) return complain("it lacks a function", round);
    if (!begin()) return complain("its heap is wrong", round);
    // In the last round it is its static destructor that ends the Runtime, when it is unloaded or the process ends.
    const bool forgetful = round == 19;
    if (!forgetful) end();
    if (!forgetful && !alone()) return complain("its threads are left", round);
    if (::dlclose(plugin) != 0) return complain(::dlerror(), round);
    if (unloads && ::dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD) != nullptr) return complain("it is still loaded", round);
    if (unloads && !alone()) return complain("its threads outlived it", round);
  }
  return 0;
}
