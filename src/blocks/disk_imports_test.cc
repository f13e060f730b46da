#include "blocks/disk_imports.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "os/program.h"
#include "os/test_directory.h"

namespace aerolith::blocks {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr auto kGoOn = [](int) { return true; };

std::string read_whole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class DiskImportsTest : public testing::Test {
 protected:
  void SetUp() override {
    if (os::find_program("qemu-img").empty() || os::find_program("tar").empty()) {
      GTEST_SKIP() << "no qemu-img here: apt-get install qemu-utils";
    }
    imports_ = DiskImports::open(folder_.path()).value();
    std::ofstream(raw_) << std::string(kMiB, 'x') << std::string(3 * kMiB, '\0') << std::string(kMiB, 'y');
  }

  void run(std::vector<std::string> arguments) {
    const auto end = os::run_checked({.arguments = std::move(arguments)});
    ASSERT_TRUE(end.has_value()) << end.error().detail;
  }
  // The disk in that form, as bytes.
  std::string packed(const std::string& format, const std::string& options = "") {
    const std::string file = folder_ / "packed";
    std::vector<std::string> arguments{"qemu-img", "convert", "-f", "raw", "-O", format};
    if (!options.empty()) arguments.insert(arguments.end(), {"-o", options});
    arguments.insert(arguments.end(), {raw_, file});
    run(arguments);
    return read_whole(file);
  }
  void receive(const std::string& bytes) {
    ASSERT_TRUE(imports_->remove("disk").has_value());
    ASSERT_TRUE(imports_->append("disk", bytes).has_value());
  }
  DiskFault fault_of(DiskFormat format) {
    const auto checked = imports_->check({.name = "disk", .format = format});
    return checked.has_value() ? DiskFault::none : checked.error().fault;
  }
  // Of the disk in a file that was converted; its size may have been rounded.
  bool is_the_disk(const std::string& file, const std::string& format) {
    return os::run_checked({.arguments = {"qemu-img", "compare", "-f", "raw", "-F", format, raw_, file}}).has_value();
  }

  os::TestDirectory folder_;
  const std::string raw_ = folder_ / "disk.raw";
  std::unique_ptr<DiskImports> imports_;
};

TEST_F(DiskImportsTest, IsReceivedInPiecesAndSparse) {
  const std::string bytes = read_whole(raw_);
  EXPECT_EQ(imports_->received_bytes("disk").value(), 0U);
  for (size_t at = 0; at < bytes.size(); at += kMiB / 2) {
    ASSERT_TRUE(imports_->append("disk", std::string_view(bytes).substr(at, kMiB / 2)).has_value());
  }
  EXPECT_EQ(imports_->received_bytes("disk").value(), 5 * kMiB);
  const DiskSource source{.name = "disk"};
  EXPECT_EQ(imports_->check(source).value(), 5 * kMiB);
  const std::string file = imports_->convert(source, "snap-1", kGoOn).value();
  EXPECT_EQ(read_whole(file), bytes);
  EXPECT_TRUE(imports_->remove("disk").has_value());
  EXPECT_TRUE(imports_->remove("disk").has_value());
  EXPECT_EQ(imports_->received_bytes("disk").value(), 0U);
  EXPECT_EQ(imports_->received_bytes("../disk").error().code, ImportErrorCode::failed);
}

TEST_F(DiskImportsTest, EachFormatIsTheSameDisk) {
  const struct {
    DiskFormat format;
    std::string name;
    std::string options;
  } forms[] = {{DiskFormat::vmdk, "vmdk", "subformat=streamOptimized"},
               {DiskFormat::vhd, "vpc", "subformat=dynamic"},
               {DiskFormat::vhd, "vpc", "subformat=fixed"},
               {DiskFormat::vhdx, "vhdx", ""}};
  for (const auto& [format, name, options] : forms) {
    receive(packed(name, options));
    const DiskSource source{.name = "disk", .format = format};
    EXPECT_GE(imports_->check(source).value(), 5 * kMiB) << name;
    const auto file = imports_->convert(source, "snap-1", kGoOn);
    ASSERT_TRUE(file.has_value()) << name << ": " << file.error().detail;
    EXPECT_TRUE(is_the_disk(*file, "qcow2")) << name << options;
    EXPECT_TRUE(imports_->remove("snap-1").has_value());
    EXPECT_FALSE(std::filesystem::exists(*file));
  }
}

TEST_F(DiskImportsTest, ARawDiskThatBeginsAsAQcow2FileIsTakenAsItIs) {
  receive(packed("qcow2"));
  const std::string bytes = read_whole(folder_ / "imports/disk");
  const std::string file = imports_->convert({.name = "disk"}, "snap-1", kGoOn).value();
  EXPECT_EQ(file, folder_ / "imports/snap-1.qcow2");
  run({"qemu-img", "convert", "-f", "qcow2", "-O", "raw", file, folder_ / "again"});
  EXPECT_EQ(read_whole(folder_ / "again").substr(0, bytes.size()), bytes);
}

TEST_F(DiskImportsTest, WhatIsOfAnotherFormIsRefused) {
  receive(std::string(kMiB, 'z'));
  for (const DiskFormat format : {DiskFormat::vmdk, DiskFormat::vhd, DiskFormat::vhdx}) {
    EXPECT_EQ(fault_of(format), DiskFault::other_format);
  }
  receive(packed("vmdk"));
  EXPECT_EQ(fault_of(DiskFormat::vmdk), DiskFault::other_format) << "it isn't stream-optimized";
  std::string cut = packed("vmdk", "subformat=streamOptimized");
  cut.resize(cut.size() / 2);
  receive(cut);
  const auto made = imports_->convert({.name = "disk", .format = DiskFormat::vmdk}, "snap-1", kGoOn);
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().fault, DiskFault::can_not_be_read);
  ASSERT_TRUE(imports_->remove("disk").has_value());
  ASSERT_TRUE(imports_->append("disk", "").has_value());
  EXPECT_EQ(fault_of(DiskFormat::raw), DiskFault::other_format) << "it is empty";
}

TEST_F(DiskImportsTest, NoOtherFileIsOpenedWithIt) {
  const std::string secret = folder_ / "secret";
  std::ofstream(secret) << std::string(kMiB, 's');
  const std::string lines = "# Disk DescriptorFile\nversion=1\nCID=e9b44520\nparentCID=ffffffff\n";
  const std::string flat = lines + "createType=\"monolithicFlat\"\n\nRW 2048 FLAT \"" + secret + "\" 0\n";
  // A descriptor alone; one that the header leaves all to; one with a parent.
  receive(flat + std::string(kMiB, '\0'));
  EXPECT_EQ(fault_of(DiskFormat::vmdk), DiskFault::other_format);
  const std::string honest = packed("vmdk", "subformat=streamOptimized");
  const auto with = [&](const std::string& descriptor) {
    std::string bytes = honest;
    bytes.replace(512, 1024, descriptor + std::string(1024 - descriptor.size(), '\0'));
    return bytes;
  };
  std::string thief = with(flat);
  thief.replace(12, 8, 8, '\0');
  receive(thief);
  EXPECT_EQ(fault_of(DiskFormat::vmdk), DiskFault::names_others);
  receive(with(lines + "parentFileNameHint=\"" + secret + "\"\ncreateType=\"streamOptimized\"\n"));
  EXPECT_EQ(fault_of(DiskFormat::vmdk), DiskFault::names_others);
  std::string differencing = packed("vpc", "subformat=dynamic");
  differencing[differencing.size() - 512 + 63] = 4;
  receive(differencing);
  EXPECT_EQ(fault_of(DiskFormat::vhd), DiskFault::names_others);
}

TEST_F(DiskImportsTest, AMemberOfAnArchiveIsADisk) {
  std::ofstream(folder_ / "a.ovf") << "<Envelope/>";
  std::ofstream(folder_ / "a.vmdk") << packed("vmdk", "subformat=streamOptimized");
  run({"tar", "-C", folder_.path(), "-cf", folder_ / "a.ova", "a.ovf", "a.vmdk"});
  receive(read_whole(folder_ / "a.ova"));
  const auto members = imports_->list_members("disk").value();
  ASSERT_EQ(members.size(), 2U);
  EXPECT_EQ(imports_->read_member("disk", members[0]).value(), "<Envelope/>");
  EXPECT_EQ(members[1].name, "a.vmdk");
  const DiskSource source{.name = "disk",
                          .format = DiskFormat::vmdk,
                          .offset_bytes = members[1].offset_bytes,
                          .size_bytes = members[1].size_bytes};
  EXPECT_EQ(imports_->check(source).value(), 5 * kMiB);
  EXPECT_TRUE(is_the_disk(imports_->convert(source, "snap-1", kGoOn).value(), "qcow2"));
  receive("no archive");
  EXPECT_EQ(imports_->list_members("disk").error().fault, DiskFault::other_format);
}

TEST_F(DiskImportsTest, StopsWhenItIsToldTo) {
  receive(packed("vmdk", "subformat=streamOptimized"));
  const auto stopped =
      imports_->convert({.name = "disk", .format = DiskFormat::vmdk}, "snap-1", [](int) { return false; });
  EXPECT_EQ(stopped.error().code, ImportErrorCode::stopped);
}

TEST_F(DiskImportsTest, WhatAnEarlierProcessLeftIsGone) {
  receive("some");
  imports_ = DiskImports::open(folder_.path()).value();
  EXPECT_EQ(imports_->received_bytes("disk").value(), 0U);
  EXPECT_EQ(imports_->require_room(UINT64_MAX).error().code, ImportErrorCode::no_space);
  EXPECT_TRUE(imports_->require_room(1).has_value());
}

}  // namespace
}  // namespace aerolith::blocks
