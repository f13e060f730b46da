#include "services/ec2/import_requests.h"

#include <fmt/format.h>

#include <array>

#include "base/encoding.h"
#include "services/ec2/imports.h"

namespace aerolith::ec2 {
namespace {

Result<ImportFormat> read_format(const std::string& given, Containers taken) {
  constexpr std::array kFormats{ImportFormat::raw, ImportFormat::vmdk, ImportFormat::vhd, ImportFormat::vhdx,
                                ImportFormat::ova};
  for (const ImportFormat format : kFormats) {
    if (format == ImportFormat::ova && taken != Containers::takes_all) continue;
    if (equals_ignore_case(given, name_of(format))) return format;
  }
  return errors::invalid_value(
      "Format", given,
      fmt::format("Valid values are RAW, VMDK, VHD and VHDX{}.", taken == Containers::takes_all ? ", and OVA" : ""));
}

// "s3://bucket/key"
Result<> read_url(const std::string& url, ImportDisk& disk) {
  constexpr std::string_view kScheme = "s3://";
  if (!equals_ignore_case(std::string_view(url).substr(0, kScheme.size()), kScheme)) {
    return errors::unsupported("Disks are read from this installation's S3: Url must be s3://bucket/key.");
  }
  const std::string_view place = std::string_view(url).substr(kScheme.size());
  const size_t slash = std::min(place.find('/'), place.size());
  disk.url = url;
  disk.bucket = std::string(place.substr(0, slash));
  disk.key = std::string(place.substr(std::min(slash + 1, place.size())));
  if (disk.bucket.empty() || disk.key.empty()) return errors::of("InvalidParameter", "Invalid S3 source location");
  return {};
}

Result<> read_bucket(const UserBucket& place, ImportDisk& disk) {
  disk.bucket = place.s3_bucket.value_or("");
  disk.key = place.s3_key.value_or("");
  if (disk.bucket.empty()) return errors::missing_parameter("UserBucket.S3Bucket");
  if (disk.key.empty()) return errors::missing_parameter("UserBucket.S3Key");
  return {};
}

}  // namespace

Result<ImportDisk> read_container(const ImageDiskContainer& container, Containers taken) {
  ImportDisk disk{.snapshot = make_id(Kind::snapshot)};
  disk.file = disk.snapshot;
  disk.description = container.description.value_or("");
  disk.device = container.device_name.value_or("");
  if (container.snapshot_id) {
    if (container.url || container.user_bucket || container.format) {
      return errors::invalid_combination("A disk comes from a snapshot or from a file in S3, not from both.");
    }
    disk.format = ImportFormat::snapshot;
    disk.source_snapshot = *container.snapshot_id;
    return disk;
  }
  if (container.url && container.user_bucket) {
    return errors::invalid_combination("The parameter Url cannot be used with the parameter UserBucket");
  }
  if (!container.url && !container.user_bucket) return errors::missing_parameter("UserBucket");
  if (!container.format) return errors::missing_parameter("Format");
  disk.format = TRY(read_format(*container.format, taken));
  if (container.url) {
    TRY(read_url(*container.url, disk));
  } else {
    TRY(read_bucket(*container.user_bucket, disk));
  }
  return disk;
}

Result<ImportedImage> read_image(const ImportImageInput& input) {
  const std::string architecture = input.architecture.value_or("");
  if (architecture == "i386" || architecture == "arm64") {
    return errors::unsupported("Instances have the architecture x86_64 only.");
  }
  if (!architecture.empty() && architecture != "x86_64") {
    return errors::invalid_value("Architecture", architecture, "Valid values are i386 and x86_64.");
  }
  const std::string platform = input.platform.value_or("");
  if (equals_ignore_case(platform, "Windows")) return errors::unsupported("Images of Windows can't be imported here.");
  if (!platform.empty() && !equals_ignore_case(platform, "Linux")) {
    return errors::invalid_value("Platform", platform, "Valid values are Windows and Linux.");
  }
  if (input.hypervisor.value_or("xen") != "xen") {
    return errors::invalid_value("Hypervisor", *input.hypervisor, "The valid value is xen.");
  }
  if (input.boot_mode.value_or("legacy-bios") != "legacy-bios") {
    return errors::unsupported("Instances have the boot mode legacy-bios only.");
  }
  const std::string license = input.license_type.value_or("");
  if (license == "AWS") return errors::unsupported("Linux operating systems support the license type BYOL only.");
  if (!license.empty() && license != "BYOL") {
    return errors::invalid_value("LicenseType", license, "Valid values are AWS and BYOL.");
  }
  if (input.usage_operation.value_or("RunInstances") != "RunInstances") {
    return errors::unsupported("Instances have the usage operation RunInstances only.");
  }
  if (input.license_specifications && !input.license_specifications->empty()) {
    return errors::unsupported("There are no license configurations.");
  }
  return ImportedImage{.id = make_id(Kind::image),
                       .architecture = architecture,
                       .platform = platform.empty() ? "" : "Linux",
                       .boot_mode = input.boot_mode.value_or(""),
                       .license_type = license,
                       .usage_operation = input.usage_operation.value_or(""),
                       .hypervisor = input.hypervisor.value_or("")};
}

Result<> check_objects(const Call& call, const ImportRecord& task) {
  const auto invalid = [](std::string message) { return errors::of("InvalidParameter", std::move(message)); };
  for (const ImportDisk& disk : task.disks) {
    if (disk.format == ImportFormat::snapshot) continue;
    const auto found = call.cloud.disk_reading.find(object_of(call.scope, task, disk));
    if (found.has_value()) continue;
    switch (found.error().code) {
      case DiskObjectFault::no_role:
      case DiskObjectFault::denied:
        return invalid(fmt::format(
            "The service role {} provided does not exist or does not have sufficient permissions", task.role));
      case DiskObjectFault::no_object:
        return invalid(fmt::format("Invalid S3 source location: s3://{}/{} does not exist", disk.bucket, disk.key));
      case DiskObjectFault::other_region:
        return invalid(fmt::format("The given S3 object is not local to the region. The object must be located in {}.",
                                   call.scope.region.view()));
      case DiskObjectFault::changed:
      case DiskObjectFault::failed:
        return errors::internal_error(found.error().detail);
    }
  }
  return {};
}

}  // namespace aerolith::ec2
