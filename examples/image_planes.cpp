// SPDX-License-Identifier: Apache-2.0
//
// A YUV 4:2:0 picture in a block-linear image: negotiate the image as a surface, read where its three planes lie,
// import it into CUDA, map every plane as an array, turn the picture upside down in place with a kernel that uses
// surfaces, and read the result through another import of the same memory, where every byte must be as the CPU computes
// it.
//
// The software device runs no kernels; there the rows change places by copies between arrays.
//
// Build and run, with <cuda.h> of a CUDA toolkit (tried with 13.0):
//   c++ -std=c++17 image_planes.cpp $(pkg-config --cflags --libs nvscibuf) -I/usr/local/cuda/include -lcuda
//   ./a.out                               on a machine with a GPU
//   opennvsci run --soft ./a.out          on any machine
#include <cuda.h>
#include <dlfcn.h>
#include <nvscibuf.h>
#include <nvscicuda.h>
#include <opennvsci.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

// Every failure of OpenNvSci can say why: which key, which value, which rule, and often what would avoid it.
void check(NvSciError error, const char* what) {
    if (error == NvSciError_Success) return;
    std::fprintf(stderr, "%s: error 0x%x\n%s\n", what, static_cast<unsigned>(error), opennvsciGetLastErrorText());
    std::exit(1);
}

void check(CUresult result, const char* what) {
    if (result == CUDA_SUCCESS) return;
    const char* name = "?";
    cuGetErrorName(result, &name);
    std::fprintf(stderr, "%s: %s\n%s\n", what, name, opennvsciGetLastErrorText());
    std::exit(1);
}

void expect(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "unexpected: %s\n", what);
    std::exit(1);
}

#define CHECK(call) check(call, #call)
#define EXPECT(condition) expect(condition, #condition)

// The kernel, in the driver's assembly language, so that no CUDA compiler is needed. Each thread exchanges a pixel of
// the upper half with its mirror image. A surface takes x in bytes, which are pixels here, and y in rows; where they
// lie in the blocks of the memory is the surface's business.
const char* const kKernel = R"(
.version 6.0
.target sm_52
.address_size 64

.visible .entry turn_upside_down(
    .param .u64 surface,
    .param .u32 width,
    .param .u32 height)
{
    .reg .pred  %outside;
    .reg .b16   %upper, %lower;
    .reg .b32   %x, %y, %mirrored, %width, %height, %half, %block, %threads, %thread;
    .reg .b64   %surface;

    mov.u32         %block, %ctaid.x;
    mov.u32         %threads, %ntid.x;
    mov.u32         %thread, %tid.x;
    mad.lo.u32      %x, %block, %threads, %thread;
    ld.param.u32    %width, [width];
    setp.ge.u32     %outside, %x, %width;
    @%outside bra   done;

    mov.u32         %block, %ctaid.y;
    mov.u32         %threads, %ntid.y;
    mov.u32         %thread, %tid.y;
    mad.lo.u32      %y, %block, %threads, %thread;
    ld.param.u32    %height, [height];
    shr.u32         %half, %height, 1;
    setp.ge.u32     %outside, %y, %half;
    @%outside bra   done;

    sub.u32         %mirrored, %height, %y;
    sub.u32         %mirrored, %mirrored, 1;
    ld.param.u64    %surface, [surface];
    suld.b.2d.b8.trap {%upper}, [%surface, {%x, %y}];
    suld.b.2d.b8.trap {%lower}, [%surface, {%x, %mirrored}];
    sust.b.2d.b8.trap [%surface, {%x, %mirrored}], {%upper};
    sust.b.2d.b8.trap [%surface, {%x, %y}], {%lower};
done:
    ret;
}
)";

// A key with its value, as NvSciBufAttrListSetAttrs takes it.
template <class T>
NvSciBufAttrKeyValuePair pair(NvSciBufAttrKey key, const T& value) {
    return {key, &value, sizeof(value)};
}

// A value of a list, or the first of several. It belongs to the list.
template <class T>
const T* read(NvSciBufAttrList list, NvSciBufAttrKey key, std::size_t count = 1) {
    NvSciBufAttrKeyValuePair asked{key, nullptr, 0};
    CHECK(NvSciBufAttrListGetAttrs(list, &asked, 1));
    EXPECT(asked.value != nullptr && asked.len >= count * sizeof(T));
    return static_cast<const T*>(asked.value);
}

// What a program must know of a plane to map it.
struct Plane {
    unsigned long long offset;
    unsigned width;
    unsigned height;
    unsigned channels;
};

std::vector<Plane> read_planes(NvSciBufAttrList list) {
    const std::size_t count = *read<uint32_t>(list, NvSciBufImageAttrKey_PlaneCount);
    const auto* offsets = read<uint64_t>(list, NvSciBufImageAttrKey_PlaneOffset, count);
    const auto* widths = read<uint32_t>(list, NvSciBufImageAttrKey_PlaneWidth, count);
    const auto* heights = read<uint32_t>(list, NvSciBufImageAttrKey_PlaneHeight, count);
    const auto* bits = read<uint32_t>(list, NvSciBufImageAttrKey_PlaneBitsPerPixel, count);
    const auto* channels = read<uint8_t>(list, NvSciBufImageAttrKey_PlaneChannelCount, count);
    const auto* types = read<NvSciBufAttrValDataType>(list, NvSciBufImageAttrKey_PlaneDatatype, count);
    std::vector<Plane> planes;
    for (std::size_t i = 0; i < count; ++i) {
        // What 8 bits per component in separate planes means; the kernel and the copies below rely on it.
        EXPECT(types[i] == NvSciDataType_Uint8 && bits[i] == 8 && channels[i] == 1);
        planes.push_back({offsets[i], widths[i], heights[i], channels[i]});
    }
    return planes;
}

CUexternalMemory import(NvSciBufObj object, unsigned long long size) {
    CUDA_EXTERNAL_MEMORY_HANDLE_DESC desc;
    std::memset(&desc, 0, sizeof(desc));
    desc.type = CU_EXTERNAL_MEMORY_HANDLE_TYPE_NVSCIBUF;
    desc.handle.nvSciBufObject = object;
    desc.size = size;
    CUexternalMemory memory = nullptr;
    CHECK(nvsciCuImportExternalMemory(&memory, &desc));
    return memory;
}

// A plane of an import in the hands of CUDA. An import knows planes as mipmapped arrays of one level.
struct MappedPlane {
    CUmipmappedArray mipmap = nullptr;
    CUarray array = nullptr;  // belongs to the mipmapped array
};

MappedPlane map(CUexternalMemory memory, const Plane& plane) {
    CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC desc;
    std::memset(&desc, 0, sizeof(desc));
    desc.offset = plane.offset;
    desc.arrayDesc.Width = plane.width;
    desc.arrayDesc.Height = plane.height;
    desc.arrayDesc.Format = CU_AD_FORMAT_UNSIGNED_INT8;
    desc.arrayDesc.NumChannels = plane.channels;
    desc.arrayDesc.Flags = CUDA_ARRAY3D_SURFACE_LDST;
    desc.numLevels = 1;
    MappedPlane mapped;
    CHECK(nvsciCuExternalMemoryGetMappedMipmappedArray(&mapped.mipmap, memory, &desc));
    CHECK(cuMipmappedArrayGetLevel(&mapped.array, mapped.mipmap, 0));
    return mapped;
}

std::vector<MappedPlane> map_all(CUexternalMemory memory, const std::vector<Plane>& planes) {
    std::vector<MappedPlane> mapped;
    for (const Plane& plane : planes)
        mapped.push_back(map(memory, plane));
    return mapped;
}

// The bytes of a plane on the CPU, row after row without gaps.
using Bytes = std::vector<unsigned char>;

void upload(const MappedPlane& to, const Plane& plane, const Bytes& from) {
    CUDA_MEMCPY2D copy{};
    copy.srcMemoryType = CU_MEMORYTYPE_HOST;
    copy.srcHost = from.data();
    copy.srcPitch = plane.width;
    copy.dstMemoryType = CU_MEMORYTYPE_ARRAY;
    copy.dstArray = to.array;
    copy.WidthInBytes = plane.width;
    copy.Height = plane.height;
    CHECK(cuMemcpy2D(&copy));
}

Bytes download(const MappedPlane& from, const Plane& plane) {
    Bytes bytes(static_cast<std::size_t>(plane.width) * plane.height);
    CUDA_MEMCPY2D copy{};
    copy.srcMemoryType = CU_MEMORYTYPE_ARRAY;
    copy.srcArray = from.array;
    copy.dstMemoryType = CU_MEMORYTYPE_HOST;
    copy.dstHost = bytes.data();
    copy.dstPitch = plane.width;
    copy.WidthInBytes = plane.width;
    copy.Height = plane.height;
    CHECK(cuMemcpy2D(&copy));
    return bytes;
}

// Something whose every row and column differs from its neighbours, and every plane from the others.
Bytes synthetic_plane(const Plane& plane, unsigned number) {
    Bytes bytes;
    for (unsigned y = 0; y < plane.height; ++y) {
        for (unsigned x = 0; x < plane.width; ++x)
            bytes.push_back(static_cast<unsigned char>(3 * x + 5 * y + (x * y >> 6) + 85 * number));
    }
    return bytes;
}

Bytes upside_down(const Plane& plane, const Bytes& picture) {
    Bytes turned;
    for (unsigned y = plane.height; y-- > 0;) {
        const auto row = picture.begin() + static_cast<std::ptrdiff_t>(y) * plane.width;
        turned.insert(turned.end(), row, row + plane.width);
    }
    return turned;
}

// The processing on a GPU: one launch of the kernel per plane.
class Kernel {
  public:
    Kernel() {
        CHECK(cuModuleLoadData(&module_, kKernel));
        CHECK(cuModuleGetFunction(&function_, module_, "turn_upside_down"));
        // Looked up, because the software device, which this program can run on too, has no surfaces.
        CHECK(cuGetProcAddress("cuSurfObjectCreate", reinterpret_cast<void**>(&create_surface_), CUDA_VERSION,
                               CU_GET_PROC_ADDRESS_DEFAULT, nullptr));
        CHECK(cuGetProcAddress("cuSurfObjectDestroy", reinterpret_cast<void**>(&destroy_surface_), CUDA_VERSION,
                               CU_GET_PROC_ADDRESS_DEFAULT, nullptr));
        EXPECT(create_surface_ != nullptr && destroy_surface_ != nullptr);
    }
    Kernel(const Kernel&) = delete;
    Kernel& operator=(const Kernel&) = delete;
    ~Kernel() { CHECK(cuModuleUnload(module_)); }

    void turn_upside_down(const MappedPlane& mapped, const Plane& plane) const {
        CUDA_RESOURCE_DESC desc;
        std::memset(&desc, 0, sizeof(desc));
        desc.resType = CU_RESOURCE_TYPE_ARRAY;
        desc.res.array.hArray = mapped.array;
        CUsurfObject surface = 0;
        CHECK(create_surface_(&surface, &desc));

        const unsigned threads_x = 32;
        const unsigned threads_y = 8;
        unsigned width = plane.width;
        unsigned height = plane.height;
        void* parameters[] = {&surface, &width, &height};
        CHECK(cuLaunchKernel(function_, (width + threads_x - 1) / threads_x,
                             std::max(1U, (height / 2 + threads_y - 1) / threads_y), 1, threads_x, threads_y, 1, 0,
                             nullptr, parameters, nullptr));
        CHECK(cuCtxSynchronize());
        CHECK(destroy_surface_(surface));
    }

  private:
    CUmodule module_ = nullptr;
    CUfunction function_ = nullptr;
    decltype(&cuSurfObjectCreate) create_surface_ = nullptr;
    decltype(&cuSurfObjectDestroy) destroy_surface_ = nullptr;
};

void copy_row(CUarray from, unsigned from_y, CUarray to, unsigned to_y, unsigned width) {
    CUDA_MEMCPY2D copy{};
    copy.srcMemoryType = CU_MEMORYTYPE_ARRAY;
    copy.srcArray = from;
    copy.srcY = from_y;
    copy.dstMemoryType = CU_MEMORYTYPE_ARRAY;
    copy.dstArray = to;
    copy.dstY = to_y;
    copy.WidthInBytes = width;
    copy.Height = 1;
    CHECK(cuMemcpy2D(&copy));
}

// The same by copies between arrays, through a spare row.
void turn_upside_down_by_copies(const MappedPlane& mapped, const Plane& plane) {
    CUDA_ARRAY_DESCRIPTOR desc{};
    desc.Width = plane.width;
    desc.Height = 1;
    desc.Format = CU_AD_FORMAT_UNSIGNED_INT8;
    desc.NumChannels = plane.channels;
    CUarray spare = nullptr;
    CHECK(cuArrayCreate(&spare, &desc));
    for (unsigned y = 0; y < plane.height / 2; ++y) {
        const unsigned mirrored = plane.height - 1 - y;
        copy_row(mapped.array, y, spare, 0, plane.width);
        copy_row(mapped.array, mirrored, mapped.array, y, plane.width);
        copy_row(spare, 0, mapped.array, mirrored, plane.width);
    }
    CHECK(cuArrayDestroy(spare));
}

}  // namespace

int main() {
    // A CUDA context, as any CUDA program has one. The primary context is the one that the CUDA runtime uses too.
    CHECK(cuInit(0));
    CUdevice device = 0;
    CHECK(cuDeviceGet(&device, 0));
    CUcontext context = nullptr;
    CHECK(cuDevicePrimaryCtxRetain(&context, device));
    CHECK(cuCtxSetCurrent(context));
    char device_name[256] = "";
    CHECK(cuDeviceGetName(device_name, sizeof(device_name), device));
    // Only the software device exports this symbol.
    const bool has_kernels = dlsym(RTLD_DEFAULT, "opennvsciSoftCudaVersion") == nullptr;

    // What this program needs: a full-HD picture in three planes, tiled as the GPU's texture units like it.
    CUuuid uuid;
    CHECK(cuDeviceGetUuid(&uuid, device));
    NvSciRmGpuId gpu_id;
    std::memcpy(gpu_id.bytes, uuid.bytes, sizeof(gpu_id.bytes));
    const NvSciBufType type = NvSciBufType_Image;
    const NvSciBufAttrValAccessPerm perm = NvSciBufAccessPerm_ReadWrite;
    const NvSciBufAttrValImageLayoutType layout = NvSciBufImage_BlockLinearType;
    const NvSciBufSurfType surface_type = NvSciSurfType_YUV;
    const NvSciBufSurfMemLayout planar = NvSciSurfMemLayout_Planar;
    const NvSciBufSurfSampleType sampling = NvSciSurfSampleType_420;
    const NvSciBufSurfBPC bits = NvSciSurfBPC_8;
    const NvSciBufSurfComponentOrder order = NvSciSurfComponentOrder_YUV;
    const uint32_t width = 1920;
    const uint32_t height = 1080;

    NvSciBufModule module = nullptr;
    CHECK(NvSciBufModuleOpen(&module));
    NvSciBufAttrList wishes = nullptr;
    CHECK(NvSciBufAttrListCreate(module, &wishes));
    CHECK(opennvsciBufAttrListSetName(wishes, "example"));
    NvSciBufAttrKeyValuePair pairs[] = {
        pair(NvSciBufGeneralAttrKey_Types, type),
        pair(NvSciBufGeneralAttrKey_RequiredPerm, perm),
        pair(NvSciBufGeneralAttrKey_GpuId, gpu_id),
        pair(NvSciBufImageAttrKey_Layout, layout),
        pair(NvSciBufImageAttrKey_SurfType, surface_type),
        pair(NvSciBufImageAttrKey_SurfMemLayout, planar),
        pair(NvSciBufImageAttrKey_SurfSampleType, sampling),
        pair(NvSciBufImageAttrKey_SurfBPC, bits),
        pair(NvSciBufImageAttrKey_SurfComponentOrder, order),
        pair(NvSciBufImageAttrKey_SurfWidthBase, width),
        pair(NvSciBufImageAttrKey_SurfHeightBase, height),
    };
    CHECK(NvSciBufAttrListSetAttrs(wishes, pairs, sizeof(pairs) / sizeof(pairs[0])));

    // Reconcile all lists (here one) and allocate. The surface comes back as planes, with their places.
    NvSciBufAttrList reconciled = nullptr;
    NvSciBufAttrList conflicts = nullptr;
    CHECK(NvSciBufAttrListReconcile(&wishes, 1, &reconciled, &conflicts));
    NvSciBufObj object = nullptr;
    CHECK(NvSciBufObjAlloc(reconciled, &object));
    const auto size = *read<uint64_t>(reconciled, NvSciBufImageAttrKey_Size);
    const std::vector<Plane> planes = read_planes(reconciled);
    EXPECT(planes.size() == 3);
    std::printf("device:     %s\n", device_name);
    for (std::size_t i = 0; i < planes.size(); ++i) {
        std::printf("plane %zu:    %u x %u at offset %llu\n", i, planes[i].width, planes[i].height, planes[i].offset);
    }
    std::printf("size:       %llu bytes, block-linear\n", static_cast<unsigned long long>(size));

    // Two imports of the same memory, each with its own arrays: one is written, the other only read.
    CUexternalMemory written = import(object, size);
    CUexternalMemory observed = import(object, size);
    const std::vector<MappedPlane> to = map_all(written, planes);
    const std::vector<MappedPlane> from = map_all(observed, planes);

    std::vector<Bytes> picture;
    for (std::size_t i = 0; i < planes.size(); ++i) {
        picture.push_back(synthetic_plane(planes[i], static_cast<unsigned>(i)));
        upload(to[i], planes[i], picture[i]);
    }
    for (std::size_t i = 0; i < planes.size(); ++i)
        EXPECT(download(from[i], planes[i]) == picture[i]);

    if (has_kernels) {
        const Kernel kernel;
        for (std::size_t i = 0; i < planes.size(); ++i)
            kernel.turn_upside_down(to[i], planes[i]);
    } else {
        for (std::size_t i = 0; i < planes.size(); ++i)
            turn_upside_down_by_copies(to[i], planes[i]);
    }

    std::size_t compared = 0;
    for (std::size_t i = 0; i < planes.size(); ++i) {
        EXPECT(download(from[i], planes[i]) == upside_down(planes[i], picture[i]));
        compared += picture[i].size();
    }
    std::printf("processed:  turned upside down in place by %s\n",
                has_kernels ? "a kernel, through surfaces" : "copies between arrays (this device runs no kernels)");
    std::printf("compared:   %zu bytes through a second import, all as the CPU computes them\n", compared);

    // Everything may be freed in any order: a mapped array keeps the memory alive.
    NvSciBufObjFree(object);
    CHECK(nvsciCuDestroyExternalMemory(written));
    CHECK(nvsciCuDestroyExternalMemory(observed));
    NvSciBufAttrListFree(reconciled);
    NvSciBufAttrListFree(wishes);
    NvSciBufModuleClose(module);
    for (std::size_t i = 0; i < planes.size(); ++i) {
        EXPECT(download(from[i], planes[i]) == upside_down(planes[i], picture[i]));
        CHECK(cuMipmappedArrayDestroy(to[i].mipmap));
        CHECK(cuMipmappedArrayDestroy(from[i].mipmap));
    }
    CHECK(cuDevicePrimaryCtxRelease(device));
    return 0;
}
