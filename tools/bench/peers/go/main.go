// The cases of midden-bench in Go: the same work, the same names for what was measured.
//
//	midden-bench-go CASE NUMBER...
//
//	case      numbers                              what it writes beside `seconds`
//
//	trees     depth                                nodes, and the pauses
//	gcbench   depth                                the pauses
//	alloc     bytes, threads, objects              the pauses
//	churn     slots, milliseconds                  operations_per_s, latencies, and the pauses
//	graph     nodes, 1 if shuffled, cycles         mark_ns, pause_ns: a figure for each cycle
//	refs      entries, targets, 1 if shuffled, cycles     the same
//	version                                        version
//
// Figures go to standard output, one JSON object. The pauses (pauses.go) are cycles, pause_ns,
// pause_ns_max. The collector has the settings that Go has by itself, or its environment; there is
// none for its threads, but GOMAXPROCS limits all that run (peers/programs.hpp).
//
//  1. Nothing is run to warm up that the C++ program does not run as well.
//  2. What is wrong with the result ends the program with a message and status 1.
//
// Threads: the main goroutine; alloc has others.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
)

func fail(format string, values ...interface{}) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
	os.Exit(1)
}

func main() {
	if len(os.Args) < 2 {
		fail("no case")
	}
	var numbers [4]int
	for i, text := range os.Args[2:] {
		number, err := strconv.Atoi(text)
		if err != nil {
			fail("%v", err)
		}
		numbers[i] = number
	}
	switch os.Args[1] {
	case "trees":
		runTrees(numbers[0])
	case "gcbench":
		runGcbench(numbers[0])
	case "alloc":
		runAlloc(numbers[0], numbers[1], numbers[2])
	case "churn":
		runChurn(numbers[0], numbers[1])
	case "graph":
		runGraph(numbers[0], numbers[1] == 1, numbers[2])
	case "refs":
		runRefs(numbers[0], numbers[1], numbers[2] == 1, numbers[3])
	case "version":
		write(figures{"version": strings.TrimPrefix(runtime.Version(), "go")})
	default:
		fail("there is no case %s", os.Args[1])
	}
}
