// Measurements in processes of their own: what the parent gets, and how it hears of what goes wrong.

#include "tools/bench/child.hpp"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include <midden/config.hpp>
#include <midden/midden.hpp>

#include "tests/support/catch.hpp"

namespace {

using bench::measure_in_child;
using nlohmann::ordered_json;

// The text of the error, or nothing.
template <class F>
std::string error_of(F measure, std::chrono::milliseconds limit = std::chrono::minutes(1)) {
  try {
    measure_in_child("the subject", measure, limit);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return {};
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("A child's figures come back as it answered them") {
  const ordered_json figures{{"seconds", 0.1}, {"count", ~std::uint64_t{0}}, {"name", "a\nb"}, {"all", {1, 2, 3}}};
  CHECK(measure_in_child("the subject", [&] { return figures; }).figures == figures);
}

TEST_CASE("Figures larger than a pipe come back whole") {
  const std::vector<int> many(200'000, 12'345);
  const ordered_json figures = measure_in_child("the subject", [&] { return ordered_json(many); }).figures;
  CHECK(figures.get<std::vector<int>>() == many);
}

TEST_CASE("A child is another process, whose changes the parent does not see") {
  int value = 1;
  const ordered_json figures = measure_in_child("the subject", [&] {
                                 value = 2;
                                 return ordered_json{{"value", value}, {"process", getpid()}};
                               }).figures;
  CHECK(value == 1);
  CHECK(figures["value"] == 2);
  CHECK(figures["process"] != getpid());
}

TEST_CASE("The peak of a child's memory is its own") {
  constexpr std::size_t bytes = std::size_t{64} << 20;
  const auto small = measure_in_child("the subject", [] { return ordered_json(0); });
  const auto large = measure_in_child("the subject", [] {
    const std::vector<char> memory(bytes, 'x');
    asm volatile("" : : "r"(memory.data()) : "memory");  // or the compiler does without the memory
    return ordered_json(0);
  });
  CHECK(small.peak_rss_bytes > 0);
  CHECK(large.peak_rss_bytes >= small.peak_rss_bytes + bytes / 2);
}

TEST_CASE("What a child throws is an error that names the subject") {
  const std::string text = error_of([]() -> ordered_json { throw std::runtime_error("nothing \xff left"); });
  CHECK(holds(text, "the subject"));
  CHECK(holds(text, "nothing"));
  const std::string settings = error_of([]() -> ordered_json {
    midden::Config config;
    config.environment = midden::Environment::ignore;
    config.workers = 65;
    midden::Runtime runtime(config);
    return 0;
  });
  CHECK(holds(settings, "the subject"));
  CHECK(holds(settings, "64"));
}

TEST_CASE("A child that dies of a signal is named with the signal") {
  const std::string text = error_of([]() -> ordered_json {
    signal(SIGTERM, SIG_DFL);
    raise(SIGTERM);
    return 0;
  });
  CHECK(holds(text, "the subject"));
  CHECK(holds(text, std::to_string(SIGTERM)));
}

TEST_CASE("A child that ends without an answer is an error") {
  CHECK(holds(error_of([]() -> ordered_json { _exit(0); }), "the subject"));
  CHECK(holds(error_of([]() -> ordered_json { _exit(3); }), "the subject"));
}

TEST_CASE("A child that takes too long is ended and named") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const std::string text = error_of(
      [&]() -> ordered_json {
        for (;;) pause();
      },
      std::chrono::milliseconds(50));
  CHECK(holds(text, "the subject"));
  CHECK(holds(text, "0.05 s"));
  // The child has ended: nobody but this process can write to the pipe.
  close(ends[1]);
  char byte = 0;
  CHECK(read(ends[0], &byte, 1) == 0);
  close(ends[0]);
}

TEST_CASE("What waits in the parent's buffers is written once") {
  std::FILE* const file = std::tmpfile();
  REQUIRE(file != nullptr);
  std::fputs("once", file);
  measure_in_child("the subject", [] { return ordered_json(0); });
  std::fflush(file);
  CHECK(std::ftell(file) == 4);
  std::fseek(file, 0, SEEK_END);
  CHECK(std::ftell(file) == 4);
  std::fclose(file);
}
