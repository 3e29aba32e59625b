// SPDX-License-Identifier: Apache-2.0
#include "fake_semaphores.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>
#include <utility>

#include "failure_point.h"

namespace opennvsci::test {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names
using namespace vk;  // NOLINT(google-build-using-namespace): Vulkan's own names

namespace {

FakeSemaphores* g_semaphores = nullptr;
std::uintptr_t g_next_semaphore = 0x9000'0000;
std::mutex g_mutex;  // of g_semaphores' maps
std::atomic<long> g_imports = 0;

template <class Structure>
const Structure* find_in(const void* chain, VkStructureType type) {
    auto* structure = static_cast<const VkBaseInStructure*>(chain);
    while (structure != nullptr && structure->sType != type)
        structure = structure->pNext;
    return reinterpret_cast<const Structure*>(structure);
}

std::uint64_t inode_of(int descriptor) {
    struct stat status {};
    EXPECT_EQ(::fstat(descriptor, &status), 0) << "the descriptor is not open";
    return status.st_ino;
}

// Once: what it does may come here again.
void call_allocator() {
    const auto take = [] {
        const std::lock_guard lock(g_mutex);
        return std::exchange(g_semaphores->allocator, {});
    };
    if (const auto allocator = take()) allocator();
}

std::shared_ptr<FakePayload> payload_of(VkSemaphore semaphore) {
    const std::lock_guard lock(g_mutex);
    const auto found = g_semaphores->alive.find(semaphore);
    if (found != g_semaphores->alive.end()) return found->second;
    ADD_FAILURE() << "a semaphore that was destroyed, or never was, is used";
    std::abort();
}

}  // namespace

std::uint64_t FakePayload::value() const {
    const std::lock_guard lock(mutex_);
    return value_;
}

void FakePayload::set(std::uint64_t value) {
    const std::lock_guard lock(mutex_);
    EXPECT_GT(value, value_) << "the values of a timeline semaphore only grow";
    value_ = value;
    changed_.notify_all();
}

void FakePayload::wait_for(std::uint64_t value) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return value_ >= value; });
}

FakeSemaphores::FakeSemaphores() {
    g_semaphores = this;
}

FakeSemaphores::~FakeSemaphores() {
    EXPECT_TRUE(alive.empty());
    g_semaphores = nullptr;
}

std::shared_ptr<FakePayload> FakeSemaphores::payload_of(int descriptor) const {
    const std::lock_guard lock(g_mutex);
    const auto found = exported.find(inode_of(descriptor));
    return found == exported.end() ? nullptr : found->second;
}

bool FakeSemaphores::comes_to(const NvSciVkSemaphoreValue& awaited) const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (reached(awaited) < awaited.value) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    return true;
}

void vkGetPhysicalDeviceFeatures2(VkPhysicalDevice, VkPhysicalDeviceFeatures2* features) {
    auto* timeline = find_in<VkPhysicalDeviceTimelineSemaphoreFeatures>(
        features->pNext, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES);
    if (timeline == nullptr) return;
    const bool has_timelines = g_semaphores == nullptr || g_semaphores->has_timelines;
    const_cast<VkPhysicalDeviceTimelineSemaphoreFeatures*>(timeline)->timelineSemaphore = has_timelines ? 1 : 0;
}

void vkGetPhysicalDeviceExternalSemaphoreProperties(VkPhysicalDevice, const VkPhysicalDeviceExternalSemaphoreInfo* info,
                                                    VkExternalSemaphoreProperties* properties) {
    EXPECT_NE(find_in<VkSemaphoreTypeCreateInfo>(info->pNext, VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO), nullptr);
    if (g_semaphores == nullptr || g_semaphores->are_exported) properties->externalSemaphoreFeatures = 3;
}

VkResult vkCreateSemaphore(VkDevice, const VkSemaphoreCreateInfo* info, const VkAllocationCallbacks*,
                           VkSemaphore* semaphore) {
    if (FailurePoint::should_fail()) return VK_ERROR_OUT_OF_HOST_MEMORY;
    call_allocator();
    auto* type = find_in<VkSemaphoreTypeCreateInfo>(info->pNext, VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO);
    EXPECT_NE(type, nullptr);
    const std::lock_guard lock(g_mutex);
    *semaphore = reinterpret_cast<VkSemaphore>(g_next_semaphore += 0x10);
    g_semaphores->alive[*semaphore] = std::make_shared<FakePayload>(type->initialValue);
    return VK_SUCCESS;
}

void vkDestroySemaphore(VkDevice, VkSemaphore semaphore, const VkAllocationCallbacks*) {
    call_allocator();
    const std::lock_guard lock(g_mutex);
    EXPECT_EQ(g_semaphores->alive.erase(semaphore), 1U);
}

VkResult vkGetSemaphoreCounterValue(VkDevice device, VkSemaphore semaphore, std::uint64_t* value) {
    const auto payload = payload_of(semaphore);
    if (g_semaphores->lost_device == device) return VK_ERROR_DEVICE_LOST;
    if (g_semaphores->value_result != VK_SUCCESS) return g_semaphores->value_result;
    *value = payload->value();
    return VK_SUCCESS;
}

VkResult vkSignalSemaphore(VkDevice device, const VkSemaphoreSignalInfo* info) {
    const auto payload = payload_of(info->semaphore);
    if (g_semaphores->lost_device == device) return VK_ERROR_DEVICE_LOST;
    if (g_semaphores->signal_result != VK_SUCCESS) return g_semaphores->signal_result;
    payload->set(info->value);
    return VK_SUCCESS;
}

VkResult vkGetSemaphoreFdKHR(VkDevice, const VkSemaphoreGetFdInfoKHR* info, int* descriptor) {
    const auto payload = payload_of(info->semaphore);
    if (FailurePoint::should_fail()) return VK_ERROR_TOO_MANY_OBJECTS;
    *descriptor = ::memfd_create("semaphore", MFD_CLOEXEC);
    const std::lock_guard lock(g_mutex);
    g_semaphores->exported[inode_of(*descriptor)] = payload;
    return VK_SUCCESS;
}

VkResult vkImportSemaphoreFdKHR(VkDevice, const VkImportSemaphoreFdInfoKHR* info) {
    if (FailurePoint::should_fail()) return VK_ERROR_OUT_OF_HOST_MEMORY;
    auto payload = g_semaphores->payload_of(info->fd);
    if (payload == nullptr) return VK_ERROR_INVALID_EXTERNAL_HANDLE;
    ::close(info->fd);
    const std::lock_guard lock(g_mutex);
    g_semaphores->alive.at(info->semaphore) = std::move(payload);
    return VK_SUCCESS;
}

// CUDA

namespace {

struct Job {
    std::shared_ptr<FakePayload> payload;
    std::uint64_t value;
};
using Import = std::shared_ptr<FakePayload>;

CUresult import_semaphore(CUexternalSemaphore* made, const CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC* desc) {
    if (FailurePoint::should_fail()) return CUDA_ERROR_OUT_OF_MEMORY;
    EXPECT_EQ(desc->type, CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_TIMELINE_SEMAPHORE_FD);
    auto payload = g_semaphores->payload_of(desc->handle.fd);
    if (payload == nullptr) return CUDA_ERROR_UNKNOWN;
    ::close(desc->handle.fd);
    *made = reinterpret_cast<CUexternalSemaphore>(new Import(std::move(payload)));
    ++g_imports;
    return CUDA_SUCCESS;
}

CUresult destroy_semaphore(CUexternalSemaphore semaphore) {
    delete reinterpret_cast<Import*>(semaphore);
    --g_imports;
    return CUDA_SUCCESS;
}

// Counted as the call itself, not as the host function that stands for it.
CUresult run_in(CUstream stream, CUexternalSemaphore semaphore, std::uint64_t value, CUhostFn function) {
    if (FailurePoint::should_fail()) return CUDA_ERROR_OUT_OF_MEMORY;
    auto job = std::make_unique<Job>(Job{*reinterpret_cast<Import*>(semaphore), value});
    const CUresult result = driver::instance_for_testing()->call.cuLaunchHostFunc(stream, function, job.get());
    if (result == CUDA_SUCCESS) (void)job.release();
    return result;
}

CUresult signal_semaphore(const CUexternalSemaphore* semaphores,
                          const CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS* parameters, unsigned, CUstream stream) {
    return run_in(stream, *semaphores, parameters->params.fence.value, [](void* data) {
        const std::unique_ptr<Job> job(static_cast<Job*>(data));
        job->payload->set(job->value);
    });
}

CUresult wait_semaphore(const CUexternalSemaphore* semaphores, const CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS* parameters,
                        unsigned, CUstream stream) {
    return run_in(stream, *semaphores, parameters->params.fence.value, [](void* data) {
        const std::unique_ptr<Job> job(static_cast<Job*>(data));
        job->payload->wait_for(job->value);
    });
}

}  // namespace

FakeImports::FakeImports() : driver_(*driver::instance_for_testing()), before_(driver_.call) {
    driver_.call.cuImportExternalSemaphore = import_semaphore;
    driver_.call.cuDestroyExternalSemaphore = destroy_semaphore;
    driver_.call.cuSignalExternalSemaphoresAsync = signal_semaphore;
    driver_.call.cuWaitExternalSemaphoresAsync = wait_semaphore;
}

FakeImports::~FakeImports() {
    driver_.call = before_;
}

long FakeImports::alive() {
    return g_imports;
}

}  // namespace opennvsci::test
