// Imports of disks: snapshots and images made of files in S3.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ImportSnapshot.html
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ImportImage.html
#include "services/ec2/imports.h"

#include <fmt/format.h>

#include <set>

#include "base/step.h"
#include "ec2/operations/cancel_import_task.h"
#include "ec2/operations/import_image.h"
#include "ec2/operations/import_snapshot.h"
#include "services/ec2/encryption.h"
#include "services/ec2/import_requests.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/snapshots.h"
#include "services/ec2/tags.h"
#include "services/ec2/tokens.h"

namespace aerolith::ec2 {
namespace {

constexpr std::string_view kDefaultRole = "vmimport";
constexpr size_t kMostActive = 20;  // of one kind, as AWS has it where nobody asked for more

Result<> check_can_import(const Call& call) {
  if (can_import(call.cloud)) return {};
  return errors::of("Unsupported", "This installation keeps no volumes. `aerolith doctor` says what it lacks.");
}

Result<> check_devices(const ImportRecord& task) {
  const std::vector<std::string> devices = devices_of(task);
  if (devices.empty()) return errors::invalid_parameter("The image has too many disks.");
  std::set<std::string> seen;
  for (const std::string& device : devices) {
    if (!seen.insert(device).second) return errors::invalid_value("DeviceName", device, "Another disk has it.");
  }
  return {};
}

// Those that nobody is told of any more go.
Result<> make_room(metadata::Transaction& txn, const Call& call, const Resources<ImportRecord>& table) {
  size_t active = 0;
  for (const ImportRecord& task : TRY(table.all(txn, call.scope))) {
    if (!task.is_over()) ++active;
    if (task.is_over() && call.context.now - task.ended_at > kImportsAreTold) table.erase(txn, call.scope, task);
  }
  if (active < kMostActive) return {};
  return errors::of("ResourceLimitExceeded",
                    fmt::format("There are {} active import tasks already, as many as there may be.", active));
}

Result<> hold_sources(metadata::Transaction& txn, const Scope& scope, const ImportRecord& task) {
  const Scope shared = snapshot_scope(scope);
  for (const ImportDisk& disk : task.disks) {
    if (disk.source_snapshot.empty()) continue;
    TRY(find_snapshot_size(txn, scope, disk.source_snapshot));
    kBeingRead.put(txn, {shared.account, shared.region, disk.source_snapshot, disk.snapshot}, {});
  }
  return {};
}

struct BegunImport {
  ImportRecord task;
  TagMap tags;
};

// What the same request has begun before, however things are by now; nullopt: it is the first.
template <typename Input>
Result<std::optional<BegunImport>> find_begun(metadata::ReadTransaction& txn, const Call& call, const Input& input,
                                              const Resources<ImportRecord>& table) {
  const auto known = TRY(find_made(txn, call, input.client_token));
  if (!known) return std::optional<BegunImport>();
  return std::optional(
      BegunImport{.task = TRY(table.get(txn, call.scope, *known)), .tags = TRY(tags_of(txn, call.scope, *known))});
}

template <typename Input>
Result<BegunImport> begin(Call& call, const Input& input, ImportRecord task) {
  const auto& table = imports_of(task.id);
  task.description = input.description.value_or("");
  task.role = input.role_name.value_or(std::string(kDefaultRole));
  task.started_at = call.context.now;
  task.moved_at = call.context.now;
  if (auto begun = TRY(find_begun(*call.read(), call, input, table))) return *std::move(begun);
  TRY(check_objects(call, task));
  const TagMap tags = TRY(tags_to_make(input.tag_specifications, table.kind()));
  const BegunImport begun = TRY(call.write([&](metadata::Transaction& txn) -> Result<BegunImport> {
    if (auto known = TRY(find_begun(txn, call, input, table))) return *std::move(known);
    TRY(make_room(txn, call, table));
    TRY(hold_sources(txn, call.scope, task));
    task.kms_key = TRY(choose_key(txn, call.scope, {.encrypted = input.encrypted, .kms_key = input.kms_key_id}));
    table.put(txn, call.scope, task);
    put_tags(txn, call.scope, task.id, tags);
    remember_made(txn, call, input.client_token, task.id);
    return BegunImport{.task = task, .tags = tags};
  }));
  if (call.dry_run) return begun;
  step("import/begun");
  call.cloud.import_changed(call.scope, begun.task.id);
  return begun;
}

}  // namespace

Result<ImportSnapshotOutput> import_snapshot(Call& call, const ImportSnapshotInput& input) {
  TRY(check_can_import(call));
  if (!input.disk_container) return errors::missing_parameter("DiskContainer");
  const SnapshotDiskContainer& asked = *input.disk_container;
  const ImageDiskContainer container{
      .description = asked.description, .format = asked.format, .url = asked.url, .user_bucket = asked.user_bucket};
  ImportRecord task{.id = make_id(Kind::import_snapshot_task)};
  task.disks.push_back(TRY(read_container(container, Containers::files_only)));
  const BegunImport begun = TRY(begin(call, input, std::move(task)));
  ImportSnapshotTask shown = to_snapshot_task(begun.task, begun.tags);
  return ImportSnapshotOutput{.description = std::move(shown.description),
                              .import_task_id = std::move(shown.import_task_id),
                              .snapshot_task_detail = std::move(shown.snapshot_task_detail),
                              .tags = std::move(shown.tags)};
}

Result<ImportImageOutput> import_image(Call& call, const ImportImageInput& input) {
  TRY(check_can_import(call));
  if (!input.disk_containers || input.disk_containers->empty()) return errors::missing_parameter("DiskContainers");
  ImportRecord task{.id = make_id(Kind::import_image_task)};
  task.image = TRY(read_image(input));
  for (const ImageDiskContainer& container : *input.disk_containers) {
    task.disks.push_back(TRY(read_container(container, Containers::takes_all)));
    if (task.disks.back().format == ImportFormat::ova && input.disk_containers->size() > 1) {
      return errors::invalid_combination("An OVA has all disks of an image.");
    }
  }
  TRY(check_devices(task));
  const BegunImport begun = TRY(begin(call, input, std::move(task)));
  ImportImageTask shown = to_image_task(begun.task, begun.tags);
  return ImportImageOutput{.architecture = std::move(shown.architecture),
                           .description = std::move(shown.description),
                           .encrypted = shown.encrypted,
                           .hypervisor = std::move(shown.hypervisor),
                           .image_id = std::move(shown.image_id),
                           .import_task_id = std::move(shown.import_task_id),
                           .kms_key_id = std::move(shown.kms_key_id),
                           .license_type = std::move(shown.license_type),
                           .platform = std::move(shown.platform),
                           .progress = std::move(shown.progress),
                           .snapshot_details = std::move(shown.snapshot_details),
                           .status = std::move(shown.status),
                           .status_message = std::move(shown.status_message),
                           .tags = std::move(shown.tags),
                           .usage_operation = std::move(shown.usage_operation)};
}

// It is "deleting" until nothing is left of it.
Result<CancelImportTaskOutput> cancel_import_task(Call& call, const CancelImportTaskInput& input) {
  if (!input.import_task_id) return errors::missing_parameter("ImportTaskId");
  const std::string id = *input.import_task_id;
  const auto& table = imports_of(id);
  ImportState before = ImportState::active;
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    ImportRecord task = TRY(table.get(txn, call.scope, id));
    if (task.is_over()) {
      return errors::of("IncorrectState",
                        fmt::format("The import task {} is {} and can't be canceled.", id, name_of(task.state)));
    }
    before = task.state;
    if (task.state != ImportState::active) return {};
    task.state = ImportState::deleting;
    task.message = input.cancel_reason.value_or("");
    table.put(txn, call.scope, task);
    return {};
  }));
  if (!call.dry_run) {
    step("import/cancelled");
    call.cloud.import_changed(call.scope, id);
  }
  return CancelImportTaskOutput{.import_task_id = id,
                                .previous_state = std::string(name_of(before)),
                                .state = std::string(name_of(ImportState::deleting))};
}

}  // namespace aerolith::ec2
