// midden-bench gcbench (gcbench.cpp). A node is 32 bytes.

final class Gcbench {
  private Gcbench() {}

  private static final int LEAST_DEPTH = 4;
  private static final int STRETCH = 2;
  private static final int NUMBERS = 500_000;

  private static final class Node {
    Node left;
    Node right;
    int i;
    int j;

    Node() {}

    Node(Node left, Node right) {
      this.left = left;
      this.right = right;
    }
  }

  private static void topDown(Node node, int depth) {
    if (depth == 0) return;
    node.left = new Node();
    node.right = new Node();
    topDown(node.left, depth - 1);
    topDown(node.right, depth - 1);
  }

  private static Node bottomUp(int depth) {
    return depth == 0 ? new Node() : new Node(bottomUp(depth - 1), bottomUp(depth - 1));
  }

  private static long count(Node node) {
    return node.left == null ? 1 : 1 + count(node.left) + count(node.right);
  }

  private static long treeSize(int depth) {
    return (2L << depth) - 1;
  }

  static void run(int depth) throws Exception {
    GcLog log = new GcLog();
    long begin = System.nanoTime();
    bottomUp(depth + STRETCH);
    Node kept = new Node();
    topDown(kept, depth);
    double[] array = new double[NUMBERS];
    for (int i = 1; i < NUMBERS / 2; i++) array[i] = 1.0 / i;
    for (int d = LEAST_DEPTH; d <= depth; d += 2) {
      long trees = 2 * treeSize(depth + STRETCH) / treeSize(d);
      for (long left = trees; left > 0; left--) topDown(new Node(), d);
      for (long left = trees; left > 0; left--) bottomUp(d);
    }
    double seconds = Bench.secondsSince(begin);
    long nodes = count(kept);
    if (nodes != treeSize(depth) || array[1000] != 1.0 / 1000) {
      throw Bench.fail(nodes + " long-lived nodes are left of " + treeSize(depth));
    }
    log.figures().add("seconds", seconds).write();
  }
}
