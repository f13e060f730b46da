#include <fmt/format.h>

#include "ec2/operations/describe_image_attribute.h"
#include "ec2/operations/describe_images.h"
#include "ec2/operations/modify_image_attribute.h"
#include "ec2/operations/register_image.h"
#include "ec2/operations/reset_image_attribute.h"
#include "services/ec2/block_devices.h"
#include "services/ec2/deregistered_images.h"
#include "services/ec2/describe.h"
#include "services/ec2/encryption.h"
#include "services/ec2/image_checks.h"
#include "services/ec2/image_filters.h"
#include "services/ec2/launch_plan.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/public_sharing.h"
#include "services/ec2/shown_image.h"
#include "services/ec2/snapshots.h"
#include "services/ec2/tags.h"
#include "services/ec2/volume_sizes.h"

namespace aerolith::ec2 {
namespace {

bool is_owned_by(const Scope& scope, const ImageRecord& image, const std::string& owner) {
  if (owner == "self") return image.owner == scope.account.view();
  return owner == owner_of(image);
}

// ExecutableUsers: who was given it; "self", "all" or an account.
bool is_executable_by(const Scope& scope, const ImageRecord& image, const std::string& user) {
  if (user == "all") return image.is_public || image.owner.empty();
  const std::string account = user == "self" ? scope.account.str() : user;
  return std::ranges::find(image.shared_with, account) != image.shared_with.end();
}

bool is_asked_for(const Scope& scope, Timestamp now, const ImageRecord& image, const DescribeImagesInput& input) {
  if (!may_launch(scope, image)) return false;
  if (image.state == ImageState::disabled && !input.include_disabled.value_or(false)) return false;
  const bool shows_deprecated = image.owner == scope.account.view() || input.include_deprecated.value_or(false) ||
                                (input.image_ids && !input.image_ids->empty());
  if (image.deprecated_at && *image.deprecated_at <= now && !shows_deprecated) return false;
  const auto any = [](const std::optional<Strings>& wanted, auto holds) {
    return !wanted || wanted->empty() || std::ranges::any_of(*wanted, holds);
  };
  return any(input.owners, [&](const std::string& owner) { return is_owned_by(scope, image, owner); }) &&
         any(input.executable_users, [&](const std::string& user) { return is_executable_by(scope, image, user); });
}

}  // namespace

namespace {

// The error names all that aren't there, or aren't the caller's to see; those that were deregistered are left out.
Result<std::vector<ImageRecord>> get_images(metadata::ReadTransaction& txn, const Call& call, const Strings& ids) {
  std::vector<ImageRecord> images;
  Strings missing;
  for (const std::string& id : ids) {
    if (!is_well_formed(Kind::image, id)) return errors::malformed_id(Kind::image, id);
    auto image = TRY(kImages.find(txn, image_scope(call.scope), id));
    if (image && may_launch(call.scope, *image)) {
      images.push_back(*std::move(image));
    } else if (image || !TRY(is_deregistered(txn, call, id))) {
      missing.push_back(id);
    }
  }
  if (!missing.empty()) return not_found_all(Kind::image, missing);
  std::ranges::sort(images, {}, &ImageRecord::id);
  return images;
}

}  // namespace

Result<DescribeImagesOutput> describe_images(Call& call, const DescribeImagesInput& input) {
  TRY(check_filters<ImageRecord>(input.filters, image_filters()));
  TRY(check_max_results(input.max_results, 1, 1000));
  call.await_own_images();
  const auto txn = call.read();
  const std::string after = TRY(read_token(input.next_token));
  std::vector<ImageRecord> images;
  if (input.image_ids && !input.image_ids->empty()) {
    images = TRY(get_images(*txn, call, *input.image_ids));
  } else {
    images = TRY(kImages.all(*txn, image_scope(call.scope)));
  }
  const size_t limit = input.max_results ? static_cast<size_t>(*input.max_results) : SIZE_MAX;
  DescribeImagesOutput output{.images = std::vector<Image>()};
  for (const ImageRecord& image : images) {
    if (image.id <= after || !is_asked_for(call.scope, call.context.now, image, input)) continue;
    const TagMap tags = TRY(tags_of(*txn, call.scope, image.id));
    const Lookup lookup{.txn = *txn, .scope = call.scope};
    if (!TRY(matches<ImageRecord>(input.filters, image_filters(), lookup, image, tags))) continue;
    if (output.images->size() == limit) {
      output.next_token = make_token(*output.images->back().image_id);
      break;
    }
    output.images->push_back(show_image(call.scope, image, tags));
  }
  return output;
}

namespace {

// Those of images that come with the installation have no records: whoever may launch an image may use what it names.
// NotFound otherwise.
Result<> check_may_use_snapshots(metadata::ReadTransaction& txn, const Scope& scope,
                                 const std::vector<BlockDeviceRecord>& devices) {
  const std::vector<ImageRecord> images = TRY(kImages.all(txn, image_scope(scope)));
  for (const BlockDeviceRecord& device : devices) {
    if (!device.snapshot.empty() && TRY(kSnapshots.find(txn, snapshot_scope(scope), device.snapshot))) {
      TRY(get_usable_snapshot(txn, scope, device.snapshot));
      continue;
    }
    const bool is_known =
        device.snapshot.empty() || std::ranges::any_of(images, [&](const ImageRecord& image) {
          return may_launch(scope, image) &&
                 std::ranges::find(image.devices, device.snapshot, &BlockDeviceRecord::snapshot) != image.devices.end();
        });
    if (!is_known) return errors::not_found(Kind::snapshot, device.snapshot);
  }
  return {};
}

}  // namespace

// From a snapshot that is there.
Result<RegisterImageOutput> register_image(Call& call, const RegisterImageInput& input) {
  if (!input.image_location.value_or("").empty()) {  // Terraform sends an empty one
    return errors::unsupported("Images are registered from snapshots, not from S3.");
  }
  if (input.architecture.value_or("x86_64") != "x86_64") {
    return errors::unsupported("Instances have the architecture x86_64 only.");
  }
  if (input.virtualization_type == "paravirtual")
    return errors::unsupported("Images have hardware virtualization (hvm).");
  if (input.kernel_id || input.ramdisk_id || input.tpm_support || input.uefi_data || input.billing_products) {
    return errors::unsupported("Images have no kernel of their own, TPM, UEFI variables and billing products.");
  }
  if (call.cloud.volumes == nullptr) {
    return errors::of("Unsupported", "This installation keeps no volumes. `aerolith doctor` says what it lacks.");
  }
  ImageRecord image{.id = make_id(Kind::image), .owner = call.scope.account.str(), .name = *input.name};
  image.description = input.description.value_or("");
  image.root_device = input.root_device_name.value_or("/dev/sda1");
  image.boot_mode = input.boot_mode.value_or("");
  image.requires_imds_v2 = input.imds_support == "v2.0";
  image.ena_support = input.ena_support.value_or(false);
  image.sriov_net_support = input.sriov_net_support.value_or("");
  image.created_at = call.context.now;
  image.instance_stores = instance_stores_of(input.block_device_mappings);
  TRY(refuse_keys(input.block_device_mappings));
  for (const BlockDeviceMapping& mapping : input.block_device_mappings.value_or(std::vector<BlockDeviceMapping>())) {
    if (is_instance_store(mapping)) continue;
    BlockDeviceRecord device = TRY(read_device(mapping));
    if (!device.snapshot.empty()) {
      if (mapping.ebs->encrypted) {
        return errors::of(
            "InvalidBlockDeviceMapping",
            fmt::format("the encrypted flag cannot be specified since device {} has a snapshot specified.",
                        device.device));
      }
      const auto size = call.cloud.volumes->snapshot_size_bytes(device.snapshot);
      if (!size.has_value()) return errors::not_found(Kind::snapshot, device.snapshot);
      device.size_gib = std::max(device.size_gib, gib_for(*size));
    }
    image.devices.push_back(std::move(device));
  }
  const auto root = std::ranges::find(image.devices, image.root_device, &BlockDeviceRecord::device);
  if (root == image.devices.end() || root->snapshot.empty()) {
    return errors::of("InvalidBlockDeviceMapping",
                      fmt::format("Unable to retrieve the snapshot of the root device '{}'", image.root_device));
  }
  const TagMap tags = TRY(tags_to_make(input.tag_specifications, Kind::image));
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    TRY(check_image_name(txn, call.scope, image.name));
    TRY(check_may_use_snapshots(txn, call.scope, image.devices));
    for (BlockDeviceRecord& device : image.devices) {
      if (!device.snapshot.empty()) device.encrypted = TRY(is_snapshot_encrypted(txn, call.scope, device.snapshot));
    }
    kImages.put(txn, image_scope(call.scope), image);
    put_tags(txn, call.scope, image.id, tags);
    return {};
  }));
  return RegisterImageOutput{.image_id = image.id};
}

Result<DescribeImageAttributeOutput> describe_image_attribute(Call& call, const DescribeImageAttributeInput& input) {
  const auto txn = call.read();
  const ImageRecord image = TRY(get_own_image(*txn, call, *input.image_id));
  const Image all = show_image(call.scope, image, {});
  DescribeImageAttributeOutput output{.image_id = image.id};
  const std::string& name = *input.attribute;
  if (name == "description") {
    output.description = AttributeValue{image.description};
  } else if (name == "launchPermission") {
    output.launch_permissions = std::vector<LaunchPermission>();
    if (image.is_public) output.launch_permissions->push_back({.group = "all"});
    for (const std::string& account : image.shared_with) output.launch_permissions->push_back({.user_id = account});
  } else if (name == "blockDeviceMapping") {
    output.block_device_mappings = all.block_device_mappings;
  } else if (name == "bootMode") {
    output.boot_mode = AttributeValue{all.boot_mode};
  } else if (name == "imdsSupport") {
    output.imds_support = AttributeValue{all.imds_support};
  } else if (name == "deregistrationProtection") {
    output.deregistration_protection = AttributeValue{all.deregistration_protection};
  } else if (name == "productCodes") {
    output.product_codes = std::vector<ProductCode>();
  } else {
    return errors::invalid_value("attribute", name, "Unknown attribute.");
  }
  return output;
}

namespace {

// The old way: an attribute by its name, and its value as text.
Result<ModifyImageAttributeInput> named_attribute(ModifyImageAttributeInput input) {
  if (input.value && !input.attribute) return errors::missing_parameter("Attribute");
  if (!input.attribute || !input.value) return input;
  if (*input.attribute == "description") {
    input.description = AttributeValue{*input.value};
  } else if (*input.attribute == "imdsSupport") {
    input.imds_support = AttributeValue{*input.value};
  } else {
    return errors::invalid_value("attribute", *input.attribute, "Only description and imdsSupport have a value.");
  }
  return input;
}

bool is_account_id(std::string_view text) {
  return text.size() == 12 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Who may be named: everybody, and accounts.
Result<> check_items(const std::vector<LaunchPermission>& items) {
  const auto invalid = [](const std::string& value, std::string_view type) {
    return errors::of("InvalidAMIAttributeItemValue",
                      fmt::format("Invalid attribute item value \"{}\" for {} item type.", value, type));
  };
  for (const LaunchPermission& each : items) {
    if (each.group && *each.group != "all") return invalid(*each.group, "group");
    if (each.user_id && !is_account_id(*each.user_id)) return invalid(*each.user_id, "userId");
  }
  return {};
}

Result<> refuse_organizations(const ModifyImageAttributeInput& input) {
  const auto names_one = [](const LaunchPermission& each) {
    return each.organization_arn || each.organizational_unit_arn;
  };
  bool found = input.organization_arns || input.organizational_unit_arns;
  if (input.launch_permission) {
    for (const auto* list : {&input.launch_permission->add, &input.launch_permission->remove}) {
      found |= *list && std::ranges::any_of(**list, names_one);
    }
  }
  if (found) return errors::unsupported("There are no organizations: images are shared with accounts.");
  return {};
}

// With the key that nobody else has.
Result<> refuse_encrypted(const ImageRecord& image) {
  const auto is_kept = [](const BlockDeviceRecord& each) { return each.encrypted && !each.snapshot.empty(); };
  if (std::ranges::none_of(image.devices, is_kept)) return {};
  return errors::of("InvalidParameter",
                    "Snapshots encrypted with the AWS Managed CMK can't be shared. Specify another snapshot.");
}

// What is public already stays so.
Result<> check_may_be_public(metadata::ReadTransaction& txn, const Scope& scope, const ImageRecord& image) {
  if (image.is_public || TRY(image_sharing_of(txn, scope)) == PublicSharing::unblocked) return {};
  return errors::not_permitted(
      "You can't publicly share this image because block public access for AMIs is enabled for this account. To "
      "publicly share the image, you must call the DisableImageBlockPublicAccess API.");
}

// It can be asked for, and not taken back.
Result<> change_imds_support(ImageRecord& image, const AttributeValue& asked) {
  if (asked.value != "v2.0") {
    return errors::invalid_value("imdsSupport", asked.value.value_or(""), "The only valid value is v2.0.");
  }
  image.requires_imds_v2 = true;
  return {};
}

}  // namespace

Result<NoOutput> modify_image_attribute(Call& call, const ModifyImageAttributeInput& asked) {
  const ModifyImageAttributeInput input = TRY(named_attribute(asked));
  TRY(refuse_organizations(input));
  if (input.product_codes) return errors::unsupported("Images have no product codes.");
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    ImageRecord image = TRY(get_own_image(txn, call, *input.image_id));
    if (input.description) image.description = input.description->value.value_or("");
    if (input.imds_support) TRY(change_imds_support(image, *input.imds_support));
    LaunchPermissionModifications changes = input.launch_permission.value_or(LaunchPermissionModifications());
    if (!changes.add) changes.add.emplace();
    if (!changes.remove) changes.remove.emplace();
    // The old way.
    auto& listed = input.operation_type == "remove" ? *changes.remove : *changes.add;
    for (const std::string& account : input.user_ids.value_or(Strings())) listed.push_back({.user_id = account});
    for (const std::string& group : input.user_groups.value_or(Strings())) listed.push_back({.group = group});
    TRY(check_items(*changes.add));
    TRY(check_items(*changes.remove));
    if (!changes.add->empty()) {
      TRY(refuse_encrypted(image));
      TRY(check_is_available(image));
    }
    for (const LaunchPermission& each : *changes.add) {
      if (each.group) {
        TRY(check_may_be_public(txn, call.scope, image));
        image.is_public = true;
      }
      if (!each.user_id) continue;
      std::erase(image.shared_with, *each.user_id);
      image.shared_with.push_back(*each.user_id);
    }
    for (const LaunchPermission& each : *changes.remove) {
      if (each.group) image.is_public = false;
      if (each.user_id) std::erase(image.shared_with, *each.user_id);
    }
    kImages.put(txn, image_scope(call.scope), image);
    return {};
  }));
  return NoOutput{};
}

Result<NoOutput> reset_image_attribute(Call& call, const ResetImageAttributeInput& input) {
  if (*input.attribute != "launchPermission") {
    return errors::invalid_value("attribute", *input.attribute, "Only launchPermission can be reset.");
  }
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    ImageRecord image = TRY(get_own_image(txn, call, *input.image_id));
    image.is_public = false;
    image.shared_with.clear();
    kImages.put(txn, image_scope(call.scope), image);
    return {};
  }));
  return NoOutput{};
}

}  // namespace aerolith::ec2
