// The engine of one machine: RocksDB behind metadata/store.h. For this room and its tests only.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "metadata/commit_queue.h"
#include "metadata/hot_values.h"
#include "metadata/store.h"

namespace rocksdb {
class DB;
class Env;
class Snapshot;
class Status;
}  // namespace rocksdb

namespace aerolith::metadata {

class EngineErrors;

Error error_of(const rocksdb::Status& status);

class RocksdbStore final : public Store {
 public:
  // `env` is the seam for tests; it must outlive the store.
  static Result<std::unique_ptr<Store>> open(const StoreOptions& options, rocksdb::Env* env);
  ~RocksdbStore() override;

  std::unique_ptr<ReadTransaction> begin_read() override;
  std::unique_ptr<Transaction> begin_write() override;
  Result<std::optional<std::string>> newest(std::string_view key) override;
  Result<> backup(const std::string& directory) override;
  Result<> tidy(std::atomic<bool>& stop) override;
  Result<> verify() override;
  StoreStatistics statistics() const override;

  // For its transactions.
  rocksdb::DB& database() { return *database_; }
  CommitQueue& commits() { return commits_; }
  HotValues& hot_values() { return hot_values_; }
  // What a transaction asks of a disk that is nearly full: the more it helps, the deeper it may go into the reserve.
  enum class Load : uint8_t { growing, small, freeing };
  // `no_space` when the disk has no room for this many more bytes.
  Result<> check_room(Load load, size_t value_bytes);

 private:
  RocksdbStore(const StoreOptions& options, std::unique_ptr<rocksdb::DB> database, rocksdb::Env* env,
               std::shared_ptr<EngineErrors> errors);
  bool has_much_garbage();
  Result<> apply(std::span<const WriteSet* const> sets);

  StoreOptions options_;
  rocksdb::Env* env_;
  std::shared_ptr<EngineErrors> errors_;  // shared with the database
  std::unique_ptr<rocksdb::DB> database_;
  HotValues hot_values_;
  CommitQueue commits_;
  std::mutex backup_mutex_;
  std::atomic<uint64_t> free_bytes_{UINT64_MAX};
  std::atomic<int64_t> free_bytes_checked_{0};  // steady clock, milliseconds
};

}  // namespace aerolith::metadata
