#include "blocks/volumes.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "blocks/behind.h"
#include "blocks/block_store.h"
#include "blocks/qcow2.h"
#include "os/program.h"
#include "os/test_directory.h"

namespace aerolith::blocks {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;

class VolumesTest : public testing::Test {
 protected:
  void SetUp() override {
    if (os::find_program("qemu-img").empty() || os::find_program("qemu-io").empty()) {
      GTEST_SKIP() << "no qemu-img here: apt-get install qemu-utils";
    }
    volumes_ = Volumes::open(folder_.path()).value();
  }

  void write(const std::string& volume, const std::string& pattern_and_range) {
    const auto end = os::run_checked(
        {.arguments = {"qemu-io", "-f", "qcow2", "-c", "write -P " + pattern_and_range, volumes_->file_of(volume)}});
    ASSERT_TRUE(end.has_value()) << end.error().detail;
  }
  bool reads(const std::string& volume, const std::string& pattern_and_range) {
    const auto end = os::run_checked({.arguments = {"qemu-io", "-r", "-f", "qcow2", "-c",
                                                    "read -P " + pattern_and_range, volumes_->file_of(volume)}});
    return end.has_value() && end->find("verification failed") == std::string::npos;
  }

  // As a guest's QEMU does.
  void write_copy(const std::string& file, const std::vector<std::string>& commands) {
    std::vector<std::string> arguments{"qemu-io"};
    for (const std::string& command : commands) arguments.insert(arguments.end(), {"-c", command});
    arguments.push_back("json:{\"driver\":\"qcow2\",\"backing\":null,\"file\":{\"driver\":\"file\",\"filename\":\"" +
                        file + "\"}}");
    const auto end = os::run_checked({.arguments = arguments});
    ASSERT_TRUE(end.has_value()) << end.error().detail;
  }
  bool has_file(const std::string& snapshot) {
    return std::filesystem::exists(folder_ / ("snapshots/" + snapshot + ".qcow2"));
  }

  os::TestDirectory folder_;
  os::RealFileSystem files_;
  std::unique_ptr<Volumes> volumes_;
};

TEST_F(VolumesTest, AVolumeIsSparseAndHasItsSize) {
  ASSERT_TRUE(volumes_->create({.volume = "vol-1", .size_bytes = uint64_t{100} << 30}).has_value());
  EXPECT_EQ(read_qcow2_header(files_, volumes_->file_of("vol-1"))->size_bytes, uint64_t{100} << 30);
  struct stat info{};
  ASSERT_EQ(::stat(volumes_->file_of("vol-1").c_str(), &info), 0);
  EXPECT_LT(static_cast<uint64_t>(info.st_blocks) * 512, kMiB);
  EXPECT_EQ(volumes_->list().value(), std::vector<std::string>{"vol-1"});
  EXPECT_TRUE(volumes_->remove("vol-1").has_value());
  EXPECT_TRUE(volumes_->remove("vol-1").has_value());
  EXPECT_TRUE(volumes_->list()->empty());
}

TEST_F(VolumesTest, AVolumeGrowsAndKeepsItsBytes) {
  ASSERT_TRUE(volumes_->create({.volume = "vol-1", .size_bytes = 8 * kMiB}).has_value());
  write("vol-1", "0x11 0 8M");
  ASSERT_TRUE(volumes_->grow({"vol-1"}, 64 * kMiB).has_value());
  EXPECT_TRUE(volumes_->grow({"vol-1"}, 16 * kMiB).has_value()) << "it is larger already";
  EXPECT_EQ(read_qcow2_header(files_, volumes_->file_of("vol-1"))->size_bytes, 64 * kMiB);
  EXPECT_TRUE(reads("vol-1", "0x11 0 8M"));
  EXPECT_TRUE(reads("vol-1", "0 8M 56M"));
  EXPECT_EQ(volumes_->grow({"vol-2"}, 64 * kMiB).error().code, VolumeErrorCode::not_found);
  EXPECT_GT(volumes_->free_bytes().value(), 0U);
}

TEST_F(VolumesTest, AChildReadsItsSnapshotAndChangesNothingOfIt) {
  ASSERT_TRUE(volumes_->create({.volume = "vol-1", .size_bytes = 8 * kMiB}).has_value());
  write("vol-1", "0x11 0 1M");
  ASSERT_TRUE(volumes_->snapshot({"vol-1"}, "snap-1", {}).has_value());
  write("vol-1", "0x22 0 1M");
  ASSERT_TRUE(volumes_->create({.volume = "vol-2", .size_bytes = 16 * kMiB, .snapshot = "snap-1"}).has_value());
  EXPECT_TRUE(reads("vol-2", "0x11 0 1M"));
  EXPECT_TRUE(reads("vol-2", "0 8M 8M"));
  write("vol-2", "0x33 0 1M");
  ASSERT_TRUE(volumes_->create({.volume = "vol-3", .size_bytes = 8 * kMiB, .snapshot = "snap-1"}).has_value());
  EXPECT_TRUE(reads("vol-3", "0x11 0 1M"));
  EXPECT_EQ(volumes_->snapshot_size_bytes("snap-1").value(), 8 * kMiB);
}

TEST_F(VolumesTest, TheFolderMayMove) {
  ASSERT_TRUE(volumes_->create({.volume = "vol-1", .size_bytes = 8 * kMiB}).has_value());
  write("vol-1", "0x11 0 1M");
  ASSERT_TRUE(volumes_->snapshot({"vol-1"}, "snap-1", {}).has_value());
  ASSERT_TRUE(volumes_->create({.volume = "vol-2", .size_bytes = 8 * kMiB, .snapshot = "snap-1"}).has_value());
  const os::TestDirectory elsewhere;
  std::filesystem::rename(folder_ / "volumes", elsewhere / "volumes");
  std::filesystem::rename(folder_ / "snapshots", elsewhere / "snapshots");
  std::filesystem::rename(folder_ / "store", elsewhere / "store");
  volumes_ = Volumes::open(elsewhere.path()).value();
  EXPECT_TRUE(reads("vol-2", "0x11 0 1M"));
}

TEST_F(VolumesTest, ASnapshotStaysWhileAChildIsThere) {
  ASSERT_TRUE(volumes_->create({.volume = "vol-1", .size_bytes = kMiB}).has_value());
  ASSERT_TRUE(volumes_->snapshot({"vol-1"}, "snap-1", {}).has_value());
  ASSERT_TRUE(volumes_->create({.volume = "vol-2", .size_bytes = kMiB, .snapshot = "snap-1"}).has_value());
  auto removed = volumes_->remove_snapshot("snap-1");
  ASSERT_FALSE(removed.has_value());
  EXPECT_EQ(removed.error().code, VolumeErrorCode::in_use);
  ASSERT_TRUE(volumes_->remove("vol-2").has_value());
  EXPECT_TRUE(volumes_->remove_snapshot("snap-1").has_value());
  EXPECT_TRUE(volumes_->remove_snapshot("snap-1").has_value());
  EXPECT_EQ(volumes_->create({.volume = "vol-4", .size_bytes = kMiB, .snapshot = "snap-1"}).error().code,
            VolumeErrorCode::not_found);
}

TEST_F(VolumesTest, ImportsRawAndQcow2) {
  const std::string raw = folder_ / "disk.raw";
  std::ofstream(raw) << std::string(2 * kMiB, 'x');
  ASSERT_TRUE(volumes_->import_file(raw, "snap-raw").has_value());
  EXPECT_EQ(volumes_->snapshot_size_bytes("snap-raw").value(), 2 * kMiB);
  const std::string qcow2 = folder_ / "disk.qcow2";
  ASSERT_TRUE(os::run_checked({.arguments = {"qemu-img", "convert", "-O", "qcow2", raw, qcow2}}).has_value());
  ASSERT_TRUE(volumes_->import_file(qcow2, "snap-qcow2").has_value());
  ASSERT_TRUE(volumes_->create({.volume = "vol-1", .size_bytes = 2 * kMiB, .snapshot = "snap-qcow2"}).has_value());
  EXPECT_TRUE(reads("vol-1", "0x78 0 2M"));
}

TEST_F(VolumesTest, AnImportMayNotNameOtherFiles) {
  const std::string secret = folder_ / "secret";
  std::ofstream(secret) << std::string(kMiB, 's');
  const std::string thief = folder_ / "thief.qcow2";
  ASSERT_TRUE(os::run_checked({.arguments = {"qemu-img", "create", "-f", "qcow2", "-F", "raw", "-b", secret, thief}})
                  .has_value());
  EXPECT_EQ(volumes_->import_file(thief, "snap-1").error().code, VolumeErrorCode::corrupt);
  const std::string outside = folder_ / "outside.qcow2";
  ASSERT_TRUE(os::run_checked({.arguments = {"qemu-img", "create", "-f", "qcow2", "-o",
                                             "data_file=" + secret + ",data_file_raw=on", outside, "1M"}})
                  .has_value());
  EXPECT_EQ(volumes_->import_file(outside, "snap-1").error().code, VolumeErrorCode::corrupt);
}

TEST_F(VolumesTest, WhatACrashLeftHalfDoneIsGone) {
  std::ofstream(folder_ / "volumes/.vol-1.new") << "half";
  volumes_ = Volumes::open(folder_.path()).value();
  EXPECT_FALSE(std::filesystem::exists(folder_ / "volumes/.vol-1.new"));
  EXPECT_TRUE(volumes_->list()->empty());
}

TEST_F(VolumesTest, ASnapshotIsBlocksAndItsFileIsMadeWhenItIsNeeded) {
  ASSERT_TRUE(volumes_->create({.volume = "vol-1", .size_bytes = 8 * kMiB}).has_value());
  write("vol-1", "0x11 0 1M");
  ASSERT_TRUE(volumes_->snapshot({"vol-1"}, "snap-1", {}).has_value());
  EXPECT_TRUE(volumes_->blocks().contains("snap-1"));
  EXPECT_FALSE(has_file("snap-1"));
  const uint64_t first_bytes = volumes_->blocks().stored_bytes();
  // Of a child: what it has itself.
  ASSERT_TRUE(volumes_->create({.volume = "vol-2", .size_bytes = 16 * kMiB, .snapshot = "snap-1"}).has_value());
  EXPECT_TRUE(has_file("snap-1"));
  write("vol-2", "0x22 64k 64k");
  ASSERT_TRUE(volumes_->snapshot({"vol-2", "snap-1"}, "snap-2", {}).has_value());
  EXPECT_LT(volumes_->blocks().stored_bytes(), 3 * first_bytes);
  EXPECT_EQ(volumes_->blocks().changed_blocks("snap-1", "snap-2").value(), std::vector<uint64_t>{0});
  ASSERT_TRUE(volumes_->create({.volume = "vol-3", .size_bytes = 16 * kMiB, .snapshot = "snap-2"}).has_value());
  EXPECT_TRUE(reads("vol-3", "0x11 0 64k"));
  EXPECT_TRUE(reads("vol-3", "0x22 64k 64k"));
  EXPECT_TRUE(reads("vol-3", "0x11 128k 896k"));
  EXPECT_EQ(volumes_->list_snapshots().value(), (std::vector<std::string>{"snap-1", "snap-2"}));
  // The middle one goes, and the volumes have what they had.
  EXPECT_EQ(volumes_->remove_snapshot("snap-1").error().code, VolumeErrorCode::in_use);
  EXPECT_FALSE(volumes_->blocks().contains("snap-1"));
  EXPECT_TRUE(reads("vol-2", "0x11 0 64k"));
  ASSERT_TRUE(volumes_->remove("vol-2").has_value());
  ASSERT_TRUE(volumes_->remove_snapshot("snap-1").has_value());
  EXPECT_FALSE(has_file("snap-1"));
  EXPECT_TRUE(reads("vol-3", "0x11 0 64k"));
}

TEST_F(VolumesTest, ACopyOfWhatChangedLiesOverItsBase) {
  ASSERT_TRUE(volumes_->create({.volume = "vol-1", .size_bytes = 8 * kMiB}).has_value());
  const std::string first = volumes_->begin_copy({.volume = "vol-1", .snapshot = "snap-1"}).value();
  write_copy(first, {"write -P 0x11 0 2M"});
  ASSERT_TRUE(volumes_->keep_copy("snap-1").has_value());
  EXPECT_TRUE(volumes_->is_kept("snap-1"));
  ASSERT_TRUE(volumes_->store_copy("snap-1", {}, {}).has_value());
  EXPECT_FALSE(volumes_->is_kept("snap-1"));
  const std::string second =
      volumes_->begin_copy({.volume = "vol-1", .snapshot = "snap-2", .base = "snap-1", .most_bytes = kMiB}).value();
  write_copy(second, {"write -P 0x22 64k 64k", "write -z 1M 64k"});
  ASSERT_TRUE(volumes_->keep_copy("snap-2").has_value());
  ASSERT_TRUE(volumes_->store_copy("snap-2", "snap-1", {}).has_value());
  ASSERT_TRUE(volumes_->store_copy("snap-2", "snap-1", {}).has_value()) << "stored already";
  EXPECT_EQ(volumes_->blocks().changed_blocks("snap-1", "snap-2").value(), (std::vector<uint64_t>{0, 2}));
  const auto check = [&](const std::string& volume) {
    ASSERT_TRUE(volumes_->create({.volume = volume, .size_bytes = 8 * kMiB, .snapshot = "snap-2"}).has_value());
    EXPECT_TRUE(reads(volume, "0x11 0 64k"));
    EXPECT_TRUE(reads(volume, "0x22 64k 64k"));
    EXPECT_TRUE(reads(volume, "0x11 128k 896k"));
    EXPECT_TRUE(reads(volume, "0 1M 64k"));
    EXPECT_TRUE(reads(volume, "0x11 1088k 960k"));
    EXPECT_TRUE(reads(volume, "0 2M 6M"));
    ASSERT_TRUE(volumes_->remove(volume).has_value());
  };
  check("vol-2");
  // Without the files that the copies became.
  for (const char* snapshot : {"snap-1", "snap-2"}) {
    EXPECT_TRUE(has_file(snapshot));
    std::filesystem::remove(folder_ / (std::string("snapshots/") + snapshot + ".qcow2"));
  }
  check("vol-3");
  EXPECT_TRUE(volumes_->remove_snapshot("snap-1").has_value());
  check("vol-4");
  EXPECT_TRUE(volumes_->remove_snapshot("snap-2").has_value());
  EXPECT_EQ(volumes_->blocks().stored_bytes(), 0U);
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "snapshots"));
}

// A guest's QEMU can write the headers of its volume and of the copy that it makes.
TEST_F(VolumesTest, AFileThatNamesAnotherOneThanItsSnapshotIsRefused) {
  for (const char* volume : {"vol-1", "vol-2", "vol-secret"}) {
    ASSERT_TRUE(volumes_->create({.volume = volume, .size_bytes = 8 * kMiB}).has_value());
  }
  write("vol-secret", "0x73 0 1M");
  ASSERT_TRUE(volumes_->snapshot({"vol-secret"}, "snap-secret", {}).has_value());
  ASSERT_TRUE(volumes_->snapshot({"vol-1"}, "snap-1", {}).has_value());
  const auto names = [&](const std::string& file, const std::string& behind) {
    const auto end =
        os::run_checked({.arguments = {"qemu-img", "rebase", "-u", "-f", "qcow2", "-F", "qcow2", "-b", behind, file}});
    ASSERT_TRUE(end.has_value()) << end.error().detail;
  };
  const std::string copy =
      volumes_->begin_copy({.volume = "vol-1", .snapshot = "snap-2", .base = "snap-1", .most_bytes = kMiB}).value();
  for (const std::string behind : {"snap-secret.qcow2", "../volumes/vol-secret.qcow2", "/elsewhere/snap-1.qcow2"}) {
    names(copy, behind);
    ASSERT_TRUE(volumes_->keep_copy("snap-2").has_value());
    EXPECT_EQ(volumes_->store_copy("snap-2", "snap-1", {}).error().code, VolumeErrorCode::corrupt) << behind;
    EXPECT_FALSE(volumes_->blocks().contains("snap-2"));
    std::filesystem::rename(folder_ / "snapshots/.snap-2.whole", copy);
  }
  // Whose blocks are there already is nothing that volumes are made of.
  names(copy, "snap-1.qcow2");
  ASSERT_TRUE(volumes_->keep_copy("snap-2").has_value());
  std::filesystem::copy_file(folder_ / "snapshots/.snap-2.whole", copy);
  ASSERT_TRUE(volumes_->store_copy("snap-2", "snap-1", {}).has_value());
  std::filesystem::remove(folder_ / "snapshots/snap-2.qcow2");
  names(copy, "../snapshots/snap-secret.qcow2");
  std::filesystem::rename(copy, folder_ / "snapshots/.snap-2.whole");
  ASSERT_TRUE(volumes_->store_copy("snap-2", "snap-1", {}).has_value());
  EXPECT_FALSE(has_file("snap-2"));
  EXPECT_FALSE(volumes_->is_kept("snap-2"));
  for (const std::string behind : {"../snapshots/snap-secret.qcow2", "vol-secret.qcow2"}) {
    names(volumes_->file_of("vol-2"), behind);
    EXPECT_EQ(volumes_->snapshot({"vol-2"}, "snap-3", {}).error().code, VolumeErrorCode::corrupt);
    EXPECT_EQ(volumes_->grow({"vol-2"}, 16 * kMiB).error().code, VolumeErrorCode::corrupt);
    EXPECT_FALSE(files_of_volume(files_, volumes_->file_of("vol-2"), "").has_value());
  }
  EXPECT_FALSE(files_of_volume(files_, volumes_->file_of("vol-2"), std::nullopt).has_value());
}

TEST_F(VolumesTest, ACopyThatIsStillOpenIsNoFileOfASnapshot) {
  ASSERT_TRUE(volumes_->create({.volume = "vol-1", .size_bytes = 8 * kMiB}).has_value());
  const std::string copy = volumes_->begin_copy({.volume = "vol-1", .snapshot = "snap-1"}).value();
  const auto held = files_.open(copy, os::OpenMode::write, 0600).value();
  ASSERT_TRUE(volumes_->keep_copy("snap-1").has_value());
  ASSERT_TRUE(volumes_->store_copy("snap-1", {}, {}).has_value());
  EXPECT_TRUE(volumes_->blocks().contains("snap-1"));
  EXPECT_FALSE(has_file("snap-1"));
}

TEST_F(VolumesTest, AFlippedBitFailsTheVolumeThatNeedsIt) {
  ASSERT_TRUE(volumes_->create({.volume = "vol-1", .size_bytes = 8 * kMiB}).has_value());
  write("vol-1", "0x11 0 1M");
  ASSERT_TRUE(volumes_->snapshot({"vol-1"}, "snap-1", {}).has_value());
  {
    std::fstream pack(folder_ / "store/packs/snap-1.pack", std::ios::in | std::ios::out | std::ios::binary);
    pack.seekp(60);
    pack.put('?');
  }
  EXPECT_EQ(volumes_->create({.volume = "vol-2", .size_bytes = 8 * kMiB, .snapshot = "snap-1"}).error().code,
            VolumeErrorCode::corrupt);
  EXPECT_FALSE(std::filesystem::exists(volumes_->file_of("vol-2")));
  EXPECT_FALSE(has_file("snap-1"));
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "snapshots"));
}

TEST_F(VolumesTest, ACopyHasTheSameBlocksAndStandsByItself) {
  ASSERT_TRUE(volumes_->create({.volume = "vol-1", .size_bytes = 8 * kMiB}).has_value());
  write("vol-1", "0x11 0 1M");
  ASSERT_TRUE(volumes_->snapshot({"vol-1"}, "snap-1", {}).has_value());
  const uint64_t bytes = volumes_->blocks().stored_bytes();
  ASSERT_TRUE(volumes_->link_snapshot("snap-1", "snap-2").has_value());
  EXPECT_EQ(volumes_->blocks().stored_bytes(), bytes);
  ASSERT_TRUE(volumes_->remove_snapshot("snap-1").has_value());
  ASSERT_TRUE(volumes_->create({.volume = "vol-2", .size_bytes = 8 * kMiB, .snapshot = "snap-2"}).has_value());
  EXPECT_TRUE(reads("vol-2", "0x11 0 1M"));
}

TEST_F(VolumesTest, AFileBecomesASnapshotAndOneThatIsAFileBecomesBlocks) {
  const std::string raw = folder_ / "disk.raw";
  std::ofstream(raw) << std::string(2 * kMiB, 'x');
  std::vector<int> told;
  ASSERT_TRUE(
      volumes_->store_file(raw, {.snapshot = "snap-1"}, [&](int percent) { told.push_back(percent); }).has_value());
  EXPECT_EQ(told, std::vector<int>{0});
  EXPECT_TRUE(volumes_->blocks().contains("snap-1"));
  ASSERT_TRUE(volumes_->import_file(raw, "snap-2").has_value());
  EXPECT_FALSE(volumes_->blocks().contains("snap-2"));
  ASSERT_TRUE(volumes_->create({.volume = "vol-1", .size_bytes = 2 * kMiB, .snapshot = "snap-2"}).has_value());
  ASSERT_TRUE(volumes_->move_to_blocks("snap-2", {}).has_value());
  EXPECT_TRUE(volumes_->blocks().changed_blocks("snap-1", "snap-2")->empty());
  EXPECT_TRUE(reads("vol-1", "0x78 0 2M"));
}

TEST_F(VolumesTest, AFileThatIsKeptIsThereBeforeAVolumeAsks) {
  ASSERT_TRUE(volumes_->create({.volume = "vol-1", .size_bytes = 4 * kMiB}).has_value());
  write("vol-1", "0x11 0 1M");
  ASSERT_TRUE(volumes_->snapshot({"vol-1"}, "snap-1", {}).has_value());
  EXPECT_FALSE(has_file("snap-1"));
  ASSERT_TRUE(volumes_->keep_file("snap-1").has_value());
  ASSERT_TRUE(volumes_->keep_file("snap-1").has_value());
  EXPECT_TRUE(has_file("snap-1"));
  ASSERT_TRUE(volumes_->keep_blocks_alone("snap-1", {}).has_value());
  EXPECT_TRUE(has_file("snap-1"));
  EXPECT_EQ(volumes_->remove_snapshot("snap-1").error().code, VolumeErrorCode::in_use);
  volumes_->let_file_go("snap-1");
  volumes_->let_file_go("snap-1");
  ASSERT_TRUE(volumes_->keep_blocks_alone("snap-1", {}).has_value());
  EXPECT_FALSE(has_file("snap-1"));
  EXPECT_EQ(volumes_->keep_file("snap-2").error().code, VolumeErrorCode::not_found);
  // A volume needs its file, whatever else.
  ASSERT_TRUE(volumes_->create({.volume = "vol-2", .size_bytes = 4 * kMiB, .snapshot = "snap-1"}).has_value());
  ASSERT_TRUE(volumes_->keep_blocks_alone("snap-1", {}).has_value());
  EXPECT_TRUE(has_file("snap-1"));
  EXPECT_TRUE(reads("vol-2", "0x11 0 1M"));
}

TEST_F(VolumesTest, RefusesWhatItCanNotDo) {
  EXPECT_EQ(volumes_->snapshot({"vol-none"}, "snap-1", {}).error().code, VolumeErrorCode::not_found);
  EXPECT_EQ(volumes_->create({.volume = "../vol-1", .size_bytes = kMiB}).error().code, VolumeErrorCode::not_found);
  ASSERT_TRUE(volumes_->create({.volume = "vol-1", .size_bytes = 2 * kMiB}).has_value());
  ASSERT_TRUE(volumes_->snapshot({"vol-1"}, "snap-1", {}).has_value());
  EXPECT_EQ(volumes_->create({.volume = "vol-2", .size_bytes = kMiB, .snapshot = "snap-1"}).error().code,
            VolumeErrorCode::command);
}

}  // namespace
}  // namespace aerolith::blocks
