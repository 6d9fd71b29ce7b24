#pragma once
// Every interleaving of a small concurrent program, and the shortest that goes wrong.
//
//   state    all that the program's future depends on, what a checker remembers of its past included
//   choice   who takes the next step; from a state with no step left the program is at its end
//
// Breadth first, so the first failure has the fewest steps. Of a visited state only 64 bits of
// hash are kept: that two states share them, and one is missed, has a chance of n^2 / 2^65, one in
// 100 thousand for 20 million states. A trace is found by taking the same choices again.
//
// A model has
//   State                                  trivially copyable, without padding
//   State first() const
//   unsigned choices() const
//   Taken take(State&, unsigned) const     one step; nothing has changed when it was not possible
//   const char* finished(const State&) const   what is wrong with a state that has no step left
//   std::string say(const State& before, unsigned choice, const State& after) const

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

struct Taken {
  bool possible = false;
  const char* failure = nullptr;
};

struct Exploration {
  std::uint64_t states = 0;
  std::uint64_t steps = 0;
  unsigned depth = 0;   // of the longest execution, or of the failure
  std::string failure;  // empty: none
  std::vector<std::string> trace;

  std::string text() const {
    std::string result = failure.empty() ? "no failure" : failure;
    result += " (" + std::to_string(states) + " states, " + std::to_string(steps) + " steps, depth " +
              std::to_string(depth) + ")\n";
    for (const std::string& line : trace) result += "    " + line + "\n";
    return result;
  }
};

// Hashes that have been seen; 0 stands for an empty place.
class SeenHashes {
 public:
  bool insert(std::uint64_t hash) {
    if (2 * (count_ + 1) > places_.size()) grow();
    return place(hash == 0 ? 1 : hash);
  }

 private:
  bool place(std::uint64_t hash) {
    std::size_t i = hash & (places_.size() - 1);
    while (places_[i] != 0) {
      if (places_[i] == hash) return false;
      i = (i + 1) & (places_.size() - 1);
    }
    places_[i] = hash;
    ++count_;
    return true;
  }
  void grow() {
    std::vector<std::uint64_t> old(places_.size() * 2);
    old.swap(places_);
    count_ = 0;
    for (const std::uint64_t hash : old) {
      if (hash != 0) place(hash);
    }
  }

  std::vector<std::uint64_t> places_ = std::vector<std::uint64_t>(1 << 10);
  std::size_t count_ = 0;
};

template <class Model>
class Explorer {
  using State = typename Model::State;
  static_assert(std::has_unique_object_representations_v<State> && sizeof(State) % 8 == 0);

 public:
  explicit Explorer(const Model& model) : model_(model) {}

  Exploration run() {
    std::vector<Found> layer = {{model_.first(), 0}};
    std::vector<Found> next;
    came_.push_back({0, 0});
    seen_.insert(hash(layer[0].state));
    result_.states = 1;
    for (; !layer.empty(); layer.swap(next), ++result_.depth) {
      next.clear();
      for (const Found& found : layer) {
        if (!expand(found, next)) return result_;
      }
    }
    --result_.depth;
    return result_;
  }

 private:
  struct Found {
    State state;
    std::uint32_t number;
  };
  struct Came {
    std::uint32_t from;
    std::uint32_t choice;
  };

  bool expand(const Found& found, std::vector<Found>& next) {
    bool at_end = true;
    bool copied = false;  // `found`, at the end of the next layer
    for (unsigned choice = 0; choice < model_.choices(); ++choice) {
      if (!copied) next.push_back(found);
      State& state = next.back().state;
      const Taken taken = model_.take(state, choice);
      copied = !taken.possible;
      if (copied) continue;
      at_end = false;
      ++result_.steps;
      if (taken.failure != nullptr) {
        ++result_.depth;
        return fail(taken.failure, found.number, &choice);
      }
      if (seen_.insert(hash(state))) {
        next.back().number = static_cast<std::uint32_t>(result_.states++);
        came_.push_back({found.number, choice});
      } else {
        next.pop_back();
      }
    }
    if (copied) next.pop_back();
    if (!at_end) return true;
    const char* const wrong = model_.finished(found.state);
    return wrong == nullptr || fail(wrong, found.number, nullptr);
  }

  bool fail(const char* failure, std::uint32_t number, const unsigned* last) {
    result_.failure = failure;
    std::vector<unsigned> choices;
    if (last != nullptr) choices.push_back(*last);
    for (; number != 0; number = came_[number].from) choices.push_back(came_[number].choice);
    State state = model_.first();
    for (auto choice = choices.rbegin(); choice != choices.rend(); ++choice) {
      const State before = state;
      model_.take(state, *choice);
      result_.trace.push_back(model_.say(before, *choice, state));
    }
    return false;
  }

  // In four lanes, as each step of a lane waits for the one before, and without the zeros at the end.
  static std::uint64_t hash(const State& state) {
    constexpr std::size_t lanes = 4;
    std::uint64_t words[sizeof(State) / 8 + lanes];
    std::size_t used = sizeof(State) / 8;
    std::memcpy(words, &state, sizeof state);
    while (used > 0 && words[used - 1] == 0) --used;
    std::fill_n(words + used, lanes, 0);
    std::uint64_t lane[lanes] = {1, 2, 3, 4};
    for (std::size_t i = 0; i < used; i += lanes) {
      for (std::size_t k = 0; k < lanes; ++k) lane[k] = mix(lane[k] ^ words[i + k]);
    }
    std::uint64_t result = 0;
    for (const std::uint64_t part : lane) result = mix(result ^ part);
    return result;
  }
  static std::uint64_t mix(std::uint64_t word) {
    word *= 0x9E3779B97F4A7C15;
    return word ^ word >> 29;
  }

  const Model& model_;
  Exploration result_;
  SeenHashes seen_;
  std::vector<Came> came_;
};

template <class Model>
Exploration explore(const Model& model) {
  return Explorer<Model>(model).run();
}
