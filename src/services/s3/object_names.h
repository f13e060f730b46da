// The keys of a bucket as names to list.
#pragma once

#include <string>
#include <string_view>

#include "services/s3/listing.h"
#include "services/s3/tables.h"

namespace aerolith::s3 {

// Walks the current objects (no delete markers) whose keys start with `prefix`; one cursor for a whole page. Lives no
// longer than `txn`.
class ObjectNames final : public NameSource {
 public:
  ObjectNames(metadata::ReadTransaction& txn, BucketId bucket, std::string_view prefix);

  Result<bool> next() override;
  std::string_view name() const override { return std::get<1>(rows_.key()).view(); }
  void seek_after(std::string_view name) override;
  void seek(std::string_view name) override;
  void seek_past_prefix(std::string_view prefix) override;
  // Of the key that next() stepped onto.
  const ObjectRecord& object() const { return object_; }

 private:
  BucketId bucket_;
  decltype(kObjects)::Row rows_;
  ObjectRecord object_;
};

// The same for all versions and delete markers; a key comes once for each.
class VersionNames final : public NameSource {
 public:
  VersionNames(metadata::ReadTransaction& txn, BucketId bucket, std::string_view prefix);

  Result<bool> next() override { return TRY(rows_.next()); }
  std::string_view name() const override { return std::get<1>(rows_.key()).view(); }
  void seek_after(std::string_view name) override;
  void seek(std::string_view name) override;
  void seek_past_prefix(std::string_view prefix) override;
  // The next one is the first of that key that is older.
  void seek_older(std::string_view name, uint64_t sequence);
  bool is_current() const { return std::get<2>(rows_.key()) == VersionPlace::current; }
  Result<ObjectRecord> object() const { return TRY(rows_.record()); }

 private:
  BucketId bucket_;
  decltype(kObjects)::Row rows_;
};

}  // namespace aerolith::s3
