// What most tests include, compiled once for each program with -Db_pch=true: Catch2's header alone is a
// third of a small test's time. Every file includes what it uses nevertheless. It is not Meson's default
// here because g++ 12 then may warn inside the standard library.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "tests/support/catch.hpp"
