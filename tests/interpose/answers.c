/* SPDX-License-Identifier: Apache-2.0 */
/* One of two libraries that define the same functions; the first asks RTLD_NEXT for the other's. A name that begins
 * with "cu" takes another way through the wrapper of dlsym than one that does not. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>

#define ANSWER(name)                                                                         \
    int name(void);                                                                          \
    int name(void) {                                                                         \
        int (*next)(void) = (int (*)(void))dlsym(RTLD_NEXT, #name);                          \
        return next != NULL && next != name ? 10 * next() + ANSWER_OF_THIS : ANSWER_OF_THIS; \
    }

ANSWER(plain_answer)
ANSWER(cu_answer)
