// What the collector says of its pauses in the log of the virtual machine, which is descriptor 3.
//
//   GC(7) Pause Young (Normal) (G1 Evacuation Pause) 24M->4M(100M) 1.234ms     a pause
//   GC(8) Phase 1: Mark live objects 13.542ms                                  of a full one, G1
//   GC(8) Marking Phase 25.669ms                                               of a full one, Parallel
//
// Each pause counts as a cycle. It is as long as the log says: without the time that it took to stop
// the threads. What runs beside them is not in it. Figures are those since begin().
//
// Threads: one.

import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

final class GcLog {
  private static final Pattern PAUSE = Pattern.compile("GC\\(\\d+\\) Pause .* ([0-9.]+)ms");
  private static final Pattern MARK =
      Pattern.compile("GC\\(\\d+\\) (?:Phase 1: Mark live objects|Marking Phase) ([0-9.]+)ms");

  private final BufferedReader lines;
  private long cycles;
  private long pauseNs;
  private long longestNs;
  private long marks;
  private long markNs;

  GcLog() throws IOException {
    lines = new BufferedReader(new InputStreamReader(new FileInputStream("/proc/self/fd/3")));
  }

  // Forgets what has been so far.
  void begin() throws IOException {
    read();
    cycles = pauseNs = longestNs = marks = markNs = 0;
  }

  Figures figures() throws IOException {
    read();
    return new Figures().add("cycles", cycles).add("pause_ns", pauseNs).add("pause_ns_max", longestNs);
  }

  // Collects as often as asked after a first time, the whole heap, and writes for how long it was marked.
  // Of one System.gc() counts all that the world stood, with what it did before it marked, and moved.
  static void writeMarking(int count, long leastBytes) throws IOException {
    GcLog log = new GcLog();
    long[] mark = new long[count];
    long[] pause = new long[count];
    for (int i = -1; i < count; i++) {
      log.begin();
      System.gc();
      log.read();
      if (log.marks != 1) throw Bench.fail("System.gc() marked the heap " + log.marks + " times, not once");
      if (i >= 0) {
        mark[i] = log.markNs;
        pause[i] = log.pauseNs;
      }
    }
    long used = Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    if (used < leastBytes) throw Bench.fail(used + " bytes are left, less than the " + leastBytes + " built");
    new Figures().add("mark_ns", mark).add("pause_ns", pause).write();
  }

  private void read() throws IOException {
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      Matcher pause = PAUSE.matcher(line);
      Matcher mark = MARK.matcher(line);
      if (pause.matches()) {
        cycles++;
        pauseNs += nanoseconds(pause);
        longestNs = Math.max(longestNs, nanoseconds(pause));
      } else if (mark.matches()) {
        marks++;
        markNs += nanoseconds(mark);
      }
    }
  }

  private static long nanoseconds(Matcher matched) {
    return Math.round(Double.parseDouble(matched.group(1)) * 1e6);
  }
}
