// What most files of the programs include, compiled once for each program with -Db_pch=true: JSON and the
// command line alone are four fifths of a small file's time. Every file includes what it uses nevertheless.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <midden/midden.hpp>
