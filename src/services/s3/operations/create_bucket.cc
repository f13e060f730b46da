// Makes a bucket in this installation's region.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
#include <algorithm>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "services/s3/acl_request.h"
#include "services/s3/bucket_name.h"
#include "services/s3/checksums.h"
#include "services/s3/operations/operations.h"
#include "services/s3/ownership.h"
#include "services/s3/requests.h"
#include "services/s3/tags.h"

namespace aerolith::s3 {
namespace {

constexpr std::string_view kAliasOfEuWest1 = "EU";

// Some region of AWS's, by its form: eu-west-1, us-gov-east-1.
bool is_region_name(std::string_view name) {
  if (name == kAliasOfEuWest1) return true;
  std::vector<std::string_view> words;
  for (size_t at = 0; at <= name.size();) {
    const size_t end = std::min(name.find('-', at), name.size());
    words.push_back(name.substr(at, end - at));
    at = end + 1;
  }
  if (words.size() < 3 || words.size() > 4) return false;
  const std::string_view number = words.back();
  words.pop_back();
  const auto is_word = [](std::string_view word) {
    return !word.empty() && std::ranges::all_of(word, [](char c) { return c >= 'a' && c <= 'z'; });
  };
  return std::ranges::all_of(words, is_word) && words.front().size() == 2 && number.size() == 1 && number[0] >= '0' &&
         number[0] <= '9';
}

std::string_view location_constraint(const CreateBucketInput& input) {
  const auto& configuration = input.create_bucket_configuration;
  if (!configuration || !configuration->location_constraint) return {};
  return *configuration->location_constraint;
}

// Every region must be named, by itself or (eu-west-1) as "EU". Only us-east-1 must not, and tells what no region's
// name is from one of another region.
Result<> check_location(const Region& region, std::string_view wanted) {
  if (region.view() == kRegionWithoutConstraint) {
    if (wanted.empty()) return {};
    if (wanted == kRegionWithoutConstraint || !is_region_name(wanted))
      return errors::invalid_location_constraint(wanted);
    return errors::illegal_location_constraint(wanted);
  }
  if (wanted == region.view() || (wanted == kAliasOfEuWest1 && region.view() == "eu-west-1")) return {};
  return errors::illegal_location_constraint(wanted.empty() ? "unspecified" : wanted);
}

Result<> check_configuration(const CreateBucketInput& input) {
  const auto& configuration = input.create_bucket_configuration;
  if (!configuration) return {};
  if (configuration->location || configuration->bucket)
    return errors::not_implemented("Location of a directory bucket");
  return {};
}

Result<Tags> read_tags_of_configuration(const CreateBucketInput& input) {
  const auto& configuration = input.create_bucket_configuration;
  if (!configuration || !configuration->tags) return Tags();
  return TRY(read_tags(*configuration->tags, Tagged::bucket));
}

// What a bucket is made with, of ownership and ACLs.
struct Settings {
  ObjectOwnership ownership = ObjectOwnership::owner_enforced;
  std::optional<Acl> acl;
};

Result<Settings> read_settings(const Call& call, const CreateBucketInput& input) {
  Settings settings;
  if (input.object_ownership) {
    const auto ownership = find_ownership(*input.object_ownership);
    if (!ownership) {
      return errors::invalid_argument("Invalid x-amz-object-ownership header: " + *input.object_ownership,
                                      "x-amz-object-ownership", *input.object_ownership);
    }
    settings.ownership = *ownership;
  }
  const AclHeaders headers = TRY(read_acl_headers(call, call.context.head->headers));
  if (headers.is_empty()) return settings;
  const std::string owner = caller_id(call.context);
  Acl acl = TRY(to_acl(headers, AclTarget::bucket, {.owner = owner, .bucket_owner = owner}));
  if (acl == owner_s_acl(owner)) return settings;
  if (settings.ownership == ObjectOwnership::owner_enforced) return errors::bucket_acl_with_owner_enforced();
  // A new bucket has all of Block Public Access.
  if (is_public(acl)) return errors::public_acl_of_new_bucket();
  settings.acl = std::move(acl);
  return settings;
}

// 64 random bits name the bucket for good.
BucketId make_bucket_id() {
  uint64_t id = 0;
  for (char c : random_bytes(sizeof(id))) id = (id << 8) | static_cast<unsigned char>(c);
  return static_cast<BucketId>(id);
}

Result<> check_existing(const Call& call, const BucketName& name, const BucketRecord& existing) {
  if (existing.owner != call.context.principal().account) return errors::bucket_already_exists(name);
  // For those who relied on it, us-east-1 goes on answering 200.
  if (existing.region.view() == kRegionWithoutConstraint) return {};
  return errors::bucket_already_owned_by_you(name);
}

}  // namespace

Result<CreateBucketOutput> create_bucket(Call& call, const CreateBucketInput& input) {
  BucketName name(input.bucket.value_or(""));
  if (!is_valid_bucket_name(name.view())) return errors::invalid_bucket_name(name);
  TRY(verify_whole_body(call.context.head->headers, call.context.whole_body));
  TRY(check_configuration(input));
  BucketTagsRecord tags{.tags = TRY(read_tags_of_configuration(input))};
  const Settings settings = TRY(read_settings(call, input));
  const Region& region = call.context.region;
  std::string_view constraint = location_constraint(input);
  TRY(check_location(region, constraint));
  auto body = [&](metadata::Transaction& txn) -> Result<> {
    std::optional<BucketRecord> existing = TRY(kBuckets.get(txn, {name}));
    if (existing) return check_existing(call, name, *existing);
    BucketRecord bucket{.id = make_bucket_id(),
                        .owner = call.context.principal().account,
                        .region = region,
                        .created_at = whole_seconds(call.context.now)};
    bucket.ownership = settings.ownership;
    bucket.acl = settings.acl;
    if (constraint == kAliasOfEuWest1) bucket.location_alias = constraint;
    kBuckets.put(txn, {name}, bucket);
    if (!tags.tags.empty()) kBucketTags.put(txn, {bucket.id}, tags);
    return {};
  };
  TRY(metadata::run_transaction(call.metadata, body));
  CreateBucketOutput output;
  bool is_global = region.view() == kRegionWithoutConstraint;
  output.location = is_global ? "/" + name.str() : "http://" + name.str() + ".s3.amazonaws.com/";
  output.bucket_arn = bucket_arn(name);
  return output;
}

}  // namespace aerolith::s3
