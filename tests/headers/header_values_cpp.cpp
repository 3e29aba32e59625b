/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The public headers, seen by C++11, are what the reference says: every number, type, layout and signature.
 */

#include <cstddef>
#include <type_traits>

#include "nvscibuf.h"
#include "nvscierror.h"
#include "nvscievent.h"
#include "nvsciipc.h"
#include "nvscisync.h"

#define ENUMERATOR_HOLDS(type, name, number) \
    (static_cast<long long>(name) == (number) && std::is_same<decltype(name), type>::value)
#define CONSTANT_HOLDS(name, number, c_type, cxx_type) \
    (static_cast<long long>(name) == (number) && std::is_same<std::remove_cv<decltype(name)>::type, cxx_type>::value)
#define VERSION_HOLDS(name, number) ((name) == (number) && std::is_same<decltype(name), const uint32_t>::value)
#define SIZE_HOLDS(type, size, alignment) (sizeof(type) == (size) && alignof(type) == (alignment))
#define TYPE_HOLDS(name, type) (std::is_same<name, type>::value)
#define MEMBER_HOLDS(struct_name, member, offset, type) \
    (offsetof(struct_name, member) == (offset) && std::is_same<decltype(struct_name::member), type>::value)
#define PROTOTYPE_HOLDS(name, result, parameters) (std::is_same<decltype(&(name)), result(*) parameters>::value)

#define STATIC_ROW(text, holds) static_assert(holds, text);
#define STATIC_VERSION_ROW(text, holds) static_assert(holds, text);

#include "header_checks.h"

int main() {
    return run_header_checks();
}
