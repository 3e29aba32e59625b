// SPDX-License-Identifier: Apache-2.0
//
// Failure paths of the exchange of buffers: allocation for a peer, export, import, and the use of what was imported,
// with a failure at the n-th driver call, system call or heap allocation. The link between the two is the test's.
#include "buffer_exchange.h"
#include "failure_walk.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

struct ExchangeWay {
    bool with_cpu;                         // that decides the memory
    NvSciBufAttrValAccessPerm permission;  // of the consumer
    bool in_one_blob;
};

class ExchangeInjectTest : public BufferExchangeTest, public ::testing::WithParamInterface<ExchangeWay> {
  protected:
    static constexpr std::uint64_t kAlignment = 65536;  // more than a page: another way to map

    [[nodiscard]] Attributes wishes() const {
        return bytes(GetParam().permission)
            .with(NvSciBufGeneralAttrKey_NeedCpuAccess, GetParam().with_cpu)
            .with(NvSciBufGeneralAttrKey_GpuId, gpu(0))
            .with(NvSciBufRawBufferAttrKey_Align, kAlignment);
    }

    // Everything that one run makes, freed in the opposite order.
    struct Made {
        Made() = default;
        Made(const Made&) = delete;
        Made& operator=(const Made&) = delete;
        ~Made() {
            for (const CUdeviceptr pointer : {pointer_of_producer, pointer_of_consumer}) {
                if (pointer != 0 && nvsciCuMemFree(pointer) != CUDA_SUCCESS) nvsciCuMemFree(pointer);
            }
            for (const CUexternalMemory memory : {memory_of_producer, memory_of_consumer}) {
                if (memory != nullptr) nvsciCuDestroyExternalMemory(memory);
            }
        }
        Object object;
        ObjectBlob blob;
        Object received;
        CUexternalMemory memory_of_producer = nullptr;
        CUexternalMemory memory_of_consumer = nullptr;
        CUdeviceptr pointer_of_producer = 0;
        CUdeviceptr pointer_of_consumer = 0;
    };

    [[nodiscard]] CallOutcome hand_over(const LinkedEndpoints& channel, NvSciBufAttrList list, Made& made) const {
        const NvSciIpcEndpoint from = channel.handle(kProducer);
        const NvSciIpcEndpoint to = channel.handle(kConsumer);
        if (GetParam().in_one_blob) {
            TRY_CALL(NvSciBufIpcExportAttrListAndObj(made.object, kAuto, from, &made.blob.bytes, &made.blob.size));
            return outcome_of(NvSciBufIpcImportAttrListAndObj(peer_module_, to, made.blob.bytes, made.blob.size,
                                                              nullptr, 0, kAuto, 0, made.received.out()));
        }
        Descriptor descriptor{};
        TRY_CALL(NvSciBufObjIpcExport(made.object, kAuto, from, &descriptor));
        return outcome_of(NvSciBufObjIpcImport(to, &descriptor, list, kAuto, 0, made.received.out()));
    }

    static CallOutcome map(NvSciBufObj object, CUexternalMemory& memory, CUdeviceptr& pointer) {
        CUDA_EXTERNAL_MEMORY_HANDLE_DESC desc{};
        desc.type = CU_EXTERNAL_MEMORY_HANDLE_TYPE_NVSCIBUF;
        desc.handle.nvSciBufObject = object;
        desc.size = kExchangedBytes;
        const CUDA_EXTERNAL_MEMORY_BUFFER_DESC window{0, kExchangedBytes, 0, {}};
        TRY_CALL(nvsciCuImportExternalMemory(&memory, &desc));
        return outcome_of(nvsciCuExternalMemoryGetMappedBuffer(&pointer, memory, &window));
    }

    [[nodiscard]] CallOutcome run(const LinkedEndpoints& channel, NvSciBufAttrList result,
                                  NvSciBufAttrList consumers_result, Made& made) const {
        TRY_CALL(NvSciBufObjAlloc(result, made.object.out()));
        TRY_CALL(hand_over(channel, consumers_result, made));
        TRY_CALL(map(made.received, made.memory_of_consumer, made.pointer_of_consumer));
        return map(made.object, made.memory_of_producer, made.pointer_of_producer);
    }
};

TEST_P(ExchangeInjectTest, EveryFailureOfAnExchangeIsReportedAndLeavesNothing) {
    (void)TestDevice::current();
    // Over a channel of its own: what went ahead of a blob that was not made, or not imported, stays until its end.
    const auto run_once = [&](FailurePoint* point) {
        const LinkedEndpoints channel("other");
        const List asked = send_wishes(channel, kConsumer, {wishes().list(peer_module_)}, module_);
        const List result = reconciled({wishes().list(module_), asked});
        const List consumers_result = send_result(channel, kProducer, result, peer_module_);
        Made made;
        if (point != nullptr) point->arm();
        return run(channel, result, consumers_result, made);
    };
    ASSERT_FALSE(run_once(nullptr));
    const long failures = expect_failures_come_back(kEveryPoint, [&](FailurePoint& point) { return run_once(&point); });
    EXPECT_FALSE(run_once(nullptr));
    EXPECT_GT(failures, 15);
}

INSTANTIATE_TEST_SUITE_P(Exchange, ExchangeInjectTest,
                         ::testing::Values(ExchangeWay{true, kReadonly, false}, ExchangeWay{true, kReadWrite, false},
                                           ExchangeWay{false, kReadonly, false}, ExchangeWay{true, kReadonly, true}),
                         [](const ::testing::TestParamInfo<ExchangeWay>& parameter) {
                             return std::string(parameter.param.with_cpu ? "SystemMemory" : "VideoMemory") +
                                    (parameter.param.permission == kReadWrite ? "ToAWriter" : "ToAReader") +
                                    (parameter.param.in_one_blob ? "InOneBlob" : "");
                         });

}  // namespace
}  // namespace opennvsci::test
