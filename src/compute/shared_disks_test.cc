#include "compute/shared_disks.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "blocks/volumes.h"
#include "compute/missing.h"
#include "os/process.h"
#include "os/test_directory.h"

namespace aerolith::compute {
namespace {

constexpr uint64_t kGib = uint64_t{1} << 30;

// Of a host that may serve disks; no guest runs.
class SharedDiskTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto lacking = find_missing_for_containers(); !lacking.empty()) GTEST_SKIP() << lacking.front();
    volumes_ = blocks::Volumes::open(folder_.path()).value();
    ASSERT_TRUE(volumes_->create({.volume = disk_.volume, .size_bytes = kGib}).has_value());
    disk_.file = volumes_->file_of(disk_.volume);
  }
  void TearDown() override {
    for (const char* each : {"i-1", "i-2", "i-3"}) EXPECT_TRUE(leave_shared_disks(settings_, each).has_value());
    EXPECT_FALSE(shared_.is_open());
  }
  std::string server() const {
    return InstanceFolder(canonical_folder(settings_.run_folder) + "/shared", disk_.volume).read_text("disks.process");
  }
  static void write(const std::string& file, const std::string& text) {
    const int opened = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
    ASSERT_EQ(::pwrite(opened, text.data(), text.size(), 4096), static_cast<ssize_t>(text.size()));
    ::close(opened);
  }
  static std::string read(const std::string& file, size_t size) {
    std::string text(size, ' ');
    const int opened = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    EXPECT_EQ(::pread(opened, text.data(), size, 4096), static_cast<ssize_t>(size));
    ::close(opened);
    return text;
  }

  os::TestDirectory folder_;
  DriverSettings settings_{.run_folder = folder_ / "run", .installation = "test"};
  Disk disk_{.volume = "vol-0123456789abcdef0", .device = "/dev/sdf", .base = "", .is_shared = true};
  SharedDisk shared_{settings_, disk_.volume};
  std::unique_ptr<blocks::Volumes> volumes_;
};

TEST_F(SharedDiskTest, IsServedByOneUntilTheLastOneLeaves) {
  const std::string file = shared_.join("i-1", disk_).value();
  const std::string first = server();
  EXPECT_EQ(shared_.join("i-2", disk_).value(), file);
  EXPECT_EQ(server(), first);
  EXPECT_EQ(shared_.join("i-2", disk_).value(), file);
  write(file, "for all");
  EXPECT_EQ(read(file, 7), "for all");
  ASSERT_TRUE(shared_.leave("i-1").has_value());
  EXPECT_EQ(read(file, 7), "for all");
  EXPECT_FALSE(shared_.is_lost_to("i-2"));
  EXPECT_FALSE(shared_.is_lost_to("i-1")) << "it has left";
  ASSERT_TRUE(shared_.leave("i-2").has_value());
  EXPECT_FALSE(shared_.is_open());
  EXPECT_EQ(shared_.limit(disk_).error().code, DriverErrorCode::not_found);
  ASSERT_TRUE(shared_.leave("i-2").has_value());
  EXPECT_EQ(read(shared_.join("i-3", disk_).value(), 7), "for all");
}

TEST_F(SharedDiskTest, HasOneDeviceThatGrows) {
  ASSERT_TRUE(shared_.join("i-1", disk_).has_value());
  ASSERT_TRUE(shared_.join("i-2", disk_).has_value());
  const std::string device = shared_.device().value();
  EXPECT_EQ(shared_.device().value(), device);
  std::vector<std::string> told;
  const auto tell = [&](const std::string& instance) -> Result<> {
    told.push_back(instance);
    return {};
  };
  ASSERT_TRUE(shared_.grow(disk_, 2 * kGib, tell).has_value());
  EXPECT_EQ(told.size(), 2U);
  EXPECT_EQ(shared_.size_bytes().value(), 2 * kGib);
  const int opened = ::open(device.c_str(), O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(::lseek(opened, 0, SEEK_END), static_cast<off_t>(2 * kGib));
  ::close(opened);
}

// Who joined it has lost the disk, also when another one serves it by now.
TEST_F(SharedDiskTest, IsLostWithWhatServesIt) {
  ASSERT_TRUE(shared_.join("i-1", disk_).has_value());
  ASSERT_TRUE(shared_.join("i-2", disk_).has_value());
  Spec spec{.instance = "i-1", .disks = {disk_}};
  EXPECT_EQ(find_lost_disk(settings_, spec), "");
  const InstanceFolder folder(canonical_folder(settings_.run_folder) + "/shared", disk_.volume);
  ASSERT_TRUE(os::kill_and_wait(folder.read_process("disks.process")->identity));
  EXPECT_EQ(find_lost_disk(settings_, spec), disk_.volume);
  const std::string file = shared_.join("i-3", disk_).value();
  EXPECT_TRUE(shared_.is_lost_to("i-1"));
  EXPECT_TRUE(shared_.is_lost_to("i-2"));
  EXPECT_FALSE(shared_.is_lost_to("i-3"));
  write(file, "anew");
  ASSERT_TRUE(shared_.leave("i-1").has_value());
  ASSERT_TRUE(shared_.leave("i-2").has_value());
  EXPECT_EQ(read(file, 4), "anew");
}

TEST_F(SharedDiskTest, IsCopiedAlone) {
  ASSERT_TRUE(shared_.join("i-1", disk_).has_value());
  write(shared_.join("i-2", disk_).value(), "then");
  const std::string to = volumes_->begin_copy({.volume = disk_.volume, .snapshot = "snap-0123456789abcdef0"}).value();
  const DiskCopy copy{.name = "snap-0123456789abcdef0", .volume = disk_.volume, .file = to};
  EXPECT_FALSE(begin_shared_copy(settings_, {copy, {.name = "snap-2", .volume = "vol-2"}}).has_value());
  EXPECT_FALSE(begin_shared_copy(settings_, {{.name = "snap-2", .volume = "vol-2"}}).value());
  ASSERT_TRUE(begin_shared_copy(settings_, {copy}).value());
  // Whoever asks finds it by its name, also when an instance has left.
  ASSERT_TRUE(shared_.leave("i-1").has_value());
  EXPECT_EQ(shared_volume_of_copy(settings_, copy.name), disk_.volume);
  for (int tries = 0; shared_.copy_progress(copy.name)->state == CopyProgress::State::running && tries < 1000; ++tries)
    ::usleep(10'000);
  EXPECT_EQ(shared_.copy_progress(copy.name)->state, CopyProgress::State::done);
  ASSERT_TRUE(shared_.end_copy(copy, CopyEnd::taken).has_value());
  EXPECT_EQ(shared_volume_of_copy(settings_, copy.name), "");
  EXPECT_EQ(shared_.copy_bases()->size(), 1U);
}

}  // namespace
}  // namespace aerolith::compute
