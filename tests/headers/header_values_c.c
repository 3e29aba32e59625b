/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The public headers, seen by C11, are what the reference says: every number, type, layout and signature.
 * In C an enumerator has type int, so its enum is checked by the C++ twin of this file; and a static const variable is
 * not a constant expression, so the version numbers are checked at run time only.
 */

#include "nvscibuf.h"
#include "nvscierror.h"
#include "nvscievent.h"
#include "nvsciipc.h"
#include "nvscisync.h"

#define SAME_TYPE(a, b) _Generic((__typeof__(a)*)0, __typeof__(b)* : 1, default : 0)

#define ENUMERATOR_HOLDS(type, name, number) ((long long)(name) == (number) && sizeof(type) == 4)
#define CONSTANT_HOLDS(name, number, c_type, cxx_type) \
    ((long long)(name) == (number) && _Generic((name), c_type : 1, default : 0))
#define VERSION_HOLDS(name, number) ((name) == (number) && SAME_TYPE(name, const uint32_t))
#define SIZE_HOLDS(type, size, alignment) (sizeof(type) == (size) && _Alignof(type) == (alignment))
#define TYPE_HOLDS(name, type) SAME_TYPE(name, type)
#define MEMBER_HOLDS(struct_name, member, offset, type) \
    (offsetof(struct_name, member) == (offset) && SAME_TYPE(((struct_name*)0)->member, type))
#define PROTOTYPE_HOLDS(name, result, parameters) _Generic(&(name), result(*) parameters : 1, default : 0)

#define STATIC_ROW(text, holds) _Static_assert(holds, text);
#define STATIC_VERSION_ROW(text, holds)

#include "header_checks.h"

int main(void) {
    return run_header_checks();
}
