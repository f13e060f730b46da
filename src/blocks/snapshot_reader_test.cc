// Snapshots as disks' files, and as streams of bytes.
#include "blocks/snapshot_reader.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "os/test_directory.h"

namespace aerolith::blocks {
namespace {

// Two blocks and a bit.
constexpr uint64_t kSizeBytes = 2 * kBlockBytes + 4096;

class SnapshotReaderTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_ / "snapshots");
    const auto store = BlockStore::open(files_, folder_ / "store").value();
    const auto writer = store->begin("snap-1", kSizeBytes, "").value();
    ASSERT_TRUE(writer->put(1, std::string(kBlockBytes, 'b')).has_value());
    std::string last(kBlockBytes, '\0');
    last.replace(0, 4096, 4096, 'c');
    ASSERT_TRUE(writer->put(2, last).has_value());
    ASSERT_TRUE(writer->commit().has_value());
  }
  std::unique_ptr<SnapshotReader> open(const std::string& snapshot) {
    return SnapshotReader::open(files_, folder_.path(), snapshot).value();
  }
  static std::string content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  const std::string whole_ = std::string(kBlockBytes, '\0') + std::string(kBlockBytes, 'b') + std::string(4096, 'c');
  os::TestDirectory folder_;
  os::RealFileSystem files_;
};

TEST_F(SnapshotReaderTest, ARawFileIsSparseAndHasItsSize) {
  const std::string path = folder_ / "disk.raw";
  int told = -1;
  ASSERT_TRUE(export_raw(files_, *open("snap-1"), path, [&](int percent) { told = percent; }).has_value());
  EXPECT_EQ(content(path), whole_);
  EXPECT_EQ(told, 0);
  struct stat info{};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_LT(static_cast<uint64_t>(info.st_blocks) * 512, kSizeBytes);
  // What is there stays.
  EXPECT_FALSE(export_raw(files_, *open("snap-1"), path, {}).has_value());
  EXPECT_EQ(content(path), whole_);
}

TEST_F(SnapshotReaderTest, AStreamHasTheZerosToo) {
  const std::string path = folder_ / "stream";
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_GE(file, 0);
  EXPECT_TRUE(stream_raw(*open("snap-1"), file, {}).has_value());
  ::close(file);
  EXPECT_EQ(content(path), whole_);
}

// What is exported as qcow2 reads the same, also as a snapshot that is a file.
TEST_F(SnapshotReaderTest, AQcow2FileHasTheSameBytes) {
  ASSERT_TRUE(export_qcow2(files_, *open("snap-1"), folder_ / "snapshots/snap-2.qcow2", {}).has_value());
  const auto reader = open("snap-2");
  EXPECT_EQ(reader->size_bytes(), kSizeBytes);
  EXPECT_EQ(reader->find_blocks().value(), (std::vector<uint64_t>{1, 2}));
  ASSERT_TRUE(export_raw(files_, *reader, folder_ / "again.raw", {}).has_value());
  EXPECT_EQ(content(folder_ / "again.raw"), whole_);
}

// A volume's file, for as long as no program may write it; QEMU's locks are what tells.
TEST_F(SnapshotReaderTest, AClosedVolume) {
  std::filesystem::create_directories(folder_ / "volumes");
  const std::string path = folder_ / "volumes/vol-1.qcow2";
  ASSERT_TRUE(export_qcow2(files_, *open("snap-1"), path, {}).has_value());
  const auto lock = [&](int descriptor, short type, off_t place) {
    struct flock wanted{};
    wanted.l_type = type;
    wanted.l_whence = SEEK_SET;
    wanted.l_start = place;
    wanted.l_len = 1;
    return ::fcntl(descriptor, F_OFD_SETLK, &wanted) == 0;
  };
  const int other = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(other, 0);
  {
    const auto reader = SnapshotReader::open_volume(files_, folder_.path(), "vol-1").value();
    ASSERT_TRUE(export_raw(files_, *reader, folder_ / "volume.raw", {}).has_value());
    EXPECT_EQ(content(folder_ / "volume.raw"), whole_);
    EXPECT_FALSE(lock(other, F_WRLCK, 201));
  }
  EXPECT_TRUE(lock(other, F_WRLCK, 201));
  EXPECT_TRUE(lock(other, F_UNLCK, 201));
  EXPECT_TRUE(lock(other, F_RDLCK, 101));
  EXPECT_EQ(SnapshotReader::open_volume(files_, folder_.path(), "vol-1").error().code, VolumeErrorCode::in_use);
  ::close(other);
  EXPECT_EQ(SnapshotReader::open_volume(files_, folder_.path(), "vol-2").error().code, VolumeErrorCode::not_found);
}

TEST_F(SnapshotReaderTest, WhatIsntThere) {
  EXPECT_EQ(SnapshotReader::open(files_, folder_.path(), "snap-3").error().code, VolumeErrorCode::not_found);
  EXPECT_EQ(SnapshotReader::open(files_, folder_.path(), "../snap-1").error().code, VolumeErrorCode::not_found);
  EXPECT_EQ(SnapshotReader::open(files_, folder_ / "nowhere", "snap-1").error().code, VolumeErrorCode::not_found);
}

}  // namespace
}  // namespace aerolith::blocks
