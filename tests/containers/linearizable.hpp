#pragma once
// Whether what threads saw of a map could have come about one operation after the other.
//
//   thread 0   |--- assign 7 ---|        |-- find: 7 --|
//   thread 1          |------ find: absent ------|                 right: the find came before the assign
//              called                        returned
//
// Each operation has a moment between its call and its return at which it happens to one key. A history is
// linearizable where such moments can be chosen so that all results are right. Keys are independent of each
// other, so a map is linearizable where the history of each key is (Herlihy and Wing, 1990), and a key is
// checked by itself.
//
// The check goes through calls and returns in the order of time (just-in-time linearization: Lowe, "Testing for
// linearizability", 2017). It keeps all configurations that can be:
//
//   configuration   the key's value, and which of the pending operations have happened already
//
// At a return the operation must have happened; where it has not, it and any of the pending happen now, in each
// order that fits the results. As many operations are pending as there are threads, so there are few
// configurations, and the time is linear in the length of the history.
//
// Threads: one.

#include <algorithm>
#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

enum class Act : std::uint8_t {
  find,          // result: the value, or `absent`
  insert,        // where absent; result: 1 where it has
  assign,        // result: 1 where it has inserted
  erase,         // result: 1 where it has
  add,           // update by the argument, absent counts as 0; result: the sum
  erase_odd,     // erase_if the value is odd; result: 1 where it has
  get_or_insert  // result: the value that is there
};

struct Operation {
  static constexpr std::int64_t absent = std::numeric_limits<std::int64_t>::min();

  Act act;
  std::int64_t argument;
  std::int64_t result;
  unsigned thread;  // below 32
  std::uint64_t called;
  std::uint64_t returned;  // by a clock that gives no time twice
};

// The key's value after the operation; nothing where it cannot have had its result.
inline std::optional<std::int64_t> value_after(const Operation& op, std::int64_t value) {
  constexpr std::int64_t absent = Operation::absent;
  const bool there = value != absent;
  const auto if_result = [&](std::int64_t result, std::int64_t after) {
    return op.result == result ? std::optional(after) : std::nullopt;
  };
  switch (op.act) {
    case Act::find:
      return if_result(value, value);
    case Act::insert:
      return if_result(there ? 0 : 1, there ? value : op.argument);
    case Act::assign:
      return if_result(there ? 0 : 1, op.argument);
    case Act::erase:
      return if_result(there ? 1 : 0, absent);
    case Act::add: {
      const std::int64_t sum = (there ? value : 0) + op.argument;
      return if_result(sum, sum);
    }
    case Act::erase_odd: {
      const bool odd = there && value % 2 != 0;
      return if_result(odd ? 1 : 0, odd ? absent : value);
    }
    case Act::get_or_insert: {
      const std::int64_t after = there ? value : op.argument;
      return if_result(after, after);
    }
  }
  return std::nullopt;
}

// One key from its first operation on; absent at first.
class OneKey {
 public:
  // Goes on with operations that begin after all those before have returned. False where they cannot have been.
  bool follow(const std::vector<Operation>& history) {
    std::vector<Event> events;
    events.reserve(2 * history.size());
    for (const Operation& op : history) {
      events.push_back({op.called, &op, false});
      events.push_back({op.returned, &op, true});
    }
    std::sort(events.begin(), events.end(), [](const Event& a, const Event& b) { return a.time < b.time; });
    for (const Event& event : events) {
      if (event.returns) {
        settle(*event.op);
        std::erase(pending_, event.op);
        if (possible_.empty()) return false;
      } else {
        pending_.push_back(event.op);
      }
    }
    return true;
  }

 private:
  struct Event {
    std::uint64_t time;
    const Operation* op;
    bool returns;
  };
  struct Configuration {
    std::int64_t value;
    std::uint32_t happened;  // of the pending operations, by threads
    auto operator<=>(const Configuration&) const = default;
  };

  static std::uint32_t bit(const Operation& op) { return 1U << op.thread; }

  // Leaves the configurations in which the operation has happened.
  void settle(const Operation& op) {
    std::vector<Configuration> settled;
    for (const Configuration& now : std::exchange(possible_, {})) happen(now, op, settled);
    std::sort(settled.begin(), settled.end());
    settled.erase(std::unique(settled.begin(), settled.end()), settled.end());
    possible_ = std::move(settled);
  }

  void happen(const Configuration& now, const Operation& wanted, std::vector<Configuration>& settled) const {
    if ((now.happened & bit(wanted)) != 0) {
      settled.push_back({now.value, now.happened & ~bit(wanted)});
      return;
    }
    for (const Operation* const op : pending_) {
      if ((now.happened & bit(*op)) != 0) continue;
      const std::optional<std::int64_t> after = value_after(*op, now.value);
      if (after) happen({*after, now.happened | bit(*op)}, wanted, settled);
    }
  }

  std::vector<Configuration> possible_{{Operation::absent, 0}};
  std::vector<const Operation*> pending_;
};

// A line for each operation, in the order of calls.
inline std::string describe(std::vector<Operation> history) {
  static constexpr const char* names[] = {"find", "insert", "assign", "erase", "add", "erase_odd", "get_or_insert"};
  std::sort(history.begin(), history.end(), [](const auto& a, const auto& b) { return a.called < b.called; });
  const auto number = [](std::int64_t n) { return n == Operation::absent ? "absent" : std::to_string(n); };
  std::string text;
  for (const Operation& op : history) {
    text += std::to_string(op.called) + " to " + std::to_string(op.returned) + ", thread " + std::to_string(op.thread) +
            ": " + names[static_cast<unsigned>(op.act)] + " " + std::to_string(op.argument) + ": " + number(op.result) +
            "\n";
  }
  return text;
}
