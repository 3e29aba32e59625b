// SPDX-License-Identifier: Apache-2.0
//
// A program for DRIVE OS or Jetson: it includes one header and uses what that header brings along, as programs there
// do.
#include <nvscibuf.h>

int main() {
    bool is_compatible = false;
    uint32_t major = NvSciBufMajorVersion;
    void* memory = malloc(sizeof(NvSciBufAttrKeyValuePair));
    if (memory == NULL) return 1;
    memset(memory, 0, sizeof(NvSciBufAttrKeyValuePair));
    free(memory);
    NvSciIpcEndpoint endpoint = 0;
    if (NvSciBufCheckVersionCompatibility(major, NvSciBufMinorVersion, &is_compatible) != NvSciError_Success) return 2;
    return is_compatible && endpoint == 0 ? 0 : 3;
}
