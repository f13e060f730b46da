// User metadata: the x-amz-meta- headers.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "services/s3/errors.h"

namespace aerolith::s3 {

inline constexpr uint64_t kMaxUserMetadataBytes = 2048;

// Names in lower case without the prefix, values in UTF-8.
using UserMetadata = std::map<std::string, std::string>;

// From headers to what is stored: RFC 2047 words are decoded, bytes that aren't UTF-8 are taken as Latin-1.
// MetadataTooLarge when names and values together are over 2 KB.
Result<UserMetadata> read_user_metadata(const UserMetadata& headers);

// From what is stored to headers: values that aren't printable ASCII become RFC 2047 words.
UserMetadata write_user_metadata(const UserMetadata& stored);

// "=?UTF-8?B?...?=" words in text, decoded; text without such words as it is.
std::string decode_mail_words(std::string_view text);

}  // namespace aerolith::s3
