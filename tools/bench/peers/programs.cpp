#include "tools/bench/peers/programs.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <system_error>

namespace bench {

namespace {

// Where Meson has put them, seen from this program.
std::filesystem::path folder() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "bench" / "peers";
}
std::string go_program() { return folder() / "go" / "midden-bench-go"; }
std::string java_classes() { return folder() / "java"; }

bool is_file(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored);
}

bool in_path(const std::string& program) {
  const char* const path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string each; std::getline(folders, each, ':');) {
    const std::string file = (each.empty() ? "." : each) + "/" + program;
    if (is_file(file) && access(file.c_str(), X_OK) == 0) return true;
  }
  return false;
}

std::uint64_t java_heap_mib(std::uint64_t live_bytes) {
  constexpr std::uint64_t least_mib = 64;
  return std::max(least_mib, (live_bytes * 4 >> 20) + 1);
}

Command go_command(const Task& task) {
  Command command{{go_program()}, {}};
  if (task.workers != 0) command.environment.emplace_back("GOMAXPROCS", std::to_string(task.workers));
  return command;
}

Command java_command(const Program& program, const Task& task) {
  Command command{
      {"java", program.collector, fmt::format("-Xmx{}m", java_heap_mib(task.live_bytes)),
       // Its log is the source of its pauses; standard output is for figures.
       "-Xlog:disable", "-Xlog:all=warning:stderr", "-Xlog:gc,gc+phases:file=/proc/self/fd/3:none:filecount=0",
       // Or objects that nobody refers to are not made (Alloc.java).
       "-XX:CompileCommand=quiet", "-XX:CompileCommand=dontinline,Alloc::use"},
      {}};
  if (task.workers != 0) {
    command.words.push_back(fmt::format("-XX:ParallelGCThreads={}", task.workers));
    command.words.push_back(fmt::format("-XX:ConcGCThreads={}", task.workers));
    command.words.push_back("-XX:-UseDynamicNumberOfGCThreads");
  }
  command.words.insert(command.words.end(), {"-cp", java_classes(), "Bench"});
  return command;
}

}  // namespace

std::string Program::missing_note() const {
  if (language == Language::go) {
    return is_file(go_program()) ? "" : "go is missing: this program was built without it.\n";
  }
  if (!is_file(java_classes() + "/Bench.class")) return "java is missing: this program was built without javac.\n";
  return in_path("java") ? "" : "java is missing: it is not in PATH.\n";
}

ChildFigures Program::measure(const Task& task) const {
  Command command = language == Language::go ? go_command(task) : java_command(*this, task);
  command.words.push_back(task.name);
  for (const std::uint64_t number : task.numbers) command.words.push_back(std::to_string(number));
  return measure_program(name, command, task.limit);
}

const std::vector<Program>& programs() {
  static const std::vector<Program> all{{"go", Program::Language::go, ""},
                                        {"java-g1", Program::Language::java, "-XX:+UseG1GC"},
                                        {"java-parallel", Program::Language::java, "-XX:+UseParallelGC"}};
  return all;
}

std::string program_versions() {
  std::string all;
  for (const Program& program : {programs()[0], programs()[1]}) {
    if (!program.missing_note().empty()) continue;
    const ChildFigures found = program.measure({.name = "version", .numbers = {}});
    const char* const language = program.language == Program::Language::go ? "go" : "java";
    all += fmt::format("{}{} {}", all.empty() ? "" : ", ", language, found.figures["version"].get<std::string>());
  }
  return all;
}

}  // namespace bench
