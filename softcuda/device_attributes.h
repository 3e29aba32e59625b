// SPDX-License-Identifier: Apache-2.0
//
// What a device says of itself: its attributes, its place on the PCI bus, and how it reaches another device.
//
// What a machine file says of the device comes first (softcuda/machine.h). Else the limits are those of compute
// capability 9.0, as an H100 reports them. A feature that the device lacks is 0, and so is the limit of a kind of
// texture or surface that it lacks. The PCI bus is the ordinal: domain 0, device 0, function 0.
#pragma once

#include <string>
#include <string_view>

#include "softcuda/abi.h"
#include "softcuda/device.h"

namespace opennvsci::softcuda {

/// An attribute that a machine file can describe: those that decide what a program can have.
struct DescribedAttribute {
    const char* name;  ///< what follows CU_DEVICE_ATTRIBUTE_
    CUdevice_attribute attribute;
    int least;
    int most;
    bool is_power_of_two = false;
};

/// Null for another name.
[[nodiscard]] const DescribedAttribute* find_described_attribute(std::string_view name) noexcept;

/// INVALID_VALUE for a number that is no attribute of CUDA 13.0.
[[nodiscard]] CUresult device_attribute(const Device& device, CUdevice_attribute attribute, int& value) noexcept;

/// The value of an attribute of CUDA 13.0.
[[nodiscard]] int attribute_of(const Device& device, CUdevice_attribute attribute) noexcept;

[[nodiscard]] CUdevprop device_properties(const Device& device) noexcept;

/// "domain:bus:device.function", all in hexadecimal.
[[nodiscard]] std::string pci_bus_id(const Device& device);

/// The device at "domain:bus:device.function", "domain:bus:device" or "bus:device.function". INVALID_VALUE for a text
/// of another form, INVALID_DEVICE if nothing is there.
[[nodiscard]] CUresult find_device_on_pci(const char* text, const Device*& device) noexcept;

/// What a device can do with the memory of another. INVALID_VALUE for an attribute that is not known.
[[nodiscard]] CUresult peer_attribute(const Device& device, const Device& peer, CUdevice_P2PAttribute attribute,
                                      int& value) noexcept;

}  // namespace opennvsci::softcuda
