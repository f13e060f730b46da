// What an image's owner says about its use: disabled, deprecated, protected from deregistration.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/disable-an-ami.html
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-deprecate.html
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-deregistration-protection.html
#include <chrono>

#include "ec2/operations/disable_image.h"
#include "ec2/operations/disable_image_deprecation.h"
#include "ec2/operations/disable_image_deregistration_protection.h"
#include "ec2/operations/enable_image.h"
#include "ec2/operations/enable_image_deprecation.h"
#include "ec2/operations/enable_image_deregistration_protection.h"
#include "services/ec2/image_checks.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/shown_image.h"

namespace aerolith::ec2 {
namespace {

using std::chrono::minutes;

constexpr auto kCooldown = std::chrono::days(1);
constexpr auto kLongestUse = std::chrono::years(10);

template <typename Change>
Result<ImageRecord> change_image(Call& call, const std::string& id, Change change) {
  return call.write([&](metadata::Transaction& txn) -> Result<ImageRecord> {
    ImageRecord image = TRY(get_own_image(txn, call, id));
    TRY(change(image));
    kImages.put(txn, image_scope(call.scope), image);
    return image;
  });
}

}  // namespace

// An image that was disabled before stays so.
Result<DisableImageOutput> disable_image(Call& call, const DisableImageInput& input) {
  TRY(change_image(call, *input.image_id, [](ImageRecord& image) -> Result<> {
    if (image.state != ImageState::disabled) TRY(check_is_available(image));
    image.state = ImageState::disabled;
    image.is_public = false;
    image.shared_with.clear();
    return {};
  }));
  return DisableImageOutput{.return_ = true};
}

Result<EnableImageOutput> enable_image(Call& call, const EnableImageInput& input) {
  TRY(change_image(call, *input.image_id, [](ImageRecord& image) -> Result<> {
    if (image.state != ImageState::disabled) TRY(check_is_available(image));
    image.state = ImageState::available;
    return {};
  }));
  return EnableImageOutput{.return_ = true};
}

Result<EnableImageDeprecationOutput> enable_image_deprecation(Call& call, const EnableImageDeprecationInput& input) {
  const Timestamp at = std::chrono::round<minutes>(*input.deprecate_at);
  if (at < call.context.now || at > call.context.now + kLongestUse) {
    return errors::invalid_value("DeprecateAt", format_iso8601_millis(*input.deprecate_at),
                                 "It must be a time to come, at most 10 years from now.");
  }
  TRY(change_image(call, *input.image_id, [&](ImageRecord& image) -> Result<> {
    image.deprecated_at = at;
    return {};
  }));
  return EnableImageDeprecationOutput{.return_ = true};
}

Result<DisableImageDeprecationOutput> disable_image_deprecation(Call& call, const DisableImageDeprecationInput& input) {
  TRY(change_image(call, *input.image_id, [](ImageRecord& image) -> Result<> {
    image.deprecated_at.reset();
    return {};
  }));
  return DisableImageDeprecationOutput{.return_ = true};
}

Result<EnableImageDeregistrationProtectionOutput> enable_image_deregistration_protection(
    Call& call, const EnableImageDeregistrationProtectionInput& input) {
  const ImageRecord image = TRY(change_image(call, *input.image_id, [&](ImageRecord& changed) -> Result<> {
    changed.refuses_deregistration = true;
    changed.has_cooldown = input.with_cooldown.value_or(false);
    changed.protected_until.reset();
    return {};
  }));
  return EnableImageDeregistrationProtectionOutput{.return_ = std::string(protection_of(image))};
}

Result<DisableImageDeregistrationProtectionOutput> disable_image_deregistration_protection(
    Call& call, const DisableImageDeregistrationProtectionInput& input) {
  const ImageRecord image = TRY(change_image(call, *input.image_id, [&](ImageRecord& changed) -> Result<> {
    if (changed.refuses_deregistration && changed.has_cooldown) {
      changed.protected_until = call.context.now + kCooldown;
    }
    changed.refuses_deregistration = false;
    return {};
  }));
  return DisableImageDeregistrationProtectionOutput{.return_ = std::string(protection_of(image))};
}

}  // namespace aerolith::ec2
