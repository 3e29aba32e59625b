// SPDX-License-Identifier: Apache-2.0
#include "compiled_once.h"

#if FMT_VERSION < 110000
template void fmt::detail::vformat_to<char>(fmt::detail::buffer<char>&, fmt::basic_string_view<char>,
                                            fmt::basic_format_args<fmt::buffer_context<char>>, fmt::detail::locale_ref);
#endif
