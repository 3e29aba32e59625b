// SPDX-License-Identifier: Apache-2.0
//
// Vision of `demo --two-processes`: asks for buffers to read, shows that it cannot write them, and checks every frame.
#include <fmt/format.h>

#include <vector>

#include "demo/frames.h"
#include "demo/process.h"
#include "demo/refusals.h"
#include "demo/report.h"
#include "demo/two_processes.h"
#include "device_choice.h"
#include "negotiation.h"
#include "output.h"

namespace opennvsci::tool {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names for its constants

struct ReceivedBuffer {
    Object object;
    ExternalMemory memory;
    MappedBuffer mapped;
};

// An import that asks for more than was granted must fail, and must leave the descriptor as it was.
Result<> expect_import_for_writing_refused(const Channel& channel, const NvSciBufObjIpcExportDescriptor& descriptor,
                                           const List& reconciled) {
    Object object;
    const NvSciError code = NvSciBufObjIpcImport(channel.endpoint(), &descriptor, reconciled.get(),
                                                 NvSciBufAccessPerm_ReadWrite, -1, object.out());
    if (code == NvSciError_Success) return fail("a buffer that was shared to be read was imported for writing");
    if (code != NvSciError_AccessDenied) return check(code, "NvSciBufObjIpcImport");
    print_done(fmt::format("an import for writing is refused: {}", opennvsciGetLastErrorText()));
    return {};
}

// Sends vision's list, and imports what comes.
Result<std::vector<ReceivedBuffer>> receive_buffers(Process& process) {
    Module module;
    OPENNVSCI_TRY(check(NvSciBufModuleOpen(module.out()), "NvSciBufModuleOpen"));
    constexpr std::uint64_t kAlign = 4096;
    OPENNVSCI_TRY_ASSIGN(own, Participant(process.name())
                                  .asks(NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer)
                                  .asks(NvSciBufRawBufferAttrKey_Align, kAlign)
                                  .asks(NvSciBufGeneralAttrKey_RequiredPerm, NvSciBufAccessPerm_Readonly)
                                  .asks(NvSciBufGeneralAttrKey_GpuId, process.device().gpuId)
                                  .make_list(module));
    Channel& channel = process.channel();
    const NvSciBufAttrList lists[] = {own.get()};
    void* bytes = nullptr;
    std::size_t size = 0;
    OPENNVSCI_TRY(check(NvSciBufAttrListIpcExportUnreconciled(lists, 1, channel.endpoint(), &bytes, &size),
                        "NvSciBufAttrListIpcExportUnreconciled"));
    Result<> sent = channel.send_blob(bytes, size);
    NvSciBufAttrListFreeDesc(bytes);
    OPENNVSCI_TRY(std::move(sent));
    OPENNVSCI_TRY_ASSIGN(blob, channel.receive_blob());
    List reconciled;
    OPENNVSCI_TRY(check(NvSciBufAttrListIpcImportReconciled(module.get(), channel.endpoint(), blob.data(), blob.size(),
                                                            lists, 1, reconciled.out()),
                        "NvSciBufAttrListIpcImportReconciled"));

    std::vector<ReceivedBuffer> buffers;
    for (std::uint32_t i = 0; i < Packet::kBuffers; ++i) {
        OPENNVSCI_TRY_ASSIGN(descriptor, channel.receive<NvSciBufObjIpcExportDescriptor>());
        if (i == 0) OPENNVSCI_TRY(expect_import_for_writing_refused(channel, descriptor, reconciled));
        Object object;
        OPENNVSCI_TRY(check(NvSciBufObjIpcImport(channel.endpoint(), &descriptor, reconciled.get(),
                                                 NvSciBufAccessPerm_Readonly, -1, object.out()),
                            "NvSciBufObjIpcImport"));
        OPENNVSCI_TRY_ASSIGN(memory, ExternalMemory::import(process.driver(), object, kFrameSize));
        OPENNVSCI_TRY_ASSIGN(mapped, MappedBuffer::map(process.driver(), memory, 0, kFrameSize));
        buffers.push_back({std::move(object), std::move(memory), std::move(mapped)});
    }
    return buffers;
}

Result<> show_that_writes_are_refused(const Process& process, const ReceivedBuffer& buffer) {
    OPENNVSCI_TRY_ASSIGN(lines, expect_gpu_writes_refused(process.driver(), buffer.mapped));
    for (const std::string& line : lines)
        print_done(line + "; no byte changed");
    OPENNVSCI_TRY_ASSIGN(words, expect_cpu_pointer_refused(buffer.object));
    print_done(fmt::format("a CPU pointer for writing is refused: {}", words));
    return {};
}

// A sum for each frame, on the device, zero at first.
class Sums {
  public:
    [[nodiscard]] static Result<Sums> make(const Driver& driver, std::uint32_t count) {
        Sums sums(driver, count);
        OPENNVSCI_TRY(check(driver, driver.call.cuMemAlloc(&sums.address_, sums.size()), "cuMemAlloc"));
        OPENNVSCI_TRY(check(driver, driver.call.cuMemsetD8(sums.address_, 0, sums.size()), "cuMemsetD8"));
        return sums;
    }
    Sums(Sums&& other) noexcept
        : driver_(other.driver_), count_(other.count_), address_(std::exchange(other.address_, 0)) {}
    ~Sums() {
        if (address_ != 0) driver_.call.cuMemFree(address_);
    }
    [[nodiscard]] CUdeviceptr of(std::uint32_t frame) const { return address_ + frame * sizeof(std::uint32_t); }
    [[nodiscard]] Result<std::vector<std::uint32_t>> read() const {
        std::vector<std::uint32_t> values(count_);
        OPENNVSCI_TRY(check(driver_, driver_.call.cuMemcpyDtoH(values.data(), address_, size()), "cuMemcpyDtoH"));
        return values;
    }

  private:
    Sums(const Driver& driver, std::uint32_t count) : driver_(driver), count_(count) {}
    [[nodiscard]] std::size_t size() const { return count_ * sizeof(std::uint32_t); }

    const Driver& driver_;
    std::uint32_t count_;
    CUdeviceptr address_ = 0;
};

Result<> check_frames(Process& process, std::uint32_t frames) {
    OPENNVSCI_TRY_ASSIGN(work, FrameWork::prepare(process.driver(), process.stream().get()));
    OPENNVSCI_TRY_ASSIGN(sums, Sums::make(process.driver(), frames));
    OPENNVSCI_TRY_ASSIGN(buffers, receive_buffers(process));

    std::vector<std::uint32_t> expected;
    for (;;) {
        OPENNVSCI_TRY_ASSIGN(full, process.receive());
        if (full.buffer == Packet::kNoMoreFrames) break;
        const auto frame = static_cast<std::uint32_t>(expected.size());
        if (frame == frames) return fail("the camera sends more frames than were agreed");
        OPENNVSCI_TRY(work.add_checksum(buffers[full.buffer].mapped.address(), sums.of(frame)));
        OPENNVSCI_TRY(process.send(full.buffer, 0));
        expected.push_back(full.checksum);
    }
    OPENNVSCI_TRY(process.stream().synchronize());
    OPENNVSCI_TRY_ASSIGN(seen, sums.read());
    if (seen != expected) return fail("the device saw other frames than the camera made");
    print_done(fmt::format("{} frames: the sum of each, taken on the device, is that of the packet", seen.size()));
    // Now that the camera writes no more: bytes are compared.
    OPENNVSCI_TRY(show_that_writes_are_refused(process, buffers[0]));
    for (ReceivedBuffer& buffer : buffers) {
        OPENNVSCI_TRY(buffer.mapped.free());
        OPENNVSCI_TRY(buffer.memory.destroy());
    }
    return {};
}

}  // namespace

Result<> be_vision(const DemoOptions& options) {
    OPENNVSCI_TRY_ASSIGN(driver, Driver::load());
    OPENNVSCI_TRY_ASSIGN(device, choose_device(driver.description, options.device));
    OPENNVSCI_TRY_ASSIGN(context, PrimaryContext::make_current(driver, *device));
    {
        OPENNVSCI_TRY_ASSIGN(process, Process::begin(driver, *device, "vision", "nvscisync_a_1"));
        OPENNVSCI_TRY(check_frames(process, options.frames));
    }
    return context.release();
}

}  // namespace opennvsci::tool
