#include "services/ec2/block_devices.h"

#include <fmt/format.h>

#include <algorithm>

#include "ec2/model/volume.h"
#include "services/ec2/encryption.h"
#include "services/ec2/snapshots.h"
#include "services/ec2/volume_attachments.h"
#include "services/ec2/volume_types.h"

namespace aerolith::ec2 {
namespace {

constexpr int32_t kMaxGib = 65536;

std::unexpected<CallError> invalid(std::string message) {
  return errors::of("InvalidBlockDeviceMapping", std::move(message));
}

Result<> refuse_unbuilt(const EbsBlockDevice& ebs) {
  if (ebs.outpost_arn) return errors::unsupported("There are no Outposts.");
  if (ebs.ebs_card_index.value_or(0) != 0) return errors::unsupported("Instances have one EBS card.");
  if (ebs.availability_zone || ebs.availability_zone_id) {
    return errors::unsupported("Volumes of a block device mapping are made in the zone of their instance.");
  }
  return {};
}

Result<> change(BlockDeviceRecord& device, const EbsBlockDevice& ebs) {
  TRY(refuse_unbuilt(ebs));
  const int32_t least = device.snapshot.empty() ? 1 : device.size_gib;
  if (ebs.snapshot_id && *ebs.snapshot_id != device.snapshot) {
    return invalid(fmt::format("snapshotId cannot be modified on the device '{}' of an image.", device.device));
  }
  if (ebs.volume_size) {
    if (*ebs.volume_size < 1 || *ebs.volume_size > kMaxGib) {
      return errors::invalid_parameter(fmt::format("Volume of {}GiB is out of range", *ebs.volume_size));
    }
    if (*ebs.volume_size < least) {
      return invalid(smaller_than_snapshot(*ebs.volume_size, device.snapshot, least));
    }
    device.size_gib = *ebs.volume_size;
  }
  if (ebs.volume_type && *ebs.volume_type != device.type) {
    device.type = *ebs.volume_type;
    device.iops.reset();
    device.throughput.reset();
  }
  if (ebs.delete_on_termination) device.delete_on_termination = *ebs.delete_on_termination;
  if (ebs.encrypted.value_or(false)) device.encrypted = true;
  if (ebs.iops) device.iops = ebs.iops;
  if (ebs.throughput) device.throughput = ebs.throughput;
  if (device.size_gib == 0) return {};  // the caller says what is missing
  return check_shape(
      {.type = device.type, .size_gib = device.size_gib, .iops = device.iops, .throughput = device.throughput});
}

}  // namespace

bool is_instance_store(const BlockDeviceMapping& mapping) {
  return !mapping.ebs && mapping.virtual_name && mapping.virtual_name->starts_with("ephemeral");
}

std::map<std::string, std::string> instance_stores_of(const Mappings& asked) {
  std::map<std::string, std::string> result;
  for (const BlockDeviceMapping& mapping : asked.value_or(std::vector<BlockDeviceMapping>())) {
    if (is_instance_store(mapping) && mapping.device_name) result[*mapping.device_name] = *mapping.virtual_name;
  }
  return result;
}

Result<BlockDeviceRecord> read_device(const BlockDeviceMapping& mapping) {
  if (!mapping.device_name) return errors::missing_parameter("deviceName");
  if (mapping.virtual_name) return errors::unsupported("There are no instance store volumes.");
  BlockDeviceRecord device{.device = *mapping.device_name};
  if (!mapping.ebs) return invalid(fmt::format("The device '{}' has no EBS volume.", device.device));
  device.snapshot = mapping.ebs->snapshot_id.value_or("");
  TRY(change(device, *mapping.ebs));
  return device;
}

Result<std::vector<BlockDeviceRecord>> merge_devices(const ImageRecord& image, const Mappings& asked) {
  std::vector<BlockDeviceRecord> result = image.devices;
  for (const BlockDeviceMapping& mapping : asked.value_or(std::vector<BlockDeviceMapping>())) {
    if (is_instance_store(mapping)) continue;
    const auto found = std::ranges::find(result, mapping.device_name.value_or(""), &BlockDeviceRecord::device);
    if (mapping.no_device) {
      if (found != result.end() && found->device == image.root_device)
        return invalid("The root device can't be left out.");
      if (found != result.end()) result.erase(found);
    } else if (found != result.end()) {
      if (mapping.ebs) TRY(change(*found, *mapping.ebs));
    } else {
      result.push_back(TRY(read_device(mapping)));
      TRY(check_device_name(result.back().device));
      if (result.back().size_gib == 0 && result.back().snapshot.empty()) {
        return invalid(fmt::format("The device '{}' needs a size.", result.back().device));
      }
    }
  }
  const auto root = std::ranges::find(result, image.root_device, &BlockDeviceRecord::device);
  if (root == result.end()) return invalid("The image has no root device.");
  std::rotate(result.begin(), root, root + 1);
  return result;
}

Result<> fit_to_snapshots(metadata::ReadTransaction& txn, const Scope& scope, const ImageRecord& image,
                          std::vector<BlockDeviceRecord>& devices) {
  for (BlockDeviceRecord& device : devices) {
    if (device.snapshot.empty()) continue;
    if (std::ranges::find(image.devices, device.device, &BlockDeviceRecord::device) != image.devices.end()) continue;
    const int32_t least = TRY(find_snapshot_size(txn, scope, device.snapshot));
    if (device.size_gib == 0) device.size_gib = least;
    if (device.size_gib < least) {
      return invalid(smaller_than_snapshot(device.size_gib, device.snapshot, least));
    }
    TRY(check_shape(
        {.type = device.type, .size_gib = device.size_gib, .iops = device.iops, .throughput = device.throughput}));
  }
  return {};
}

Result<std::vector<std::string>> encrypt_devices(metadata::Transaction& txn, const Scope& scope, const Mappings& asked,
                                                 std::vector<BlockDeviceRecord>& devices) {
  std::vector<std::string> keys;
  for (BlockDeviceRecord& device : devices) {
    WantedEncryption wanted{.encrypted = device.encrypted};
    for (const BlockDeviceMapping& mapping : asked.value_or(std::vector<BlockDeviceMapping>())) {
      if (mapping.device_name == device.device && mapping.ebs) wanted.kms_key = mapping.ebs->kms_key_id;
    }
    wanted.of_encrypted = TRY(is_snapshot_encrypted(txn, scope, device.snapshot));
    keys.push_back(TRY(choose_key(txn, scope, wanted)));
    device.encrypted = !keys.back().empty();
  }
  return keys;
}

Result<std::vector<int32_t>> rates_of_devices(const Mappings& asked, const std::vector<BlockDeviceRecord>& devices) {
  std::vector<int32_t> rates;
  for (const BlockDeviceRecord& device : devices) {
    std::optional<int32_t> rate;
    for (const BlockDeviceMapping& mapping : asked.value_or(std::vector<BlockDeviceMapping>())) {
      if (mapping.device_name == device.device && mapping.ebs) rate = mapping.ebs->volume_initialization_rate;
    }
    TRY(check_initialization_rate(rate, !device.snapshot.empty()));
    rates.push_back(rate.value_or(0));
  }
  return rates;
}

Result<> refuse_keys(const Mappings& asked) {
  for (const BlockDeviceMapping& mapping : asked.value_or(std::vector<BlockDeviceMapping>())) {
    if (mapping.ebs && mapping.ebs->volume_initialization_rate) {
      return errors::invalid_combination("VolumeInitializationRate is supported only when volumes are created.");
    }
    if (!mapping.ebs || !mapping.ebs->kms_key_id) continue;
    return invalid(fmt::format("The device '{}' names a key: only a launch does.", mapping.device_name.value_or("")));
  }
  return {};
}

BlockDeviceMapping to_wire(const BlockDeviceRecord& device) {
  EbsBlockDevice ebs{.delete_on_termination = device.delete_on_termination,
                     .volume_size = device.size_gib,
                     .volume_type = device.type,
                     .encrypted = device.encrypted};
  if (!device.snapshot.empty()) ebs.snapshot_id = device.snapshot;
  if (device.iops) ebs.iops = device.iops;
  if (device.throughput) ebs.throughput = device.throughput;
  return {.ebs = std::move(ebs), .device_name = device.device};
}

}  // namespace aerolith::ec2
