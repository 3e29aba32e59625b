/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Checks every row of every table twice: when this file is compiled, and again when the program runs, where the rows
 * are counted. Included once by header_values_c.c and once by header_values_cpp.cpp, which say in their language what
 * makes a row hold:
 *
 *   ENUMERATOR_HOLDS, CONSTANT_HOLDS, VERSION_HOLDS   a number, and its type
 *   SIZE_HOLDS, TYPE_HOLDS, MEMBER_HOLDS              layout of a type
 *   PROTOTYPE_HOLDS                                   exact signature; the function is not called, linking not needed
 *   STATIC_ROW, STATIC_VERSION_ROW                    check at compile time
 */

#ifndef OPENNVSCI_TESTS_HEADERS_HEADER_CHECKS_H
#define OPENNVSCI_TESTS_HEADERS_HEADER_CHECKS_H

#include <stdio.h>

/* Rows of all tables together. */
enum { EXPECTED_ROWS = 707 };

#define ENUMERATOR(type, name, number) ROW(#name, ENUMERATOR_HOLDS(type, name, number))
#define CONSTANT(name, number, c_type, cxx_type) ROW(#name, CONSTANT_HOLDS(name, number, c_type, cxx_type))
#define VERSION(name, number) VERSION_ROW(#name, VERSION_HOLDS(name, number))
#define SIZE(type, size, alignment) ROW("size of " #type, SIZE_HOLDS(type, size, alignment))
#define TYPE(name, type) ROW("type " #name, TYPE_HOLDS(name, type))
#define MEMBER(struct_name, member, offset, type) \
    ROW(#struct_name "::" #member, MEMBER_HOLDS(struct_name, member, offset, type))
#define PROTOTYPE(name, result, parameters) ROW(#name "()", PROTOTYPE_HOLDS(name, result, parameters))

/* At compile time. */
#define ROW(text, holds) STATIC_ROW(text, holds)
#define VERSION_ROW(text, holds) STATIC_VERSION_ROW(text, holds)
#define END_OF_TABLE(text, expected)
#include "header_tables.inc"
#undef ROW
#undef VERSION_ROW
#undef END_OF_TABLE

/* At run time. */
typedef struct {
    unsigned rows;
    unsigned rows_before_table;
    unsigned failures;
} HeaderChecks;

static void check_row(HeaderChecks* checks, const char* text, int holds) {
    ++checks->rows;
    if (!holds) {
        ++checks->failures;
        fprintf(stderr, "%s is not as in the reference\n", text);
    }
}

static void check_table(HeaderChecks* checks, const char* text, unsigned expected) {
    const unsigned found = checks->rows - checks->rows_before_table;
    checks->rows_before_table = checks->rows;
    if (found != expected) {
        ++checks->failures;
        fprintf(stderr, "%s has %u rows, expected %u\n", text, found, expected);
    }
}

static int run_header_checks(void) {
    HeaderChecks checks = {0, 0, 0};

#define ROW(text, holds) check_row(&checks, text, holds);
#define VERSION_ROW(text, holds) check_row(&checks, text, holds);
#define END_OF_TABLE(text, expected) check_table(&checks, text, expected);
#include "header_tables.inc"
#undef ROW
#undef VERSION_ROW
#undef END_OF_TABLE

    if (checks.rows != EXPECTED_ROWS) {
        ++checks.failures;
        fprintf(stderr, "%u rows in all, expected %u\n", checks.rows, (unsigned)EXPECTED_ROWS);
    }
    printf("checked %u values\n", checks.rows);
    return checks.failures == 0 ? 0 : 1;
}

#endif /* OPENNVSCI_TESTS_HEADERS_HEADER_CHECKS_H */
