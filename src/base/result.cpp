// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

#include <fmt/format.h>

namespace opennvsci {

tl::unexpected<Error> fail(NvSciError code, std::string text, cu::CUresult cuda) {
    return tl::make_unexpected(Error{code, cuda, std::move(text), false});
}

tl::unexpected<Error> fail(NvSciError code, Prerequisite unmet, std::string text, cu::CUresult cuda) {
    auto failure = fail(code, std::move(text), cuda);
    failure.value().unmet = std::make_shared<const Prerequisite>(std::move(unmet));
    return failure;
}

tl::unexpected<Error> fail_unmet(NvSciError code, Prerequisite unmet, std::string_view pattern, cu::CUresult cuda) {
    std::string text = fmt::format(fmt::runtime(pattern), fmt::arg("what", unmet.what), fmt::arg("found", unmet.found),
                                   fmt::arg("needed", unmet.needed));
    return fail(code, std::move(unmet), std::move(text), cuda);
}

tl::unexpected<Error> expected_outcome(NvSciError code, std::string text, cu::CUresult cuda) {
    return tl::make_unexpected(Error{code, cuda, std::move(text), true});
}

}  // namespace opennvsci
