// Pins that threads hand to each other: what they hold is read where nobody is attached.
//
//   thread ──make, pin──▶ | pins that wait | ──take──▶ thread: Blocked, or not attached at all; reads; ends the pin
//
// Threads: several; the pins that wait stand under a lock, which is held across no safepoint.

#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include <midden/pin.hpp>

#include "tools/stress/node.hpp"
#include "tools/stress/scenarios/scenarios.hpp"

namespace stress {

namespace {

struct Pinned {
  midden::Pin<Bytes> pin{};
  std::uint64_t identity = 0;
  std::size_t size = 0;
};

class Waiting {
 public:
  void put(Pinned pinned) {
    const std::lock_guard guard(lock_);
    pins_.push_back(std::move(pinned));
  }
  std::optional<Pinned> take() {
    const std::lock_guard guard(lock_);
    if (pins_.empty()) return std::nullopt;
    Pinned first = std::move(pins_.front());
    pins_.pop_front();
    return first;
  }
  std::size_t size() const {
    const std::lock_guard guard(lock_);
    return pins_.size();
  }

 private:
  mutable std::mutex lock_;
  std::deque<Pinned> pins_;
};

}  // namespace

void play_pins(const Round& round) {
  midden::Runtime runtime(round.configuration(round.setting(0), false));
  midden::Attach main(runtime);
  Waiting waiting;
  const auto read = [](const Pinned& pinned) { must_hold(*pinned.pin.get(), pinned.identity, pinned.size); };
  round.together(runtime, [&](midden::Attach& here, unsigned thread, Random& random) {
    if (waiting.size() < 200 && random.one_in(2)) {
      Pinned pinned;
      pinned.identity = random() * most_threads + thread;
      pinned.size = random.of_any_size(random.one_in(30) ? 19 : 12);
      const midden::Root<Bytes> bytes = make_bytes(here, pinned.identity, pinned.size);
      pinned.pin = midden::Pin<Bytes>(bytes);
      waiting.put(std::move(pinned));
      return;
    }
    if (random.one_in(200)) return runtime.collect();
    std::optional<Pinned> taken = waiting.take();
    if (!taken) return midden::safepoint(here);
    switch (random.below(4)) {
      case 0: {
        const midden::Blocked blocked;
        read(*taken);
        taken.reset();
        break;
      }
      case 1:
        read(*taken);
        waiting.put(std::move(*taken));
        break;
      case 2: {
        // Its bytes are a root's again when the pin has ended.
        const midden::Root<Bytes> bytes(taken->pin.get());
        taken->pin.release();
        midden::safepoint(here);
        must_hold(*bytes, taken->identity, taken->size);
        break;
      }
      default: {
        const midden::Blocked blocked;
        std::thread([&, pinned = std::move(*taken)]() mutable {
          read(pinned);
          pinned.pin.release();
        }).join();
      }
    }
  });
  const std::size_t count = waiting.size();
  must(runtime.pins().count == count, "{} pins are alive, and {} are counted", count, runtime.pins().count);
  while (const std::optional<Pinned> pinned = waiting.take()) read(*pinned);
  must(runtime.pins().count == 0, "{} pins are counted where none is alive", runtime.pins().count);
  runtime.collect();
}

}  // namespace stress
