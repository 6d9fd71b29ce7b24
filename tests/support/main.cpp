// The main function of every test program where Catch2 is version 2, which brings none compiled.
#define CATCH_CONFIG_MAIN
#include "tests/support/catch.hpp"
