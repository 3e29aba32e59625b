// SPDX-License-Identifier: Apache-2.0
#include "softcuda/current.h"

#include <unistd.h>

#include <map>
#include <utility>
#include <vector>

namespace opennvsci::softcuda {
namespace {

struct ThreadState {
    std::vector<std::shared_ptr<Context>> contexts;
    std::map<ContextId, std::shared_ptr<Stream>> default_streams;

    ThreadState() = default;
    ThreadState(const ThreadState&) = delete;
    ThreadState& operator=(const ThreadState&) = delete;
    ~ThreadState() {
        for (const auto& [context, stream] : default_streams)
            stream->close();
    }
};

// A plain pointer, so that it can be used after the thread's destructors have run.
thread_local ThreadState* thread_state = nullptr;

struct ThreadEnd {
    ~ThreadEnd() {
        const bool main_thread = gettid() == getpid();
        if (!main_thread) delete std::exchange(thread_state, nullptr);
    }
};

ThreadState& state() {
    if (thread_state == nullptr) {
        thread_state = new ThreadState;
        static thread_local ThreadEnd at_end;
        (void)at_end;
    }
    return *thread_state;
}

std::shared_ptr<Stream> per_thread_stream(const Context& context) {
    auto& streams = state().default_streams;
    if (const auto found = streams.find(context.id()); found != streams.end()) return found->second;
    std::erase_if(streams, [](const auto& entry) {
        const bool stale = entry.second->group()->closed();
        if (stale) entry.second->close();
        return stale;
    });
    auto stream = Stream::make(context.streams(), StreamKind::blocking);
    streams.emplace(context.id(), stream);
    return stream;
}

}  // namespace

std::shared_ptr<Context> top_context() {
    const auto& contexts = state().contexts;
    return contexts.empty() ? nullptr : contexts.back();
}

CUresult current_context(std::shared_ptr<Context>& context) {
    context = top_context();
    if (context == nullptr) return CUDA_ERROR_INVALID_CONTEXT;
    return context->destroyed() ? CUDA_ERROR_CONTEXT_IS_DESTROYED : CUDA_SUCCESS;
}

void replace_top_context(std::shared_ptr<Context> context) {
    auto& contexts = state().contexts;
    if (context == nullptr) {
        if (!contexts.empty()) contexts.pop_back();
    } else if (contexts.empty()) {
        contexts.push_back(std::move(context));
    } else {
        contexts.back() = std::move(context);
    }
}

void push_context(std::shared_ptr<Context> context) {
    state().contexts.push_back(std::move(context));
}

std::shared_ptr<Context> pop_context() {
    auto& contexts = state().contexts;
    if (contexts.empty()) return nullptr;
    std::shared_ptr<Context> top = std::move(contexts.back());
    contexts.pop_back();
    return top;
}

CUresult find_stream(CUstream handle, std::shared_ptr<Stream>& stream) {
    constexpr HandleValue kLegacy = 1;
    constexpr HandleValue kPerThread = 2;
    const HandleValue value = from_opaque(handle);
    if (value > kPerThread) {
        stream = stream_handles().find(value);
        return stream != nullptr ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
    }
    std::shared_ptr<Context> context;
    if (const CUresult result = current_context(context); result != CUDA_SUCCESS) return result;
    stream = value <= kLegacy ? context->legacy_stream() : per_thread_stream(*context);
    return CUDA_SUCCESS;
}

}  // namespace opennvsci::softcuda
