// SPDX-License-Identifier: Apache-2.0
//
// KeyView: the attribute table of a library in the form of the public interface, made when somebody asks for it.
#pragma once

#include <deque>
#include <span>
#include <string_view>
#include <vector>

#include "api/made_once.h"
#include "attr/schema.h"
#include "opennvsci.h"

namespace opennvsci::api {

class KeyView {
  public:
    /// `schema` gives the table.
    explicit constexpr KeyView(const attr::Schema& (*schema)()) : schema_(schema) {}

    /// The keys that programs see, in the order of their numbers. They stay valid as long as this. Thread-safe.
    [[nodiscard]] Result<std::span<const OpenNvSciKey>> keys();
    /// The key with this name. Errors: BadParameter, with the nearest one.
    [[nodiscard]] Result<const OpenNvSciKey*> find(std::string_view name);

  private:
    struct Made {
        std::vector<OpenNvSciKey> keys;
        std::deque<std::vector<OpenNvSciEnumerator>> enumerators;
    };
    [[nodiscard]] Result<std::unique_ptr<const Made>> make() const;

    const attr::Schema& (*schema_)();
    MadeOnce<Made> made_;
};

/// Those of NvSciBuf and of NvSciSync. They are never destroyed.
[[nodiscard]] KeyView& buf_keys();
[[nodiscard]] KeyView& sync_keys();

}  // namespace opennvsci::api
