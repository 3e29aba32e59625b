// SPDX-License-Identifier: Apache-2.0
#include "api/trace_notes.h"

#include <numeric>

#include "buf/keys.h"
#include "sync/trace_notes.h"
#include "trace/slice.h"

namespace opennvsci::api {
namespace {

// The first key that a report says was not granted; null if all were.
const attr::Key* first_not_granted(const attr::Schema& schema, const attr::Report& report) noexcept {
    for (const attr::Key& key : schema.keys()) {
        const attr::Decision* const decision = report.decision(schema.index_of(key));
        if (decision == nullptr) continue;
        if (decision->outcome == attr::Outcome::denied || decision->outcome == attr::Outcome::refused) return &key;
    }
    return nullptr;
}

}  // namespace

void note_negotiation(const attr::Schema& schema, std::span<const attr::List* const> lists,
                      const attr::Reconciliation& result) noexcept {
    const auto slots = [](std::size_t sum, const attr::List* list) { return sum + list->slot_count(); };
    trace::note_number("participants", std::accumulate(lists.begin(), lists.end(), std::size_t{0}, slots));
    const attr::List* const told = result.list ? result.list->get() : result.conflict.get();
    const std::shared_ptr<const attr::Report> report = told != nullptr ? told->report() : nullptr;
    const attr::Key* const key = report != nullptr ? first_not_granted(schema, *report) : nullptr;
    trace::note_text("outcome", !result.list ? "refused" : key != nullptr ? "weakened" : "granted");
    if (key != nullptr) trace::note_text("key", key->name);
}

void note_object(const buf::Object& object) noexcept {
    trace::note_number("size", object.extent().size);
    const auto domain = object.list()->reconciled().scalar<memory::Domain>(buf::kMemoryDomain);
    if (domain) trace::note_text("memory", memory::domain_name(*domain));
    trace::note_text("right", memory::right_name(object.right()));
}

void note_object(const sync::Object& object) noexcept {
    const auto& domain = object.timeline().description().domain;
    trace::note_text("memory", domain ? memory::domain_name(*domain) : "none (CUDA events)");
    sync::note_timeline(object.timeline());
}

void note_blob(const ipc::Endpoint& endpoint, std::size_t size) noexcept {
    trace::note_text("endpoint", endpoint.name());
    trace::note_number("bytes", size);
}

void note_mapping(const cu::CUDA_EXTERNAL_MEMORY_BUFFER_DESC& desc, cu::CUdeviceptr pointer) noexcept {
    trace::note_number("size", desc.size);
    trace::note_number("offset", desc.offset);
    trace::note_address("pointer", pointer);
}

void note_mapping(const cu::CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC& desc) noexcept {
    trace::note_number("width", desc.arrayDesc.Width);
    trace::note_number("height", desc.arrayDesc.Height);
    trace::note_number("depth", desc.arrayDesc.Depth);
    trace::note_number("offset", desc.offset);
}

}  // namespace opennvsci::api
