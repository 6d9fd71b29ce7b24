#include "tools/bench/subjects.hpp"

#include <algorithm>

#include "tools/bench/peers/bdwgc.hpp"
#include "tools/bench/peers/maps.hpp"
#include "tools/bench/peers/mimalloc.hpp"
#include "tools/bench/peers/programs.hpp"

namespace bench {

namespace {

// Why a subject cannot be had, in a line; empty where it can.
std::string missing_note(std::string_view subject) {
  if (subject.starts_with("bdwgc")) return bdwgc::missing_note();
  if (subject == "mimalloc") return mimalloc::missing_note();
  for (const Program& program : programs()) {
    if (subject == program.name) return program.missing_note();
  }
  return missing_map_note(subject);
}

std::string joined(const std::vector<std::string>& all, std::string_view between) {
  std::string text;
  for (const std::string& each : all) text.append(text.empty() ? "" : between).append(each);
  return text;
}

bool in(const std::vector<std::string>& all, std::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

}  // namespace

bool SubjectChoice::has(std::string_view subject) const {
  return asked_.empty() ? missing_note(subject).empty() : in(asked_, subject);
}

bool SubjectChoice::names(std::string_view subject) const { return in(asked_, subject); }

std::string SubjectChoice::missing_peers() const {
  if (!asked_.empty()) return {};
  std::vector<std::string> lines;  // two subjects may be missing for one reason
  for (const std::string& subject : known_) {
    const std::string line = missing_note(subject);
    if (!in(lines, line)) lines.push_back(line);
  }
  return joined(lines, "");
}

void add_only_subjects(CLI::App& command, SubjectChoice& choice, const std::vector<std::string>& known) {
  choice.known_ = known;
  const std::string all = joined(choice.known_, ", ");
  const auto check = [&choice, all](const std::string& given) {
    if (!in(choice.known_, given)) return "there is no subject \"" + given + "\"; there are: " + all;
    const std::string missing = missing_note(given);
    return missing.substr(0, missing.find('\n'));
  };
  command.add_option("--subjects", choice.asked_, "What to measure; all that is there of " + all)
      ->delimiter(',')
      ->check(CLI::Validator(check, ""))
      ->type_name("NAME,...");
}

void add_subjects(CLI::App& command, SubjectChoice& choice, const std::vector<std::string>& known) {
  std::vector<std::string> all = known;
  for (const Program& program : programs()) all.emplace_back(program.name);
  add_only_subjects(command, choice, all);
}

std::vector<std::string> allocating_subjects() {
  return {"midden", "midden-unsafe", "bdwgc", "bdwgc-tuned", "malloc", "mimalloc"};
}

}  // namespace bench
