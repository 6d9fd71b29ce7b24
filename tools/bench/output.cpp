#include "tools/bench/output.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <utility>

namespace bench {

namespace {

// Standard output is buffered: what cannot be written shows when it is flushed.
void flush(std::FILE* stream) {
  if (std::fflush(stream) != 0 || std::ferror(stream) != 0) {
    throw std::runtime_error(fmt::format("standard output is incomplete: {}", std::strerror(errno)));
  }
}

}  // namespace

OutputFile::OutputFile(std::string path)
    : path_(std::move(path)), file_(std::fopen(path_.c_str(), "a"), [](std::FILE* file) { return std::fclose(file); }) {
  if (file_ == nullptr) throw UsageError(fmt::format("cannot write {}: {}", path_, std::strerror(errno)));
}

void OutputFile::write(std::string_view text) {
  // What is no regular file has nothing to cut off.
  if (std::filesystem::is_regular_file(path_)) std::filesystem::resize_file(path_, 0);
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

std::unique_ptr<OutputFile> Output::open(const std::string& path) const {
  if (path.empty()) return nullptr;
  auto opened = std::make_unique<OutputFile>(path);
  if (file_ != nullptr && std::filesystem::equivalent(path, file_->path())) {
    throw UsageError(fmt::format("{} cannot hold both the figures and the plot", path));
  }
  return opened;
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
  if (to_standard_output_) std::fwrite(text.data(), 1, text.size(), stdout);
  flush(stdout);
}

}  // namespace bench
