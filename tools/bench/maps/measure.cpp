#include "tools/bench/maps/measure.hpp"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <random>
#include <stdexcept>

#include "tools/bench/maps/zipf.hpp"
#include "tools/bench/progress.hpp"

namespace bench::maps {

namespace {

constexpr std::size_t slices = 20;        // of a phase that draws its keys
constexpr std::size_t mixed_slices = 10;  // of mixed work
constexpr std::size_t scans = 3;
constexpr std::size_t range_entries = 100;

// Bytes that malloc has given out, with its headers.
std::int64_t malloced_bytes() {
  const struct mallinfo2 now = mallinfo2();
  return static_cast<std::int64_t>(now.uordblks + now.hblkhd);
}

// Has malloc put together what was freed: it does so when much is asked for, in the time of who asks then.
void tidy_malloc() {
  constexpr int as_it_was = 64 * sizeof(std::size_t) / 4;
  mallopt(M_MXFAST, as_it_was);
}

template <class Use>
double cpu_seconds_of(Use use) {
  tidy_malloc();
  const double before = thread_cpu_seconds();
  use();
  return thread_cpu_seconds() - before;
}

// From the first begin to the last end.
double seconds_of(const std::vector<Interval>& all) {
  Interval whole = all.front();
  for (const Interval& each : all) {
    whole.begin = std::min(whole.begin, each.begin);
    whole.end = std::max(whole.end, each.end);
  }
  return std::chrono::duration<double>(whole.end - whole.begin).count();
}

std::int64_t fresh(std::uint32_t number) { return number; }
std::int64_t overwritten(std::uint32_t number) { return ~fresh(number); }
std::uint32_t number_of(std::int64_t overwritten) { return static_cast<std::uint32_t>(~overwritten); }

class Course {
 public:
  Course(const std::vector<Candidate>& candidates, std::size_t entries, std::optional<KeyStyle> strings,
         std::size_t repetitions)
      : candidates_(candidates),
        entries_(entries),
        slice_(std::clamp<std::size_t>(entries, 1'000, 50'000)),
        present_(shuffled(2 * entries)),
        absent_(present_.begin() + static_cast<std::ptrdiff_t>(entries), present_.end()),
        zipf_(entries),
        batches_(2, Batch(strings)),
        progress_("maps", repetitions * steps()) {
    present_.resize(entries);
    again_ = present_;
    std::shuffle(again_.begin(), again_.end(), random_);
    for (const Candidate& candidate : candidates) {
      figures_.push_back({.name = candidate.name, .backend = candidate.backend});
    }
  }

  void run() {
    make_subjects();
    use_alone();
    make_subjects();
    build_by_the_clock();
    for (std::size_t i = 0; i < mixes.size(); ++i) use_together(i);
    subjects_.clear();
  }
  std::vector<Figures> figures() && { return std::move(figures_); }

 private:
  std::size_t steps() const {
    const std::size_t whole = (entries_ + slice_ - 1) / slice_;
    return 5 * whole + 5 * slices + scans + 7 + mixes.size() * mixed_slices;  // 7: checks, and orders to copy in
  }

  // Memory that was freed goes back: the next maps begin as the first did.
  void make_subjects() {
    subjects_.clear();
    malloc_trim(0);
    for (std::size_t s = 0; s < candidates_.size(); ++s) {
      subjects_.push_back(candidates_[s].make());
      figures_[s].ordered = subjects_[s]->ordered();
      figures_[s].erases = subjects_[s]->erases();
      figures_[s].looks_up_many = subjects_[s]->looks_up_many();
      figures_[s].guard = subjects_[s]->guard();
    }
  }

  // Calls use(subject, its number) for each.
  template <class Use>
  void in_turn(Use use) {
    for (std::size_t i = 0; i < subjects_.size(); ++i) {
      const std::size_t s = (i + turn_) % subjects_.size();
      try {
        use(*subjects_[s], s);
      } catch (const std::exception& error) {
        throw std::runtime_error(figures_[s].name + ": " + error.what());
      }
    }
    ++turn_;
    progress_.step();
  }

  static void require(std::size_t found, std::size_t expected, const char* what) {
    if (found != expected) throw std::runtime_error(fmt::format("{} {}, not {}", found, what, expected));
  }

  // Gives each number of `order` to use(subject, batch, its number), slice by slice, with the values of
  // `value`.
  template <class Use>
  void pass(const std::vector<std::uint32_t>& order, std::int64_t (*value)(std::uint32_t), Use use) {
    Batch& batch = batches_.front();
    for (std::size_t begin = 0; begin < order.size(); begin += slice_) {
      batch.clear();
      for (std::size_t i = begin; i < std::min(begin + slice_, order.size()); ++i) batch.add(order[i], value(order[i]));
      in_turn([&](Subject& subject, std::size_t s) { use(subject, batch, s); });
    }
  }
  // The same, timed as a phase.
  template <class Use>
  void timed_pass(Phase phase, const std::vector<std::uint32_t>& order, std::int64_t (*value)(std::uint32_t), Use use) {
    std::vector<double> seconds(subjects_.size());
    pass(order, value, [&](Subject& subject, const Batch& batch, std::size_t s) {
      seconds[s] += cpu_seconds_of([&] { use(subject, batch, s); });
    });
    for (std::size_t s = 0; s < subjects_.size(); ++s) {
      figures_[s].ns(phase).add(seconds[s] * 1e9 / static_cast<double>(order.size()));
    }
  }

  // A phase of slices with `count` numbers each that draw() answers.
  template <class Draw, class Use>
  void timed_slices(Phase phase, std::size_t count, Draw draw, Use use) {
    Batch& batch = batches_.front();
    for (std::size_t slice = 0; slice < slices; ++slice) {
      batch.clear();
      for (std::size_t i = 0; i < count; ++i) {
        const std::uint32_t number = draw();
        batch.add(number, fresh(number));
      }
      in_turn([&](Subject& subject, std::size_t s) {
        const double seconds = cpu_seconds_of([&] { use(subject, batch, s); });
        figures_[s].ns(phase).add(seconds * 1e9 / static_cast<double>(count));
      });
    }
  }

  std::uint32_t any_of(const std::vector<std::uint32_t>& numbers) {
    return numbers[std::uniform_int_distribution<std::size_t>(0, numbers.size() - 1)(random_)];
  }

  void use_alone() {
    const auto assign = [](Subject& subject, const Batch& batch, std::size_t) { subject.assign(batch); };
    timed_pass(Phase::insert, present_, fresh, assign);
    require_sizes(entries_);
    look_up();
    timed_pass(Phase::overwrite, again_, overwritten, assign);
    require_sizes(entries_);
    scan();
    walk_ranges();
    copy();
    timed_pass(Phase::erase, again_, overwritten, [](Subject& subject, const Batch& batch, std::size_t) {
      if (subject.erases()) require(subject.erase(batch), batch.size(), "keys were erased");
    });
    in_turn([](const Subject& subject, std::size_t) {
      if (subject.erases()) require(subject.size(), 0, "entries are left");
    });
  }

  void require_sizes(std::size_t expected) {
    in_turn([&](const Subject& subject, std::size_t) { require(subject.size(), expected, "entries are there"); });
  }

  void look_up() {
    const auto hits = [](Subject& subject, const Batch& batch, std::size_t) {
      require(subject.look_up(batch), batch.size(), "keys were found");
    };
    timed_slices(
        Phase::hit, slice_, [this] { return any_of(present_); }, hits);
    // Hot keys lie neither together in order nor in the order of their inserts.
    timed_slices(
        Phase::zipf, slice_, [this] { return again_[zipf_(random_)]; }, hits);
    timed_slices(
        Phase::miss, slice_, [this] { return any_of(absent_); },
        [](Subject& subject, const Batch& batch, std::size_t) {
          require(subject.look_up(batch), 0, "absent keys were found");
        });
    timed_slices(
        Phase::hit_many, slice_, [this] { return any_of(present_); },
        [](Subject& subject, const Batch& batch, std::size_t) {
          if (subject.looks_up_many()) require(subject.look_up_many(batch), batch.size(), "keys were found");
        });
  }

  void scan() {
    Shown expected;
    for (const std::uint32_t number : present_) expected.add(overwritten(number));
    for (std::size_t i = 0; i < scans; ++i) {
      in_turn([&](Subject& subject, std::size_t s) {
        Shown shown;
        const double seconds = cpu_seconds_of([&] { shown = subject.scan(); });
        if (shown != expected) throw std::runtime_error("a scan shows other entries than there are");
        figures_[s].ns(Phase::scan).add(seconds * 1e9 / static_cast<double>(entries_));
      });
    }
  }

  // Those with an order must agree.
  void walk_ranges() {
    std::vector<Shown> shown(subjects_.size());
    timed_slices(
        Phase::range100, std::max<std::size_t>(1, slice_ / 50), [this] { return any_of(present_); },
        [&](Subject& subject, const Batch& batch, std::size_t s) {
          if (subject.ordered()) shown[s] += subject.ranges(batch, range_entries);
        });
    std::optional<Shown> expected;
    in_turn([&](const Subject& subject, std::size_t s) {
      if (!subject.ordered()) return;
      if (!expected) expected = shown[s];
      if (shown[s] != *expected) throw std::runtime_error("ranges show other entries than another subject's");
    });
  }

  // Each into another map of its kind, in its own order.
  void copy() {
    std::vector<std::vector<std::int64_t>> orders(subjects_.size());
    std::vector<std::unique_ptr<Subject>> copies(subjects_.size());
    std::vector<double> seconds(subjects_.size());
    in_turn([&](Subject& subject, std::size_t s) {
      orders[s] = subject.values();
      copies[s] = candidates_[s].make();
    });
    Batch& batch = batches_.front();
    for (std::size_t begin = 0; begin < entries_; begin += slice_) {
      in_turn([&](const Subject&, std::size_t s) {
        batch.clear();
        for (std::size_t i = begin; i < std::min(begin + slice_, entries_); ++i) {
          batch.add(number_of(orders[s][i]), orders[s][i]);
        }
        seconds[s] += cpu_seconds_of([&] { copies[s]->assign(batch); });
      });
    }
    in_turn([&](const Subject&, std::size_t s) {
      require(copies[s]->size(), entries_, "entries were copied");
      figures_[s].ns(Phase::copy).add(seconds[s] * 1e9 / static_cast<double>(entries_));
      copies[s].reset();
    });
  }

  // Counts malloc's bytes, too, which may take it long.
  void build_by_the_clock() {
    std::vector<double> longest(subjects_.size());
    std::vector<std::int64_t> bytes(subjects_.size());
    pass(present_, fresh, [&](Subject& subject, const Batch& batch, std::size_t s) {
      const std::int64_t before = malloced_bytes();
      longest[s] = std::max(longest[s], subject.longest_assign(batch));
      bytes[s] += malloced_bytes() - before;
    });
    in_turn([&](const Subject& subject, std::size_t s) {
      const std::size_t of_malloc = static_cast<std::size_t>(std::max<std::int64_t>(0, bytes[s]));
      const double all = static_cast<double>(subject.heap_bytes().value_or(of_malloc));
      figures_[s].bytes_per_entry.add(all / static_cast<double>(entries_));
      figures_[s].longest_us.add(longest[s] * 1e6);
      const std::optional<std::uint64_t> collections = subject.collections();
      if (collections) figures_[s].collections.add(static_cast<double>(*collections));
    });
  }

  void use_together(std::size_t m) {
    const Mix& mix = mixes[m];
    for (std::size_t slice = 0; slice < mixed_slices; ++slice) {
      for (std::size_t thread = 0; thread < mix.threads; ++thread) draw_mixed(batches_[thread], mix.writes);
      in_turn([&](Subject& subject, std::size_t s) {
        tidy_malloc();
        const std::vector<Interval> taken = together(
            mix.threads, [&](std::size_t thread, Start& start) { return subject.work(batches_[thread], start); });
        figures_[s].mops[m].add(static_cast<double>(mix.threads * slice_) / seconds_of(taken) / 1e6);
      });
    }
  }

  void draw_mixed(Batch& batch, unsigned writes) {
    std::uniform_int_distribution<std::uint32_t> any(0, static_cast<std::uint32_t>(2 * entries_ - 1));
    std::uniform_int_distribution<unsigned> dice(0, 199);
    batch.clear();
    for (std::size_t i = 0; i < slice_; ++i) {
      const std::uint32_t number = any(random_);
      const unsigned side = dice(random_);
      batch.add(number, fresh(number),
                side < writes       ? Operation::assign
                : side < 2 * writes ? Operation::erase
                                    : Operation::look_up);
    }
  }

  const std::vector<Candidate>& candidates_;
  const std::size_t entries_;
  const std::size_t slice_;             // operations
  std::vector<std::uint32_t> present_;  // in the order of inserts
  std::vector<std::uint32_t> absent_;
  std::vector<std::uint32_t> again_;  // those that are present, in another order
  std::mt19937_64 random_{1};
  Zipf zipf_;
  std::vector<Batch> batches_;  // one for each thread
  std::size_t turn_ = 0;
  std::vector<std::unique_ptr<Subject>> subjects_;
  std::vector<Figures> figures_;
  Progress progress_;
};

}  // namespace

std::vector<Figures> measure(const std::vector<Candidate>& candidates, std::size_t entries,
                             std::optional<KeyStyle> strings, std::size_t repetitions) {
  Course course(candidates, entries, strings, repetitions);
  for (std::size_t repetition = 0; repetition < repetitions; ++repetition) course.run();
  return std::move(course).figures();
}

}  // namespace bench::maps
