// Multipart uploads: their rows, and how parts become an object.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "s3/model.h"
#include "services/s3/call.h"
#include "services/s3/errors.h"
#include "services/s3/tables.h"

namespace aerolith::s3 {

inline constexpr int32_t kMostParts = 10'000;
inline constexpr uint64_t kMinPartBytes = uint64_t{5} << 20;

// The partNumber of a request: InvalidArgument unless there is one of 1 to kMostParts.
Result<uint16_t> read_part_number(std::optional<int32_t> number);

UploadId make_upload_id(Timestamp now);

// NoSuchUpload when there is none of that id for that key.
Result<UploadRecord> find_upload(metadata::ReadTransaction& txn, BucketId bucket, const ObjectKey& key,
                                 const UploadId& id);
// In a transaction: the upload and its parts are gone, their bytes released.
Result<> remove_upload(const Call& call, metadata::Transaction& txn,
                       const std::tuple<BucketId, ObjectKey, UploadId>& row);
// The upload's parts alone.
Result<> remove_parts(const Call& call, metadata::Transaction& txn, const UploadId& id);

// What a request for a new upload says of its checksums; the defaults are S3's.
struct ChecksumChoice {
  ChecksumAlgorithm algorithm = ChecksumAlgorithm::crc64nvme;
  ChecksumType type = ChecksumType::full_object;
  bool was_chosen = false;
};
Result<ChecksumChoice> choose_checksum(const std::optional<std::string>& algorithm,
                                       const std::optional<std::string>& type);

// A part as CompleteMultipartUpload names it.
struct NamedPart {
  int32_t number = 0;
  std::string etag;  // without quotes
  // Base64, as it came.
  std::vector<std::pair<ChecksumAlgorithm, std::string>> checksums;
};
// InvalidRequest where there is no body, MalformedXML, InvalidPartOrder, InvalidPart.
Result<std::vector<NamedPart>> read_named_parts(const std::optional<CompletedMultipartUpload>& body,
                                                std::string_view upload_id);

// The MD5 of the parts' MD5s, with "-<parts>".
std::string multipart_etag(const std::vector<NamedPart>& parts);

struct AssembledObject {
  uint64_t size_bytes = 0;
  StoredChecksum checksum;
};
// `stored` are the rows of the named parts, in the same order, nullopt where there is none. InvalidPart,
// EntityTooSmall, InvalidRequest.
Result<AssembledObject> assemble(std::string_view upload_id, const UploadRecord& upload,
                                 const std::vector<NamedPart>& named,
                                 const std::vector<std::optional<PartRecord>>& stored);

}  // namespace aerolith::s3
