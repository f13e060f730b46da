// For tests of the datapath: a fabric on a host of the test's own, with one VPC.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "network/fabric.h"
#include "network/host.h"
#include "network/test_host.h"
#include "network/test_traffic.h"
#include "os/test_directory.h"

namespace aerolith::network {

class FabricFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string reason = enter_test_host(); !reason.empty()) GTEST_SKIP() << reason;
    settings.installation = "test";
    settings.run_folder = folder / "network";
    open();
    vpc = make_test_vpc();
    vpc.interfaces.reserve(16);  // tests hold references
  }

  void TearDown() override {
    if (!fabric) return;
    const auto left = fabric->list();
    ASSERT_TRUE(left);
    for (const auto& id : *left) EXPECT_TRUE(fabric->remove(id));
    for (const auto& name : namespace_names()) EXPECT_TRUE(remove_namespace(name));
  }

  // Also as a process does that comes after one which was killed.
  void open() {
    auto opened = Fabric::open(settings);
    ASSERT_TRUE(opened) << opened.error().detail;
    fabric = std::move(*opened);
  }

  void apply() { apply(vpc); }
  void apply(const Vpc& described) {
    const auto applied = fabric->apply(described);
    ASSERT_TRUE(applied) << applied.error().detail;
  }

  os::TestDirectory folder;
  FabricSettings settings;
  std::unique_ptr<Fabric> fabric;
  Vpc vpc;
};

}  // namespace aerolith::network
