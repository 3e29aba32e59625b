// SPDX-License-Identifier: Apache-2.0
//
// The calls that give external semaphores to a node of a graph: refused if one of them is ours (entries.h says why).
#include "api/call.h"
#include "interpose/semaphores.h"

namespace opennvsci::interpose {
namespace {

template <class Parameters>
bool is_ours(const Parameters* node) noexcept {
    return node != nullptr && is_any_ours(node->extSemArray, node->numExtSems);
}

bool is_ours(const CUgraphNodeParams* node) noexcept {
    if (node == nullptr) return false;
    if (node->type == CU_GRAPH_NODE_TYPE_EXT_SEMAS_SIGNAL) return is_ours(&node->extSemSignal);
    return node->type == CU_GRAPH_NODE_TYPE_EXT_SEMAS_WAIT && is_ours(&node->extSemWait);
}

CUresult refuse(std::string_view function) noexcept {
    return api::cuda_call(function, [] {
        return Result<>(
            fail(NvSciError_NotSupported,
                 "a graph cannot hold an NvSciSync semaphore, because every launch would need a fence of its "
                 "own; wait before the graph is launched and signal after it, in the stream of the launch",
                 CUDA_ERROR_NOT_SUPPORTED));
    });
}

}  // namespace

CUresult cuGraphAddExternalSemaphoresSignalNode(CUgraphNode* phGraphNode, CUgraph hGraph,
                                                const CUgraphNode* dependencies, std::size_t numDependencies,
                                                const CUDA_EXT_SEM_SIGNAL_NODE_PARAMS* nodeParams) {
    if (is_ours(nodeParams)) return refuse(__func__);
    return OPENNVSCI_FORWARD(cuGraphAddExternalSemaphoresSignalNode, phGraphNode, hGraph, dependencies, numDependencies,
                             nodeParams);
}

CUresult cuGraphExternalSemaphoresSignalNodeSetParams(CUgraphNode hNode,
                                                      const CUDA_EXT_SEM_SIGNAL_NODE_PARAMS* nodeParams) {
    if (is_ours(nodeParams)) return refuse(__func__);
    return OPENNVSCI_FORWARD(cuGraphExternalSemaphoresSignalNodeSetParams, hNode, nodeParams);
}

CUresult cuGraphExecExternalSemaphoresSignalNodeSetParams(CUgraphExec hGraphExec, CUgraphNode hNode,
                                                          const CUDA_EXT_SEM_SIGNAL_NODE_PARAMS* nodeParams) {
    if (is_ours(nodeParams)) return refuse(__func__);
    return OPENNVSCI_FORWARD(cuGraphExecExternalSemaphoresSignalNodeSetParams, hGraphExec, hNode, nodeParams);
}

CUresult cuGraphAddExternalSemaphoresWaitNode(CUgraphNode* phGraphNode, CUgraph hGraph, const CUgraphNode* dependencies,
                                              std::size_t numDependencies,
                                              const CUDA_EXT_SEM_WAIT_NODE_PARAMS* nodeParams) {
    if (is_ours(nodeParams)) return refuse(__func__);
    return OPENNVSCI_FORWARD(cuGraphAddExternalSemaphoresWaitNode, phGraphNode, hGraph, dependencies, numDependencies,
                             nodeParams);
}

CUresult cuGraphExternalSemaphoresWaitNodeSetParams(CUgraphNode hNode,
                                                    const CUDA_EXT_SEM_WAIT_NODE_PARAMS* nodeParams) {
    if (is_ours(nodeParams)) return refuse(__func__);
    return OPENNVSCI_FORWARD(cuGraphExternalSemaphoresWaitNodeSetParams, hNode, nodeParams);
}

CUresult cuGraphExecExternalSemaphoresWaitNodeSetParams(CUgraphExec hGraphExec, CUgraphNode hNode,
                                                        const CUDA_EXT_SEM_WAIT_NODE_PARAMS* nodeParams) {
    if (is_ours(nodeParams)) return refuse(__func__);
    return OPENNVSCI_FORWARD(cuGraphExecExternalSemaphoresWaitNodeSetParams, hGraphExec, hNode, nodeParams);
}

CUresult cuGraphAddNode(CUgraphNode* phGraphNode, CUgraph hGraph, const CUgraphNode* dependencies,
                        std::size_t numDependencies, CUgraphNodeParams* nodeParams) {
    if (is_ours(nodeParams)) return refuse(__func__);
    return OPENNVSCI_FORWARD(cuGraphAddNode, phGraphNode, hGraph, dependencies, numDependencies, nodeParams);
}

CUresult cuGraphAddNode_v2(CUgraphNode* phGraphNode, CUgraph hGraph, const CUgraphNode* dependencies,
                           const void* dependencyData, std::size_t numDependencies, CUgraphNodeParams* nodeParams) {
    if (is_ours(nodeParams)) return refuse(__func__);
    return OPENNVSCI_FORWARD(cuGraphAddNode_v2, phGraphNode, hGraph, dependencies, dependencyData, numDependencies,
                             nodeParams);
}

CUresult cuGraphNodeSetParams(CUgraphNode hNode, CUgraphNodeParams* nodeParams) {
    if (is_ours(nodeParams)) return refuse(__func__);
    return OPENNVSCI_FORWARD(cuGraphNodeSetParams, hNode, nodeParams);
}

CUresult cuGraphExecNodeSetParams(CUgraphExec hGraphExec, CUgraphNode hNode, CUgraphNodeParams* nodeParams) {
    if (is_ours(nodeParams)) return refuse(__func__);
    return OPENNVSCI_FORWARD(cuGraphExecNodeSetParams, hGraphExec, hNode, nodeParams);
}

}  // namespace opennvsci::interpose
