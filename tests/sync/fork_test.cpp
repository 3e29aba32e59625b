// SPDX-License-Identifier: Apache-2.0
//
// A forked child owns nothing of what it inherits: it may free it, and end, and the parent sees no change; to wait for
// it or to signal it is an error that says why. What the child makes itself works.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <thread>
#include <vector>

#include "sync_test.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

/// What a program has when it forks: an object that the CPU signals, with fences that expired and that pend, one for
/// which a stream waits, and one with a signal in a stream.
class Fork : public SyncTest {
  protected:
    void SetUp() override {
        SKIP_WHERE_FORKS_STAND_STILL();
        gate_.emplace(cuda_);
        expired_ = generate(of_cpu_);
        EXPECT_EQ(NvSciSyncObjSignal(of_cpu_), kSuccess);
        pending_ = generate(of_cpu_);
        next_ = generate(of_cpu_);
        awaited_fence_ = generate(awaited_);
        EXPECT_EQ(awaited_semaphore_->wait(waits_, awaited_fence_), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        gate_->hold(signals_);
        EXPECT_EQ(of_stream_semaphore_->signal(signals_, &of_stream_fence_), CUDA_SUCCESS)
            << opennvsciGetLastErrorText();
    }
    void TearDown() override {
        gate_.reset();
        of_cpu_.reset();
        awaited_.reset();
        of_stream_.reset();
        awaited_semaphore_.reset();
        of_stream_semaphore_.reset();
        SyncTest::TearDown();
    }

    SyncObject allocate_with_stream_signaler() const {
        const SyncList cpu = cpu_list(module_, NvSciSyncAccessPerm_WaitOnly);
        return allocate({gpu_list(module_, 1), cpu});
    }

    /// The parent's things are as they were, and go on from there.
    void expect_unchanged_and_usable() {
        EXPECT_EQ(poll(expired_), kSuccess);
        EXPECT_EQ(poll(pending_), kTimeout);
        EXPECT_EQ(poll(next_), kTimeout);
        EXPECT_EQ(poll(awaited_fence_), kTimeout);
        EXPECT_EQ(poll(of_stream_fence_), kTimeout) << opennvsciGetLastErrorText();
        EXPECT_TRUE(is_held(cuda_, waits_));
        EXPECT_TRUE(is_held(cuda_, signals_));
        for (const NvSciSyncFence& fence : {pending_, of_stream_fence_})
            EXPECT_EQ(task_status(fence), NvSciSyncTaskStatus_Invalid);
        EXPECT_EQ(NvSciSyncObjSignal(of_cpu_), kSuccess);
        EXPECT_EQ(poll(pending_), kSuccess);
        EXPECT_EQ(poll(next_), kTimeout);
        const NvSciSyncFence fourth = generate(of_cpu_);
        EXPECT_EQ(value_of(fourth), 4U);
        EXPECT_EQ(NvSciSyncObjSignal(of_cpu_), kSuccess);
        EXPECT_EQ(poll(fourth), kTimeout);
        EXPECT_EQ(NvSciSyncObjSignal(of_cpu_), kSuccess);
        EXPECT_EQ(poll(fourth), kSuccess);
        EXPECT_EQ(NvSciSyncObjSignal(awaited_), kSuccess);
        EXPECT_TRUE(comes_to_its_end(cuda_, waits_));
        gate_->open();
        EXPECT_TRUE(comes_to_its_end(cuda_, signals_));
        EXPECT_EQ(poll(of_stream_fence_), kSuccess);
        NvSciSyncFence second = NvSciSyncFenceInitializer;
        EXPECT_EQ(of_stream_semaphore_->signal(signals_, &second), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        EXPECT_EQ(NvSciSyncFenceWait(&second, context_, 10000000), kSuccess);
    }

    /// As a child's exit handlers would.
    void free_everything() {
        for (NvSciSyncFence* fence : {&expired_, &pending_, &next_, &awaited_fence_, &of_stream_fence_})
            NvSciSyncFenceClear(fence);
        for (const CUexternalSemaphore semaphore : {awaited_semaphore_->handle, of_stream_semaphore_->handle})
            (void)nvsciCuDestroyExternalSemaphore(semaphore);
        for (const NvSciSyncObj object : {of_cpu_.get(), awaited_.get(), of_stream_.get()})
            NvSciSyncObjFree(object);
        NvSciSyncAttrListFree(list_);
        NvSciSyncCpuWaitContextFree(context_);
        NvSciSyncModuleClose(module_);
    }

    SyncList list_ = cpu_list(module_, NvSciSyncAccessPerm_WaitSignal);
    SyncObject of_cpu_ = cpu_object(module_);
    SyncObject awaited_ = allocate(module_, {.cpu_signals = true});
    SyncObject of_stream_ = allocate_with_stream_signaler();
    std::optional<Semaphore> awaited_semaphore_{std::in_place, awaited_.get()};
    std::optional<Semaphore> of_stream_semaphore_{std::in_place, of_stream_.get()};
    NvSciSyncFence expired_ = NvSciSyncFenceInitializer;
    NvSciSyncFence pending_ = NvSciSyncFenceInitializer;
    NvSciSyncFence next_ = NvSciSyncFenceInitializer;
    NvSciSyncFence awaited_fence_ = NvSciSyncFenceInitializer;
    NvSciSyncFence of_stream_fence_ = NvSciSyncFenceInitializer;
    const CUstream signals_ = first_;
    const CUstream waits_ = second_;
    std::optional<MemoryGate> gate_;
};

/// Uses a module: an object of the CPU, its fences, waits and signals.
void use_module(NvSciSyncModule module, Findings& findings) {
    NvSciSyncAttrList list = nullptr;
    NvSciSyncAttrList conflict = nullptr;
    NvSciSyncObj object = nullptr;
    NvSciSyncCpuWaitContext context = nullptr;
    const bool has_cpu = true;
    const NvSciSyncAccessPerm permission = NvSciSyncAccessPerm_WaitSignal;
    const NvSciSyncAttrKeyValuePair pairs[] = {{NvSciSyncAttrKey_NeedCpuAccess, &has_cpu, sizeof(has_cpu)},
                                               {NvSciSyncAttrKey_RequiredPerm, &permission, sizeof(permission)}};
    findings.check(NvSciSyncCpuWaitContextAlloc(module, &context) == kSuccess, "NvSciSyncCpuWaitContextAlloc");
    findings.check(NvSciSyncAttrListCreate(module, &list) == kSuccess, "NvSciSyncAttrListCreate");
    findings.check(NvSciSyncAttrListSetAttrs(list, pairs, 2) == kSuccess, "NvSciSyncAttrListSetAttrs");
    findings.check(NvSciSyncAttrListReconcileAndObjAlloc(&list, 1, &object, &conflict) == kSuccess,
                   "NvSciSyncAttrListReconcileAndObjAlloc");
    NvSciSyncFence first = NvSciSyncFenceInitializer;
    NvSciSyncFence second = NvSciSyncFenceInitializer;
    findings.check(NvSciSyncObjGenerateFence(object, &first) == kSuccess, "NvSciSyncObjGenerateFence");
    findings.check(NvSciSyncObjGenerateFence(object, &second) == kSuccess, "NvSciSyncObjGenerateFence, again");
    findings.check(NvSciSyncFenceWait(&first, context, 0) == kTimeout, "a wait before the signal");
    findings.check(NvSciSyncObjSignal(object) == kSuccess, "NvSciSyncObjSignal");
    findings.check(NvSciSyncFenceWait(&first, context, -1) == kSuccess, "a wait after the signal");
    findings.check(NvSciSyncFenceWait(&second, context, 1000) == kTimeout, "a wait for the next signal");
    NvSciSyncObjFree(object);
    findings.check(NvSciSyncFenceWait(&first, context, 0) == kSuccess, "the expired fence of a freed object");
    findings.check(NvSciSyncFenceWait(&second, context, 0) == kResourceError, "the pending fence of a freed object");
    NvSciSyncAttrListFree(list);
    NvSciSyncCpuWaitContextFree(context);
}

void use_own_module(Findings& findings) {
    NvSciSyncModule own = nullptr;
    findings.check(NvSciSyncModuleOpen(&own) == kSuccess, "NvSciSyncModuleOpen");
    use_module(own, findings);
    NvSciSyncModuleClose(own);
}

TEST_F(Fork, ChildFreesEverything) {
    EXPECT_EQ(findings_of_forked_child([&](Findings&) { free_everything(); }), "");
    expect_unchanged_and_usable();
}

TEST_F(Fork, ChildEndsLikeAProgram) {
    std::fflush(nullptr);  // or the child prints once more what is still to be printed
    for (const bool frees : {false, true}) {
        const ForkedChild child = in_forked_child([&]() -> std::string {
            if (frees) free_everything();
            std::exit(0);
        });
        EXPECT_TRUE(WIFEXITED(child.status)) << child.status;
    }
    expect_unchanged_and_usable();
}

// Waiting and signaling, as often as it likes: that a driver does not work in a child says nothing about the context of
// the parent's signal.
TEST_F(Fork, ChildCannotUseWhatItInherits) {
    EXPECT_EQ(findings_of_forked_child([&](Findings& findings) {
                  const WaitContext own = wait_context(module_);
                  for (int again = 0; again < 2; ++again) {
                      for (const NvSciSyncCpuWaitContext context : {context_.get(), own.get()}) {
                          for (const NvSciSyncFence& fence : {expired_, pending_, awaited_fence_, of_stream_fence_}) {
                              for (const std::int64_t timeout : {0, 1000}) {
                                  const NvSciError code = NvSciSyncFenceWait(&fence, context, timeout);
                                  findings.check_error(code, opennvsciGetLastErrorText(), "NvSciSyncFenceWait",
                                                       kTimeout);
                              }
                          }
                      }
                      for (const NvSciSyncFence& fence : {expired_, pending_, of_stream_fence_}) {
                          NvSciSyncTaskStatus status{};
                          std::uint64_t time = 0;
                          NvSciError code = NvSciSyncFenceGetTaskStatus(&fence, &status);
                          findings.check_error(code, opennvsciGetLastErrorText(), "NvSciSyncFenceGetTaskStatus");
                          code = NvSciSyncFenceGetTimestamp(&fence, &time);
                          findings.check_error(code, opennvsciGetLastErrorText(), "NvSciSyncFenceGetTimestamp");
                      }
                      for (const NvSciSyncObj object : {of_cpu_.get(), awaited_.get()}) {
                          NvSciSyncFence fence = NvSciSyncFenceInitializer;
                          NvSciError code = NvSciSyncObjGenerateFence(object, &fence);
                          findings.check_error(code, opennvsciGetLastErrorText(), "NvSciSyncObjGenerateFence");
                          findings.check(fence.payload[0] == 0, "a refused fence was written");
                          code = NvSciSyncObjSignal(object);
                          findings.check_error(code, opennvsciGetLastErrorText(), "NvSciSyncObjSignal");
                      }
                      NvSciSyncFence fence = NvSciSyncFenceInitializer;
                      findings.check_error(of_stream_semaphore_->signal(signals_, &fence), opennvsciGetLastErrorText(),
                                           "a stream's signal");
                      findings.check_error(awaited_semaphore_->wait(waits_, awaited_fence_),
                                           opennvsciGetLastErrorText(), "a stream's wait");
                  }
              }),
              "");
    expect_unchanged_and_usable();
}

TEST_F(Fork, ChildHasItsOwn) {
    EXPECT_EQ(findings_of_forked_child([&](Findings& findings) {
                  use_own_module(findings);
                  use_module(module_, findings);
                  free_everything();
                  use_own_module(findings);
              }),
              "");
    expect_unchanged_and_usable();
}

// A grandchild owns nothing of the child either.
TEST_F(Fork, ChildForksAgain) {
    EXPECT_EQ(
        findings_of_forked_child([&](Findings& findings) {
            NvSciSyncObj object = nullptr;
            NvSciSyncAttrList conflict = nullptr;
            NvSciSyncAttrList list = list_;
            NvSciSyncFence fence = NvSciSyncFenceInitializer;
            findings.check(NvSciSyncAttrListReconcileAndObjAlloc(&list, 1, &object, &conflict) == kSuccess, "object");
            findings.check(NvSciSyncObjGenerateFence(object, &fence) == kSuccess, "fence");
            const std::string of_grandchild = findings_of_forked_child(
                [&](Findings& inner) {
                    inner.check_error(NvSciSyncObjSignal(object), opennvsciGetLastErrorText(), "signal", kTimeout);
                    NvSciSyncObjFree(object);
                    use_own_module(inner);
                },
                10);
            findings.check(of_grandchild.empty(), "grandchild: " + of_grandchild);
            findings.check(poll(fence) == kTimeout, "the child's fence pends");
            findings.check(NvSciSyncObjSignal(object) == kSuccess, "signal");
            findings.check(poll(fence) == kSuccess, "the child's fence expires");
        }),
        "");
    expect_unchanged_and_usable();
}

/// Pending and expired fences of new objects. A child and its parent that call this after the fork have made the same
/// calls before, so all that can tell their fences apart is what is random in them.
Fences fences_of_new_objects(NvSciSyncModule module, std::vector<NvSciSyncObj>& objects) {
    Fences fences;
    NvSciSyncAttrList list = nullptr;
    const bool yes = true;
    const NvSciSyncAccessPerm permission = NvSciSyncAccessPerm_WaitSignal;
    const NvSciSyncAttrKeyValuePair pairs[] = {
        {NvSciSyncAttrKey_NeedCpuAccess, &yes, sizeof(yes)},
        {NvSciSyncAttrKey_WaiterRequireTimestamps, &yes, sizeof(yes)},
        {NvSciSyncAttrKey_RequiredPerm, &permission, sizeof(permission)},
    };
    (void)NvSciSyncAttrListCreate(module, &list);
    (void)NvSciSyncAttrListSetAttrs(list, pairs, 3);
    for (int i = 0; i < 3; ++i) {
        NvSciSyncAttrList conflict = nullptr;
        (void)NvSciSyncAttrListReconcileAndObjAlloc(&list, 1, &objects.emplace_back(), &conflict);
        for (int signaled = 0; signaled < 2; ++signaled) {
            NvSciSyncFence& fence = fences.emplace_back(NvSciSyncFenceInitializer);
            (void)NvSciSyncObjGenerateFence(objects.back(), &fence);
        }
        (void)NvSciSyncObjSignal(objects.back());
    }
    NvSciSyncAttrListFree(list);
    return fences;
}

void check_foreign(const Fences& fences, NvSciSyncCpuWaitContext context, Findings& findings) {
    for (const NvSciSyncFence& fence : fences) {
        std::uint64_t time = 0;
        NvSciSyncTaskStatus status{};
        findings.check(fence.payload[0] != 0, "a fence");
        findings.check(NvSciSyncFenceWait(&fence, context, 0) == kBadParameter, "wait");
        findings.check(NvSciSyncFenceWait(&fence, context, 1000) == kBadParameter, "long wait");
        findings.check(NvSciSyncFenceGetTimestamp(&fence, &time) == kBadParameter, "timestamp");
        findings.check(NvSciSyncFenceGetTaskStatus(&fence, &status) == kBadParameter, "task status");
    }
}

TEST_F(Fork, FencesOfTheOtherProcessAreErrors) {
    int to_child[2] = {};
    ASSERT_EQ(::pipe(to_child), 0);
    // The child's bytes come back with what it found; the parent's go through the pipe. The parent makes its objects in
    // the child's time, so a thread does it, after the fork.
    std::vector<NvSciSyncObj> objects;
    Fences mine;
    std::atomic<bool> is_forked{false};
    std::thread parent([&] {
        while (!is_forked)
            std::this_thread::yield();
        mine = fences_of_new_objects(module_, objects);
        const auto bytes = static_cast<ssize_t>(mine.size() * sizeof(mine[0]));
        EXPECT_EQ(::write(to_child[1], mine.data(), static_cast<std::size_t>(bytes)), bytes);
    });
    constexpr std::size_t kCount = 6;
    int forked[2] = {};
    ASSERT_EQ(::pipe(forked), 0);
    std::thread tells([&] {
        char byte = 0;
        EXPECT_EQ(::read(forked[0], &byte, 1), 1);
        is_forked = true;
    });
    const ForkedChild child = in_forked_child([&] {
        Findings findings;
        (void)!::write(forked[1], "f", 1);
        std::vector<NvSciSyncObj> own_objects;
        const Fences own = fences_of_new_objects(module_, own_objects);
        const WaitContext context = wait_context(module_);
        Fences received(kCount);
        const auto size = static_cast<ssize_t>(kCount * sizeof(received[0]));
        findings.check(::read(to_child[0], received.data(), static_cast<std::size_t>(size)) == size, "the pipe");
        check_foreign(received, context, findings);
        for (std::size_t i = 0; i < own.size(); ++i) {
            findings.check(NvSciSyncFenceWait(&own[i], context, 0) == (i % 2 == 0 ? kSuccess : kTimeout),
                           "an own fence");
        }
        std::string bytes(reinterpret_cast<const char*>(own.data()), own.size() * sizeof(own[0]));
        return bytes + findings.text();
    });
    parent.join();
    tells.join();
    for (const int end : {to_child[0], to_child[1], forked[0], forked[1]})
        ::close(end);
    ASSERT_TRUE(child.ended_well()) << child.status;
    Fences theirs(kCount);
    ASSERT_GE(child.bytes.size(), kCount * sizeof(theirs[0]));
    std::memcpy(theirs.data(), child.bytes.data(), kCount * sizeof(theirs[0]));
    EXPECT_EQ(child.bytes.substr(kCount * sizeof(theirs[0])), "") << "found by the child";
    Findings findings;
    check_foreign(theirs, context_, findings);
    EXPECT_EQ(findings.text(), "") << "found by the parent";
    for (const NvSciSyncFence& fence : theirs)
        EXPECT_EQ(awaited_semaphore_->wait(waits_, fence), CUDA_ERROR_INVALID_VALUE);
    for (std::size_t i = 0; i < mine.size(); ++i)
        EXPECT_EQ(poll(mine[i]), i % 2 == 0 ? kSuccess : kTimeout);
    for (const NvSciSyncObj object : objects)
        NvSciSyncObjFree(object);
    expect_unchanged_and_usable();
}

// Whatever lock another thread holds at the moment of the fork, the child does not wait for it.
TEST_F(Fork, WhileOtherThreadsMakeAndFree) {
    std::atomic<bool> ends{false};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&, i] {
            const SyncModule module = open_sync_module();
            const WaitContext context = wait_context(module);
            while (!ends) {
                const SyncList list =
                    cpu_list(i % 2 == 0 ? module.get() : module_.get(), NvSciSyncAccessPerm_WaitSignal);
                if (i >= 2) continue;
                const SyncObject object = allocate({list});
                const NvSciSyncFence fence = generate(object);
                EXPECT_EQ(NvSciSyncFenceWait(&fence, i == 0 ? context : context_, 0), kTimeout);
                EXPECT_EQ(NvSciSyncObjSignal(object), kSuccess);
            }
        });
    }
    std::string findings;
    for (int i = 0; i < 100 && findings.empty(); ++i) {
        findings = findings_of_forked_child(
            [&](Findings& inner) {
                NvSciSyncObjFree(of_cpu_);
                use_own_module(inner);
                use_module(module_, inner);
                free_everything();
            },
            10);
        EXPECT_EQ(findings, "") << "in fork " << i;
    }
    ends = true;
    for (std::thread& thread : threads)
        thread.join();
    expect_unchanged_and_usable();
}

// The handlers of two forks run at once: none lets go of what the other holds.
TEST(ForkTwice, TwoThreadsForkAtOnce) {
    SKIP_WHERE_FORKS_STAND_STILL();
    in_new_process([] {
        const SyncModule module = open_sync_module();
        const auto fork_often = [&] {
            for (int i = 0; i < 200; ++i) {
                const pid_t child = ::fork();
                if (child == 0) _exit(0);
                int status = 0;
                EXPECT_EQ(::waitpid(child, &status, 0), child);
                cpu_object(module);
            }
        };
        std::thread other(fork_often);
        fork_often();
        other.join();
    });
}

}  // namespace
}  // namespace opennvsci::test
