#include <midden/own_runtime.hpp>

#include <string>

#include <midden/error.hpp>
#include <midden/runtime.hpp>

namespace midden::inline MIDDEN_ABI::detail {

void throw_other_runtime(const char* container, const Runtime& own) {
  throw NotAttached(std::string("midden: a ") + container + " of runtime '" + own.config().name +
                    "' was used by a thread that is attached to '" + Runtime::current().config().name + "'");
}

}  // namespace midden::inline MIDDEN_ABI::detail
