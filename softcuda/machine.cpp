// SPDX-License-Identifier: Apache-2.0
#include "softcuda/machine.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "base/unique_fd.h"
#include "base/uuid.h"
#include "softcuda/device_attributes.h"
#include "softcuda/json.h"

namespace opennvsci::softcuda {
namespace {

constexpr std::size_t kMaxFileSize = std::size_t{1} << 20;
constexpr std::int64_t kFormatVersion = 1;
constexpr std::size_t kMaxNameSize = 255;  // with its 0, what callers of cuDeviceGetName have room for

/// An object of the file, and what is wrong with it. Reading goes on after a mistake; the first one counts.
class Description {
  public:
    Description(const Json& object, std::string place, std::string& mistake)
        : object_(object), place_(std::move(place)), mistake_(mistake) {}

    void refuse(std::string_view member, std::string_view what) {
        if (mistake_.empty()) mistake_ = place_ + std::string(member) + " " + std::string(what);
    }

    /// The member, or null if it is missing.
    [[nodiscard]] const Json* find(std::string_view member) const { return object_.find(member); }

    /// The member, which must be there.
    const Json* require(std::string_view member) {
        const Json* const found = find(member);
        if (found == nullptr) refuse(member, "is missing");
        return found;
    }

    std::int64_t number(std::string_view member, std::int64_t least, std::int64_t most) {
        return number_in(require(member), member, least, most);
    }

    std::int64_t number_in(const Json* value, std::string_view member, std::int64_t least, std::int64_t most) {
        const std::int64_t* const number = value != nullptr ? value->number() : nullptr;
        if (number != nullptr && *number >= least && *number <= most) return *number;
        refuse(member, "is not a number from " + std::to_string(least) + " to " + std::to_string(most));
        return least;
    }

    std::string text(std::string_view member) {
        const Json* const value = require(member);
        if (value != nullptr && value->text() != nullptr) return *value->text();
        refuse(member, "is no text");
        return {};
    }

    /// Stores the member if it is there.
    template <class Store>
    void boolean(std::string_view member, Store&& store) {
        const Json* const value = find(member);
        if (value == nullptr) return;
        if (value->boolean() != nullptr) {
            store(*value->boolean());
        } else {
            refuse(member, "is neither true nor false");
        }
    }

    CUuuid uuid(std::string_view member) {
        const auto parsed = Uuid::parse(text(member));
        if (!parsed || parsed->is_null()) refuse(member, "is no UUID such as GPU-00112233-4455-6677-8899-aabbccddeeff");
        CUuuid uuid{};
        if (parsed) std::memcpy(uuid.bytes, parsed->bytes.data(), sizeof uuid.bytes);
        return uuid;
    }

    /// What is wrong with a part of it.
    Description part(const Json& object, const std::string& name) { return {object, place_ + name, mistake_}; }

  private:
    const Json& object_;
    std::string place_;  // "devices[0]."
    std::string& mistake_;
};

bool same(const CUuuid& a, const CUuuid& b) noexcept {
    return std::memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

// Names are printed, so nothing may steer a terminal.
bool is_name(std::string_view name) {
    const auto is_printable = [](char byte) { return byte >= ' ' && byte <= '~'; };
    return !name.empty() && name.size() <= kMaxNameSize && std::all_of(name.begin(), name.end(), is_printable);
}

void set(DeviceDescription& device, CUdevice_attribute attribute, int value) {
    device.attributes.push_back({attribute, value});
}

// "9.0"
void read_compute_capability(Description& description, DeviceDescription& device) {
    constexpr std::string_view kMember = "compute_capability";
    if (description.find(kMember) == nullptr) return;
    const std::string text = description.text(kMember);
    int major = -1;
    int minor = -1;
    const char* const end = text.data() + text.size();
    const auto first = std::from_chars(text.data(), end, major);
    const bool has_point = first.ptr != end && *first.ptr == '.';
    const auto second = has_point ? std::from_chars(first.ptr + 1, end, minor) : first;
    if (!has_point || second.ptr != end || major < 1 || major > 99 || minor < 0 || minor > 9) {
        return description.refuse(kMember, "is no text such as 9.0");
    }
    set(device, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, major);
    set(device, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, minor);
}

void read_attributes(Description& description, DeviceDescription& device) {
    const Json* const all = description.find("attributes");
    if (all == nullptr) return;
    if (all->object() == nullptr) return description.refuse("attributes", "is no object");
    Description attributes = description.part(*all, "attributes.");
    for (const Json::Member& member : *all->object()) {
        const DescribedAttribute* const row = find_described_attribute(member.name);
        if (row == nullptr) {
            attributes.refuse(is_name(member.name) ? member.name : "?",
                              "is no attribute that a machine file describes");
            continue;
        }
        const auto value = static_cast<int>(attributes.number_in(&member.value, member.name, row->least, row->most));
        if (row->is_power_of_two && (value & (value - 1)) != 0) attributes.refuse(member.name, "is no power of two");
        set(device, row->attribute, value);
    }
}

void read_peers(Description& description, std::size_t ordinal, std::size_t count, DeviceDescription& device) {
    const Json* const all = description.find("peers");
    if (all == nullptr) {
        for (std::size_t peer = 0; peer < count; ++peer)
            device.peers[peer] = peer != ordinal;
        return;
    }
    if (all->array() == nullptr) return description.refuse("peers", "is no array");
    for (const Json& one : *all->array()) {
        const auto last = static_cast<std::int64_t>(count) - 1;
        const auto peer = static_cast<std::size_t>(description.number_in(&one, "peers", 0, last));
        if (peer == ordinal) description.refuse("peers", "has the device itself");
        device.peers[peer] = true;
    }
}

DeviceDescription read_device(Description description, std::size_t ordinal, std::size_t count) {
    DeviceDescription device;
    device.name = description.text("name");
    if (!is_name(device.name)) description.refuse("name", "is no text of 1 to 255 printable characters of ASCII");
    device.uuid = device.instance_uuid = description.uuid("uuid");
    if (description.find("instance_uuid") != nullptr) device.instance_uuid = description.uuid("instance_uuid");
    device.memory = static_cast<std::size_t>(description.number("memory_bytes", 1, INT64_MAX));
    read_compute_capability(description, device);
    const auto is = [&](const char* member, std::initializer_list<CUdevice_attribute> attributes) {
        description.boolean(member, [&](bool value) {
            for (const CUdevice_attribute attribute : attributes)
                set(device, attribute, value ? 1 : 0);
        });
    };
    is("is_integrated", {CU_DEVICE_ATTRIBUTE_INTEGRATED});
    is("supports_virtual_memory", {CU_DEVICE_ATTRIBUTE_VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED,
                                   CU_DEVICE_ATTRIBUTE_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR_SUPPORTED});
    is("supports_read_only_host_register", {CU_DEVICE_ATTRIBUTE_READ_ONLY_HOST_REGISTER_SUPPORTED});
    description.boolean("grants_compression", [&](bool value) { device.grants_compression = value; });
    description.boolean("grants_system_memory", [&](bool value) { device.grants_system_memory = value; });
    read_attributes(description, device);
    read_peers(description, ordinal, count, device);
    return device;
}

bool shares_uuid(const DeviceDescription& a, const DeviceDescription& b) noexcept {
    return same(a.uuid, b.uuid) || same(a.uuid, b.instance_uuid) || same(a.instance_uuid, b.uuid) ||
           same(a.instance_uuid, b.instance_uuid);
}

/// All bytes of a file that is no longer than a machine file may be.
bool read_file(const std::string& path, std::string& bytes, std::string& mistake) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    struct stat status {};
    if (!fd || ::fstat(fd.get(), &status) != 0) {
        mistake = std::strerror(errno);
        return false;
    }
    if (!S_ISREG(status.st_mode) || static_cast<std::uintmax_t>(status.st_size) > kMaxFileSize) {
        mistake = "it is no file of at most " + std::to_string(kMaxFileSize) + " bytes";
        return false;
    }
    bytes.resize(kMaxFileSize + 1);  // it may have grown
    std::size_t size = 0;
    while (size < bytes.size()) {
        const ssize_t count = ::read(fd.get(), bytes.data() + size, bytes.size() - size);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) mistake = std::strerror(errno);
        if (count <= 0) break;
        size += static_cast<std::size_t>(count);
    }
    bytes.resize(size);
    return mistake.empty();
}

}  // namespace

std::vector<DeviceDescription> parse_machine(std::string_view text, std::string& mistake) {
    const auto json = Json::parse(text, mistake);
    if (!json) return {};
    Description machine(*json, "", mistake);
    if (json->object() == nullptr) {
        machine.refuse("it", "is no object");
        return {};
    }
    machine.number("format_version", kFormatVersion, kFormatVersion);
    const Json* const devices = machine.require("devices");
    const Json::Array* const all = devices != nullptr ? devices->array() : nullptr;
    if (all == nullptr || all->empty() || all->size() > std::size_t{kMaxDevices}) {
        machine.refuse("devices", "is no array of 1 to 16");
        return {};
    }
    std::vector<DeviceDescription> described;
    for (std::size_t i = 0; i < all->size(); ++i) {
        const std::string name = "devices[" + std::to_string(i) + "]";
        DeviceDescription device = read_device(machine.part((*all)[i], name + "."), i, all->size());
        for (const DeviceDescription& other : described) {
            if (shares_uuid(device, other)) machine.refuse(name, "has the UUID of another device");
        }
        described.push_back(std::move(device));
    }
    if (!mistake.empty()) described.clear();
    return described;
}

std::vector<DeviceDescription> read_machine(const std::string& path, std::string& mistake) {
    std::string bytes;
    if (!read_file(path, bytes, mistake)) return {};
    return parse_machine(bytes, mistake);
}

}  // namespace opennvsci::softcuda
