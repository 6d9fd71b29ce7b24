// midden-bench trees (trees.cpp). A node is 24 bytes.

final class Trees {
  private Trees() {}

  private static final int LEAST_DEPTH = 4;

  private static final class Node {
    final Node left;
    final Node right;

    Node(Node left, Node right) {
      this.left = left;
      this.right = right;
    }
  }

  private static Node make(int depth) {
    return depth == 0 ? new Node(null, null) : new Node(make(depth - 1), make(depth - 1));
  }

  private static long count(Node node) {
    return node.left == null ? 1 : 1 + count(node.left) + count(node.right);
  }

  static void run(int depth) throws Exception {
    GcLog log = new GcLog();
    long begin = System.nanoTime();
    long nodes = count(make(depth + 1));
    Node kept = make(depth);
    for (int d = LEAST_DEPTH; d <= depth; d += 2) {
      for (long left = 1L << (depth - d + LEAST_DEPTH); left > 0; left--) nodes += count(make(d));
    }
    nodes += count(kept);
    double seconds = Bench.secondsSince(begin);
    log.figures().add("seconds", seconds).add("nodes", nodes).write();
  }
}
