// SPDX-License-Identifier: Apache-2.0
#include "doctor/driver_probe.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "doctor/own_command.h"
#include "driver_abi.h"

namespace opennvsci::tool {
namespace {

constexpr std::chrono::milliseconds kLongestStart{30'000};  // of eight GPUs that nobody keeps awake

// The attributes of a device, by their names in the JSON.
struct Attribute {
    const char* name;
    int number;  // CUdevice_attribute
    bool ProbedDevice::*member;
};
constexpr Attribute kAttributes[] = {
    {"virtual_memory", 102, &ProbedDevice::has_virtual_memory},
    {"descriptors", 103, &ProbedDevice::has_descriptors},
    {"compression", 107, &ProbedDevice::has_compression},
    {"read_only_registration", 113, &ProbedDevice::has_read_only_registration},
    {"deferred_arrays", 121, &ProbedDevice::has_deferred_arrays},
    {"stream_memory_operations", 122, &ProbedDevice::has_stream_memory_operations},
    {"system_memory", 141, &ProbedDevice::has_system_memory},
};
constexpr int kComputeMode = 20;

template <class Function>
Function* function_of(void* library, const char* symbol) {
    return reinterpret_cast<Function*>(::dlsym(library, symbol));
}

std::string file_of(void* address) {
    Dl_info info{};
    if (address == nullptr || ::dladdr(address, &info) == 0 || info.dli_fname == nullptr) return {};
    std::error_code status;
    const auto file = std::filesystem::canonical(info.dli_fname, status);
    return status ? std::string(info.dli_fname) : file.string();
}

std::string text_of_result(void* library, const char* symbol, cu::CUresult result) {
    const char* text = nullptr;
    auto* const ask = function_of<cu::CUresult(cu::CUresult, const char**)>(library, symbol);
    if (ask == nullptr || ask(result, &text) != cu::CUDA_SUCCESS || text == nullptr) return {};
    return text;
}

Json devices_of(void* library) {
    auto devices = Json::array();
    auto* const get_count = function_of<cu::CUresult(int*)>(library, "cuDeviceGetCount");
    auto* const get = function_of<cu::CUresult(cu::CUdevice*, int)>(library, "cuDeviceGet");
    auto* const get_name = function_of<cu::CUresult(char*, int, cu::CUdevice)>(library, "cuDeviceGetName");
    auto* const get_attribute = function_of<cu::CUresult(int*, int, cu::CUdevice)>(library, "cuDeviceGetAttribute");
    int count = 0;
    if (get_count == nullptr || get == nullptr || get_name == nullptr || get_attribute == nullptr) return devices;
    if (get_count(&count) != cu::CUDA_SUCCESS) return devices;
    for (int ordinal = 0; ordinal < count; ++ordinal) {
        cu::CUdevice device = 0;
        std::array<char, 256> name{};
        if (get(&device, ordinal) != cu::CUDA_SUCCESS) continue;
        get_name(name.data(), static_cast<int>(name.size()) - 1, device);
        const auto value_of = [&](int number) {
            int value = 0;
            return get_attribute(&value, number, device) == cu::CUDA_SUCCESS ? value : 0;
        };
        Json described{{"name", name.data()}, {"compute_mode", value_of(kComputeMode)}};
        for (const Attribute& attribute : kAttributes)
            described[attribute.name] = value_of(attribute.number) != 0;
        devices.push_back(std::move(described));
    }
    return devices;
}

}  // namespace

void print_driver_probe() {
    void* const library = ::dlopen("libcuda.so.1", RTLD_NOW);
    if (library == nullptr) {
        const char* const reason = ::dlerror();
        return print_json({{"is_found", false}, {"load_error", reason != nullptr ? reason : "no reason given"}});
    }
    auto* const init = function_of<cu::CUresult(unsigned)>(library, "cuInit");
    if (init == nullptr) return print_json({{"is_found", false}, {"load_error", "it has no function cuInit"}});
    const cu::CUresult result = init(0);
    int version = 0;
    if (auto* const get_version = function_of<cu::CUresult(int*)>(library, "cuDriverGetVersion")) get_version(&version);
    print_json({{"is_found", true},
                {"path", file_of(reinterpret_cast<void*>(init))},
                {"is_software", ::dlsym(library, "opennvsciSoftCudaVersion") != nullptr},
                {"result", static_cast<std::uint32_t>(result)},
                {"result_name", text_of_result(library, "cuGetErrorName", result)},
                {"result_text", text_of_result(library, "cuGetErrorString", result)},
                {"version", version},
                {"tells_destroyed_contexts", ::dlsym(library, "cuCtxGetId") != nullptr},
                {"devices", result == cu::CUDA_SUCCESS ? devices_of(library) : Json::array()}});
}

DriverProbe driver_probe_of(const Json& printed) {
    DriverProbe probe;
    try {
        probe.is_found = printed.at("is_found");
        if (!probe.is_found) {
            probe.load_error = printed.at("load_error");
            return probe;
        }
        probe.path = printed.at("path");
        probe.is_software = printed.at("is_software");
        probe.result = printed.at("result");
        probe.result_name = printed.at("result_name");
        probe.result_text = printed.at("result_text");
        probe.version = printed.at("version");
        probe.can_tell_destroyed_contexts = printed.at("tells_destroyed_contexts");
        for (const Json& described : printed.at("devices")) {
            ProbedDevice device;
            device.name = described.at("name");
            device.compute_mode = described.at("compute_mode");
            for (const Attribute& attribute : kAttributes)
                device.*attribute.member = described.at(attribute.name);
            probe.devices.push_back(std::move(device));
        }
    } catch (const Json::exception&) {
        probe.failure = "the driver has printed something in between";
    }
    return probe;
}

DriverProbe probe_driver() {
    const CommandOutcome outcome = run_own_command({"doctor", "--probe"}, {"OPENNVSCI_LOG=none"}, kLongestStart);
    if (const auto printed = outcome.json()) return driver_probe_of(*printed);
    DriverProbe probe;
    probe.failure = outcome.reason();
    return probe;
}

}  // namespace opennvsci::tool
