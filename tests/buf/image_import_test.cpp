// SPDX-License-Identifier: Apache-2.0
//
// Import of images: planes of block-linear images as arrays, of pitch-linear ones as buffers; what aliases what; what
// is refused. The same tests run on a GPU and on the software device.
#include <array>
#include <random>

#include "attributes.h"
#include "base/block_linear.h"
#include "driver/relaxed_capture.h"
#include "import_fixture.h"
#include "opennvsci.h"
#include "sanitizer.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

using Bytes = std::vector<unsigned char>;

/// A colour format with the element that an array of it has.
struct Format {
    NvSciBufAttrValColorFmt color;
    CUarray_format element;
    unsigned channels;
    unsigned bytes;  // of a pixel
};
constexpr std::array kFormats{
    Format{NvSciColor_Y8, CU_AD_FORMAT_UNSIGNED_INT8, 1, 1},
    Format{NvSciColor_V8U8, CU_AD_FORMAT_UNSIGNED_INT8, 2, 2},
    Format{NvSciColor_A8B8G8R8, CU_AD_FORMAT_UNSIGNED_INT8, 4, 4},
    Format{NvSciColor_X4Bayer12RGGB, CU_AD_FORMAT_UNSIGNED_INT16, 1, 2},
    Format{NvSciColor_V10U10, CU_AD_FORMAT_UNSIGNED_INT16, 2, 4},
    Format{NvSciColor_Signed_A16B16G16R16, CU_AD_FORMAT_SIGNED_INT16, 4, 8},
    Format{NvSciColor_Float_A16B16G16R16, CU_AD_FORMAT_HALF, 4, 8},
    Format{NvSciColor_A32, CU_AD_FORMAT_UNSIGNED_INT32, 1, 4},
};
constexpr const Format& kRgba = kFormats[2];

struct Plane {
    Format format;
    std::uint32_t width;
    std::uint32_t height;

    [[nodiscard]] std::size_t row_bytes() const { return std::size_t{width} * format.bytes; }
    [[nodiscard]] std::size_t bytes() const { return row_bytes() * height; }
};

Bytes random_pixels(const Plane& plane, unsigned seed) {
    std::mt19937 random(seed);
    Bytes pixels(plane.bytes());
    for (unsigned char& byte : pixels)
        byte = static_cast<unsigned char>(random());
    return pixels;
}

class ImageImportTest : public ImportTest {
  protected:
    struct Wishes {
        std::vector<Plane> planes;
        NvSciBufAttrValImageLayoutType layout = NvSciBufImage_BlockLinearType;
        bool cpu = false;
        NvSciBufAttrValImageScanType scan = NvSciBufScan_ProgressiveType;
        std::uint64_t padding = 0;
    };

    Object allocate_image(const Wishes& wishes) {
        std::vector<PlaneDescription> planes;
        for (const Plane& plane : wishes.planes)
            planes.push_back({plane.format.color, plane.width, plane.height});
        const std::vector<std::uint64_t> padding(planes.size(), wishes.padding);
        const List list = plane_image(wishes.layout, planes)
                              .with(NvSciBufGeneralAttrKey_GpuId, device_.gpu_id())
                              .with(NvSciBufGeneralAttrKey_NeedCpuAccess, wishes.cpu)
                              .with(NvSciBufImageAttrKey_ScanType, wishes.scan)
                              .with(NvSciBufImageAttrKey_TopPadding, padding)
                              .with(NvSciBufImageAttrKey_BottomPadding, padding)
                              .list(module_);
        return test::allocate(test::reconcile({list}).reconciled);
    }

    template <class T>
    static T attribute(NvSciBufObj object, NvSciBufAttrKey key, std::size_t i = 0) {
        NvSciBufAttrList list = nullptr;
        EXPECT_EQ(NvSciBufObjGetAttrList(object, &list), kSuccess);
        const auto values = get<T>(list, key);
        EXPECT_LT(i, values.size());
        return i < values.size() ? values[i] : T{};
    }
    static std::uint64_t size_of(NvSciBufObj object) {
        return attribute<std::uint64_t>(object, NvSciBufImageAttrKey_Size);
    }

    static CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC describe(const Plane& plane, std::uint64_t offset) {
        CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC desc{};
        desc.offset = offset;
        desc.arrayDesc = {plane.width, plane.height, 0, plane.format.element, plane.format.channels, 0};
        desc.numLevels = 1;
        return desc;
    }

    const driver::EntryPoints& cuda_ = device_.cuda();
};

/// A plane of an import, mapped as an array. It is counted where the library makes it, so it is destroyed there too.
class MappedArray {
  public:
    MappedArray(const driver::EntryPoints& cuda, const ExternalMemory& memory,
                const CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC& desc)
        : cuda_(cuda) {
        EXPECT_EQ(nvsciCuExternalMemoryGetMappedMipmappedArray(&mipmap_, memory.handle, &desc), CUDA_SUCCESS)
            << opennvsciGetLastErrorText();
        if (mipmap_ != nullptr) {
            EXPECT_EQ(cuda_.cuMipmappedArrayGetLevel(&array_, mipmap_, 0), CUDA_SUCCESS);
        }
    }
    ~MappedArray() { free(); }
    MappedArray(const MappedArray&) = delete;
    MappedArray& operator=(const MappedArray&) = delete;

    void free() {
        if (mipmap_ == nullptr) return;
        const auto& counted = TestDevice::instance().driver().call;
        EXPECT_EQ(counted.cuMipmappedArrayDestroy(std::exchange(mipmap_, nullptr)), CUDA_SUCCESS);
    }
    [[nodiscard]] CUarray level() const { return array_; }

    void write(const Plane& plane, const Bytes& pixels) const {
        CUDA_MEMCPY2D copy = whole(plane);
        copy.srcMemoryType = CU_MEMORYTYPE_HOST;
        copy.srcHost = pixels.data();
        copy.srcPitch = plane.row_bytes();
        copy.dstMemoryType = CU_MEMORYTYPE_ARRAY;
        copy.dstArray = array_;
        EXPECT_EQ(cuda_.cuMemcpy2D(&copy), CUDA_SUCCESS);
        EXPECT_EQ(cuda_.cuCtxSynchronize(), CUDA_SUCCESS);
    }
    [[nodiscard]] Bytes read(const Plane& plane) const {
        Bytes pixels(plane.bytes());
        CUDA_MEMCPY2D copy = whole(plane);
        copy.srcMemoryType = CU_MEMORYTYPE_ARRAY;
        copy.srcArray = array_;
        copy.dstMemoryType = CU_MEMORYTYPE_HOST;
        copy.dstHost = pixels.data();
        copy.dstPitch = plane.row_bytes();
        EXPECT_EQ(cuda_.cuMemcpy2D(&copy), CUDA_SUCCESS);
        return pixels;
    }

  private:
    static CUDA_MEMCPY2D whole(const Plane& plane) {
        CUDA_MEMCPY2D copy{};
        copy.WidthInBytes = plane.row_bytes();
        copy.Height = plane.height;
        return copy;
    }

    const driver::EntryPoints& cuda_;
    CUmipmappedArray mipmap_ = nullptr;
    CUarray array_ = nullptr;
};

/// The pixels of a plane whose block-linear bytes are given.
Bytes untile(const Plane& plane, const unsigned char* tiled) {
    Bytes pixels(plane.bytes());
    block_linear::read(*block_linear::lay_out(plane.row_bytes(), plane.height), tiled,
                       {0, 0, plane.row_bytes(), plane.height}, pixels.data(), plane.row_bytes());
    return pixels;
}

Bytes get_pixels(NvSciBufObj object, const Plane& plane) {
    Bytes pixels(plane.bytes());
    void* pointers[] = {pixels.data()};
    const auto size = static_cast<std::uint32_t>(pixels.size());
    const auto pitch = static_cast<std::uint32_t>(plane.row_bytes());
    EXPECT_EQ(NvSciBufObjGetPixels(object, nullptr, pointers, &size, &pitch), kSuccess) << opennvsciGetLastErrorText();
    return pixels;
}

void put_pixels(NvSciBufObj object, const Plane& plane, const Bytes& pixels) {
    const void* pointers[] = {pixels.data()};
    const auto size = static_cast<std::uint32_t>(pixels.size());
    const auto pitch = static_cast<std::uint32_t>(plane.row_bytes());
    EXPECT_EQ(NvSciBufObjPutPixels(object, nullptr, pointers, &size, &pitch), kSuccess) << opennvsciGetLastErrorText();
}

std::vector<Plane> random_planes(std::size_t count) {
    std::mt19937 random(20241122);
    std::vector<Plane> planes;
    while (planes.size() < count) {
        // Many small ones, where the block height changes with every few rows, and some large ones.
        const std::uint32_t limit = planes.size() % 4 == 0 ? 2000 : 150;
        planes.push_back({kFormats[planes.size() % kFormats.size()], 1 + static_cast<std::uint32_t>(random()) % limit,
                          1 + static_cast<std::uint32_t>(random()) % limit});
    }
    return planes;
}

// What one import's array is given, another import's array and buffer of the same object show; the buffer at the places
// that the tiling says.
TEST_F(ImageImportTest, ManyShapesAliasThroughTwoImports) {
    unsigned seed = 0;
    for (const Plane& plane : random_planes(kHasSanitizer ? 20 : 200)) {
        SCOPED_TRACE(testing::Message() << plane.width << " x " << plane.height << ", format " << plane.format.color);
        const Object object = allocate_image({.planes = {plane}});
        const std::uint64_t size = size_of(object);
        ExternalMemory first;
        Mapped second;
        ASSERT_EQ(first.import(object, size), CUDA_SUCCESS);
        import_and_map(second, object, size);
        const MappedArray written(cuda_, first, describe(plane, 0));
        const MappedArray seen(cuda_, second.memory, describe(plane, 0));
        ASSERT_NE(written.level(), nullptr);
        ASSERT_NE(seen.level(), nullptr);

        const Bytes pixels = random_pixels(plane, ++seed);
        written.write(plane, pixels);
        EXPECT_TRUE(seen.read(plane) == pixels);
        EXPECT_TRUE(untile(plane, device_.read(second.pointer, size).data()) == pixels);
        if (HasFailure()) return;
    }
}

// The same with the CPU as a third party: memory that the driver made in system memory.
TEST_F(ImageImportTest, TheCpuSeesTheArraysOfABlockLinearImage) {
    unsigned seed = 0;
    for (const Plane& plane : random_planes(24)) {
        SCOPED_TRACE(testing::Message() << plane.width << " x " << plane.height << ", format " << plane.format.color);
        const Object object = allocate_image({.planes = {plane}, .cpu = true});
        ExternalMemory memory;
        ASSERT_EQ(memory.import(object, size_of(object)), CUDA_SUCCESS);
        const MappedArray array(cuda_, memory, describe(plane, 0));
        ASSERT_NE(array.level(), nullptr);

        const Bytes pixels = random_pixels(plane, ++seed);
        array.write(plane, pixels);
        EXPECT_TRUE(get_pixels(object, plane) == pixels);
        const void* address = nullptr;
        ASSERT_EQ(NvSciBufObjGetConstCpuPtr(object, &address), kSuccess);
        EXPECT_TRUE(untile(plane, static_cast<const unsigned char*>(address)) == pixels);

        const Bytes others = random_pixels(plane, ++seed);
        put_pixels(object, plane, others);
        EXPECT_TRUE(array.read(plane) == others);
        if (HasFailure()) return;
    }
}

TEST_F(ImageImportTest, AReadOnlyObjectInTheDriversSystemMemoryIsReadOnlyForBoth) {
    const Plane plane{kRgba, 64, 64};
    const Object object = allocate_image({.planes = {plane}, .cpu = true});
    const Object reader = handed_over_read_only(object);
    const Bytes pixels = random_pixels(plane, 1);
    put_pixels(object, plane, pixels);
    EXPECT_TRUE(get_pixels(reader, plane) == pixels);
    void* writable = nullptr;
    EXPECT_EQ(NvSciBufObjGetCpuPtr(reader, &writable), kBadParameter);
    Mapped mapped;
    import_and_map(mapped, reader, size_of(object));
    EXPECT_TRUE(untile(plane, device_.read(mapped.pointer, size_of(object)).data()) == pixels);
    EXPECT_EQ(device_.write(mapped.pointer, Bytes(16)), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(ImageImportTest, EveryPlaneIsAnArrayOfItsOwn) {
    const std::vector<Plane> planes{{kFormats[0], 1280, 721}, {kFormats[0], 640, 361}, {kFormats[0], 640, 361}};
    const Object object = allocate_image({.planes = planes});
    ExternalMemory memory;
    ASSERT_EQ(memory.import(object, size_of(object)), CUDA_SUCCESS);
    for (std::size_t i = 0; i < planes.size(); ++i) {
        const auto offset = attribute<std::uint64_t>(object, NvSciBufImageAttrKey_PlaneOffset, i);
        MappedArray(cuda_, memory, describe(planes[i], offset)).write(planes[i], random_pixels(planes[i], unsigned(i)));
    }
    for (std::size_t i = 0; i < planes.size(); ++i) {
        const auto offset = attribute<std::uint64_t>(object, NvSciBufImageAttrKey_PlaneOffset, i);
        const MappedArray array(cuda_, memory, describe(planes[i], offset));
        EXPECT_TRUE(array.read(planes[i]) == random_pixels(planes[i], unsigned(i))) << "plane " << i;
    }
}

// A published sample negotiates an interlaced image with padding and maps it as one array of full height.
TEST_F(ImageImportTest, AnInterlacedImageIsOneArrayOfFullHeight) {
    const Plane plane{{NvSciColor_B8G8R8A8, CU_AD_FORMAT_UNSIGNED_INT8, 4, 4}, 512, 301};
    const Object object = allocate_image({.planes = {plane}, .scan = NvSciBufScan_InterlaceType, .padding = 100});
    EXPECT_GE(attribute<std::uint64_t>(object, NvSciBufImageAttrKey_PlaneAlignedSize),
              block_linear::lay_out(plane.row_bytes(), plane.height)->size);
    EXPECT_EQ(attribute<std::uint64_t>(object, NvSciBufImageAttrKey_TopPadding), 100U);
    ExternalMemory memory;
    ASSERT_EQ(memory.import(object, size_of(object)), CUDA_SUCCESS);
    const MappedArray array(cuda_, memory, describe(plane, 0));
    const Bytes pixels = random_pixels(plane, 5);
    array.write(plane, pixels);
    EXPECT_TRUE(array.read(plane) == pixels);
}

TEST_F(ImageImportTest, PitchLinearPlanesAreBuffers) {
    const Plane plane{kRgba, 333, 77};
    const Object object = allocate_image({.planes = {plane}, .layout = NvSciBufImage_PitchLinearType});
    Mapped mapped;
    import_and_map(mapped, object, size_of(object));
    const auto pitch = attribute<std::uint32_t>(object, NvSciBufImageAttrKey_PlanePitch);
    const Bytes pixels = random_pixels(plane, 3);
    CUDA_MEMCPY2D copy{};
    copy.srcMemoryType = CU_MEMORYTYPE_HOST;
    copy.srcHost = pixels.data();
    copy.srcPitch = plane.row_bytes();
    copy.dstMemoryType = CU_MEMORYTYPE_DEVICE;
    copy.dstDevice = mapped.pointer;
    copy.dstPitch = pitch;
    copy.WidthInBytes = plane.row_bytes();
    copy.Height = plane.height;
    ASSERT_EQ(cuda_.cuMemcpy2D(&copy), CUDA_SUCCESS);
    ASSERT_EQ(cuda_.cuCtxSynchronize(), CUDA_SUCCESS);
    const Bytes seen = device_.read(mapped.pointer, size_of(object));
    for (std::uint32_t y = 0; y < plane.height; ++y) {
        EXPECT_EQ(std::memcmp(&seen[std::size_t{y} * pitch], &pixels[y * plane.row_bytes()], plane.row_bytes()), 0);
    }

    const auto desc = describe(plane, 0);
    CUmipmappedArray array = nullptr;
    EXPECT_EQ(nvsciCuExternalMemoryGetMappedMipmappedArray(&array, mapped.memory.handle, &desc),
              CUDA_ERROR_NOT_SUPPORTED);
    EXPECT_NE(std::string(opennvsciGetLastErrorText()).find("pitch-linear"), std::string::npos);
}

TEST_F(ImageImportTest, ARawBufferIsMappedLikeAnyMemory) {
    const Plane plane{kRgba, 128, 128};
    const Object object = allocate(Where::video_memory, 1 << 20);
    ExternalMemory memory;
    ASSERT_EQ(memory.import(object, 1 << 20), CUDA_SUCCESS);
    const MappedArray array(cuda_, memory, describe(plane, 65536));
    const Bytes pixels = random_pixels(plane, 4);
    array.write(plane, pixels);
    EXPECT_TRUE(array.read(plane) == pixels);

    const Object host = allocate(Where::system_memory, 1 << 20);
    ExternalMemory system;
    ASSERT_EQ(system.import(host, 1 << 20), CUDA_SUCCESS);
    const auto desc = describe(plane, 0);
    CUmipmappedArray none = nullptr;
    EXPECT_EQ(nvsciCuExternalMemoryGetMappedMipmappedArray(&none, system.handle, &desc), CUDA_ERROR_NOT_SUPPORTED);
    EXPECT_EQ(none, nullptr);
}

TEST_F(ImageImportTest, SurfacesAreForWritableObjectsOnly) {
    const Plane plane{kRgba, 64, 64};
    const Object object = allocate_image({.planes = {plane}});
    const Object reader = handed_over_read_only(object);
    ExternalMemory writable;
    ExternalMemory readable;
    ASSERT_EQ(writable.import(object, size_of(object)), CUDA_SUCCESS);
    ASSERT_EQ(readable.import(reader, size_of(object)), CUDA_SUCCESS);
    const Bytes pixels = random_pixels(plane, 6);
    const MappedArray array(cuda_, writable, describe(plane, 0));
    array.write(plane, pixels);
    CUDA_ARRAY3D_DESCRIPTOR found{};
    ASSERT_EQ(cuda_.cuArray3DGetDescriptor(&found, array.level()), CUDA_SUCCESS);
    EXPECT_NE(found.Flags & kArray3DSurfaceLdst, 0U);

    const MappedArray seen(cuda_, readable, describe(plane, 0));
    EXPECT_TRUE(seen.read(plane) == pixels);
    ASSERT_EQ(cuda_.cuArray3DGetDescriptor(&found, seen.level()), CUDA_SUCCESS);
    EXPECT_EQ(found.Flags & kArray3DSurfaceLdst, 0U);
    for (const unsigned flag : {kArray3DSurfaceLdst, kArray3DColorAttachment}) {
        auto desc = describe(plane, 0);
        desc.arrayDesc.Flags = flag;
        CUmipmappedArray none = nullptr;
        EXPECT_EQ(nvsciCuExternalMemoryGetMappedMipmappedArray(&none, readable.handle, &desc),
                  CUDA_ERROR_INVALID_VALUE);
        EXPECT_NE(std::string(opennvsciGetLastErrorText()).find("read-only"), std::string::npos);
    }
}

// Nothing stops copies into an array, so a read-only object has none, unless arrays are the only way to read it.
TEST_F(ImageImportTest, ReadOnlyBytesHaveNoArrays) {
    const Object object = allocate(Where::video_memory, 1 << 20);
    const Object reader = handed_over_read_only(object);
    ExternalMemory memory;
    ASSERT_EQ(memory.import(reader, 1 << 20), CUDA_SUCCESS);
    const auto desc = describe({kRgba, 64, 64}, 0);
    CUmipmappedArray none = nullptr;
    EXPECT_EQ(nvsciCuExternalMemoryGetMappedMipmappedArray(&none, memory.handle, &desc), CUDA_ERROR_NOT_SUPPORTED);
    EXPECT_EQ(none, nullptr);
    EXPECT_NE(std::string(opennvsciGetLastErrorText()).find("read-only"), std::string::npos);
}

// What an array on a read-only image cannot hold up is in the report of the object's list, and in no other.
TEST_F(ImageImportTest, TheReportOfAReadOnlyImageSaysWhatIsNotStopped) {
    const auto reason_of = [](NvSciBufObj object) -> std::string {
        NvSciBufAttrList list = nullptr;
        const OpenNvSciDecision* decisions = nullptr;
        std::size_t count = 0;
        EXPECT_EQ(NvSciBufObjGetAttrList(object, &list), kSuccess);
        EXPECT_EQ(opennvsciBufAttrListGetDecisions(list, &decisions, &count), kSuccess);
        for (std::size_t i = 0; i < count; ++i) {
            if (decisions[i].key == NvSciBufGeneralAttrKey_ActualPerm) return decisions[i].reason;
        }
        return "";
    };
    const Plane plane{kRgba, 64, 64};
    const Object block_linear = allocate_image({.planes = {plane}});
    const Object pitch_linear = allocate_image({.planes = {plane}, .layout = NvSciBufImage_PitchLinearType});
    EXPECT_NE(reason_of(handed_over_read_only(block_linear)).find("cannot stop copies into an array"),
              std::string::npos);
    EXPECT_EQ(reason_of(block_linear).find("array"), std::string::npos);
    EXPECT_EQ(reason_of(handed_over_read_only(pitch_linear)).find("array"), std::string::npos);
}

// In a process of its own, where nothing was said yet.
class ImageImportDeathTest : public ImageImportTest {
  protected:
    [[noreturn]] void map_two_arrays_of_a_reader() {
        const Plane plane{kRgba, 64, 64};
        const Object object = allocate_image({.planes = {plane}});
        const Object reader = handed_over_read_only(object);
        ExternalMemory memory;
        EXPECT_EQ(memory.import(reader, size_of(object)), CUDA_SUCCESS);
        const auto said_at_mapping = [&] {
            ::testing::internal::CaptureStderr();
            const MappedArray array(cuda_, memory, describe(plane, 0));
            return ::testing::internal::GetCapturedStderr();
        };
        const std::string first = said_at_mapping();
        const bool is_right = first.find("notice: an array is mapped on a read-only image") != std::string::npos &&
                              said_at_mapping().empty();
        _exit(is_right && !HasFailure() ? 0 : 1);
    }
};

TEST_F(ImageImportDeathTest, AnArrayOnAReadOnlyImageSaysOnceWhatIsNotStopped) {
    EXPECT_EXIT(map_two_arrays_of_a_reader(), ::testing::ExitedWithCode(0), "");
}

// An array belongs to the context of the import, whatever was current when it was mapped, and is destroyed since.
TEST_F(ImageImportTest, AnArrayBelongsToTheContextOfItsImport) {
    const Plane plane{kRgba, 100, 100};
    const Object object = allocate_image({.planes = {plane}});
    ExternalMemory memory;
    ASSERT_EQ(memory.import(object, size_of(object)), CUDA_SUCCESS);
    CUmipmappedArray mipmap = nullptr;
    const auto desc = describe(plane, 0);
    {
        const OwnContext other;
        ASSERT_EQ(nvsciCuExternalMemoryGetMappedMipmappedArray(&mipmap, memory.handle, &desc), CUDA_SUCCESS);
    }
    CUarray level = nullptr;
    EXPECT_EQ(cuda_.cuMipmappedArrayGetLevel(&level, mipmap, 0), CUDA_SUCCESS);
    const MappedArray second(cuda_, memory, desc);
    const Bytes pixels = random_pixels(plane, 9);
    second.write(plane, pixels);
    EXPECT_TRUE(second.read(plane) == pixels);
    EXPECT_EQ(device_.driver().call.cuMipmappedArrayDestroy(mipmap), CUDA_SUCCESS);
}

// Each image has another width, so that the driver is asked about its array during the capture.
TEST_F(ImageImportTest, ACaptureInProgressIsNotDamaged) {
    std::uint32_t width = 1700;
    for (const bool cpu : {false, true}) {
        during_captures([&] {
            const Plane plane{kRgba, ++width, 3};
            const Object object = allocate_image({.planes = {plane}, .cpu = cpu});
            ExternalMemory memory;
            ASSERT_EQ(memory.import(object, size_of(object)), CUDA_SUCCESS);
            CUmipmappedArray mipmap = nullptr;
            const auto desc = describe(plane, 0);
            ASSERT_EQ(nvsciCuExternalMemoryGetMappedMipmappedArray(&mipmap, memory.handle, &desc), CUDA_SUCCESS)
                << opennvsciGetLastErrorText();
            // The array is the program's, which may not destroy it during a capture without being relaxed itself.
            const driver::RelaxedCapture relaxed(device_.driver());
            EXPECT_EQ(device_.driver().call.cuMipmappedArrayDestroy(mipmap), CUDA_SUCCESS);
        });
    }
}

TEST_F(ImageImportTest, WrongArraysAreRefusedWithTheReason) {
    const std::vector<Plane> planes{{kFormats[0], 256, 256}, {kFormats[0], 128, 128}};
    const Object object = allocate_image({.planes = planes});
    ExternalMemory memory;
    ASSERT_EQ(memory.import(object, size_of(object)), CUDA_SUCCESS);
    using Desc = CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC;
    const struct {
        const char* text;  // that the error names
        void (*spoil)(Desc&);
    } cases[] = {
        {"numLevels is 0", [](Desc& d) { d.numLevels = 0; }},
        {"numLevels is 2", [](Desc& d) { d.numLevels = 2; }},
        {"offset 1 ", [](Desc& d) { d.offset = 1; }},
        {"offset 256 ", [](Desc& d) { d.offset = 256; }},
        {"3 channels", [](Desc& d) { d.arrayDesc.NumChannels = 3; }},
        {"0 channels", [](Desc& d) { d.arrayDesc.NumChannels = 0; }},
        {"format 0x77", [](Desc& d) { d.arrayDesc.Format = static_cast<CUarray_format>(0x77); }},
        {"format 0xb0", [](Desc& d) { d.arrayDesc.Format = static_cast<CUarray_format>(0xb0); }},
        {"width is 0", [](Desc& d) { d.arrayDesc.Width = 0; }},
        {"height 0", [](Desc& d) { d.arrayDesc.Height = 0; }},
        {"depth 1", [](Desc& d) { d.arrayDesc.Depth = 1; }},
        {"flags are 0x1;", [](Desc& d) { d.arrayDesc.Flags = kArray3DLayered; }},
        {"flags are 0x80;", [](Desc& d) { d.arrayDesc.Flags = kArray3DDeferredMapping; }},
        {"flags are 0x4000;", [](Desc& d) { d.arrayDesc.Flags = 0x4000; }},
        {"512 x 256 elements", [](Desc& d) { d.arrayDesc.Width = 512; }},
        {"256 x 257 elements", [](Desc& d) { d.arrayDesc.Height = 257; }},
        {"does not fit", [](Desc& d) { d.arrayDesc.Width = SIZE_MAX / 2; }},
        {"does not fit", [](Desc& d) { d.arrayDesc.Height = SIZE_MAX; }},
        {"does not fit", [](Desc& d) { d.offset = 0xfffffffffffffe00; }},
        {"does not fit", [](Desc& d) { d.offset = std::uint64_t{1} << 40; }},
    };
    for (const auto& wrong : cases) {
        Desc desc = describe(planes[0], 0);
        wrong.spoil(desc);
        CUmipmappedArray array = nullptr;
        EXPECT_EQ(nvsciCuExternalMemoryGetMappedMipmappedArray(&array, memory.handle, &desc), CUDA_ERROR_INVALID_VALUE)
            << wrong.text;
        EXPECT_EQ(array, nullptr);
        const std::string text = opennvsciGetLastErrorText();
        EXPECT_NE(text.find(wrong.text), std::string::npos) << text;
    }
    const Desc desc = describe(planes[0], 0);
    CUmipmappedArray array = nullptr;
    EXPECT_EQ(nvsciCuExternalMemoryGetMappedMipmappedArray(nullptr, memory.handle, &desc), CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(nvsciCuExternalMemoryGetMappedMipmappedArray(&array, nullptr, &desc), CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(nvsciCuExternalMemoryGetMappedMipmappedArray(&array, memory.handle, nullptr), CUDA_ERROR_INVALID_VALUE);
    // The import's size limits arrays as it limits buffers.
    ExternalMemory part;
    ASSERT_EQ(part.import(object, 65535), CUDA_SUCCESS);
    EXPECT_EQ(nvsciCuExternalMemoryGetMappedMipmappedArray(&array, part.handle, &desc), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(ImageImportTest, EverythingIsFreedInAnyOrder) {
    const Plane plane{kRgba, 100, 100};
    const Bytes pixels = random_pixels(plane, 7);
    {
        Object object = allocate_image({.planes = {plane}});
        ExternalMemory memory;
        ASSERT_EQ(memory.import(object, size_of(object)), CUDA_SUCCESS);
        MappedArray array(cuda_, memory, describe(plane, 0));
        object.reset();
        array.write(plane, pixels);
        EXPECT_TRUE(array.read(plane) == pixels);
        EXPECT_EQ(memory.destroy(), CUDA_SUCCESS);
        array.free();
    }
    {
        const Object object = allocate_image({.planes = {plane}});
        ExternalMemory memory;
        ASSERT_EQ(memory.import(object, size_of(object)), CUDA_SUCCESS);
        MappedArray first(cuda_, memory, describe(plane, 0));
        MappedArray second(cuda_, memory, describe(plane, 0));
        first.write(plane, pixels);
        first.free();
        EXPECT_TRUE(second.read(plane) == pixels);
    }
}

// The driver crashes when an import of a context that is gone is destroyed; ours may be.
TEST_F(ImageImportTest, TheContextMayEndFirst) {
    const Plane plane{kRgba, 100, 100};
    const Object object = allocate_image({.planes = {plane}});
    ExternalMemory memory;
    OwnContext context;
    ASSERT_EQ(memory.import(object, size_of(object)), CUDA_SUCCESS);
    MappedArray(cuda_, memory, describe(plane, 0)).free();
    context.destroy();
    const auto desc = describe(plane, 0);
    CUmipmappedArray array = nullptr;
    EXPECT_EQ(nvsciCuExternalMemoryGetMappedMipmappedArray(&array, memory.handle, &desc), CUDA_ERROR_INVALID_CONTEXT);
    EXPECT_EQ(memory.destroy(), CUDA_SUCCESS);
    expect_differences("external memories +1; ");  // it went with its context, unseen
}

}  // namespace
}  // namespace opennvsci::test
