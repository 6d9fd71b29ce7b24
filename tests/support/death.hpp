#pragma once
// The death of a process: runs a function in a forked child and tells how the child ended and what
// it wrote to standard error.
//
//   const Death death = death_of([] { misuse(); });
//   REQUIRE(death.signal == SIGABRT);
//
// The child has no core file, no handlers of the test framework, nothing on standard output, and
// half a minute. An exception that leaves the function is written to its standard error.
//
// Threads: the caller's process has one thread, or the child's first lock may hang.

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>

struct Death {
  int signal = 0;     // 0: it went on and ended by itself
  std::string words;  // its standard error

  bool says(std::string_view text) const { return words.find(text) != std::string::npos; }
};

template <class F>
Death death_of(F&& misuse) {
  int ends[2];
  if (::pipe(ends) != 0) std::abort();
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) std::abort();
  if (child == 0) {
    for (const int number : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTERM, SIGALRM}) ::signal(number, SIG_DFL);
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::alarm(30);
    ::dup2(ends[1], STDERR_FILENO);
    if (std::freopen("/dev/null", "w", stdout) == nullptr) ::_exit(1);
    ::close(ends[0]);
    ::close(ends[1]);
    try {
      misuse();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "exception: %s\n", error.what());
    }
    std::fflush(nullptr);
    ::_exit(0);
  }
  ::close(ends[1]);
  Death death;
  char part[4096];
  for (ssize_t count = 0; (count = ::read(ends[0], part, sizeof part)) > 0;) {
    death.words.append(part, static_cast<std::size_t>(count));
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  death.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return death;
}
