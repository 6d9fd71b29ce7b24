// What a sanitizer finds ends the process by a signal, which trial.cpp notes with the operation. These functions are
// the sanitizers' own way to ask for that, and nobody calls them in other builds. What the environment says goes
// before.

extern "C" {

const char* __asan_default_options();
const char* __ubsan_default_options();
const char* __tsan_default_options();

const char* __asan_default_options() { return "abort_on_error=1"; }
const char* __ubsan_default_options() { return "halt_on_error=1:abort_on_error=1:print_stacktrace=1"; }
const char* __tsan_default_options() { return "halt_on_error=1:abort_on_error=1"; }
}
