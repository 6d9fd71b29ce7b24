#pragma once
// Where figures go: rows of JSON for programs, tables for people.
//
//   row   {"case": "pauses", "subject": "hash", "parameters": {"entries": 1000000},
//          "metric": "mark_us_mean", "unit": "us", "value": 31400.5}
//
//   subject   what was measured: a map backend, `midden`, or what it is compared with: `malloc`,
//             `bdwgc`
//
// A file of results is one array of rows. It is opened before anything is measured, so that a
// name that cannot be written is found out at once, and written at the end. With "-" the array
// goes to standard output and the tables to standard error.
//
// Threads: the main thread.

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

namespace bench {

// What the user asked for and cannot be had. Its text names the culprit.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A file to be written once; it keeps what it held until then. Throws UsageError where it cannot
// be opened.
class OutputFile {
 public:
  explicit OutputFile(std::string path);
  void write(std::string_view text);
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
};

class Output {
 public:
  // `path` is where the rows go: a file, "-", or nowhere where it is empty.
  explicit Output(const std::string& path);

  // The stream of the tables.
  std::FILE* text() const { return text_; }

  void add(std::string_view name, std::string_view subject, const nlohmann::ordered_json& parameters,
           std::string_view metric, std::string_view unit, double value);

  // Another file, not the one of the rows; null where the path is empty.
  std::unique_ptr<OutputFile> open(const std::string& path) const;

  // Writes the rows. Throws where they, or the tables before them, could not be written.
  void finish();

 private:
  std::FILE* text_ = stdout;
  bool to_standard_output_ = false;
  std::unique_ptr<OutputFile> file_;
  nlohmann::ordered_json rows_ = nlohmann::ordered_json::array();
};

}  // namespace bench
