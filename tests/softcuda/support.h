// SPDX-License-Identifier: Apache-2.0
//
// What the tests of the software device share: its functions, a fixture with a current context that counts descriptors
// and memfd mappings around each test, a gate that holds a stream up, and processes to talk to.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <ostream>
#include <string>
#include <vector>

#include "base/cuda_entry_points.h"
#include "base/unique_fd.h"
#include "softcuda/entry_points.h"

namespace opennvsci::softcuda_test {

using namespace softcuda;  // CUDA's names, and those of the table

extern "C" {
#define OPENNVSCI_DECLARE(name, symbol, version, presence, parameters) CUresult symbol parameters;
OPENNVSCI_CUDA_ENTRY_POINTS(OPENNVSCI_DECLARE)
#undef OPENNVSCI_DECLARE
#define OPENNVSCI_DECLARE(name, symbol, version, parameters) CUresult symbol parameters;
OPENNVSCI_SOFTCUDA_ENTRY_POINTS(OPENNVSCI_DECLARE)
#undef OPENNVSCI_DECLARE
int opennvsciSoftCudaVersion();
}

inline constexpr std::size_t kMiB = std::size_t{1} << 20;
inline constexpr std::size_t kGranularity = 2 * kMiB;
inline constexpr std::size_t kDeviceMemory = 256 * kMiB;  // main() sets it, and two devices

#define EXPECT_OK(call) EXPECT_EQ(call, CUDA_SUCCESS)
#define ASSERT_OK(call) ASSERT_EQ(call, CUDA_SUCCESS)
#define EXPECT_INVALID(call) EXPECT_EQ(call, CUDA_ERROR_INVALID_VALUE)

struct Resources {
    int descriptors = 0;
    int memfd_mappings = 0;
    std::size_t free_memory = 0;  // of device 0
    bool operator==(const Resources&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Resources& resources);
Resources count_resources();

/// A context of device 0 is current; the test must leave no descriptor, mapping or device memory behind.
class SoftCuda : public testing::Test {
  protected:
    void SetUp() override;
    void TearDown() override;

    CUcontext context_ = nullptr;

  private:
    Resources before_;
};

/// A host function that waits until the test opens the gate.
class Gate {
  public:
    ~Gate() { open(); }
    void hold(CUstream stream);
    void open();

  private:
    static void wait(void* gate);
    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = false;
    int waiting_ = 0;
};

/// Runs `function` on the stream.
void on_stream(CUstream stream, std::function<void()> function);

CUstream make_stream(unsigned flags = CU_STREAM_DEFAULT);
CUevent make_event(unsigned flags = CU_EVENT_DISABLE_TIMING);

CUmemAllocationProp device_memory(int device = 0, bool shared = true);
CUmemAllocationProp host_numa_memory();

/// A mapped allocation, released by the destructor.
class Mapped {
  public:
    Mapped(CUmemGenericAllocationHandle handle, std::size_t size, CUmemAccess_flags right, int device = 0);
    ~Mapped();
    Mapped(const Mapped&) = delete;
    Mapped& operator=(const Mapped&) = delete;
    [[nodiscard]] CUdeviceptr pointer() const { return pointer_; }
    [[nodiscard]] volatile unsigned char* bytes() const { return reinterpret_cast<unsigned char*>(pointer_); }

  private:
    CUdeviceptr pointer_ = 0;
    std::size_t size_;
};

inline CUmemAccessDesc access_of(int device, CUmemAccess_flags flags) {
    return {{CU_MEM_LOCATION_TYPE_DEVICE, device}, flags};
}

/// Another run of this program in the role named, with a socket to it.
class Peer {
  public:
    explicit Peer(const std::string& role, const std::vector<std::string>& environment = {});
    ~Peer();
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;
    void send_fd(int fd) const;
    [[nodiscard]] std::string receive() const;
    void kill(int signal) const;
    /// The exit status, or 256 + the signal that ended it.
    int wait();

  private:
    UniqueFd socket_;
    int pid_ = -1;
};

/// The roles; each returns the exit status.
int run_role(const std::string& role, int socket);
// Those of machine_test.cpp.
int be_the_machine();
int read_machines(int socket);
int cuinit_is_refused();

UniqueFd receive_fd(int socket);

}  // namespace opennvsci::softcuda_test
