// SPDX-License-Identifier: Apache-2.0
//
// Two participants that cannot agree, and the explanation of the failure, from a program that links
// OpenNvSci::nvscibuf.
#include <nvscibuf.h>
#include <opennvsci.h>

#include <iostream>
#include <string>
#include <string_view>

static_assert(std::string_view(PACKAGE_VERSION) == OPENNVSCI_VERSION_STRING, "the header is of another version");

int main() {
    NvSciBufModule module = nullptr;
    if (NvSciBufModuleOpen(&module) != NvSciError_Success) return 1;

    NvSciBufAttrList lists[2] = {};
    const char* const names[2] = {"camera", "display"};
    for (int i = 0; i < 2; ++i) {
        const NvSciBufType type = NvSciBufType_RawBuffer;
        const uint64_t size = 4096U << i;
        NvSciBufAttrKeyValuePair pairs[] = {{NvSciBufGeneralAttrKey_Types, &type, sizeof(type)},
                                            {NvSciBufRawBufferAttrKey_Size, &size, sizeof(size)}};
        if (NvSciBufAttrListCreate(module, &lists[i]) != NvSciError_Success) return 2;
        if (NvSciBufAttrListSetAttrs(lists[i], pairs, 2) != NvSciError_Success) return 3;
        if (opennvsciBufAttrListSetName(lists[i], names[i]) != NvSciError_Success) return 4;
    }

    NvSciBufAttrList reconciled = nullptr;
    NvSciBufAttrList conflicts = nullptr;
    if (NvSciBufAttrListReconcile(lists, 2, &reconciled, &conflicts) != NvSciError_ReconciliationFailed) return 5;
    const std::string text = opennvsciGetLastErrorText();
    std::cout << text << '\n';
    for (const char* word : {"camera", "display", "4096", "8192", "NvSciBufRawBufferAttrKey_Size"}) {
        if (text.find(word) == std::string::npos) return 6;
    }

    NvSciBufAttrListFree(conflicts);
    for (NvSciBufAttrList list : lists)
        NvSciBufAttrListFree(list);
    NvSciBufModuleClose(module);
    return 0;
}
