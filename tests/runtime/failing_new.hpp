#pragma once
// The operator new of this test program, which can be told to fail.
//
//   FailingNew after(3);     the fourth allocation of this thread, while `after` lives, throws; what asks with
//                            std::nothrow does not count, and is refused between the third and the fourth

class FailingNew {
 public:
  explicit FailingNew(int allocations) noexcept;
  ~FailingNew();
  FailingNew(const FailingNew&) = delete;
  FailingNew& operator=(const FailingNew&) = delete;

  // Whether it has thrown.
  static bool failed() noexcept;
};
