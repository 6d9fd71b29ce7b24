// midden-bench alloc (alloc.cpp). An object is an array of numbers, with a head of 16 bytes; the
// smallest, which have no room for one, an object with one field. Nobody refers to them.
//
// use() is not inlined, by an option that midden-bench gives (peers/programs.cpp): else the compiler
// would do without the object. Each costs a call more than in C++.
//
// Threads: as many as asked for, the main thread one of them.

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.FutureTask;

final class Alloc {
  private Alloc() {}

  private static final class Small {
    int word;
  }

  static void use(Small object, int word) {
    object.word = word;
  }

  static void use(long[] object, long word) {
    object[0] = word;
  }

  private static void make(int bytes, long objects) {
    if (bytes == 16) {
      for (long i = 0; i < objects; i++) use(new Small(), (int) i);
    } else {
      int words = (bytes - 16) / 8;
      for (long i = 0; i < objects; i++) use(new long[words], i);
    }
  }

  static void run(int bytes, int threads, long objects) throws Exception {
    GcLog log = new GcLog();
    CyclicBarrier start = new CyclicBarrier(threads);
    List<FutureTask<Double>> all = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      all.add(new FutureTask<>(() -> {
        start.await();
        long begin = System.nanoTime();
        make(bytes, objects);
        return Bench.secondsSince(begin);
      }));
      if (i > 0) new Thread(all.get(i)).start();
    }
    all.get(0).run();
    double slowest = 0;
    for (FutureTask<Double> one : all) slowest = Math.max(slowest, one.get());
    log.figures().add("seconds", slowest).write();
  }
}
