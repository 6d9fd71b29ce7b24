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
using bench::measure_program;
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

// Of what a shell does with the script.
std::string error_of_script(const std::string& script, std::chrono::milliseconds limit = std::chrono::minutes(1)) {
  try {
    measure_program("the subject", {{"sh", "-c", script}, {}}, limit);
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

TEST_CASE("A program's figures are what it writes to standard output") {
  const auto found =
      measure_program("the subject", {{"sh", "-c", "echo \"{\\\"value\\\": $VALUE}\""}, {{"VALUE", "12"}}});
  CHECK(found.figures == ordered_json{{"value", 12}});
  CHECK(found.peak_rss_bytes > 0);
}

TEST_CASE("A program has an empty file to read and write as descriptor 3") {
  const std::string script =
      "test ! -s /proc/self/fd/3 && echo 12 >&3 && echo \"{\\\"value\\\": $(cat /proc/$$/fd/3)}\"";
  for (int i = 0; i < 2; ++i) {
    CHECK(measure_program("the subject", {{"sh", "-c", script}, {}}).figures == ordered_json{{"value", 12}});
  }
}

TEST_CASE("A program that cannot be started is an error that names it") {
  std::string text;
  try {
    measure_program("the subject", {{"/nowhere/program"}, {}});
  } catch (const std::runtime_error& error) {
    text = error.what();
  }
  CHECK(holds(text, "the subject"));
  CHECK(holds(text, "/nowhere/program"));
}

TEST_CASE("A program that fails is named with its status or its signal") {
  CHECK(holds(error_of_script("echo '{}'; exit 3"), "the subject ended with status 3"));
  CHECK(holds(error_of_script("kill -9 $$"), "the subject died of signal 9"));
}

TEST_CASE("A program that writes no figures is an error with what it wrote") {
  for (const char* const text : {"", "twelve", "[12]", "{} {}"}) {
    CAPTURE(text);
    const std::string error = error_of_script("echo '" + std::string(text) + "'");
    CHECK(holds(error, "the subject"));
    CHECK(holds(error, text));
  }
}

TEST_CASE("A program that takes too long is ended and named") {
  CHECK(holds(error_of_script("exec sleep 60", std::chrono::milliseconds(50)), "0.05 s"));
}
