// Transactions and cursors of the RocksDB engine.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "metadata/rocksdb_store.h"

namespace rocksdb {
class Iterator;
}

namespace aerolith::metadata {

class RocksdbSnapshot {
 public:
  explicit RocksdbSnapshot(RocksdbStore& store);
  ~RocksdbSnapshot();
  RocksdbSnapshot(const RocksdbSnapshot&) = delete;
  RocksdbSnapshot& operator=(const RocksdbSnapshot&) = delete;

  Result<std::optional<std::string>> get(std::string_view key) const;
  const rocksdb::Snapshot* handle() const { return handle_; }
  rocksdb::DB& database() const { return store_.database(); }

 private:
  RocksdbStore& store_;
  const rocksdb::Snapshot* handle_;
};

class RocksdbReadTransaction final : public ReadTransaction {
 public:
  explicit RocksdbReadTransaction(RocksdbStore& store) : snapshot_(store) {}
  Result<std::optional<std::string>> get(std::string_view key) override { return snapshot_.get(key); }
  std::unique_ptr<Cursor> scan(KeyRange range, Direction direction) override;

 private:
  RocksdbSnapshot snapshot_;
};

class RocksdbTransaction final : public Transaction {
 public:
  explicit RocksdbTransaction(RocksdbStore& store) : store_(store) {}
  ~RocksdbTransaction() override;

  Result<std::optional<std::string>> get(std::string_view key) override;
  std::unique_ptr<Cursor> scan(KeyRange range, Direction direction) override;
  void put(std::string_view key, std::string_view value) override;
  void erase(std::string_view key) override;
  Result<> commit() override;
  bool conflicted() const override { return conflicted_; }

 private:
  RocksdbStore::Load load() const;
  void start();  // at the first read: a transaction that only writes needs no snapshot

  RocksdbStore& store_;
  std::optional<RocksdbSnapshot> snapshot_;
  uint64_t start_ = 0;
  ReadSet reads_;
  WriteSet writes_;
  size_t value_bytes_ = 0;
  bool too_large_ = false;
  bool ended_ = false;
  bool conflicted_ = false;
};

// Merges a snapshot with the writes of a transaction, and notes in `reads` what it walked over; both may be null.
std::unique_ptr<Cursor> make_cursor(const RocksdbSnapshot& snapshot, KeyRange range, Direction direction,
                                    const WriteSet* writes, ReadSet* reads);

}  // namespace aerolith::metadata
