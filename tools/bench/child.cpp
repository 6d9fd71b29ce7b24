#include "tools/bench/child.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <vector>

#include <midden/error.hpp>

namespace bench {

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const char* call) { throw std::system_error(errno, std::generic_category(), call); }

// One end of a pipe.
class End {
 public:
  explicit End(int descriptor) : descriptor_(descriptor) {}
  ~End() { close(); }
  End(const End&) = delete;
  End& operator=(const End&) = delete;

  int get() const { return descriptor_; }
  void close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
  }

 private:
  int descriptor_;
};

std::string answer_of(const std::function<nlohmann::ordered_json()>& measure) {
  nlohmann::ordered_json answer;
  try {
    answer["figures"] = measure();
  } catch (const midden::Error& error) {
    answer["error"] = error.what();
  } catch (const std::exception& error) {
    answer["error"] = error.what();
  }
  return answer.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

void write_all(int to, const std::string& text) noexcept {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t written = write(to, text.data() + done, text.size() - done);
    if (written < 0 && errno != EINTR) _exit(1);
    if (written > 0) done += static_cast<std::size_t>(written);
  }
}

// The status of a child that could not become the program asked for, as in a shell.
constexpr int not_started = 127;

// Descriptor 3 stays open in another program, as all but those of the standard streams do not.
bool keep_as_log(int log) noexcept {
  constexpr int log_descriptor = 3;
  return log == log_descriptor ? fcntl(log, F_SETFD, 0) == 0 : dup2(log, log_descriptor) >= 0;
}

[[noreturn]] void become(const Command& command, int to, int log) noexcept {
  for (const auto& [name, value] : command.environment) setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> words;
  for (const std::string& word : command.words) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  if (dup2(to, STDOUT_FILENO) >= 0 && keep_as_log(log)) execvp(words.front(), words.data());
  std::perror(words.front());
  _exit(not_started);
}

// All that comes until the other end is closed; nothing where that takes too long.
std::optional<std::string> read_all(int from, Clock::time_point end) {
  std::string text;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    if (left.count() <= 0) return std::nullopt;
    pollfd waiting{from, POLLIN, 0};
    const int ready = poll(&waiting, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 60'000)));
    if (ready < 0 && errno != EINTR) fail("poll");
    if (ready <= 0) continue;
    char bytes[4096];
    const ssize_t count = read(from, bytes, sizeof bytes);
    if (count < 0 && errno != EINTR) fail("read");
    if (count == 0) return text;
    if (count > 0) text.append(bytes, static_cast<std::size_t>(count));
  }
}

// A child that is waited for once, and killed where nobody did.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  ~Child() {
    if (!waited_) kill_it();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void kill_it() {
    kill(pid_, SIGKILL);
    wait();
  }
  int wait() {
    waited_ = true;
    int status = 0;
    while (wait4(pid_, &status, 0, &usage_) < 0 && errno == EINTR) continue;
    return status;
  }
  std::uint64_t peak_rss_bytes() const { return static_cast<std::uint64_t>(usage_.ru_maxrss) * 1024; }

 private:
  pid_t pid_;
  bool waited_ = false;
  rusage usage_{};
};

struct Ended {
  std::string text;  // what it wrote
  int status;
  std::uint64_t peak_rss_bytes;
};

// Has `work` done in a child, which writes to the descriptor it is given.
Ended run_child(const std::string& subject, const std::function<void(int to)>& work, std::chrono::milliseconds limit) {
  const Clock::time_point end = Clock::now() + limit;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) fail("pipe2");
  End from(ends[0]);
  End to(ends[1]);
  std::fflush(nullptr);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) fail("fork");
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);  // it had ended before that
    work(to.get());
    _exit(0);
  }
  Child child(pid);
  to.close();
  const std::optional<std::string> text = read_all(from.get(), end);
  if (!text) {
    child.kill_it();
    throw std::runtime_error(
        fmt::format("{} was ended: it took longer than {} s", subject, static_cast<double>(limit.count()) / 1000));
  }
  const int status = child.wait();
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    throw std::runtime_error(fmt::format("{} died of signal {}, {}", subject, signal, strsignal(signal)));
  }
  return {*text, WEXITSTATUS(status), child.peak_rss_bytes()};
}

}  // namespace

ChildFigures measure_in_child(const std::string& subject, const std::function<nlohmann::ordered_json()>& measure,
                              std::chrono::milliseconds limit) {
  const Ended ended = run_child(
      subject, [&](int to) { write_all(to, answer_of(measure)); }, limit);
  if (ended.status != 0 || ended.text.empty()) {
    throw std::runtime_error(fmt::format("{} ended without an answer", subject));
  }
  nlohmann::ordered_json answer = nlohmann::ordered_json::parse(ended.text);
  if (answer.contains("error")) {
    throw std::runtime_error(fmt::format("{}: {}", subject, answer["error"].get<std::string>()));
  }
  return {std::move(answer["figures"]), ended.peak_rss_bytes};
}

ChildFigures measure_program(const std::string& subject, const Command& command, std::chrono::milliseconds limit) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> log(std::tmpfile(), std::fclose);
  if (log == nullptr) fail("tmpfile");
  const Ended ended = run_child(
      subject, [&](int to) { become(command, to, fileno(log.get())); }, limit);
  if (ended.status == not_started) {
    throw std::runtime_error(fmt::format("{} cannot be started: {}", subject, command.words.front()));
  }
  if (ended.status != 0) throw std::runtime_error(fmt::format("{} ended with status {}", subject, ended.status));
  nlohmann::ordered_json figures = nlohmann::ordered_json::parse(ended.text, nullptr, false);
  if (!figures.is_object()) throw std::runtime_error(fmt::format("{} answered no figures: {}", subject, ended.text));
  return {std::move(figures), ended.peak_rss_bytes};
}

}  // namespace bench
