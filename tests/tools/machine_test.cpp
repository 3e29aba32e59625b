// SPDX-License-Identifier: Apache-2.0
//
// Machine files: what `opennvsci devices --json` writes of a machine, the software device is that machine; and so are
// the files that come with the tool.
#include "machine.h"

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "command.h"
#include "device_choice.h"
#include "negotiation.h"
#include "output.h"

namespace opennvsci::tool {
namespace {

class MachineTest : public CommandTest {
  protected:
    /// The devices that the command sees.
    [[nodiscard]] Json devices(const std::string& environment) const {
        const Outcome outcome = run("devices --json", "OPENNVSCI_DEVICE=soft " + environment);
        EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
        return outcome.exit_code == 0 ? Json::parse(outcome.output)["devices"] : Json();
    }
    [[nodiscard]] Json devices_with(const Json& machine) const {
        write_file("machine.json", machine.dump());
        return devices("OPENNVSCI_SOFT_MACHINE=machine.json");
    }
    static Json shipped(const char* name) {
        const auto path = find_machine(name);
        EXPECT_TRUE(path) << path.error().text;
        std::ifstream file(*path);
        return Json::parse(file);
    }
};

TEST_F(MachineTest, AMachineIsDescribedAsTheFileSaysIt) {
    for (const char* name : {"h100", "software-device"}) {
        const Json machine = shipped(name);
        EXPECT_EQ(machine["format_version"], 1);
        EXPECT_FALSE(machine["description"].get<std::string>().empty());
        EXPECT_EQ(devices_with(machine), machine["devices"]) << name;
    }
}

TEST_F(MachineTest, TheShippedSoftwareDeviceIsTheRealOne) {
    Json real = devices("OPENNVSCI_SOFT_DEVICES=1");
    Json described = shipped("software-device")["devices"];
    for (Json* device : {&real[0], &described[0]}) {
        device->erase("uuid");
        device->erase("instance_uuid");
    }
    EXPECT_EQ(real, described);
}

// Every member says something of the software device, alone or with its attribute: none is read and forgotten.
TEST_F(MachineTest, EveryAnswerOfTheFileReachesTheDevices) {
    const Json machine = [&] {
        Json two = shipped("h100");
        two["devices"].push_back(two["devices"][0]);
        Json& second = two["devices"][1];
        second["ordinal"] = 1;
        second["uuid"] = "GPU-00000000-0000-8000-8000-000000000101";
        second["instance_uuid"] = "GPU-00000000-0000-8000-8000-000000000102";
        second["name"] = "another";
        second["memory_bytes"] = 1048576;
        second["compute_capability"] = "8.7";
        second["attributes"]["COMPUTE_CAPABILITY_MAJOR"] = 8;
        second["attributes"]["COMPUTE_CAPABILITY_MINOR"] = 7;
        second["is_integrated"] = true;
        second["attributes"]["INTEGRATED"] = 1;
        second["supports_read_only_host_register"] = false;
        second["attributes"]["READ_ONLY_HOST_REGISTER_SUPPORTED"] = 0;
        second["grants_compression"] = false;
        second["attributes"]["TEXTURE_ALIGNMENT"] = 256;
        second["attributes"]["TEXTURE_PITCH_ALIGNMENT"] = 64;
        second["attributes"]["MAXIMUM_TEXTURE2D_WIDTH"] = 65536;
        second["peers"] = Json::array({0});
        return two;
    }();
    EXPECT_EQ(devices_with(machine), machine["devices"]);

    Json poor = shipped("h100");
    Json& device = poor["devices"][0];
    device["grants_system_memory"] = false;
    EXPECT_EQ(devices_with(poor), poor["devices"]) << "promised by its attribute, as in many containers";
    device["supports_virtual_memory"] = false;
    device["attributes"]["VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED"] = 0;
    device["grants_compression"] = false;  // needs it
    device["granularity_bytes"] = 0;
    EXPECT_EQ(devices_with(poor), poor["devices"]);
}

TEST_F(MachineTest, ADescriptionCanBeDescribedAgain) {
    const Json first = devices("OPENNVSCI_SOFT_DEVICES=3");
    EXPECT_EQ(first[1]["peers"], Json::array({0, 2}));
    EXPECT_EQ(devices_with({{"format_version", 1}, {"devices", first}}), first);
}

TEST_F(MachineTest, NegotiationsAreThoseOfTheMachine) {
    const std::string image = "layout --type image --format Y8 --size 64x48 --layout block-linear --gpu 0";
    const std::string h100 = "OPENNVSCI_DEVICE=soft OPENNVSCI_SOFT_MACHINE='" + find_machine("h100")->string() + "' ";
    const Outcome granted = run(image + " --cpu", h100);
    EXPECT_EQ(granted.exit_code, 0) << granted.output;
    Json poor = shipped("h100");
    poor["devices"][0]["grants_system_memory"] = false;
    write_file("machine.json", poor.dump());
    const Outcome refused = run(image + " --cpu", "OPENNVSCI_DEVICE=soft OPENNVSCI_SOFT_MACHINE=machine.json");
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_TRUE(has(refused, "NVIDIA H100 80GB HBM3 promises it")) << refused.output;
}

TEST_F(MachineTest, AFileThatCannotBeUsedIsAnError) {
    write_file("machine.json", R"({"format_version": 1, "devices": [{"name": "A"}]})");
    for (const char* device : {"soft", "auto"}) {
        const Outcome outcome =
            run("devices", std::string("OPENNVSCI_SOFT_MACHINE=machine.json OPENNVSCI_DEVICE=") + device);
        if (std::string(device) == "auto" && outcome.exit_code == 0) continue;  // there is a GPU
        EXPECT_EQ(outcome.exit_code, 1);
        EXPECT_TRUE(has(outcome, "machine.json is no machine file that can be used: devices[0].uuid is missing"))
            << outcome.output;
    }
}

TEST(MachineNameTest, NamesAndPathsAreFound) {
    const auto shipped = find_machine("h100");
    ASSERT_TRUE(shipped) << shipped.error().text;
    EXPECT_EQ(*find_machine(shipped->string()), *shipped);
    for (const char* name : {"", "h200", "/no/such/file", "../machines/h100"}) {
        const auto found = find_machine(name);
        ASSERT_FALSE(found) << name;
        EXPECT_NE(found.error().text.find("is neither a machine file nor one of h100, software-device"),
                  std::string::npos)
            << found.error().text;
    }
}

// In a process of its own: the driver is loaded once.
TEST(MachineDeathTest, AProcessHasTheMachineThatItAsksFor) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto is_there = [] {
        ::setenv("OPENNVSCI_SOFT_DEVICES", "7", 1);
        if (!use_machine(*find_machine("h100"))) return false;
        const auto driver = driver_in_use();
        return driver && (*driver)->isSoftware && (*driver)->deviceCount == 1 &&
               std::string((*driver)->devices[0].name) == "NVIDIA H100 80GB HBM3" &&
               (*driver)->devices[0].memoryBytes == 85'017'493'504;
    };
    EXPECT_EXIT(::_exit(is_there() ? 0 : 1), testing::ExitedWithCode(0), "^$");
}

}  // namespace
}  // namespace opennvsci::tool
