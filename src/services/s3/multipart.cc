#include "services/s3/multipart.h"

#include <fmt/format.h>

#include "base/digest.h"
#include "base/encoding.h"
#include "base/random.h"
#include "services/s3/conditions.h"

namespace aerolith::s3 {
namespace {

// What the part's bytes have as checksum of that algorithm. CRC64NVME is known of every extent.
std::string part_checksum(const PartRecord& part, ChecksumAlgorithm algorithm) {
  if (algorithm == ChecksumAlgorithm::crc64nvme) return crc64_bytes(part.extent.crc64nvme);
  return part.checksum && part.checksum->algorithm == algorithm ? part.checksum->value : std::string();
}

Result<> check_part(std::string_view upload_id, const UploadRecord& upload, const NamedPart& named,
                    const std::optional<PartRecord>& stored) {
  if (!stored || stored->etag != named.etag) return errors::invalid_part(upload_id, named.number, named.etag);
  bool has_own = false;
  for (const auto& [algorithm, text] : named.checksums) {
    if (upload.checksum_was_chosen && algorithm != upload.checksum_algorithm) {
      return errors::invalid_part(upload_id, named.number, named.etag);
    }
    std::string value = part_checksum(*stored, algorithm);
    if (value.empty() || base64_encode(value) != text) {
      return errors::invalid_part(upload_id, named.number, named.etag);
    }
    has_own = true;
  }
  if (upload.checksum_type == ChecksumType::composite && !has_own) {
    return errors::invalid_request(
        fmt::format("The upload was created using a {} checksum. The complete request must include the checksum for "
                    "each part. It was missing for part {} in the request.",
                    to_lower(algorithm_name(upload.checksum_algorithm)), named.number));
  }
  return {};
}

StoredChecksum composite_checksum(ChecksumAlgorithm algorithm, const std::vector<std::optional<PartRecord>>& parts) {
  Digest running(digest_kind(algorithm));
  for (const auto& part : parts) running.update(part_checksum(*part, algorithm));
  return {.algorithm = algorithm,
          .type = ChecksumType::composite,
          .value = running.finish(),
          .part_count = static_cast<uint32_t>(parts.size())};
}

StoredChecksum full_checksum(ChecksumAlgorithm algorithm, const std::vector<std::optional<PartRecord>>& parts) {
  StoredChecksum checksum{.algorithm = algorithm};
  for (const auto& part : parts) {
    std::string value = part_checksum(*part, algorithm);
    checksum.value =
        checksum.value.empty() ? value : combine_checksums(algorithm, checksum.value, value, part->extent.size_bytes);
  }
  return checksum;
}

}  // namespace

UploadId make_upload_id(Timestamp now) {
  return UploadId(fmt::format("{:012x}{}", now.time_since_epoch().count(), random_hex(36)));
}

Result<UploadRecord> find_upload(metadata::ReadTransaction& txn, BucketId bucket, const ObjectKey& key,
                                 const UploadId& id) {
  std::optional<UploadRecord> upload = TRY(kUploads.get(txn, {bucket, key, id}));
  if (!upload) return errors::no_such_upload(id.view());
  return *std::move(upload);
}

Result<> remove_parts(const Call& call, metadata::Transaction& txn, const UploadId& id) {
  auto rows = kParts.scan(txn, metadata::Direction::forward, id);
  while (TRY(rows.next())) {
    PartRecord part = TRY(rows.record());
    TRY(call.objects.release(txn, part.extent));
    kParts.erase(txn, rows.key());
  }
  return {};
}

Result<> remove_upload(const Call& call, metadata::Transaction& txn,
                       const std::tuple<BucketId, ObjectKey, UploadId>& row) {
  TRY(remove_parts(call, txn, std::get<2>(row)));
  kUploads.erase(txn, row);
  return {};
}

Result<ChecksumChoice> choose_checksum(const std::optional<std::string>& algorithm,
                                       const std::optional<std::string>& type) {
  ChecksumChoice choice;
  if (!algorithm) {
    if (type) {
      return errors::invalid_request(
          "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.");
    }
    return choice;
  }
  choice.was_chosen = true;
  choice.algorithm = TRY(parse_algorithm(*algorithm));
  bool is_crc64 = choice.algorithm == ChecksumAlgorithm::crc64nvme;
  choice.type = is_crc64 ? ChecksumType::full_object : ChecksumType::composite;
  if (!type) return choice;
  choice.type = *type == "FULL_OBJECT" ? ChecksumType::full_object : ChecksumType::composite;
  bool fits = choice.type == ChecksumType::full_object ? is_crc(choice.algorithm) : !is_crc64;
  if (!fits) {
    return errors::invalid_request(fmt::format("The {} checksum type cannot be used with the {} checksum algorithm.",
                                               type_name(choice.type), to_lower(algorithm_name(choice.algorithm))));
  }
  return choice;
}

Result<uint16_t> read_part_number(std::optional<int32_t> number) {
  int32_t value = number.value_or(0);
  if (value < 1 || value > kMostParts) {
    return errors::invalid_argument("Part number must be an integer between 1 and 10000, inclusive", "partNumber",
                                    std::to_string(value));
  }
  return static_cast<uint16_t>(value);
}

Result<std::vector<NamedPart>> read_named_parts(const std::optional<CompletedMultipartUpload>& body,
                                                std::string_view upload_id) {
  if (!body) return errors::invalid_request("You must specify at least one part");
  if (!body->parts || body->parts->empty()) return errors::malformed_xml();
  std::vector<NamedPart> parts;
  for (const CompletedPart& part : *body->parts) {
    if (!part.part_number || !part.etag) return errors::malformed_xml();
    if (!parts.empty() && *part.part_number <= parts.back().number) return errors::invalid_part_order(upload_id);
    NamedPart& named = parts.emplace_back();
    named.number = *part.part_number;
    named.etag = bare_etag(*part.etag);
    if (named.number < 1 || named.number > kMostParts) return errors::invalid_part(upload_id, named.number, named.etag);
    for (ChecksumAlgorithm algorithm : kAllChecksumAlgorithms) {
      if (const auto& text = checksum_member(part, algorithm)) named.checksums.emplace_back(algorithm, *text);
    }
  }
  return parts;
}

std::string multipart_etag(const std::vector<NamedPart>& parts) {
  Digest md5(DigestKind::md5);
  for (const NamedPart& part : parts) md5.update(hex_decode(part.etag).value_or(""));
  return fmt::format("{}-{}", hex_encode(md5.finish()), parts.size());
}

Result<AssembledObject> assemble(std::string_view upload_id, const UploadRecord& upload,
                                 const std::vector<NamedPart>& named,
                                 const std::vector<std::optional<PartRecord>>& stored) {
  AssembledObject object;
  for (size_t i = 0; i < named.size(); ++i) {
    TRY(check_part(upload_id, upload, named[i], stored[i]));
    uint64_t size_bytes = stored[i]->extent.size_bytes;
    object.size_bytes += size_bytes;
    if (i + 1 < named.size() && size_bytes < kMinPartBytes) {
      return errors::entity_too_small(size_bytes, kMinPartBytes, named[i].number, named[i].etag);
    }
  }
  object.checksum = upload.checksum_type == ChecksumType::composite
                        ? composite_checksum(upload.checksum_algorithm, stored)
                        : full_checksum(upload.checksum_algorithm, stored);
  return object;
}

}  // namespace aerolith::s3
