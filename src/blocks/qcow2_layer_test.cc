#include "blocks/qcow2_layer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "blocks/qcow2_writer.h"
#include "blocks/stored_block.h"
#include "os/program.h"
#include "os/test_directory.h"

namespace aerolith::blocks {
namespace {

using Has = Qcow2Layer::Has;
constexpr uint64_t kCluster = 65536;
constexpr uint64_t kMiB = uint64_t{1} << 20;

class Qcow2LayerTest : public testing::Test {
 protected:
  void SetUp() override {
    if (os::find_program("qemu-img").empty() || os::find_program("qemu-io").empty()) {
      GTEST_SKIP() << "no qemu-img here: apt-get install qemu-utils";
    }
  }
  void run(std::vector<std::string> arguments) {
    const auto end = os::run_checked({.arguments = std::move(arguments)});
    ASSERT_TRUE(end.has_value()) << end.error().detail;
  }
  void write(const std::string& path, const std::string& command) {
    run({"qemu-io", "-f", "qcow2", "-c", command, path});
  }
  std::string read(const std::string& path, uint64_t offset, uint64_t length, char under = 'u') {
    std::string buffer(length, under);
    const auto layers = open_layers(files_, path);
    if (!layers.has_value()) return layers.error().detail;
    for (size_t layer = layers->size(); layer-- > 0;) {
      const auto laid = (*layers)[layer]->lay_over(offset, buffer);
      if (!laid.has_value()) return laid.error().detail;
    }
    return buffer;
  }

  os::TestDirectory folder_;
  os::RealFileSystem files_;
  const std::string bottom_ = folder_ / "bottom.qcow2";
  const std::string top_ = folder_ / "top.qcow2";
};

TEST_F(Qcow2LayerTest, TellsGapsFromZerosAndBytes) {
  run({"qemu-img", "create", "-q", "-f", "qcow2", bottom_, "2G"});
  write(bottom_, "write -P 0x61 64k 128k");
  write(bottom_, "write -z 256k 64k");
  write(bottom_, "write -P 0x62 1G 4k");
  const auto layer = Qcow2Layer::open(files_, bottom_).value();
  EXPECT_EQ(layer->size_bytes(), uint64_t{2} << 30);
  EXPECT_EQ(layer->look(0, kCluster).value(), Has::nothing);
  EXPECT_EQ(layer->look(0, 2 * kCluster).value(), Has::data);
  EXPECT_EQ(layer->look(4 * kCluster, kCluster).value(), Has::zeros);
  EXPECT_EQ(layer->look(uint64_t{3} << 29, kMiB).value(), Has::nothing);
  EXPECT_EQ(layer->look(uint64_t{4} << 30, kMiB).value(), Has::nothing);
  const std::string read_bytes = read(bottom_, 0, 8 * kCluster);
  EXPECT_EQ(read_bytes.substr(0, kCluster), std::string(kCluster, 'u'));
  EXPECT_EQ(read_bytes.substr(kCluster, 2 * kCluster), std::string(2 * kCluster, 'a'));
  EXPECT_EQ(read_bytes.substr(4 * kCluster, kCluster), std::string(kCluster, '\0'));
  EXPECT_EQ(read(bottom_, uint64_t{1} << 30, 8192), std::string(4096, 'b') + std::string(4096, '\0'));
}

TEST_F(Qcow2LayerTest, LayersLieOverOneAnother) {
  run({"qemu-img", "create", "-q", "-f", "qcow2", bottom_, "1M"});
  write(bottom_, "write -P 0x61 0 1M");
  run({"qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", "bottom.qcow2", top_, "2M"});
  write(top_, "write -P 0x62 64k 64k");
  write(top_, "write -z 128k 64k");
  const std::string bytes = read(top_, 0, 4 * kCluster);
  EXPECT_EQ(bytes, std::string(kCluster, 'a') + std::string(kCluster, 'b') + std::string(kCluster, '\0') +
                       std::string(kCluster, 'a'));
}

TEST_F(Qcow2LayerTest, WhatIsNoneOfOursIsRefused) {
  run({"qemu-img", "create", "-q", "-f", "qcow2", bottom_, "1M"});
  write(bottom_, "write -P 0x61 0 1M");
  run({"qemu-img", "convert", "-c", "-O", "qcow2", bottom_, top_});
  EXPECT_NE(read(top_, 0, kCluster).find("compressed"), std::string::npos);
  std::ofstream(folder_ / "text") << std::string(200, 't');
  EXPECT_EQ(Qcow2Layer::open(files_, folder_ / "text").error().code, VolumeErrorCode::corrupt);
  std::filesystem::resize_file(bottom_, 2 * kCluster);
  const auto cut = open_layers(files_, bottom_);
  EXPECT_TRUE(!cut.has_value() || !cut->front()->look(0, kCluster).has_value());
  EXPECT_EQ(Qcow2Layer::open(files_, folder_ / "nobody").error().code, VolumeErrorCode::not_found);
}

TEST_F(Qcow2LayerTest, AFileThatIsWrittenFromBlocksIsOneForQemu) {
  constexpr uint64_t kSize = (uint64_t{3} << 30) + kMiB + 512;
  std::string block(kBlockBytes, '\0');
  for (size_t at = 0; at < block.size(); ++at) block[at] = static_cast<char>(at / kCluster % 2 == 0 ? 'x' : '\0');
  {
    const auto writer = Qcow2Writer::create(files_, top_, {.size_bytes = kSize}).value();
    for (const uint64_t index : {uint64_t{0}, uint64_t{1}, uint64_t{1023}, uint64_t{1024}, uint64_t{5000}}) {
      ASSERT_TRUE(writer->put(index, block).has_value());
    }
    ASSERT_TRUE(writer->put(kSize / kBlockBytes, std::string(kBlockBytes, 'e')).has_value());
    ASSERT_TRUE(writer->finish().has_value());
  }
  run({"qemu-img", "check", "-q", top_});
  EXPECT_EQ(Qcow2Layer::open(files_, top_).value()->size_bytes(), kSize);
  EXPECT_EQ(read(top_, 5000 * kBlockBytes, kCluster), std::string(kCluster, 'x'));
  EXPECT_EQ(read(top_, 1024 * kBlockBytes + kCluster, kCluster), std::string(kCluster, 'u'));
  EXPECT_EQ(read(top_, kSize - 512, 512), std::string(512, 'e'));
  const auto seen = os::run_checked({.arguments = {"qemu-io", "-r", "-f", "qcow2", "-c", "read -P 0x78 524160k 64k",
                                                   "-c", "read -P 0 524352k 64k", "-c", "read -P 0 1G 1G", top_}});
  ASSERT_TRUE(seen.has_value()) << seen.error().detail;
  EXPECT_EQ(seen->find("verification failed"), std::string::npos) << *seen;
}

TEST_F(Qcow2LayerTest, AnEmptyFileIsOne) {
  const auto writer = Qcow2Writer::create(files_, top_, {.size_bytes = kMiB}).value();
  ASSERT_TRUE(writer->finish().has_value());
  run({"qemu-img", "check", "-q", top_});
  EXPECT_EQ(read(top_, 0, kCluster), std::string(kCluster, 'u'));
}

}  // namespace
}  // namespace aerolith::blocks
