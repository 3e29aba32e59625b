// SPDX-License-Identifier: Apache-2.0
//
// What a device says of itself: its attributes, its place on the PCI bus, and how it reaches another device.
//
// The limits are those of compute capability 9.0, as an H100 reports them. A feature that the device lacks is 0, and so
// is the limit of a kind of texture or surface that it lacks. The PCI bus is the ordinal: domain 0, device 0, function
// 0.
#pragma once

#include <string>

#include "softcuda/abi.h"
#include "softcuda/device.h"

namespace opennvsci::softcuda {

/// INVALID_VALUE for a number that is no attribute of CUDA 13.0.
[[nodiscard]] CUresult device_attribute(const Device& device, CUdevice_attribute attribute, int& value) noexcept;

[[nodiscard]] CUdevprop device_properties(const Device& device) noexcept;

/// "domain:bus:device.function", all in hexadecimal.
[[nodiscard]] std::string pci_bus_id(const Device& device);

/// The device at "domain:bus:device.function", "domain:bus:device" or "bus:device.function". INVALID_VALUE for a text
/// of another form, INVALID_DEVICE if nothing is there.
[[nodiscard]] CUresult find_device_on_pci(const char* text, const Device*& device) noexcept;

/// What one device can do with the memory of another. INVALID_VALUE for an attribute that is not known.
[[nodiscard]] CUresult peer_attribute(CUdevice_P2PAttribute attribute, int& value) noexcept;

}  // namespace opennvsci::softcuda
