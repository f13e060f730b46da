#include "services/s3/service.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

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
  DeleteObjectsInput many{.bucket = "b"};
  EXPECT_EQ(resource(OperationId::delete_objects, &many), "arn:aws:s3:::b/*");
}

}  // namespace
}  // namespace aerolith::s3
