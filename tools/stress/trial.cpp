#include "tools/stress/trial.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>

namespace stress {

namespace {

// Between two notes of a round that goes on.
constexpr std::chrono::seconds note_every{2};

enum class Said : std::uint32_t { begun, going_on, ended, failed, died };

// Below PIPE_BUF, so it arrives whole.
struct Note {
  Said said = Said::begun;
  int signal = 0;
  std::uint64_t seed = 0;
  std::uint64_t operations = 0;  // done, the one that failed included
  std::array<char, 1000> words{};
};

// --- the child ------------------------------------------------------------------------------

constexpr std::array fatal_signals{SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};

// What the handler may read. There is one child in a process.
struct Telling {
  int pipe = -1;
  std::atomic<std::uint64_t> seed{0};
  Progress progress{};
  std::array<struct sigaction, fatal_signals.size()> before{};
};
Telling telling;

void write_note(const Note& note) {
  // The parent notices by itself where this fails: the pipe ends.
  if (::write(telling.pipe, &note, sizeof note) != sizeof note) return;
}

Note note_of(Said said) {
  Note note;
  note.said = said;
  note.seed = telling.seed.load(std::memory_order_relaxed);
  note.operations = telling.progress.farthest() + 1;
  return note;
}

extern "C" void note_death(int signal, siginfo_t* info, void*) {
  const int error = errno;
  Note note = note_of(Said::died);
  note.signal = signal;
  write_note(note);
  // Who handled it before has it next, a sanitizer maybe: a fault happens again, what somebody sent is sent again.
  const auto place = std::find(fatal_signals.begin(), fatal_signals.end(), signal);
  ::sigaction(signal, &telling.before[static_cast<std::size_t>(place - fatal_signals.begin())], nullptr);
  if (info->si_code <= 0) ::raise(signal);
  errno = error;
}

void watch_deaths() {
  // A stack of its own, for where the main thread's has no room left.
  static std::array<std::byte, 64 * 1024> room;
  stack_t stack{};
  stack.ss_sp = room.data();
  stack.ss_size = room.size();
  ::sigaltstack(&stack, nullptr);
  struct sigaction action {};
  action.sa_sigaction = note_death;
  action.sa_flags = SA_ONSTACK | SA_SIGINFO;
  for (std::size_t i = 0; i < fatal_signals.size(); ++i) {
    ::sigaction(fatal_signals[i], &action, &telling.before[i]);
  }
}

void play(const Scenario& scenario, Plan plan) {
  plan.until = std::min(plan.until, std::chrono::steady_clock::now() + plan.longest);
  telling.seed = plan.seed;
  telling.progress.begin(note_every, [] { write_note(note_of(Said::going_on)); });
  write_note(note_of(Said::begun));
  try {
    const Round round(plan, telling.progress);
    scenario.play(round);
  } catch (const std::exception& error) {
    fail(std::string("an exception: ") + error.what());
  }
  Note note = note_of(Said::ended);
  if (!plan.only.empty()) note.operations = plan.only.size();
  if (scenario.threads) note.operations *= plan.threads;  // they end at about the same number
  write_note(note);
}

[[noreturn]] void be_child(const Scenario& scenario, Plan plan, Rounds rounds, bool quiet) {
  if (quiet) {
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    ::dup2(nowhere, STDOUT_FILENO);
    ::dup2(nowhere, STDERR_FILENO);
  }
  // What an operation does is seen before it ends the process.
  if (plan.told) std::setvbuf(stdout, nullptr, _IONBF, 0);
  watch_deaths();
  play(scenario, plan);
  while (rounds == Rounds::until_time && std::chrono::steady_clock::now() < plan.until) {
    plan.seed = next_seed(plan.seed);
    play(scenario, plan);
  }
  // Not _exit: a leak checker looks at the end of a process.
  std::exit(EXIT_SUCCESS);
}

// --- the parent -----------------------------------------------------------------------------

[[noreturn]] void refuse(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

// False at the end of the pipe.
bool read_note(int pipe, Note& note) {
  auto* at = reinterpret_cast<char*>(&note);
  std::size_t left = sizeof note;
  while (left > 0) {
    const ssize_t count = ::read(pipe, at, left);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    at += count;
    left -= static_cast<std::size_t>(count);
  }
  return true;
}

std::string words_of_end(int status) {
  if (WIFSIGNALED(status)) return fmt::format("the process died of {}", ::strsignal(WTERMSIG(status)));
  return fmt::format("the process ended with status {}", WEXITSTATUS(status));
}

}  // namespace

void fail(const std::string& words) {
  Note note = note_of(Said::failed);
  std::strncpy(note.words.data(), words.c_str(), note.words.size() - 1);
  write_note(note);
  std::fflush(stdout);
  ::_exit(EXIT_FAILURE);
}

std::uint64_t next_seed(std::uint64_t seed) { return mixed(seed + 0x9e3779b97f4a7c15); }

Trial try_rounds(const Scenario& scenario, const Plan& plan, Rounds rounds, bool quiet,
                 std::chrono::milliseconds patience) {
  std::array<int, 2> ends{};
  std::fflush(nullptr);
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) refuse("pipe");
  const pid_t child = ::fork();
  if (child < 0) refuse("fork");
  if (child == 0) {
    ::close(ends[0]);
    telling.pipe = ends[1];
    be_child(scenario, plan, rounds, quiet);
  }
  ::close(ends[1]);

  Trial trial;
  Fault fault;
  fault.plan = plan;
  for (Note note;;) {
    pollfd wait{ends[0], POLLIN, 0};
    const int ready = ::poll(&wait, 1, static_cast<int>(patience.count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0 && !fault.hung) {
      fault.hung = true;
      ::kill(child, SIGABRT);
      continue;
    }
    if (ready == 0) ::kill(child, SIGKILL);
    if (!read_note(ends[0], note)) break;
    fault.plan.seed = note.seed;
    if (note.said == Said::begun || note.said == Said::going_on) continue;
    if (note.said == Said::ended) {
      ++trial.rounds;
      trial.operations += note.operations;
    } else if (!std::exchange(fault.known, true)) {
      fault.plan.operations = std::min(plan.operations, note.operations);
      if (note.said == Said::failed) fault.words = note.words.data();
    }
  }
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS) return trial;
  if (fault.words.empty()) fault.words = words_of_end(status);
  if (fault.hung)
    fault.words = fmt::format("no operation has begun for {} s; then {}", patience.count() / 1000, fault.words);
  if (!fault.known) fault.words += ", and did not say at which operation";
  fault.plan.until = Plan().until;
  fault.plan.longest = Plan().longest;
  trial.fault = std::move(fault);
  return trial;
}

}  // namespace stress
