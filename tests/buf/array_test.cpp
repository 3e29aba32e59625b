// SPDX-License-Identifier: Apache-2.0
//
// CUDA's arrays as the library relies on them: the driver's own sizes, where the elements of a mapped array lie, and
// copies in every direction. The sizes are those of a file of measurements; the places those of base/block_linear.h.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <ostream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "base/block_linear.h"
#include "device.h"
#include "sanitizer.h"
#include "this_program.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

struct MeasuredShape {
    CUDA_ARRAY3D_DESCRIPTOR desc{};
    std::size_t element_size = 0;
    std::size_t size = 0;
    std::size_t alignment = 0;
    std::string block_height;  // "-" if it cannot be seen

    [[nodiscard]] std::size_t row_bytes() const { return desc.Width * element_size; }
};

std::ostream& operator<<(std::ostream& out, const MeasuredShape& shape) {
    return out << shape.desc.Width << " x " << shape.desc.Height << ", format " << shape.desc.Format << ", channels "
               << shape.desc.NumChannels;
}

std::size_t channel_size(CUarray_format format) {
    switch (format) {
        case CU_AD_FORMAT_UNSIGNED_INT8:
        case CU_AD_FORMAT_SIGNED_INT8:
            return 1;
        case CU_AD_FORMAT_UNSIGNED_INT16:
        case CU_AD_FORMAT_SIGNED_INT16:
        case CU_AD_FORMAT_HALF:
            return 2;
        default:
            return 4;
    }
}

const std::vector<MeasuredShape>& measured_shapes() {
    static const std::vector<MeasuredShape>& shapes = *[] {
        auto* read = new std::vector<MeasuredShape>;
        std::ifstream file(built("share/array_sizes_h100.csv"));
        for (std::string line; std::getline(file, line);) {
            if (line.empty() || line[0] < '0' || line[0] > '9') continue;  // a comment, or the names of the columns
            std::replace(line.begin(), line.end(), ',', ' ');
            std::istringstream columns(line);
            MeasuredShape shape;
            unsigned format = 0;
            columns >> shape.desc.Width >> shape.desc.Height >> format >> shape.desc.NumChannels >> shape.size >>
                shape.alignment >> shape.block_height;
            shape.desc.Format = static_cast<CUarray_format>(format);
            shape.element_size = channel_size(shape.desc.Format) * shape.desc.NumChannels;
            read->push_back(shape);
        }
        return read;
    }();
    return shapes;
}

std::vector<unsigned char> noise(std::size_t size, unsigned seed) {
    std::mt19937 random(seed);
    std::vector<unsigned char> bytes(size);
    for (auto& byte : bytes)
        byte = static_cast<unsigned char>(random());
    return bytes;
}

class ArrayTest : public ::testing::Test {
  protected:
    ArrayTest() { device_.make_current(); }

    TestDevice& device_ = TestDevice::instance();
    const driver::EntryPoints& cuda_ = device_.cuda();
};

/// Exported memory, imported as an opaque file descriptor and mapped as a buffer.
class SharedPlane {
  public:
    SharedPlane(const TestDevice& device, std::size_t size) : cuda_(device.cuda()) {
        constexpr std::size_t kGranule = std::size_t{2} << 20;
        size_ = (size + kGranule - 1) / kGranule * kGranule;
        CUmemAllocationProp properties{};
        properties.type = CU_MEM_ALLOCATION_TYPE_PINNED;
        properties.requestedHandleTypes = CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR;
        properties.location = {CU_MEM_LOCATION_TYPE_DEVICE, device.device().handle};
        CUDA_EXTERNAL_MEMORY_HANDLE_DESC desc{};
        desc.type = CU_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD;
        desc.size = size_;
        CUDA_EXTERNAL_MEMORY_BUFFER_DESC whole{};
        whole.size = size_;
        EXPECT_EQ(cuda_.cuMemCreate(&handle_, size_, &properties, 0), CUDA_SUCCESS);
        EXPECT_EQ(
            cuda_.cuMemExportToShareableHandle(&desc.handle.fd, handle_, CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0),
            CUDA_SUCCESS);
        EXPECT_EQ(cuda_.cuImportExternalMemory(&memory_, &desc), CUDA_SUCCESS);
        EXPECT_EQ(cuda_.cuExternalMemoryGetMappedBuffer(&buffer_, memory_, &whole), CUDA_SUCCESS);
        EXPECT_EQ(cuda_.cuMemsetD8(buffer_, 0, size_), CUDA_SUCCESS);
        EXPECT_EQ(cuda_.cuCtxSynchronize(), CUDA_SUCCESS);
    }
    ~SharedPlane() {
        EXPECT_EQ(cuda_.cuMemFree(buffer_), CUDA_SUCCESS);
        EXPECT_EQ(cuda_.cuDestroyExternalMemory(memory_), CUDA_SUCCESS);
        EXPECT_EQ(cuda_.cuMemRelease(handle_), CUDA_SUCCESS);
    }
    SharedPlane(const SharedPlane&) = delete;
    SharedPlane& operator=(const SharedPlane&) = delete;

    [[nodiscard]] CUmipmappedArray map(const CUDA_ARRAY3D_DESCRIPTOR& desc, unsigned long long offset) const {
        CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC window{};
        window.offset = offset;
        window.arrayDesc = desc;
        window.numLevels = 1;
        CUmipmappedArray mipmap = nullptr;
        EXPECT_EQ(cuda_.cuExternalMemoryGetMappedMipmappedArray(&mipmap, memory_, &window), CUDA_SUCCESS);
        return mipmap;
    }
    [[nodiscard]] CUdeviceptr buffer() const { return buffer_; }

  private:
    const driver::EntryPoints& cuda_;
    std::size_t size_ = 0;
    CUmemGenericAllocationHandle handle_ = 0;
    CUexternalMemory memory_ = nullptr;
    CUdeviceptr buffer_ = 0;
};

TEST_F(ArrayTest, TheProbeGivesTheMeasuredSizes) {
    ASSERT_GE(measured_shapes().size(), 200U);
    ASSERT_NE(cuda_.cuArrayGetMemoryRequirements, nullptr);
    for (const MeasuredShape& shape : measured_shapes()) {
        for (const unsigned surface : {0U, kArray3DSurfaceLdst}) {
            CUDA_ARRAY3D_DESCRIPTOR desc = shape.desc;
            desc.Flags = kArray3DDeferredMapping | surface;
            CUarray array = nullptr;
            ASSERT_EQ(cuda_.cuArray3DCreate(&array, &desc), CUDA_SUCCESS) << shape;
            CUDA_ARRAY_MEMORY_REQUIREMENTS found{};
            EXPECT_EQ(cuda_.cuArrayGetMemoryRequirements(&found, array, device_.device().handle), CUDA_SUCCESS);
            EXPECT_EQ(found.size, shape.size) << shape;
            EXPECT_EQ(found.alignment, shape.alignment) << shape;
            EXPECT_EQ(cuda_.cuArrayDestroy(array), CUDA_SUCCESS);
        }
    }
}

TEST_F(ArrayTest, TheProbeOfAMipmappedArrayGivesTheSame) {
    ASSERT_NE(cuda_.cuMipmappedArrayGetMemoryRequirements, nullptr);
    for (const MeasuredShape& shape : measured_shapes()) {
        CUDA_ARRAY3D_DESCRIPTOR desc = shape.desc;
        desc.Flags = kArray3DDeferredMapping;
        CUmipmappedArray mipmap = nullptr;
        ASSERT_EQ(cuda_.cuMipmappedArrayCreate(&mipmap, &desc, 1), CUDA_SUCCESS) << shape;
        CUDA_ARRAY_MEMORY_REQUIREMENTS found{};
        EXPECT_EQ(cuda_.cuMipmappedArrayGetMemoryRequirements(&found, mipmap, device_.device().handle), CUDA_SUCCESS);
        EXPECT_EQ(found.size, shape.size) << shape;
        EXPECT_EQ(found.alignment, shape.alignment) << shape;
        EXPECT_EQ(cuda_.cuMipmappedArrayDestroy(mipmap), CUDA_SUCCESS);
    }
}

TEST_F(ArrayTest, TheFormulaGivesTheMeasuredSizes) {
    for (const MeasuredShape& shape : measured_shapes()) {
        const auto layout = block_linear::lay_out(shape.row_bytes(), shape.desc.Height);
        ASSERT_TRUE(layout) << shape;
        EXPECT_EQ(layout->size, shape.size) << shape;
        EXPECT_EQ(block_linear::kPlaneAlignment, shape.alignment) << shape;
        if (shape.block_height != "-") {
            EXPECT_EQ(std::to_string(layout->block_height_log2), shape.block_height) << shape;
        }
    }
}

// What is copied into an array is found in a buffer mapped on the same memory, at the places of base/block_linear.h.
TEST_F(ArrayTest, MappedArraysLieWhereTheLayoutSays) {
    constexpr std::array<std::size_t, 4> kOffsets{0, 512, 4096, 65536};
    constexpr std::size_t kStep = kHasSanitizer ? 45 : 5;
    for (std::size_t i = 0; i < measured_shapes().size(); i += kStep) {
        const MeasuredShape& shape = measured_shapes()[i];
        const std::size_t offset = kOffsets[i % kOffsets.size()];
        const SharedPlane plane(device_, offset + shape.size);
        CUmipmappedArray mipmap = plane.map(shape.desc, offset);
        CUDA_MEMCPY2D copy{};
        ASSERT_EQ(cuda_.cuMipmappedArrayGetLevel(&copy.dstArray, mipmap, 0), CUDA_SUCCESS) << shape;
        const auto written = noise(shape.row_bytes() * shape.desc.Height, static_cast<unsigned>(i));
        copy.srcMemoryType = CU_MEMORYTYPE_HOST;
        copy.srcHost = written.data();
        copy.srcPitch = shape.row_bytes();
        copy.dstMemoryType = CU_MEMORYTYPE_ARRAY;
        copy.WidthInBytes = shape.row_bytes();
        copy.Height = shape.desc.Height;
        EXPECT_EQ(cuda_.cuMemcpy2D(&copy), CUDA_SUCCESS) << shape;
        EXPECT_EQ(cuda_.cuCtxSynchronize(), CUDA_SUCCESS);

        const auto bytes = device_.read(plane.buffer() + offset, shape.size);
        std::vector<unsigned char> found(written.size());
        const auto layout = block_linear::lay_out(shape.row_bytes(), shape.desc.Height);
        block_linear::read(*layout, bytes.data(), {0, 0, shape.row_bytes(), shape.desc.Height}, found.data(),
                           shape.row_bytes());
        EXPECT_TRUE(found == written) << shape;
        EXPECT_EQ(cuda_.cuMipmappedArrayDestroy(mipmap), CUDA_SUCCESS);
    }
}

// One end of a copy in each kind of memory, 40 rows of 96 bytes, with its content readable from the host.
class CopyEnd {
  public:
    static constexpr std::size_t kRowBytes = 96;
    static constexpr std::size_t kRows = 40;
    static constexpr std::size_t kPitch = 128;

    CopyEnd(const TestDevice& device, CUmemorytype kind, const std::vector<unsigned char>& content)
        : cuda_(device.cuda()), kind_(kind), host_(kPitch * kRows) {
        if (kind == CU_MEMORYTYPE_ARRAY) {
            const CUDA_ARRAY3D_DESCRIPTOR desc{kRowBytes / 4, kRows, 0, CU_AD_FORMAT_UNSIGNED_INT8, 4, 0};
            EXPECT_EQ(cuda_.cuArray3DCreate(&array_, &desc), CUDA_SUCCESS);
        } else if (kind != CU_MEMORYTYPE_HOST) {
            EXPECT_EQ(cuda_.cuMemAlloc(&pointer_, kPitch * kRows), CUDA_SUCCESS);
        }
        CUDA_MEMCPY2D fill = whole();
        fill.srcMemoryType = CU_MEMORYTYPE_HOST;
        fill.srcHost = content.data();
        fill.srcPitch = kRowBytes;
        as_destination(fill);
        EXPECT_EQ(cuda_.cuMemcpy2D(&fill), CUDA_SUCCESS);
    }
    ~CopyEnd() {
        if (array_ != nullptr) {
            EXPECT_EQ(cuda_.cuArrayDestroy(array_), CUDA_SUCCESS);
        }
        if (pointer_ != 0) {
            EXPECT_EQ(cuda_.cuMemFree(pointer_), CUDA_SUCCESS);
        }
    }
    CopyEnd(const CopyEnd&) = delete;
    CopyEnd& operator=(const CopyEnd&) = delete;

    void as_source(CUDA_MEMCPY2D& copy) const {
        copy.srcMemoryType = kind_;
        copy.srcHost = host_.data();
        copy.srcDevice = pointer_;
        copy.srcArray = array_;
        copy.srcPitch = kPitch;
    }
    void as_destination(CUDA_MEMCPY2D& copy) {
        copy.dstMemoryType = kind_;
        copy.dstHost = host_.data();
        copy.dstDevice = pointer_;
        copy.dstArray = array_;
        copy.dstPitch = kPitch;
    }
    [[nodiscard]] std::vector<unsigned char> content() const {
        std::vector<unsigned char> bytes(kRowBytes * kRows);
        CUDA_MEMCPY2D read = whole();
        as_source(read);
        read.dstMemoryType = CU_MEMORYTYPE_HOST;
        read.dstHost = bytes.data();
        read.dstPitch = kRowBytes;
        EXPECT_EQ(cuda_.cuMemcpy2D(&read), CUDA_SUCCESS);
        return bytes;
    }

  private:
    static CUDA_MEMCPY2D whole() {
        CUDA_MEMCPY2D copy{};
        copy.WidthInBytes = kRowBytes;
        copy.Height = kRows;
        return copy;
    }

    const driver::EntryPoints& cuda_;
    const CUmemorytype kind_;
    std::vector<unsigned char> host_;
    CUdeviceptr pointer_ = 0;
    CUarray array_ = nullptr;
};

TEST_F(ArrayTest, RectanglesGoInEveryDirection) {
    constexpr std::array kKinds{CU_MEMORYTYPE_HOST, CU_MEMORYTYPE_DEVICE, CU_MEMORYTYPE_ARRAY, CU_MEMORYTYPE_UNIFIED};
    const auto source_bytes = noise(CopyEnd::kRowBytes * CopyEnd::kRows, 1);
    const auto destination_bytes = noise(CopyEnd::kRowBytes * CopyEnd::kRows, 2);
    for (const CUmemorytype from : kKinds) {
        for (const CUmemorytype to : kKinds) {
            const CopyEnd source(device_, from, source_bytes);
            CopyEnd destination(device_, to, destination_bytes);
            CUDA_MEMCPY2D copy{};
            source.as_source(copy);
            destination.as_destination(copy);
            copy.srcXInBytes = 12;
            copy.srcY = 3;
            copy.dstXInBytes = 20;
            copy.dstY = 9;
            copy.WidthInBytes = 68;
            copy.Height = 25;
            EXPECT_EQ(cuda_.cuMemcpy2D(&copy), CUDA_SUCCESS) << from << " to " << to;
            EXPECT_EQ(cuda_.cuCtxSynchronize(), CUDA_SUCCESS);
            auto expected = destination_bytes;
            for (std::size_t y = 0; y < copy.Height; ++y) {
                std::memcpy(&expected[(copy.dstY + y) * CopyEnd::kRowBytes + copy.dstXInBytes],
                            &source_bytes[(copy.srcY + y) * CopyEnd::kRowBytes + copy.srcXInBytes], copy.WidthInBytes);
            }
            EXPECT_TRUE(destination.content() == expected) << from << " to " << to;
        }
    }
}

TEST_F(ArrayTest, StacksOfRectangles) {
    constexpr std::size_t kPitch = 32;
    constexpr std::size_t kSliceRows = 6;
    constexpr std::size_t kSlices = 4;
    const auto written = noise(kPitch * kSliceRows * kSlices, 3);
    CUdeviceptr pointer = 0;
    ASSERT_EQ(cuda_.cuMemAlloc(&pointer, written.size()), CUDA_SUCCESS);
    EXPECT_EQ(cuda_.cuMemsetD8(pointer, 0, written.size()), CUDA_SUCCESS);
    CUDA_MEMCPY3D copy{};
    copy.srcMemoryType = CU_MEMORYTYPE_HOST;
    copy.srcHost = written.data();
    copy.srcXInBytes = 3;
    copy.srcY = 1;
    copy.srcZ = 1;
    copy.dstMemoryType = CU_MEMORYTYPE_DEVICE;
    copy.dstDevice = pointer;
    copy.dstXInBytes = 5;
    copy.dstY = 2;
    copy.srcPitch = copy.dstPitch = kPitch;
    copy.srcHeight = copy.dstHeight = kSliceRows;
    copy.WidthInBytes = 20;
    copy.Height = 4;
    copy.Depth = 3;
    EXPECT_EQ(cuda_.cuMemcpy3D(&copy), CUDA_SUCCESS);
    EXPECT_EQ(cuda_.cuCtxSynchronize(), CUDA_SUCCESS);
    std::vector<unsigned char> expected(written.size(), 0);
    for (std::size_t z = 0; z < copy.Depth; ++z) {
        for (std::size_t y = 0; y < copy.Height; ++y) {
            std::memcpy(&expected[(z * kSliceRows + 2 + y) * kPitch + 5],
                        &written[((z + 1) * kSliceRows + 1 + y) * kPitch + 3], copy.WidthInBytes);
        }
    }
    EXPECT_TRUE(device_.read(pointer, written.size()) == expected);
    EXPECT_EQ(cuda_.cuMemFree(pointer), CUDA_SUCCESS);
}

}  // namespace
}  // namespace opennvsci::test
