#include "metadata/rocksdb_store.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_manager.h>
#include <rocksdb/table.h>
#include <rocksdb/table_properties.h>
#include <rocksdb/utilities/table_properties_collectors.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "metadata/format.h"
#include "metadata/rocksdb_events.h"
#include "metadata/rocksdb_transaction.h"
#include "os/file_system.h"
#include "os/free_space.h"

#if defined(__SANITIZE_THREAD__)
// The system's RocksDB isn't instrumented: its atomics are invisible, and what they order looks like races. Here, since
// this file is linked into every program that uses RocksDB.
extern "C" const char* __tsan_default_suppressions() { return "race:rocksdb::\n"; }
#endif

namespace aerolith::metadata {

namespace {

rocksdb::CompressionType best_compression() {
  auto supported = rocksdb::GetSupportedCompressions();
  for (auto wanted : {rocksdb::kLZ4Compression, rocksdb::kZSTD}) {
    if (std::ranges::find(supported, wanted) != supported.end()) return wanted;
  }
  return rocksdb::kNoCompression;
}

void set_small_footprint(rocksdb::Options& db, const StoreOptions& options) {
  db.write_buffer_size = std::max(options.write_buffer_bytes, size_t{64} << 10);
  db.arena_block_size = std::min(size_t{256} << 10, db.write_buffer_size / 8);
  db.max_write_buffer_number = 3;
  db.max_total_wal_size = 4 * options.write_buffer_bytes;
  db.max_background_jobs = 2;
  db.max_open_files = 512;
  db.max_file_opening_threads = 1;
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  db.skip_stats_update_on_db_open = true;
  db.avoid_unnecessary_blocking_io = true;
  db.info_log = std::make_shared<EngineLog>();
}

// Removing a large file at once holds the file system's journal, and so every sync, for tens of milliseconds.
std::shared_ptr<rocksdb::SstFileManager> slow_remover(rocksdb::Env* env) {
  constexpr int64_t kBytesPerSecond = int64_t{256} << 20;
  constexpr uint64_t kPieceBytes = uint64_t{2} << 20;
  constexpr double kNeverAtOnce = 1e9;
  return std::shared_ptr<rocksdb::SstFileManager>(
      rocksdb::NewSstFileManager(env, nullptr, "", kBytesPerSecond, true, nullptr, kNeverAtOnce, kPieceBytes));
}

// Each choice is argued in docs/adr/0004-rocksdb.md.
rocksdb::Options rocksdb_options(const StoreOptions& options, rocksdb::Env* env) {
  rocksdb::Options db;
  db.env = env;
  db.create_if_missing = true;
  set_small_footprint(db, options);
  db.sst_file_manager = slow_remover(env);

  // A record cut off at the end of a log was never acknowledged; damage anywhere else must not pass for an end.
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  db.avoid_flush_during_recovery = true;
  db.paranoid_checks = true;
  // One writer at a time: CommitQueue makes the groups.
  db.allow_concurrent_memtable_write = false;
  db.enable_write_thread_adaptive_yield = false;
  // Most lookups are for keys that aren't in memory: new objects, old buckets.
  db.memtable_whole_key_filtering = true;
  db.memtable_prefix_bloom_size_ratio = 0.02;

  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(options.block_cache_bytes, 2);
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.block_size = size_t{8} << 10;
  table.format_version = 5;
  db.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  db.compression = best_compression();
  db.level_compaction_dynamic_level_bytes = true;

  db.enable_blob_files = true;
  db.min_blob_size = options.blob_threshold_bytes;
  db.blob_file_size = uint64_t{64} << 20;
  db.enable_blob_garbage_collection = true;
  // Compaction moves what lives in the oldest blob files only: with all of them, each value would be written again by
  // each compaction of its key. tidy() takes the rest when it is quiet.
  db.blob_garbage_collection_age_cutoff = 0.25;
  db.blob_garbage_collection_force_threshold = 0.3;
  // Where a quarter of a stretch of keys was erased, the files are compacted, so that their blobs count as garbage.
  db.table_properties_collector_factories.push_back(rocksdb::NewCompactOnDeletionCollectorFactory(4096, 1024));
  return db;
}

int64_t steady_milliseconds() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Error error_of(const rocksdb::Status& status) {
  std::string text = status.ToString();
  if (status.IsCorruption()) return {ErrorCode::corrupt, std::move(text)};
  if (status.IsNoSpace()) return {ErrorCode::no_space, std::move(text)};
  // RocksDB has no code of its own for its lock file.
  if (status.IsIOError() && text.find("lock ") != std::string::npos) return {ErrorCode::busy, std::move(text)};
  if (status.IsInvalidArgument() || status.IsNotSupported()) return {ErrorCode::invalid, std::move(text)};
  return {ErrorCode::io, std::move(text)};
}

RocksdbStore::RocksdbStore(const StoreOptions& options, std::unique_ptr<rocksdb::DB> database, rocksdb::Env* env,
                           std::shared_ptr<EngineErrors> errors)
    : options_(options),
      env_(env),
      errors_(std::move(errors)),
      database_(std::move(database)),
      hot_values_(options.hot_value_bytes),
      commits_([this](std::span<const WriteSet* const> sets) { return apply(sets); }) {}

RocksdbStore::~RocksdbStore() {
  rocksdb::Status status = database_->Close();
  // What was acknowledged is in the log already.
  if (!status.ok()) log_warning("metadata store didn't close well", {{"error", status.ToString()}});
}

Result<std::unique_ptr<Store>> RocksdbStore::open(const StoreOptions& options, rocksdb::Env* env) {
  // RocksDB makes the folder too, but doesn't make its name durable.
  os::RealFileSystem files;
  if (auto made = files.make_directories(options.directory); !made) {
    auto code = made.error().code == os::ErrorCode::no_space ? ErrorCode::no_space : ErrorCode::io;
    return fail(code, made.error().detail);
  }
  rocksdb::DB* database = nullptr;
  rocksdb::Options db = rocksdb_options(options, env);
  auto errors = std::make_shared<EngineErrors>();
  db.listeners.push_back(errors);
  rocksdb::Status status = rocksdb::DB::Open(db, options.directory, &database);
  if (!status.ok()) return std::unexpected(error_of(status));
  std::unique_ptr<Store> store(
      new RocksdbStore(options, std::unique_ptr<rocksdb::DB>(database), env, std::move(errors)));
  TRY(bring_to_format(*store));
  return store;
}

std::unique_ptr<ReadTransaction> RocksdbStore::begin_read() { return std::make_unique<RocksdbReadTransaction>(*this); }

std::unique_ptr<Transaction> RocksdbStore::begin_write() { return std::make_unique<RocksdbTransaction>(*this); }

Result<std::optional<std::string>> RocksdbStore::newest(std::string_view key) {
  // What is kept is the newest: the write of another value makes it be forgotten first.
  if (std::optional<std::string> known = hot_values_.find(key, UINT64_MAX)) return known;
  return RocksdbSnapshot(*this).get(key);
}

StoreStatistics RocksdbStore::statistics() const { return commits_.statistics(); }

Result<> RocksdbStore::apply(std::span<const WriteSet* const> sets) {
  rocksdb::WriteBatch batch;
  const uint64_t sequence = database_->GetLatestSequenceNumber() + 1;
  for (const WriteSet* set : sets) {
    for (const auto& [key, value] : *set) {
      hot_values_.forget(key, sequence);
      rocksdb::Status added = value ? batch.Put(key, *value) : batch.Delete(key);
      if (!added.ok()) return std::unexpected(error_of(added));
    }
  }
  rocksdb::WriteOptions options;
  options.sync = true;
  rocksdb::Status status = database_->Write(options, &batch);
  if (status.ok()) return {};
  Error error = error_of(status);
  if (errors_->has_log_failed() && error.code == ErrorCode::no_space) error.code = ErrorCode::io;
  return std::unexpected(std::move(error));
}

// A share of entries that hide others or of bytes that nothing points to, from which rewriting all is worth it.
constexpr double kMuchGarbage = 0.1;

bool RocksdbStore::has_much_garbage() {
  rocksdb::TablePropertiesCollection tables;
  if (!database_->GetPropertiesOfAllTables(&tables).ok()) return false;
  double entries = 0;
  double deletions = 0;
  for (const auto& [name, table] : tables) {
    entries += static_cast<double>(table->num_entries);
    deletions += static_cast<double>(table->num_deletions);
  }
  uint64_t blob_bytes = 0;
  uint64_t blob_garbage_bytes = 0;
  database_->GetIntProperty(rocksdb::DB::Properties::kLiveBlobFileSize, &blob_bytes);
  database_->GetIntProperty(rocksdb::DB::Properties::kLiveBlobFileGarbageSize, &blob_garbage_bytes);
  return deletions > kMuchGarbage * entries ||
         static_cast<double>(blob_garbage_bytes) > kMuchGarbage * static_cast<double>(blob_bytes);
}

Result<> RocksdbStore::tidy(std::atomic<bool>& stop) {
  if (rocksdb::Status status = database_->Flush({}); !status.ok()) return std::unexpected(error_of(status));
  if (!has_much_garbage()) return {};
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
  options.blob_garbage_collection_policy = rocksdb::BlobGarbageCollectionPolicy::kForce;
  options.blob_garbage_collection_age_cutoff = 1.0;
  options.canceled = &stop;
  rocksdb::Status status = database_->CompactRange(options, nullptr, nullptr);
  if (!status.ok() && !stop) return std::unexpected(error_of(status));
  return {};
}

Result<> RocksdbStore::verify() {
  if (rocksdb::Status status = database_->VerifyChecksum(); !status.ok()) return std::unexpected(error_of(status));
  // That leaves the blob files out; reading a value checks it.
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  options.readahead_size = size_t{1} << 20;
  const std::unique_ptr<rocksdb::Iterator> all(database_->NewIterator(options));
  for (all->SeekToFirst(); all->Valid(); all->Next()) {
  }
  if (!all->status().ok()) return std::unexpected(error_of(all->status()));
  return {};
}

// A write that fails half-way closes the store for writing, so a full disk is told before. Small transactions may use
// part of the reserve: removing things must stay possible.
Result<> RocksdbStore::check_room(Load load, size_t value_bytes) {
  constexpr int64_t kCheckEveryMilliseconds = 100;
  int64_t now = steady_milliseconds();
  int64_t checked = free_bytes_checked_.load(std::memory_order_relaxed);
  if (now - checked >= kCheckEveryMilliseconds && free_bytes_checked_.compare_exchange_strong(checked, now)) {
    if (const auto found = os::free_bytes(options_.directory)) free_bytes_ = *found;
  }
  uint64_t reserve = options_.reserve_bytes;
  if (load == Load::small) reserve /= 4;
  if (load == Load::freeing) reserve /= 16;
  if (free_bytes_.load(std::memory_order_relaxed) >= reserve + value_bytes) return {};
  return fail(ErrorCode::no_space, "the file system of " + options_.directory + " is full but for the reserve of " +
                                       std::to_string(options_.reserve_bytes >> 20) + " MiB");
}

Result<std::unique_ptr<Store>> open_store(const StoreOptions& options) {
  return RocksdbStore::open(options, rocksdb::Env::Default());
}

}  // namespace aerolith::metadata
