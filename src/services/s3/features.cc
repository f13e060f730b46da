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

const std::array<Feature, 10>& features() {
  static const std::array<Feature, 10> kFeatures = {{
      {"x-amz-server-side-encryption", {}},
      {"x-amz-copy-source-server-side-encryption", {}},
      {"x-amz-object-lock-", {}},
      {"x-amz-bucket-object-lock-enabled", {"false"}},
      {"x-amz-object-annotation-directive", {"COPY", "EXCLUDE"}},
      {"x-amz-write-offset-bytes", {}},
      {"x-amz-object-ownership", {"BucketOwnerEnforced"}},
      {"x-amz-bucket-namespace", {"global"}},
      // Directory buckets only, as with S3.
      {"x-amz-if-match-", {}},
      {"x-amz-mfa", {}},
  }};
  return kFeatures;
}

bool starts_with_ignoring_case(std::string_view name, std::string_view prefix) {
  return name.size() >= prefix.size() && equals_ignore_case(name.substr(0, prefix.size()), prefix);
}

Result<> check_acl(std::string_view value, RequestTarget target) {
  if (is_one_of(value, {"private"})) return {};
  if (target == RequestTarget::new_bucket) return errors::bucket_acl_with_owner_enforced();
  if (is_one_of(value, {"bucket-owner-full-control"})) return {};
  return errors::acl_not_supported();
}

}  // namespace

Result<> check_features(const http::RequestHead& head, RequestTarget target) {
  for (const auto& [name, value] : head.headers.fields()) {
    if (!starts_with_ignoring_case(name, "x-amz-")) continue;
    if (equals_ignore_case(name, "x-amz-acl")) TRY(check_acl(value, target));
    if (starts_with_ignoring_case(name, "x-amz-grant-")) return errors::acl_not_supported();
    for (const Feature& feature : features()) {
      if (!starts_with_ignoring_case(name, feature.header)) continue;
      if (!is_one_of(trim(value), feature.harmless)) return errors::not_implemented(to_lower(name));
    }
  }
  return {};
}

}  // namespace aerolith::s3
