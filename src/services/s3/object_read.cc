#include "services/s3/object_read.h"

#include "services/s3/multipart.h"
#include "services/s3/object_rows.h"

namespace aerolith::s3 {
namespace {

// Of a composite checksum S3 tells the part's own share. One of the whole object says nothing of a part, unless that
// is all there is.
std::optional<StoredChecksum> checksum_of_part(const ObjectRecord& object, const LayoutRecord& part) {
  if (!object.checksum) return std::nullopt;
  if (object.checksum->type == ChecksumType::full_object) {
    return part.extent.size_bytes == object.size_bytes ? object.checksum : std::nullopt;
  }
  bool is_same_kind = part.checksum && part.checksum->algorithm == object.checksum->algorithm;
  return is_same_kind ? part.checksum : std::nullopt;
}

Result<ChosenBytes> choose_part(metadata::ReadTransaction& txn, const ObjectRecord& object, int32_t part_number) {
  TRY(read_part_number(part_number));
  if (!object.layout) {
    // An object that was put whole is its own first part.
    if (part_number != 1) return errors::invalid_part_number(part_number, 1);
    return ChosenBytes{.range = {0, object.size_bytes}, .is_partial = true, .checksum = object.checksum};
  }
  std::optional<ChosenBytes> chosen;
  TRY(for_each_part(txn, *object.layout, [&](uint64_t offset_bytes, const LayoutRecord& part) {
    if (part.part_number == part_number) {
      chosen = ChosenBytes{.range = {offset_bytes, part.extent.size_bytes},
                           .is_partial = true,
                           .part_count = static_cast<int32_t>(object.part_count),
                           .checksum = checksum_of_part(object, part)};
    }
    return part.part_number < part_number;
  }));
  if (!chosen) return errors::invalid_part_number(part_number, object.part_count);
  return *std::move(chosen);
}

}  // namespace

Result<ChosenBytes> choose_bytes(metadata::ReadTransaction& txn, const ObjectRecord& object,
                                 const WantedBytes& wanted) {
  if (wanted.part_number) {
    if (wanted.range_header) {
      return errors::invalid_request("Cannot specify both Range header and partNumber query parameter");
    }
    return choose_part(txn, object, *wanted.part_number);
  }
  ChosenBytes whole{.range = {0, object.size_bytes}, .checksum = object.checksum};
  if (!wanted.range_header) return whole;
  RangeChoice choice = choose_range(*wanted.range_header, object.size_bytes);
  if (std::holds_alternative<UnsatisfiableRange>(choice)) {
    return errors::invalid_range(*wanted.range_header, object.size_bytes);
  }
  if (const auto* range = std::get_if<ByteRange>(&choice)) {
    bool is_whole = range->size_bytes == object.size_bytes;
    return ChosenBytes{.range = *range, .is_partial = true, .checksum = is_whole ? object.checksum : std::nullopt};
  }
  return whole;
}

}  // namespace aerolith::s3
