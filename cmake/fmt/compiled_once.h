// SPDX-License-Identifier: Apache-2.0
//
// fmt as a header formats in every file anew: 4 of the 5 seconds that a file with one fmt::format takes to compile,
// under a sanitizer 7 of 8 (measured: fmt 9.1, gcc 12). So its one large function is compiled once, in
// compiled_once.cpp. Every file of a target that links opennvsci_fmt includes this first. From fmt 11 on it is no
// template: nothing is gained there, and nothing lost.
#pragma once

#include <fmt/format.h>

#if FMT_VERSION < 110000
extern template void fmt::detail::vformat_to<char>(fmt::detail::buffer<char>&, fmt::basic_string_view<char>,
                                                   fmt::basic_format_args<fmt::buffer_context<char>>,
                                                   fmt::detail::locale_ref);
#endif
