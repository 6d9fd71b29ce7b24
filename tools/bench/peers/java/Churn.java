// midden-bench churn (churn.cpp). A node is 72 bytes, 12 for its head; slots are in the same order at
// first and random by numbers of another generator.

import java.util.Arrays;

final class Churn {
  private Churn() {}

  private static final int BATCH = 1000;

  private static final class Node {
    Node next;
    long a;
    long b;
    long c;
    long d;
    long e;
    long f;
    long g;

    Node(long word) {
      a = b = c = d = e = f = g = word;
    }

    boolean is(long word) {
      return a == word && b == word && c == word && d == word && e == word && f == word && g == word;
    }
  }

  private static int gcd(int a, int b) {
    return b == 0 ? a : gcd(b, a % b);
  }

  private static void replaceAll(Node[] table) {
    int step = (int) (table.length * 5L / 8 + 1);
    while (gcd(step, table.length) != 1) step++;
    long slot = 0;
    for (int i = 0; i < table.length; i++) {
      table[(int) slot] = new Node(slot);
      slot = (slot + step) % table.length;
    }
  }

  private static double replaceBatch(Node[] table, Dice dice) {
    long begin = System.nanoTime();
    for (int i = 0; i < BATCH; i++) {
      int slot = dice.below(table.length);
      table[slot] = new Node(slot);
    }
    return Bench.secondsSince(begin) * 1e6;
  }

  // Of values in ascending order, the least that this part of all do not exceed.
  private static double quantile(double[] sorted, double fraction) {
    int wanted = (int) Math.ceil(fraction * sorted.length);
    return sorted[Math.min(Math.max(wanted, 1), sorted.length) - 1];
  }

  static void run(int slots, double limit) throws Exception {
    GcLog log = new GcLog();
    Node[] table = new Node[slots];
    for (int slot = 0; slot < slots; slot++) table[slot] = new Node(slot);
    replaceAll(table);

    log.begin();
    Dice dice = new Dice(slots);
    double[] batches = new double[1 << 16];
    int count = 0;
    long begin = System.nanoTime();
    do {
      if (count == batches.length) batches = Arrays.copyOf(batches, 2 * count);
      batches[count++] = replaceBatch(table, dice);
    } while (Bench.secondsSince(begin) < limit);
    double seconds = Bench.secondsSince(begin);
    Figures figures = log.figures();

    for (int slot = 0; slot < slots; slot++) {
      if (!table[slot].is(slot)) throw Bench.fail("slot " + slot + " has another's node");
    }
    double[] sorted = Arrays.copyOf(batches, count);
    Arrays.sort(sorted);
    figures.add("operations_per_s", count * (double) BATCH / 1e6 / seconds)
        .add("p50", quantile(sorted, 0.5))
        .add("p99", quantile(sorted, 0.99))
        .add("p99.9", quantile(sorted, 0.999))
        .add("p99.99", quantile(sorted, 0.9999))
        .add("max", quantile(sorted, 1))
        .write();
  }
}
