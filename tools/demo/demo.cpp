// SPDX-License-Identifier: Apache-2.0
//
// The demo: a picture goes from the CPU through a negotiated read-only buffer to the GPU, and comes back gray. Every
// return code is checked and every promise on the way is tried; the first one that does not hold ends the demo.
//
// What is freed when is deliberate: the module first, the objects before their imports, the imports before their
// mappings. The result is read after all of that, through the mappings that are left.
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "commands.h"
#include "demo/compute.h"
#include "demo/refusals.h"
#include "demo/report.h"
#include "demo/two_processes.h"
#include "device_choice.h"
#include "file.h"
#include "library_folder.h"
#include "negotiation.h"
#include "nvsci.h"
#include "outcome.h"
#include "output.h"

namespace opennvsci::tool {

namespace {

constexpr std::uint64_t kHistogramAlignment = 256;
constexpr std::uint64_t kInputAlignment = 512;  // what texture units ask for

// What nobody names is a file of this user, which the next demo replaces.
Result<std::filesystem::path> usual_output() {
    std::error_code status;
    const auto folder = std::filesystem::temp_directory_path(status);
    if (status) return fail(fmt::format("no temporary folder: {}; --output names the picture", status.message()));
    return folder / fmt::format("opennvsci-demo-{}.png", ::geteuid());
}

Result<> print_negotiation(const std::string& title, const Object& object) {
    OPENNVSCI_TRY_ASSIGN(decisions, decisions_of(object));
    print("\n{}\n\n{}", title, decisions_table(decisions));
    return {};
}

// An import of an object and one mapping of its whole size, as the read-only proofs need it.
Result<> prove_read_only(const Driver& driver, const char* what, const Object& read_only, std::size_t size) {
    OPENNVSCI_TRY_ASSIGN(memory, ExternalMemory::import(driver, read_only, size));
    OPENNVSCI_TRY_ASSIGN(mapping, MappedBuffer::map(driver, memory, 0, size));
    OPENNVSCI_TRY_ASSIGN(lines, expect_gpu_writes_refused(driver, mapping));
    for (const std::string& line : lines)
        print_done(fmt::format("{}: {}; no byte changed", what, line));
    OPENNVSCI_TRY(mapping.free());
    return memory.destroy();
}

class Demo {
  public:
    Demo(const Driver& driver, const OpenNvSciDevice& device, const Picture& picture)
        : driver_(driver), device_(device), picture_(picture) {}

    [[nodiscard]] Result<> negotiate_input();
    [[nodiscard]] Result<> negotiate_result();
    [[nodiscard]] Result<> fill_input();
    [[nodiscard]] Result<> import_into_cuda();
    [[nodiscard]] Result<> run_on_device();
    [[nodiscard]] Result<> try_forbidden_writes();
    [[nodiscard]] Result<> free_all_but_mappings();
    /// Copies the result back and compares it with the CPU's.
    [[nodiscard]] Result<GrayResult> read_result();
    [[nodiscard]] Result<> free_mappings();

  private:
    [[nodiscard]] std::uint64_t input_size() const { return std::uint64_t{picture_.pixels()} * 3; }
    [[nodiscard]] std::uint64_t histogram_offset() const {
        return (picture_.pixels() + kHistogramAlignment - 1) / kHistogramAlignment * kHistogramAlignment;
    }
    [[nodiscard]] std::uint64_t result_size() const { return histogram_offset() + sizeof(Histogram); }

    const Driver& driver_;
    const OpenNvSciDevice& device_;
    const Picture& picture_;
    // In the order of their making, so that failures free them from the last to the first.
    Module module_;
    Object input_;
    Object input_for_vision_;  // the same memory, read-only
    Object result_;
    std::optional<ExternalMemory> input_memory_;
    std::optional<ExternalMemory> result_memory_;
    std::optional<MappedBuffer> rgb_;
    std::optional<MappedBuffer> gray_;
    std::optional<MappedBuffer> bins_;
    std::optional<Stream> stream_;
};

Result<> Demo::negotiate_input() {
    OPENNVSCI_TRY(check(NvSciBufModuleOpen(module_.out()), "NvSciBufModuleOpen"));
    const NvSciBufAttrValGpuCache uncached{device_.gpuId, false};
    const NvSciBufAttrValGpuCompression compressed{device_.gpuId, NvSciBufCompressionType_GenericCompressible};
    const std::array participants{
        Participant("camera (CPU)")
            .asks(NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer)
            .asks(NvSciBufRawBufferAttrKey_Size, input_size())
            .asks(NvSciBufGeneralAttrKey_NeedCpuAccess, true)
            .asks(NvSciBufGeneralAttrKey_RequiredPerm, NvSciBufAccessPerm_ReadWrite),
        Participant("vision (GPU)")
            .asks(NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer)
            .asks(NvSciBufRawBufferAttrKey_Align, kInputAlignment)
            .asks(NvSciBufGeneralAttrKey_RequiredPerm, NvSciBufAccessPerm_Readonly)
            .asks(NvSciBufGeneralAttrKey_GpuId, device_.gpuId)
            .asks(NvSciBufGeneralAttrKey_EnableGpuCache, uncached)
            .asks(NvSciBufGeneralAttrKey_EnableGpuCompression, compressed),
    };
    OPENNVSCI_TRY_ASSIGN(input, negotiate(module_, participants));
    input_ = std::move(input);
    return print_negotiation(
        fmt::format("Input buffer, {} bytes: the camera writes it by CPU, vision reads it on the GPU.", input_size()),
        input_);
}

Result<> Demo::negotiate_result() {
    const NvSciBufAttrValGpuCompression compressed{device_.gpuId, NvSciBufCompressionType_GenericCompressible};
    const std::array participants{
        Participant("vision (GPU)")
            .asks(NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer)
            .asks(NvSciBufRawBufferAttrKey_Size, result_size())
            .asks(NvSciBufRawBufferAttrKey_Align, kHistogramAlignment)
            .asks(NvSciBufGeneralAttrKey_RequiredPerm, NvSciBufAccessPerm_ReadWrite)
            .asks(NvSciBufGeneralAttrKey_GpuId, device_.gpuId)
            .asks(NvSciBufGeneralAttrKey_EnableGpuCompression, compressed),
    };
    OPENNVSCI_TRY_ASSIGN(result, negotiate(module_, participants));
    result_ = std::move(result);
    module_.reset();  // its objects live on
    return print_negotiation(
        fmt::format("Result buffer, {} bytes: only the GPU uses it. The gray picture at offset 0, its histogram at {}.",
                    result_size(), histogram_offset()),
        result_);
}

Result<> Demo::fill_input() {
    void* pointer = nullptr;
    OPENNVSCI_TRY(check(NvSciBufObjGetCpuPtr(input_.get(), &pointer), "NvSciBufObjGetCpuPtr"));
    std::memcpy(pointer, picture_.rgb.data(), input_size());
    OPENNVSCI_TRY(check(NvSciBufObjFlushCpuCacheRange(input_.get(), 0, input_size()), "NvSciBufObjFlushCpuCacheRange"));
    print_done("the CPU wrote the picture into the input buffer");
    return {};
}

Result<> Demo::import_into_cuda() {
    OPENNVSCI_TRY_ASSIGN(read_only, read_only_duplicate(input_));
    input_for_vision_ = std::move(read_only);
    OPENNVSCI_TRY_ASSIGN(input_memory, ExternalMemory::import(driver_, input_for_vision_, input_size()));
    input_memory_.emplace(std::move(input_memory));
    OPENNVSCI_TRY_ASSIGN(rgb, MappedBuffer::map(driver_, *input_memory_, 0, input_size()));
    rgb_.emplace(std::move(rgb));
    OPENNVSCI_TRY_ASSIGN(result_memory, ExternalMemory::import(driver_, result_, result_size()));
    result_memory_.emplace(std::move(result_memory));
    OPENNVSCI_TRY_ASSIGN(gray, MappedBuffer::map(driver_, *result_memory_, 0, picture_.pixels()));
    gray_.emplace(std::move(gray));
    OPENNVSCI_TRY_ASSIGN(bins, MappedBuffer::map(driver_, *result_memory_, histogram_offset(), sizeof(Histogram)));
    bins_.emplace(std::move(bins));
    print_done("CUDA imported the input buffer read-only, and two windows of the result buffer");
    return {};
}

Result<> Demo::run_on_device() {
    OPENNVSCI_TRY_ASSIGN(stream, Stream::create(driver_));
    stream_.emplace(std::move(stream));
    OPENNVSCI_TRY(
        check(driver_, driver_.call.cuMemsetD32Async(bins_->address(), 0, 256, stream_->get()), "cuMemsetD32Async"));
    OPENNVSCI_TRY(
        compute(driver_, stream_->get(), {rgb_->address(), gray_->address(), bins_->address(), picture_.pixels()}));
    print_done(fmt::format("gray picture and histogram: two {} on a stream",
                           driver_.description.isSoftware ? "host functions" : "kernels"));
    return {};
}

Result<> Demo::try_forbidden_writes() {
    OPENNVSCI_TRY(prove_read_only(driver_, "input buffer", input_for_vision_, input_size()));
    OPENNVSCI_TRY_ASSIGN(result_to_read, read_only_duplicate(result_));
    OPENNVSCI_TRY(prove_read_only(driver_, "result buffer", result_to_read, result_size()));
    OPENNVSCI_TRY_ASSIGN(words, expect_cpu_pointer_refused(input_for_vision_));
    print_done(fmt::format("input buffer: a CPU pointer for writing is refused: {}", words));
    const void* seen = nullptr;
    OPENNVSCI_TRY(check(NvSciBufObjGetConstCpuPtr(input_.get(), &seen), "NvSciBufObjGetConstCpuPtr"));
    if (std::memcmp(seen, picture_.rgb.data(), input_size()) == 0) return {};
    return fail("the input buffer does not hold the picture any more");
}

Result<> Demo::free_all_but_mappings() {
    input_.reset();
    input_for_vision_.reset();
    OPENNVSCI_TRY(result_memory_->destroy());
    result_.reset();
    OPENNVSCI_TRY(input_memory_->destroy());
    print_done("freed: the module, the objects, the imports; the mappings are still there");
    return {};
}

Result<GrayResult> Demo::read_result() {
    GrayResult result;
    result.gray.resize(picture_.pixels());
    const cu::CUstream stream = stream_->get();
    Result<> copied =
        check(driver_, driver_.call.cuMemcpyDtoHAsync(result.gray.data(), gray_->address(), gray_->size(), stream),
              "cuMemcpyDtoHAsync of the gray picture");
    if (copied) {
        copied = check(driver_,
                       driver_.call.cuMemcpyDtoHAsync(result.histogram.data(), bins_->address(), bins_->size(), stream),
                       "cuMemcpyDtoHAsync of the histogram");
    }
    OPENNVSCI_TRY(stream_->synchronize());  // after a failure too: a copy into `result` may be under way
    OPENNVSCI_TRY(std::move(copied));

    const GrayResult expected = compute_reference(picture_);
    if (result.gray != expected.gray) {
        return fail("the gray picture differs from the one that the CPU computes");
    }
    if (result.histogram != expected.histogram) {
        return fail("the histogram differs from the one that the CPU computes");
    }
    print_done(fmt::format("the result equals the CPU's bit by bit: {} gray pixels, {} counters", result.gray.size(),
                           result.histogram.size()));
    return result;
}

Result<> Demo::free_mappings() {
    OPENNVSCI_TRY(bins_->free());
    OPENNVSCI_TRY(rgb_->free());
    OPENNVSCI_TRY(gray_->free());
    OPENNVSCI_TRY(stream_->destroy());
    print_done("freed: the mappings and the stream");
    return {};
}

}  // namespace

Result<> demo(const DemoOptions& options) {
    if (options.device == "soft") ::setenv("OPENNVSCI_DEVICE", "soft", 1);  // read when the driver is first used
    if (options.role == "camera") return be_camera(options);
    if (options.role == "vision") return be_vision(options);
    if (options.two_processes) return show_two_processes(options);
    std::filesystem::path output = options.output;
    Existing existing = options.force ? Existing::replace : Existing::keep;
    if (output.empty()) {
        OPENNVSCI_TRY_ASSIGN(usual, usual_output());
        output = std::move(usual);
        existing = Existing::replace_name;  // everybody may write into the temporary folder
    }
    OPENNVSCI_TRY(check_may_write(output, existing));
    std::filesystem::path input = options.input;
    if (input.empty()) {
        OPENNVSCI_TRY_ASSIGN(shipped, data_folder());
        input = shipped / "picture.png";
    }
    OPENNVSCI_TRY_ASSIGN(picture, read_picture(input));

    OPENNVSCI_TRY_ASSIGN(driver, Driver::load());
    OPENNVSCI_TRY_ASSIGN(device, choose_device(driver.description, options.device));
    print("picture  {}, {} x {} pixels\n", input.string(), picture.width, picture.height);
    print("device   {} ({}), {}\n", device->name, shorten_uuids(uuid_text(device->gpuId)),
          driver.description.isSoftware ? "the software device" : "a GPU");
    print("driver   {}\n", driver.description.path);

    OPENNVSCI_TRY_ASSIGN(context, PrimaryContext::make_current(driver, *device));
    Demo demo(driver, *device, picture);
    OPENNVSCI_TRY(demo.negotiate_input());
    OPENNVSCI_TRY(demo.negotiate_result());
    print("\n");
    OPENNVSCI_TRY(demo.fill_input());
    OPENNVSCI_TRY(demo.import_into_cuda());
    OPENNVSCI_TRY(demo.run_on_device());
    OPENNVSCI_TRY(demo.try_forbidden_writes());
    OPENNVSCI_TRY(demo.free_all_but_mappings());
    OPENNVSCI_TRY_ASSIGN(result, demo.read_result());
    OPENNVSCI_TRY(demo.free_mappings());
    OPENNVSCI_TRY(context.release());
    OPENNVSCI_TRY_ASSIGN(file, encode_gray(picture.width, picture.height, result.gray));
    OPENNVSCI_TRY(write_file(output, {reinterpret_cast<const char*>(file.data()), file.size()}, existing));
    print("\nwrote {}; everything held, on {}\n", output.string(), device->name);
    return {};
}

}  // namespace opennvsci::tool
