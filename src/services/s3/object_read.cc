#include "services/s3/object_read.h"

#include "services/s3/object_rows.h"

namespace aerolith::s3 {
namespace {

constexpr int32_t kMostParts = 10'000;

Result<ChosenBytes> choose_part(metadata::ReadTransaction& txn, const ObjectRecord& object, int32_t part_number) {
  if (part_number < 1 || part_number > kMostParts) {
    return errors::invalid_argument("Part number must be an integer between 1 and 10000, inclusive", "partNumber",
                                    std::to_string(part_number));
  }
  if (!object.layout) {
    // An object that was put whole is its own first part.
    if (part_number != 1) return errors::invalid_part_number(part_number, 1);
    return ChosenBytes{.range = {0, object.size_bytes}, .is_partial = true};
  }
  std::optional<ByteRange> range;
  TRY(for_each_part(txn, *object.layout, [&](uint64_t offset_bytes, const LayoutRecord& part) {
    if (part.part_number == part_number) range = ByteRange{offset_bytes, part.extent.size_bytes};
    return part.part_number < part_number;
  }));
  if (!range) return errors::invalid_part_number(part_number, object.part_count);
  return ChosenBytes{.range = *range, .is_partial = true, .part_count = static_cast<int32_t>(object.part_count)};
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
  ChosenBytes whole{.range = {0, object.size_bytes}};
  if (!wanted.range_header) return whole;
  RangeChoice choice = choose_range(*wanted.range_header, object.size_bytes);
  if (std::holds_alternative<UnsatisfiableRange>(choice)) {
    return errors::invalid_range(*wanted.range_header, object.size_bytes);
  }
  if (const auto* range = std::get_if<ByteRange>(&choice)) return ChosenBytes{.range = *range, .is_partial = true};
  return whole;
}

}  // namespace aerolith::s3
