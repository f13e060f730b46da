#include "metadata/table.h"

#include <gtest/gtest.h>

#include "os/test_directory.h"

namespace aerolith::metadata {
namespace {

using Bucket = StrongString<struct BucketTag>;

struct Row {
  static constexpr uint32_t kVersion = 1;
  std::string value;
};
template <class Archive>
void fields(Archive& archive, Row& r) {
  archive(r.value);
}

const Table<Row, Bucket, std::string> kRows{"test.row"};
const Table<Row, Bucket, std::string> kNeighbours{"test.row2"};

class TableTest : public testing::Test {
 protected:
  TableTest() {
    StoreOptions options;
    options.directory = directory_ / "store";
    store_ = open_store(options).value();
    auto txn = store_->begin_write();
    for (std::string_view key : {"a", "p/1", "p/2", "p/2/x", "p0", "q", "z"}) put(*txn, "one", key);
    put(*txn, "on", "zz");
    put(*txn, "two", "a");
    kNeighbours.put(*txn, {Bucket("one"), "m"}, {"other table"});
    EXPECT_TRUE(txn->commit().has_value());
  }

  static void put(Transaction& txn, std::string_view bucket, std::string_view key) {
    kRows.put(txn, {Bucket(std::string(bucket)), std::string(key)}, {std::string(key) + "!"});
  }

  template <typename Rows>
  static std::string walk(Rows rows) {
    std::string out;
    while (rows.next().value()) {
      EXPECT_EQ(rows.record().value().value, std::get<1>(rows.key()) + "!");
      out += std::get<1>(rows.key()) + " ";
    }
    return out;
  }

  os::TestDirectory directory_;
  std::unique_ptr<Store> store_;
};

TEST_F(TableTest, GetPutErase) {
  auto txn = store_->begin_write();
  EXPECT_EQ(kRows.get(*txn, {Bucket("one"), "q"}).value()->value, "q!");
  EXPECT_TRUE(kRows.contains(*txn, {Bucket("one"), "q"}).value());
  kRows.erase(*txn, {Bucket("one"), "q"});
  EXPECT_FALSE(kRows.get(*txn, {Bucket("one"), "q"}).value().has_value());
  EXPECT_FALSE(kRows.contains(*txn, {Bucket("one"), "q"}).value());
}

TEST_F(TableTest, ScansStayInTheirRange) {
  auto txn = store_->begin_read();
  Bucket one("one");
  EXPECT_EQ(walk(kRows.scan(*txn, Direction::forward, one)), "a p/1 p/2 p/2/x p0 q z ");
  EXPECT_EQ(walk(kRows.scan(*txn, Direction::backward, one)), "z q p0 p/2/x p/2 p/1 a ");
  EXPECT_EQ(walk(kRows.scan(*txn, Direction::forward)), "zz a p/1 p/2 p/2/x p0 q z a ");
  EXPECT_EQ(walk(kRows.scan_prefix(*txn, Direction::forward, one, "p/")), "p/1 p/2 p/2/x ");
  EXPECT_EQ(walk(kRows.scan_prefix(*txn, Direction::backward, one, "p/")), "p/2/x p/2 p/1 ");
  EXPECT_EQ(walk(kRows.scan(*txn, Direction::forward, one, "p/2")), "p/2 ");
  EXPECT_EQ(walk(kRows.scan_prefix(*txn, Direction::forward, one, "none")), "");
}

TEST_F(TableTest, SeeksGoBothWays) {
  auto txn = store_->begin_read();
  Bucket one("one");
  auto rows = kRows.scan(*txn, Direction::forward, one);
  auto at = [&] { return rows.next().value() ? std::get<1>(rows.key()) : "end"; };
  rows.seek(one, "p/2");
  EXPECT_EQ(at(), "p/2");
  rows.seek_past(one, "p/2");
  EXPECT_EQ(at(), "p/2/x");
  rows.seek_past_prefix(one, "p/");
  EXPECT_EQ(at(), "p0");
  rows.seek(one, "");
  EXPECT_EQ(at(), "a");
  rows.seek_past(one, "z");
  EXPECT_EQ(at(), "end");
  EXPECT_EQ(at(), "end");

  auto back = kRows.scan(*txn, Direction::backward, one);
  auto back_at = [&] { return back.next().value() ? std::get<1>(back.key()) : "end"; };
  back.seek(one, "p/2");
  EXPECT_EQ(back_at(), "p/2");
  back.seek(one, "p/3");
  EXPECT_EQ(back_at(), "p/2/x");
  back.seek_past(one, "p/2");
  EXPECT_EQ(back_at(), "p/1");
  back.seek_past_prefix(one, "p/");
  EXPECT_EQ(back_at(), "a");
  EXPECT_EQ(back_at(), "end");
}

TEST_F(TableTest, DamagedRowsAreErrors) {
  auto txn = store_->begin_write();
  std::string key = kRows.encode({Bucket("bad"), "k"});
  txn->put(key, "\xff");
  EXPECT_EQ(kRows.get(*txn, {Bucket("bad"), "k"}).error().code, ErrorCode::corrupt);
  txn->put(key.substr(0, key.size() - 1), "x");
  auto rows = kRows.scan(*txn, Direction::forward, Bucket("bad"));
  EXPECT_EQ(rows.next().error().code, ErrorCode::corrupt);
}

}  // namespace
}  // namespace aerolith::metadata
