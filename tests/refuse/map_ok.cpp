// accept
#include <midden/map.hpp>
#include <midden/string.hpp>

enum class Colour { red, green };
struct Point {
  int x, y;
};
struct Names {
  midden::Ref<midden::String> first, last;
  static constexpr auto midden_refs = midden::refs<Names>(&Names::first, &Names::last);
};

void f(midden::Attach& here, midden::Root<midden::String> text) {
  midden::make_map<int, int>()->insert_or_assign(1, 2);
  midden::make_map<Colour, Point>(here)->insert_or_assign(here, Colour::red, {1, 2});
  midden::make_map<Point, double>({.backend = "hash"})->try_emplace({1, 2}, 3.0);
  auto texts = midden::make_ordered_map<std::string_view, midden::Ref<midden::String>>(here, {.backend = "hash"});
  texts->insert_or_assign("a", text);
  texts->insert_or_assign("b", nullptr);
  auto names = midden::make_map<int, Names>(here);
  names->insert_or_assign(1, {text, text});
  if (auto found = names->find(1)) text = (*found)->first;
  for (auto entry : texts->range("a", "b")) text = entry.value;
}
void g(midden::OrderedMap<int, int>& map) {
  auto cursor = map.last();
  --cursor;
  ++cursor;
}
