// midden-bench graph (graph.cpp), without its comb: the list of nodes keeps them alive while they are
// made. A node is 64 bytes, its payload 32 of them. How the nodes lie in memory is the collector's
// choice, which copies young ones; "made" is the order in which they were made.

final class Graph {
  private Graph() {}

  private static final int PLACES = 4;
  private static final long LEAST_NODE_BYTES = 56;

  private static final class Node {
    Node a;
    Node b;
    Node c;
    Node d;
    long e;
    long f;
    long g;
    long h;

    void set(int place, Node node) {
      switch (place) {
        case 0:
          a = node;
          break;
        case 1:
          b = node;
          break;
        case 2:
          c = node;
          break;
        default:
          d = node;
      }
    }
  }

  private static Node root;

  private static Node linkShuffled(Node[] nodes) {
    Dice dice = new Dice(nodes.length);
    dice.shuffle(nodes);
    byte[] taken = new byte[nodes.length];
    int[] open = new int[nodes.length];  // the numbers of those that have a place left
    int openCount = 1;
    for (int k = 1; k < nodes.length; k++) {
      int choice = dice.below(openCount);
      int parent = open[choice];
      nodes[parent].set(taken[parent]++, nodes[k]);
      if (taken[parent] < PLACES) {
        open[openCount++] = k;
      } else {
        open[choice] = k;
      }
    }
    for (int k = 0; k < nodes.length; k++) {
      for (int place = taken[k]; place < PLACES; place++) nodes[k].set(place, nodes[dice.below(nodes.length)]);
    }
    return nodes[0];
  }

  // A binary tree of the nodes from begin to before end, of which each subtree stands in a row.
  private static Node linkAsMade(Node[] nodes, int begin, int end) {
    if (begin == end) return null;
    int middle = begin + 1 + (end - begin - 1) / 2;
    nodes[begin].a = linkAsMade(nodes, begin + 1, middle);
    nodes[begin].b = linkAsMade(nodes, middle, end);
    return nodes[begin];
  }

  private static Node make(int count, boolean shuffled) {
    Node[] nodes = new Node[count];
    for (int i = 0; i < count; i++) nodes[i] = new Node();
    return shuffled ? linkShuffled(nodes) : linkAsMade(nodes, 0, count);
  }

  static void run(int count, boolean shuffled, int cycles) throws Exception {
    root = make(count, shuffled);
    GcLog.writeMarking(cycles, count * LEAST_NODE_BYTES);
  }
}
