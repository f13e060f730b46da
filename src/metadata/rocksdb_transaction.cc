#include "metadata/rocksdb_transaction.h"

#include <rocksdb/db.h>
#include <rocksdb/snapshot.h>

#include <algorithm>
#include <utility>

namespace aerolith::metadata {

RocksdbSnapshot::RocksdbSnapshot(RocksdbStore& store) : store_(store), handle_(store.database().GetSnapshot()) {}

RocksdbSnapshot::~RocksdbSnapshot() { database().ReleaseSnapshot(handle_); }

Result<std::optional<std::string>> RocksdbSnapshot::get(std::string_view key) const {
  const uint64_t sequence = handle_->GetSequenceNumber();
  if (std::optional<std::string> known = store_.hot_values().find(key, sequence)) return known;
  rocksdb::ReadOptions options;
  options.snapshot = handle_;
  std::string value;
  rocksdb::Status status = database().Get(options, rocksdb::Slice(key.data(), key.size()), &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return std::unexpected(error_of(status));
  store_.hot_values().note(key, value, sequence);
  return std::optional<std::string>(std::move(value));
}

std::unique_ptr<Cursor> RocksdbReadTransaction::scan(KeyRange range, Direction direction) {
  return make_cursor(snapshot_, std::move(range), direction, nullptr, nullptr);
}

RocksdbTransaction::~RocksdbTransaction() {
  if (snapshot_) store_.commits().end(start_);
}

void RocksdbTransaction::start() {
  if (snapshot_) return;
  start_ = store_.commits().begin();
  snapshot_.emplace(store_);
}

Result<std::optional<std::string>> RocksdbTransaction::get(std::string_view key) {
  auto written = writes_.find(key);
  if (written != writes_.end()) return written->second;
  start();
  reads_.keys.emplace_back(key);
  return snapshot_->get(key);
}

std::unique_ptr<Cursor> RocksdbTransaction::scan(KeyRange range, Direction direction) {
  start();
  return make_cursor(*snapshot_, std::move(range), direction, &writes_, &reads_);
}

void RocksdbTransaction::put(std::string_view key, std::string_view value) {
  if (key.size() > kMaxKeyBytes || value.size() > kMaxValueBytes) too_large_ = true;
  value_bytes_ += value.size();
  auto [at, is_new] = writes_.try_emplace(std::string(key), value);
  if (!is_new) at->second = value;
}

void RocksdbTransaction::erase(std::string_view key) { writes_.insert_or_assign(std::string(key), std::nullopt); }

RocksdbStore::Load RocksdbTransaction::load() const {
  constexpr size_t kSmallBytes = size_t{4} << 10;
  constexpr size_t kMarkBytes = 64;  // a state, a mark of garbage: what a removal may write for each row that it erases
  size_t erased = 0;
  for (const auto& [key, value] : writes_) erased += value ? 0 : 1;
  if (value_bytes_ <= kMarkBytes * std::max<size_t>(1, erased)) return RocksdbStore::Load::freeing;
  return value_bytes_ <= kSmallBytes ? RocksdbStore::Load::small : RocksdbStore::Load::growing;
}

Result<> RocksdbTransaction::commit() {
  if (std::exchange(ended_, true)) return fail(ErrorCode::invalid, "the transaction has ended already");
  if (too_large_) return fail(ErrorCode::invalid, "a key or a value is over the limit");
  if (writes_.empty()) return {};  // it read one snapshot, and that is serializable by itself
  TRY(store_.check_room(load(), value_bytes_));
  Result<> committed = store_.commits().commit(start_, reads_, writes_);
  if (!committed && committed.error().code == ErrorCode::conflict) conflicted_ = true;
  return committed;
}

}  // namespace aerolith::metadata
