// The keys of a bucket as names to list.
#pragma once

#include <string>
#include <string_view>

#include "services/s3/listing.h"
#include "services/s3/tables.h"

namespace aerolith::s3 {

// Walks the current objects whose keys start with `prefix`; one cursor for a whole page. Lives no longer than `txn`.
class ObjectNames final : public NameSource {
 public:
  ObjectNames(metadata::ReadTransaction& txn, BucketId bucket, std::string_view prefix);

  Result<bool> next() override;
  std::string_view name() const override { return std::get<1>(rows_.key()).view(); }
  void seek_after(std::string_view name) override;
  void seek(std::string_view name) override;
  void seek_past_prefix(std::string_view prefix) override;
  // Of the key that next() stepped onto.
  Result<ObjectRecord> object() const;

 private:
  BucketId bucket_;
  decltype(kObjects)::Row rows_;
};

}  // namespace aerolith::s3
