// SPDX-License-Identifier: Apache-2.0
#include "api/error_name.h"

#include <cstdint>

#include "nvscierror.h"

namespace opennvsci::api {
namespace {

struct Row {
    NvSciError code;
    const char* name;
};

#define OPENNVSCI_NAME(enumerator) \
    Row {                          \
        enumerator, #enumerator    \
    }
// In the order of the header.
constexpr Row kNames[] = {
    OPENNVSCI_NAME(NvSciError_Success),
    OPENNVSCI_NAME(NvSciError_Unknown),
    OPENNVSCI_NAME(NvSciError_NotImplemented),
    OPENNVSCI_NAME(NvSciError_NotSupported),
    OPENNVSCI_NAME(NvSciError_AccessDenied),
    OPENNVSCI_NAME(NvSciError_NotPermitted),
    OPENNVSCI_NAME(NvSciError_InvalidState),
    OPENNVSCI_NAME(NvSciError_InvalidOperation),
    OPENNVSCI_NAME(NvSciError_NotInitialized),
    OPENNVSCI_NAME(NvSciError_AlreadyInUse),
    OPENNVSCI_NAME(NvSciError_AlreadyDone),
    OPENNVSCI_NAME(NvSciError_NotYetAvailable),
    OPENNVSCI_NAME(NvSciError_NoLongerAvailable),
    OPENNVSCI_NAME(NvSciError_InsufficientMemory),
    OPENNVSCI_NAME(NvSciError_InsufficientResource),
    OPENNVSCI_NAME(NvSciError_ResourceError),
    OPENNVSCI_NAME(NvSciError_BadParameter),
    OPENNVSCI_NAME(NvSciError_BadAddress),
    OPENNVSCI_NAME(NvSciError_TooBig),
    OPENNVSCI_NAME(NvSciError_Overflow),
    OPENNVSCI_NAME(NvSciError_InconsistentData),
    OPENNVSCI_NAME(NvSciError_InsufficientData),
    OPENNVSCI_NAME(NvSciError_IndexOutOfRange),
    OPENNVSCI_NAME(NvSciError_ValueOutOfRange),
    OPENNVSCI_NAME(NvSciError_Revalidation_Success),
    OPENNVSCI_NAME(NvSciError_Timeout),
    OPENNVSCI_NAME(NvSciError_TryItAgain),
    OPENNVSCI_NAME(NvSciError_Busy),
    OPENNVSCI_NAME(NvSciError_InterruptedCall),
    OPENNVSCI_NAME(NvSciError_NoSuchDevice),
    OPENNVSCI_NAME(NvSciError_NoSpace),
    OPENNVSCI_NAME(NvSciError_NoSuchDevAddr),
    OPENNVSCI_NAME(NvSciError_IO),
    OPENNVSCI_NAME(NvSciError_InvalidIoctlNum),
    OPENNVSCI_NAME(NvSciError_NoSuchEntry),
    OPENNVSCI_NAME(NvSciError_BadFileDesc),
    OPENNVSCI_NAME(NvSciError_CorruptedFileSys),
    OPENNVSCI_NAME(NvSciError_FileExists),
    OPENNVSCI_NAME(NvSciError_IsDirectory),
    OPENNVSCI_NAME(NvSciError_ReadOnlyFileSys),
    OPENNVSCI_NAME(NvSciError_TextFileBusy),
    OPENNVSCI_NAME(NvSciError_FileNameTooLong),
    OPENNVSCI_NAME(NvSciError_FileTooBig),
    OPENNVSCI_NAME(NvSciError_TooManySymbolLinks),
    OPENNVSCI_NAME(NvSciError_TooManyOpenFiles),
    OPENNVSCI_NAME(NvSciError_FileTableOverflow),
    OPENNVSCI_NAME(NvSciError_EndOfFile),
    OPENNVSCI_NAME(NvSciError_ConnectionReset),
    OPENNVSCI_NAME(NvSciError_AlreadyInProgress),
    OPENNVSCI_NAME(NvSciError_NoData),
    OPENNVSCI_NAME(NvSciError_NoDesiredMessage),
    OPENNVSCI_NAME(NvSciError_MessageSize),
    OPENNVSCI_NAME(NvSciError_NoRemote),
    OPENNVSCI_NAME(NvSciError_NoSuchProcess),
    OPENNVSCI_NAME(NvSciError_MutexNotRecoverable),
    OPENNVSCI_NAME(NvSciError_LockOwnerDead),
    OPENNVSCI_NAME(NvSciError_ResourceDeadlock),
    OPENNVSCI_NAME(NvSciError_ReconciliationFailed),
    OPENNVSCI_NAME(NvSciError_AttrListValidationFailed),
    OPENNVSCI_NAME(NvSciError_ObjValidationFailed),
    OPENNVSCI_NAME(NvSciError_CommonEnd),
    OPENNVSCI_NAME(NvSciError_NvSciBufUnknown),
    OPENNVSCI_NAME(NvSciError_NvSciBufEnd),
    OPENNVSCI_NAME(NvSciError_NvSciSyncUnknown),
    OPENNVSCI_NAME(NvSciError_UnsupportedConfig),
    OPENNVSCI_NAME(NvSciError_ClearedFence),
    OPENNVSCI_NAME(NvSciError_NvSciSyncEnd),
    OPENNVSCI_NAME(NvSciError_NvSciStreamUnknown),
    OPENNVSCI_NAME(NvSciError_StreamInternalError),
    OPENNVSCI_NAME(NvSciError_StreamBadBlock),
    OPENNVSCI_NAME(NvSciError_StreamBadPacket),
    OPENNVSCI_NAME(NvSciError_StreamBadCookie),
    OPENNVSCI_NAME(NvSciError_StreamNotConnected),
    OPENNVSCI_NAME(NvSciError_StreamNotSetupPhase),
    OPENNVSCI_NAME(NvSciError_StreamNotSafetyPhase),
    OPENNVSCI_NAME(NvSciError_NoStreamPacket),
    OPENNVSCI_NAME(NvSciError_StreamPacketInaccessible),
    OPENNVSCI_NAME(NvSciError_StreamPacketDeleted),
    OPENNVSCI_NAME(NvSciError_StreamInfoNotProvided),
    OPENNVSCI_NAME(NvSciError_StreamLockFailed),
    OPENNVSCI_NAME(NvSciError_StreamBadSrcIndex),
    OPENNVSCI_NAME(NvSciError_StreamBadDstIndex),
    OPENNVSCI_NAME(NvSciError_NvSciStreamEnd),
    OPENNVSCI_NAME(NvSciError_NvSciIpcUnknown),
    OPENNVSCI_NAME(NvSciError_PcieUncorrectableFatal),
    OPENNVSCI_NAME(NvSciError_PcieUncorrectableNonFatal),
    OPENNVSCI_NAME(NvSciError_PcieEdmaTransferErr),
    OPENNVSCI_NAME(NvSciError_PcieValidationError),
    OPENNVSCI_NAME(NvSciError_NvSciIpcEnd),
    OPENNVSCI_NAME(NvSciError_NvSciEventUnknown),
    OPENNVSCI_NAME(NvSciError_NvSciEventEnd),
};
#undef OPENNVSCI_NAME

}  // namespace

const char* error_name(std::uint32_t code) noexcept {
    for (const Row& row : kNames) {
        if (static_cast<std::uint32_t>(row.code) == code) return row.name;
    }
    return "unknown";
}

}  // namespace opennvsci::api
