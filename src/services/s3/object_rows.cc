#include "services/s3/object_rows.h"

#include "base/random.h"
#include "services/s3/conditions.h"

namespace aerolith::s3 {
Result<std::optional<ObjectRecord>> find_object(metadata::ReadTransaction& txn, BucketId bucket, const ObjectKey& key) {
  std::optional<ObjectRecord> current = TRY(kObjects.get(txn, current_version(bucket, key)));
  if (current && current->is_delete_marker) current.reset();
  return current;
}

Result<> release_bytes(const Call& call, metadata::Transaction& txn, const ObjectRecord& object) {
  if (object.extent) TRY(call.objects.release(txn, *object.extent));
  if (!object.layout) return {};
  auto rows = kLayouts.scan(txn, metadata::Direction::forward, *object.layout);
  while (TRY(rows.next())) {
    LayoutRecord part = TRY(rows.record());
    TRY(call.objects.release(txn, part.extent));
    kLayouts.erase(txn, rows.key());
  }
  return {};
}

Result<ObjectRecord> share_bytes(const Call& call, metadata::Transaction& txn, const ObjectRecord& source) {
  ObjectRecord copy;
  copy.size_bytes = source.size_bytes;
  copy.part_count = source.part_count;
  if (source.extent) {
    copy.extent = TRY(call.objects.share(txn, *source.extent));
  }
  if (!source.layout) return copy;
  copy.layout = make_layout_id();
  auto rows = kLayouts.scan(txn, metadata::Direction::forward, *source.layout);
  while (TRY(rows.next())) {
    LayoutRecord part = TRY(rows.record());
    part.extent = TRY(call.objects.share(txn, part.extent));
    kLayouts.put(txn, {*copy.layout, std::get<1>(rows.key())}, part);
  }
  return copy;
}

Result<> for_each_part(metadata::ReadTransaction& txn, const LayoutId& layout,
                       const std::function<bool(uint64_t offset_bytes, const LayoutRecord&)>& visit) {
  auto rows = kLayouts.scan(txn, metadata::Direction::forward, layout);
  while (TRY(rows.next())) {
    LayoutRecord part = TRY(rows.record());
    if (!visit(std::get<1>(rows.key()), part)) break;
  }
  return {};
}

LayoutId make_layout_id() { return LayoutId(random_bytes(16)); }

Result<> check_write_conditions(const WriteConditions& conditions, const std::optional<ObjectRecord>& current,
                                const ObjectKey& key) {
  if (conditions.if_match && conditions.if_none_match) return errors::conditions_not_combinable();
  if (conditions.if_none_match) {
    if (*conditions.if_none_match != "*") return errors::condition_value_not_accepted("If-None-Match");
    if (current) return errors::precondition_failed("If-None-Match");
  }
  if (conditions.if_match) {
    if (*conditions.if_match == "*") return errors::condition_value_not_accepted("If-Match");
    if (!current) return errors::no_such_key(key);
    if (!etag_matches(*conditions.if_match, current->etag)) return errors::precondition_failed("If-Match");
  }
  return {};
}

}  // namespace aerolith::s3
