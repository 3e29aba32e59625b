// SPDX-License-Identifier: Apache-2.0
//
// The only door to CUDA. Driver is the CUDA driver of this process: the one real libcuda.so.1 if it has a device, else
// the software device. It is loaded once, on first need, and never unloaded. Everything above this floor calls CUDA
// through `driver.call.NAME(...)` and never includes <cuda.h>.
//
// Which one is used: OPENNVSCI_DEVICE=auto (the default), gpu or soft. With auto a machine without a driver or without
// a device gets the software device, and one line on stderr says so. A driver that is there and fails is an error.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/cuda_entry_points.h"
#include "base/result.h"
#include "base/uuid.h"
#include "driver/array_answers.h"

namespace opennvsci::driver {

using namespace cu;  // NOLINT(google-build-using-namespace): this floor is where CUDA's names are at home

/// One function pointer per row of the table. Required ones are never null; an optional one may be.
struct EntryPoints {
#define OPENNVSCI_MEMBER(name, symbol, version, presence, parameters) CUresult(*name) parameters = nullptr;
    OPENNVSCI_CUDA_ENTRY_POINTS(OPENNVSCI_MEMBER)
#undef OPENNVSCI_MEMBER
};

class Driver;

/// One GPU (or one device of the software driver) with the answers to the questions that the upper floors ask.
class Device {
  public:
    [[nodiscard]] static Result<Device> query(const Driver& driver, int ordinal);

    CUdevice handle = 0;
    Uuid uuid;           ///< as cuDeviceGetUuid gives it
    Uuid instance_uuid;  ///< as cuDeviceGetUuid_v2 gives it: differs for a partition of a GPU (MIG)
    std::string name;
    std::size_t memory_bytes = 0;
    int compute_major = 0;
    int compute_minor = 0;

    bool is_integrated = false;                     ///< attribute 18: shares the system's memory
    bool supports_virtual_memory = false;           ///< attributes 102 and 103: cuMemCreate with a POSIX descriptor
    bool supports_read_only_host_register = false;  ///< attribute 113
    bool supports_host_numa_memory = false;         ///< attribute 141, more than some keep: see check_system_memory
    bool supports_deferred_arrays = false;          ///< attribute 121: arrays can be asked what they need
    bool supports_dma_buf = false;                  ///< attribute 124 and the function of CUDA 11.7
    int host_numa_id = 0;                           ///< attribute 134: the NUMA node of system memory nearest to it
    std::uint32_t texture_alignment = 0;            ///< attribute 14: of the address of a linear texture, bytes
    std::uint32_t texture_pitch_alignment = 0;      ///< attribute 51: of its pitch, bytes

    bool runs_kernels = false;                       ///< every GPU does; the software device does not
    bool supports_stream_memory_operations = false;  ///< attribute 122 and the functions of CUDA 11.7: of 64 bits

    /// True if memory created with a compression request really is compressible. Asks the device once, by creating one
    /// granule and reading its properties back: attribute 107 alone promises less.
    [[nodiscard]] bool grants_compression(const Driver& driver) const;

    /// Whether cuMemCreate makes system memory for this device. Asks the device once, by creating one granule: machines
    /// that forbid to choose a NUMA node, as many containers do, refuse what attribute 141 promises (driver-facts.md
    /// F10). Errors: NotSupported, remembered; ResourceError for a failure that may pass, such as want of memory.
    [[nodiscard]] Result<> check_system_memory(const Driver& driver) const;

    /// What the driver has said about arrays so far; see ArrayProbe.
    [[nodiscard]] ArrayAnswers& array_answers() const noexcept { return *array_answers_; }

    [[nodiscard]] bool has_uuid(const Uuid& wanted) const noexcept { return wanted == uuid || wanted == instance_uuid; }

    Device() = default;
    Device(Device&& other) noexcept = default;

  private:
    // What the driver answered to a question, once it has given an answer that lasts.
    class Answer {
      public:
        Answer() = default;
        Answer(Answer&& other) noexcept : known_(other.known_.load()) {}
        template <class Ask>
        CUresult get(Ask&& ask);

      private:
        static constexpr int kUnknown = -1;
        std::atomic<int> known_{kUnknown};
    };
    bool supports_compression_ = false;  // attribute 107
    mutable Answer compression_;
    mutable Answer system_memory_;
    std::unique_ptr<ArrayAnswers> array_answers_ = std::make_unique<ArrayAnswers>();
};

/// A context, recognisable after its end: the id is given to no other context as long as the process runs. On drivers
/// before CUDA 12.0 it is the context's address, which a later context may have again.
struct ContextIdentity {
    CUcontext handle;
    unsigned long long id;
};

class Driver {
  public:
    EntryPoints call;
    bool is_software = false;
    int version = 0;     ///< 1000 * major + 10 * minor
    std::string path;    ///< the file the driver was loaded from
    std::string reason;  ///< why this driver and not the other one, for people
    std::deque<Device> devices;

    /// Loads the driver library `name` (a file name as dlopen takes it), checks that every required entry point is
    /// there, initialises CUDA and queries the devices. Errors: ResourceError with the reason; CUDA_ERROR_NO_DEVICE if
    /// there is no such library or no device.
    [[nodiscard]] static Result<Driver> load(const char* name);

    /// The device with this UUID (either spelling), or null.
    [[nodiscard]] const Device* find(const Uuid& uuid) const noexcept;

    /// The device with this UUID that a list names. Errors: ResourceError if this process does not have it.
    [[nodiscard]] Result<const Device*> require(const Uuid& uuid) const;

    /// The device of the calling thread's current context. Errors: INVALID_CONTEXT if there is none.
    [[nodiscard]] Result<const Device*> current_device() const;

    /// The calling thread's current context. Errors: INVALID_CONTEXT if there is none.
    [[nodiscard]] Result<ContextIdentity> current_context() const;

    /// True if the driver says that the context does not exist any more. Drivers before CUDA 12.0 do not tell.
    [[nodiscard]] bool is_gone(const ContextIdentity& context) const noexcept;

    /// An Error for a failed CUDA call: "CALL failed: CUDA_ERROR_X (description)".
    [[nodiscard]] tl::unexpected<Error> error(CUresult result, std::string_view call) const;
};

/// The driver of this process, loaded on the first call. Errors: ResourceError with the reason; the next call tries
/// again. May be called from a constructor that runs while a library is loaded.
[[nodiscard]] Result<const Driver*> instance();

/// For tests: the loaded driver, writable, so that entry points can be replaced. Null if it could not be loaded.
[[nodiscard]] Driver* instance_for_testing();

}  // namespace opennvsci::driver
