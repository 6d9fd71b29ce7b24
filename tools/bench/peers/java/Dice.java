// Random numbers below any end, as in dice.hpp, but of another generator. Source: Steele, Lea and
// Flood, "Fast splittable pseudorandom number generators".

final class Dice {
  private long state;

  Dice(long seed) {
    state = seed;
  }

  // Requires: 0 < end.
  int below(int end) {
    state += 0x9e3779b97f4a7c15L;
    long bits = state;
    bits = (bits ^ (bits >>> 30)) * 0xbf58476d1ce4e5b9L;
    bits = (bits ^ (bits >>> 27)) * 0x94d049bb133111ebL;
    bits ^= bits >>> 31;
    return (int) (((bits >>> 32) * end) >>> 32);
  }

  void shuffle(Object[] all) {
    for (int left = all.length; left > 1; left--) {
      int other = below(left);
      Object moved = all[other];
      all[other] = all[left - 1];
      all[left - 1] = moved;
    }
  }
}
