#include "services/ec2/image_checks.h"

#include <fmt/format.h>

#include "services/ec2/launch_plan.h"

namespace aerolith::ec2 {
namespace {

// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImage.html, Name
bool is_image_name(std::string_view name) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789()[] ./-'@_";
  return name.size() >= 3 && name.size() <= 128 && name.find_first_not_of(kAllowed) == std::string_view::npos;
}

}  // namespace

Result<ImageRecord> get_own_image(metadata::ReadTransaction& txn, const Call& call, const std::string& id) {
  ImageRecord image = TRY(get_image(txn, call, id));
  if (image.owner == call.scope.account.view()) return image;
  return errors::of("AuthFailure", fmt::format("Not authorized for image:{}", id));
}

Result<> check_image_name(metadata::ReadTransaction& txn, const Scope& scope, const std::string& name) {
  if (!is_image_name(name)) {
    return errors::of("InvalidAMIName.Malformed",
                      "AMI names must be between 3 and 128 characters long, and may contain "
                      "letters, numbers, '(', ')', '.', '-', '/' and '_'");
  }
  for (const ImageRecord& image : TRY(kImages.all(txn, image_scope(scope)))) {
    if (image.owner != scope.account.view() || image.name != name) continue;
    return errors::of("InvalidAMIName.Duplicate",
                      fmt::format("AMI name {} is already in use by AMI {}", name, image.id));
  }
  return {};
}

Result<> check_is_available(const ImageRecord& image) {
  if (image.state == ImageState::available) return {};
  return errors::of("InvalidAMIID.Unavailable", fmt::format("The image ID '{}' is not available", image.id));
}

Result<> check_may_go(const ImageRecord& image, Timestamp now) {
  if (image.refuses_deregistration) {
    return errors::not_permitted(
        fmt::format("The image '{}' can't be deregistered: deregistration protection is enabled for it.", image.id));
  }
  if (image.protected_until && now < *image.protected_until) {
    return errors::not_permitted(fmt::format(
        "The image '{}' can't be deregistered before {}: its deregistration protection had a cooldown period.",
        image.id, format_iso8601_millis(*image.protected_until)));
  }
  return {};
}

}  // namespace aerolith::ec2
