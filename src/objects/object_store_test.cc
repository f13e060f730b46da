#include "objects/object_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <random>
#include <thread>

#include "base/digest.h"
#include "metadata/store.h"
#include "metadata/table.h"
#include "objects/extent_file.h"
#include "os/faulty_file_system.h"
#include "os/test_directory.h"

namespace aerolith::objects {
namespace {

std::string random_bytes_of(uint64_t size, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

class ObjectStoreTest : public testing::Test {
 protected:
  ObjectStoreTest() {
    metadata::StoreOptions options;
    options.directory = directory_ / "metadata";
    metadata_ = metadata::open_store(options).value();
    open();
  }
  void open() { store_ = ObjectStore::open(files_, *metadata_, "/objects").value(); }
  // What a power cut does to the files; the metadata store's own tests look after the rest. The store of before is
  // kept for writers that are still open.
  void lose_power(os::Unsynced unsynced = os::Unsynced::lost) {
    files_.power_loss(unsynced);
    before_.push_back(std::move(store_));
    open();
  }

  Result<Extent> commit(const StagedExtent& staged) {
    return metadata::run_transaction(
        *metadata_, [&](metadata::Transaction& txn) -> Result<Extent> { return store_->commit(txn, staged); });
  }
  Result<Extent> try_write(std::string_view bytes, size_t piece = 100'000) {
    ExtentWriter writer = store_->begin_write(bytes.size());
    for (size_t at = 0; at < bytes.size(); at += piece) TRY(writer.append(bytes.substr(at, piece)));
    StagedExtent staged = TRY(writer.finish());
    return commit(staged);
  }
  Extent write(std::string_view bytes) { return try_write(bytes).value(); }

  Result<std::string> read(const Extent& extent, uint64_t offset = 0, uint64_t length = kToTheEnd) {
    auto txn = metadata_->begin_read();
    ExtentReader reader = TRY(store_->open(*txn, extent, offset, length));
    std::string out;
    while (true) {
      std::string piece = TRY(reader.next());
      EXPECT_LE(piece.size(), size_t{1} << 20);
      if (piece.empty()) return out;
      out += piece;
    }
  }
  Result<> change(Result<> (ObjectStore::*what)(metadata::Transaction&, const Extent&), const Extent& extent) {
    return metadata::run_transaction(
        *metadata_, [&](metadata::Transaction& txn) -> Result<> { return (store_.get()->*what)(txn, extent); });
  }

  os::TestDirectory directory_;
  os::FaultyFileSystem files_;
  std::unique_ptr<metadata::Store> metadata_;
  std::vector<std::unique_ptr<ObjectStore>> before_;
  std::unique_ptr<ObjectStore> store_;
};

TEST_F(ObjectStoreTest, RoundTripsAtEverySizeThatMatters) {
  for (uint64_t size : {uint64_t{0}, uint64_t{1}, kInlineLimitBytes - 1, kInlineLimitBytes, kInlineLimitBytes + 1,
                        kBlockBytes - 1, kBlockBytes, kBlockBytes + 1, 4 * kBlockBytes, 9 * kBlockBytes + 77}) {
    for (size_t piece : {size_t{7'919}, size_t{65'536}, size_t{10'000'000}}) {
      std::string bytes = random_bytes_of(size, size);
      Extent extent = try_write(bytes, piece).value();
      EXPECT_EQ(extent.size_bytes, size);
      EXPECT_EQ(extent.crc64nvme, crc64nvme(bytes));
      EXPECT_EQ(extent.kind, size <= kInlineLimitBytes ? ExtentKind::inline_bytes : ExtentKind::file);
      EXPECT_EQ(read(extent).value(), bytes);
    }
  }
  EXPECT_EQ(store_->verify().value().extents, 30U);
  EXPECT_TRUE(store_->verify().value().bad.empty());
}

TEST_F(ObjectStoreTest, RangesAtBlockEdges) {
  std::string bytes = random_bytes_of(6 * kBlockBytes + 5, 1);
  Extent large = write(bytes);
  std::vector<uint64_t> edges;
  for (uint64_t block : std::initializer_list<uint64_t>{0, 1, 4, 5, 6}) {
    for (int64_t off : {-1, 0, 1}) {
      auto edge = static_cast<int64_t>(block * kBlockBytes) + off;
      if (edge >= 0) edges.push_back(static_cast<uint64_t>(edge));
    }
  }
  edges.push_back(bytes.size());
  for (uint64_t begin : edges) {
    for (uint64_t end : edges) {
      if (end < begin) continue;
      ASSERT_EQ(read(large, begin, end - begin).value(), bytes.substr(begin, end - begin)) << begin << " " << end;
    }
  }
  EXPECT_EQ(read(large, bytes.size() + 1, 0).error().code, ErrorCode::invalid);
  EXPECT_EQ(read(large, 1, bytes.size()).error().code, ErrorCode::invalid);
  Extent small = write("hello");
  EXPECT_EQ(read(small, 1, 3).value(), "ell");
  EXPECT_EQ(read(small, 5).value(), "");
}

TEST_F(ObjectStoreTest, WhatIsStagedSurvivesPowerLoss) {
  for (auto unsynced : {os::Unsynced::lost, os::Unsynced::torn}) {
    std::string bytes = random_bytes_of(3 * kBlockBytes + 1, 2);
    Extent first = write(bytes);
    Extent second = write(random_bytes_of(kBlockBytes, 3));
    ExtentWriter unfinished = store_->begin_write();
    ASSERT_TRUE(unfinished.append(bytes).has_value());
    lose_power(unsynced);
    EXPECT_EQ(read(first).value(), bytes);
    EXPECT_EQ(read(second).value(), random_bytes_of(kBlockBytes, 3));
    EXPECT_TRUE(store_->verify().value().bad.empty());
  }
}

TEST_F(ObjectStoreTest, FullDiskIsACleanErrorAndLeavesNothing) {
  Extent before = write(random_bytes_of(kBlockBytes, 4));
  uint64_t used = files_.used_bytes();
  for (uint64_t room = 0; room < 4 * kBlockBytes; room += 50'001) {
    files_.set_capacity(used + room);
    for (uint64_t hint : {uint64_t{0}, 8 * kBlockBytes}) {
      ExtentWriter writer = store_->begin_write(hint);
      Result<> appended;
      for (int i = 0; i < 20 && appended; ++i) appended = writer.append(random_bytes_of(100'000, 5));
      Result<StagedExtent> staged = writer.finish();
      ASSERT_FALSE(staged.has_value());
      if (!appended) {
        ASSERT_EQ(appended.error().code, ErrorCode::no_space);
      }
      ASSERT_EQ(files_.used_bytes(), used);
    }
  }
  EXPECT_EQ(read(before).value(), random_bytes_of(kBlockBytes, 4));
  files_.set_capacity(UINT64_MAX);
  EXPECT_TRUE(try_write(random_bytes_of(kBlockBytes, 6)).has_value());
}

TEST_F(ObjectStoreTest, FailuresAtEachStepAreNeverAcknowledged) {
  (void)write(random_bytes_of(kBlockBytes, 0));
  for (auto fault : {os::Fault::write_error, os::Fault::write_no_space, os::Fault::sync_error,
                     os::Fault::directory_error, os::Fault::open_no_space}) {
    for (uint64_t after = 0; after < 3; ++after) {
      files_.inject(fault, after);
      size_t files_before = files_.all_files().size();
      std::string bytes = random_bytes_of(2 * kBlockBytes, after);
      Result<Extent> extent = try_write(bytes);
      if (extent) {
        // The fault's turn didn't come; have it over with.
        EXPECT_GT(after, 0U);
        EXPECT_EQ(read(*extent).value(), bytes);
        while (try_write(random_bytes_of(2 * kBlockBytes, after))) {
        }
      } else {
        EXPECT_EQ(files_.all_files().size(), files_before);
      }
      lose_power();
      EXPECT_TRUE(store_->verify().value().bad.empty());
    }
  }
}

TEST_F(ObjectStoreTest, AFlippedBitAnywhereIsAnErrorAndNeverWrongBytes) {
  std::string bytes = random_bytes_of(2 * kBlockBytes + 1000, 7);
  Extent extent = write(bytes);
  std::string path = files_.all_files().at(0);
  uint64_t file_size = files_.used_bytes();
  ASSERT_EQ(file_size, kHeaderBytes + bytes.size() + 3 * 8 + kTrailerBytes);
  std::vector<uint64_t> places;
  for (uint64_t at = 0; at < kHeaderBytes; ++at) places.push_back(at);
  for (uint64_t at = kHeaderBytes + bytes.size() - 2; at < file_size; ++at) places.push_back(at);
  for (uint64_t at = kHeaderBytes; at < file_size; at += 40'009) places.push_back(at);
  for (uint64_t at : places) {
    uint64_t bit = at * 8 + at % 8;
    files_.flip_bit(path, bit);
    auto whole = read(extent);
    ASSERT_FALSE(whole.has_value()) << at;
    ASSERT_EQ(whole.error().code, ErrorCode::corrupt) << at;
    // A range either is right or is an error.
    auto part = read(extent, kBlockBytes + 10, 100);
    if (part) {
      ASSERT_EQ(*part, bytes.substr(kBlockBytes + 10, 100));
    }
    VerifyReport report = store_->verify().value();
    ASSERT_EQ(report.bad.size(), 1U);
    ASSERT_EQ(report.bad[0].id, extent.id);
    files_.flip_bit(path, bit);
  }
  EXPECT_EQ(read(extent).value(), bytes);
}

TEST_F(ObjectStoreTest, MissingAndSwappedFilesAreFound) {
  Extent a = write(random_bytes_of(kBlockBytes, 8));
  Extent b = write(random_bytes_of(kBlockBytes, 9));
  auto path_of = [&](const Extent& extent) {
    for (const std::string& path : files_.all_files()) {
      if (path.ends_with(extent.id.str())) return path;
    }
    return std::string();
  };
  ASSERT_TRUE(files_.rename(path_of(a), path_of(b)).has_value());
  EXPECT_EQ(read(a).error().code, ErrorCode::corrupt);
  EXPECT_EQ(read(b).error().code, ErrorCode::corrupt);
  EXPECT_EQ(store_->verify().value().bad.size(), 2U);
}

TEST_F(ObjectStoreTest, FlippedInlineBytesAreFound) {
  Extent extent = write("small object");
  Extent other = extent;
  other.crc64nvme ^= 1;
  EXPECT_EQ(read(other).error().code, ErrorCode::corrupt);
  other = extent;
  other.size_bytes -= 1;
  EXPECT_EQ(read(other).error().code, ErrorCode::corrupt);
}

TEST_F(ObjectStoreTest, DroppedWritersAndStagedExtentsLeaveNothing) {
  {
    ExtentWriter writer = store_->begin_write();
    ASSERT_TRUE(writer.append(random_bytes_of(kBlockBytes * 2, 10)).has_value());
    EXPECT_EQ(files_.all_files().size(), 1U);
  }
  EXPECT_TRUE(files_.all_files().empty());
  {
    ExtentWriter writer = store_->begin_write();
    ASSERT_TRUE(writer.append(random_bytes_of(kBlockBytes * 2, 10)).has_value());
    StagedExtent staged = writer.finish().value();
    StagedExtent moved = std::move(staged);
    EXPECT_EQ(files_.all_files().size(), 1U);
  }
  EXPECT_TRUE(files_.all_files().empty());
}

TEST_F(ObjectStoreTest, AFailedTransactionsExtentIsDiscarded) {
  ExtentWriter writer = store_->begin_write();
  ASSERT_TRUE(writer.append(random_bytes_of(kBlockBytes, 11)).has_value());
  StagedExtent staged = writer.finish().value();
  {
    auto txn = metadata_->begin_write();
    ASSERT_TRUE(store_->commit(*txn, staged).has_value());
  }  // never committed
  staged.discard();
  EXPECT_EQ(store_->collect().value(), 1U);
  EXPECT_TRUE(files_.all_files().empty());

  // And one that a record names is left alone.
  Extent kept = write(random_bytes_of(kBlockBytes, 12));
  ExtentWriter again = store_->begin_write();
  ASSERT_TRUE(again.append(random_bytes_of(kBlockBytes, 13)).has_value());
  StagedExtent named = again.finish().value();
  Extent extent = commit(named).value();
  named.discard();
  EXPECT_EQ(store_->collect().value(), 0U);
  EXPECT_TRUE(read(extent).has_value());
  EXPECT_TRUE(read(kept).has_value());
}

TEST_F(ObjectStoreTest, OrphansOfACrashAreSweptAndNothingElse) {
  std::string bytes = random_bytes_of(kBlockBytes + 1, 14);
  Extent kept = write(bytes);
  Extent released = write(bytes);
  ASSERT_TRUE(change(&ObjectStore::release, released).has_value());
  ExtentWriter unfinished = store_->begin_write();
  ASSERT_TRUE(unfinished.append(bytes).has_value());
  ExtentWriter writer = store_->begin_write();
  ASSERT_TRUE(writer.append(bytes).has_value());
  StagedExtent staged = writer.finish().value();
  EXPECT_EQ(files_.all_files().size(), 4U);
  // The next process has another store on the same folder; this one's writers never get to clean up.
  auto next = ObjectStore::open(files_, *metadata_, "/objects").value();
  EXPECT_EQ(store_->sweep_orphans().value(), 0U) << "what a writer of this process makes is no orphan";
  EXPECT_EQ(next->sweep_orphans().value(), 2U);
  EXPECT_EQ(next->sweep_orphans().value(), 0U);
  EXPECT_EQ(next->collect().value(), 3U);
  EXPECT_EQ(files_.all_files().size(), 1U);
  EXPECT_EQ(read(kept).value(), bytes);
  // The old process comes too late.
  EXPECT_FALSE(read(staged.extent()).has_value());
}

TEST_F(ObjectStoreTest, ASweepAndACommitAtTheSameTimeDoNotBothWin) {
  (void)write("a row, so that the sweep does its work");
  std::string bytes = random_bytes_of(kBlockBytes, 15);
  ExtentWriter writer = store_->begin_write();
  ASSERT_TRUE(writer.append(bytes).has_value());
  StagedExtent staged = writer.finish().value();
  auto next = ObjectStore::open(files_, *metadata_, "/objects").value();
  auto txn = metadata_->begin_write();
  ASSERT_TRUE(store_->commit(*txn, staged).has_value());
  EXPECT_EQ(next->sweep_orphans().value(), 1U);
  EXPECT_EQ(txn->commit().error().code, metadata::ErrorCode::conflict);
  EXPECT_EQ(commit(staged).error().code, ErrorCode::invalid);
}

TEST_F(ObjectStoreTest, WithoutMetadataNothingIsSwept) {
  ExtentWriter writer = store_->begin_write();
  ASSERT_TRUE(writer.append(random_bytes_of(kBlockBytes, 16)).has_value());
  auto next = ObjectStore::open(files_, *metadata_, "/objects").value();
  EXPECT_EQ(next->sweep_orphans().value(), 0U);
}

TEST_F(ObjectStoreTest, OpenReadersOutliveTheirExtent) {
  std::string bytes = random_bytes_of(8 * kBlockBytes, 17);
  Extent large = write(bytes);
  Extent small = write("small");
  auto txn = metadata_->begin_read();
  ExtentReader reader = store_->open(*txn, large).value();
  ExtentReader small_reader = store_->open(*txn, small).value();
  txn.reset();
  std::string out = reader.next().value();
  ASSERT_TRUE(change(&ObjectStore::release, large).has_value());
  ASSERT_TRUE(change(&ObjectStore::release, small).has_value());
  EXPECT_EQ(store_->collect().value(), 1U);
  EXPECT_TRUE(files_.all_files().empty());
  for (std::string piece = reader.next().value(); !piece.empty(); piece = reader.next().value()) out += piece;
  EXPECT_EQ(out, bytes);
  EXPECT_EQ(small_reader.next().value(), "small");
  EXPECT_EQ(read(large).error().code, ErrorCode::gone);
  EXPECT_EQ(read(small).error().code, ErrorCode::gone);
  EXPECT_EQ(change(&ObjectStore::add_reference, large).error().code, ErrorCode::gone);
  EXPECT_EQ(change(&ObjectStore::release, large).error().code, ErrorCode::gone);
}

TEST_F(ObjectStoreTest, ABackupHoldsTheCollectorOff) {
  Extent extent = write(random_bytes_of(kBlockBytes, 18));
  ASSERT_TRUE(change(&ObjectStore::release, extent).has_value());
  auto hold = store_->hold_collection();
  EXPECT_EQ(store_->collect().value(), 0U);
  EXPECT_EQ(files_.all_files().size(), 1U);
  hold.reset();
  EXPECT_EQ(store_->collect().value(), 1U);
}

TEST_F(ObjectStoreTest, AReaderHoldsNoLaterGarbage) {
  Extent extent = write(random_bytes_of(kBlockBytes, 21));
  auto older = store_->hold_collection();
  ASSERT_TRUE(change(&ObjectStore::release, extent).has_value());
  EXPECT_EQ(store_->collect().value(), 0U);
  auto newer = store_->hold_collection();
  EXPECT_EQ(store_->collect().value(), 0U);
  older.reset();
  EXPECT_EQ(store_->collect().value(), 1U);
}

TEST_F(ObjectStoreTest, WhatCannotBeRemovedStopsNothing) {
  Extent first = write(random_bytes_of(kBlockBytes, 22));
  Extent second = write(random_bytes_of(kBlockBytes, 23));
  ASSERT_TRUE(change(&ObjectStore::release, first).has_value());
  ASSERT_TRUE(change(&ObjectStore::release, second).has_value());
  files_.inject(os::Fault::remove_error);
  EXPECT_EQ(store_->collect().value(), 2U);  // once again after the one that failed
  EXPECT_TRUE(files_.all_files().empty());
}

TEST_F(ObjectStoreTest, TheCollectorThreadCollects) {
  Extent extent = write(random_bytes_of(kBlockBytes, 19));
  store_->start_collector();
  ASSERT_TRUE(change(&ObjectStore::release, extent).has_value());
  for (int i = 0; i < 500 && !files_.all_files().empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_TRUE(files_.all_files().empty());
}

// References come and go at random; the bytes are there exactly as long as one is left.
TEST_F(ObjectStoreTest, ReferenceCountsAgainstAModel) {
  std::mt19937_64 random(20);
  std::map<std::string, std::pair<Extent, int>> model;
  std::map<std::string, std::string> contents;
  for (int i = 0; i < 600; ++i) {
    if (model.size() < 8 || random() % 5 == 0) {
      std::string bytes = random_bytes_of(random() % 3 == 0 ? 100 : kInlineLimitBytes + random() % 1000, random());
      Extent extent = write(bytes);
      model[extent.id.str()] = {extent, 1};
      contents[extent.id.str()] = bytes;
      continue;
    }
    auto at = std::next(model.begin(), static_cast<std::ptrdiff_t>(random() % model.size()));
    auto& [extent, references] = at->second;
    if (random() % 5 < 2) {
      ASSERT_TRUE(change(&ObjectStore::add_reference, extent).has_value());
      ++references;
    } else {
      ASSERT_TRUE(change(&ObjectStore::release, extent).has_value());
      if (--references == 0) model.erase(at);
    }
    if (i % 50 == 0) {
      ASSERT_TRUE(store_->collect().has_value());
    }
  }
  ASSERT_TRUE(store_->collect().has_value());
  size_t files = 0;
  for (const auto& [id, entry] : model) {
    ASSERT_EQ(read(entry.first).value(), contents[id]);
    if (entry.first.kind == ExtentKind::file) ++files;
  }
  EXPECT_EQ(files_.all_files().size(), files);
  VerifyReport report = store_->verify().value();
  EXPECT_EQ(report.extents, model.size());
  EXPECT_TRUE(report.bad.empty());
}

TEST_F(ObjectStoreTest, ConcurrentWritersAndCollector) {
  store_->start_collector();
  std::vector<std::thread> threads;
  std::atomic<int> kept = 0;
  for (uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (uint64_t i = 0; i < 15; ++i) {
        std::string bytes = random_bytes_of(i % 2 == 0 ? 1000 : kBlockBytes + i, t * 100 + i);
        Extent extent = write(bytes);
        ASSERT_EQ(read(extent).value(), bytes);
        if (i % 3 == 0) {
          ASSERT_TRUE(change(&ObjectStore::release, extent).has_value());
        } else {
          ++kept;
        }
        if (i % 5 == 0) {
          ASSERT_TRUE(store_->sweep_orphans().has_value());
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  VerifyReport report = store_->verify().value();
  EXPECT_EQ(report.extents, static_cast<uint64_t>(kept));
  EXPECT_TRUE(report.bad.empty());
}

TEST_F(ObjectStoreTest, WorksOnRealFiles) {
  os::RealFileSystem real;
  auto store = ObjectStore::open(real, *metadata_, directory_ / "objects").value();
  std::string bytes = random_bytes_of(5 * kBlockBytes + 3, 21);
  ExtentWriter writer = store->begin_write(bytes.size() * 2);  // a wrong hint costs no room in the end
  ASSERT_TRUE(writer.append(bytes).has_value());
  StagedExtent staged = writer.finish().value();
  auto committed = metadata::run_transaction(
      *metadata_, [&](metadata::Transaction& txn) -> Result<Extent> { return store->commit(txn, staged); });
  Extent extent = committed.value();
  auto txn = metadata_->begin_read();
  ExtentReader reader = store->open(*txn, extent, 1, 1000).value();
  EXPECT_EQ(reader.next().value(), bytes.substr(1, 1000));
  EXPECT_EQ(reader.next().value(), "");
  EXPECT_TRUE(store->verify().value().bad.empty());
}

}  // namespace
}  // namespace aerolith::objects
