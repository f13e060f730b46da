// Typed tables over the store: a name, a key of fixed parts (metadata/key.h) and a record (metadata/record.h).
//
//   inline const Table<BucketRecord, BucketName> kBuckets{"s3.bucket"};
//   inline const Table<ObjectRecord, std::string, ObjectKey> kObjects{"s3.object"};
//
//   std::optional<BucketRecord> bucket = TRY(kBuckets.get(txn, {name}));
//   kObjects.put(txn, {bucket_id, key}, record);
//   auto rows = kObjects.scan_prefix(txn, Direction::forward, bucket_id, "photos/");  // keys that start so
//   rows.seek(bucket_id, "photos/2024");                  // at or after
//   while (TRY(rows.next())) {
//     const auto& [id, key] = rows.key();
//     ObjectRecord record = TRY(rows.record());
//     rows.seek_past_prefix(bucket_id, "photos/2024/");   // over everything that starts so (delimiters)
//   }
//
// Names are "<room or service>.<row>"; two tables never share one. A table holds no state: any thread may use it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "metadata/key.h"
#include "metadata/record.h"
#include "metadata/store.h"

namespace aerolith::metadata {

// Walks rows of a table. Lives no longer than its transaction.
// `parts` are the leading parts of a key: some or all of them.
template <typename Record, typename... Parts>
class Rows {
 public:
  using Key = std::tuple<Parts...>;

  Rows(std::unique_ptr<Cursor> cursor, Direction direction, std::string table_prefix)
      : cursor_(std::move(cursor)), direction_(direction), prefix_(std::move(table_prefix)) {}

  // Steps to the next row; false at the end.
  Result<bool> next() {
    if (!TRY(cursor_->next())) return false;
    std::string_view bytes = cursor_->key();
    bytes.remove_prefix(prefix_.size());
    if (!take_key_parts(bytes, key_)) return fail(ErrorCode::corrupt, "a key that doesn't decode");
    return true;
  }
  // Of the row that next() stepped onto.
  const Key& key() const { return key_; }
  Result<Record> record() const { return decode_record<Record>(cursor_->value()); }

  // The next row is the first at or after these parts (backward: the last at or before them).
  template <typename... Given>
  void seek(const Given&... parts) {
    std::string at = encode(parts...);
    cursor_->seek(direction_ == Direction::forward ? at : prefix_end(at));
  }
  // The next row is the first one beyond all rows with these parts.
  template <typename... Given>
  void seek_past(const Given&... parts) {
    std::string at = encode(parts...);
    cursor_->seek(direction_ == Direction::forward ? prefix_end(at) : at);
  }
  // The same, beyond all rows with `parts` but for the last of them, a string: rows whose part starts with it.
  template <typename... Given>
  void seek_past_prefix(const Given&... parts) {
    std::string at = encode_prefix(parts...);
    cursor_->seek(direction_ == Direction::forward ? prefix_end(at) : at);
  }

 private:
  template <typename... Given>
  std::string encode(const Given&... parts) const {
    std::string out = prefix_;
    append_key_parts<Key>(out, parts...);
    return out;
  }
  template <typename... Given>
  std::string encode_prefix(const Given&... parts) const {
    std::string out = encode(parts...);
    out.resize(out.size() - kStringEndBytes);
    return out;
  }

  std::unique_ptr<Cursor> cursor_;
  Direction direction_;
  std::string prefix_;
  Key key_;
};

template <VersionedRecord Record, typename... Parts>
class Table {
 public:
  using Key = std::tuple<Parts...>;
  using Row = Rows<Record, Parts...>;

  explicit Table(std::string_view name) { append_key_string(prefix_, name); }

  Result<std::optional<Record>> get(ReadTransaction& txn, const Key& key) const {
    std::optional<std::string> bytes = TRY(txn.get(encode(key)));
    if (!bytes) return std::optional<Record>();
    return std::optional<Record>(TRY(decode_record<Record>(*bytes)));
  }
  // One read by itself (Store::newest).
  Result<std::optional<Record>> newest(Store& store, const Key& key) const {
    std::optional<std::string> bytes = TRY(store.newest(encode(key)));
    if (!bytes) return std::optional<Record>();
    return std::optional<Record>(TRY(decode_record<Record>(*bytes)));
  }
  Result<bool> contains(ReadTransaction& txn, const Key& key) const { return TRY(txn.get(encode(key))).has_value(); }
  // Replaces what is there.
  void put(Transaction& txn, const Key& key, const Record& record) const {
    txn.put(encode(key), encode_record(record));
  }
  void erase(Transaction& txn, const Key& key) const { txn.erase(encode(key)); }

  // Rows whose keys start with these parts (none: all rows).
  template <typename... Given>
  Row scan(ReadTransaction& txn, Direction direction, const Given&... parts) const {
    std::string at = prefix_;
    append_key_parts<Key>(at, parts...);
    return Row(txn.scan(prefix_range(at), direction), direction, prefix_);
  }
  // The same, but the last of `parts` is the beginning of a string part.
  template <typename... Given>
  Row scan_prefix(ReadTransaction& txn, Direction direction, const Given&... parts) const {
    std::string at = prefix_;
    append_key_parts<Key>(at, parts...);
    at.resize(at.size() - kStringEndBytes);
    return Row(txn.scan(prefix_range(at), direction), direction, prefix_);
  }

  std::string encode(const Key& key) const {
    std::string out = prefix_;
    std::apply([&](const Parts&... part) { append_key_parts<Key>(out, part...); }, key);
    return out;
  }

 private:
  std::string prefix_;
};

}  // namespace aerolith::metadata
