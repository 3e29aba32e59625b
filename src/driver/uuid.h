// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/uuid.h"

namespace opennvsci::driver {
using opennvsci::Uuid;
}
