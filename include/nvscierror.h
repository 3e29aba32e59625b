/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file nvscierror.h
 * @brief NvSciError: the one result type of all NvSci libraries.
 *
 * Every library owns a range of values. Codes of the common range may be returned by any of them; many have an errno
 * counterpart, which stands in brackets. A code that no function of a library documents is never returned by it.
 *
 * Source: DRIVE OS 6.0.10 API reference (names, values, errno counterparts). The enum has no tag and every enumerator
 * has an explicit value; the values are ABI.
 */

#ifndef INCLUDED_NVSCI_ERROR_H
#define INCLUDED_NVSCI_ERROR_H

#include "opennvsci_version.h"

#if defined(__cplusplus)
extern "C" {
#endif

/** @addtogroup explain
 *  @{ */

/** Result of an NvSci function. Zero is success, everything else a failure or a notice. */
typedef enum {
    /* Common range 0x00000000 - 0x00FFFFFF. General. */

    NvSciError_Success = 0x00000000,              /**< No error [EOK]. */
    NvSciError_Unknown = 0x00000001,              /**< Failure that could not be identified. */
    NvSciError_NotImplemented = 0x00000010,       /**< The feature does not exist in this build [ENOSYS]. */
    NvSciError_NotSupported = 0x00000011,         /**< Legal request that is not supported here [ENOTSUP]. */
    NvSciError_AccessDenied = 0x00000020,         /**< Access to the resource is refused [EACCES]. */
    NvSciError_NotPermitted = 0x00000021,         /**< The operation is not allowed to the caller [EPERM]. */
    NvSciError_InvalidState = 0x00000022,         /**< The object is in the wrong state for this. */
    NvSciError_InvalidOperation = 0x00000023,     /**< The request is never legal on this object. */
    NvSciError_NotInitialized = 0x00000024,       /**< The library or resource is not initialized. */
    NvSciError_AlreadyInUse = 0x00000025,         /**< The resource cannot be used again or shared now. */
    NvSciError_AlreadyDone = 0x00000026,          /**< The operation was performed before. */
    NvSciError_NotYetAvailable = 0x00000027,      /**< The information does not exist yet. */
    NvSciError_NoLongerAvailable = 0x00000028,    /**< The information does not exist any more. */
    NvSciError_InsufficientMemory = 0x00000030,   /**< Out of memory, or no room in a queue [ENOMEM]. */
    NvSciError_InsufficientResource = 0x00000031, /**< Out of a resource other than memory. */
    NvSciError_ResourceError = 0x00000032,        /**< A driver failed, or a system resource ran out. */

    /* Function parameters. */

    NvSciError_BadParameter = 0x00000100,         /**< A parameter has an invalid value [EINVAL]. */
    NvSciError_BadAddress = 0x00000101,           /**< Invalid address [EFAULT]. */
    NvSciError_TooBig = 0x00000102,               /**< Parameter list too long [E2BIG]. */
    NvSciError_Overflow = 0x00000103,             /**< A value or a computed result does not fit [EOVERFLOW]. */
    NvSciError_InconsistentData = 0x00000104,     /**< Parameters contradict earlier ones. */
    NvSciError_InsufficientData = 0x00000105,     /**< Too little data was supplied. */
    NvSciError_IndexOutOfRange = 0x00000106,      /**< An index is out of range. */
    NvSciError_ValueOutOfRange = 0x00000107,      /**< A value is out of range. */
    NvSciError_Revalidation_Success = 0x00000108, /**< Was validated before and still is (safety builds only). */

    /* Timing and temporary conditions. */

    NvSciError_Timeout = 0x00000200,         /**< Time is up [ETIMEDOUT]. */
    NvSciError_TryItAgain = 0x00000201,      /**< Not possible at the moment; retry [EAGAIN]. */
    NvSciError_Busy = 0x00000202,            /**< In use by somebody else [EBUSY]. */
    NvSciError_InterruptedCall = 0x00000203, /**< The call was interrupted [EINTR]. */

    /* Device. */

    NvSciError_NoSuchDevice = 0x00001000,    /**< The device does not exist [ENODEV]. */
    NvSciError_NoSpace = 0x00001001,         /**< No space left on the device [ENOSPC]. */
    NvSciError_NoSuchDevAddr = 0x00001002,   /**< No such device or address [ENXIO]. */
    NvSciError_IO = 0x00001003,              /**< Input or output failed [EIO]. */
    NvSciError_InvalidIoctlNum = 0x00001004, /**< The device does not know this control request [ENOTTY]. */

    /* File system. */

    NvSciError_NoSuchEntry = 0x00001100,        /**< No file, or no configuration entry, of that name [ENOENT]. */
    NvSciError_BadFileDesc = 0x00001101,        /**< Invalid file descriptor [EBADF]. */
    NvSciError_CorruptedFileSys = 0x00001102,   /**< The file system is damaged [EBADFSYS]. */
    NvSciError_FileExists = 0x00001103,         /**< The file exists [EEXIST]. */
    NvSciError_IsDirectory = 0x00001104,        /**< The file is a directory [EISDIR]. */
    NvSciError_ReadOnlyFileSys = 0x00001105,    /**< The file system is read-only [EROFS]. */
    NvSciError_TextFileBusy = 0x00001106,       /**< The program file is being executed [ETXTBSY]. */
    NvSciError_FileNameTooLong = 0x00001107,    /**< File name too long [ENAMETOOLONG]. */
    NvSciError_FileTooBig = 0x00001108,         /**< File too large [EFBIG]. */
    NvSciError_TooManySymbolLinks = 0x00001109, /**< Too many levels of symbolic links [ELOOP]. */
    NvSciError_TooManyOpenFiles = 0x0000110A,   /**< The process has too many open files [EMFILE]. */
    NvSciError_FileTableOverflow = 0x0000110B,  /**< The system has too many open files [ENFILE]. */
    NvSciError_EndOfFile = 0x0000110C,          /**< The end of the file was reached. */

    /* Communication. */

    NvSciError_ConnectionReset = 0x00001200,   /**< The connection was reset or is not established [ECONNRESET]. */
    NvSciError_AlreadyInProgress = 0x00001201, /**< The operation is already under way [EALREADY]. */
    NvSciError_NoData = 0x00001202,            /**< No data available [ENODATA]. */
    NvSciError_NoDesiredMessage = 0x00001203,  /**< No message of the wanted kind [ENOMSG]. */
    NvSciError_MessageSize = 0x00001204,       /**< The message is too long [EMSGSIZE]. */
    NvSciError_NoRemote = 0x00001205,          /**< The remote side does not exist [ENOREMOTE]. */

    /* Process and mutex. */

    NvSciError_NoSuchProcess = 0x00002000,       /**< The process does not exist [ESRCH]. */
    NvSciError_MutexNotRecoverable = 0x00002100, /**< The state that the mutex guards is lost [ENOTRECOVERABLE]. */
    NvSciError_LockOwnerDead = 0x00002101,       /**< The owner of the lock died [EOWNERDEAD]. */
    NvSciError_ResourceDeadlock = 0x00002102,    /**< Waiting would deadlock [EDEADLK]. */

    /* Attribute lists and objects. */

    NvSciError_ReconciliationFailed = 0x00010100,     /**< Attribute lists cannot be merged. */
    NvSciError_AttrListValidationFailed = 0x00010101, /**< A reconciled list violates the caller's constraints. */
    NvSciError_ObjValidationFailed = 0x00010102,      /**< An object does not fit its list (safety builds only). */

    NvSciError_CommonEnd = 0x00FFFFFF, /**< End of the common range; never returned. */

    /* NvSciBuf range 0x01000000 - 0x01FFFFFF. */

    NvSciError_NvSciBufUnknown = 0x01000000, /**< Unidentified NvSciBuf failure. */
    NvSciError_NvSciBufEnd = 0x01FFFFFF,     /**< End of the NvSciBuf range; never returned. */

    /* NvSciSync range 0x02000000 - 0x02FFFFFF. */

    NvSciError_NvSciSyncUnknown = 0x02000000,  /**< Unidentified NvSciSync failure. */
    NvSciError_UnsupportedConfig = 0x02000001, /**< The configuration is not supported. */
    NvSciError_ClearedFence = 0x02000002,      /**< The fence is cleared: there is nothing to wait for. */
    NvSciError_NvSciSyncEnd = 0x02FFFFFF,      /**< End of the NvSciSync range; never returned. */

    /* NvSciStream range 0x03000000 - 0x03FFFFFF. */

    NvSciError_NvSciStreamUnknown = 0x03000000,       /**< Unidentified NvSciStream failure. */
    NvSciError_StreamInternalError = 0x03000001,      /**< Internal failure of the stream. */
    NvSciError_StreamBadBlock = 0x03000100,           /**< Not a valid block. */
    NvSciError_StreamBadPacket = 0x03000101,          /**< Not a valid packet. */
    NvSciError_StreamBadCookie = 0x03000102,          /**< Not a valid packet cookie. */
    NvSciError_StreamNotConnected = 0x03000200,       /**< The stream is not fully connected. */
    NvSciError_StreamNotSetupPhase = 0x03000201,      /**< Only allowed while the stream is being set up. */
    NvSciError_StreamNotSafetyPhase = 0x03000202,     /**< Only allowed once the stream is in its safety phase. */
    NvSciError_NoStreamPacket = 0x03001000,           /**< No packet is available. */
    NvSciError_StreamPacketInaccessible = 0x03001001, /**< The packet is not held by this block now. */
    NvSciError_StreamPacketDeleted = 0x03001002,      /**< The packet was deleted. */
    NvSciError_StreamInfoNotProvided = 0x03003000,    /**< The asked information was not supplied by its owner. */
    NvSciError_StreamLockFailed = 0x03400000,         /**< A lock of the stream could not be taken. */
    NvSciError_StreamBadSrcIndex = 0x03800000,        /**< Source index out of range. */
    NvSciError_StreamBadDstIndex = 0x03800001,        /**< Destination index out of range. */
    NvSciError_NvSciStreamEnd = 0x03FFFFFF,           /**< End of the NvSciStream range; never returned. */

    /* NvSciIpc range 0x04000000 - 0x04FFFFFF. */

    NvSciError_NvSciIpcUnknown = 0x04000000,           /**< Unidentified NvSciIpc failure. */
    NvSciError_PcieUncorrectableFatal = 0x04000001,    /**< Uncorrectable fatal PCIe error (chip-to-chip links). */
    NvSciError_PcieUncorrectableNonFatal = 0x04000002, /**< Uncorrectable non-fatal PCIe error (chip-to-chip links). */
    NvSciError_PcieEdmaTransferErr = 0x04000003,       /**< A PCIe eDMA transfer failed (chip-to-chip links). */
    NvSciError_PcieValidationError = 0x04000004,       /**< PCIe validation failed (chip-to-chip links). */
    NvSciError_NvSciIpcEnd = 0x04FFFFFF,               /**< End of the NvSciIpc range; never returned. */

    /* NvSciEvent range 0x05000000 - 0x05FFFFFF. */

    NvSciError_NvSciEventUnknown = 0x05000000, /**< Unidentified NvSciEvent failure. */
    NvSciError_NvSciEventEnd = 0x05FFFFFF      /**< End of the NvSciEvent range; never returned. */
} NvSciError;

/** @} */

#if defined(__cplusplus)
}
#endif

#endif /* INCLUDED_NVSCI_ERROR_H */
