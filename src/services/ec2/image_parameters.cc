#include "services/ec2/image_parameters.h"

#include <fmt/format.h>

#include <algorithm>

namespace aerolith::ec2 {
namespace {

constexpr std::string_view kResolve = "resolve:ssm:";

}  // namespace

// Debian publishes its images under names of its own: https://wiki.debian.org/Cloud/AmazonEC2Image
std::string parameter_of(const ImageRecord& image) {
  constexpr std::string_view kDebian = "debian-";
  const std::string_view name = image.name;
  if (!name.starts_with(kDebian)) return fmt::format("/aws/service/aerolith/{}/latest/amd64", name);
  return fmt::format("/aws/service/debian/release/{}/latest/amd64", name.substr(kDebian.size()));
}

Result<std::vector<ImageParameter>> image_parameters(metadata::ReadTransaction& txn, const Scope& scope) {
  std::vector<ImageParameter> parameters;
  for (const ImageRecord& image : TRY(kImages.all(txn, {.account = AccountId(), .region = scope.region}))) {
    if (!image.owner.empty()) continue;
    parameters.push_back({.name = parameter_of(image), .image = image.id, .modified_at = image.created_at});
  }
  std::ranges::sort(parameters, {}, &ImageParameter::name);
  return parameters;
}

Result<std::string> resolve_image(metadata::ReadTransaction& txn, const Scope& scope, const std::string& wanted) {
  if (!wanted.starts_with(kResolve)) return wanted;
  std::string_view name = std::string_view(wanted).substr(kResolve.size());
  if (name.ends_with(":1")) name.remove_suffix(2);  // the one version that a public parameter has
  for (const ImageParameter& parameter : TRY(image_parameters(txn, scope))) {
    if (parameter.name == name) return parameter.image;
  }
  return errors::invalid_parameter(
      fmt::format("Invalid value '{}' for parameter ImageId: there is no such parameter "
                  "of SSM.",
                  wanted));
}

}  // namespace aerolith::ec2
