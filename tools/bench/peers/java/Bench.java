// The cases of midden-bench in Java: the same work, the same names for what was measured.
//
//   java -Xlog:gc,gc+phases:file=/proc/self/fd/3:none:filecount=0 -cp FOLDER Bench CASE NUMBER...
//
//   case      numbers                              what it writes beside `seconds`
//
//   trees     depth                                nodes, and the pauses
//   gcbench   depth                                the pauses
//   alloc     bytes, threads, objects              the pauses
//   churn     slots, milliseconds                  operations_per_s, latencies, and the pauses
//   graph     nodes, 1 if shuffled, cycles         mark_ns, pause_ns: a figure for each cycle
//   refs      entries, targets, 1 if shuffled, cycles     the same
//   version                                        version
//
// Figures go to standard output, one JSON object. The pauses (GcLog.java) are cycles, pause_ns,
// pause_ns_max. midden-bench chooses the collector and the size of the heap (peers/programs.hpp).
//
//   1. The start of the virtual machine is not in a time. What it needs to compile the program is:
//      nothing is run to warm it up that the C++ program does not run as well.
//   2. What is wrong with the result ends the program with a message and status 1.
//
// Sizes are those of compressed references, which heaps below 32 GiB have: an object begins with 12
// bytes, a reference is 4, and objects are rounded up to 8.
//
// Threads: the main thread; alloc has others.

import java.util.Arrays;

final class Bench {
  private Bench() {}

  public static void main(String[] arguments) throws Exception {
    long[] numbers = Arrays.stream(arguments).skip(1).mapToLong(Long::parseLong).toArray();
    switch (arguments[0]) {
      case "trees":
        Trees.run((int) numbers[0]);
        break;
      case "gcbench":
        Gcbench.run((int) numbers[0]);
        break;
      case "alloc":
        Alloc.run((int) numbers[0], (int) numbers[1], numbers[2]);
        break;
      case "churn":
        Churn.run((int) numbers[0], numbers[1] / 1e3);
        break;
      case "graph":
        Graph.run((int) numbers[0], numbers[1] == 1, (int) numbers[2]);
        break;
      case "refs":
        Refs.run((int) numbers[0], (int) numbers[1], numbers[2] == 1, (int) numbers[3]);
        break;
      case "version":
        new Figures().add("version", System.getProperty("java.version")).write();
        break;
      default:
        throw fail("there is no case " + arguments[0]);
    }
  }

  static RuntimeException fail(String message) {
    System.err.println(message);
    System.exit(1);
    throw new AssertionError();
  }

  static double secondsSince(long begin) {
    return (System.nanoTime() - begin) / 1e9;
  }
}
