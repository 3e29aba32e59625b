// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <memory>

#include "api/handles.h"
#include "api/inspected_holders.h"
#include "api/inspection_document.h"
#include "buf/keys.h"
#include "cuda/mapped_pointers.h"
#include "vulkan/registry.h"

namespace opennvsci::api {
namespace {

struct BufferFacts {
    const attr::Module* module;
    std::shared_ptr<attr::List> list;
    std::uint64_t size;
    memory::Right right;
    Since since;
};
using Buffers = HeldObjects<BufferFacts>;

Buffers::Entry* entry_of(Buffers& buffers, const buf::Object& object) {
    return buffers.of(&object, [&]() -> BufferFacts {
        return {object.module().get(), object.list(), object.extent().size, object.right(), object.since()};
    });
}

// `visit(device, memory, import)` for each import into Vulkan.
template <class Visit>
void for_each_vulkan_import(const Visit& visit) {
    for (const auto& device : vulkan::Registry::instance().own_devices()) {
        device->for_each_import([&](vk::VkDeviceMemory memory, const vulkan::Import& import) {
            visit(device->physical(), number(memory), import);
        });
    }
}

// Handles first: what only others hold any more comes last.
std::size_t find_holders(Buffers& buffers) {
    std::size_t handles = 0;
    objects().for_each_own([&](std::uint64_t number, const ObjectEntry& entry) {
        ++handles;
        if (auto* const found = entry_of(buffers, *entry.object())) add_holder(found->handles, number, entry.since());
    });
    external_memories().for_each_own([&](std::uint64_t number, const cuda::ExternalMemory& memory) {
        if (auto* const found = entry_of(buffers, memory.object())) add_holder(found->imports, number, memory.since());
    });
    cuda::MappedPointers::instance().for_each_own(InspectionWriter::kMostOfAKind,
                                                  [&](cu::CUdeviceptr pointer, const cuda::MappedBuffer& mapped) {
                                                      if (auto* const found = entry_of(buffers, *mapped.object))
                                                          add_holder(found->mappings, pointer, mapped.since);
                                                  });
    for_each_vulkan_import([&](const vulkan::PhysicalDevice&, std::uint64_t memory, const vulkan::Import& import) {
        if (auto* const found = entry_of(buffers, *import.object)) add_holder(found->of_vulkan, memory, import.since);
    });
    tensors().for_each_own([&](std::uint64_t number, const TensorEntry& tensor) {
        if (auto* const found = entry_of(buffers, *tensor.memory->object()))
            add_holder(found->tensors, number, tensor.since);
    });
    buffers.add_transfers();
    return handles;
}

void write_buffer(InspectionWriter& out, const Buffers& buffers, const Buffers::Entry& entry) {
    const BufferFacts& facts = entry.facts;
    const attr::Slot& slot = facts.list->reconciled();
    write_object_number(out, buffers.number_of(entry.object));
    out.elements("type", slot, NvSciBufGeneralAttrKey_Types);
    out.number("size", facts.size);
    out.elements("memory", slot, buf::kMemoryDomain);
    out.text("right", memory::right_name(facts.right));
    out.module(facts.module);
    write_holders(out, "handles", entry.handles, "handle");
    write_holders(out, "imports", entry.imports, "handle");
    write_holders(out, "mappings", entry.mappings, "pointer");
    write_holders(out, "vulkan_imports", entry.of_vulkan, "memory");
    write_holders(out, "tensors", entry.tensors, "number");
    write_transfers(out, entry.transfers);
    write_reconciled(out, *facts.list);
    out.since(facts.since);
}

void write_device(InspectionWriter& out, const driver::Device& device) {
    out.text("device", device.name);
    out.text("gpu", device.uuid.text());
}

void write_external_memories(InspectionWriter& out, const Buffers& buffers) {
    out.kind_of_table("external_memories", external_memories(), [&](std::uint64_t, const cuda::ExternalMemory& memory) {
        write_object_number(out, buffers.number_of(&memory.object()));
        write_device(out, memory.device());
        out.since(memory.since());
    });
}

void write_mappings(InspectionWriter& out, const Buffers& buffers) {
    out.kind("mappings", "count", [&] {
        return cuda::MappedPointers::instance().for_each_own(
            InspectionWriter::kMostOfAKind, [&](cu::CUdeviceptr pointer, const cuda::MappedBuffer& mapped) {
                out.entry([&] {
                    out.handle("pointer", pointer);
                    write_object_number(out, buffers.number_of(mapped.object.get()));
                    write_device(out, mapped.context->device());
                    out.since(mapped.since);
                });
            });
    });
}

void write_vulkan_imports(InspectionWriter& out, const Buffers& buffers) {
    out.kind("vulkan_imports", "count", [&] {
        std::size_t count = 0;
        for_each_vulkan_import(
            [&](const vulkan::PhysicalDevice& device, std::uint64_t memory, const vulkan::Import& import) {
                ++count;
                out.entry([&] {
                    out.handle("memory", memory);
                    write_object_number(out, buffers.number_of(import.object.get()));
                    write_device(out, device);
                    out.since(import.since);
                });
            });
        return count;
    });
}

}  // namespace

void write_buffers(InspectionWriter& out) {
    Buffers buffers;
    const std::size_t handles = find_holders(buffers);
    out.kind("buffers", "handles", [&] {
        for (const Buffers::Entry& entry : buffers.entries())
            out.entry([&] { write_buffer(out, buffers, entry); });
        return handles;
    });
    write_external_memories(out, buffers);
    write_mappings(out, buffers);
    write_vulkan_imports(out, buffers);
}

}  // namespace opennvsci::api
