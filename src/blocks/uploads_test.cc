#include "blocks/uploads.h"

#include <gtest/gtest.h>

#include "blocks/stored_block.h"
#include "os/faulty_file_system.h"

namespace aerolith::blocks {
namespace {

std::string text_of(char c) { return std::string(kBlockBytes, c); }

class UploadsTest : public testing::Test {
 protected:
  void SetUp() override { open(); }
  void open() {
    uploads_.reset();
    uploads_ = Uploads::open(files_, "/uploads").value();
  }
  os::FaultyFileSystem files_;
  std::unique_ptr<Uploads> uploads_;
};

TEST_F(UploadsTest, BlocksLieInTheOrderInWhichTheyCame) {
  EXPECT_EQ(uploads_->append("snap-1", text_of('a')).value(), 0U);
  EXPECT_EQ(uploads_->append("snap-1", text_of('b')).value(), 1U);
  EXPECT_EQ(uploads_->append("snap-2", text_of('c')).value(), 0U);
  EXPECT_EQ(uploads_->read("snap-1", 1).value(), text_of('b'));
  EXPECT_EQ(uploads_->read("snap-2", 0).value(), text_of('c'));
  EXPECT_EQ(uploads_->read("snap-2", 1).error().code, VolumeErrorCode::corrupt);
  EXPECT_EQ(uploads_->append("snap-1", "short").error().code, VolumeErrorCode::command);
}

TEST_F(UploadsTest, WhatWasAnsweredSurvivesAPowerLoss) {
  ASSERT_TRUE(uploads_->append("snap-1", text_of('a')).has_value());
  ASSERT_TRUE(uploads_->append("snap-1", text_of('b')).has_value());
  files_.power_loss(os::Unsynced::torn);
  open();
  EXPECT_EQ(uploads_->list().value(), std::vector<std::string>{"snap-1"});
  EXPECT_EQ(uploads_->append("snap-1", text_of('c')).value(), 2U);
  EXPECT_EQ(uploads_->read("snap-1", 0).value(), text_of('a'));
  EXPECT_EQ(uploads_->read("snap-1", 1).value(), text_of('b'));
  EXPECT_EQ(uploads_->read("snap-1", 2).value(), text_of('c'));
}

TEST_F(UploadsTest, AnAppendThatFailsTakesNoOthersPlace) {
  ASSERT_TRUE(uploads_->append("snap-1", text_of('a')).has_value());
  files_.inject(os::Fault::write_no_space);
  EXPECT_EQ(uploads_->append("snap-1", text_of('b')).error().code, VolumeErrorCode::no_space);
  const uint64_t place = uploads_->append("snap-1", text_of('c')).value();
  EXPECT_EQ(uploads_->read("snap-1", place).value(), text_of('c'));
  EXPECT_EQ(uploads_->read("snap-1", 0).value(), text_of('a'));
}

TEST_F(UploadsTest, RemovedOnesBeginAnew) {
  ASSERT_TRUE(uploads_->append("snap-1", text_of('a')).has_value());
  ASSERT_TRUE(uploads_->remove("snap-1").has_value());
  EXPECT_TRUE(uploads_->remove("snap-1").has_value());
  EXPECT_TRUE(uploads_->list().value().empty());
  EXPECT_EQ(uploads_->append("snap-1", text_of('b')).value(), 0U);
}

}  // namespace
}  // namespace aerolith::blocks
