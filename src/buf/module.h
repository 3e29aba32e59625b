// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "attr/module.h"

namespace opennvsci::buf {
using attr::Module;
}
