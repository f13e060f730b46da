#include "objects/object_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "base/digest.h"
#include "metadata/store.h"
#include "metadata/table.h"
#include "objects/segment_format.h"
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
  // Small segments: the file system in memory copies a file with each sync.
  static constexpr SegmentSizes kSizes{
      .first_bytes = uint64_t{2} << 20, .most_bytes = uint64_t{4} << 20, .shared_limit_bytes = uint64_t{1} << 20};
  void open() { store_ = open_another(); }
  std::unique_ptr<ObjectStore> open_another() {
    return ObjectStore::open(files_, *metadata_, "/objects", kSizes).value();
  }
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
  Result<Extent> share(const Extent& extent) {
    return metadata::run_transaction(
        *metadata_, [&](metadata::Transaction& txn) -> Result<Extent> { return store_->share(txn, extent); });
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
      EXPECT_EQ(extent.kind, size <= kInlineLimitBytes ? ExtentKind::inline_bytes : ExtentKind::segment);
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
  ASSERT_TRUE(store_->seal(SealWhich::all).has_value());
  uint64_t used = files_.used_bytes();
  for (uint64_t room = 0; room < 8 * kBlockBytes; room += 100'001) {
    files_.set_capacity(used + room);
    for (uint64_t limit : {kUnknownSize, 8 * kBlockBytes}) {
      {
        ExtentWriter writer = store_->begin_write(limit);
        Result<> appended;
        for (int i = 0; i < 20 && appended; ++i) appended = writer.append(random_bytes_of(100'000, 5));
        Result<StagedExtent> staged = writer.finish();
        ASSERT_FALSE(staged.has_value());
        if (!appended) {
          ASSERT_EQ(appended.error().code, ErrorCode::no_space);
        }
      }
      ASSERT_TRUE(store_->seal(SealWhich::all).has_value());
      ASSERT_EQ(files_.used_bytes(), used);
    }
  }
  EXPECT_EQ(read(before).value(), random_bytes_of(kBlockBytes, 4));
  files_.set_capacity(UINT64_MAX);
  EXPECT_TRUE(try_write(random_bytes_of(kBlockBytes, 6)).has_value());
}

TEST_F(ObjectStoreTest, FailuresAtEachStepAreNeverAcknowledged) {
  Extent kept = write(random_bytes_of(kBlockBytes, 0));
  for (auto fault : {os::Fault::write_error, os::Fault::write_no_space, os::Fault::sync_error,
                     os::Fault::directory_error, os::Fault::open_no_space, os::Fault::preallocate_error}) {
    for (uint64_t after = 0; after < 3; ++after) {
      files_.inject(fault, after);
      std::string bytes = random_bytes_of(2 * kBlockBytes, after);
      // Each on a segment of its own, so that the making of one fails, too.
      for (Result<Extent> extent = try_write(bytes); extent; extent = try_write(bytes)) {
        EXPECT_EQ(read(*extent).value(), bytes);
        ASSERT_TRUE(store_->seal(SealWhich::all).has_value());
      }
      lose_power();
      EXPECT_TRUE(store_->verify().value().bad.empty());
      EXPECT_EQ(read(kept).value(), random_bytes_of(kBlockBytes, 0));
    }
  }
}

TEST_F(ObjectStoreTest, AReadErrorIsToldAndPasses) {
  const std::string bytes = random_bytes_of(6 * kBlockBytes, 1);
  Extent extent = write(bytes);
  for (uint64_t after = 0; after < 3; ++after) {  // the head of the image, its first piece, its second
    files_.inject(os::Fault::read_error, after);
    EXPECT_EQ(read(extent).error().code, ErrorCode::io) << after;
    EXPECT_EQ(read(extent).value(), bytes) << after;
  }
  files_.inject(os::Fault::read_error);
  const Result<VerifyReport> report = store_->verify();
  EXPECT_TRUE(!report || report->bad.size() == 1) << "a check that can't read must not say that all is well";
}

TEST_F(ObjectStoreTest, ASegmentThatCannotBeCutStaysReadable) {
  const std::string bytes = random_bytes_of(kBlockBytes, 1);
  for (auto fault : {os::Fault::truncate_error, os::Fault::sync_error, os::Fault::punch_error}) {
    Extent extent = write(bytes);
    files_.inject(fault);
    static_cast<void>(store_->seal(SealWhich::all));
    EXPECT_EQ(read(extent).value(), bytes);
    lose_power();
    EXPECT_EQ(read(extent).value(), bytes);
    ASSERT_TRUE(store_->recover().has_value());
    EXPECT_EQ(read(extent).value(), bytes);
    EXPECT_TRUE(store_->verify().value().bad.empty());
  }
}

TEST_F(ObjectStoreTest, AFolderThatCannotBeListedLosesNothing) {
  Extent extent = write(random_bytes_of(kBlockBytes, 1));
  ASSERT_TRUE(files_.open("/objects/segments/0123456789abcdef", os::OpenMode::create, 0600).has_value());
  files_.inject(os::Fault::list_error);
  EXPECT_FALSE(store_->recover().has_value());
  EXPECT_EQ(files_.all_files().size(), 2U);
  ASSERT_TRUE(store_->recover().has_value());
  EXPECT_EQ(files_.all_files().size(), 1U);
  EXPECT_TRUE(read(extent).has_value());
}

// Writers that share a segment share its sync: when that fails, nobody's bytes pass for durable.
TEST_F(ObjectStoreTest, AFailedSyncFailsAllThatShareIt) {
  std::atomic<int> failed = 0;
  for (uint64_t after = 0; after < 6; ++after) {
    files_.inject(os::Fault::sync_error, after);
    std::mutex mutex;
    std::vector<std::pair<Extent, std::string>> acknowledged;
    std::vector<std::thread> writers;
    for (uint64_t writer = 0; writer < 8; ++writer) {
      writers.emplace_back([&, writer] {
        for (uint64_t i = 0; i < 4; ++i) {
          std::string bytes = random_bytes_of(kInlineLimitBytes + 1 + writer, after * 100 + writer * 10 + i);
          const Result<Extent> extent = try_write(bytes);
          if (!extent) {
            ++failed;
            return;
          }
          const std::lock_guard lock(mutex);
          acknowledged.emplace_back(*extent, std::move(bytes));
        }
      });
    }
    for (std::thread& writer : writers) writer.join();
    lose_power();
    for (const auto& [extent, bytes] : acknowledged) EXPECT_EQ(read(extent).value(), bytes) << after;
  }
  EXPECT_GT(failed, 0);
}

TEST_F(ObjectStoreTest, AfterAFailedSyncNothingMoreIsTaken) {
  Extent kept = write(random_bytes_of(kBlockBytes, 0));
  files_.inject(os::Fault::sync_error);
  EXPECT_EQ(try_write(random_bytes_of(kBlockBytes, 1)).error().code, ErrorCode::io);
  // The disk has lost what it had taken: a later sync that succeeds says nothing.
  EXPECT_EQ(try_write(random_bytes_of(kBlockBytes, 2)).error().code, ErrorCode::io);
  EXPECT_EQ(try_write(random_bytes_of(4 * kBlockBytes, 2)).error().code, ErrorCode::io);
  EXPECT_EQ(read(kept).value(), random_bytes_of(kBlockBytes, 0));
  lose_power();
  EXPECT_TRUE(try_write(random_bytes_of(kBlockBytes, 3)).has_value());
}

TEST_F(ObjectStoreTest, AFlippedBitAnywhereIsAnErrorAndNeverWrongBytes) {
  std::string bytes = random_bytes_of(2 * kBlockBytes + 1000, 7);
  Extent extent = write(bytes);
  std::string path = files_.all_files().at(0);
  const uint64_t begin = place_of(extent.id).offset;
  const uint64_t end = begin + bytes.size() + 3 * kChecksumBytes + kTrailerBytes;
  std::vector<uint64_t> places;
  for (uint64_t at = begin + bytes.size() - 2; at < end; ++at) places.push_back(at);
  for (uint64_t at = begin; at < end; at += 40'009) places.push_back(at);
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
  ASSERT_TRUE(store_->seal(SealWhich::all).has_value());
  Extent b = write(random_bytes_of(kBlockBytes, 9));
  auto path_of = [&](const Extent& extent) { return "/objects/segments/" + segment_name(place_of(extent.id).segment); };
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
  for (uint64_t limit : {2 * kBlockBytes, 4 * kBlockBytes, 8 * kBlockBytes, kUnknownSize}) {
    {
      ExtentWriter writer = store_->begin_write(limit);
      ASSERT_TRUE(writer.append(random_bytes_of(kBlockBytes * 2, 10)).has_value());
      ASSERT_TRUE(store_->seal(SealWhich::all).has_value());
      EXPECT_EQ(files_.all_files().size(), 1U) << "not while it is written";
    }
    ASSERT_TRUE(store_->seal(SealWhich::all).has_value());
    EXPECT_TRUE(files_.all_files().empty());
    {
      ExtentWriter writer = store_->begin_write(limit);
      ASSERT_TRUE(writer.append(random_bytes_of(kBlockBytes * 2, 10)).has_value());
      StagedExtent staged = writer.finish().value();
      StagedExtent moved = std::move(staged);
      ASSERT_TRUE(store_->seal(SealWhich::all).has_value());
      EXPECT_EQ(files_.all_files().size(), 1U);
    }
    ASSERT_TRUE(store_->seal(SealWhich::all).has_value());
    EXPECT_TRUE(files_.all_files().empty());
  }
}

TEST_F(ObjectStoreTest, MoreBytesThanAnnouncedAreRefused) {
  for (uint64_t limit : {uint64_t{0}, uint64_t{10}, kInlineLimitBytes, kInlineLimitBytes + 1, 3 * kBlockBytes}) {
    ExtentWriter writer = store_->begin_write(limit);
    ASSERT_TRUE(writer.append(random_bytes_of(limit, 1)).has_value());
    EXPECT_EQ(writer.append("x").error().code, ErrorCode::invalid);
    EXPECT_EQ(writer.finish().error().code, ErrorCode::invalid);
  }
}

TEST_F(ObjectStoreTest, WhatIsNotUsedOfASegmentIsGivenBack) {
  std::string bytes = random_bytes_of(kBlockBytes, 10);
  Extent first;
  {
    ExtentWriter writer = store_->begin_write(kSizes.shared_limit_bytes);  // far less comes
    ASSERT_TRUE(writer.append(bytes).has_value());
    StagedExtent staged = writer.finish().value();
    first = commit(staged).value();
  }
  ASSERT_TRUE(store_->begin_write(kBlockBytes).append(bytes).has_value());
  Extent second = write(bytes);
  EXPECT_EQ(files_.used_bytes(), kSizes.first_bytes + kSegmentHeaderBytes);
  ASSERT_TRUE(store_->seal(SealWhich::all).has_value());
  EXPECT_EQ(files_.used_bytes(), place_of(second.id).offset + image_bytes(kBlockBytes)) << "cut off behind the last";
  EXPECT_EQ(read(first).value(), bytes);
  EXPECT_EQ(read(second).value(), bytes);
}

TEST_F(ObjectStoreTest, AFailedTransactionsExtentIsGivenBack) {
  {
    ExtentWriter writer = store_->begin_write(kBlockBytes);
    ASSERT_TRUE(writer.append(random_bytes_of(kBlockBytes, 11)).has_value());
    StagedExtent staged = writer.finish().value();
    auto txn = metadata_->begin_write();
    ASSERT_TRUE(store_->commit(*txn, staged).has_value());
  }  // never committed
  ASSERT_TRUE(store_->seal(SealWhich::all).has_value());
  EXPECT_TRUE(files_.all_files().empty());
}

TEST_F(ObjectStoreTest, WhatACrashLeavesIsGivenBackAndNothingElse) {
  std::string bytes = random_bytes_of(kBlockBytes + 1, 14);
  Extent kept = write(bytes);
  Extent released = write(bytes);
  ASSERT_TRUE(change(&ObjectStore::release, released).has_value());
  ExtentWriter unfinished = store_->begin_write(2 * kBlockBytes);
  ASSERT_TRUE(unfinished.append(bytes).has_value());
  ExtentWriter of_its_own = store_->begin_write();
  ASSERT_TRUE(of_its_own.append(bytes).has_value());
  EXPECT_EQ(store_->recover().value(), 0U) << "what this process writes is nothing that a crash left";
  // The next process has another store on the same folder; this one's writers never get to clean up.
  auto next = open_another();
  EXPECT_EQ(next->recover().value(), 2U);
  EXPECT_EQ(next->recover().value(), 0U);
  EXPECT_EQ(files_.all_files().size(), 1U);
  EXPECT_EQ(next->collect().value(), 1U);
  EXPECT_EQ(files_.used_bytes(), place_of(released.id).offset + image_bytes(bytes.size()));
  EXPECT_EQ(read(kept).value(), bytes);
  ASSERT_TRUE(change(&ObjectStore::release, kept).has_value());
  EXPECT_EQ(next->collect().value(), 1U);
  EXPECT_TRUE(files_.all_files().empty());
}

TEST_F(ObjectStoreTest, SegmentFilesWithoutARowAreRemoved) {
  Extent kept = write(random_bytes_of(kBlockBytes, 1));
  ASSERT_TRUE(files_.open("/objects/segments/0123456789abcdef", os::OpenMode::create, 0600).has_value());
  ASSERT_TRUE(files_.open("/objects/segments/notes.txt", os::OpenMode::create, 0600).has_value());
  ASSERT_TRUE(store_->recover().has_value());
  EXPECT_EQ(files_.all_files().size(), 2U);
  EXPECT_TRUE(read(kept).has_value());
}

TEST_F(ObjectStoreTest, WithoutMetadataNothingIsRemoved) {
  ASSERT_TRUE(files_.open("/objects/segments/0123456789abcdef", os::OpenMode::create, 0600).has_value());
  ASSERT_TRUE(store_->recover().has_value());
  EXPECT_EQ(files_.all_files().size(), 1U);
}

TEST_F(ObjectStoreTest, OpenReadersKeepTheirExtent) {
  std::string bytes = random_bytes_of(8 * kBlockBytes, 17);
  Extent large = write(bytes);
  Extent small = write("small");
  ASSERT_TRUE(store_->seal(SealWhich::all).has_value());
  auto txn = metadata_->begin_read();
  ExtentReader small_reader = store_->open(*txn, small).value();
  {
    ExtentReader reader = store_->open(*txn, large).value();
    txn.reset();
    std::string out = reader.next().value();
    ASSERT_TRUE(change(&ObjectStore::release, large).has_value());
    ASSERT_TRUE(change(&ObjectStore::release, small).has_value());
    EXPECT_EQ(store_->collect().value(), 0U);
    for (std::string piece = reader.next().value(); !piece.empty(); piece = reader.next().value()) out += piece;
    EXPECT_EQ(out, bytes);
  }
  EXPECT_EQ(store_->collect().value(), 1U);
  EXPECT_TRUE(files_.all_files().empty());
  EXPECT_EQ(small_reader.next().value(), "small");
  EXPECT_EQ(read(large).error().code, ErrorCode::gone);
  EXPECT_EQ(read(small).error().code, ErrorCode::gone);
  EXPECT_EQ(share(large).error().code, ErrorCode::gone);
  EXPECT_EQ(share(small).error().code, ErrorCode::gone);
  EXPECT_EQ(change(&ObjectStore::release, large).error().code, ErrorCode::gone);
}

TEST_F(ObjectStoreTest, AHoleIsGoneAndNotDamage) {
  Extent kept = write(random_bytes_of(kBlockBytes, 18));
  Extent released = write(random_bytes_of(kBlockBytes, 19));
  auto before = metadata_->begin_read();
  ASSERT_TRUE(change(&ObjectStore::release, released).has_value());
  EXPECT_EQ(store_->collect().value(), 1U);
  EXPECT_EQ(store_->open(*before, released).error().code, ErrorCode::gone);
  EXPECT_TRUE(read(kept).has_value());
}

TEST_F(ObjectStoreTest, ABackupHoldsTheCollectorOff) {
  Extent extent = write(random_bytes_of(kBlockBytes, 18));
  ASSERT_TRUE(store_->seal(SealWhich::all).has_value());
  ASSERT_TRUE(change(&ObjectStore::release, extent).has_value());
  auto hold = store_->hold_collection();
  EXPECT_EQ(store_->collect().value(), 0U);
  EXPECT_EQ(files_.all_files().size(), 1U);
  hold.reset();
  EXPECT_EQ(store_->collect().value(), 1U);
  EXPECT_TRUE(files_.all_files().empty());
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
  ASSERT_TRUE(store_->seal(SealWhich::all).has_value());
  ASSERT_TRUE(change(&ObjectStore::release, first).has_value());
  ASSERT_TRUE(change(&ObjectStore::release, second).has_value());
  files_.inject(os::Fault::punch_error);
  EXPECT_EQ(store_->collect().value(), 2U);  // once again after the one that failed
  EXPECT_TRUE(files_.all_files().empty());
}

TEST_F(ObjectStoreTest, TheCollectorThreadSealsAndCollects) {
  Extent extent = write(random_bytes_of(5 * kBlockBytes, 19));  // a segment of its own
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
  std::vector<Extent> named;  // one for each record
  std::map<std::string, std::string> contents;
  for (int i = 0; i < 600; ++i) {
    if (named.size() < 8 || random() % 5 == 0) {
      std::string bytes = random_bytes_of(random() % 3 == 0 ? 100 : kInlineLimitBytes + random() % 1000, random());
      named.push_back(write(bytes));
      contents[named.back().id.str()] = bytes;
      continue;
    }
    const size_t at = random() % named.size();
    if (random() % 5 < 2) {
      named.push_back(share(named[at]).value());
      contents[named.back().id.str()] = contents[named[at].id.str()];
    } else {
      ASSERT_TRUE(change(&ObjectStore::release, named[at]).has_value());
      named.erase(named.begin() + static_cast<std::ptrdiff_t>(at));
    }
    if (i % 50 == 0) {
      ASSERT_TRUE(store_->seal(SealWhich::all).has_value());
      ASSERT_TRUE(store_->collect().has_value());
    }
  }
  ASSERT_TRUE(store_->seal(SealWhich::all).has_value());
  ASSERT_TRUE(store_->collect().has_value());
  std::set<std::string> extents;
  std::set<SegmentId> segments;
  for (const Extent& extent : named) {
    ASSERT_EQ(read(extent).value(), contents[extent.id.str()]);
    extents.insert(extent.id.str());
    if (extent.kind == ExtentKind::segment) segments.insert(place_of(extent.id).segment);
  }
  EXPECT_EQ(files_.all_files().size(), segments.size());
  VerifyReport report = store_->verify().value();
  EXPECT_EQ(report.extents, extents.size());
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
          ASSERT_TRUE(store_->seal(SealWhich::all).has_value());
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
  ExtentWriter writer = store->begin_write(bytes.size() * 2);
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
