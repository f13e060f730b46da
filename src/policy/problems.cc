#include "policy/problems.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"

namespace aerolith::policy {
namespace {

constexpr std::string_view kIamPaths[] = {
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
};

bool is_partition(std::string_view text) {
  constexpr std::string_view kPartitions[] = {"*",         "aws",       "aws-cn",    "aws-us-gov", "aws-iso",
                                              "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"};
  return std::find(std::begin(kPartitions), std::end(kPartitions), text) != std::end(kPartitions);
}

// The part before the next colon, which is taken off; false: there was no colon and all is taken.
bool take_part(std::string_view& text, std::string_view& part) {
  const size_t colon = text.find(':');
  part = text.substr(0, colon);
  text.remove_prefix(colon == std::string_view::npos ? text.size() : colon + 1);
  return colon != std::string_view::npos;
}

std::string partition_message(std::string_view partition, std::string_view rest) {
  std::string arn = "arn:" + std::string(partition);
  for (int i = 0; i < 3; ++i) {
    std::string_view part = rest;
    const bool is_there = !rest.empty() && (take_part(rest, part) || !part.empty());
    arn += ':';
    arn += is_there ? part : std::string_view("*");
  }
  arn += ':';
  arn += rest.empty() ? std::string_view("*") : rest;
  return "Partition \"" + std::string(partition) + "\" is not valid for resource \"" + arn + "\".";
}

std::string iam_path_message() {
  std::string text = "IAM resource path must either be \"*\" or start with ";
  for (const std::string_view path : kIamPaths) {
    if (path != kIamPaths[0]) text += ", ";
    text += path;
  }
  return text + ".";
}

std::string not_an_arn(std::string_view resource) {
  return "Resource " + std::string(resource) + " must be in ARN format or \"*\".";
}

bool has_good_iam_path(std::string_view path) {
  return path == "*" || std::any_of(std::begin(kIamPaths), std::end(kIamPaths),
                                    [&](std::string_view start) { return path.starts_with(start); });
}

// The first thing wrong with the ARN's parts, or empty.
std::string format_message(std::string_view resource) {
  std::string_view rest = resource, scheme, partition, service, region, account;
  if (!take_part(rest, scheme)) return not_an_arn(resource);
  const bool has_service = take_part(rest, partition);
  if (!is_partition(partition)) return partition_message(partition, rest);
  if (scheme != "arn") return not_an_arn(resource);
  if (!has_service) return "Resource vendor must be fully qualified and cannot contain regexes.";
  const bool has_region = take_part(rest, service);
  if (service.find_first_of("*?") != std::string_view::npos) {
    return "Resource vendor must be fully qualified and cannot contain regexes.";
  }
  if (!has_region) return {};
  const bool has_account = take_part(rest, region);
  const bool has_path = has_account && take_part(rest, account);
  if (!region.empty() && service == "iam") {
    return "IAM resource " + std::string(resource) + " cannot contain region information.";
  }
  // Buckets and objects have neither region nor account; access points, jobs and the like have both.
  if (!region.empty() && service == "s3" && has_path && account.empty()) {
    return "Resource " + std::string(resource) + " can not contain region information.";
  }
  if (service == "iam" && has_path && !has_good_iam_path(rest)) return iam_path_message();
  return {};
}

}  // namespace

void check_resource(std::string_view resource, std::string_view element, Problems& problems) {
  if (resource == "*") return;
  std::string message = format_message(resource);
  if (!message.empty()) {
    problems.add(Phase::resource_format, PolicyErrorCode::invalid_resource, std::move(message), element);
    return;
  }
  // Where a resource before this one has the wrong format, IAM looks no further.
  if (problems.has(Phase::resource_format)) return;
  std::array<std::string_view, 3> start;
  std::string_view rest = resource;
  for (std::string_view& part : start) take_part(rest, part);
  const bool is_short = std::count(resource.begin(), resource.end(), ':') < 5;
  if (start[2].empty() || (is_short && resource.find("::") != std::string_view::npos)) problems.legacy(element);
}

void check_action(std::string_view action, PolicyKind kind, std::string_view element, Problems& problems) {
  const auto refuse = [&](std::string message) {
    problems.add(Phase::action_format, PolicyErrorCode::invalid_action, std::move(message), element);
  };
  const size_t colon = action.find(':');
  const std::string_view vendor = action.substr(0, colon);
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.";
  if (colon == std::string_view::npos && action != "*") {
    refuse("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
  } else if (std::count(action.begin(), action.end(), ':') > 1) {
    refuse("Actions/Condition can contain only one colon.");
  } else if (vendor != "*" && vendor.find_first_not_of(kAlphabet) != std::string_view::npos) {
    refuse("Vendor " + std::string(vendor) + " is not valid");
  } else if (kind == PolicyKind::trust && !equals_ignore_case(vendor, "sts")) {
    refuse("AssumeRole policy may only specify STS AssumeRole actions.");
  }
}

}  // namespace aerolith::policy
