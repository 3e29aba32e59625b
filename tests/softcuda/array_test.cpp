// SPDX-License-Identifier: Apache-2.0
//
// Arrays: what can be created, what mapped from external memory, who holds the storage, and what is refused.
#include <fcntl.h>

#include <thread>
#include <vector>

#include "support.h"

namespace opennvsci::softcuda_test {
namespace {

constexpr CUDA_ARRAY3D_DESCRIPTOR kPlane{200, 100, 0, CU_AD_FORMAT_UNSIGNED_INT8, 4, 0};
constexpr std::size_t kPlaneSize = 131072;  // 832 bytes by 128 rows, in pages of 64 KiB

CUDA_ARRAY3D_DESCRIPTOR with_flags(unsigned flags) {
    CUDA_ARRAY3D_DESCRIPTOR desc = kPlane;
    desc.Flags = flags;
    return desc;
}

CUresult create(const CUDA_ARRAY3D_DESCRIPTOR& desc) {
    CUarray array = nullptr;
    const CUresult result = cuArray3DCreate_v2(&array, &desc);
    if (result == CUDA_SUCCESS) {
        EXPECT_OK(cuArrayDestroy(array));
    } else {
        EXPECT_EQ(array, nullptr);
    }
    return result;
}

/// Sets or reads the first element of an array.
CUresult transfer_element(CUarray array, unsigned& element, bool to_array) {
    CUDA_MEMCPY2D copy{};
    copy.srcMemoryType = to_array ? CU_MEMORYTYPE_HOST : CU_MEMORYTYPE_ARRAY;
    copy.dstMemoryType = to_array ? CU_MEMORYTYPE_ARRAY : CU_MEMORYTYPE_HOST;
    copy.srcHost = copy.dstHost = &element;
    copy.srcArray = copy.dstArray = array;
    copy.WidthInBytes = sizeof element;
    copy.Height = 1;
    return cuMemcpy2D_v2(&copy);
}

/// External memory of `size` bytes of one allocation of 2 MiB.
class SoftCudaArray : public SoftCuda {
  protected:
    CUexternalMemory import(std::size_t size = kGranularity) {
        const CUmemAllocationProp properties = device_memory();
        CUmemGenericAllocationHandle handle = 0;
        CUexternalMemory memory = nullptr;
        CUDA_EXTERNAL_MEMORY_HANDLE_DESC desc{};
        desc.type = CU_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD;
        desc.size = size;
        EXPECT_OK(cuMemCreate(&handle, kGranularity, &properties, 0));
        EXPECT_OK(cuMemExportToShareableHandle(&desc.handle.fd, handle, CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0));
        EXPECT_OK(cuImportExternalMemory(&memory, &desc));
        EXPECT_OK(cuMemRelease(handle));
        return memory;
    }
    static CUresult map(CUmipmappedArray& mipmap, CUexternalMemory memory, unsigned long long offset = 0,
                        const CUDA_ARRAY3D_DESCRIPTOR& desc = kPlane, unsigned levels = 1) {
        CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC window{};
        window.offset = offset;
        window.arrayDesc = desc;
        window.numLevels = levels;
        return cuExternalMemoryGetMappedMipmappedArray(&mipmap, memory, &window);
    }
};

TEST_F(SoftCudaArray, DescribesItself) {
    CUarray array = nullptr;
    const CUDA_ARRAY3D_DESCRIPTOR wanted = with_flags(kArray3DSurfaceLdst | kArray3DTextureGather);
    ASSERT_OK(cuArray3DCreate_v2(&array, &wanted));
    CUDA_ARRAY3D_DESCRIPTOR found{};
    EXPECT_OK(cuArray3DGetDescriptor_v2(&found, array));
    EXPECT_EQ(found.Width, wanted.Width);
    EXPECT_EQ(found.Height, wanted.Height);
    EXPECT_EQ(found.Depth, 0U);
    EXPECT_EQ(found.Format, wanted.Format);
    EXPECT_EQ(found.NumChannels, wanted.NumChannels);
    EXPECT_EQ(found.Flags, wanted.Flags);
    EXPECT_OK(cuArrayDestroy(array));

    const CUDA_ARRAY_DESCRIPTOR flat{30, 20, CU_AD_FORMAT_HALF, 2};
    CUDA_ARRAY_DESCRIPTOR flat_found{};
    ASSERT_OK(cuArrayCreate_v2(&array, &flat));
    EXPECT_OK(cuArrayGetDescriptor_v2(&flat_found, array));
    EXPECT_EQ(flat_found.Width, 30U);
    EXPECT_EQ(flat_found.Height, 20U);
    EXPECT_EQ(flat_found.Format, CU_AD_FORMAT_HALF);
    EXPECT_EQ(flat_found.NumChannels, 2U);
    EXPECT_INVALID(cuArray3DGetDescriptor_v2(nullptr, array));
    EXPECT_INVALID(cuArrayGetDescriptor_v2(nullptr, array));
    EXPECT_OK(cuArrayDestroy(array));
    EXPECT_EQ(cuArrayDestroy(array), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(cuArray3DGetDescriptor_v2(&found, array), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_INVALID(cuArrayDestroy(nullptr));
}

TEST_F(SoftCudaArray, RefusesWhatIsNoPlane) {
    CUarray array = nullptr;
    EXPECT_INVALID(cuArray3DCreate_v2(nullptr, &kPlane));
    EXPECT_INVALID(cuArray3DCreate_v2(&array, nullptr));
    EXPECT_INVALID(cuArrayCreate_v2(&array, nullptr));
    EXPECT_OK(create(kPlane));
    CUDA_ARRAY3D_DESCRIPTOR desc = kPlane;
    for (const unsigned channels : {0U, 3U, 5U, 8U}) {
        desc.NumChannels = channels;
        EXPECT_INVALID(create(desc)) << channels;
    }
    desc = kPlane;
    for (const unsigned format : {0U, 4U, 0x21U, 0xb0U}) {
        desc.Format = static_cast<CUarray_format>(format);
        EXPECT_INVALID(create(desc)) << format;
    }
    desc = kPlane;
    desc.Width = 0;
    EXPECT_INVALID(create(desc));
    EXPECT_INVALID(create(with_flags(0x200)));
    EXPECT_INVALID(create(with_flags(~0U)));
    for (const unsigned flag :
         {kArray3DLayered, kArray3DCubemap, kArray3DDepthTexture, kArray3DSparse, kArray3DVideoEncodeDecode}) {
        EXPECT_EQ(create(with_flags(flag)), CUDA_ERROR_NOT_SUPPORTED) << flag;
    }
    desc = with_flags(kArray3DDeferredMapping);
    desc.Height = 0;
    EXPECT_EQ(create(desc), CUDA_ERROR_NOT_SUPPORTED) << "no size of a row is known to be the driver's";
    desc = kPlane;
    desc.Depth = 1;
    EXPECT_EQ(create(desc), CUDA_ERROR_NOT_SUPPORTED);
}

TEST_F(SoftCudaArray, SizesHaveLimits) {
    int width = 0;
    int height = 0;
    EXPECT_OK(cuDeviceGetAttribute(&width, CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_WIDTH, 0));
    EXPECT_OK(cuDeviceGetAttribute(&height, CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_HEIGHT, 0));
    CUDA_ARRAY3D_DESCRIPTOR desc = with_flags(kArray3DDeferredMapping);
    desc.Width = static_cast<std::size_t>(width);
    desc.Height = static_cast<std::size_t>(height);
    EXPECT_OK(create(desc));  // needs no memory
    ++desc.Width;
    EXPECT_INVALID(create(desc));
    --desc.Width;
    ++desc.Height;
    EXPECT_INVALID(create(desc));
    desc.Width = desc.Height = SIZE_MAX;
    EXPECT_INVALID(create(desc));
}

TEST_F(SoftCudaArray, CountsAgainstTheMemoryOfItsDevice) {
    const std::size_t before = count_resources().free_memory;
    CUarray array = nullptr;
    ASSERT_OK(cuArray3DCreate_v2(&array, &kPlane));
    EXPECT_EQ(count_resources().free_memory, before - kPlaneSize);
    EXPECT_OK(cuArrayDestroy(array));
    EXPECT_EQ(count_resources().free_memory, before);
    CUDA_ARRAY3D_DESCRIPTOR big = kPlane;
    big.Width = 65536;
    big.Height = 4096;
    EXPECT_EQ(create(big), CUDA_ERROR_OUT_OF_MEMORY);
    big.Flags = kArray3DDeferredMapping;
    EXPECT_OK(create(big));
}

TEST_F(SoftCudaArray, GoesWithItsContext) {
    CUcontext other = nullptr;
    ASSERT_OK(cuCtxCreate_v2(&other, 0, 0));
    CUarray array = nullptr;
    CUmipmappedArray created = nullptr;
    CUmipmappedArray mapped = nullptr;
    ASSERT_OK(cuArray3DCreate_v2(&array, &kPlane));
    ASSERT_OK(cuMipmappedArrayCreate(&created, &kPlane, 1));
    ASSERT_OK(map(mapped, import()));
    CUarray level = nullptr;
    EXPECT_OK(cuMipmappedArrayGetLevel(&level, mapped, 0));
    EXPECT_OK(cuCtxDestroy_v2(other));
    unsigned element = 0;
    EXPECT_EQ(cuArrayDestroy(array), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(cuMipmappedArrayDestroy(created), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(cuMipmappedArrayDestroy(mapped), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(transfer_element(level, element, false), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(SoftCudaArray, DeferredMappingHasRequirementsButNoStorage) {
    const CUDA_ARRAY3D_DESCRIPTOR deferred = with_flags(kArray3DDeferredMapping);
    CUarray array = nullptr;
    CUDA_ARRAY_MEMORY_REQUIREMENTS found{1, 1, {1, 1, 1, 1}};
    ASSERT_OK(cuArray3DCreate_v2(&array, &deferred));
    EXPECT_OK(cuArrayGetMemoryRequirements(&found, array, 0));
    EXPECT_EQ(found.size, kPlaneSize);
    EXPECT_EQ(found.alignment, 65536U);
    for (const unsigned word : found.reserved)
        EXPECT_EQ(word, 0U);
    EXPECT_EQ(cuArrayGetMemoryRequirements(&found, array, 2), CUDA_ERROR_INVALID_DEVICE);
    EXPECT_INVALID(cuArrayGetMemoryRequirements(nullptr, array, 0));
    EXPECT_INVALID(cuArrayGetMemoryRequirements(&found, nullptr, 0));
    unsigned element = 0;
    EXPECT_INVALID(transfer_element(array, element, true));
    EXPECT_INVALID(transfer_element(array, element, false));
    EXPECT_OK(cuArrayDestroy(array));
    EXPECT_EQ(cuArrayGetMemoryRequirements(&found, array, 0), CUDA_ERROR_INVALID_HANDLE);

    ASSERT_OK(cuArray3DCreate_v2(&array, &kPlane));
    EXPECT_INVALID(cuArrayGetMemoryRequirements(&found, array, 0));  // not deferred
    EXPECT_OK(cuArrayDestroy(array));
}

TEST_F(SoftCudaArray, AMipmappedArrayHasOneLevel) {
    CUmipmappedArray mipmap = nullptr;
    EXPECT_INVALID(cuMipmappedArrayCreate(nullptr, &kPlane, 1));
    EXPECT_INVALID(cuMipmappedArrayCreate(&mipmap, nullptr, 1));
    EXPECT_EQ(cuMipmappedArrayCreate(&mipmap, &kPlane, 2), CUDA_ERROR_NOT_SUPPORTED);
    CUDA_ARRAY3D_DESCRIPTOR single = kPlane;
    single.Width = single.Height = 1;
    ASSERT_OK(cuMipmappedArrayCreate(&mipmap, &single, 5));  // no more than one is possible
    EXPECT_OK(cuMipmappedArrayDestroy(mipmap));

    ASSERT_OK(cuMipmappedArrayCreate(&mipmap, &kPlane, 1));
    CUarray level = nullptr;
    CUarray again = nullptr;
    ASSERT_OK(cuMipmappedArrayGetLevel(&level, mipmap, 0));
    EXPECT_OK(cuMipmappedArrayGetLevel(&again, mipmap, 0));
    EXPECT_EQ(level, again);
    EXPECT_INVALID(cuMipmappedArrayGetLevel(&again, mipmap, 1));
    EXPECT_INVALID(cuMipmappedArrayGetLevel(nullptr, mipmap, 0));
    EXPECT_INVALID(cuMipmappedArrayGetLevel(&again, nullptr, 0));
    CUDA_ARRAY_MEMORY_REQUIREMENTS found{};
    EXPECT_INVALID(cuMipmappedArrayGetMemoryRequirements(&found, mipmap, 0));  // not deferred
    EXPECT_INVALID(cuMipmappedArrayGetMemoryRequirements(nullptr, mipmap, 0));

    unsigned element = 0x01020304;
    unsigned read = 0;
    EXPECT_INVALID(cuArrayDestroy(level));  // goes with the mipmapped array only
    EXPECT_OK(transfer_element(level, element, true));
    EXPECT_OK(transfer_element(level, read, false));
    EXPECT_EQ(read, element);
    EXPECT_OK(cuMipmappedArrayDestroy(mipmap));
    EXPECT_EQ(cuMipmappedArrayDestroy(mipmap), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(cuMipmappedArrayGetLevel(&level, mipmap, 0), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(transfer_element(level, read, false), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_INVALID(cuMipmappedArrayDestroy(nullptr));
}

TEST_F(SoftCudaArray, MappedArrayHoldsTheStorage) {
    const CUexternalMemory memory = import();
    CUmipmappedArray first = nullptr;
    CUmipmappedArray second = nullptr;
    ASSERT_OK(map(first, memory, 4096));
    ASSERT_OK(map(second, memory, 4096, with_flags(kArray3DSurfaceLdst | kArray3DColorAttachment)));
    EXPECT_OK(cuDestroyExternalMemory(memory));
    CUarray writer = nullptr;
    CUarray reader = nullptr;
    ASSERT_OK(cuMipmappedArrayGetLevel(&writer, first, 0));
    ASSERT_OK(cuMipmappedArrayGetLevel(&reader, second, 0));
    EXPECT_NE(writer, reader);
    unsigned element = 77;
    EXPECT_OK(transfer_element(writer, element, true));
    EXPECT_OK(cuMipmappedArrayDestroy(first));
    element = 0;
    EXPECT_OK(transfer_element(reader, element, false));
    EXPECT_EQ(element, 77U);
    EXPECT_OK(cuMipmappedArrayDestroy(second));
}

TEST_F(SoftCudaArray, MappingChecksItsArguments) {
    const CUexternalMemory memory = import();
    CUmipmappedArray mipmap = nullptr;
    EXPECT_INVALID(cuExternalMemoryGetMappedMipmappedArray(&mipmap, memory, nullptr));
    const CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC empty{};
    EXPECT_INVALID(cuExternalMemoryGetMappedMipmappedArray(nullptr, memory, &empty));
    EXPECT_INVALID(cuExternalMemoryGetMappedMipmappedArray(&mipmap, memory, &empty));
    EXPECT_INVALID(map(mipmap, nullptr));
    EXPECT_INVALID(map(mipmap, memory, 0, kPlane, 0));
    EXPECT_INVALID(map(mipmap, memory, 0, kPlane, 2));
    EXPECT_INVALID(map(mipmap, memory, 1));
    EXPECT_INVALID(map(mipmap, memory, kGranularity - kPlaneSize + 512));
    EXPECT_INVALID(map(mipmap, memory, ~0ULL - 511));
    EXPECT_INVALID(map(mipmap, memory, 0, with_flags(kArray3DDeferredMapping)));
    CUDA_ARRAY3D_DESCRIPTOR desc = kPlane;
    desc.NumChannels = 3;
    EXPECT_INVALID(map(mipmap, memory, 0, desc));
    desc = kPlane;
    desc.Height = 65536;  // does not fit
    EXPECT_INVALID(map(mipmap, memory, 0, desc));
    EXPECT_EQ(mipmap, nullptr);
    for (const unsigned long long offset :
         {std::size_t{0}, std::size_t{512}, std::size_t{4096}, std::size_t{65536}, kGranularity - kPlaneSize}) {
        ASSERT_OK(map(mipmap, memory, offset)) << offset;
        EXPECT_OK(cuMipmappedArrayDestroy(mipmap));
    }
    EXPECT_OK(cuDestroyExternalMemory(memory));
    EXPECT_EQ(map(mipmap, memory), CUDA_ERROR_INVALID_HANDLE);

    const CUexternalMemory small = import(kPlaneSize);  // the import names less than the allocation has
    EXPECT_INVALID(map(mipmap, small, 512));
    EXPECT_OK(map(mipmap, small));
    EXPECT_OK(cuMipmappedArrayDestroy(mipmap));
    EXPECT_OK(cuDestroyExternalMemory(small));
}

// Arrays come and go in several threads at once.
TEST_F(SoftCudaArray, ThreadsCreateAndDestroy) {
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < 4; ++t) {
        threads.emplace_back([this, t] {
            EXPECT_OK(cuCtxSetCurrent(context_));
            for (unsigned i = 0; i < 50; ++i) {
                CUarray array = nullptr;
                ASSERT_OK(cuArray3DCreate_v2(&array, &kPlane));
                unsigned element = t * 1000 + i;
                unsigned read = 0;
                EXPECT_OK(transfer_element(array, element, true));
                EXPECT_OK(transfer_element(array, read, false));
                EXPECT_EQ(read, element);
                EXPECT_OK(cuArrayDestroy(array));
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
}

}  // namespace
}  // namespace opennvsci::softcuda_test
