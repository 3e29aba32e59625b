/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program for DRIVE OS in plain C that is linked with every NvSci library: the versions of all, and a message between
 * the two endpoints of a channel of one process, waited for with an event service.
 */
#include <nvscibuf.h>
#include <nvscievent.h>
#include <nvsciipc.h>
#include <nvscisync.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* By which a program for several systems knows where it is. */
#if !defined(OPENNVSCI_VERSION) || !OPENNVSCI_VERSION_AT_LEAST(0, 1, 0) || OPENNVSCI_VERSION_AT_LEAST(1, 0, 0)
#error "this is not OpenNvSci 0.1 or a later 0"
#endif

#define CHECK(call)                                                                    \
    do {                                                                               \
        const NvSciError error = (call);                                               \
        if (error != NvSciError_Success) {                                             \
            fprintf(stderr, "line %d: %s gave 0x%x\n", __LINE__, #call, (int)(error)); \
            exit(1);                                                                   \
        }                                                                              \
    } while (0)

#define CHECK_VERSION(library)                                                                                     \
    do {                                                                                                           \
        bool is_compatible = false;                                                                                \
        CHECK(library##CheckVersionCompatibility(library##MajorVersion, library##MinorVersion, &is_compatible));   \
        if (!is_compatible) {                                                                                      \
            fprintf(stderr, "%s %u.%u: not compatible\n", #library, library##MajorVersion, library##MinorVersion); \
            exit(1);                                                                                               \
        }                                                                                                          \
    } while (0)

struct side {
    NvSciIpcEndpoint endpoint;
    NvSciEventNotifier* notifier;
};

static struct side open_side(const char* name, NvSciEventLoopService* loop) {
    struct side side;
    CHECK(NvSciIpcOpenEndpointWithEventService(name, &side.endpoint, &loop->EventService));
    CHECK(NvSciIpcGetEventNotifier(side.endpoint, &side.notifier));
    CHECK(NvSciIpcResetEndpointSafe(side.endpoint));
    return side;
}

static void close_side(struct side* side) {
    side->notifier->Delete(side->notifier);
    CHECK(NvSciIpcCloseEndpointSafe(side->endpoint, false));
}

/* Until `wanted` shows at `side`; the other side is asked too, because it is what moves the handshake on. */
static void until(NvSciEventLoopService* loop, struct side* side, const struct side* other, uint32_t wanted) {
    for (;;) {
        uint32_t events = 0;
        CHECK(NvSciIpcGetEventSafe(other->endpoint, &events));
        CHECK(NvSciIpcGetEventSafe(side->endpoint, &events));
        if ((events & wanted) != 0) return;
        NvSciError error = loop->WaitForEvent(side->notifier, 10000);
        if (error != NvSciError_Timeout) CHECK(error);
    }
}

int main(void) {
    CHECK_VERSION(NvSciBuf);
    CHECK_VERSION(NvSciSync);
    CHECK_VERSION(NvSciIpc);
    CHECK_VERSION(NvSciEvent);

    NvSciEventLoopService* loop = NULL;
    CHECK(NvSciEventLoopServiceCreateSafe(1, NULL, &loop));
    CHECK(NvSciIpcInit());
    struct side writer = open_side("itc_test_0", loop);
    struct side reader = open_side("itc_test_1", loop);
    until(loop, &writer, &reader, NV_SCI_IPC_EVENT_WRITE);

    char message[64] = "from one endpoint to the other";
    char received[64] = "";
    uint32_t bytes = 0;
    CHECK(NvSciIpcWriteSafe(writer.endpoint, message, sizeof(message), &bytes));
    until(loop, &reader, &writer, NV_SCI_IPC_EVENT_READ);
    CHECK(NvSciIpcReadSafe(reader.endpoint, received, sizeof(received), &bytes));
    if (bytes != sizeof(received) || strcmp(message, received) != 0) return 2;

    close_side(&writer);
    close_side(&reader);
    NvSciIpcDeinit();
    loop->EventService.Delete(&loop->EventService);
    puts(received);
    return 0;
}
