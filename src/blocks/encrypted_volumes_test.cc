// Encrypted volumes and their snapshots, as qemu-io reads and writes them: a pattern that was written is read back with
// the secret, and lies nowhere on the disk.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "blocks/block_store.h"
#include "blocks/disk_secrets.h"
#include "blocks/qcow2.h"
#include "blocks/secret_file.h"
#include "blocks/test_sealing.h"
#include "blocks/volumes.h"
#include "os/program.h"
#include "os/test_directory.h"

namespace aerolith::blocks {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMiB = uint64_t{1} << 20;
const std::string kKey = "11111111-2222-3333-4444-555555555555";

class EncryptedVolumesTest : public testing::Test {
 protected:
  void SetUp() override {
    if (os::find_program("qemu-img").empty() || os::find_program("qemu-io").empty()) {
      GTEST_SKIP() << "no qemu-img here: apt-get install qemu-utils";
    }
    open();
  }
  void open() {
    volumes_.reset();
    volumes_ = Volumes::open(folder_.path(), test_sealing()).value();
  }

  // The file and all behind it, each with its secret where it is encrypted.
  std::string describe(const std::string& file, os::Program& program, bool alone = false) {
    const Qcow2Header header = read_qcow2_header(files_, file).value();
    std::string node = R"({"driver":"qcow2","file":{"driver":"file","filename":")" + file + R"("})";
    if (header.is_encrypted) {
      const int number = 3 + static_cast<int>(program.descriptors.size());
      const std::string id = "s" + std::to_string(number);
      program.descriptors.push_back({open_secret(secrets_.read(file)->text).value(), number});
      program.arguments.insert(program.arguments.begin() + 1,
                               {"--object", "secret,id=" + id + ",file=/proc/self/fd/" + std::to_string(number)});
      node += R"(,"encrypt":{"format":"luks","key-secret":")" + id + "\"}";
    }
    const bool has_backing = !alone && !header.backing_file.empty();
    node += ",\"backing\":";
    node += has_backing ? describe(resolve_backing_file(file, header.backing_file), program) : "null";
    return node + "}";
  }
  std::string run(const std::string& file, const std::vector<std::string>& commands, bool alone = false) {
    os::Program program{.arguments = {"qemu-io"}};
    for (const std::string& command : commands) program.arguments.insert(program.arguments.end(), {"-c", command});
    const std::string node = describe(file, program, alone);
    program.arguments.push_back("json:" + node);
    const auto end = os::run_checked(program);
    for (const auto& each : program.descriptors) ::close(each.ours);
    if (end.has_value()) return *end;
    EXPECT_TRUE(end.error().detail.find("verification failed") != std::string::npos) << end.error().detail;
    return end.error().detail;
  }
  void write(const std::string& volume, const std::string& pattern_and_range) {
    run(volumes_->file_of(volume), {"write -P " + pattern_and_range});
  }
  bool reads(const std::string& volume, const std::string& pattern_and_range) {
    const std::string said = run(volumes_->file_of(volume), {"read -P " + pattern_and_range});
    return said.find("verification failed") == std::string::npos;
  }
  // 64 bytes of the same anywhere under the folder.
  std::vector<std::string> files_with(char pattern) {
    std::vector<std::string> found;
    const std::string needle(64, pattern);
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path())) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(file), {}};
      if (bytes.find(needle) != std::string::npos) found.push_back(entry.path().filename());
    }
    return found;
  }
  std::string random_like(const std::string& file, size_t bytes) const {
    std::string text;
    uint64_t state = 7;
    while (text.size() < bytes) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      text.push_back(static_cast<char>(state >> 56));
    }
    std::ofstream(file, std::ios::binary) << text;
    return text;
  }

  os::TestDirectory folder_;
  os::RealFileSystem files_;
  DiskSecrets secrets_{files_, test_sealing()};
  std::unique_ptr<Volumes> volumes_;
};

TEST_F(EncryptedVolumesTest, WhatIsWrittenIsReadAndLiesNowhere) {
  ASSERT_TRUE(volumes_->create({.volume = "vol-1", .size_bytes = 8 * kMiB, .key = kKey}).has_value());
  write("vol-1", "0x5a 1M 2M");
  EXPECT_TRUE(reads("vol-1", "0x5a 1M 2M"));
  EXPECT_TRUE(reads("vol-1", "0 4M 4M"));
  EXPECT_EQ(files_with('\x5a'), std::vector<std::string>());
  const DiskSecret secret = secrets_.read(volumes_->file_of("vol-1")).value();
  EXPECT_EQ(secret.key, kKey);
  EXPECT_EQ(secret.text.size(), 64U);
  ASSERT_TRUE(volumes_->grow({"vol-1"}, 16 * kMiB).has_value());
  EXPECT_EQ(read_qcow2_header(files_, volumes_->file_of("vol-1"))->size_bytes, 16 * kMiB);
  EXPECT_TRUE(reads("vol-1", "0x5a 1M 2M"));
  open();
  EXPECT_TRUE(reads("vol-1", "0x5a 1M 2M")) << "its secret stays";
  ASSERT_TRUE(volumes_->remove("vol-1").has_value());
  EXPECT_TRUE(fs::is_empty(folder_ / "volumes")) << "its secret goes with it";
}

TEST_F(EncryptedVolumesTest, EachHasASecretOfItsOwnThatOpensNoOther) {
  for (const char* volume : {"vol-1", "vol-2"}) {
    ASSERT_TRUE(volumes_->create({.volume = volume, .size_bytes = kMiB, .key = kKey}).has_value());
  }
  EXPECT_NE(secrets_.read(volumes_->file_of("vol-1"))->text, secrets_.read(volumes_->file_of("vol-2"))->text);
  fs::copy_file(folder_ / "volumes/vol-1.secret", folder_ / "volumes/vol-2.secret",
                fs::copy_options::overwrite_existing);
  EXPECT_EQ(secrets_.read(volumes_->file_of("vol-2")).error().code, VolumeErrorCode::corrupt) << "it is sealed for one";
}

TEST_F(EncryptedVolumesTest, ASnapshotIsEncryptedInTheStoreAndInItsFile) {
  ASSERT_TRUE(volumes_->create({.volume = "vol-1", .size_bytes = 8 * kMiB, .key = kKey}).has_value());
  write("vol-1", "0x5a 0 4M");
  ASSERT_TRUE(volumes_->snapshot({"vol-1"}, "snap-1", {}).has_value());
  EXPECT_EQ(volumes_->blocks().key_of("snap-1"), kKey);
  EXPECT_EQ(volumes_->blocks().read("snap-1", 1).value(), std::string(kBlockBytes, '\x5a'));
  ASSERT_TRUE(
      volumes_->create({.volume = "vol-2", .size_bytes = 16 * kMiB, .snapshot = "snap-1", .key = kKey}).has_value());
  EXPECT_TRUE(reads("vol-2", "0x5a 0 4M"));
  EXPECT_TRUE(reads("vol-2", "0 4M 12M"));
  write("vol-2", "0x33 2M 1M");
  ASSERT_TRUE(volumes_->grow({"vol-2", "snap-1"}, 32 * kMiB).has_value());
  EXPECT_TRUE(reads("vol-2", "0x5a 0 2M") && reads("vol-2", "0x33 2M 1M") && reads("vol-2", "0 16M 16M"));
  EXPECT_EQ(files_with('\x5a'), std::vector<std::string>());
  EXPECT_EQ(files_with('\x33'), std::vector<std::string>());
  // The next one shares what didn't change.
  const uint64_t before = volumes_->blocks().stored_bytes();
  ASSERT_TRUE(volumes_->snapshot({"vol-2", "snap-1"}, "snap-2", {}).has_value());
  EXPECT_EQ(volumes_->blocks().changed_blocks("snap-1", "snap-2").value(), (std::vector<uint64_t>{4, 5}));
  EXPECT_LT(volumes_->blocks().stored_bytes(), 2 * before + kBlockBytes);
  EXPECT_EQ(volumes_->blocks().read("snap-2", 4).value(), std::string(kBlockBytes, '\x33'));
  EXPECT_TRUE(volumes_->blocks().scrub([](uint64_t) { return true; }).damaged.empty());
  open();
  EXPECT_EQ(volumes_->blocks().read("snap-2", 0).value(), std::string(kBlockBytes, '\x5a')) << "its key stays";
  EXPECT_EQ(volumes_->create({.volume = "vol-3", .size_bytes = 32 * kMiB, .snapshot = "snap-2"}).error().code,
            VolumeErrorCode::command)
      << "never a volume that isn't encrypted";
}

TEST_F(EncryptedVolumesTest, OfASnapshotThatIsNotEncryptedAVolumeIsAndItsSnapshotsAre) {
  const std::string text = random_like(folder_ / "raw", 4 * kMiB);
  ASSERT_TRUE(volumes_->store_file(folder_ / "raw", {.snapshot = "snap-0"}, {}).has_value());
  ASSERT_TRUE(
      volumes_->create({.volume = "vol-1", .size_bytes = 8 * kMiB, .snapshot = "snap-0", .key = kKey}).has_value());
  write("vol-1", "0x5a 1M 1M");
  ASSERT_TRUE(volumes_->snapshot({"vol-1", "snap-0"}, "snap-1", {}).has_value());
  EXPECT_EQ(volumes_->blocks().read("snap-1", 0).value(), text.substr(0, kBlockBytes));
  EXPECT_EQ(volumes_->blocks().read("snap-1", 2).value(), std::string(kBlockBytes, '\x5a'));
  EXPECT_EQ(volumes_->blocks().key_of("snap-0"), "");
  // Nothing of it is the other one's block.
  for (const auto& [index, entry] : volumes_->blocks().manifest("snap-1").value()->blocks) {
    EXPECT_EQ(entry.place.pack, "snap-1") << index;
  }
  EXPECT_EQ(files_with('\x5a'), std::vector<std::string>());
}

TEST_F(EncryptedVolumesTest, ACopyThatAGuestWritesIsEncrypted) {
  ASSERT_TRUE(volumes_->create({.volume = "vol-1", .size_bytes = 8 * kMiB, .key = kKey}).has_value());
  const auto take = [&](const std::string& id, const std::string& base, const std::string& range) {
    const std::string file = volumes_->begin_copy({.volume = "vol-1", .snapshot = id, .base = base}).value();
    EXPECT_TRUE(read_qcow2_header(files_, file)->is_encrypted);
    run(file, {"write -P " + range}, true);
    EXPECT_TRUE(volumes_->keep_copy(id).has_value());
    const auto stored = volumes_->store_copy(id, base, {});
    EXPECT_TRUE(stored.has_value()) << stored.error().detail;
  };
  take("snap-1", "", "0x5a 0 4M");
  take("snap-2", "snap-1", "0x33 1M 1M");
  EXPECT_EQ(volumes_->blocks().read("snap-2", 0).value(), std::string(kBlockBytes, '\x5a'));
  EXPECT_EQ(volumes_->blocks().read("snap-2", 2).value(), std::string(kBlockBytes, '\x33'));
  ASSERT_TRUE(
      volumes_->create({.volume = "vol-2", .size_bytes = 8 * kMiB, .snapshot = "snap-2", .key = kKey}).has_value());
  EXPECT_TRUE(reads("vol-2", "0x5a 0 1M") && reads("vol-2", "0x33 1M 1M") && reads("vol-2", "0x5a 2M 2M"))
      << "three files, three secrets";
  EXPECT_EQ(files_with('\x5a'), std::vector<std::string>());
  ASSERT_TRUE(volumes_->remove("vol-2").has_value());
  for (const char* snapshot : {"snap-2", "snap-1"}) {
    ASSERT_TRUE(volumes_->remove_snapshot(snapshot).has_value());
  }
  EXPECT_TRUE(fs::is_empty(folder_ / "snapshots"));
}

TEST_F(EncryptedVolumesTest, CopiesOfSnapshotsAreEncryptedOrStayIt) {
  random_like(folder_ / "raw", 2 * kMiB);
  ASSERT_TRUE(volumes_->store_file(folder_ / "raw", {.snapshot = "snap-0"}, {}).has_value());
  ASSERT_TRUE(volumes_->store_file(folder_ / "raw", {.snapshot = "snap-1", .key = kKey}, {}).has_value());
  ASSERT_TRUE(volumes_->encrypt_snapshot("snap-0", {.snapshot = "snap-2", .key = kKey}, {}).has_value());
  ASSERT_TRUE(volumes_->encrypt_snapshot("snap-2", {.snapshot = "snap-3", .key = kKey}, {}).has_value());
  ASSERT_TRUE(volumes_->link_snapshot("snap-1", "snap-4").has_value());
  for (const char* id : {"snap-1", "snap-2", "snap-3", "snap-4"}) {
    EXPECT_EQ(volumes_->blocks().key_of(id), kKey) << id;
    EXPECT_TRUE(volumes_->blocks().changed_blocks("snap-1", id)->empty()) << id;
    EXPECT_EQ(volumes_->blocks().read(id, 1).value(), volumes_->blocks().read("snap-0", 1).value()) << id;
    const std::string volume = std::string("vol-of-") + id;
    ASSERT_TRUE(volumes_->create({.volume = volume, .size_bytes = 2 * kMiB, .snapshot = id, .key = kKey}).has_value());
    EXPECT_FALSE(reads(volume, "0 0 2M")) << "it has bytes, and they can be read";
  }
  EXPECT_EQ(volumes_->blocks().begin("snap-5", 2 * kMiB, "snap-1").error().code, VolumeErrorCode::command)
      << "blocks of one kind are no part of another";
}

TEST_F(EncryptedVolumesTest, NothingIsEncryptedWhereNothingSeals) {
  const auto plain = Volumes::open(folder_ / "other").value();
  EXPECT_EQ(plain->create({.volume = "vol-1", .size_bytes = kMiB, .key = kKey}).error().code,
            VolumeErrorCode::unavailable);
}

}  // namespace
}  // namespace aerolith::blocks
