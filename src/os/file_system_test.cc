#include "os/file_system.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>

#include "os/faulty_file_system.h"
#include "os/lock_file.h"

namespace aerolith::os {
namespace {

class FileSystemTest : public testing::Test {
 protected:
  FileSystemTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "aerolith-os-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
  }
  ~FileSystemTest() override { std::filesystem::remove_all(root_); }

  RealFileSystem files_;
  std::string root_;
};

TEST_F(FileSystemTest, WritesAndReadsAtOffsets) {
  auto file = files_.open(root_ + "/a", OpenMode::create, 0640);
  ASSERT_TRUE(file.has_value());
  ASSERT_TRUE((*file)->preallocate(4096, 1 << 20).has_value());
  ASSERT_TRUE((*file)->write_at(3, "def").has_value());
  ASSERT_TRUE((*file)->write_at(0, "abc").has_value());
  ASSERT_TRUE((*file)->sync_data().has_value());
  EXPECT_EQ((*file)->size().value(), 6U);
  std::string buffer(10, 'x');
  EXPECT_EQ((*file)->read_at(2, buffer).value(), 4U);
  EXPECT_EQ(buffer.substr(0, 4), "cdef");
  EXPECT_EQ((*file)->read_at(6, buffer).value(), 0U);
  struct stat info{};
  ASSERT_EQ(::stat((root_ + "/a").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0640U);
}

TEST_F(FileSystemTest, HolesArePunchedAndCopied) {
  const std::string page(kDirectAlignment, 'x');
  auto file = files_.open(root_ + "/a", OpenMode::create, 0600);
  ASSERT_TRUE(file.has_value());
  for (size_t i = 0; i < 64; ++i) ASSERT_TRUE((*file)->write_at(i * page.size(), page).has_value());
  ASSERT_TRUE((*file)->sync_data().has_value());
  struct stat before{};
  ASSERT_EQ(::stat((root_ + "/a").c_str(), &before), 0);
  ASSERT_TRUE((*file)->punch_hole(page.size(), 62 * page.size()).has_value());
  struct stat punched{};
  ASSERT_EQ(::stat((root_ + "/a").c_str(), &punched), 0);
  EXPECT_EQ(punched.st_size, before.st_size);
  EXPECT_LT(punched.st_blocks, before.st_blocks / 8);
  EXPECT_EQ(copy_real_file(root_ + "/a", root_ + "/b").value(), 64 * page.size());
  struct stat copied{};
  ASSERT_EQ(::stat((root_ + "/b").c_str(), &copied), 0);
  EXPECT_LT(copied.st_blocks, before.st_blocks / 8);
  EXPECT_EQ(copied.st_mode & 0777U, 0600U);
  EXPECT_EQ(read_file(files_, root_ + "/b").value(), page + std::string(62 * page.size(), '\0') + page);
  EXPECT_EQ(copy_real_file(root_ + "/none", root_ + "/c").error().code, ErrorCode::not_found);
  EXPECT_EQ(copy_real_file(root_ + "/a", root_ + "/b").error().code, ErrorCode::already_exists);
}

TEST_F(FileSystemTest, DirectWritesAreReadByOthers) {
  auto direct = files_.open(root_ + "/a", OpenMode::create_direct, 0600);
  ASSERT_TRUE(direct.has_value());
  alignas(kDirectAlignment) std::array<char, kDirectAlignment> page;
  page.fill('d');
  ASSERT_TRUE((*direct)->write_at(kDirectAlignment, {page.data(), page.size()}).has_value());
  EXPECT_EQ(read_file(files_, root_ + "/a").value(),
            std::string(kDirectAlignment, '\0') + std::string(kDirectAlignment, 'd'));
}

TEST_F(FileSystemTest, ErrorsAreNamed) {
  EXPECT_EQ(files_.open(root_ + "/none", OpenMode::read, 0).error().code, ErrorCode::not_found);
  ASSERT_TRUE(files_.open(root_ + "/a", OpenMode::create, 0600).has_value());
  EXPECT_EQ(files_.open(root_ + "/a", OpenMode::create, 0600).error().code, ErrorCode::already_exists);
  EXPECT_EQ(files_.make_directories(root_ + "/a").error().code, ErrorCode::already_exists);
  EXPECT_EQ(files_.list(root_ + "/none").error().code, ErrorCode::not_found);
  auto full = files_.open("/dev/full", OpenMode::write, 0);
  ASSERT_TRUE(full.has_value());
  EXPECT_EQ((*full)->write_at(0, "x").error().code, ErrorCode::no_space);
}

TEST_F(FileSystemTest, MakesDirectoriesAndLists) {
  ASSERT_TRUE(files_.make_directories(root_ + "/x/y/z/").has_value());
  ASSERT_TRUE(files_.make_directories(root_ + "/x/y/z").has_value());
  ASSERT_TRUE(write_file(files_, root_ + "/x/f", "1").has_value());
  auto entries = files_.list(root_ + "/x").value();
  std::ranges::sort(entries, {}, &DirectoryEntry::name);
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].name, "f");
  EXPECT_FALSE(entries[0].is_directory);
  EXPECT_EQ(entries[1].name, "y");
  EXPECT_TRUE(entries[1].is_directory);
}

TEST_F(FileSystemTest, WriteFileReplacesAndSetsPermissions) {
  ASSERT_TRUE(write_file(files_, root_ + "/key", "one", 0644).has_value());
  ASSERT_TRUE(write_file(files_, root_ + "/key.new", "left by a crash").has_value());
  ASSERT_TRUE(write_file(files_, root_ + "/key", "two", 0600).has_value());
  EXPECT_EQ(read_file(files_, root_ + "/key").value(), "two");
  struct stat info{};
  ASSERT_EQ(::stat((root_ + "/key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  EXPECT_EQ(read_file(files_, root_ + "/key", 2).error().code, ErrorCode::io);
}

TEST_F(FileSystemTest, LockFileAdmitsOne) {
  auto lock = LockFile::acquire(root_ + "/lock");
  ASSERT_TRUE(lock.has_value());
  auto second = LockFile::acquire(root_ + "/lock");
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::busy);
  EXPECT_NE(second.error().detail.find(std::to_string(::getpid())), std::string::npos);
  lock->reset();
  EXPECT_TRUE(LockFile::acquire(root_ + "/lock").has_value());
}

TEST_F(FileSystemTest, LockFileIsFreeAfterItsOwnerDied) {
  pid_t child = ::fork();
  if (child == 0) {
    auto lock = LockFile::acquire(root_ + "/lock");
    ::_exit(lock.has_value() ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  EXPECT_TRUE(LockFile::acquire(root_ + "/lock").has_value());
}

TEST(FaultyFileSystemTest, PowerLossKeepsOnlyWhatWasSynced) {
  FaultyFileSystem files;
  ASSERT_TRUE(files.make_directories("/d").has_value());
  auto synced = files.open("/d/synced", OpenMode::create, 0).value();
  auto unnamed = files.open("/d/bytes-only", OpenMode::create, 0).value();
  ASSERT_TRUE(synced->write_at(0, "safe").has_value());
  ASSERT_TRUE(synced->sync_data().has_value());
  ASSERT_TRUE(files.remove("/d/bytes-only").has_value());
  ASSERT_TRUE(files.sync_directory("/d").has_value());
  ASSERT_TRUE(synced->write_at(4, " and not").has_value());
  auto late = files.open("/d/late", OpenMode::create, 0).value();
  ASSERT_TRUE(late->write_at(0, "x").has_value());
  ASSERT_TRUE(late->sync_data().has_value());  // but its name isn't durable
  files.power_loss();
  EXPECT_EQ(files.all_files(), std::vector<std::string>{"/d/synced"});
  EXPECT_EQ(read_file(files, "/d/synced").value(), "safe");
  EXPECT_EQ(synced->size().error().code, ErrorCode::io);
}

TEST(FaultyFileSystemTest, WriteFileSurvivesPowerLossWholeOrNotAtAll) {
  for (uint64_t seed = 1; seed < 200; ++seed) {
    FaultyFileSystem files(seed);
    ASSERT_TRUE(files.make_directories("/d").has_value());
    ASSERT_TRUE(write_file(files, "/d/f", std::string(2000, 'a')).has_value());
    auto fault = std::array{Fault::write_error, Fault::sync_error, Fault::directory_error}[seed % 3];
    files.inject(fault);
    EXPECT_FALSE(write_file(files, "/d/f", std::string(3000, 'b')).has_value());
    files.power_loss(Unsynced::torn);
    std::string found = read_file(files, "/d/f").value();
    EXPECT_TRUE(found == std::string(2000, 'a') || found == std::string(3000, 'b')) << found.size();
    ASSERT_TRUE(write_file(files, "/d/f", "new").has_value());
    files.power_loss();
    EXPECT_EQ(read_file(files, "/d/f").value(), "new");
  }
}

TEST(FaultyFileSystemTest, FullAndFlipped) {
  FaultyFileSystem files;
  ASSERT_TRUE(files.make_directories("/d").has_value());
  files.set_capacity(100);
  EXPECT_EQ(write_file(files, "/d/big", std::string(101, 'x')).error().code, ErrorCode::no_space);
  EXPECT_TRUE(files.all_files().empty());
  ASSERT_TRUE(write_file(files, "/d/f", "a").has_value());
  files.flip_bit("/d/f", 1);
  EXPECT_EQ(read_file(files, "/d/f").value(), "c");
}

}  // namespace
}  // namespace aerolith::os
