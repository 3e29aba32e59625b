// SPDX-License-Identifier: Apache-2.0
#include "sync/counter_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/process.h"
#include "memory/file_memory.h"
#include "sync/keys.h"
#include "sync/timestamp.h"

namespace opennvsci::sync {
namespace {

constexpr std::size_t kTimestampsBytes = kSlots * sizeof(TimestampWord);

// Each row: what a place takes, and how many share a memory.
struct Layout {
    std::size_t bytes;
    std::size_t count;
};
constexpr Layout kLayouts[] = {
    {CounterArena::kWordsBytes, 256},
    {CounterArena::kWordsBytes + kTimestampsBytes, 32},
};

}  // namespace

cu::CUdeviceptr CounterMemory::known_address(const driver::ContextWatch& context) noexcept {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(mappings_.begin(), mappings_.end(),
                                    [&](const ContextMapping& mapping) { return mapping.context == &context; });
    return found == mappings_.end() ? 0 : found->mapping->address();
}

Result<cu::CUdeviceptr> CounterMemory::address_in(const driver::ContextWatch& context) {
    if (const cu::CUdeviceptr address = known_address(context); address != 0) return address;
    const std::lock_guard making(making_);
    if (const cu::CUdeviceptr address = known_address(context); address != 0) return address;

    const driver::Device& device = context.device();
    if (!device.supports_stream_memory_operations) {
        return fail(
            NvSciError_NotSupported,
            fmt::format("{} has no 64-bit stream memory operations (device attribute 122, CUDA 11.7)", device.name),
            cu::CUDA_ERROR_NOT_SUPPORTED);
    }
    if (only_ != nullptr && &device != only_) {
        return fail(NvSciError_NotSupported,
                    fmt::format("the object was reconciled for {} alone, and lives in its memory; name {} in "
                                "NvSciSyncAttrKey_GpuId",
                                only_->name, device.uuid.text()),
                    cu::CUDA_ERROR_NOT_SUPPORTED);
    }
    return context.run([&]() -> Result<cu::CUdeviceptr> {
        OPENNVSCI_TRY_ASSIGN(made, allocation_->map_for_gpu(context.driver(), device, memory::Right::read_write));
        const std::lock_guard lock(mutex_);
        return mappings_.emplace_back(ContextMapping{&context, std::move(made)}).mapping->address();
    });
}

Result<> CounterMemory::store_apart(std::size_t offset, std::uint64_t value) {
    OPENNVSCI_TRY_ASSIGN(driver, driver::instance());
    const driver::EntryPoints& call = driver->call;
    cu::CUcontext own = nullptr;
    if (const cu::CUresult result = call.cuCtxCreate(&own, 0, only_->handle); result != cu::CUDA_SUCCESS) {
        return driver->error(result, "cuCtxCreate");
    }
    const auto store = [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(mapping, allocation_->map_for_gpu(*driver, *only_, memory::Right::read_write));
        const driver::RelaxedCapture relaxed(*driver);
        const cu::CUresult result = call.cuMemcpyHtoD(mapping->address() + offset, &value, sizeof(value));
        if (result != cu::CUDA_SUCCESS) return driver->error(result, "cuMemcpyHtoD");
        return {};
    };
    auto stored = store();
    call.cuCtxDestroy(own);  // and what was current before is again
    return stored;
}

bool CounterMemory::is_mapped() noexcept {
    const std::lock_guard lock(mutex_);
    return !mappings_.empty();
}

// Taken down without the lock: the driver is asked.
void CounterMemory::forget_ended_contexts() noexcept {
    while (true) {
        std::unique_ptr<memory::GpuMapping> ended;
        const std::lock_guard lock(mutex_);
        const auto found = std::find_if(mappings_.begin(), mappings_.end(),
                                        [](const ContextMapping& mapping) { return !mapping.context->is_alive(); });
        if (found == mappings_.end()) return;
        ended = std::move(found->mapping);
        mappings_.erase(found);
    }
}

CounterArena& CounterArena::instance() {
    static CounterArena& arena = *new CounterArena;
    return arena;
}

// Before there are threads: a fork in the middle of the first call would leave the child waiting for its end.
[[gnu::constructor]] static void make_counter_arena() {
    (void)CounterArena::instance();
}

CounterArena::CounterArena() {
    process::guard_across_fork(mutex_);
}

Result<CounterPlace> CounterArena::take(Size size) {
    const Layout& layout = kLayouts[static_cast<int>(size)];
    Places& places = places_[static_cast<int>(size)];
    CounterPlace place;
    {
        const std::lock_guard lock(mutex_);
        if (maker_ != process::token()) {
            for (Places& inherited : places_)
                inherited_.push_back(std::exchange(inherited, Places{}));
            maker_ = process::token();
        }
        if (places.vacant.empty()) OPENNVSCI_TRY(add_memory(size, layout.bytes, layout.count));
        place = std::move(places.vacant.back());
        places.vacant.pop_back();
    }
    std::memset(place.address, 0, layout.bytes);
    return place;
}

Result<> CounterArena::add_memory(Size size, std::size_t bytes, std::size_t count) {
    Places& places = places_[static_cast<int>(size)];
    OPENNVSCI_TRY_ASSIGN(
        allocation, memory::FileMemory::create(bytes * count, os::kPageSize, memory::FileMemory::Pages::when_touched));
    OPENNVSCI_TRY_ASSIGN(address, allocation->cpu_address(memory::Right::read_write));
    const auto memory = std::make_shared<CounterMemory>(std::move(allocation), nullptr);
    places.vacant.reserve((places.memories.size() + 1) * count);  // giving back needs no memory
    places.memories.push_back(memory);
    for (std::size_t i = count; i-- > 0;)
        places.vacant.push_back({memory, i * bytes, static_cast<std::byte*>(address) + i * bytes});
    return {};
}

void CounterArena::give_back(Size size, CounterPlace place) noexcept {
    const std::lock_guard lock(mutex_);
    if (maker_ == process::token()) places_[static_cast<int>(size)].vacant.push_back(std::move(place));
}

void CounterArena::forget_ended_contexts() noexcept {
    const std::lock_guard lock(mutex_);
    for (const Places& places : places_) {
        for (const auto& memory : places.memories)
            memory->forget_ended_contexts();
    }
}

}  // namespace opennvsci::sync
