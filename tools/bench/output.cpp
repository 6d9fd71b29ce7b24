#include "tools/bench/output.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <utility>

namespace bench {

OutputFile::OutputFile(std::string path)
    : path_(std::move(path)), file_(std::fopen(path_.c_str(), "w"), [](std::FILE* file) { return std::fclose(file); }) {
  if (file_ == nullptr) throw UsageError(fmt::format("cannot write {}: {}", path_, std::strerror(errno)));
}

void OutputFile::write(std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), file_.get()) == text.size();
  if (!written || std::fclose(file_.release()) != 0) {
    throw std::runtime_error(fmt::format("{} is incomplete: {}", path_, std::strerror(errno)));
  }
}

Output::Output(const std::string& path) {
  if (path == "-") {
    text_ = stderr;
    to_standard_output_ = true;
  } else if (!path.empty()) {
    file_ = std::make_unique<OutputFile>(path);
  }
}

void Output::add(std::string_view name, std::string_view subject, const nlohmann::ordered_json& parameters,
                 std::string_view metric, std::string_view unit, double value) {
  // JSON has no infinity; a row without a figure would not be one.
  if (!std::isfinite(value)) throw std::runtime_error(fmt::format("{} of {} is not a number", metric, subject));
  rows_.push_back({{"case", name},
                   {"subject", subject},
                   {"parameters", parameters},
                   {"metric", metric},
                   {"unit", unit},
                   {"value", value}});
}

void Output::finish() {
  std::string text = "[";
  for (const nlohmann::ordered_json& row : rows_) text += (text.size() == 1 ? "\n" : ",\n") + row.dump();
  text += "\n]\n";
  if (file_ != nullptr) file_->write(text);
  if (to_standard_output_) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
      throw std::runtime_error(fmt::format("standard output is incomplete: {}", std::strerror(errno)));
    }
  }
}

}  // namespace bench
