// SPDX-License-Identifier: Apache-2.0
#include "api/key_view.h"

#include <algorithm>

#include "attr/value_text.h"
#include "buf/keys.h"
#include "sync/keys.h"

namespace opennvsci::api {
namespace {

static_assert(OpenNvSciDirection_In == static_cast<int>(attr::Direction::in));
static_assert(OpenNvSciDirection_Out == static_cast<int>(attr::Direction::out));
static_assert(OpenNvSciDirection_InOut == static_cast<int>(attr::Direction::in_out));
static_assert(OpenNvSciPresence_Mandatory == static_cast<int>(attr::Presence::mandatory));
static_assert(OpenNvSciPresence_Optional == static_cast<int>(attr::Presence::optional));
static_assert(OpenNvSciPresence_Conditional == static_cast<int>(attr::Presence::conditional));
static_assert(OpenNvSciPresence_Output == static_cast<int>(attr::Presence::output));

std::vector<OpenNvSciEnumerator> enumerators_of(const attr::Key& key) {
    std::vector<OpenNvSciEnumerator> all;
    if (key.type->enumerators == nullptr) return all;
    for (const attr::Enumerator& one : key.type->enumerators())
        all.push_back({one.name, one.value, key.is_legal_name(one), {}});
    return all;
}

}  // namespace

Result<std::unique_ptr<const KeyView::Made>> KeyView::make() const {
    auto made = std::make_unique<Made>();
    for (const attr::Key& key : schema_().keys()) {
        if (key.direction == attr::Direction::internal) continue;
        const auto& enumerators = made->enumerators.emplace_back(enumerators_of(key));
        made->keys.push_back({key.number,
                              key.max_count,
                              key.type->size,
                              key.name,
                              key.type->name,
                              key.type->form,
                              static_cast<OpenNvSciDirection>(key.direction),
                              static_cast<OpenNvSciPresence>(key.presence),
                              key.legal->text,
                              key.merge != nullptr ? key.merge->name : "",
                              key.merge != nullptr ? key.merge->text : "",
                              key.check != nullptr ? key.check->name : "",
                              key.check != nullptr ? key.check->text : "",
                              enumerators.data(),
                              enumerators.size(),
                              {}});
    }
    return made;
}

Result<std::span<const OpenNvSciKey>> KeyView::keys() {
    OPENNVSCI_TRY_ASSIGN(made, made_.get([&] { return make(); }));
    return std::span<const OpenNvSciKey>(made->keys);
}

Result<const OpenNvSciKey*> KeyView::find(std::string_view name) {
    OPENNVSCI_TRY_ASSIGN(row, attr::key_of_name(schema_(), name));
    OPENNVSCI_TRY_ASSIGN(all, keys());
    return &*std::find_if(all.begin(), all.end(), [&](const OpenNvSciKey& key) { return key.number == row->number; });
}

KeyView& buf_keys() {
    static KeyView& view = *new KeyView(buf::schema);  // NOLINT(cppcoreguidelines-owning-memory): stays
    return view;
}

KeyView& sync_keys() {
    static KeyView& view = *new KeyView(sync::schema);  // NOLINT(cppcoreguidelines-owning-memory): stays
    return view;
}

}  // namespace opennvsci::api
