// SPDX-License-Identifier: Apache-2.0
//
// What `opennvsci devices` and `opennvsci doctor` tell of Vulkan: of devices that are made up, and of a Vulkan that
// fails.
#include <nlohmann/json.hpp>
#include <string>

#include "command.h"
#include "doctor.h"
#include "doctor/vulkan_check.h"

namespace opennvsci::tool {
namespace {

VulkanFacts good_vulkan() {
    VulkanFacts facts;
    facts.gpus = {{"NVIDIA H100", "GPU-1"}};
    facts.vulkan.devices = {{"NVIDIA H100", "GPU-1", "GPU-1", "", 4096, true, true, true, true, true, true},
                            {"llvmpipe", "GPU-2", "", "", 4096, false, true, false, true, true, false}};
    return facts;
}

TEST(DoctorVulkan, TellsWhatDevicesCanDo) {
    const auto findings = check_vulkan(good_vulkan());
    EXPECT_TRUE(is_fine(findings));
    EXPECT_TRUE(tells(findings, State::ok, "device 0, NVIDIA H100: memory by descriptor, memory by host pointer"));
    EXPECT_TRUE(tells(findings, State::ok, "device 1, llvmpipe: memory by host pointer, pitch-linear images"));
}

TEST(DoctorVulkan, AVulkanThatIsNotThereIsNoMatter) {
    VulkanFacts facts = good_vulkan();
    facts.vulkan = {"libvulkan.so.1: cannot open shared object file", true, {}};
    EXPECT_TRUE(is_fine(check_vulkan(facts)));
    EXPECT_TRUE(tells(check_vulkan(facts), State::ok, "is not here: libvulkan.so.1: cannot open"));
    facts.vulkan.is_absent = false;
    EXPECT_TRUE(tells(check_vulkan(facts), State::note, "VK_LOADER_DEBUG=all"));
}

TEST(DoctorVulkan, AGpuWithoutADriverInTheLoaderIsNamed) {
    VulkanFacts facts = good_vulkan();
    facts.vulkan.devices.erase(facts.vulkan.devices.begin());
    EXPECT_TRUE(tells(check_vulkan(facts), State::note, "NVIDIA H100: CUDA has it, and Vulkan's loader finds no"));
    EXPECT_TRUE(tells(check_vulkan(facts), State::note, "VK_DRIVER_FILES"));
    facts.gpus.clear();  // the software device
    EXPECT_TRUE(is_fine(check_vulkan(facts)));
}

TEST(DoctorVulkan, NamesWhatADeviceLacks) {
    for (const VulkanAbility& ability : vulkan_abilities()) {
        VulkanFacts facts = good_vulkan();
        facts.vulkan.devices[0].*ability.member = false;
        EXPECT_TRUE(tells(check_vulkan(facts), State::note, std::string("NVIDIA H100: ") + ability.title));
        EXPECT_EQ(count_of(check_vulkan(facts), State::note), 1U);
    }
    VulkanFacts facts = good_vulkan();
    facts.vulkan.devices[0].obstacle = "has no VK_KHR_external_memory_fd";
    EXPECT_TRUE(tells(check_vulkan(facts), State::note, "cannot take part: it has no VK_KHR_external_memory_fd"));
}

TEST(DoctorVulkan, AProbeIsItsJson) {
    const VulkanProbe probe = good_vulkan().vulkan;
    EXPECT_EQ(json_of(vulkan_probe_of(json_of(probe))), json_of(probe));
    EXPECT_THROW((void)vulkan_probe_of(Json::object()), Json::exception);
}

// A libvulkan.so.1 that fails in each way, found before any other.
class VulkanCommandTest : public CommandTest {
  protected:
    [[nodiscard]] Outcome run_with(const std::string& command, const std::string& folder,
                                   const std::string& what) const {
        return run(command, "OPENNVSCI_DEVICE=soft OPENNVSCI_RUNTIME_DIR='" + (folder_ / "run").string() +
                                "' LD_LIBRARY_PATH='" + folder + "' FAILING_VULKAN=" + what);
    }
    const std::string failing_ = (program_folder() / "failing_vulkan").string();
};

TEST_F(VulkanCommandTest, AVulkanThatFailsTakesNothingWithIt) {
    const Outcome crash = run_with("devices", failing_, "crash");
    EXPECT_EQ(crash.exit_code, 0) << crash.output;
    EXPECT_TRUE(has(crash, "device 0: OpenNvSci software device 0")) << crash.output;
    EXPECT_TRUE(has(crash, "Vulkan   not usable here: it was ended by the signal Aborted")) << crash.output;
    const Outcome print = run_with("devices", failing_, "print");
    EXPECT_TRUE(has(print, "Vulkan   not usable here: ")) << print.output;
    const Outcome code = run_with("devices", failing_, "-3");
    EXPECT_TRUE(has(code, "vkCreateInstance failed: VK_ERROR_INITIALIZATION_FAILED")) << code.output;
    const Outcome doctor = run_with("doctor", failing_, "crash");
    EXPECT_EQ(doctor.exit_code, 0) << doctor.output;
    EXPECT_TRUE(has(doctor, "to look at its devices failed: it was ended by the signal Aborted")) << doctor.output;
}

TEST_F(VulkanCommandTest, ALoaderWithoutDriversHasNoDevice) {
    const Outcome devices = run_with("devices", failing_, "-9");
    EXPECT_EQ(devices.exit_code, 0) << devices.output;
    EXPECT_TRUE(has(devices, "\nVulkan   finds no device\n")) << devices.output;
}

TEST_F(VulkanCommandTest, AVulkanThatCannotBeLoadedIsAbsent) {
    write_file("libvulkan.so.1", "no library");
    const Outcome devices = run_with("devices --json", folder_.string(), "");
    EXPECT_EQ(devices.exit_code, 0) << devices.output;
    const Json vulkan = Json::parse(devices.output).at("vulkan");
    EXPECT_TRUE(vulkan.at("is_absent"));
    EXPECT_NE(vulkan.at("failure"), "");
    EXPECT_TRUE(vulkan.at("devices").empty());
}

}  // namespace
}  // namespace opennvsci::tool
