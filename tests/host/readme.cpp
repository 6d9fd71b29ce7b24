#include <midden/fmt.hpp>
#include <midden/map.hpp>
#include <midden/midden.hpp>

struct Session {
  midden::Ref<midden::String> user;
  midden::Ref<Session> next;
  static constexpr auto midden_refs = midden::refs<Session>(&Session::user, &Session::next);
};

int main() {
  midden::Runtime runtime;       // settings from the environment
  midden::Attach here(runtime);  // this thread may touch the heap
  midden::Root<Session> head = midden::make<Session>();
  head->user = midden::make_string("alice");
  auto hits = midden::make_map<std::string_view, std::int64_t>();  // MIDDEN_MAP chooses the backend
  hits->insert_or_assign(head->user->view(), 1);
  runtime.collect();
  fmt::print("{} entry\n{}\n", hits->size(), runtime.pauses());
}
