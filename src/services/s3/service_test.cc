#include "services/s3/service.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "s3/model.h"
#include "s3/operations.h"
#include "services/s3/test_fixture.h"

namespace aerolith::s3 {
namespace {

class ServiceTest : public S3Test {
 protected:
  gateway::ServiceTable table_ = make_service({.metadata = *metadata_, .objects = *objects_});
};

TEST_F(ServiceTest, EveryImplementedOperationHasItsRow) {
  std::map<uint16_t, const gateway::OperationEntry*> rows;
  for (const auto& entry : table_.operations) {
    EXPECT_TRUE(rows.emplace(entry.operation_id, &entry).second) << "two rows for operation " << entry.operation_id;
  }
  size_t implemented = 0;
  for (const protocol::Operation& operation : table_.model->operations) {
    if (!operation.implemented) {
      EXPECT_FALSE(rows.contains(operation.id)) << operation.name << " has a row, but isn't in operations.toml";
      continue;
    }
    ++implemented;
    ASSERT_TRUE(rows.contains(operation.id)) << operation.name << " has no row in service.cc";
    const gateway::OperationEntry& entry = *rows[operation.id];
    EXPECT_TRUE(entry.iam_action.starts_with("s3:")) << operation.name;
    auto input = entry.make_input();
    std::string resource = entry.resource({}, input.get());
    EXPECT_TRUE(resource == "*" || resource.starts_with("arn:aws:s3:::")) << operation.name << " " << resource;
  }
  EXPECT_EQ(rows.size(), implemented);
}

TEST_F(ServiceTest, ResourcesNameBucketAndKey) {
  auto resource = [&](OperationId id, const void* input) {
    for (const auto& entry : table_.operations) {
      if (entry.operation_id == static_cast<uint16_t>(id)) return entry.resource({}, input);
    }
    return std::string("no row");
  };
  GetObjectInput get{.bucket = "b", .key = "k/l"};
  EXPECT_EQ(resource(OperationId::get_object, &get), "arn:aws:s3:::b/k/l");
  HeadBucketInput head{.bucket = "b"};
  EXPECT_EQ(resource(OperationId::head_bucket, &head), "arn:aws:s3:::b");
}

TEST_F(ServiceTest, NeedsFollowTheRequest) {
  auto needs = [&](OperationId id, const void* input) {
    std::string text;
    for (const auto& entry : table_.operations) {
      if (entry.operation_id != static_cast<uint16_t>(id)) continue;
      for (const auto& need : entry.needs({}, input)) text += need.action + " " + need.resource + "\n";
    }
    return text;
  };
  GetObjectInput get{.bucket = "b", .key = "k"};
  EXPECT_EQ(needs(OperationId::get_object, &get), "s3:GetObject arn:aws:s3:::b/k\n");
  get.version_id = "v";
  EXPECT_EQ(needs(OperationId::get_object, &get), "s3:GetObjectVersion arn:aws:s3:::b/k\n");
  GetObjectTaggingInput tags{.bucket = "b", .key = "k", .version_id = "v"};
  EXPECT_EQ(needs(OperationId::get_object_tagging, &tags), "s3:GetObjectVersionTagging arn:aws:s3:::b/k\n");
  CopyObjectInput copy{.bucket = "b", .copy_source = "c/d?versionId=v", .key = "k", .tagging = "a=1"};
  EXPECT_EQ(needs(OperationId::copy_object, &copy),
            "s3:PutObject arn:aws:s3:::b/k\ns3:GetObjectVersion arn:aws:s3:::c/d\ns3:PutObjectTagging "
            "arn:aws:s3:::b/k\n");
  PutObjectInput put{.acl = "private", .bucket = "b", .key = "k"};
  EXPECT_EQ(needs(OperationId::put_object, &put), "s3:PutObject arn:aws:s3:::b/k\ns3:PutObjectAcl arn:aws:s3:::b/k\n");
  DeleteObjectsInput many{.bucket = "b"};
  EXPECT_EQ(needs(OperationId::delete_objects, &many), "") << "the handler asks about each key";
}

}  // namespace
}  // namespace aerolith::s3
