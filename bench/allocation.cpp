// SPDX-License-Identifier: Apache-2.0
//
// Allocation, beside the shortest calls that do the same: of video memory, cleared, by one thread and by eight, and by
// a process that does it for the first time; of system memory, until a GPU can use it, and how fast a CPU reaches it
// then; and of many small buffers, with what each of them takes.
#include "allocation.h"

#include <benchmark/benchmark.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <string>
#include <thread>

#include "base/available_memory.h"
#include "fixture.h"
#include "raw_video_memory.h"
#include "turns.h"

namespace opennvsci::bench {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

constexpr std::size_t kKilobyte = 1U << 10;
constexpr std::size_t kMegabyte = 1U << 20;
constexpr std::size_t kGigabyte = 1U << 30;
constexpr std::size_t kPage = 4096;

template <class Body>
std::chrono::nanoseconds time_of(Body&& body) {
    const auto start = Clock::now();
    body();
    return Clock::now() - start;
}

/// Buffers as NvSciBuf allocates them.
class OurBuffers {
  public:
    using Buffer = NvSciBufObj;
    OurBuffers(std::size_t size, bool cpu, bool compressible) : list_(reconciled_list(size, cpu, compressible)) {}
    OurBuffers(const OurBuffers&) = delete;
    OurBuffers& operator=(const OurBuffers&) = delete;
    ~OurBuffers() { NvSciBufAttrListFree(list_); }

    [[nodiscard]] Buffer make() const {
        NvSciBufObj object = nullptr;
        BENCH_CHECK(NvSciBufObjAlloc(list_, &object));
        return object;
    }
    void free(Buffer buffer) const { NvSciBufObjFree(buffer); }

  private:
    NvSciBufAttrList list_;
};

/// The time to make `count` buffers; they are freed after that.
template <class Buffers>
std::chrono::nanoseconds time_of_making(const Buffers& buffers, int count) {
    std::vector<decltype(buffers.make())> made(static_cast<std::size_t>(count));
    const auto took = time_of([&] {
        for (auto& buffer : made)
            buffer = buffers.make();
    });
    for (auto buffer : made)
        buffers.free(buffer);
    return took;
}

/// The same by several threads, each with the primary context; the time in which all of them were done.
template <class Buffers>
std::chrono::nanoseconds time_of_making(const Buffers& buffers, int count, int threads) {
    std::vector<std::thread> running;
    std::atomic<int> ready{0};
    std::vector<std::chrono::nanoseconds> took(static_cast<std::size_t>(threads));
    for (auto& each : took) {
        running.emplace_back([&] {
            use_primary_context();
            ++ready;
            while (ready < threads)
                std::this_thread::yield();
            each = time_of_making(buffers, count);
            BENCH_CHECK(loaded_driver().call.cuDevicePrimaryCtxRelease(loaded_driver().devices.front().handle));
        });
    }
    for (std::thread& thread : running)
        thread.join();
    return *std::max_element(took.begin(), took.end());
}

/// The time to make and free so many, one after the other.
template <class Buffers>
std::chrono::nanoseconds time_of_lives(const Buffers& buffers, int count) {
    return time_of([&] {
        for (int i = 0; i < count; ++i)
            buffers.free(buffers.make());
    });
}

void video(benchmark::State& state, std::size_t size, bool compressible) {
    const int count = size < kGigabyte ? 16 : 4;
    const OurBuffers ours(size, false, compressible);
    const RawVideoMemory raw(size, compressible);
    take_turns(state, count,
               {{"ours", [&] { return time_of_making(ours, count); }},
                {"raw", [&] { return time_of_making(raw, count); }},
                {"ours_and_free", [&] { return time_of_lives(ours, count); }},
                {"raw_and_free", [&] { return time_of_lives(raw, count); }}});
}

void video_by_threads(benchmark::State& state, std::size_t size) {
    constexpr int kThreads = 8;
    const int count = size < kGigabyte ? 32 : 4;
    const OurBuffers ours(size, false, false);
    const RawVideoMemory raw(size, false);
    take_turns(state, count * kThreads,
               {{"ours", [&] { return time_of_making(ours, count, kThreads); }},
                {"raw", [&] { return time_of_making(raw, count, kThreads); }}});
}

/// Runs this program once more for what a process pays once: the time of its first allocation, and of its second.
std::chrono::nanoseconds time_of_a_process(const char* side, std::chrono::nanoseconds& second) {
    char path[4096] = {};
    if (::readlink("/proc/self/exe", path, sizeof(path) - 1) < 0) std::abort();
    const std::string command = "'" + std::string(path) + "' " + std::string(kFirstAllocation) + " " + side;
    FILE* const output = ::popen(command.c_str(), "r");  // NOLINT(cert-env33-c): this very program
    long long nanoseconds[2] = {};
    if (output == nullptr || std::fscanf(output, "%lld %lld", &nanoseconds[0], &nanoseconds[1]) != 2) std::abort();
    ::pclose(output);
    second += std::chrono::nanoseconds(nanoseconds[1]);
    return std::chrono::nanoseconds(nanoseconds[0]);
}

void first_of_a_process(benchmark::State& state) {
    std::chrono::nanoseconds seconds[2] = {};
    take_turns(state, 1,
               {{"ours", [&] { return time_of_a_process("ours", seconds[0]); }},
                {"raw", [&] { return time_of_a_process("raw", seconds[1]); }}});
    const auto per_process = [&](std::chrono::nanoseconds sum) {
        return std::chrono::duration<double>(sum).count() / static_cast<double>(state.iterations());
    };
    state.counters["second_ours"] = per_process(seconds[0]);
    state.counters["second_raw"] = per_process(seconds[1]);
}

/// Plain memory of this process, as the system gives it.
class PlainMemory {
  public:
    explicit PlainMemory(std::size_t size)
        : size_(size), address_(::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
        if (address_ == MAP_FAILED) std::abort();
    }
    PlainMemory(const PlainMemory&) = delete;
    PlainMemory& operator=(const PlainMemory&) = delete;
    ~PlainMemory() { ::munmap(address_, size_); }

    void touch() const {
        for (std::size_t i = 0; i < size_; i += kPage)
            static_cast<volatile char*>(address_)[i] = 0;
    }
    [[nodiscard]] void* address() const { return address_; }

  private:
    const std::size_t size_;
    void* const address_;
};

// From nothing to a pointer that a GPU can use.
void first_import(benchmark::State& state, std::size_t size) {
    const auto& call = device_driver().call;
    const OurBuffers buffers(size, true, false);
    const auto ours = [&] {
        Imported imported;
        NvSciBufObj object = nullptr;
        const auto took = time_of([&] {
            object = buffers.make();
            imported = import_and_map(object, size);
        });
        release(imported);
        NvSciBufObjFree(object);
        return took;
    };
    const auto plain = [&] {
        std::optional<PlainMemory> memory;
        CUdeviceptr pointer = 0;
        const auto took = time_of([&] {
            memory.emplace(size);
            memory->touch();
            BENCH_CHECK(call.cuMemHostRegister(memory->address(), size, kMemHostRegisterDeviceMap));
            BENCH_CHECK(call.cuMemHostGetDevicePointer(&pointer, memory->address(), 0));
        });
        BENCH_CHECK(call.cuMemHostUnregister(memory->address()));
        return took;
    };
    take_turns(state, 1, {{"ours", ours}, {"raw", plain}});
}

/// Reads or writes 64 bytes at random places; the time of all.
template <bool kWrites>
std::chrono::nanoseconds visit(std::byte* memory, std::size_t size, int visits) {
    std::uint64_t random = 88172645463325252;
    std::uint64_t sum = 0;
    const auto took = time_of([&] {
        for (int i = 0; i < visits; ++i) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            auto* const line = reinterpret_cast<std::uint64_t*>(memory + random % (size / 64) * 64);
            for (int word = 0; word < 8; ++word) {
                if constexpr (kWrites) {
                    line[word] = random;
                } else {
                    sum += line[word];
                }
            }
        }
    });
    benchmark::DoNotOptimize(sum);
    return took;
}

template <bool kWrites>
void random_lines(benchmark::State& state) {
    constexpr std::size_t kSize = kGigabyte;
    constexpr int kVisits = 1'000'000;
    NvSciBufObj object = bench::object(kSize, true);
    void* ours = nullptr;
    BENCH_CHECK(NvSciBufObjGetCpuPtr(object, &ours));
    std::memset(ours, 1, kSize);
    const PlainMemory plain(kSize);
    BENCH_CHECK(::madvise(plain.address(), kSize, MADV_NOHUGEPAGE));
    std::memset(plain.address(), 1, kSize);
    take_turns(state, kVisits,
               {{"ours", [&] { return visit<kWrites>(static_cast<std::byte*>(ours), kSize, kVisits); }},
                {"raw", [&] { return visit<kWrites>(static_cast<std::byte*>(plain.address()), kSize, kVisits); }}});
    NvSciBufObjFree(object);
}

/// Memory files of small buffers, by the system's calls.
class RawFiles {
  public:
    struct Buffer {
        int file;
        void* address;
    };
    [[nodiscard]] Buffer make() const {
        const int file = ::memfd_create("bench", MFD_CLOEXEC);
        if (file < 0 || ::ftruncate(file, kPage) != 0) std::abort();
        return {file, ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)};
    }
    void free(const Buffer& buffer) const {
        ::munmap(buffer.address, kPage);
        ::close(buffer.file);
    }
    static void write(const Buffer& buffer) { *static_cast<char*>(buffer.address) = 1; }
};

/// Bytes of the device that are in use.
double used_video_memory() {
    std::size_t free = 0;
    std::size_t total = 0;
    BENCH_CHECK(device_driver().call.cuMemGetInfo(&free, &total));
    return static_cast<double>(total - free);
}

/// Bytes of the machine that are in use, the kernel's own for this process among them; but for a constant.
double used_system_memory() {
    return -static_cast<double>(available_memory());
}

/// Bytes of the heap of this process that are in use.
double used_heap() {
    const auto heap = ::mallinfo2();
    return static_cast<double>(heap.uordblks + heap.hblkhd);
}

/// What one of many buffers takes.
struct Taken {
    double bytes = 0;  // of the device, or of the machine
    double heap = 0;
};

/// Makes many buffers, each with a byte written.
template <class Buffers, class Write>
std::chrono::nanoseconds make_many(const Buffers& buffers, int count, double (*used)(), Taken& taken, Write&& write) {
    std::vector<decltype(buffers.make())> made(static_cast<std::size_t>(count));
    ::malloc_trim(0);
    const Taken before{used(), used_heap()};
    const auto took = time_of([&] {
        for (auto& buffer : made) {
            buffer = buffers.make();
            write(buffer);
        }
    });
    taken = {(used() - before.bytes) / count, (used_heap() - before.heap) / count};
    for (auto buffer : made)
        buffers.free(buffer);
    return took;
}

void report(benchmark::State& state, const Taken (&taken)[2]) {
    state.counters["bytes_ours"] = taken[0].bytes;
    state.counters["bytes_raw"] = taken[1].bytes;
    state.counters["heap_ours"] = taken[0].heap;
}

void many_in_video_memory(benchmark::State& state, int count) {
    const OurBuffers ours(kPage, false, false);
    const RawVideoMemory raw(kPage, false);
    Taken taken[2];
    const auto nothing = [](auto) {};
    take_turns(state, count,
               {{"ours", [&] { return make_many(ours, count, used_video_memory, taken[0], nothing); }},
                {"raw", [&] { return make_many(raw, count, used_video_memory, taken[1], nothing); }}});
    report(state, taken);
}

void many_in_system_memory(benchmark::State& state, int count) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < static_cast<rlim_t>(count) + 100) {
        state.SkipWithError(
            "each buffer holds a file descriptor, and the hard limit (ulimit -Hn) is below their number");
        return;
    }
    const OurBuffers ours(kPage, true, false);
    const RawFiles raw;
    Taken taken[2];
    const auto write = [](NvSciBufObj object) {
        void* address = nullptr;
        BENCH_CHECK(NvSciBufObjGetCpuPtr(object, &address));
        *static_cast<char*>(address) = 1;
    };
    take_turns(state, count,
               {{"ours", [&] { return make_many(ours, count, used_system_memory, taken[0], write); }},
                {"raw", [&] { return make_many(raw, count, used_system_memory, taken[1], RawFiles::write); }}});
    report(state, taken);
}

}  // namespace

void name_allocation_benchmarks(bool is_whole) {
    const auto named = [](const std::string& name, auto body) {
        return benchmark::RegisterBenchmark(name.c_str(), body)->UseManualTime();
    };
    struct Size {
        const char* name;
        std::size_t bytes;
    };
    std::vector<Size> in_video{{"64K", 64 * kKilobyte}, {"8M", 8 * kMegabyte}};
    std::vector<Size> in_system{{"2M", 2 * kMegabyte}, {"8M", 8 * kMegabyte}};
    if (is_whole) {
        in_video.push_back({"1G", kGigabyte});
        in_system.push_back({"1080p", std::size_t{1920} * 1080 * 4});
        in_system.push_back({"64M", 64 * kMegabyte});
    }
    for (const Size& size : in_video) {
        const auto ending = std::string("/") + size.name;
        named("allocate_video" + ending, [size](auto& state) { video(state, size.bytes, false); });
        named("allocate_compressible" + ending, [size](auto& state) { video(state, size.bytes, true); });
        named("allocate_video_8_threads" + ending, [size](auto& state) { video_by_threads(state, size.bytes); });
    }
    for (const Size& size : in_system)
        named(std::string("first_import/") + size.name, [size](auto& state) { first_import(state, size.bytes); });
    named("first_of_a_process", first_of_a_process)->Iterations(1);
    const int many = is_whole ? 10'000 : 100;
    named("many_small/video", [many](auto& state) { many_in_video_memory(state, many); })->Iterations(1);
    named("many_small/system", [many](auto& state) { many_in_system_memory(state, many); })->Iterations(1);
    if (!is_whole) return;
    named("random_lines/read", random_lines<false>)->Iterations(1);
    named("random_lines/write", random_lines<true>)->Iterations(1);
}

}  // namespace opennvsci::bench
