#pragma once
// The core in one include: Runtime, Attach, Root, Ref, WeakRef, Pin, make, cleanups, Array, String. Containers have
// headers of their own (<midden/map.hpp>, <midden/slice.hpp>), formatting is in <midden/fmt.hpp>.

#include <midden/array.hpp>
#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/cleanup.hpp>
#include <midden/config.hpp>
#include <midden/defer.hpp>
#include <midden/describe.hpp>
#include <midden/error.hpp>
#include <midden/external.hpp>
#include <midden/grace.hpp>
#include <midden/make.hpp>
#include <midden/pin.hpp>
#include <midden/ref.hpp>
#include <midden/report.hpp>
#include <midden/root.hpp>
#include <midden/root_source.hpp>
#include <midden/runtime.hpp>
#include <midden/string.hpp>
#include <midden/tracer.hpp>
#include <midden/type.hpp>
#include <midden/weak.hpp>
