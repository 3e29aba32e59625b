// SPDX-License-Identifier: Apache-2.0
#include "softcuda/memory_operation.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include "softcuda/ranges.h"
#include "softcuda/worker_thread.h"

namespace opennvsci::softcuda {
namespace {

struct Operation {
    bool waits;
    bool is_64_bit;
    std::uintptr_t address;
    std::uint64_t value;
    unsigned condition;
};

std::uint64_t read(const Operation& operation) noexcept {
    if (operation.is_64_bit) {
        return __atomic_load_n(reinterpret_cast<const std::uint64_t*>(operation.address), __ATOMIC_ACQUIRE);
    }
    return __atomic_load_n(reinterpret_cast<const std::uint32_t*>(operation.address), __ATOMIC_ACQUIRE);
}

void write(const Operation& operation) noexcept {
    if (operation.is_64_bit) {
        __atomic_store_n(reinterpret_cast<std::uint64_t*>(operation.address), operation.value, __ATOMIC_SEQ_CST);
    } else {
        __atomic_store_n(reinterpret_cast<std::uint32_t*>(operation.address),
                         static_cast<std::uint32_t>(operation.value), __ATOMIC_SEQ_CST);
    }
}

// The comparison GEQ is cyclic, as documented.
bool is_satisfied(const Operation& operation) noexcept {
    const std::uint64_t found = read(operation);
    const std::uint64_t all = operation.is_64_bit ? ~std::uint64_t{0} : 0xFFFFFFFFU;
    switch (operation.condition) {
        case CU_STREAM_WAIT_VALUE_GEQ:
            return operation.is_64_bit
                       ? static_cast<std::int64_t>(found - operation.value) >= 0
                       : static_cast<std::int32_t>(static_cast<std::uint32_t>(found - operation.value)) >= 0;
        case CU_STREAM_WAIT_VALUE_EQ:
            return found == operation.value;
        case CU_STREAM_WAIT_VALUE_AND:
            return (found & operation.value) != 0;
        default:
            return (~(found | operation.value) & all) != 0;
    }
}

/// False if the context was destroyed before the value came, or the program has ended but for the device's threads.
bool wait_until_satisfied(const Operation& operation, const StreamGroup& group) {
    constexpr unsigned kYields = 64;
    constexpr unsigned kLooksAtTheProgram = 1000;  // with the longest pause, about ten times a second
    constexpr std::chrono::microseconds kLongest{50};
    std::chrono::microseconds pause{1};
    for (unsigned looks = 0; !is_satisfied(operation); ++looks) {
        if (group.closing()) return false;
        if (looks % kLooksAtTheProgram == kLooksAtTheProgram - 1 && !program_has_threads()) return false;
        if (looks < kYields) {
            std::this_thread::yield();
            continue;
        }
        std::this_thread::sleep_for(pause);
        pause = std::min(pause * 2, kLongest);
    }
    return true;
}

void run(const std::vector<Operation>& operations, StreamGroup& group) {
    for (const Operation& operation : operations) {
        if (!operation.waits) {
            write(operation);
        } else if (!wait_until_satisfied(operation, group)) {
            return group.kill();
        }
    }
}

CUresult check(const CUstreamBatchMemOpParams& given, int device, Operation& operation, Pins& pins) {
    const auto& value = given.waitValue;
    operation.waits =
        given.operation == CU_STREAM_MEM_OP_WAIT_VALUE_32 || given.operation == CU_STREAM_MEM_OP_WAIT_VALUE_64;
    operation.is_64_bit =
        given.operation == CU_STREAM_MEM_OP_WAIT_VALUE_64 || given.operation == CU_STREAM_MEM_OP_WRITE_VALUE_64;
    operation.address = value.address;
    operation.value = operation.is_64_bit ? value.value64 : value.value;
    operation.condition = value.flags;
    if (operation.waits && (value.flags & CU_STREAM_WAIT_VALUE_FLUSH) != 0) return CUDA_ERROR_NOT_SUPPORTED;
    const unsigned greatest_flag = operation.waits ? +CU_STREAM_WAIT_VALUE_NOR : +CU_STREAM_WRITE_VALUE_DEFAULT;
    if (value.flags > greatest_flag) return CUDA_ERROR_INVALID_VALUE;
    const std::size_t width = operation.is_64_bit ? 8 : 4;
    const auto needed = operation.waits ? CU_MEM_ACCESS_FLAGS_PROT_READ : CU_MEM_ACCESS_FLAGS_PROT_READWRITE;
    const bool usable =
        operation.address % width == 0 && RangeRegistry::instance().pin(operation.address, width, device, needed, pins);
    return usable ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

}  // namespace

CUresult submit_memory_operations(Stream& stream, std::span<const CUstreamBatchMemOpParams> operations) {
    const auto context = find_context(stream.group()->context());
    if (context == nullptr) return CUDA_ERROR_CONTEXT_IS_DESTROYED;
    std::vector<Operation> checked;
    Pins pins;
    for (const CUstreamBatchMemOpParams& given : operations) {
        switch (given.operation) {
            case CU_STREAM_MEM_OP_WAIT_VALUE_32:
            case CU_STREAM_MEM_OP_WAIT_VALUE_64:
            case CU_STREAM_MEM_OP_WRITE_VALUE_32:
            case CU_STREAM_MEM_OP_WRITE_VALUE_64: {
                Operation& operation = checked.emplace_back();
                const CUresult result = check(given, context->device().ordinal(), operation, pins);
                if (result != CUDA_SUCCESS) return result;
                break;
            }
            case CU_STREAM_MEM_OP_BARRIER:  // work of a stream is in order here
                if (given.memoryBarrier.flags > 1) return CUDA_ERROR_INVALID_VALUE;
                break;
            case CU_STREAM_MEM_OP_FLUSH_REMOTE_WRITES:
                return CUDA_ERROR_NOT_SUPPORTED;
            default:
                return CUDA_ERROR_INVALID_VALUE;
        }
    }
    return stream.submit(
        [checked = std::move(checked), pins = std::move(pins), group = stream.group()] { run(checked, *group); });
}

}  // namespace opennvsci::softcuda
