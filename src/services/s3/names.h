// The kinds of names of this service, each a type of its own.
#pragma once

#include <cstdint>

#include "base/strong_string.h"

namespace aerolith::s3 {

using BucketName = StrongString<struct BucketNameTag>;
using ObjectKey = StrongString<struct ObjectKeyTag>;
// Sorts by the time at which the upload was started.
using UploadId = StrongString<struct UploadIdTag>;
// 32 characters, as S3's; empty for the null version, which goes by "null" on the wire (versions.h).
using VersionId = StrongString<struct VersionIdTag>;
// Names the rows of one object's parts (tables.h). Never shown to anybody.
using LayoutId = StrongString<struct LayoutIdTag>;

// A bucket that is deleted and made again has another id, so nothing of the old one can come back.
enum class BucketId : uint64_t {};

inline constexpr size_t kMaxKeyBytes = 1024;

}  // namespace aerolith::s3
