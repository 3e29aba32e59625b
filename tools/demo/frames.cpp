// SPDX-License-Identifier: Apache-2.0
#include "demo/frames.h"

#include <memory>

#include "driver_objects.h"

namespace opennvsci::tool {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names for its constants

namespace {

constexpr std::uint32_t word_of(std::uint32_t frame, std::uint32_t place) {
    return (frame + place) * 2654435761U;
}

struct HostStep {
    CUdeviceptr words;
    CUdeviceptr sum;
    std::uint32_t frame;
};

void produce_on_host(void* argument) {
    const std::unique_ptr<HostStep> step(static_cast<HostStep*>(argument));
    auto* words = host_pointer<std::uint32_t>(step->words);
    for (std::uint32_t i = 0; i < kFrameWords; ++i)
        words[i] = word_of(step->frame, i);
}

void add_checksum_on_host(void* argument) {
    const std::unique_ptr<HostStep> step(static_cast<HostStep*>(argument));
    const auto* words = host_pointer<const std::uint32_t>(step->words);
    std::uint32_t sum = 0;
    for (std::uint32_t i = 0; i < kFrameWords; ++i)
        sum += words[i] * (2 * i + 1);
    *host_pointer<std::uint32_t>(step->sum) += sum;
}

Result<> run_on_host(const Driver& driver, CUstream stream, CUhostFn function, const HostStep& step) {
    auto argument = std::make_unique<HostStep>(step);
    OPENNVSCI_TRY(check(driver, driver.call.cuLaunchHostFunc(stream, function, argument.get()), "cuLaunchHostFunc"));
    (void)argument.release();  // the function's now
    return {};
}

}  // namespace

std::uint32_t frame_checksum(std::uint32_t frame) {
    std::uint32_t sum = 0;
    for (std::uint32_t i = 0; i < kFrameWords; ++i)
        sum += word_of(frame, i) * (2 * i + 1);
    return sum;
}

Result<FrameWork> FrameWork::prepare(const Driver& driver, CUstream stream) {
    FrameWork work(driver, stream);
    if (driver.description.isSoftware) return work;
    OPENNVSCI_TRY_ASSIGN(kernels, KernelModule::load(driver));
    work.kernels_.emplace(std::move(kernels));
    CUdeviceptr words = 0;
    OPENNVSCI_TRY(check(driver, driver.call.cuMemAlloc(&words, kFrameSize), "cuMemAlloc"));
    Result<> started = work.produce(words, 0);
    if (started) started = work.add_checksum(words, words);
    if (started) started = check(driver, driver.call.cuStreamSynchronize(stream), "cuStreamSynchronize");
    OPENNVSCI_TRY(check(driver, driver.call.cuMemFree(words), "cuMemFree"));
    if (!started) return tl::make_unexpected(std::move(started).error());
    return work;
}

Result<> FrameWork::produce(CUdeviceptr words, std::uint32_t frame) const {
    if (kernels_) return kernels_->launch("frame", stream_, words, frame, kFrameWords);
    return run_on_host(driver_, stream_, &produce_on_host, {words, 0, frame});
}

Result<> FrameWork::add_checksum(CUdeviceptr words, CUdeviceptr sum) const {
    if (kernels_) return kernels_->launch("checksum", stream_, words, sum, kFrameWords);
    return run_on_host(driver_, stream_, &add_checksum_on_host, {words, sum, 0});
}

}  // namespace opennvsci::tool
