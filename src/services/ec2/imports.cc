#include "services/ec2/imports.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "services/ec2/tags.h"

namespace aerolith::ec2 {
namespace {

int32_t percent_of(const ImportRecord& task) {
  int32_t sum = 0;
  for (const ImportDisk& disk : task.disks) sum += disk.percent;
  return task.disks.empty() ? 0 : sum / static_cast<int32_t>(task.disks.size());
}

// What SnapshotDetail and SnapshotTaskDetail have in common.
template <typename Detail>
Detail to_detail(const ImportRecord& task, const ImportDisk& disk) {
  Detail detail;
  if (!disk.description.empty()) detail.description = disk.description;
  if (disk.format != ImportFormat::snapshot) {
    // In bytes, whatever the API's reference says of GiB.
    detail.disk_image_size = static_cast<double>(disk.size_bytes != 0 ? disk.size_bytes : disk.object_bytes);
    detail.format = std::string(name_of(disk.format));
    if (disk.url.empty()) detail.user_bucket = UserBucketDetails{.s3_bucket = disk.bucket, .s3_key = disk.key};
  }
  if (!disk.url.empty()) detail.url = disk.url;
  if (task.state == ImportState::completed) detail.snapshot_id = disk.snapshot;
  return detail;
}

template <typename Shown>
void show_state(const ImportRecord& task, Shown& shown) {
  if (!task.kms_key.empty()) {
    shown.encrypted = true;
    shown.kms_key_id = task.kms_key;
  }
  shown.status = std::string(name_of(task.state));
  if (task.state == ImportState::active) {
    shown.progress = std::to_string(percent_of(task));
    shown.status_message = std::string(name_of(task.stage));
  }
  if (!task.message.empty()) shown.status_message = task.message;
}

std::optional<std::string> unless_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

}  // namespace

std::string_view name_of(ImportState state) {
  switch (state) {
    case ImportState::active:
      return "active";
    case ImportState::completed:
      return "completed";
    case ImportState::deleting:
      return "deleting";
    case ImportState::deleted:
      return "deleted";
  }
  std::unreachable();
}

std::string_view name_of(ImportStage stage) {
  switch (stage) {
    case ImportStage::pending:
      return "pending";
    case ImportStage::validating:
      return "validating";
    case ImportStage::downloading:
    case ImportStage::converting:
      return "downloading/converting";
  }
  std::unreachable();
}

std::string_view name_of(ImportFormat format) {
  switch (format) {
    case ImportFormat::raw:
      return "RAW";
    case ImportFormat::vmdk:
      return "VMDK";
    case ImportFormat::vhd:
      return "VHD";
    case ImportFormat::vhdx:
      return "VHDX";
    case ImportFormat::ova:
      return "OVA";
    case ImportFormat::snapshot:
      return "";
  }
  std::unreachable();
}

const Resources<ImportRecord>& imports_of(std::string_view task) {
  return task.starts_with(info(Kind::import_image_task).prefix) ? kImageImports : kSnapshotImports;
}

Result<bool> is_being_imported(metadata::ReadTransaction& txn, const std::string& snapshot) {
  for (const auto* const table : {&kImageImports, &kSnapshotImports}) {
    auto tasks = table->rows().scan(txn, metadata::Direction::forward);
    while (TRY(tasks.next())) {
      const ImportRecord task = TRY(tasks.record());
      if (task.is_over()) continue;
      if (std::ranges::find(task.disks, snapshot, &ImportDisk::snapshot) != task.disks.end()) return true;
    }
  }
  return false;
}

bool can_import(const Cloud& cloud) {
  return cloud.volumes != nullptr && cloud.imports != nullptr && cloud.disk_reading.find && cloud.disk_reading.read;
}

DiskObject object_of(const Scope& scope, const ImportRecord& task, const ImportDisk& disk) {
  return {.scope = scope, .role = task.role, .bucket = disk.bucket, .key = disk.key};
}

std::string disk_validation_failed(std::string_view why) {
  return fmt::format("ClientError: Disk validation failed [{}]", why);
}

std::string message_of(const DiskObjectError& error) {
  switch (error.code) {
    case DiskObjectFault::no_role:
    case DiskObjectFault::denied:
      return disk_validation_failed("We do not have access to the given resource. Reason 403 Forbidden");
    case DiskObjectFault::no_object:
      return disk_validation_failed("We do not have access to the given resource. Reason 404 Not Found");
    case DiskObjectFault::other_region:
      return disk_validation_failed("The given S3 object is not local to the region");
    case DiskObjectFault::changed:
      return disk_validation_failed("The given S3 object was replaced while it was read");
    case DiskObjectFault::failed:
      break;
  }
  return "ServerError: The given S3 object can't be read.";
}

// https://docs.aws.amazon.com/vm-import/latest/userguide/vmimport-troubleshooting.html
std::string message_of(ImportFormat format, blocks::DiskFault fault) {
  switch (fault) {
    case blocks::DiskFault::none:
    case blocks::DiskFault::can_not_be_read:
      return disk_validation_failed("The disk image is damaged");
    case blocks::DiskFault::other_format:
    case blocks::DiskFault::names_others:
      break;
  }
  if (format == ImportFormat::vmdk) return disk_validation_failed("Unsupported VMDK File Format");
  if (format == ImportFormat::ova) return disk_validation_failed("Unsupported OVA format");
  const bool is_differencing = format == ImportFormat::vhd && fault == blocks::DiskFault::names_others;
  if (is_differencing) return "ClientError: Footers not identical";
  return disk_validation_failed("Unsupported specified file format");
}

std::vector<std::string> devices_of(const ImportRecord& task) {
  std::vector<std::string> devices;
  for (const ImportDisk& disk : task.disks) devices.push_back(disk.device);
  char next = 'f';
  for (size_t index = 0; index < devices.size(); ++index) {
    if (!devices[index].empty()) continue;
    std::string device = index == 0 ? "/dev/sda1" : "";
    for (; device.empty() && next <= 'p'; ++next) {
      const std::string free = fmt::format("/dev/sd{}", next);
      if (std::ranges::find(devices, free) == devices.end()) device = free;
    }
    if (device.empty()) return {};
    devices[index] = std::move(device);
  }
  return devices;
}

ImportImageTask to_image_task(const ImportRecord& task, const TagMap& tags) {
  const ImportedImage image = task.image.value_or(ImportedImage());
  ImportImageTask shown{.architecture = unless_empty(image.architecture),
                        .description = unless_empty(task.description),
                        .hypervisor = unless_empty(image.hypervisor),
                        .import_task_id = task.id,
                        .license_type = unless_empty(image.license_type),
                        .platform = unless_empty(image.platform),
                        .snapshot_details = std::vector<SnapshotDetail>(),
                        .tags = wire_tags(tags),
                        .usage_operation = unless_empty(image.usage_operation),
                        .boot_mode = unless_empty(image.boot_mode)};
  show_state(task, shown);
  if (task.state == ImportState::completed) shown.image_id = image.id;
  const std::vector<std::string> devices = devices_of(task);
  for (size_t index = 0; index < task.disks.size(); ++index) {
    const ImportDisk& disk = task.disks[index];
    SnapshotDetail detail = to_detail<SnapshotDetail>(task, disk);
    detail.device_name = unless_empty(devices.empty() ? disk.device : devices[index]);
    detail.status = disk.is_made ? "completed" : "active";
    shown.snapshot_details->push_back(std::move(detail));
  }
  return shown;
}

ImportSnapshotTask to_snapshot_task(const ImportRecord& task, const TagMap& tags) {
  SnapshotTaskDetail detail = to_detail<SnapshotTaskDetail>(task, task.disks.front());
  show_state(task, detail);
  return {.description = unless_empty(task.description),
          .import_task_id = task.id,
          .snapshot_task_detail = std::move(detail),
          .tags = wire_tags(tags)};
}

}  // namespace aerolith::ec2
