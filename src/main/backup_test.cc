#include "main/backup.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <stdexcept>

#include "os/test_directory.h"

namespace aerolith::main_program {
namespace {

namespace fs = std::filesystem;

class BackupTest : public testing::Test {
 protected:
  BackupTest() {
    data_.root = folder_ / "data";
    for (const fs::path& path : {data_.keys(), data_.tls(), data_.run()}) fs::create_directories(path);
    std::ofstream(data_.installation()) << "{}\n";
    std::ofstream(data_.master_key()) << "key\n";
    auto metadata = metadata::open_store({.directory = data_.metadata().string()});
    if (!metadata.has_value()) throw std::runtime_error(metadata.error().detail);
    const auto objects = objects::ObjectStore::open(files_, **metadata, data_.objects().string());
    if (!objects.has_value()) throw std::runtime_error(objects.error().detail);
  }

  os::TestDirectory folder_;
  os::RealFileSystem files_;
  DataFolder data_;
};

TEST_F(BackupTest, FailedOnesLeaveNothingInTheWay) {
  const fs::path target = folder_ / "new/backup";
  const fs::path in_the_way = data_.tls() / "pipe";
  ASSERT_EQ(mkfifo(in_the_way.c_str(), 0600), 0);  // no copy of it can be made, and it comes last
  EXPECT_EQ(make_offline_backup(data_, target).error().code, BackupErrorCode::io);
  EXPECT_FALSE(fs::exists(target));
  fs::create_directory(target);
  EXPECT_EQ(make_offline_backup(data_, target).error().code, BackupErrorCode::io);
  EXPECT_TRUE(fs::is_empty(target)) << "the user's own folder stays";

  fs::remove(in_the_way);
  ASSERT_TRUE(make_offline_backup(data_, target).has_value());
  EXPECT_TRUE(restore_backup(target, DataFolder{folder_ / "restored"}).has_value());
}

TEST_F(BackupTest, OthersFilesStay) {
  const fs::path target = folder_ / "backup";
  ASSERT_TRUE(make_offline_backup(data_, target).has_value());
  EXPECT_EQ(make_offline_backup(data_, target).error().code, BackupErrorCode::bad_target);
  EXPECT_TRUE(fs::exists(target / "COMPLETE"));
}

TEST_F(BackupTest, ALostStoreIsNotBackedUpAsAnEmptyOne) {
  fs::remove_all(data_.metadata());
  const fs::path target = folder_ / "backup";
  EXPECT_EQ(make_offline_backup(data_, target).error().code, BackupErrorCode::damaged);
  EXPECT_FALSE(fs::exists(target));
  EXPECT_FALSE(fs::exists(data_.metadata()));
}

}  // namespace
}  // namespace aerolith::main_program
