// SPDX-License-Identifier: Apache-2.0
//
// What a device says of itself, and how it is found on the PCI bus. Refusals as an H100's (driver-facts.md F55).
#include <cstring>
#include <string>

#include "support.h"

namespace opennvsci::softcuda_test {
namespace {

int attribute(CUdevice_attribute which, CUdevice device = 0) {
    int value = -77;
    EXPECT_OK(cuDeviceGetAttribute(&value, which, device)) << which;
    return value;
}

// A program that prints them all, as the toolkit's samples do, gets an answer for each.
TEST_F(SoftCuda, EveryAttributeHasAValue) {
#define OPENNVSCI_ASK(name, number) EXPECT_NE(attribute(CU_DEVICE_ATTRIBUTE_##name), -77) << #name;
    OPENNVSCI_CUDA_DEVICE_ATTRIBUTES(OPENNVSCI_ASK)
#undef OPENNVSCI_ASK
    int value = -77;
    for (const unsigned none : {0U, 148U, 0xffffffffU})
        EXPECT_INVALID(cuDeviceGetAttribute(&value, static_cast<CUdevice_attribute>(none), 0)) << none;
    EXPECT_EQ(value, -77);
    EXPECT_EQ(cuDeviceGetAttribute(&value, CU_DEVICE_ATTRIBUTE_WARP_SIZE, 2), CUDA_ERROR_INVALID_DEVICE);
}

// An attribute that is not 0 is a promise, and one that is 0 keeps programs from what is absent.
TEST_F(SoftCuda, AttributesSayWhatIsThere) {
    EXPECT_EQ(attribute(CU_DEVICE_ATTRIBUTE_MANAGED_MEMORY), 1);
    EXPECT_EQ(attribute(CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE1D_WIDTH), 131072);
    EXPECT_EQ(attribute(CU_DEVICE_ATTRIBUTE_PCI_BUS_ID, 1), 1);
    EXPECT_EQ(attribute(CU_DEVICE_ATTRIBUTE_NUMA_ID), -1);
    for (const CUdevice_attribute absent :
         {CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED, CU_DEVICE_ATTRIBUTE_IPC_EVENT_SUPPORTED,
          CU_DEVICE_ATTRIBUTE_STREAM_PRIORITIES_SUPPORTED, CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH,
          CU_DEVICE_ATTRIBUTE_SPARSE_CUDA_ARRAY_SUPPORTED, CU_DEVICE_ATTRIBUTE_MULTICAST_SUPPORTED,
          CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE3D_WIDTH, CU_DEVICE_ATTRIBUTE_GPU_DIRECT_RDMA_SUPPORTED,
          CU_DEVICE_ATTRIBUTE_DMA_BUF_SUPPORTED}) {
        EXPECT_EQ(attribute(absent), 0) << absent;
    }
}

TEST_F(SoftCuda, PropertiesAreTheAttributes) {
    CUdevprop properties{};
    EXPECT_OK(cuDeviceGetProperties(&properties, 1));
    EXPECT_EQ(properties.maxThreadsPerBlock, 1024);
    EXPECT_EQ(properties.maxThreadsDim[2], 64);
    EXPECT_EQ(properties.maxGridSize[1], 65535);
    EXPECT_EQ(properties.SIMDWidth, 32);
    EXPECT_EQ(properties.textureAlign, 512);
    EXPECT_INVALID(cuDeviceGetProperties(nullptr, 0));
    EXPECT_EQ(cuDeviceGetProperties(&properties, 2), CUDA_ERROR_INVALID_DEVICE);
}

TEST_F(SoftCuda, DevicesAreFoundOnThePciBus) {
    char text[16];
    for (const int length : {13, 16}) {
        std::memset(text, '#', sizeof text);
        EXPECT_OK(cuDeviceGetPCIBusId(text, length, 1));
        EXPECT_STREQ(text, "0000:01:00.0");
    }
    for (const int length : {-1, 0, 1, 12})
        EXPECT_INVALID(cuDeviceGetPCIBusId(text, length, 1)) << length;
    EXPECT_STREQ(text, "0000:01:00.0") << "a refused call writes nothing";
    EXPECT_INVALID(cuDeviceGetPCIBusId(nullptr, 16, 1));
    EXPECT_EQ(cuDeviceGetPCIBusId(text, 16, 2), CUDA_ERROR_INVALID_DEVICE);

    CUdevice device = -1;
    for (const char* form : {"0000:01:00.0", "0:1:0.0", "01:00.0", "0000:01:00", "00000000:01:00.0"}) {
        device = -1;
        EXPECT_OK(cuDeviceGetByPCIBusId(&device, form)) << form;
        EXPECT_EQ(device, 1) << form;
    }
    for (const char* empty_place :
         {"0000:02:00.0", "0000:ff:1f.0", "0001:01:00.0", "01:01.0", "01:00.1", "ffffffff:01:00"}) {
        EXPECT_EQ(cuDeviceGetByPCIBusId(&device, empty_place), CUDA_ERROR_INVALID_DEVICE) << empty_place;
    }
    for (const char* no_place :
         {"", "hello", "1", "01:00", "01.0", ":01:00.0", "01::00", "0:1:", "0:1:0:", "0:1:0.0:", "0:1:0:0", "0:1:0.",
          "0000:01:00.0x", "-1:01:00", " 01:00.0", "100000000:01:00", "ffffffffffffffffffff:01:00"}) {
        EXPECT_INVALID(cuDeviceGetByPCIBusId(&device, no_place)) << no_place;
    }
    EXPECT_EQ(device, 1) << "a refused call writes nothing";
    EXPECT_INVALID(cuDeviceGetByPCIBusId(nullptr, "01:00.0"));
    EXPECT_INVALID(cuDeviceGetByPCIBusId(&device, nullptr));
}

TEST_F(SoftCuda, DevicesHaveNoLuid) {
    char luid[8];
    unsigned mask = 0;
    EXPECT_EQ(cuDeviceGetLuid(luid, &mask, 0), CUDA_ERROR_NOT_SUPPORTED);
    EXPECT_EQ(cuDeviceGetLuid(luid, &mask, 2), CUDA_ERROR_INVALID_DEVICE);
}

TEST_F(SoftCuda, PeersSayHowTheyReachEachOther) {
    int value = -1;
    EXPECT_OK(cuDeviceGetP2PAttribute(&value, CU_DEVICE_P2P_ATTRIBUTE_ACCESS_SUPPORTED, 0, 1));
    EXPECT_EQ(value, 1);
    EXPECT_OK(cuDeviceGetP2PAttribute(&value, CU_DEVICE_P2P_ATTRIBUTE_PERFORMANCE_RANK, 1, 0));
    EXPECT_EQ(value, 0);
    for (const unsigned none : {0U, 6U, 99U})
        EXPECT_INVALID(cuDeviceGetP2PAttribute(&value, static_cast<CUdevice_P2PAttribute>(none), 0, 1)) << none;
    EXPECT_INVALID(cuDeviceGetP2PAttribute(nullptr, CU_DEVICE_P2P_ATTRIBUTE_ACCESS_SUPPORTED, 0, 1));
    for (const CUdevice peer : {0, 2, -1}) {
        EXPECT_EQ(cuDeviceGetP2PAttribute(&value, CU_DEVICE_P2P_ATTRIBUTE_ACCESS_SUPPORTED, 0, peer),
                  CUDA_ERROR_INVALID_DEVICE)
            << peer;
    }
}

}  // namespace
}  // namespace opennvsci::softcuda_test
