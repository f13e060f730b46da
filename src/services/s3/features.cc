#include "services/s3/features.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "base/encoding.h"

namespace aerolith::s3 {
namespace {

bool is_one_of(std::string_view value, std::initializer_list<std::string_view> allowed) {
  return std::any_of(allowed.begin(), allowed.end(), [&](std::string_view a) { return equals_ignore_case(a, value); });
}

struct Feature {
  std::string_view header;  // lower case; all headers that start so
  // Values that ask for nothing we lack.
  std::initializer_list<std::string_view> harmless;
};

// The first that fits a header is the one that counts.
const std::array<Feature, 9>& features() {
  static const std::array<Feature, 9> kFeatures = {{
      {"x-amz-server-side-encryption-bucket-key-enabled", {"false"}},
      {"x-amz-server-side-encryption-", {}},
      // What S3 does unasked: encryption at rest with its own keys. No byte of an answer is another for it. Here the
      // disk's encryption has to do, and no answer claims more (docs/guide/s3.md).
      {"x-amz-server-side-encryption", {"AES256"}},
      {"x-amz-copy-source-server-side-encryption", {}},
      {"x-amz-bucket-object-lock-enabled", {"false"}},
      {"x-amz-object-annotation-directive", {"COPY", "EXCLUDE"}},
      {"x-amz-write-offset-bytes", {}},
      {"x-amz-bucket-namespace", {"global"}},
      {"x-amz-mfa", {}},
  }};
  return kFeatures;
}

bool starts_with_ignoring_case(std::string_view name, std::string_view prefix) {
  return name.size() >= prefix.size() && equals_ignore_case(name.substr(0, prefix.size()), prefix);
}

}  // namespace

Result<> check_features(const http::RequestHead& head) {
  for (const auto& [name, value] : head.headers.fields()) {
    if (!starts_with_ignoring_case(name, "x-amz-")) continue;
    std::string_view wanted = trim(value);
    // No bucket of ours has object lock, and this is S3's answer for such a bucket.
    if (starts_with_ignoring_case(name, "x-amz-object-lock-")) return errors::no_object_lock();
    auto feature =
        std::ranges::find_if(features(), [&](const Feature& f) { return starts_with_ignoring_case(name, f.header); });
    if (feature == features().end() || is_one_of(wanted, feature->harmless)) continue;
    return errors::not_implemented(to_lower(name));
  }
  return {};
}

}  // namespace aerolith::s3
