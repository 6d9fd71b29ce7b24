// midden-count: counts the words of text in a map while the collector runs.
//
//   midden-count [--top N] [--backend B] [--collect-every MS] [FILE...]
//
// One thread counts into a Map<std::string_view, std::int64_t>; a second one asks for a
// collection every few milliseconds, so that the pause table shows what the map costs. Without
// files it reads standard input.
//
// Exit: 0; 2 where the arguments are wrong; 1 where something cannot be read or written, or is not
// known.

#include <midden/fmt.hpp>
#include <midden/map.hpp>
#include <midden/midden.hpp>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "tools/count/words.hpp"

namespace {

using Counts = midden::Map<std::string_view, std::int64_t>;

// Collects at intervals until it ends; at least once.
class Collector {
 public:
  Collector(midden::Runtime& runtime, std::chrono::milliseconds every)
      : thread_([this, &runtime, every] {
          std::unique_lock lock(mutex_);
          do {
            lock.unlock();
            runtime.collect();
            lock.lock();
          } while (!stop_.wait_for(lock, every, [this] { return ending_; }));
        }) {}
  ~Collector() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    stop_.notify_all();
    const midden::Blocked waiting;  // the collection that is under way needs this thread stopped
    thread_.join();
  }
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable stop_;
  bool ending_ = false;
  std::thread thread_;
};

// The words counted; throws std::runtime_error naming what cannot be read.
std::int64_t count_words(Counts& counts, const std::vector<std::string>& files) {
  std::int64_t words = 0;
  const auto count = [&](std::string_view word) {
    counts.update(word, [](std::int64_t& number) { ++number; });
    ++words;
  };
  const auto read = [&](std::FILE* text, const std::string& name) {
    try {
      count::for_each_word(text, count);
    } catch (const std::system_error& error) {
      throw std::runtime_error("cannot read " + name + ": " + error.code().message());
    } catch (const midden::TooLarge& error) {
      throw std::runtime_error(name + ": " + error.what());
    }
  };
  if (files.empty()) read(stdin, "standard input");
  for (const std::string& file : files) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> text(std::fopen(file.c_str(), "rb"),
                                                               [](std::FILE* open) { return std::fclose(open); });
    if (text == nullptr) throw std::runtime_error("cannot open " + file + ": " + std::strerror(errno));
    read(text.get(), file);
  }
  return words;
}

// The most frequent words first, among equals in order of the alphabet.
std::vector<std::pair<std::string, std::int64_t>> most_frequent(const Counts& counts, std::size_t top) {
  std::vector<std::pair<std::string, std::int64_t>> all;
  for (const auto& entry : counts) all.emplace_back(entry.key, entry.value);
  const auto before = [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  };
  const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(top, all.size()));
  std::partial_sort(all.begin(), end, all.end(), before);
  all.erase(end, all.end());
  return all;
}

void run(const std::vector<std::string>& files, const std::string& backend, std::size_t top,
         std::chrono::milliseconds every) {
  midden::Runtime runtime;
  const midden::Attach here(runtime, "counter");
  const auto counts = midden::make_map<std::string_view, std::int64_t>(midden::MapOptions{.backend = backend});
  std::int64_t words = 0;
  {
    const Collector collector(runtime, every);
    words = count_words(*counts, files);
  }
  for (const auto& [word, number] : most_frequent(*counts, top)) fmt::print("{:>9} {}\n", number, word);
  fmt::print("{} words, {} of them different; map backend: {}\n\n{}\n", words, counts->size(), counts->backend_name(),
             runtime.pauses());
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    throw std::runtime_error(std::string("standard output is incomplete: ") + std::strerror(errno));
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Counts the words of text while the collector runs", "midden-count"};
  std::vector<std::string> files;
  std::string backend;
  std::size_t top = 10;
  unsigned every_ms = 10;
  app.add_option("FILE", files, "Files to read; none: standard input");
  app.add_option("--top", top, "How many words to print")->check(CLI::Range(std::size_t{1}, std::size_t{1} << 32));
  app.add_option("--backend", backend, "Map backend; default: MIDDEN_MAP, or hash");
  app.add_option("--collect-every", every_ms, "Milliseconds between collections")->check(CLI::Range(1U, 60000U));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    run(files, backend, top, std::chrono::milliseconds(every_ms));
  } catch (const std::exception& error) {
    fmt::print(stderr, "midden-count: {}\n", error.what());
    return 1;
  }
  return 0;
}
