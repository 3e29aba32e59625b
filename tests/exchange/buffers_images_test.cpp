// SPDX-License-Identifier: Apache-2.0
//
// Buffers of every type at the importer: the same layout, the same bytes by CPU and GPU, and planes as arrays.
#include <numeric>

#include "buffer_exchange.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

using Bytes = std::vector<unsigned char>;

Bytes counted(std::size_t size, unsigned start) {
    Bytes bytes(size);
    std::iota(bytes.begin(), bytes.end(), static_cast<unsigned char>(start));
    return bytes;
}

class BufferImagesTest : public BufferExchangeTest {
  protected:
    static Attributes tensor() {
        return Attributes()
            .with(NvSciBufGeneralAttrKey_Types, NvSciBufType_Tensor)
            .with(NvSciBufTensorAttrKey_DataType, NvSciDataType_Float32)
            .with(NvSciBufTensorAttrKey_NumDims, std::uint32_t{2})
            .with(NvSciBufTensorAttrKey_SizePerDim, {std::uint64_t{5}, std::uint64_t{7}})
            .with(NvSciBufTensorAttrKey_AlignmentPerDim, {std::uint32_t{1}, std::uint32_t{256}})
            .with(NvSciBufTensorAttrKey_BaseAddrAlign, std::uint64_t{512});
    }
    static Attributes array() {
        return Attributes()
            .with(NvSciBufGeneralAttrKey_Types, NvSciBufType_Array)
            .with(NvSciBufArrayAttrKey_DataType, NvSciDataType_Int16)
            .with(NvSciBufArrayAttrKey_Stride, std::uint64_t{16})
            .with(NvSciBufArrayAttrKey_Capacity, std::uint64_t{100});
    }
    static Attributes pyramid() {
        return plane_image(kPitch, {{NvSciColor_Y8, 64, 48}})
            .with(NvSciBufGeneralAttrKey_Types, NvSciBufType_Pyramid)
            .with(NvSciBufPyramidAttrKey_NumLevels, std::uint32_t{3})
            .with(NvSciBufPyramidAttrKey_Scale, 0.5F);
    }
    static Attributes yuv(NvSciBufAttrValImageLayoutType layout) {
        return plane_image(layout, {{NvSciColor_Y8, 200, 100}, {NvSciColor_V8U8, 100, 50}});
    }
    [[nodiscard]] Attributes with(Attributes attributes, bool cpu, bool gpu0) const {
        attributes = attributes.with(NvSciBufGeneralAttrKey_NeedCpuAccess, cpu);
        return gpu0 ? attributes.with(NvSciBufGeneralAttrKey_GpuId, gpu(0)) : attributes;
    }

    /// Maps all of an object for the current context.
    static void map(Mapped& mapped, NvSciBufObj object, std::uint64_t size) {
        ASSERT_EQ(mapped.memory.import(object, size), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        ASSERT_EQ(mapped.memory.map(&mapped.pointer, 0, size), CUDA_SUCCESS) << opennvsciGetLastErrorText();
    }
};

TEST_F(BufferImagesTest, EveryTypeHasTheSameAttributesAndBytesAtTheImporter) {
    TestDevice& device = TestDevice::current();
    const std::pair<const char*, Attributes> types[] = {
        {"raw buffer", bytes()}, {"tensor", tensor()},          {"array", array()},
        {"pyramid", pyramid()},  {"pitch-linear", yuv(kPitch)}, {"block-linear", yuv(kBlock)},
    };
    for (const auto& [name, type] : types) {
        for (const bool cpu : {false, true}) {
            SCOPED_TRACE(::testing::Message() << name << (cpu ? " with" : " without") << " the CPU");
            const Attributes wishes = with(type, cpu, true);
            const Shared shared = share(wishes, wishes);
            const Object received = handed_over(shared);
            ASSERT_NE(received.get(), nullptr);
            for (const attr::Key& key : buf::schema().keys()) {
                const bool can_be_read =
                    key.direction == attr::Direction::out || key.direction == attr::Direction::in_out;
                if (!can_be_read || key.number == NvSciBufGeneralAttrKey_ActualPerm) continue;
                const auto number = static_cast<NvSciBufAttrKey>(key.number);
                EXPECT_EQ(get<unsigned char>(list_of(received), number),
                          get<unsigned char>(list_of(shared.object), number))
                    << key.name;
            }
            constexpr std::size_t kSome = 1000;
            Mapped producer;
            Mapped consumer;
            map(producer, shared.object, kSome);
            map(consumer, received, kSome);
            const Bytes pattern = counted(kSome, cpu ? 1 : 2);
            EXPECT_EQ(device.write(producer.pointer, pattern), CUDA_SUCCESS);
            EXPECT_EQ(device.read(consumer.pointer, kSome), pattern);
            EXPECT_EQ(device.write(consumer.pointer, pattern), CUDA_ERROR_INVALID_VALUE) << "it is read-only";
            if (cpu) {
                EXPECT_EQ(std::memcmp(readable(received), pattern.data(), kSome), 0);
            }
        }
    }
}

TEST_F(BufferImagesTest, WritersWriteByCpuAndGpuOfBothProcesses) {
    TestDevice& device = TestDevice::current();
    const Attributes wishes = with(bytes(kReadWrite), true, true);
    const Shared shared = share(wishes, wishes);
    const Object received = handed_over(shared);
    Mapped consumer;
    map(consumer, received, kExchangedBytes);
    const Bytes pattern = counted(kExchangedBytes, 9);
    EXPECT_EQ(device.write(consumer.pointer, pattern), CUDA_SUCCESS);
    EXPECT_EQ(std::memcmp(readable(shared.object), pattern.data(), pattern.size()), 0);
    writable(received)[11] = 0xEE;
    EXPECT_EQ(readable(shared.object)[11], 0xEE);
}

TEST_F(BufferImagesTest, PixelsThatOnePutsTheOtherGets) {
    for (const auto layout : {kPitch, kBlock}) {
        const Attributes wishes = with(yuv(layout), true, layout == kBlock);
        const Shared shared = share(wishes, wishes);
        const Object received = handed_over(shared);
        ASSERT_NE(received.get(), nullptr);
        Bytes luma = counted(std::size_t{200} * 100, 3);
        Bytes u = counted(std::size_t{100} * 50, 5);
        Bytes v = counted(std::size_t{100} * 50, 7);
        const std::array<std::uint32_t, 3> sizes{200 * 100, 100 * 50, 100 * 50};
        const std::array<std::uint32_t, 3> pitches{200, 100, 100};
        const std::array<const void*, 3> put{luma.data(), u.data(), v.data()};
        ASSERT_EQ(NvSciBufObjPutPixels(shared.object, nullptr, const_cast<const void**>(put.data()), sizes.data(),
                                       pitches.data()),
                  kSuccess);
        Bytes got_luma(luma.size());
        Bytes got_u(u.size());
        Bytes got_v(v.size());
        const std::array<void*, 3> get{got_luma.data(), got_u.data(), got_v.data()};
        ASSERT_EQ(NvSciBufObjGetPixels(received, nullptr, const_cast<void**>(get.data()), sizes.data(), pitches.data()),
                  kSuccess);
        EXPECT_EQ(got_luma, luma);
        EXPECT_EQ(got_u, u);
        EXPECT_EQ(got_v, v);
        EXPECT_EQ(
            NvSciBufObjPutPixels(received, nullptr, const_cast<const void**>(put.data()), sizes.data(), pitches.data()),
            kBadParameter)
            << "it is read-only";
    }
}

/// A plane as an array of the driver, freed at the end.
class PlaneArray {
  public:
    PlaneArray(NvSciBufObj object, std::uint64_t size, std::size_t width, std::size_t height, unsigned channels,
               std::uint64_t offset) {
        EXPECT_EQ(memory_.import(object, size), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC desc{};
        desc.offset = offset;
        desc.arrayDesc = {width, height, 0, CU_AD_FORMAT_UNSIGNED_INT8, channels, 0};
        desc.numLevels = 1;
        EXPECT_EQ(nvsciCuExternalMemoryGetMappedMipmappedArray(&levels_, memory_.handle, &desc), CUDA_SUCCESS)
            << opennvsciGetLastErrorText();
        EXPECT_EQ(cuda().cuMipmappedArrayGetLevel(&array_, levels_, 0), CUDA_SUCCESS);
        copy_.WidthInBytes = width * channels;
        copy_.Height = height;
    }
    PlaneArray(const PlaneArray&) = delete;
    PlaneArray& operator=(const PlaneArray&) = delete;
    ~PlaneArray() { EXPECT_EQ(cuda().cuMipmappedArrayDestroy(levels_), CUDA_SUCCESS); }

    void write(const Bytes& pixels) {
        CUDA_MEMCPY2D copy = copy_;
        copy.srcMemoryType = CU_MEMORYTYPE_HOST;
        copy.srcHost = pixels.data();
        copy.srcPitch = copy.WidthInBytes;
        copy.dstMemoryType = CU_MEMORYTYPE_ARRAY;
        copy.dstArray = array_;
        EXPECT_EQ(cuda().cuMemcpy2D(&copy), CUDA_SUCCESS);
    }
    [[nodiscard]] Bytes read() const {
        Bytes pixels(copy_.WidthInBytes * copy_.Height);
        CUDA_MEMCPY2D copy = copy_;
        copy.srcMemoryType = CU_MEMORYTYPE_ARRAY;
        copy.srcArray = array_;
        copy.dstMemoryType = CU_MEMORYTYPE_HOST;
        copy.dstHost = pixels.data();
        copy.dstPitch = copy.WidthInBytes;
        EXPECT_EQ(cuda().cuMemcpy2D(&copy), CUDA_SUCCESS);
        return pixels;
    }

  private:
    static const driver::EntryPoints& cuda() { return TestDevice::instance().driver().call; }
    ExternalMemory memory_;
    CUmipmappedArray levels_ = nullptr;
    CUarray array_ = nullptr;
    CUDA_MEMCPY2D copy_{};
};

TEST_F(BufferImagesTest, PlanesAreArraysAtTheImporterInVideoMemoryAndInSystemMemory) {
    (void)TestDevice::current();
    for (const bool cpu : {false, true}) {
        for (const auto permission : {kReadonly, kReadWrite}) {
            SCOPED_TRACE(::testing::Message() << "cpu " << cpu << ", permission " << permission);
            const Attributes wishes =
                with(yuv(kBlock), cpu, true).with(NvSciBufGeneralAttrKey_RequiredPerm, permission);
            const Shared shared = share(wishes, wishes);
            const Object received = handed_over(shared);
            ASSERT_NE(received.get(), nullptr);
            const auto size = get<std::uint64_t>(list_of(received), NvSciBufImageAttrKey_Size).at(0);
            const auto offsets = get<std::uint64_t>(list_of(received), NvSciBufImageAttrKey_PlaneOffset);
            const Bytes luma = counted(std::size_t{200} * 100, 11);
            const Bytes chroma = counted(std::size_t{100} * 2 * 50, 13);
            {
                PlaneArray plane0(shared.object, size, 200, 100, 1, offsets.at(0));
                PlaneArray plane1(shared.object, size, 100, 50, 2, offsets.at(1));
                plane0.write(luma);
                plane1.write(chroma);
            }
            const PlaneArray plane0(received, size, 200, 100, 1, offsets.at(0));
            const PlaneArray plane1(received, size, 100, 50, 2, offsets.at(1));
            EXPECT_EQ(plane0.read(), luma);
            EXPECT_EQ(plane1.read(), chroma);
        }
    }
}

TEST_F(BufferImagesTest, VideoMemoryOfAnotherGpuIsFoundByItsUuid) {
    if (gpu_count() < 2) GTEST_SKIP() << "one GPU";
    TestDevice& device = TestDevice::current();
    const Attributes on_second = bytes()
                                     .without(NvSciBufGeneralAttrKey_NeedCpuAccess)
                                     .with(NvSciBufGeneralAttrKey_GpuId, gpu(1))
                                     .with(NvSciBufGeneralAttrKey_VidMem_GpuId, gpu(1));
    const OwnContext context(device.driver().devices[1]);
    const Shared shared = share(on_second, on_second);
    const Object received = handed_over(shared);
    ASSERT_NE(received.get(), nullptr);
    Mapped producer;
    Mapped consumer;
    map(producer, shared.object, kExchangedBytes);
    map(consumer, received, kExchangedBytes);
    const Bytes pattern = counted(kExchangedBytes, 21);
    EXPECT_EQ(device.write(producer.pointer, pattern), CUDA_SUCCESS);
    EXPECT_EQ(device.read(consumer.pointer, kExchangedBytes), pattern);
}

}  // namespace
}  // namespace opennvsci::test
