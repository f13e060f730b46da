#include "metadata/format.h"

#include <algorithm>

#include "base/log.h"
#include "metadata/record.h"

namespace aerolith::metadata {

namespace {

// A zero byte and a letter: no table's name encodes to this (metadata/key.h).
constexpr std::string_view kFormatKey{"\0aerolith.format", 16};

struct FormatRecord {
  static constexpr uint32_t kVersion = 1;
  uint32_t format = 0;
};

template <class Archive>
void fields(Archive& archive, FormatRecord& r) {
  archive(r.format);
}

Result<uint32_t> read_format(ReadTransaction& txn) {
  std::optional<std::string> bytes = TRY(txn.get(kFormatKey));
  if (!bytes) return uint32_t{0};
  FormatRecord record = TRY(decode_record<FormatRecord>(*bytes));
  if (record.format == 0) return fail(ErrorCode::corrupt, "the format key says 0");
  return record.format;
}

// One step, in one transaction: the format that the store has afterwards.
Result<uint32_t> take_step(Transaction& txn, uint32_t newest, std::span<const FormatStep> steps) {
  uint32_t format = TRY(read_format(txn));
  uint32_t next = format + 1;
  if (format == newest) return format;
  if (format == 0) {
    if (TRY(txn.scan({})->next())) return fail(ErrorCode::invalid, "a RocksDB database, but not one of Aerolith's");
    next = newest;
  } else {
    auto step = std::ranges::find(steps, format, &FormatStep::from);
    if (step == steps.end()) return fail(ErrorCode::invalid, "no way from format " + std::to_string(format));
    TRY(step->run(txn));
    log_info("metadata store migrated", {{"from", std::to_string(format)}, {"to", std::to_string(next)}});
  }
  txn.put(kFormatKey, encode_record(FormatRecord{next}));
  return next;
}

}  // namespace

Result<> bring_to_format(Store& store, uint32_t newest, std::span<const FormatStep> steps) {
  uint32_t format = TRY(read_format(*store.begin_read()));
  if (format > newest) {
    return fail(ErrorCode::newer_format, "the metadata store has format " + std::to_string(format) +
                                             ", and this program knows formats up to " + std::to_string(newest) +
                                             ": use the newer program that wrote it");
  }
  while (format != newest) {
    format = TRY(run_transaction(store, [&](Transaction& txn) { return take_step(txn, newest, steps); }));
  }
  return {};
}

Result<> bring_to_format(Store& store) { return bring_to_format(store, kFormat, {}); }

}  // namespace aerolith::metadata
