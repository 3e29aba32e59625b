/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file nvscibuf.h
 * @brief NvSciBuf: negotiated buffers that CPUs, GPUs and processes share.
 *
 * Every user of a buffer states its needs as key/value pairs in an attribute list. Reconciling all lists gives one
 * reconciled list with the layout; an object is memory allocated for such a list. Lists and objects go to other
 * processes as plain bytes, which the program sends over the NvSciIpc endpoint that they were made for.
 *
 * Typical order: NvSciBufModuleOpen(), NvSciBufAttrListCreate(), NvSciBufAttrListSetAttrs(), exchange of unreconciled
 * lists, NvSciBufAttrListReconcile(), NvSciBufObjAlloc(), exchange of the reconciled list and the object,
 * NvSciBufObjGetAttrList(), NvSciBufAttrListGetAttrs(), use, NvSciBufObjFree(), NvSciBufAttrListFree(),
 * NvSciBufModuleClose(). Frees may come in any order.
 *
 * Words: a list is an NvSciBufAttrList; an object is an NvSciBufObj; the memory object is what one or more objects
 * refer to; the peer is the process at the other end of an endpoint.
 *
 * Rules for everything in this file:
 *  - Sizes, offsets, pitches, strides and alignments are bytes; widths, heights and paddings are pixels.
 *  - Every function is synchronous and may be called from ordinary threads only, not from signal handlers. No
 *    privileges are required.
 *  - "Thread-safe" means that a function may run concurrently with itself and with every other one. Free and close
 *    functions are thread-safe provided that nobody else uses the handle. Setting, getting, appending and reconciling
 *    one list concurrently does no damage, but which values are seen is not defined.
 *  - All modules, lists and objects given to one call must belong to the same module.
 *  - Output parameters have a meaning only on NvSciError_Success unless stated otherwise.
 *  - "Not a live handle" below means NULL, freed, of another kind, or garbage. PROPOSED (OpenNvSci decision), where
 *    NVIDIA's documentation says that the library panics: a function that returns NvSciError gives
 *    NvSciError_BadParameter; a void function ignores the handle and logs one line to stderr;
 *    NvSciBufAttrListGetSlotCount() gives 0. NULL given to a free or close function is ignored silently.
 *  - PROPOSED (OpenNvSci decision): a count greater than there can be elements (lists that are alive, keys that can be
 *    set) gives NvSciError_BadParameter, as 0 does.
 *  - PROPOSED (OpenNvSci decision): the phases of NVIDIA's embedded systems, outside of which most functions return
 *    NvSciError_InvalidState, do not exist here.
 *
 * Source: DRIVE OS 6.0.10 API reference (NvSciBuf 2.11), unless a comment names another one. "NVIDIA sample programs"
 * marks behaviour that NVIDIA's published samples depend on and the reference does not state.
 */

#ifndef INCLUDED_NVSCIBUF_H
#define INCLUDED_NVSCIBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nvscierror.h"
#include "nvsciipc.h"

#if defined(__cplusplus)
extern "C" {
#endif

/** Packs the struct that decl declares: no padding, alignment 1. Used as `PACK_BUF(typedef struct { ... }) T;`. */
#if defined(__GNUC__) || defined(__clang__)
#define PACK_BUF(decl) decl __attribute__((packed))
#else
#define PACK_BUF(decl) __pragma(pack(push, 1)) decl __pragma(pack(pop))
#endif

/* ------------------------------------------------------------------------------------------------ Version */

/** @addtogroup modules
 *  @{ */

/** Major version of the NvSciBuf interface that this header declares. */
static const uint32_t NvSciBufMajorVersion = 2U;
/** Minor version of the NvSciBuf interface that this header declares. */
static const uint32_t NvSciBufMinorVersion = 11U;

/** @} */

/* ---------------------------------------------------------------------------------------- Types and limits */

/** @addtogroup buffer_keys
 *  @{ */

/** Kinds of buffer; value of NvSciBufGeneralAttrKey_Types, and part of every key number. */
typedef enum {
    NvSciBufType_General = 0,   /**< Only for numbering keys; illegal as a value of the Types key. */
    NvSciBufType_RawBuffer = 1, /**< Plain bytes. */
    NvSciBufType_Image = 2,     /**< Image of up to NV_SCI_BUF_IMAGE_MAX_PLANES planes. */
    NvSciBufType_Tensor = 3,    /**< Tensor of up to NV_SCI_BUF_TENSOR_MAX_DIMS dimensions. */
    NvSciBufType_Array = 4,     /**< One-dimensional array. */
    NvSciBufType_Pyramid = 5,   /**< Image in up to NV_SCI_BUF_PYRAMID_MAX_LEVELS sizes. */
    NvSciBufType_MaxValid = 6,  /**< Legal values are smaller than this. */
    NvSciBufType_UpperBound = 6 /**< Same as NvSciBufType_MaxValid. */
} NvSciBufType;

/*
 * The constants below are typed variables in C++ and macros in C, with these types, because programs use them in
 * constant expressions of both languages.
 */
#if defined(__cplusplus)

/** Most dimensions of a tensor. */
static const int NV_SCI_BUF_TENSOR_MAX_DIMS = 8;
/** Most planes of an image. */
static const int NV_SCI_BUF_IMAGE_MAX_PLANES = 3;
/** Most levels of a pyramid. */
static const int NV_SCI_BUF_PYRAMID_MAX_LEVELS = 10;
/** Length of an export descriptor in 64-bit words (256 bytes). */
static const int NVSCIBUF_EXPORT_DESC_SIZE = 32;
/** Most elements of NvSciBufGeneralAttrKey_PeerLocationInfo. */
static const uint32_t NV_SCI_BUF_PEER_INFO_MAX_NUMBER = 128U;
/** NvSciBufPeerLocationInfo::socID of a peer on the same SoC. */
static const uint32_t NV_SCI_BUF_PEER_INFO_SELF_SOCID = 0xFFFFFFFFU;
/** NvSciBufPeerLocationInfo::vmID of a peer in the same VM. */
static const uint32_t NV_SCI_BUF_PEER_INFO_SELF_VMID = 0xFFFFFFFFU;
/** Most elements of NvSciBufGeneralAttrKey_PeerHwEngineArray. */
static const int NV_SCI_BUF_PEER_HW_ENGINE_MAX_NUMBER = 128;
/** Most GPUs that share one object. */
static const uint32_t NV_SCI_BUF_MAX_GPUS = 16U;

/** Bits of a key number that hold the index of the key inside its type. */
static const int NV_SCI_BUF_ATTRKEY_BIT_COUNT = 16;
/** Bits of a key number that hold the NvSciBufType. */
static const int NV_SCI_BUF_DATATYPE_BIT_COUNT = 10;
/** Class of the keys that programs may use. */
static const int NV_SCI_BUF_ATTR_KEY_TYPE_PUBLIC = 0;
/** First bit of a key number that holds the class. */
static const int NV_SCI_BUF_KEYTYPE_BIT_START = NV_SCI_BUF_DATATYPE_BIT_COUNT + NV_SCI_BUF_ATTRKEY_BIT_COUNT;

/** Start of the General keys: 0x00000. */
static const int NV_SCI_BUF_GENERAL_ATTR_KEY_START = (NV_SCI_BUF_ATTR_KEY_TYPE_PUBLIC << NV_SCI_BUF_KEYTYPE_BIT_START) |
                                                     (NvSciBufType_General << NV_SCI_BUF_ATTRKEY_BIT_COUNT);
/** Start of the RawBuffer keys: 0x10000. */
static const int NV_SCI_BUF_RAW_BUF_ATTR_KEY_START = (NV_SCI_BUF_ATTR_KEY_TYPE_PUBLIC << NV_SCI_BUF_KEYTYPE_BIT_START) |
                                                     (NvSciBufType_RawBuffer << NV_SCI_BUF_ATTRKEY_BIT_COUNT);
/** Start of the Image keys: 0x20000. */
static const int NV_SCI_BUF_IMAGE_ATTR_KEY_START = (NV_SCI_BUF_ATTR_KEY_TYPE_PUBLIC << NV_SCI_BUF_KEYTYPE_BIT_START) |
                                                   (NvSciBufType_Image << NV_SCI_BUF_ATTRKEY_BIT_COUNT);
/** Start of the Tensor keys: 0x30000. */
static const int NV_SCI_BUF_TENSOR_ATTR_KEY_START = (NV_SCI_BUF_ATTR_KEY_TYPE_PUBLIC << NV_SCI_BUF_KEYTYPE_BIT_START) |
                                                    (NvSciBufType_Tensor << NV_SCI_BUF_ATTRKEY_BIT_COUNT);
/** Start of the Array keys: 0x40000. */
static const int NV_SCI_BUF_ARRAY_ATTR_KEY_START = (NV_SCI_BUF_ATTR_KEY_TYPE_PUBLIC << NV_SCI_BUF_KEYTYPE_BIT_START) |
                                                   (NvSciBufType_Array << NV_SCI_BUF_ATTRKEY_BIT_COUNT);
/** Start of the Pyramid keys: 0x50000. */
static const int NV_SCI_BUF_PYRAMID_ATTR_KEY_START = (NV_SCI_BUF_ATTR_KEY_TYPE_PUBLIC << NV_SCI_BUF_KEYTYPE_BIT_START) |
                                                     (NvSciBufType_Pyramid << NV_SCI_BUF_ATTRKEY_BIT_COUNT);

#else

#define NV_SCI_BUF_TENSOR_MAX_DIMS 8u
#define NV_SCI_BUF_IMAGE_MAX_PLANES 3u
#define NV_SCI_BUF_PYRAMID_MAX_LEVELS 10u
#define NVSCIBUF_EXPORT_DESC_SIZE 32u
#define NV_SCI_BUF_PEER_INFO_MAX_NUMBER 128u
#define NV_SCI_BUF_PEER_INFO_SELF_SOCID 0xFFFFFFFFu
#define NV_SCI_BUF_PEER_INFO_SELF_VMID 0xFFFFFFFFu
#define NV_SCI_BUF_PEER_HW_ENGINE_MAX_NUMBER 128U
#define NV_SCI_BUF_MAX_GPUS 16

#define NV_SCI_BUF_ATTRKEY_BIT_COUNT 16u
#define NV_SCI_BUF_DATATYPE_BIT_COUNT 10u
#define NV_SCI_BUF_ATTR_KEY_TYPE_PUBLIC 0u
#define NV_SCI_BUF_KEYTYPE_BIT_START (NV_SCI_BUF_DATATYPE_BIT_COUNT + NV_SCI_BUF_ATTRKEY_BIT_COUNT)

#define NV_SCI_BUF_GENERAL_ATTR_KEY_START                                \
    ((NV_SCI_BUF_ATTR_KEY_TYPE_PUBLIC << NV_SCI_BUF_KEYTYPE_BIT_START) | \
     (NvSciBufType_General << NV_SCI_BUF_ATTRKEY_BIT_COUNT))
#define NV_SCI_BUF_RAW_BUF_ATTR_KEY_START                                \
    ((NV_SCI_BUF_ATTR_KEY_TYPE_PUBLIC << NV_SCI_BUF_KEYTYPE_BIT_START) | \
     (NvSciBufType_RawBuffer << NV_SCI_BUF_ATTRKEY_BIT_COUNT))
#define NV_SCI_BUF_IMAGE_ATTR_KEY_START                                  \
    ((NV_SCI_BUF_ATTR_KEY_TYPE_PUBLIC << NV_SCI_BUF_KEYTYPE_BIT_START) | \
     (NvSciBufType_Image << NV_SCI_BUF_ATTRKEY_BIT_COUNT))
#define NV_SCI_BUF_TENSOR_ATTR_KEY_START                                 \
    ((NV_SCI_BUF_ATTR_KEY_TYPE_PUBLIC << NV_SCI_BUF_KEYTYPE_BIT_START) | \
     (NvSciBufType_Tensor << NV_SCI_BUF_ATTRKEY_BIT_COUNT))
#define NV_SCI_BUF_ARRAY_ATTR_KEY_START                                  \
    ((NV_SCI_BUF_ATTR_KEY_TYPE_PUBLIC << NV_SCI_BUF_KEYTYPE_BIT_START) | \
     (NvSciBufType_Array << NV_SCI_BUF_ATTRKEY_BIT_COUNT))
#define NV_SCI_BUF_PYRAMID_ATTR_KEY_START                                \
    ((NV_SCI_BUF_ATTR_KEY_TYPE_PUBLIC << NV_SCI_BUF_KEYTYPE_BIT_START) | \
     (NvSciBufType_Pyramid << NV_SCI_BUF_ATTRKEY_BIT_COUNT))

#endif

/* --------------------------------------------------------------------------------------------------- Keys */

/**
 * Attribute keys. A key number is class (bits 31-26, 0 for every key here), NvSciBufType (bits 25-16), index inside the
 * type (bits 15-0).
 *
 * Each comment starts with: value type and number of elements; direction; presence. The length of a value is the exact
 * size of one element, or the count times that size for arrays ([1..n]).
 *  - in: can be set, cannot be read from a reconciled list. out: only readable, only from a reconciled list. in/out:
 *    set in unreconciled lists, result readable from the reconciled list.
 *  - mandatory: set in at least one of the lists that are reconciled.
 *
 * Image keys: the keys marked "plane" and those marked "surface" exclude each other in one reconciliation. When no
 * surface key is used, "plane, mandatory" keys are mandatory; when one is used, "surface, mandatory" keys are.
 *
 * "All equal" and similar end the comment: the rule that merges the values of all lists that set the key.
 */
typedef enum {
    NvSciBufAttrKey_LowerBound = 0x0, /**< Not a key: smaller than all keys. */

    /* General: any buffer. */

    /** NvSciBufType[1..5]; in/out; mandatory. Types of the buffer. All equal, or exactly Image and Tensor. */
    NvSciBufGeneralAttrKey_Types = 0x00001,
    /** bool; in/out; optional, default false. The owner of the list accesses the buffer by CPU. OR, per owner. */
    NvSciBufGeneralAttrKey_NeedCpuAccess = 0x00002,
    /** NvSciBufAttrValAccessPerm; in; optional, default Readonly. Wanted permission. Maximum, read as ActualPerm. */
    NvSciBufGeneralAttrKey_RequiredPerm = 0x00003,
    /** bool; in/out; optional, default false. CPU accesses shall be cached. OR over all peers. */
    NvSciBufGeneralAttrKey_EnableCpuCache = 0x00004,
    /** NvSciRmGpuId[1..16]; in/out; optional. GPUs that access the buffer. Union; an invalid id if nobody set it. */
    NvSciBufGeneralAttrKey_GpuId = 0x00005,
    /** bool; out. The CPU has to flush by NvSciBufObjFlushCpuCacheRange(). */
    NvSciBufGeneralAttrKey_CpuNeedSwCacheCoherency = 0x00006,
    /** NvSciBufAttrValAccessPerm; out. Permission that the owner of this list, or of its object, has. */
    NvSciBufGeneralAttrKey_ActualPerm = 0x00007,
    /** NvSciRmGpuId; in/out; optional. GPU whose video memory shall hold the buffer. All equal; else an invalid id. */
    NvSciBufGeneralAttrKey_VidMem_GpuId = 0x00008,
    /** NvSciBufAttrValGpuCache[1..16]; in/out; optional. Cacheability per GPU of GpuId. AND per GPU. */
    NvSciBufGeneralAttrKey_EnableGpuCache = 0x00009,
    /** NvSciBufAttrValGpuCache[1..16]; out. GPUs whose cache has to be flushed by software. */
    NvSciBufGeneralAttrKey_GpuSwNeedCacheCoherency = 0x0000A,
    /** NvSciBufAttrValGpuCompression[1..16]; in/out; optional, default None. Wanted and granted compression per GPU. */
    NvSciBufGeneralAttrKey_EnableGpuCompression = 0x0000B,
    /** NvSciBufPeerLocationInfo[1..128]; in/out; optional. Where peers that attach later live. Union. */
    NvSciBufGeneralAttrKey_PeerLocationInfo = 0x0000C,
    /** NvSciBufPeerHwEngine[1..128]; in/out; optional. Engines of peers that attach later. Union. */
    NvSciBufGeneralAttrKey_PeerHwEngineArray = 0x0000D,

    /* RawBuffer. */

    /** uint64_t, bytes, > 0; in/out; mandatory. Size, read back as asked for. All equal. */
    NvSciBufRawBufferAttrKey_Size = 0x10000,
    /** uint64_t, bytes, power of two or 0 (no request); in/out; optional. Alignment of the start address. Maximum. */
    NvSciBufRawBufferAttrKey_Align = 0x10001,

    /* Image. */

    /** NvSciBufAttrValImageLayoutType; in/out; mandatory. Memory layout. All equal. */
    NvSciBufImageAttrKey_Layout = 0x20000,
    /** uint64_t[1..3], pixels; in/out; plane, optional, default 0. Padding above each plane. All equal. */
    NvSciBufImageAttrKey_TopPadding = 0x20001,
    /** uint64_t[1..3], pixels; in/out; plane, optional, default 0. Padding below each plane. All equal. */
    NvSciBufImageAttrKey_BottomPadding = 0x20002,
    /** uint64_t[1..3], pixels; in/out; plane, optional, default 0. Padding left of each plane. All equal. */
    NvSciBufImageAttrKey_LeftPadding = 0x20003,
    /** uint64_t[1..3], pixels; in/out; plane, optional, default 0. Padding right of each plane. All equal. */
    NvSciBufImageAttrKey_RightPadding = 0x20004,
    /** bool; in/out; optional, default false. Memory in a video protected region. OR. */
    NvSciBufImageAttrKey_VprFlag = 0x20005,
    /** uint64_t, bytes; out. Size of the image: the sum of PlaneAlignedSize. */
    NvSciBufImageAttrKey_Size = 0x20006,
    /** uint64_t, bytes; out. Alignment of the image: PlaneBaseAddrAlign of plane 0. */
    NvSciBufImageAttrKey_Alignment = 0x20007,
    /** uint32_t, 1..3; in/out; plane, mandatory. Number of planes. All equal. */
    NvSciBufImageAttrKey_PlaneCount = 0x20008,
    /** NvSciBufAttrValColorFmt[1..3]; in/out; plane, mandatory. Color format of each plane. All equal. */
    NvSciBufImageAttrKey_PlaneColorFormat = 0x20009,
    /** NvSciBufAttrValColorStd[1..3]; in/out; plane, optional. Color standard of each plane. All equal. */
    NvSciBufImageAttrKey_PlaneColorStd = 0x2000A,
    /** uint32_t[1..3], bytes, powers of two; in/out; plane, optional. Alignment of each plane. Maximum per plane. */
    NvSciBufImageAttrKey_PlaneBaseAddrAlign = 0x2000B,
    /** uint32_t[1..3], pixels; in/out; plane, mandatory. Width of each plane. All equal. */
    NvSciBufImageAttrKey_PlaneWidth = 0x2000C,
    /** uint32_t[1..3], pixels; in/out; plane, mandatory. Height of each plane. All equal. */
    NvSciBufImageAttrKey_PlaneHeight = 0x2000D,
    /** Deprecated name of NvSciBufImageAttrKey_ScanType. */
    NvSciBufImageAttrKey_PlaneScanType = 0x2000E,
    /** NvSciBufAttrValImageScanType, one for the whole image; in/out; mandatory. Scan type. All equal. */
    NvSciBufImageAttrKey_ScanType = 0x2000E,
    /** uint32_t[1..3], bits; out. Bits per pixel of each plane. */
    NvSciBufImageAttrKey_PlaneBitsPerPixel = 0x2000F,
    /** uint64_t[1..3], bytes; out. Start of each plane, from the start of plane 0. */
    NvSciBufImageAttrKey_PlaneOffset = 0x20010,
    /** NvSciBufAttrValDataType[1..3]; out. Data type of a component of each plane. */
    NvSciBufImageAttrKey_PlaneDatatype = 0x20011,
    /** uint8_t[1..3]; out. Channels of each plane; one byte per plane. */
    NvSciBufImageAttrKey_PlaneChannelCount = 0x20012,
    /** uint64_t[1..3], bytes; out. Start of the second field of each plane; 0 for progressive images. */
    NvSciBufImageAttrKey_PlaneSecondFieldOffset = 0x20013,
    /** uint32_t[1..3], bytes; out. Distance of two rows of each plane. */
    NvSciBufImageAttrKey_PlanePitch = 0x20014,
    /** uint32_t[1..3], pixels; out. Rows of each plane, of one field if interlaced, alignment included. */
    NvSciBufImageAttrKey_PlaneAlignedHeight = 0x20015,
    /** uint64_t[1..3], bytes; out. Size of each plane, all fields and alignment included. */
    NvSciBufImageAttrKey_PlaneAlignedSize = 0x20016,
    /** uint64_t, only 1; in/out; mandatory for image/tensor, else optional, default 1. Number of images. All equal. */
    NvSciBufImageAttrKey_ImageCount = 0x20017,
    /** NvSciBufSurfType, only YUV; in/out; surface, mandatory. Kind of surface. All equal. */
    NvSciBufImageAttrKey_SurfType = 0x20018,
    /** NvSciBufSurfMemLayout; in/out; surface, mandatory. Distribution over planes. All equal. */
    NvSciBufImageAttrKey_SurfMemLayout = 0x20019,
    /** NvSciBufSurfSampleType; in/out; surface, mandatory. Chroma subsampling. All equal. */
    NvSciBufImageAttrKey_SurfSampleType = 0x2001A,
    /** NvSciBufSurfBPC; in/out; surface, mandatory. Bits per component. All equal. */
    NvSciBufImageAttrKey_SurfBPC = 0x2001B,
    /** NvSciBufSurfComponentOrder; in/out; surface, mandatory. Order of the components. All equal. */
    NvSciBufImageAttrKey_SurfComponentOrder = 0x2001C,
    /** uint32_t, pixels; in/out; surface, mandatory. Width of the luma plane. All equal. */
    NvSciBufImageAttrKey_SurfWidthBase = 0x2001D,
    /** uint32_t, pixels; in/out; surface, mandatory. Height of the luma plane. All equal. */
    NvSciBufImageAttrKey_SurfHeightBase = 0x2001E,
    /** NvSciBufAttrValColorStd, one for all planes; in/out; surface, optional. Color standard. All equal. */
    NvSciBufImageAttrKey_SurfColorStd = 0x2001F,

    /* Tensor. */

    /** NvSciBufAttrValDataType, Int4..Float32; in/out; mandatory. Type of an element. All equal. */
    NvSciBufTensorAttrKey_DataType = 0x30000,
    /** uint32_t, 1..8, image/tensor 4; in/out; mandatory. Number of dimensions. All equal. */
    NvSciBufTensorAttrKey_NumDims = 0x30001,
    /** uint64_t[NumDims..8]; in/out; mandatory. Elements of each dimension. All equal. */
    NvSciBufTensorAttrKey_SizePerDim = 0x30002,
    /** uint32_t[NumDims..8], bytes, powers of two; in/out; mandatory for a pure tensor. Maximum per dimension. */
    NvSciBufTensorAttrKey_AlignmentPerDim = 0x30003,
    /** uint64_t[NumDims], bytes; out. Strides, the largest first. */
    NvSciBufTensorAttrKey_StridesPerDim = 0x30004,
    /** NvSciBufAttrValColorFmt; in/out; mandatory for image/tensor, else optional. Pixel format. All equal. */
    NvSciBufTensorAttrKey_PixelFormat = 0x30005,
    /** uint64_t, bytes, power of two; in/out; optional. Alignment of the start address. Maximum. */
    NvSciBufTensorAttrKey_BaseAddrAlign = 0x30006,
    /** uint64_t, bytes; out. Size of the tensor. */
    NvSciBufTensorAttrKey_Size = 0x30007,

    /* Array. */

    /** NvSciBufAttrValDataType, Int4..Bool; in/out; mandatory. Type of an element. All equal. */
    NvSciBufArrayAttrKey_DataType = 0x40000,
    /** uint64_t, bytes, at least the size of DataType; in/out; mandatory. Distance of two elements. All equal. */
    NvSciBufArrayAttrKey_Stride = 0x40001,
    /** uint64_t; in/out; mandatory. Number of elements. All equal. */
    NvSciBufArrayAttrKey_Capacity = 0x40002,
    /** uint64_t, bytes; out. Size of the array. */
    NvSciBufArrayAttrKey_Size = 0x40003,
    /** uint64_t, bytes; out. Alignment of the start address. */
    NvSciBufArrayAttrKey_Alignment = 0x40004,

    /* Pyramid; level 0 is described by the Image keys. */

    /** uint32_t, 1..10; in/out; mandatory. Number of levels. All equal. */
    NvSciBufPyramidAttrKey_NumLevels = 0x50000,
    /** float, 0 < v <= 1; in/out; mandatory. Size of a level divided by that of the level before. All equal. */
    NvSciBufPyramidAttrKey_Scale = 0x50001,
    /** uint64_t[NumLevels], bytes; out. Start of each level, from the start of level 0. */
    NvSciBufPyramidAttrKey_LevelOffset = 0x50002,
    /** uint64_t[NumLevels], bytes; out. Size of each level. */
    NvSciBufPyramidAttrKey_LevelSize = 0x50003,
    /** uint64_t, bytes; out. Alignment of the start address: that of the image. */
    NvSciBufPyramidAttrKey_Alignment = 0x50004,

    NvSciBufAttrKey_UpperBound = 0x3FFFFFF /**< Not a key: greater than all keys. */
} NvSciBufAttrKey;

/* --------------------------------------------------------------------------------------- Values of the keys */

/** Access permission. The greater number is the greater permission. */
typedef enum {
    NvSciBufAccessPerm_Readonly = 1,  /**< Read. */
    NvSciBufAccessPerm_ReadWrite = 3, /**< Read and write. */
    NvSciBufAccessPerm_Auto = 4,      /**< What was negotiated; only as an argument of export and import functions. */
    NvSciBufAccessPerm_Invalid = 5    /**< Never legal. */
} NvSciBufAttrValAccessPerm;

/** Memory layout of an image. */
typedef enum {
    NvSciBufImage_BlockLinearType = 0, /**< Tiled in blocks (GOBs); opaque to the CPU. */
    NvSciBufImage_PitchLinearType = 1  /**< Row after row, PlanePitch apart. */
} NvSciBufAttrValImageLayoutType;

/** Scan type of an image. */
typedef enum {
    NvSciBufScan_ProgressiveType = 0, /**< One field with all rows. */
    NvSciBufScan_InterlaceType = 1    /**< Two fields, each with half of the rows. */
} NvSciBufAttrValImageScanType;

/** Color standard. SR is the standard (limited) range, ER the extended (full) range. */
typedef enum {
    NvSciColorStd_SRGB = 0,         /**< sRGB. */
    NvSciColorStd_REC601_SR = 1,    /**< Rec. 601, standard range. */
    NvSciColorStd_REC601_ER = 2,    /**< Rec. 601, extended range. */
    NvSciColorStd_REC709_SR = 3,    /**< Rec. 709, standard range. */
    NvSciColorStd_REC709_ER = 4,    /**< Rec. 709, extended range. */
    NvSciColorStd_REC2020_RGB = 5,  /**< Rec. 2020, RGB. */
    NvSciColorStd_REC2020_SR = 6,   /**< Rec. 2020, standard range. */
    NvSciColorStd_REC2020_ER = 7,   /**< Rec. 2020, extended range. */
    NvSciColorStd_YcCbcCrc_SR = 8,  /**< YcCbcCrc (constant luminance), standard range. */
    NvSciColorStd_YcCbcCrc_ER = 9,  /**< YcCbcCrc (constant luminance), extended range. */
    NvSciColorStd_SENSOR_RGBA = 10, /**< Color space of the sensor. */
    NvSciColorStd_REQ2020PQ_ER = 11 /**< Rec. 2020 with PQ transfer, extended range; spelled REQ. */
} NvSciBufAttrValColorStd;

/** Kind of a surface; value of NvSciBufImageAttrKey_SurfType. */
typedef enum {
    NvSciSurfType_YUV = 0,     /**< YUV. */
    NvSciSurfType_RGBA = 1,    /**< RGBA; setting it fails. */
    NvSciSurfType_RAW = 2,     /**< Raw; setting it fails. */
    NvSciSurfType_MaxValid = 3 /**< Legal values are smaller than this. */
} NvSciBufSurfType;

/** Distribution of a surface over planes; value of NvSciBufImageAttrKey_SurfMemLayout. */
typedef enum {
    NvSciSurfMemLayout_Packed = 0,     /**< One plane; only with NvSciSurfSampleType_400. */
    NvSciSurfMemLayout_SemiPlanar = 1, /**< A luma plane and a plane with both chroma components. */
    NvSciSurfMemLayout_Planar = 2,     /**< One plane per component. */
    NvSciSurfMemLayout_MaxValid = 3    /**< Legal values are smaller than this. */
} NvSciBufSurfMemLayout;

/** Chroma subsampling of a surface; value of NvSciBufImageAttrKey_SurfSampleType. */
typedef enum {
    NvSciSurfSampleType_420 = 0,     /**< 4:2:0: chroma halved in both directions. */
    NvSciSurfSampleType_422 = 1,     /**< 4:2:2: chroma halved horizontally. */
    NvSciSurfSampleType_444 = 2,     /**< 4:4:4: chroma in full. */
    NvSciSurfSampleType_422R = 3,    /**< 4:2:2 transposed: chroma halved vertically. */
    NvSciSurfSampleType_400 = 4,     /**< 4:0:0: luma only. */
    NvSciSurfSampleType_MaxValid = 5 /**< Legal values are smaller than this. */
} NvSciBufSurfSampleType;

/** Bits per component of a surface; value of NvSciBufImageAttrKey_SurfBPC. */
typedef enum {
    NvSciSurfBPC_Layout_16_8_8 = 0, /**< 16 bits luma, 8 bits chroma. */
    NvSciSurfBPC_Layout_10_8_8 = 1, /**< 10 bits luma, 8 bits chroma. */
    NvSciSurfBPC_8 = 2,             /**< 8 bits. */
    NvSciSurfBPC_10 = 3,            /**< 10 bits. */
    NvSciSurfBPC_12 = 4,            /**< 12 bits. */
    NvSciSurfBPC_14 = 5,            /**< 14 bits; behaves as 16. */
    NvSciSurfBPC_16 = 6,            /**< 16 bits. */
    NvSciSurfBPC_MaxValid = 7       /**< Legal values are smaller than this. */
} NvSciBufSurfBPC;

/** Order of the components of a surface; value of NvSciBufImageAttrKey_SurfComponentOrder. */
typedef enum {
    NvSciSurfComponentOrder_YUV = 0,     /**< Y, U, V. */
    NvSciSurfComponentOrder_YVU = 1,     /**< Y, V, U. */
    NvSciSurfComponentOrder_Luma = 2,    /**< Luma only. */
    NvSciSurfComponentOrder_MaxValid = 3 /**< Legal values are smaller than this. */
} NvSciBufSurfComponentOrder;

/** Data type of an element or of a color component. */
typedef enum {
    NvSciDataType_Int4 = 0,       /**< Signed, 4 bits. */
    NvSciDataType_Uint4 = 1,      /**< Unsigned, 4 bits. */
    NvSciDataType_Int8 = 2,       /**< Signed, 8 bits. */
    NvSciDataType_Uint8 = 3,      /**< Unsigned, 8 bits. */
    NvSciDataType_Int16 = 4,      /**< Signed, 16 bits. */
    NvSciDataType_Uint16 = 5,     /**< Unsigned, 16 bits. */
    NvSciDataType_Int32 = 6,      /**< Signed, 32 bits. */
    NvSciDataType_Uint32 = 7,     /**< Unsigned, 32 bits. */
    NvSciDataType_Float16 = 8,    /**< Half float. */
    NvSciDataType_Float32 = 9,    /**< Single float. */
    NvSciDataType_FloatISP = 10,  /**< Float format of the image signal processor. */
    NvSciDataType_Bool = 11,      /**< Boolean. */
    NvSciDataType_UpperBound = 12 /**< Legal values are smaller than this. */
} NvSciBufAttrValDataType;

/**
 * Color format of a plane, or pixel format of an image/tensor. Programs test ranges, so the order is part of the
 * interface: raw formats lie between LowerBound and U8V8 or between Float_A16 and UpperBound.
 *
 * A name lists words of 8, 16, 32 or 64 bits, separated by `_`; inside a word the components go from the most to the
 * least significant bit. Xn are n undefined bits. The four packed 4:2:2 formats are named in memory order instead.
 * A mosaic (Bayer) name lists the colors of 2x2 samples row by row; C is clear, I is infrared.
 */
typedef enum {
    NvSciColor_LowerBound = 0, /**< Lower bound; never a legal value. */

    /* Raw, one sensor sample per pixel. "12 bits in 16" is left-justified unless said otherwise. */

    NvSciColor_Bayer8RGGB = 1,            /**< 8 bits, rows RG GB. */
    NvSciColor_Bayer8CCCC = 2,            /**< 8 bits, rows CC CC. */
    NvSciColor_Bayer8BGGR = 3,            /**< 8 bits, rows BG GR. */
    NvSciColor_Bayer8GBRG = 4,            /**< 8 bits, rows GB RG. */
    NvSciColor_Bayer8GRBG = 5,            /**< 8 bits, rows GR BG. */
    NvSciColor_Bayer16BGGR = 6,           /**< 16 bits, rows BG GR. */
    NvSciColor_Bayer16CCCC = 7,           /**< 16 bits, rows CC CC. */
    NvSciColor_Bayer16GBRG = 8,           /**< 16 bits, rows GB RG. */
    NvSciColor_Bayer16GRBG = 9,           /**< 16 bits, rows GR BG. */
    NvSciColor_Bayer16RGGB = 10,          /**< 16 bits, rows RG GB. */
    NvSciColor_Bayer16RCCB = 11,          /**< 16 bits, rows RC CB. */
    NvSciColor_Bayer16BCCR = 12,          /**< 16 bits, rows BC CR. */
    NvSciColor_Bayer16CRBC = 13,          /**< 16 bits, rows CR BC. */
    NvSciColor_Bayer16CBRC = 14,          /**< 16 bits, rows CB RC. */
    NvSciColor_Bayer16RCCC = 15,          /**< 16 bits, rows RC CC. */
    NvSciColor_Bayer16CCCR = 16,          /**< 16 bits, rows CC CR. */
    NvSciColor_Bayer16CRCC = 17,          /**< 16 bits, rows CR CC. */
    NvSciColor_Bayer16CCRC = 18,          /**< 16 bits, rows CC RC. */
    NvSciColor_X2Bayer14GBRG = 19,        /**< 14 bits in 16, rows GB RG. */
    NvSciColor_X4Bayer12GBRG = 20,        /**< 12 bits in 16, rows GB RG. */
    NvSciColor_X6Bayer10GBRG = 21,        /**< 10 bits in 16, rows GB RG. */
    NvSciColor_X2Bayer14GRBG = 22,        /**< 14 bits in 16, rows GR BG. */
    NvSciColor_X4Bayer12GRBG = 23,        /**< 12 bits in 16, rows GR BG. */
    NvSciColor_X6Bayer10GRBG = 24,        /**< 10 bits in 16, rows GR BG. */
    NvSciColor_X2Bayer14BGGR = 25,        /**< 14 bits in 16, rows BG GR. */
    NvSciColor_X4Bayer12BGGR = 26,        /**< 12 bits in 16, rows BG GR. */
    NvSciColor_X6Bayer10BGGR = 27,        /**< 10 bits in 16, rows BG GR. */
    NvSciColor_X2Bayer14RGGB = 28,        /**< 14 bits in 16, rows RG GB. */
    NvSciColor_X4Bayer12RGGB = 29,        /**< 12 bits in 16, rows RG GB. */
    NvSciColor_X6Bayer10RGGB = 30,        /**< 10 bits in 16, rows RG GB. */
    NvSciColor_X2Bayer14CCCC = 31,        /**< 14 bits in 16, rows CC CC. */
    NvSciColor_X4Bayer12CCCC = 32,        /**< 12 bits in 16, rows CC CC. */
    NvSciColor_X6Bayer10CCCC = 33,        /**< 10 bits in 16, rows CC CC. */
    NvSciColor_X4Bayer12RCCB = 34,        /**< 12 bits in 16, rows RC CB. */
    NvSciColor_X4Bayer12BCCR = 35,        /**< 12 bits in 16, rows BC CR. */
    NvSciColor_X4Bayer12CRBC = 36,        /**< 12 bits in 16, rows CR BC. */
    NvSciColor_X4Bayer12CBRC = 37,        /**< 12 bits in 16, rows CB RC. */
    NvSciColor_X4Bayer12RCCC = 38,        /**< 12 bits in 16, rows RC CC. */
    NvSciColor_X4Bayer12CCCR = 39,        /**< 12 bits in 16, rows CC CR. */
    NvSciColor_X4Bayer12CRCC = 40,        /**< 12 bits in 16, rows CR CC. */
    NvSciColor_X4Bayer12CCRC = 41,        /**< 12 bits in 16, rows CC RC. */
    NvSciColor_Signed_X2Bayer14CCCC = 42, /**< Signed, 14 bits in 16, rows CC CC. */
    NvSciColor_Signed_X4Bayer12CCCC = 43, /**< Signed, 12 bits in 16, rows CC CC. */
    NvSciColor_Signed_X6Bayer10CCCC = 44, /**< Signed, 10 bits in 16, rows CC CC. */
    NvSciColor_Signed_Bayer16CCCC = 45,   /**< Signed, 16 bits, rows CC CC. */

    /* Raw, floating point of the image signal processor. */

    NvSciColor_FloatISP_Bayer16CCCC = 46, /**< ISP float, 16 bits, rows CC CC. */
    NvSciColor_FloatISP_Bayer16RGGB = 47, /**< ISP float, 16 bits, rows RG GB. */
    NvSciColor_FloatISP_Bayer16BGGR = 48, /**< ISP float, 16 bits, rows BG GR. */
    NvSciColor_FloatISP_Bayer16GRBG = 49, /**< ISP float, 16 bits, rows GR BG. */
    NvSciColor_FloatISP_Bayer16GBRG = 50, /**< ISP float, 16 bits, rows GB RG. */
    NvSciColor_FloatISP_Bayer16RCCB = 51, /**< ISP float, 16 bits, rows RC CB. */
    NvSciColor_FloatISP_Bayer16BCCR = 52, /**< ISP float, 16 bits, rows BC CR. */
    NvSciColor_FloatISP_Bayer16CRBC = 53, /**< ISP float, 16 bits, rows CR BC. */
    NvSciColor_FloatISP_Bayer16CBRC = 54, /**< ISP float, 16 bits, rows CB RC. */
    NvSciColor_FloatISP_Bayer16RCCC = 55, /**< ISP float, 16 bits, rows RC CC. */
    NvSciColor_FloatISP_Bayer16CCCR = 56, /**< ISP float, 16 bits, rows CC CR. */
    NvSciColor_FloatISP_Bayer16CRCC = 57, /**< ISP float, 16 bits, rows CR CC. */
    NvSciColor_FloatISP_Bayer16CCRC = 58, /**< ISP float, 16 bits, rows CC RC. */

    /* Raw, 20 bits in 32. */

    NvSciColor_X12Bayer20CCCC = 59,        /**< 20 bits in 32, rows CC CC. */
    NvSciColor_X12Bayer20BGGR = 60,        /**< 20 bits in 32, rows BG GR. */
    NvSciColor_X12Bayer20RGGB = 61,        /**< 20 bits in 32, rows RG GB. */
    NvSciColor_X12Bayer20GRBG = 62,        /**< 20 bits in 32, rows GR BG. */
    NvSciColor_X12Bayer20GBRG = 63,        /**< 20 bits in 32, rows GB RG. */
    NvSciColor_X12Bayer20RCCB = 64,        /**< 20 bits in 32, rows RC CB. */
    NvSciColor_X12Bayer20BCCR = 65,        /**< 20 bits in 32, rows BC CR. */
    NvSciColor_X12Bayer20CRBC = 66,        /**< 20 bits in 32, rows CR BC. */
    NvSciColor_X12Bayer20CBRC = 67,        /**< 20 bits in 32, rows CB RC. */
    NvSciColor_X12Bayer20RCCC = 68,        /**< 20 bits in 32, rows RC CC. */
    NvSciColor_X12Bayer20CCCR = 69,        /**< 20 bits in 32, rows CC CR. */
    NvSciColor_X12Bayer20CRCC = 70,        /**< 20 bits in 32, rows CR CC. */
    NvSciColor_X12Bayer20CCRC = 71,        /**< 20 bits in 32, rows CC RC. */
    NvSciColor_Signed_X12Bayer20CCCC = 72, /**< Signed, 20 bits in 32, rows CC CC. */
    NvSciColor_Signed_X12Bayer20GBRG = 73, /**< Signed, 20 bits in 32, rows GB RG; setting it fails. */

    /* Chroma planes with two components. */

    NvSciColor_U8V8 = 74,   /**< Pair U, V; V in the lower byte (memory V, U: NV21, NV61). */
    NvSciColor_U8_V8 = 75,  /**< Words U then V: the same bits as V8U8; deprecated. */
    NvSciColor_V8U8 = 76,   /**< Pair V, U; U in the lower byte (memory U, V: NV12, NV16). */
    NvSciColor_V8_U8 = 77,  /**< Words V then U: the same bits as U8V8; deprecated. */
    NvSciColor_U10V10 = 78, /**< Pair of 16-bit halves, U high, V low; 10 bits at the top of each. */
    NvSciColor_V10U10 = 79, /**< Pair of 16-bit halves, V high, U low; 10 bits at the top of each. */
    NvSciColor_U12V12 = 80, /**< Pair of 16-bit halves, U high, V low; 12 bits at the top of each. */
    NvSciColor_V12U12 = 81, /**< Pair of 16-bit halves, V high, U low; 12 bits at the top of each. */
    NvSciColor_U16V16 = 82, /**< Pair of 16-bit halves, U high, V low. */
    NvSciColor_V16U16 = 83, /**< Pair of 16-bit halves, V high, U low. */

    /* Planes with one component of a YUV image. */

    NvSciColor_Y8 = 84,  /**< Luma plane, 8 bits. */
    NvSciColor_Y10 = 85, /**< Luma plane, 10 bits, left-justified in 16. */
    NvSciColor_Y12 = 86, /**< Luma plane, 12 bits, left-justified in 16. */
    NvSciColor_Y16 = 87, /**< Luma plane, 16 bits. */
    NvSciColor_U8 = 88,  /**< U plane, 8 bits. */
    NvSciColor_V8 = 89,  /**< V plane, 8 bits. */
    NvSciColor_U10 = 90, /**< U plane, 10 bits, left-justified in 16. */
    NvSciColor_V10 = 91, /**< V plane, 10 bits, left-justified in 16. */
    NvSciColor_U12 = 92, /**< U plane, 12 bits, left-justified in 16. */
    NvSciColor_V12 = 93, /**< V plane, 12 bits, left-justified in 16. */
    NvSciColor_U16 = 94, /**< U plane, 16 bits. */
    NvSciColor_V16 = 95, /**< V plane, 16 bits. */

    /* Packed YUV. */

    NvSciColor_A8Y8U8V8 = 96,      /**< Word of four bytes, A in bits 31-24, Y, U, V. */
    NvSciColor_Y8U8Y8V8 = 97,      /**< 4:2:2, bytes in memory Y, U, Y, V. */
    NvSciColor_Y8V8Y8U8 = 98,      /**< 4:2:2, bytes in memory Y, V, Y, U. */
    NvSciColor_U8Y8V8Y8 = 99,      /**< 4:2:2, bytes in memory U, Y, V, Y. */
    NvSciColor_V8Y8U8Y8 = 100,     /**< 4:2:2, bytes in memory V, Y, U, Y. */
    NvSciColor_A16Y16U16V16 = 101, /**< 64-bit word, A in bits 63-48, Y, U, V. */

    /* Single components, RGB and RGBA. */

    NvSciColor_A8 = 102,                  /**< Component A, 8 bits. */
    NvSciColor_Signed_A8 = 103,           /**< Component A, 8 bits, signed. */
    NvSciColor_B8G8R8A8 = 104,            /**< Word, B in bits 31-24, G, R, A (bytes A, R, G, B). */
    NvSciColor_A8R8G8B8 = 105,            /**< Word, A in bits 31-24, R, G, B (bytes B, G, R, A). */
    NvSciColor_A8B8G8R8 = 106,            /**< Word, A in bits 31-24, B, G, R (bytes R, G, B, A). */
    NvSciColor_A2R10G10B10 = 107,         /**< Word, A in bits 31-30, R 29-20, G 19-10, B 9-0. */
    NvSciColor_A16 = 108,                 /**< Component A, 16 bits. */
    NvSciColor_Signed_A16 = 109,          /**< Component A, 16 bits, signed. */
    NvSciColor_Signed_R16G16 = 110,       /**< Word, R in the upper half, G in the lower, signed. */
    NvSciColor_A16B16G16R16 = 111,        /**< 64-bit word, A in bits 63-48, B, G, R. */
    NvSciColor_Signed_A16B16G16R16 = 112, /**< As A16B16G16R16, signed. */
    NvSciColor_Float_A16B16G16R16 = 113,  /**< As A16B16G16R16, half floats. */
    NvSciColor_A32 = 114,                 /**< Component A, 32 bits. */
    NvSciColor_Signed_A32 = 115,          /**< Component A, 32 bits, signed. */
    NvSciColor_Float_A16 = 116,           /**< Component A, half float. */

    /* Raw, RGB-IR mosaic with four rows. */

    NvSciColor_X6Bayer10BGGI_RGGI = 117, /**< 10 bits in 16, rows BGRG GIGI RGBG GIGI. */
    NvSciColor_X6Bayer10GBIG_GRIG = 118, /**< 10 bits in 16, rows GBGR IGIG GRGB IGIG. */
    NvSciColor_X6Bayer10GIBG_GIRG = 119, /**< 10 bits in 16, rows GIGI BGRG GIGI RGBG. */
    NvSciColor_X6Bayer10IGGB_IGGR = 120, /**< 10 bits in 16, rows IGIG GBGR IGIG GRGB. */
    NvSciColor_X6Bayer10RGGI_BGGI = 121, /**< 10 bits in 16, rows RGBG GIGI BGRG GIGI. */
    NvSciColor_X6Bayer10GRIG_GBIG = 122, /**< 10 bits in 16, rows GRGB IGIG GBGR IGIG. */
    NvSciColor_X6Bayer10GIRG_GIBG = 123, /**< 10 bits in 16, rows GIGI RGBG GIGI BGRG. */
    NvSciColor_X6Bayer10IGGR_IGGB = 124, /**< 10 bits in 16, rows IGIG GRGB IGIG GBGR. */
    NvSciColor_X4Bayer12BGGI_RGGI = 125, /**< 12 bits in 16, rows BGRG GIGI RGBG GIGI. */
    NvSciColor_X4Bayer12GBIG_GRIG = 126, /**< 12 bits in 16, rows GBGR IGIG GRGB IGIG. */
    NvSciColor_X4Bayer12GIBG_GIRG = 127, /**< 12 bits in 16, rows GIGI BGRG GIGI RGBG. */
    NvSciColor_X4Bayer12IGGB_IGGR = 128, /**< 12 bits in 16, rows IGIG GBGR IGIG GRGB. */
    NvSciColor_X4Bayer12RGGI_BGGI = 129, /**< 12 bits in 16, rows RGBG GIGI BGRG GIGI. */
    NvSciColor_X4Bayer12GRIG_GBIG = 130, /**< 12 bits in 16, rows GRGB IGIG GBGR IGIG. */
    NvSciColor_X4Bayer12GIRG_GIBG = 131, /**< 12 bits in 16, rows GIGI RGBG GIGI BGRG. */
    NvSciColor_X4Bayer12IGGR_IGGB = 132, /**< 12 bits in 16, rows IGIG GRGB IGIG GBGR. */
    NvSciColor_X2Bayer14BGGI_RGGI = 133, /**< 14 bits in 16, rows BGRG GIGI RGBG GIGI. */
    NvSciColor_X2Bayer14GBIG_GRIG = 134, /**< 14 bits in 16, rows GBGR IGIG GRGB IGIG. */
    NvSciColor_X2Bayer14GIBG_GIRG = 135, /**< 14 bits in 16, rows GIGI BGRG GIGI RGBG. */
    NvSciColor_X2Bayer14IGGB_IGGR = 136, /**< 14 bits in 16, rows IGIG GBGR IGIG GRGB. */
    NvSciColor_X2Bayer14RGGI_BGGI = 137, /**< 14 bits in 16, rows RGBG GIGI BGRG GIGI. */
    NvSciColor_X2Bayer14GRIG_GBIG = 138, /**< 14 bits in 16, rows GRGB IGIG GBGR IGIG. */
    NvSciColor_X2Bayer14GIRG_GIBG = 139, /**< 14 bits in 16, rows GIGI RGBG GIGI BGRG. */
    NvSciColor_X2Bayer14IGGR_IGGB = 140, /**< 14 bits in 16, rows IGIG GRGB IGIG GBGR. */
    NvSciColor_Bayer16BGGI_RGGI = 141,   /**< 16 bits, rows BGRG GIGI RGBG GIGI. */
    NvSciColor_Bayer16GBIG_GRIG = 142,   /**< 16 bits, rows GBGR IGIG GRGB IGIG. */
    NvSciColor_Bayer16GIBG_GIRG = 143,   /**< 16 bits, rows GIGI BGRG GIGI RGBG. */
    NvSciColor_Bayer16IGGB_IGGR = 144,   /**< 16 bits, rows IGIG GBGR IGIG GRGB. */
    NvSciColor_Bayer16RGGI_BGGI = 145,   /**< 16 bits, rows RGBG GIGI BGRG GIGI. */
    NvSciColor_Bayer16GRIG_GBIG = 146,   /**< 16 bits, rows GRGB IGIG GBGR IGIG. */
    NvSciColor_Bayer16GIRG_GIBG = 147,   /**< 16 bits, rows GIGI RGBG GIGI BGRG. */
    NvSciColor_Bayer16IGGR_IGGB = 148,   /**< 16 bits, rows IGIG GRGB IGIG GBGR. */

    /* Raw, right-justified. */

    NvSciColor_X4Bayer12RGGB_RJ = 149, /**< 12 bits in 16, right-justified, rows RG GB. */

    /* Planes of an RGB image. */

    NvSciColor_R8 = 150, /**< Red plane, 8 bits. */
    NvSciColor_G8 = 151, /**< Green plane, 8 bits. */
    NvSciColor_B8 = 152, /**< Blue plane, 8 bits. */

    /* Three raw samples in a word, 2 bits unused. Names of newer releases than 2.11 that public camera programs use,
       whose numbers are not public: PROPOSED (OpenNvSci decision), and nothing public says how a row of them lies in
       memory. They can be set, so that such programs compile and say what they want; reconciliation refuses them
       (NotSupported). */

    NvSciColor_X2Rc10Rb10Ra10_Bayer10RGGB = 153, /**< 3 x 10 bits in 32, rows RG GB; has no layout here. */
    NvSciColor_X2Rc10Rb10Ra10_Bayer10BGGR = 154, /**< 3 x 10 bits in 32, rows BG GR; has no layout here. */
    NvSciColor_X2Rc10Rb10Ra10_Bayer10GRBG = 155, /**< 3 x 10 bits in 32, rows GR BG; has no layout here. */
    NvSciColor_X2Rc10Rb10Ra10_Bayer10GBRG = 156, /**< 3 x 10 bits in 32, rows GB RG; has no layout here. */

    NvSciColor_UpperBound = 157 /**< Upper bound; never a legal value. PROPOSED (OpenNvSci decision): 153 in 2.11. */
} NvSciBufAttrValColorFmt;

/** Compression of a buffer by a GPU. */
typedef enum {
    NvSciBufCompressionType_None = 0,               /**< None; only as a result, setting it fails. */
    NvSciBufCompressionType_GenericCompressible = 1 /**< Every kind of compression that the GPU offers. */
} NvSciBufCompressionType;

/** Hardware engines. */
typedef enum {
    NvSciBufHwEngName_Invalid = 0, /**< Not an engine. */
    NvSciBufHwEngName_Display = 4, /**< Display. */
    NvSciBufHwEngName_Isp = 11,    /**< Image signal processor. */
    NvSciBufHwEngName_Vi = 12,     /**< Video input. */
    NvSciBufHwEngName_Csi = 30,    /**< Camera serial interface. */
    NvSciBufHwEngName_Vic = 106,   /**< Video image compositor. */
    NvSciBufHwEngName_Gpu = 107,   /**< GPU. */
    NvSciBufHwEngName_MSENC = 109, /**< Video encoder. */
    NvSciBufHwEngName_NVDEC = 117, /**< Video decoder. */
    NvSciBufHwEngName_NVJPG = 118, /**< JPEG engine. */
    NvSciBufHwEngName_PVA = 121,   /**< Programmable vision accelerator. */
    NvSciBufHwEngName_DLA = 122,   /**< Deep learning accelerator. */
    NvSciBufHwEngName_PCIe = 123,  /**< PCIe. */
    NvSciBufHwEngName_OFA = 124,   /**< Optical flow accelerator. */
    NvSciBufHwEngName_NPM = 125,   /**< NPM engine. */
    NvSciBufHwEngName_COE = 126,   /**< Camera over Ethernet. A name of newer releases; its number is not public:
                                        PROPOSED (OpenNvSci decision). */
    NvSciBufHwEngName_Num = 127    /**< Not an engine: greater than all. PROPOSED (OpenNvSci decision): 126 in 2.11. */
} NvSciBufHwEngName;

/** Platforms that engines belong to. */
typedef enum {
    NvSciBufPlatformName_LowerBound = 0, /**< Not a platform: smaller than all. */
    NvSciBufPlatformName_Orin = 1,       /**< Orin. */
    NvSciBufPlatformName_PG189 = 2,      /**< PG189, an x86 board. */
    NvSciBufPlatformName_PG199 = 3,      /**< PG199, an x86 board. */
    NvSciBufPlatformName_Thor = 4,       /**< Thor. A name of newer releases; its number is not public: PROPOSED
                                              (OpenNvSci decision). */
    NvSciBufPlatformName_UpperBound = 5  /**< Not a platform: greater than all. PROPOSED (OpenNvSci decision): 4 in
                                              2.11. */
} NvSciBufPlatformName;

/* ------------------------------------------------------------------------------------------------ Structures */

/** UUID of a GPU: the same 16 bytes as CUuuid of that CUDA device. */
typedef struct {
    uint8_t bytes[16]; /**< The UUID. */
} NvSciRmGpuId;

/** Cacheability of a buffer for one GPU. */
typedef struct {
    NvSciRmGpuId gpuId; /**< The GPU. */
    bool cacheability;  /**< Whether the GPU caches the buffer, or whether it needs flushing, as the key says. */
} NvSciBufAttrValGpuCache;

/** Compression of a buffer for one GPU. */
typedef struct {
    NvSciRmGpuId gpuId;                      /**< The GPU. */
    NvSciBufCompressionType compressionType; /**< Wanted or granted compression. */
} NvSciBufAttrValGpuCompression;

/** Rectangle of pixels. */
typedef struct {
    uint64_t x0; /**< Left edge, inclusive. */
    uint64_t y0; /**< Top edge, inclusive. */
    uint64_t x1; /**< Right edge, exclusive. */
    uint64_t y1; /**< Bottom edge, exclusive. */
} NvSciBufRect;

/** Engine of a peer that attaches later. */
PACK_BUF(typedef struct {
    NvSciBufHwEngName engName;     /**< The engine. */
    NvSciBufPlatformName platName; /**< Its platform. */
})
NvSciBufPeerHwEngine;

/** A key and its value. */
typedef struct {
    NvSciBufAttrKey key; /**< The key. */
    const void* value;   /**< The value; array elements one after the other. */
    size_t len;          /**< Length of the value in bytes. */
} NvSciBufAttrKeyValuePair;

/** An exported object: plain bytes, to be sent to the peer it was exported to. */
PACK_BUF(typedef struct {
    uint64_t data[NVSCIBUF_EXPORT_DESC_SIZE]; /**< Opaque; NVSCIBUF_EXPORT_DESC_SIZE words of 64 bits. */
})
NvSciBufObjIpcExportDescriptor;

/** Where a peer lives that attaches later. */
PACK_BUF(typedef struct {
    uint32_t socID;    /**< SoC; NV_SCI_BUF_PEER_INFO_SELF_SOCID for the same one. */
    uint32_t vmID;     /**< VM; NV_SCI_BUF_PEER_INFO_SELF_VMID for the same one. */
    uint64_t reserved; /**< Not to be used. */
})
NvSciBufPeerLocationInfo;

/** @} */

/* --------------------------------------------------------------------------------------------------- Handles */

/** @addtogroup modules
 *  @{ */

/** A module: the context that lists and objects belong to. Valid in the process that opened it. */
typedef struct NvSciBufModuleRec* NvSciBufModule;
/** An attribute list. It keeps its module alive. */
typedef struct NvSciBufAttrListRec* NvSciBufAttrList;
/** An object: a reference to memory, with a permission. It keeps its module alive. */
typedef struct NvSciBufObjRefRec* NvSciBufObj;
/** An object that is not changed; no function here takes it. */
typedef const struct NvSciBufObjRefRec* NvSciBufObjConst;

/* ---------------------------------------------------------------------------------------------------- Module */

/**
 * Opens a new, empty module. May be called any number of times; each call gives another module.
 *
 * Thread-safe.
 *
 * @param[out] newModule The module; the caller closes it with NvSciBufModuleClose().
 * @retval NvSciError_Success The module is open.
 * @retval NvSciError_BadParameter newModule is NULL.
 * @retval NvSciError_InsufficientMemory Out of memory.
 * @retval NvSciError_ResourceError The driver failed, or a system resource ran out.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciBufModuleOpen(NvSciBufModule* newModule);

/**
 * Closes a module. Lists and objects of it stay usable: the module lives on inside until the last of them is freed.
 *
 * Thread-safe, provided that nobody else uses the handle.
 *
 * @param[in] module The module; the handle is invalid afterwards. NULL is ignored.
 *
 * Source: DRIVE OS 6.0.10 API reference; closing before freeing: NVIDIA sample programs; NULL: PROPOSED (OpenNvSci
 * decision).
 */
void NvSciBufModuleClose(NvSciBufModule module);

/**
 * Tells whether the library fits a program compiled against the given version: the major versions are equal, minorVer
 * is not greater than the library's, and the libraries that NvSciBuf depends on fit too.
 *
 * Thread-safe.
 *
 * @param[in] majorVer NvSciBufMajorVersion of the program.
 * @param[in] minorVer NvSciBufMinorVersion of the program.
 * @param[out] isCompatible true if the library fits. false is not an error.
 * @retval NvSciError_Success isCompatible was written.
 * @retval NvSciError_BadParameter isCompatible is NULL, or the versions of the libraries that NvSciBuf depends on
 *         cannot be checked.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciBufCheckVersionCompatibility(uint32_t majorVer, uint32_t minorVer, bool* isCompatible);

/** @} */

/* ------------------------------------------------------------------------------- Lists: creating and combining */

/** @addtogroup lists
 *  @{ */

/**
 * Creates an empty unreconciled list with one slot, which can be set.
 *
 * Thread-safe.
 *
 * @param[in] module The module that the list belongs to.
 * @param[out] newAttrList The list; the caller frees it with NvSciBufAttrListFree().
 * @retval NvSciError_Success The list exists.
 * @retval NvSciError_BadParameter module is not a live handle, or newAttrList is NULL.
 * @retval NvSciError_InsufficientMemory Out of memory.
 * @retval NvSciError_InvalidState The module cannot take another list.
 * @retval NvSciError_ResourceError A system resource ran out.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciBufAttrListCreate(NvSciBufModule module, NvSciBufAttrList* newAttrList);

/**
 * Frees a list of any kind: created, cloned, appended, reconciled, imported, or of conflicts. The list that
 * NvSciBufObjGetAttrList() gave belongs to its object and must not be freed. PROPOSED (OpenNvSci decision): freeing it
 * nevertheless has no effect, because a published example does so.
 *
 * Thread-safe, provided that nobody else uses the handle.
 *
 * @param[in] attrList The list; the handle is invalid afterwards. NULL is ignored.
 *
 * Source: DRIVE OS 6.0.10 API reference; NULL: NVIDIA sample programs.
 */
void NvSciBufAttrListFree(NvSciBufAttrList attrList);

/**
 * Copies a list; the two are independent afterwards. The clone of an unreconciled list can be set: each key once more,
 * even if it has a value. PROPOSED (OpenNvSci decision): the clone of a list with several slots keeps them and cannot
 * be set; the clone of a reconciled list stays read-only and keeps what it knows about each peer.
 *
 * Thread-safe.
 *
 * @param[in] origAttrList The list to copy; stays owned by the caller.
 * @param[out] newAttrList The clone, of the same kind; the caller frees it.
 * @retval NvSciError_Success The clone exists.
 * @retval NvSciError_BadParameter origAttrList is not a live handle, newAttrList is NULL, or the Types key is not set.
 * @retval NvSciError_InsufficientMemory Out of memory.
 * @retval NvSciError_InvalidState The module cannot take another list.
 * @retval NvSciError_ResourceError A system resource ran out.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciBufAttrListClone(NvSciBufAttrList origAttrList, NvSciBufAttrList* newAttrList);

/**
 * Makes one read-only unreconciled list with the slots of all given lists, in order. The inputs are not changed.
 *
 * Thread-safe.
 *
 * @param[in] inputUnreconciledAttrListArray The lists; stay owned by the caller.
 * @param[in] inputUnreconciledAttrListCount Number of lists, at least 1.
 * @param[out] newUnreconciledAttrList The new list; the caller frees it.
 * @retval NvSciError_Success The list exists.
 * @retval NvSciError_BadParameter The array or the output is NULL, the count is 0, a list is not a live handle, is
 *         reconciled, belongs to another module, occurs twice, or has no Types.
 * @retval NvSciError_InsufficientMemory Out of memory.
 * @retval NvSciError_InvalidState The module cannot take another list.
 * @retval NvSciError_ResourceError A system resource ran out.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciBufAttrListAppendUnreconciled(const NvSciBufAttrList inputUnreconciledAttrListArray[],
                                              size_t inputUnreconciledAttrListCount,
                                              NvSciBufAttrList* newUnreconciledAttrList);

/**
 * Tells whether a list is reconciled.
 *
 * Thread-safe.
 *
 * @param[in] attrList The list.
 * @param[out] isReconciled true for a reconciled list.
 * @retval NvSciError_Success isReconciled was written.
 * @retval NvSciError_BadParameter attrList is not a live handle, or isReconciled is NULL.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciBufAttrListIsReconciled(NvSciBufAttrList attrList, bool* isReconciled);

/**
 * Tells the number of slots of a list.
 *
 * Thread-safe.
 *
 * @param[in] attrList The list.
 * @return The number of slots; 1 for a reconciled list. PROPOSED (OpenNvSci decision): 0 if attrList is not a live
 *         handle.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
size_t NvSciBufAttrListGetSlotCount(NvSciBufAttrList attrList);

/* --------------------------------------------------------------------------------- Lists: setting and reading */

/**
 * Sets keys of slot 0 of an unreconciled list. Values are copied. A key can be set once, also across calls; only a
 * clone can be set again. Keys that belong to a type need that type in Types, set before or anywhere in the same
 * array. General keys may be set before Types. PROPOSED (OpenNvSci decision): if one pair is bad, no key is set. Each
 * pair and each value is read once: if it changes during the call, what is set is still a legal value.
 *
 * Thread-safe; the result of concurrent calls for one list is not defined.
 *
 * @param[in] attrList The list.
 * @param[in] pairArray Keys with values; not changed, not referenced after the call.
 * @param[in] pairCount Number of pairs, at least 1.
 * @retval NvSciError_Success All keys are set.
 * @retval NvSciError_BadParameter attrList is not a live handle, is reconciled, or came from
 *         NvSciBufAttrListAppendUnreconciled() or NvSciBufAttrListIpcImportUnreconciled(); pairArray is NULL;
 *         pairCount is 0; a key is not a public key, is output-only, was set before, occurs twice, or belongs to a
 *         type that is not in Types; a value is NULL or illegal; a length is not that of the key's type.
 * @retval NvSciError_InsufficientMemory Out of memory.
 *
 * Source: DRIVE OS 6.0.10 API reference; the order of pairs, General keys before Types: NVIDIA sample programs.
 */
NvSciError NvSciBufAttrListSetAttrs(NvSciBufAttrList attrList, NvSciBufAttrKeyValuePair* pairArray, size_t pairCount);

/**
 * Reads keys of slot 0 of a list. As NvSciBufAttrListSlotGetAttrs() with slotIndex 0.
 *
 * Thread-safe.
 *
 * @param[in] attrList The list.
 * @param[in,out] pairArray Each pair: key is read; value and len are written.
 * @param[in] pairCount Number of pairs, at least 1.
 * @retval NvSciError_Success All pairs are filled; a key that is not set has value NULL and len 0.
 * @retval NvSciError_BadParameter attrList is not a live handle; pairArray is NULL; pairCount is 0; a key is not a
 *         public key, is input-only (reconciled list) or output-only (unreconciled list).
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciBufAttrListGetAttrs(NvSciBufAttrList attrList, NvSciBufAttrKeyValuePair* pairArray, size_t pairCount);

/**
 * Reads keys of one slot of a list. The values stay in the list: they must not be written, and PROPOSED (OpenNvSci
 * decision) they are valid until the list, or the object that owns it, is freed. A key may occur several times. Each
 * key in the array is read once.
 *
 * Thread-safe.
 *
 * @param[in] attrList The list.
 * @param[in] slotIndex The slot, smaller than the slot count.
 * @param[in,out] pairArray Each pair: key is read; value (pointer) and len (bytes) are written. PROPOSED (OpenNvSci
 *         decision): unchanged on failure.
 * @param[in] pairCount Number of pairs, at least 1.
 * @retval NvSciError_Success All pairs are filled; a key that is not set, or (PROPOSED, OpenNvSci decision) that
 *         belongs to a type not in Types, has value NULL and len 0.
 * @retval NvSciError_BadParameter attrList is not a live handle; pairArray is NULL; pairCount is 0; slotIndex is too
 *         large; a key is not a public key, is input-only (reconciled list) or output-only (unreconciled list).
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciBufAttrListSlotGetAttrs(NvSciBufAttrList attrList, size_t slotIndex,
                                        NvSciBufAttrKeyValuePair* pairArray, size_t pairCount);

#if (NV_IS_SAFETY == 0)
/**
 * Describes a list as text. Deprecated since NvSciBuf 2.11. PROPOSED (OpenNvSci decision): the text is NUL-terminated,
 * allocated with malloc, and the caller frees it with free().
 *
 * Thread-safe.
 *
 * @param[in] attrList The list; a conflict list is allowed.
 * @param[out] buf The text.
 * @param[out] len Length of the text in bytes.
 * @retval NvSciError_Success The text was made.
 * @retval NvSciError_BadParameter attrList is not a live handle, or an output is NULL.
 * @retval NvSciError_InsufficientMemory Out of memory (PROPOSED, OpenNvSci decision).
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciBufAttrListDebugDump(NvSciBufAttrList attrList, void** buf, size_t* len);
#endif

/** @} */

/* ---------------------------------------------------------------------------- Lists: reconciling and validating */

/** @addtogroup reconcile
 *  @{ */

/**
 * Merges all slots of all given lists into a reconciled list. The inputs are not changed and may be reconciled again.
 *
 * Thread-safe; the result is not defined while an input is being set.
 *
 * @param[in] inputArray Unreconciled lists; stay owned by the caller.
 * @param[in] inputCount Number of lists, at least 1.
 * @param[out] newReconciledAttrList The reconciled list; the caller frees it. PROPOSED (OpenNvSci decision): NULL on
 *         every failure.
 * @param[out] newConflictList NULL on success. On NvSciError_ReconciliationFailed an unreconciled list with the
 *         pairs that caused the failure, which can only be dumped and freed; NULL on other failures (PROPOSED,
 *         OpenNvSci decision). The caller frees it.
 * @retval NvSciError_Success The reconciled list exists.
 * @retval NvSciError_BadParameter An argument is NULL; inputCount is 0; a list is not a live handle, is reconciled,
 *         belongs to another module or occurs twice; a mandatory key is not set; a value is not supported for the
 *         types of the buffer.
 * @retval NvSciError_NotSupported The values are legal, but their combination is not supported.
 * @retval NvSciError_ReconciliationFailed The values of the lists cannot be merged.
 * @retval NvSciError_Overflow A computed size does not fit.
 * @retval NvSciError_InsufficientMemory Out of memory.
 * @retval NvSciError_InvalidState The module cannot take another list.
 * @retval NvSciError_ResourceError The driver failed, or a system resource ran out.
 *
 * Source: DRIVE OS 6.0.10 API reference; NULL conflict list on success: NVIDIA sample programs.
 */
NvSciError NvSciBufAttrListReconcile(const NvSciBufAttrList inputArray[], size_t inputCount,
                                     NvSciBufAttrList* newReconciledAttrList, NvSciBufAttrList* newConflictList);

/**
 * Reconciles lists and allocates an object for the result, as NvSciBufAttrListReconcile() and NvSciBufObjAlloc() in
 * one. Read the result through NvSciBufObjGetAttrList().
 *
 * Thread-safe; the result is not defined while an input is being set.
 *
 * @param[in] attrListArray Unreconciled lists; stay owned by the caller.
 * @param[in] attrListCount Number of lists, at least 1.
 * @param[out] bufObj The object; the caller frees it with NvSciBufObjFree().
 * @param[out] newConflictList As for NvSciBufAttrListReconcile().
 * @retval NvSciError_Success The object exists.
 * @retval NvSciError_BadParameter An argument is NULL; attrListCount is 0; a list is not a live handle, is reconciled,
 *         belongs to another module or occurs twice; a mandatory key is not set; a value is not supported for the
 *         types of the buffer.
 * @retval NvSciError_NotSupported The values are legal, but their combination is not supported.
 * @retval NvSciError_ReconciliationFailed The values of the lists cannot be merged.
 * @retval NvSciError_Overflow A computed size does not fit.
 * @retval NvSciError_InsufficientMemory Out of memory.
 * @retval NvSciError_InvalidState The module cannot take another list or object.
 * @retval NvSciError_ResourceError The memory could not be allocated, the driver failed, or a system resource ran out.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciBufAttrListReconcileAndObjAlloc(const NvSciBufAttrList attrListArray[], size_t attrListCount,
                                                NvSciBufObj* bufObj, NvSciBufAttrList* newConflictList);

/**
 * Checks that a reconciled list satisfies every slot of unreconciled lists.
 *
 * Thread-safe.
 *
 * @param[in] reconciledAttrList The reconciled list.
 * @param[in] unreconciledAttrListArray The unreconciled lists; stay owned by the caller.
 * @param[in] unreconciledAttrListCount Number of lists, at least 1.
 * @param[out] isReconcileListValid true if all are satisfied. PROPOSED (OpenNvSci decision): false is written together
 *         with NvSciError_ReconciliationFailed.
 * @retval NvSciError_Success All are satisfied.
 * @retval NvSciError_BadParameter An argument is NULL; the count is 0; a list is not a live handle, belongs to another
 *         module or occurs twice; a list of the array is reconciled. PROPOSED (OpenNvSci decision): reconciledAttrList
 *         is not reconciled.
 * @retval NvSciError_ReconciliationFailed A list is not satisfied.
 * @retval NvSciError_InsufficientMemory Out of memory.
 * @retval NvSciError_Overflow A computed size does not fit.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciBufAttrListValidateReconciled(NvSciBufAttrList reconciledAttrList,
                                              const NvSciBufAttrList unreconciledAttrListArray[],
                                              size_t unreconciledAttrListCount, bool* isReconcileListValid);

/**
 * Checks that a reconciled list satisfies key/value pairs that the caller had set in its unreconciled lists.
 *
 * Thread-safe.
 *
 * @param[in] reconciledAttrList The reconciled list.
 * @param[in] pairArray Keys with values; not referenced after the call.
 * @param[in] pairCount Number of pairs, at least 1.
 * @retval NvSciError_Success All are satisfied.
 * @retval NvSciError_BadParameter reconciledAttrList is not a live handle; pairArray is NULL; pairCount is 0; a key is
 *         illegal. PROPOSED (OpenNvSci decision): a value is illegal, or reconciledAttrList is not reconciled.
 * @retval NvSciError_AttrListValidationFailed A pair is not satisfied.
 * @retval NvSciError_InsufficientMemory Out of memory.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciBufAttrListValidateReconciledAgainstAttrs(const NvSciBufAttrList reconciledAttrList,
                                                          const NvSciBufAttrKeyValuePair* pairArray,
                                                          const size_t pairCount);

/** @} */

/* --------------------------------------------------------------------------------------------------- Objects */

/** @addtogroup allocate
 *  @{ */

/**
 * Allocates memory for a reconciled list. The object has ReadWrite permission and a list of its own; the given list
 * can be freed at once or used for more objects. PROPOSED (OpenNvSci decision): the memory is filled with zero.
 *
 * Video memory is cleared by its GPU, which needs a CUDA context: the calling thread's, if it is of that device, else
 * the primary one. If the process has none, it is made, which takes long, and kept until all modules are closed and all
 * that belongs to them is freed. System memory of 2 MiB and more that a CPU or a GPU uses gets its pages now, where the
 * kernel can and half of what is available is enough, else as it is touched, like smaller memory.
 *
 * Thread-safe.
 *
 * @param[in] reconciledAttrList The list; stays owned by the caller.
 * @param[out] bufObj The object; the caller frees it with NvSciBufObjFree().
 * @retval NvSciError_Success The object exists.
 * @retval NvSciError_BadParameter reconciledAttrList is not a live handle or not reconciled, or bufObj is NULL.
 * @retval NvSciError_InsufficientMemory Out of memory for bookkeeping.
 * @retval NvSciError_InvalidState The module cannot take another object.
 * @retval NvSciError_ResourceError The memory could not be allocated.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciBufObjAlloc(NvSciBufAttrList reconciledAttrList, NvSciBufObj* bufObj);

/**
 * Frees an object, and the list that NvSciBufObjGetAttrList() gave for it. The memory is released when no object of any
 * process refers to it.
 *
 * Thread-safe, provided that nobody else uses the handle.
 *
 * @param[in] bufObj The object; the handle is invalid afterwards. NULL is ignored.
 *
 * Source: DRIVE OS 6.0.10 API reference; NULL: PROPOSED (OpenNvSci decision).
 */
void NvSciBufObjFree(NvSciBufObj bufObj);

/** @} */

/** @addtogroup hand_out
 *  @{ */

/**
 * Makes another object for the same memory, with the same permission.
 *
 * Thread-safe.
 *
 * @param[in] bufObj The object; stays owned by the caller.
 * @param[out] dupObj The other object; the caller frees it on its own.
 * @retval NvSciError_Success The other object exists.
 * @retval NvSciError_BadParameter bufObj is not a live handle, or dupObj is NULL.
 * @retval NvSciError_InsufficientMemory Out of memory.
 * @retval NvSciError_InvalidState The memory object has INT32_MAX references.
 * @retval NvSciError_ResourceError A system resource ran out.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciBufObjDup(NvSciBufObj bufObj, NvSciBufObj* dupObj);

/**
 * Makes another object for the same memory with the same or a lower permission. With the same one it is
 * NvSciBufObjDup(); with a lower one the object has a list of its own, with that ActualPerm.
 *
 * Thread-safe.
 *
 * @param[in] bufObj The object; stays owned by the caller.
 * @param[in] reducedPerm Readonly or ReadWrite, not greater than ActualPerm of bufObj.
 * @param[out] newBufObj The other object; the caller frees it on its own.
 * @retval NvSciError_Success The other object exists.
 * @retval NvSciError_BadParameter bufObj is not a live handle, newBufObj is NULL, or reducedPerm is illegal or greater
 *         than ActualPerm of bufObj.
 * @retval NvSciError_InsufficientMemory Out of memory.
 * @retval NvSciError_InvalidState The memory object has INT32_MAX references, or the module cannot take another object.
 * @retval NvSciError_ResourceError The driver failed, or a system resource ran out.
 * @retval NvSciError_NotSupported The object was imported from another SoC.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciBufObjDupWithReducePerm(NvSciBufObj bufObj, NvSciBufAttrValAccessPerm reducedPerm,
                                        NvSciBufObj* newBufObj);

/**
 * Gives the reconciled list of an object, for reading. It belongs to the object, is valid as long as the object, and
 * must not be freed.
 *
 * Thread-safe.
 *
 * @param[in] bufObj The object.
 * @param[out] bufAttrList The list.
 * @retval NvSciError_Success bufAttrList was written.
 * @retval NvSciError_BadParameter bufObj is not a live handle, or bufAttrList is NULL.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciBufObjGetAttrList(NvSciBufObj bufObj, NvSciBufAttrList* bufAttrList);

/**
 * Gives the address of the memory in this process, for reading and writing. PROPOSED (OpenNvSci decision): every call
 * for one memory object gives the same address, valid until its last object in this process is freed.
 *
 * Thread-safe.
 *
 * @param[in] bufObj The object.
 * @param[out] ptr Start of the memory; it belongs to the object.
 * @retval NvSciError_Success ptr was written.
 * @retval NvSciError_BadParameter bufObj is not a live handle, ptr is NULL, NeedCpuAccess is false in the object's
 *         list, or its ActualPerm is not ReadWrite.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciBufObjGetCpuPtr(NvSciBufObj bufObj, void** ptr);

/**
 * Gives the address of the memory in this process, for reading. PROPOSED (OpenNvSci decision): every call for one
 * memory object gives the same address, valid until its last object in this process is freed; the memory of a Readonly
 * object is mapped read-only.
 *
 * Thread-safe.
 *
 * @param[in] bufObj The object.
 * @param[out] ptr Start of the memory; it belongs to the object.
 * @retval NvSciError_Success ptr was written.
 * @retval NvSciError_BadParameter bufObj is not a live handle, ptr is NULL, or NeedCpuAccess is false in the object's
 *         list.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciBufObjGetConstCpuPtr(NvSciBufObj bufObj, const void** ptr);

/**
 * Flushes the CPU cache for a part of the memory, if CpuNeedSwCacheCoherency is true in the object's list; otherwise
 * only checks its arguments.
 *
 * Thread-safe.
 *
 * @param[in] bufObj The object.
 * @param[in] offset Start of the part, in bytes from the start of the memory.
 * @param[in] len Length of the part in bytes, at least 1.
 * @retval NvSciError_Success Done.
 * @retval NvSciError_BadParameter bufObj is not a live handle, len is 0, or the part does not lie inside the buffer.
 * @retval NvSciError_NotPermitted The memory is not mapped for the CPU.
 * @retval NvSciError_NotSupported This kind of memory cannot be flushed.
 * @retval NvSciError_Overflow offset + len does not fit in 64 bits.
 * @retval NvSciError_ResourceError The operating system failed.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciBufObjFlushCpuCacheRange(NvSciBufObj bufObj, uint64_t offset, uint64_t len);

/**
 * Copies pixels of an image to planes of the caller, by CPU; for debugging. One plane for RGBA, raw and one-plane YUV
 * images; Y, U, V in this order for every YUV image of several planes, semi-planar ones included; R, G, B for RGB
 * images of three planes. Flush before if CpuNeedSwCacheCoherency is true.
 *
 * The layout of the image does not matter. The rows of an interlaced pitch-linear image are taken from its fields in
 * turn; those of an interlaced block-linear one are the rows of the array that CUDA maps.
 *
 * Thread-safe; pixels that somebody writes at the same time are not defined.
 *
 * @param[in] bufObj The object.
 * @param[in] rect Part to copy; NULL for everything; must be NULL for YUV.
 * @param[out] dstPtrs Start of each plane; the memory belongs to the caller.
 * @param[in] dstPtrSizes Size of each plane in bytes, > 0.
 * @param[in] dstPitches Distance of two rows of each plane in bytes, > 0.
 * @retval NvSciError_Success The pixels were copied.
 * @retval NvSciError_BadParameter bufObj is not a live handle or not of an Image; an array or a pointer in dstPtrs is
 *         NULL; a size or pitch is 0; planes overlap each other or the buffer; a plane is too small; rect is given for
 *         YUV, reaches beyond the plane, has x0 > x1 or y0 > y1, or a row of it is longer than the pitch; the caller
 *         did not ask for NeedCpuAccess.
 * @retval NvSciError_NotSupported The layout of the image is not understood.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciBufObjGetPixels(NvSciBufObj bufObj, const NvSciBufRect* rect, void** dstPtrs,
                                const uint32_t* dstPtrSizes, const uint32_t* dstPitches);

/**
 * Copies pixels from planes of the caller into an image, by CPU; for debugging. The planes are those of
 * NvSciBufObjGetPixels(). Flush afterwards if CpuNeedSwCacheCoherency is true.
 *
 * Thread-safe; pixels that somebody else writes at the same time are not defined.
 *
 * @param[in] bufObj The object.
 * @param[in] rect Part to copy; NULL for everything; must be NULL for YUV.
 * @param[in] srcPtrs Start of each plane; the memory belongs to the caller.
 * @param[in] srcPtrSizes Size of each plane in bytes, > 0.
 * @param[in] srcPitches Distance of two rows of each plane in bytes, > 0.
 * @retval NvSciError_Success The pixels were copied.
 * @retval NvSciError_BadParameter As for NvSciBufObjGetPixels(), or the caller did not ask for ReadWrite.
 * @retval NvSciError_NotSupported The layout of the image is not understood.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciBufObjPutPixels(NvSciBufObj bufObj, const NvSciBufRect* rect, const void** srcPtrs,
                                const uint32_t* srcPtrSizes, const uint32_t* srcPitches);

/**
 * Checks an object in safety builds; in standard builds, and so here, it does nothing and does not look at bufObj.
 *
 * Thread-safe.
 *
 * @param[in] bufObj The object; unused.
 * @retval NvSciError_Success Always.
 *
 * Source: DRIVE OS 6.0.10 API reference. Safety builds also return NvSciError_BadParameter,
 * NvSciError_Revalidation_Success and NvSciError_ObjValidationFailed.
 */
NvSciError NvSciBufObjValidate(NvSciBufObj bufObj);

/** @} */

/** @addtogroup share
 *  @{ */

/**
 * Tells the permission that NvSciBufObjIpcExport() with NvSciBufAccessPerm_Auto would give a peer. NVIDIA's standard
 * builds do nothing. PROPOSED (OpenNvSci decision): does what the safety builds do.
 *
 * Thread-safe.
 *
 * @param[in] bufObj The object.
 * @param[in] ipcEndpoint Endpoint whose other end is the peer.
 * @param[out] accPerm Readonly or ReadWrite.
 * @retval NvSciError_Success accPerm was written.
 * @retval NvSciError_BadParameter PROPOSED (OpenNvSci decision): bufObj is not a live handle, ipcEndpoint is not an
 *         open endpoint, or accPerm is NULL.
 * @retval NvSciError_NotPermitted PROPOSED (OpenNvSci decision): as for an export with Auto.
 * @retval NvSciError_InvalidOperation PROPOSED (OpenNvSci decision): as for an export with Auto.
 * @retval NvSciError_ResourceError PROPOSED (OpenNvSci decision): as for an export with Auto.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciBufObjGetMaxPerm(const NvSciBufObj bufObj, const NvSciIpcEndpoint ipcEndpoint,
                                 NvSciBufAttrValAccessPerm* accPerm);

/** @} */

/* ------------------------------------------------------------------------------------- Exchange over NvSciIpc */

/** @addtogroup share
 *  @{ */

/**
 * Turns unreconciled lists into one block of bytes, which the program sends over the endpoint. The peer imports it as
 * one list with all slots.
 *
 * Thread-safe.
 *
 * @param[in] unreconciledAttrListArray The lists; stay owned by the caller.
 * @param[in] unreconciledAttrListCount Number of lists, at least 1.
 * @param[in] ipcEndpoint Endpoint over which the bytes are sent.
 * @param[out] descBuf The bytes; the caller frees them with NvSciBufAttrListFreeDesc().
 * @param[out] descLen Number of bytes.
 * @retval NvSciError_Success The bytes exist.
 * @retval NvSciError_BadParameter An argument is NULL; the count is 0; a list is not a live handle, is reconciled,
 *         belongs to another module or occurs twice; ipcEndpoint is not an open endpoint.
 * @retval NvSciError_InsufficientResource Information that the way to the peer needs cannot be added. PROPOSED
 *         (OpenNvSci decision): never.
 * @retval NvSciError_Overflow PROPOSED (OpenNvSci decision): more than 4096 slots, or a list came through more than 16
 *         processes.
 * @retval NvSciError_InsufficientMemory Out of memory.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciBufAttrListIpcExportUnreconciled(const NvSciBufAttrList unreconciledAttrListArray[],
                                                 size_t unreconciledAttrListCount, NvSciIpcEndpoint ipcEndpoint,
                                                 void** descBuf, size_t* descLen);

/**
 * Makes a list of bytes that a peer exported. It cannot be set; it can be read by slot, reconciled, appended, cloned
 * and exported again.
 *
 * Thread-safe.
 *
 * @param[in] module The module that the list belongs to.
 * @param[in] ipcEndpoint Endpoint over which the bytes came.
 * @param[in] descBuf The bytes; not referenced after the call.
 * @param[in] descLen Number of bytes, at least 1.
 * @param[out] importedUnreconciledAttrList The list; the caller frees it.
 * @retval NvSciError_Success The list exists.
 * @retval NvSciError_BadParameter module is not a live handle; an argument is NULL; descLen is 0; ipcEndpoint is not an
 *         open endpoint; the bytes are malformed, hold illegal values or a reconciled list.
 * @retval NvSciError_NotSupported The bytes hold a key twice. PROPOSED (OpenNvSci decision): or they are of another
 *         version.
 * @retval NvSciError_InsufficientMemory Out of memory.
 * @retval NvSciError_InvalidState The module cannot take another list.
 * @retval NvSciError_ResourceError A system resource ran out.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciBufAttrListIpcImportUnreconciled(NvSciBufModule module, NvSciIpcEndpoint ipcEndpoint,
                                                 const void* descBuf, size_t descLen,
                                                 NvSciBufAttrList* importedUnreconciledAttrList);

/**
 * Turns a reconciled list into bytes for one peer, with the NeedCpuAccess and ActualPerm of that peer.
 *
 * Thread-safe.
 *
 * @param[in] reconciledAttrList The list; stays owned by the caller.
 * @param[in] ipcEndpoint Endpoint over which the bytes are sent. Unreconciled lists of this reconciliation must have
 *         come over it.
 * @param[out] descBuf The bytes; the caller frees them with NvSciBufAttrListFreeDesc().
 * @param[out] descLen Number of bytes.
 * @retval NvSciError_Success The bytes exist.
 * @retval NvSciError_BadParameter reconciledAttrList is not a live handle or not reconciled; an output is NULL;
 *         ipcEndpoint is not an open endpoint.
 * @retval NvSciError_NotPermitted No unreconciled list of this reconciliation came over ipcEndpoint, and no peer was
 *         attached through it. A peer that opened its endpoint again is another one.
 * @retval NvSciError_ResourceError PROPOSED (OpenNvSci decision): the peer has not opened its endpoint, or is gone.
 * @retval NvSciError_InsufficientMemory Out of memory.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciBufAttrListIpcExportReconciled(NvSciBufAttrList reconciledAttrList, NvSciIpcEndpoint ipcEndpoint,
                                               void** descBuf, size_t* descLen);

/**
 * Makes a reconciled list of bytes that a peer exported, and checks it against lists of the caller.
 *
 * Thread-safe.
 *
 * @param[in] module The module that the list belongs to.
 * @param[in] ipcEndpoint Endpoint over which the bytes came.
 * @param[in] descBuf The bytes; not referenced after the call.
 * @param[in] descLen Number of bytes, at least 1.
 * @param[in] inputUnreconciledAttrListArray Lists that must be satisfied; stay owned by the caller. NULL skips the
 *         check, which is not recommended.
 * @param[in] inputUnreconciledAttrListCount Number of lists; 0 exactly if the array is NULL.
 * @param[out] importedReconciledAttrList The list; the caller frees it.
 * @retval NvSciError_Success The list exists.
 * @retval NvSciError_BadParameter module or a list is not a live handle; an argument other than the array is NULL;
 *         descLen is 0; ipcEndpoint is not an open endpoint; the bytes are malformed or hold an unreconciled list; the
 *         array is given with count 0. PROPOSED (OpenNvSci decision): the array is NULL with a count above 0.
 * @retval NvSciError_NotSupported The bytes are of an incompatible version.
 * @retval NvSciError_AttrListValidationFailed A list is not satisfied, or occurs twice.
 * @retval NvSciError_InsufficientMemory Out of memory.
 * @retval NvSciError_InvalidState The module cannot take another list.
 * @retval NvSciError_ResourceError A system resource ran out.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciBufAttrListIpcImportReconciled(NvSciBufModule module, NvSciIpcEndpoint ipcEndpoint, const void* descBuf,
                                               size_t descLen, const NvSciBufAttrList inputUnreconciledAttrListArray[],
                                               size_t inputUnreconciledAttrListCount,
                                               NvSciBufAttrList* importedReconciledAttrList);

/**
 * Frees bytes that NvSciBufAttrListIpcExportUnreconciled() or NvSciBufAttrListIpcExportReconciled() made.
 *
 * Thread-safe, provided that nobody else uses the bytes.
 *
 * @param[in] descBuf The bytes; invalid afterwards. NULL is ignored.
 *
 * Source: DRIVE OS 6.0.10 API reference; NULL: PROPOSED (OpenNvSci decision).
 */
void NvSciBufAttrListFreeDesc(void* descBuf);

/**
 * Exports an object to a peer: fills a descriptor, which the program sends over the endpoint. A descriptor can be
 * imported once.
 *
 * Thread-safe.
 *
 * @param[in] bufObj The object; stays owned by the caller.
 * @param[in] accPerm Readonly, ReadWrite, or Auto for what the peer was granted when its lists were reconciled. Not
 *         lower than that, and not greater than the permission of bufObj.
 * @param[in] ipcEndpoint Endpoint over which the descriptor is sent. Unreconciled lists of this reconciliation must
 *         have come over it, or its peer must have been attached.
 * @param[out] exportData The descriptor; the memory belongs to the caller.
 * @retval NvSciError_Success The descriptor is filled.
 * @retval NvSciError_BadParameter bufObj is not a live handle; accPerm is illegal; ipcEndpoint is not an open endpoint;
 *         exportData is NULL. PROPOSED (OpenNvSci decision): accPerm is greater than the permission of bufObj.
 * @retval NvSciError_InvalidOperation The peer was granted more than accPerm. PROPOSED (OpenNvSci decision): Auto, and
 *         the peer was granted more than bufObj allows; or ReadWrite, and the memory is in system memory that was
 *         exported Readonly before and that no peer was to write: then the kernel keeps all others from writing.
 * @retval NvSciError_NotPermitted No unreconciled list of this reconciliation came over ipcEndpoint, and no peer was
 *         attached through it. PROPOSED (OpenNvSci decision): bufObj belongs to the process that this one was forked
 *         from.
 * @retval NvSciError_InsufficientMemory Out of memory.
 * @retval NvSciError_ResourceError The peer has not opened its endpoint or is gone; the driver failed, or a system
 *         resource ran out.
 * @retval NvSciError_TryItAgain The peer has not imported too much that was exported before, or its socket is full
 *         (net.core.wmem_max). Try again after it has imported or asked for events (PROPOSED).
 *
 * Source: DRIVE OS 6.0.10 API reference. For Readonly to a peer that was granted ReadWrite the developer guide says
 * otherwise; PROPOSED (OpenNvSci decision): the API reference counts.
 */
NvSciError NvSciBufObjIpcExport(NvSciBufObj bufObj, NvSciBufAttrValAccessPerm accPerm, NvSciIpcEndpoint ipcEndpoint,
                                NvSciBufObjIpcExportDescriptor* exportData);

/**
 * Makes an object of a descriptor that a peer exported. Its module is that of the list.
 *
 * Thread-safe.
 *
 * @param[in] ipcEndpoint Endpoint over which the descriptor came.
 * @param[in] desc The descriptor, not imported before; not referenced after the call.
 * @param[in] reconciledAttrList List from NvSciBufAttrListIpcImportReconciled(); stays owned by the caller.
 * @param[in] minPermissions Lowest acceptable permission: Readonly or ReadWrite; Auto accepts any. The object gets the
 *         exported permission, even if that is greater.
 * @param[in] timeoutUs Microseconds; ignored.
 * @param[out] bufObj The object; the caller frees it with NvSciBufObjFree().
 * @retval NvSciError_Success The object exists.
 * @retval NvSciError_AccessDenied minPermissions is greater than the exported permission.
 * @retval NvSciError_BadParameter reconciledAttrList is not a live handle or not reconciled; an argument is NULL;
 *         minPermissions is illegal; ipcEndpoint is not an open endpoint; the descriptor is malformed, was imported
 *         before, or was made for another endpoint. PROPOSED (OpenNvSci decision): reconciledAttrList did not come from
 *         the same peer, or is of another reconciliation; the memory is not what the list says.
 * @retval NvSciError_Overflow A size in the descriptor does not fit.
 * @retval NvSciError_InvalidOperation The exporter has freed the object already (documented for builds with the
 *         option BACKEND_RESMAN only).
 * @retval NvSciError_NotSupported The memory domain of the list is not supported.
 * @retval NvSciError_InvalidState The module cannot take another object.
 * @retval NvSciError_InsufficientMemory Out of memory.
 * @retval NvSciError_ResourceError The driver failed, or a system resource ran out.
 * @retval NvSciError_TryItAgain The link is busy (chip-to-chip links only).
 *
 * Source: DRIVE OS 6.0.10 API reference; codes of a second import and of another endpoint: PROPOSED (OpenNvSci
 * decision).
 */
NvSciError NvSciBufObjIpcImport(NvSciIpcEndpoint ipcEndpoint, const NvSciBufObjIpcExportDescriptor* desc,
                                NvSciBufAttrList reconciledAttrList, NvSciBufAttrValAccessPerm minPermissions,
                                int64_t timeoutUs, NvSciBufObj* bufObj);

/**
 * Turns an object and its list into one block of bytes, as NvSciBufAttrListIpcExportReconciled() and
 * NvSciBufObjIpcExport() in one.
 *
 * Thread-safe.
 *
 * @param[in] bufObj The object; stays owned by the caller.
 * @param[in] permissions As accPerm of NvSciBufObjIpcExport().
 * @param[in] ipcEndpoint As for NvSciBufObjIpcExport().
 * @param[out] attrListAndObjDesc The bytes; the caller frees them with NvSciBufAttrListAndObjFreeDesc().
 * @param[out] attrListAndObjDescSize Number of bytes.
 * @retval NvSciError_Success The bytes exist.
 * @retval NvSciError_BadParameter bufObj is not a live handle; permissions is illegal; ipcEndpoint is not an open
 *         endpoint; an output is NULL. PROPOSED (OpenNvSci decision): permissions is greater than that of bufObj.
 * @retval NvSciError_InvalidOperation As of NvSciBufObjIpcExport().
 * @retval NvSciError_NotPermitted No unreconciled list of this reconciliation came over ipcEndpoint, and no peer was
 *         attached through it.
 * @retval NvSciError_Overflow A computed size does not fit.
 * @retval NvSciError_InsufficientMemory Out of memory.
 * @retval NvSciError_ResourceError As of NvSciBufObjIpcExport().
 * @retval NvSciError_TryItAgain As of NvSciBufObjIpcExport().
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciBufIpcExportAttrListAndObj(NvSciBufObj bufObj, NvSciBufAttrValAccessPerm permissions,
                                           NvSciIpcEndpoint ipcEndpoint, void** attrListAndObjDesc,
                                           size_t* attrListAndObjDescSize);

/**
 * Makes an object of bytes that NvSciBufIpcExportAttrListAndObj() of a peer made, and checks its list against lists of
 * the caller. The list of the object is read through NvSciBufObjGetAttrList().
 *
 * Thread-safe.
 *
 * @param[in] module The module that the object belongs to.
 * @param[in] ipcEndpoint Endpoint over which the bytes came.
 * @param[in] attrListAndObjDesc The bytes, not imported before; not referenced after the call.
 * @param[in] attrListAndObjDescSize Number of bytes, at least 1.
 * @param[in] attrList Lists that must be satisfied; stay owned by the caller. NULL skips the check.
 * @param[in] count Number of lists; 0 exactly if attrList is NULL.
 * @param[in] minPermissions As for NvSciBufObjIpcImport().
 * @param[in] timeoutUs Microseconds; ignored.
 * @param[out] bufObj The object; the caller frees it with NvSciBufObjFree().
 * @retval NvSciError_Success The object exists.
 * @retval NvSciError_BadParameter module or a list is not a live handle; an argument other than attrList is NULL; the
 *         size is 0; ipcEndpoint is not an open endpoint; the bytes are malformed or hold an unreconciled list;
 *         attrList is given with count 0; minPermissions is illegal.
 * @retval NvSciError_NotSupported The bytes are of an incompatible version, or the memory domain is not supported.
 * @retval NvSciError_AccessDenied minPermissions is greater than the exported permission.
 * @retval NvSciError_AttrListValidationFailed A list is not satisfied, or occurs twice.
 * @retval NvSciError_InsufficientMemory Out of memory.
 * @retval NvSciError_InvalidState The module cannot take another list or object.
 * @retval NvSciError_ResourceError The driver failed, or a system resource ran out.
 * @retval NvSciError_TryItAgain The link is busy (chip-to-chip links only).
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciBufIpcImportAttrListAndObj(NvSciBufModule module, NvSciIpcEndpoint ipcEndpoint,
                                           const void* attrListAndObjDesc, size_t attrListAndObjDescSize,
                                           const NvSciBufAttrList attrList[], size_t count,
                                           NvSciBufAttrValAccessPerm minPermissions, int64_t timeoutUs,
                                           NvSciBufObj* bufObj);

/**
 * Frees bytes that NvSciBufIpcExportAttrListAndObj() made.
 *
 * Thread-safe, provided that nobody else uses the bytes.
 *
 * @param[in] attrListAndObjDescBuf The bytes; invalid afterwards. NULL is ignored.
 *
 * Source: DRIVE OS 6.0.10 API reference; NULL: PROPOSED (OpenNvSci decision).
 */
void NvSciBufAttrListAndObjFreeDesc(void* attrListAndObjDescBuf);

/**
 * Lets new peers share an object that exists: checks that its list satisfies lists imported from them, and allows
 * exports to them.
 *
 * Thread-safe.
 *
 * @param[in] bufObj The object.
 * @param[in] inputArray Unreconciled lists imported from the new peers; stay owned by the caller.
 * @param[in] inputCount Number of lists, at least 1.
 * @retval NvSciError_Success The object and its list may be exported to the new peers.
 * @retval NvSciError_BadParameter bufObj is not a live handle; inputArray is NULL; inputCount is 0; a list is not a
 *         live handle, is reconciled, belongs to another module, occurs twice, or has no Types.
 * @retval NvSciError_ReconciliationFailed The object does not satisfy the lists.
 * @retval NvSciError_InsufficientMemory Out of memory.
 * @retval NvSciError_Overflow A computed size does not fit.
 * @retval NvSciError_ResourceError The driver failed, or a system resource ran out.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciBufObjAttachPeer(NvSciBufObj bufObj, const NvSciBufAttrList inputArray[], size_t inputCount);

/** @} */

#if defined(__cplusplus)
}
#endif

#endif /* INCLUDED_NVSCIBUF_H */
