/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file nvsciipc.h
 * @brief NvSciIpc: fixed-size messages between two endpoints of a configured channel.
 *
 * A channel joins exactly two endpoints and has two queues, one per direction, of nframes frames of frame_size bytes.
 * One write fills one frame and one read takes one frame. The written length is not transported: a reader gets up to
 * frame_size bytes, and what the writer did not write is zero. Order is kept and nothing is lost or duplicated while
 * connected; a reset throws away everything in both queues.
 *
 * Start-up: NvSciIpcInit(), NvSciIpcOpenEndpoint(), NvSciIpcGetLinuxEventFd() or NvSciIpcGetEventNotifier(),
 * NvSciIpcGetEndpointInfo(), NvSciIpcResetEndpointSafe(), then NvSciIpcGetEventSafe() in a loop, with a wait in
 * between, until a bit of #NV_SCI_IPC_EVENT_CONN_EST_ALL shows. Only then read or write.
 *
 * Rules for everything in this file:
 *  - Nothing blocks. An empty queue (read) and a full queue (write) give NvSciError_InsufficientMemory.
 *  - Every function is thread-safe. Closing an endpoint is thread-safe only if nobody else uses the handle. One thread
 *    may read while another writes on one handle; overlapping zero-copy operations (GetNextFrame ... Advance) of one
 *    direction on one handle are an error of the caller.
 *  - Functions are called from ordinary threads only, not from signal handlers. No privileges are required beyond
 *    access to the channel.
 *  - Output parameters have a meaning only on NvSciError_Success unless stated otherwise.
 *  - PROPOSED (OpenNvSci decision): a freed, foreign or garbage handle gives NvSciError_BadParameter where the function
 *    returns NvSciError; a void function ignores it and logs one line to stderr. Handle 0 is never valid; closing it is
 *    ignored.
 *  - The calls without "Safe" and their Safe twins behave alike; they differ in types only. Published Linux programs
 *    use both.
 *
 * Source: DRIVE OS 6.0.10 API reference (NvSciIpc 1.4). The functions that exist under QNX only are not declared.
 */

#ifndef INCLUDED_NVSCIIPC_H
#define INCLUDED_NVSCIIPC_H

#include <stddef.h>
#include <stdint.h>

#include "nvscierror.h"
#include "nvscievent.h"

#if defined(__cplusplus)
extern "C" {
#endif

/** @addtogroup channels
 *  @{ */

/** Major version of the NvSciIpc interface that this header declares. */
static const uint32_t NvSciIpcMajorVersion = 1U;
/** Minor version of the NvSciIpc interface that this header declares. */
static const uint32_t NvSciIpcMinorVersion = 4U;

/** Size of a buffer for an endpoint name, in bytes, terminator included: names have at most 63 characters. */
#define NVSCIIPC_MAX_ENDPOINT_NAME (64U)

/** Event, level: a frame can be read. Only while connected. */
#define NV_SCI_IPC_EVENT_READ (0x01U)
/** Event, level: there is room to write a frame. Only while connected. */
#define NV_SCI_IPC_EVENT_WRITE (0x02U)
/** Event, edge: the connection was established. Always comes with NV_SCI_IPC_EVENT_WRITE. */
#define NV_SCI_IPC_EVENT_CONN_EST (0x04U)
/** Event, edge: one of the two sides reset its endpoint. Always comes alone. */
#define NV_SCI_IPC_EVENT_CONN_RESET (0x08U)
/** Event, level: the peer has read every frame that we wrote. Only while connected. */
#define NV_SCI_IPC_EVENT_WRITE_EMPTY (0x10U)
/** Event: an asynchronous error of the backend; see NvSciIpcGetAsyncErrors(). Chip-to-chip links only. */
#define NV_SCI_IPC_EVENT_ASYNC_ERROR (0x20U)
/** Any bit of this mask (0x17) proves that the connection is established. */
#define NV_SCI_IPC_EVENT_CONN_EST_ALL \
    (NV_SCI_IPC_EVENT_CONN_EST | NV_SCI_IPC_EVENT_WRITE | NV_SCI_IPC_EVENT_WRITE_EMPTY | NV_SCI_IPC_EVENT_READ)

/** Timeout value "for ever" of the wait call that exists under QNX. */
#define NVSCIIPC_INFINITE_WAIT (-1LL)

/** Asynchronous error: a PCIe eDMA transfer failed. Chip-to-chip links only. */
#define NV_SCI_ASYNC_PCIE_EDMA_XFER_ERROR (0x1U)
/** Asynchronous error: uncorrectable fatal PCIe error. Chip-to-chip links only. */
#define NV_SCI_ASYNC_PCIE_AER_UNCORRECTABLE_FATAL (0x2U)
/** Asynchronous error: uncorrectable non-fatal PCIe error. Chip-to-chip links only. */
#define NV_SCI_ASYNC_PCIE_AER_UNCORRECTABLE_NONFATAL (0x4U)
/** Asynchronous error: PCIe validation failed. Chip-to-chip links only. */
#define NV_SCI_ASYNC_PCIE_VALIDATION_ERROR (0x8U)

/** Handle of an open endpoint; valid in the process that opened it. PROPOSED (OpenNvSci decision): never 0. */
typedef uint64_t NvSciIpcEndpoint;

/** Shape of a channel; the same for both endpoints and both directions. */
typedef struct NvSciIpcEndpointInfo NvSciIpcEndpointInfo;

/** Shape of a channel. */
struct NvSciIpcEndpointInfo {
    uint32_t nframes;    /**< Frames per queue, at least 1. */
    uint32_t frame_size; /**< Bytes per frame, a multiple of 64. */
};

/**
 * Reads the channel configuration (docs/porting.md says from where). Must succeed before any other call except
 * NvSciIpcCheckVersionCompatibility(). PROPOSED (OpenNvSci decision): further calls succeed and are counted; each needs
 * its NvSciIpcDeinit().
 *
 * Thread-safe.
 *
 * @retval NvSciError_Success The configuration is loaded.
 * @retval NvSciError_NotPermitted Initialization failed. PROPOSED (OpenNvSci decision): the file that
 *         OPENNVSCI_IPC_CFG names is missing or cannot be read.
 * @retval NvSciError_InvalidState The library cannot be initialized now.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciIpcInit(void);

/**
 * Drops the configuration. All endpoints must be closed before. PROPOSED (OpenNvSci decision): endpoints that are still
 * open are closed by the last NvSciIpcDeinit(); a call without a matching NvSciIpcInit() is ignored.
 *
 * Thread-safe, provided that no other NvSciIpc call runs.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
void NvSciIpcDeinit(void);

/**
 * Opens an endpoint by its configured name. Does not connect: call NvSciIpcResetEndpointSafe() for that. An endpoint is
 * open at most once; it becomes free when it is closed or its owner dies. PROPOSED (OpenNvSci decision): once among the
 * processes that use one runtime folder, and for INTER_THREAD once in the process.
 *
 * Thread-safe.
 *
 * @param[in] endpoint Name, NUL-terminated, 1 ... 63 characters.
 * @param[out] handle The endpoint, to be closed by the caller. PROPOSED (OpenNvSci decision): 0 on failure.
 * @retval NvSciError_Success The endpoint is open and not connected.
 * @retval NvSciError_BadParameter endpoint or handle is NULL. PROPOSED (OpenNvSci decision): the name is empty or has
 *         more than 63 characters.
 * @retval NvSciError_NotInitialized NvSciIpcInit() has not succeeded.
 * @retval NvSciError_NoSuchEntry The configuration has no such endpoint.
 * @retval NvSciError_Busy The endpoint is open already, here or in another process.
 * @retval NvSciError_InsufficientMemory Out of memory.
 * @retval NvSciError_NotSupported The configured backend is not supported. PROPOSED (OpenNvSci decision): everything
 *         but INTER_THREAD and INTER_PROCESS.
 * @retval NvSciError_InvalidState The channel is in a state that does not allow opening.
 * @retval NvSciError_NotPermitted No privilege to use the channel.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciIpcOpenEndpoint(const char* endpoint, NvSciIpcEndpoint* handle);

/**
 * As NvSciIpcOpenEndpoint(), and links the endpoint to an event service, so that NvSciIpcGetEventNotifier() works.
 *
 * Thread-safe.
 *
 * @param[in] endpoint Name, NUL-terminated, 1 ... 63 characters.
 * @param[out] handle The endpoint, to be closed by the caller. PROPOSED (OpenNvSci decision): 0 on failure.
 * @param[in] eventService The service; stays owned by the caller and must outlive the endpoint.
 * @retval NvSciError_Success The endpoint is open and not connected.
 * @retval NvSciError_BadParameter An argument is NULL or eventService is not a live service. PROPOSED (OpenNvSci
 *         decision): the name is empty or has more than 63 characters.
 * @retval NvSciError_NotInitialized NvSciIpcInit() has not succeeded.
 * @retval NvSciError_NoSuchEntry The configuration has no such endpoint.
 * @retval NvSciError_Busy The endpoint is open already, here or in another process.
 * @retval NvSciError_InsufficientMemory Out of memory.
 * @retval NvSciError_NotSupported The configured backend is not supported.
 * @retval NvSciError_InvalidState The channel is in a state that does not allow opening.
 * @retval NvSciError_NotPermitted No privilege to use the channel.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciIpcOpenEndpointWithEventService(const char* endpoint, NvSciIpcEndpoint* handle,
                                                NvSciEventService* eventService);

/**
 * Makes the notifier of an endpoint, for the wait calls of its event service. After a wait call NvSciIpcGetEventSafe().
 *
 * Thread-safe.
 *
 * @param[in] handle Endpoint opened with NvSciIpcOpenEndpointWithEventService().
 * @param[out] eventNotifier The notifier. The caller owns it and deletes it before closing the endpoint.
 * @retval NvSciError_Success The notifier exists.
 * @retval NvSciError_NotInitialized NvSciIpcInit() has not succeeded.
 * @retval NvSciError_BadParameter handle is not an open endpoint, or eventNotifier is NULL.
 * @retval NvSciError_NotSupported The backend has no notifications.
 * @retval NvSciError_InvalidState PROPOSED (OpenNvSci decision): the endpoint was opened without an event service, or
 *         its notifier exists already.
 * @retval NvSciError_InsufficientMemory Out of memory.
 * @retval NvSciError_ResourceError The operating system failed, or a descriptor limit was reached.
 * @retval NvSciError_NotPermitted No privilege to receive notifications.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciIpcGetEventNotifier(NvSciIpcEndpoint handle, NvSciEventNotifier** eventNotifier);

/**
 * Closes an endpoint, as NvSciIpcCloseEndpointSafe() but without a result.
 *
 * Thread-safe, provided that nobody else uses the handle.
 *
 * @param[in] handle The endpoint; invalid afterwards. 0 is ignored.
 *
 * Source: DRIVE OS 6.0.10 API reference; garbage handles and 0: PROPOSED (OpenNvSci decision).
 */
void NvSciIpcCloseEndpoint(NvSciIpcEndpoint handle);

/**
 * Closes an endpoint. Frames that were written stay readable for the peer, which gets no event. The notifier of the
 * endpoint must have been deleted before.
 *
 * Thread-safe, provided that nobody else uses the handle.
 *
 * @param[in] handle The endpoint; invalid afterwards.
 * @param[in] clear Reserved: any value, no effect.
 * @retval NvSciError_Success The endpoint is closed.
 * @retval NvSciError_BadParameter handle is 0 or not an open endpoint.
 * @retval NvSciError_NotInitialized NvSciIpcInit() has not succeeded.
 * @retval NvSciError_NotPermitted The endpoint cannot be closed now.
 *
 * Source: DRIVE OS 6.0.10 API reference; that written frames survive: NVIDIA sample programs.
 */
NvSciError NvSciIpcCloseEndpointSafe(NvSciIpcEndpoint handle, bool clear);

/**
 * Resets an endpoint, as NvSciIpcResetEndpointSafe() but without a result.
 *
 * Thread-safe.
 *
 * @param[in] handle The endpoint.
 *
 * Source: DRIVE OS 6.0.10 API reference; garbage handles: PROPOSED (OpenNvSci decision).
 */
void NvSciIpcResetEndpoint(NvSciIpcEndpoint handle);

/**
 * Starts, or restarts, the connection: throws away both queues and tells the peer. Returns at once; the connection is
 * established by NvSciIpcGetEventSafe() calls of both sides after both have called reset. May be called once more at
 * shutdown; then no event call may follow.
 *
 * Thread-safe.
 *
 * @param[in] handle The endpoint.
 * @retval NvSciError_Success The handshake has begun.
 * @retval NvSciError_BadParameter handle is not an open endpoint.
 * @retval NvSciError_NotInitialized NvSciIpcInit() has not succeeded.
 * @retval NvSciError_InvalidState The channel is in a state that does not allow a reset.
 * @retval NvSciError_NotSupported The backend cannot be reset.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciIpcResetEndpointSafe(NvSciIpcEndpoint handle);

/**
 * Reads a message. As NvSciIpcReadSafe() with other types.
 *
 * Thread-safe.
 *
 * @param[in] handle The endpoint.
 * @param[out] buf Receives the message; size bytes.
 * @param[in] size Bytes to read, 1 ... frame_size.
 * @param[out] bytes Bytes read, always size on success.
 * @retval NvSciError_Success One frame was taken.
 * @retval NvSciError_BadParameter handle is not an open endpoint, or size is out of range. PROPOSED (OpenNvSci
 *         decision): buf or bytes is NULL.
 * @retval NvSciError_NotInitialized NvSciIpcInit() has not succeeded.
 * @retval NvSciError_InsufficientMemory The queue is empty.
 * @retval NvSciError_ConnectionReset Not connected.
 * @retval NvSciError_NotSupported The backend cannot read.
 * @retval NvSciError_InvalidState The channel is in a state that does not allow reading.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciIpcRead(NvSciIpcEndpoint handle, void* buf, size_t size, int32_t* bytes);

/**
 * Reads a message: copies the first size bytes of the next frame and releases the frame; the rest of it is lost. Tells
 * the peer if its queue had been full.
 *
 * Thread-safe.
 *
 * @param[in] handle The endpoint.
 * @param[out] buf Receives the message; size bytes.
 * @param[in] size Bytes to read, 1 ... frame_size (0 and more than frame_size: PROPOSED, OpenNvSci decision).
 * @param[out] bytes Bytes read, always size on success.
 * @retval NvSciError_Success One frame was taken.
 * @retval NvSciError_BadParameter handle is not an open endpoint, or size is out of range. PROPOSED (OpenNvSci
 *         decision): buf or bytes is NULL.
 * @retval NvSciError_NotInitialized NvSciIpcInit() has not succeeded.
 * @retval NvSciError_InsufficientMemory The queue is empty.
 * @retval NvSciError_ConnectionReset Not connected.
 * @retval NvSciError_NotSupported The backend cannot read.
 * @retval NvSciError_InvalidState The channel is in a state that does not allow reading.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciIpcReadSafe(NvSciIpcEndpoint handle, void* buf, uint32_t size, uint32_t* bytes);

/**
 * Points to the next frame to read, without taking it: zero-copy reading. The memory belongs to the channel, is
 * frame_size bytes long, must not be written, may change under a hostile peer, and is valid until
 * NvSciIpcReadAdvance().
 *
 * Thread-safe; zero-copy reads of one handle must not overlap.
 *
 * @param[in] handle The endpoint.
 * @param[out] buf Start of the frame.
 * @retval NvSciError_Success A frame is available.
 * @retval NvSciError_BadParameter handle is not an open endpoint. PROPOSED (OpenNvSci decision): buf is NULL.
 * @retval NvSciError_NotInitialized NvSciIpcInit() has not succeeded.
 * @retval NvSciError_InsufficientMemory The queue is empty.
 * @retval NvSciError_ConnectionReset Not connected.
 * @retval NvSciError_NotSupported The backend cannot read.
 * @retval NvSciError_InvalidState The channel is in a state that does not allow reading.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciIpcReadGetNextFrame(NvSciIpcEndpoint handle, const volatile void** buf);

/**
 * Releases the next frame to read and tells the peer if its queue had been full: ends a zero-copy read.
 *
 * Thread-safe; zero-copy reads of one handle must not overlap.
 *
 * @param[in] handle The endpoint.
 * @retval NvSciError_Success The frame was released.
 * @retval NvSciError_BadParameter handle is not an open endpoint.
 * @retval NvSciError_NotInitialized NvSciIpcInit() has not succeeded.
 * @retval NvSciError_InsufficientMemory The queue is empty.
 * @retval NvSciError_ConnectionReset Not connected.
 * @retval NvSciError_NotSupported The backend cannot read.
 * @retval NvSciError_InvalidState The channel is in a state that does not allow reading.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciIpcReadAdvance(NvSciIpcEndpoint handle);

/**
 * Writes a message. As NvSciIpcWriteSafe() with other types.
 *
 * Thread-safe.
 *
 * @param[in] handle The endpoint.
 * @param[in] buf The message; size bytes.
 * @param[in] size Bytes to write, 1 ... frame_size.
 * @param[out] bytes Bytes written, always size on success.
 * @retval NvSciError_Success One frame was sent.
 * @retval NvSciError_BadParameter handle is not an open endpoint, or size is out of range. PROPOSED (OpenNvSci
 *         decision): buf or bytes is NULL.
 * @retval NvSciError_NotInitialized NvSciIpcInit() has not succeeded.
 * @retval NvSciError_InsufficientMemory The queue is full.
 * @retval NvSciError_ConnectionReset Not connected.
 * @retval NvSciError_NotSupported The backend cannot write.
 * @retval NvSciError_InvalidState The channel is in a state that does not allow writing.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciIpcWrite(NvSciIpcEndpoint handle, const void* buf, size_t size, int32_t* bytes);

/**
 * Writes a message: copies size bytes into a free frame, fills the rest of the frame with zero and sends it. Tells the
 * peer if its queue had been empty.
 *
 * Thread-safe.
 *
 * @param[in] handle The endpoint.
 * @param[in] buf The message; size bytes.
 * @param[in] size Bytes to write, 1 ... frame_size (0 and more than frame_size: PROPOSED, OpenNvSci decision).
 * @param[out] bytes Bytes written, always size on success.
 * @retval NvSciError_Success One frame was sent.
 * @retval NvSciError_BadParameter handle is not an open endpoint, or size is out of range. PROPOSED (OpenNvSci
 *         decision): buf or bytes is NULL.
 * @retval NvSciError_NotInitialized NvSciIpcInit() has not succeeded.
 * @retval NvSciError_InsufficientMemory The queue is full.
 * @retval NvSciError_ConnectionReset Not connected.
 * @retval NvSciError_NotSupported The backend cannot write.
 * @retval NvSciError_InvalidState The channel is in a state that does not allow writing.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciIpcWriteSafe(NvSciIpcEndpoint handle, const void* buf, uint32_t size, uint32_t* bytes);

/**
 * Points to the next free frame, without sending it: zero-copy writing. The memory belongs to the channel, is
 * frame_size bytes long, must not be read, and is valid until NvSciIpcWriteAdvance().
 *
 * Thread-safe; zero-copy writes of one handle must not overlap.
 *
 * @param[in] handle The endpoint.
 * @param[out] buf Start of the frame.
 * @retval NvSciError_Success A frame is free.
 * @retval NvSciError_BadParameter handle is not an open endpoint. PROPOSED (OpenNvSci decision): buf is NULL.
 * @retval NvSciError_NotInitialized NvSciIpcInit() has not succeeded.
 * @retval NvSciError_InsufficientMemory The queue is full.
 * @retval NvSciError_ConnectionReset Not connected.
 * @retval NvSciError_NotSupported The backend cannot write.
 * @retval NvSciError_InvalidState The channel is in a state that does not allow writing.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciIpcWriteGetNextFrame(NvSciIpcEndpoint handle, volatile void** buf);

/**
 * Sends the next free frame and tells the peer if its queue had been empty: ends a zero-copy write. The caller has
 * filled the whole frame.
 *
 * Thread-safe; zero-copy writes of one handle must not overlap.
 *
 * @param[in] handle The endpoint.
 * @retval NvSciError_Success The frame was sent.
 * @retval NvSciError_BadParameter handle is not an open endpoint.
 * @retval NvSciError_NotInitialized NvSciIpcInit() has not succeeded.
 * @retval NvSciError_InsufficientMemory The queue is full.
 * @retval NvSciError_ConnectionReset Not connected.
 * @retval NvSciError_NotSupported The backend cannot write.
 * @retval NvSciError_InvalidState The channel is in a state that does not allow writing.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciIpcWriteAdvance(NvSciIpcEndpoint handle);

/**
 * Tells the shape of the channel. Works as soon as the endpoint is open.
 *
 * Thread-safe.
 *
 * @param[in] handle The endpoint.
 * @param[out] info Frames per queue and bytes per frame.
 * @retval NvSciError_Success info was written.
 * @retval NvSciError_NotInitialized NvSciIpcInit() has not succeeded.
 * @retval NvSciError_BadParameter handle is not an open endpoint, or info is NULL.
 * @retval NvSciError_NotSupported The backend has no such information.
 * @retval NvSciError_InvalidState The channel is in a state that does not allow asking.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciIpcGetEndpointInfo(NvSciIpcEndpoint handle, NvSciIpcEndpointInfo* info);

#ifndef __QNX__
/**
 * Gives a descriptor that becomes readable when something may have changed, for select, poll or epoll. The program
 * never reads, drains or closes it: NvSciIpcGetEventSafe() consumes the readiness. Spurious readiness is allowed. It
 * works before the peer has opened its side.
 *
 * Thread-safe.
 *
 * @param[in] handle The endpoint.
 * @param[out] fd The descriptor; belongs to the library and is valid until the endpoint is closed.
 * @retval NvSciError_Success fd was written.
 * @retval NvSciError_NotInitialized NvSciIpcInit() has not succeeded.
 * @retval NvSciError_BadParameter handle is not an open endpoint, or fd is NULL.
 * @retval NvSciError_NotSupported The backend has no descriptor.
 *
 * Source: DRIVE OS 6.0.10 API reference; what consumes the readiness: NVIDIA sample programs.
 */
NvSciError NvSciIpcGetLinuxEventFd(NvSciIpcEndpoint handle, int32_t* fd);
#endif

/**
 * Tells the events of an endpoint. As NvSciIpcGetEventSafe().
 *
 * Thread-safe.
 *
 * @param[in] handle The endpoint.
 * @param[out] events NV_SCI_IPC_EVENT_* bits; 0 means nothing new.
 * @retval NvSciError_Success events was written.
 * @retval NvSciError_NotInitialized NvSciIpcInit() has not succeeded.
 * @retval NvSciError_BadParameter handle is not an open endpoint, or events is NULL.
 * @retval NvSciError_InvalidState The channel is in a state that does not allow asking.
 * @retval NvSciError_NotSupported The backend has no events.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciIpcGetEvent(NvSciIpcEndpoint handle, uint32_t* events);

/**
 * Drives the connection handshake and tells the events of an endpoint. CONN_EST and CONN_RESET are reported once; READ,
 * WRITE and WRITE_EMPTY by every call while they hold and the endpoint is connected. 0 is a normal answer.
 *
 * Thread-safe.
 *
 * @param[in] handle The endpoint.
 * @param[out] events NV_SCI_IPC_EVENT_* bits; 0 means nothing new.
 * @retval NvSciError_Success events was written.
 * @retval NvSciError_NotInitialized NvSciIpcInit() has not succeeded.
 * @retval NvSciError_BadParameter handle is not an open endpoint, or events is NULL.
 * @retval NvSciError_InvalidState The channel is in a state that does not allow asking.
 * @retval NvSciError_NotSupported The backend has no events.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciIpcGetEventSafe(NvSciIpcEndpoint handle, uint32_t* events);

/**
 * Tells the asynchronous errors of a chip-to-chip link since the last call.
 *
 * Thread-safe.
 *
 * @param[in] handle The endpoint.
 * @param[out] errors NV_SCI_ASYNC_* bits.
 * @retval NvSciError_Success errors was written.
 * @retval NvSciError_BadParameter handle is not an open endpoint, or errors is NULL.
 * @retval NvSciError_NotInitialized NvSciIpcInit() has not succeeded.
 * @retval NvSciError_InvalidState The link is in a state that does not allow asking.
 * @retval NvSciError_NotSupported The endpoint is not one of a chip-to-chip link. PROPOSED (OpenNvSci decision): no
 *         endpoint is.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciIpcGetAsyncErrors(NvSciIpcEndpoint handle, uint32_t* errors);

/**
 * Switches the notifications that this side sends to its peer. Without them the peer has to poll; queues and
 * NvSciIpcGetEventSafe() work as before. On after opening.
 *
 * Thread-safe.
 *
 * @param[in] handle The endpoint.
 * @param[in] flag true to send notifications, false for polling.
 * @retval NvSciError_Success Done.
 * @retval NvSciError_NotInitialized NvSciIpcInit() has not succeeded.
 * @retval NvSciError_BadParameter handle is not an open endpoint.
 * @retval NvSciError_NotSupported The backend is neither INTER_THREAD, INTER_PROCESS nor INTER_VM.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciIpcEnableNotification(NvSciIpcEndpoint handle, bool flag);

/**
 * Tells whether the library fits a program compiled against the given version: the major versions are equal and
 * minorVer is not greater than the library's. Works before NvSciIpcInit().
 *
 * Thread-safe.
 *
 * @param[in] majorVer NvSciIpcMajorVersion of the program.
 * @param[in] minorVer NvSciIpcMinorVersion of the program.
 * @param[out] isCompatible true if the library fits. false is not an error.
 * @retval NvSciError_Success isCompatible was written.
 * @retval NvSciError_BadParameter isCompatible is NULL.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciIpcCheckVersionCompatibility(uint32_t majorVer, uint32_t minorVer, bool* isCompatible);

/** @} */

#if defined(__cplusplus)
}
#endif

#endif /* INCLUDED_NVSCIIPC_H */
