// midden-bench refs (refs.cpp): an array of references. A reference is 4 bytes, a target 32.

final class Refs {
  private Refs() {}

  private static final long LEAST_REFERENCE_BYTES = 4;
  private static final long LEAST_TARGET_BYTES = 24;

  private static final class Target {
    long a;
    long b;
  }

  private static Target[] slice;

  static void run(int entries, int targetCount, boolean shuffled, int cycles) throws Exception {
    slice = new Target[entries];
    fill(targetCount, shuffled);
    GcLog.writeMarking(cycles, entries * LEAST_REFERENCE_BYTES + targetCount * LEAST_TARGET_BYTES);
  }

  private static void fill(int targetCount, boolean shuffled) {
    Target[] targets = new Target[targetCount];
    for (int i = 0; i < targetCount; i++) slice[i] = targets[i] = new Target();
    if (!shuffled) {
      for (int i = targetCount; i < slice.length; i++) slice[i] = targets[i % targetCount];
      return;
    }
    Dice dice = new Dice(slice.length);
    dice.shuffle(targets);
    System.arraycopy(targets, 0, slice, 0, targetCount);
    for (int i = targetCount; i < slice.length; i++) slice[i] = targets[dice.below(targetCount)];
  }
}
