// SPDX-License-Identifier: Apache-2.0
//
// The camera of `demo --two-processes`: agrees with vision on the buffers, makes them, and fills them with frames.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <vector>

#include "demo/frames.h"
#include "demo/process.h"
#include "demo/report.h"
#include "demo/two_processes.h"
#include "device_choice.h"
#include "negotiation.h"
#include "output.h"

namespace opennvsci::tool {
namespace {

struct SentBuffer {
    Object object;
    ExternalMemory memory;
    MappedBuffer mapped;
};

// Reconciles vision's list with the camera's, allocates, and sends the list and the buffers.
Result<std::vector<SentBuffer>> make_buffers(Process& process) {
    Module module;
    OPENNVSCI_TRY(check(NvSciBufModuleOpen(module.out()), "NvSciBufModuleOpen"));
    OPENNVSCI_TRY_ASSIGN(own, Participant(process.name())
                                  .asks(NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer)
                                  .asks(NvSciBufRawBufferAttrKey_Size, kFrameSize)
                                  .asks(NvSciBufGeneralAttrKey_RequiredPerm, NvSciBufAccessPerm_ReadWrite)
                                  .asks(NvSciBufGeneralAttrKey_GpuId, process.device().gpuId)
                                  .make_list(module));
    Channel& channel = process.channel();
    List visions;
    {
        OPENNVSCI_TRY_ASSIGN(blob, channel.receive_blob());
        OPENNVSCI_TRY(check(NvSciBufAttrListIpcImportUnreconciled(module.get(), channel.endpoint(), blob.data(),
                                                                  blob.size(), visions.out()),
                            "NvSciBufAttrListIpcImportUnreconciled"));
    }
    List reconciled;
    List conflicts;
    const std::array inputs{own.get(), visions.get()};
    OPENNVSCI_TRY(check(NvSciBufAttrListReconcile(inputs.data(), inputs.size(), reconciled.out(), conflicts.out()),
                        "NvSciBufAttrListReconcile"));
    void* bytes = nullptr;
    std::size_t size = 0;
    OPENNVSCI_TRY(check(NvSciBufAttrListIpcExportReconciled(reconciled.get(), channel.endpoint(), &bytes, &size),
                        "NvSciBufAttrListIpcExportReconciled"));
    Result<> sent = channel.send_blob(bytes, size);
    NvSciBufAttrListFreeDesc(bytes);
    OPENNVSCI_TRY(std::move(sent));

    std::vector<SentBuffer> buffers;
    for (std::uint32_t i = 0; i < Packet::kBuffers; ++i) {
        Object object;
        OPENNVSCI_TRY(check(NvSciBufObjAlloc(reconciled.get(), object.out()), "NvSciBufObjAlloc"));
        NvSciBufObjIpcExportDescriptor descriptor{};
        OPENNVSCI_TRY(
            check(NvSciBufObjIpcExport(object.get(), NvSciBufAccessPerm_Readonly, channel.endpoint(), &descriptor),
                  "NvSciBufObjIpcExport"));
        OPENNVSCI_TRY(channel.send(descriptor));
        OPENNVSCI_TRY_ASSIGN(memory, ExternalMemory::import(process.driver(), object, kFrameSize));
        OPENNVSCI_TRY_ASSIGN(mapped, MappedBuffer::map(process.driver(), memory, 0, kFrameSize));
        buffers.push_back({std::move(object), std::move(memory), std::move(mapped)});
    }
    print_done(fmt::format("{} buffers of {} bytes, exported to be read", Packet::kBuffers, kFrameSize));
    OPENNVSCI_TRY_ASSIGN(decisions, decisions_of(buffers[0].object));
    print("\n{}\n", decisions_table(decisions));
    return buffers;
}

Result<> send_frames(Process& process, std::uint32_t frames) {
    OPENNVSCI_TRY_ASSIGN(work, FrameWork::prepare(process.driver(), process.stream().get()));
    OPENNVSCI_TRY_ASSIGN(buffers, make_buffers(process));

    const auto start = std::chrono::steady_clock::now();
    for (std::uint32_t frame = 0; frame < frames + Packet::kBuffers; ++frame) {
        std::uint32_t buffer = frame;  // the first ones were never away
        if (frame >= Packet::kBuffers) {
            OPENNVSCI_TRY_ASSIGN(empty, process.receive());
            buffer = empty.buffer;
            if (buffer >= Packet::kBuffers) return fail("vision gave up");
        }
        if (frame >= frames) continue;  // the last ones come home
        OPENNVSCI_TRY(work.produce(buffers[buffer].mapped.address(), frame));
        OPENNVSCI_TRY(process.send(buffer, frame_checksum(frame)));
    }
    OPENNVSCI_TRY(process.stream().synchronize());
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    OPENNVSCI_TRY(process.send(Packet::kNoMoreFrames, 0));
    print_done(fmt::format("{} frames, {:.0f} a second", frames, frames / seconds.count()));
    for (SentBuffer& buffer : buffers) {
        OPENNVSCI_TRY(buffer.mapped.free());
        OPENNVSCI_TRY(buffer.memory.destroy());
    }
    return {};
}

}  // namespace

Result<> be_camera(const DemoOptions& options) {
    OPENNVSCI_TRY_ASSIGN(driver, Driver::load());
    OPENNVSCI_TRY_ASSIGN(device, choose_device(driver.description, options.device));
    OPENNVSCI_TRY_ASSIGN(context, PrimaryContext::make_current(driver, *device));
    {
        OPENNVSCI_TRY_ASSIGN(process, Process::begin(driver, *device, "camera", "nvscisync_a_0"));
        OPENNVSCI_TRY(send_frames(process, options.frames));
    }
    return context.release();
}

}  // namespace opennvsci::tool
