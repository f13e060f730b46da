#include "services/ec2/service.h"

#include <atomic>
#include <set>
#include <utility>

#include "base/log.h"
#include "reconcile/queue.h"
#include "services/ec2/flow_logs.h"
#include "services/ec2/flow_reports.h"
#include "services/ec2/import_tables.h"
#include "services/ec2/imports.h"
#include "services/ec2/instance_spec.h"
#include "services/ec2/instance_tables.h"
#include "services/ec2/recycle_bin.h"
#include "services/ec2/resource_keys.h"
#include "services/ec2/rows.h"
#include "services/ec2/settle_import.h"
#include "services/ec2/settle_instance.h"
#include "services/ec2/settle_network.h"
#include "services/ec2/settle_snapshot.h"
#include "services/ec2/settle_volume.h"
#include "services/ec2/snapshot_storage.h"
#include "services/ec2/snapshot_tables.h"
#include "services/ec2/snapshot_uploads.h"

namespace aerolith::ec2 {

struct Service::State {
  Parts parts;
  Cloud cloud;
  Turns turns;  // of VPCs: instances settle their own, too
  std::atomic<bool> is_ending = false;
  const std::unique_ptr<DirectSnapshots> direct_snapshots = make_direct_snapshots(cloud);
  // Null without a fabric. The queues go first: their work uses the rest.
  std::unique_ptr<FlowReports> flow_reports;
  std::unique_ptr<reconcile::Queue> flows;
  std::unique_ptr<reconcile::Queue> networks;
  std::unique_ptr<reconcile::Queue> bin;
  std::unique_ptr<reconcile::Queue> storage;  // of snapshots
  std::unique_ptr<reconcile::Queue> snapshots;
  std::unique_ptr<reconcile::Queue> volumes;
  std::unique_ptr<reconcile::Queue> instances;
  std::unique_ptr<reconcile::Queue> imports;

  explicit State(const Parts& given)
      : parts(given),
        cloud{.metadata = given.metadata,
              .settings = given.settings,
              .container = given.container,
              .vm = given.vm,
              .volumes = given.volumes,
              .imports = given.imports,
              .uploads = given.uploads,
              .fabric = given.fabric,
              .port_names = given.port_names,
              .find_profile = given.find_profile,
              .make_own_images = given.make_own_images,
              .network_applied = given.network_applied,
              .network_leaves = given.network_leaves,
              .deliver_log = given.deliver_log,
              .check_log_destination = given.check_log_destination,
              .disk_reading = given.disk_reading} {
    cloud.vpc_changed = [this](const Scope& scope, const std::string& vpc) {
      if (networks && !vpc.empty()) networks->add(make_key(scope, vpc));
    };
    cloud.instance_changed = [this](const Scope& scope, const std::string& instance) {
      if (instances) instances->add(make_key(scope, instance));
    };
    cloud.flow_logs_changed = [this](const Scope& scope, const std::string& vpc) {
      if (flows) flows->add(make_key(scope, vpc));
    };
    cloud.report_flows = [this](const Scope& scope, const std::string& vpc) {
      if (flow_reports) flow_reports->report(make_key(scope, vpc));
    };
    cloud.snapshot_unused = [this](const Scope& scope, const std::string& snapshot) {
      if (snapshots) snapshots->add(make_key(scope, snapshot));
    };
    cloud.snapshot_changed = cloud.snapshot_unused;
    cloud.import_changed = [this](const Scope& scope, const std::string& task) {
      if (imports) imports->add(make_key(scope, task));
    };
    cloud.bin_changed = [this](const Scope& scope, const std::string& id) { bin->add(make_key(scope, id)); };
    bin = std::make_unique<reconcile::Queue>(
        reconcile::QueueSettings{.name = "recycle bin", .workers = 1},
        [this](std::string_view key) { return settle_bin(cloud, parts.clock, key); });
    cloud.storage_changed = [this](const Scope& scope, const std::string& snapshot) {
      if (storage) storage->add(make_key(scope, snapshot));
    };
    cloud.volume_changed = [this](const Scope& scope, const std::string& volume) {
      if (volumes) volumes->add(make_key(scope, volume));
    };
    if (parts.volumes != nullptr) {
      volumes = std::make_unique<reconcile::Queue>(
          reconcile::QueueSettings{.name = "volumes"},
          [this](std::string_view key) { return settle_volume(cloud, parts.clock, key); });
      storage = std::make_unique<reconcile::Queue>(
          reconcile::QueueSettings{.name = "snapshot storage", .workers = 1},
          [this](std::string_view key) { return settle_storage(cloud, parts.clock, key); });
      snapshots = std::make_unique<reconcile::Queue>(
          reconcile::QueueSettings{.name = "snapshots"},
          [this](std::string_view key) { return settle_snapshot(cloud, parts.clock, key); });
    }
    if (can_import(cloud)) {
      imports =
          std::make_unique<reconcile::Queue>(reconcile::QueueSettings{.name = "imports"}, [this](std::string_view key) {
            return settle_import({.cloud = cloud, .clock = parts.clock, .is_ending = is_ending}, key);
          });
    }
    if (parts.fabric == nullptr) return;
    flow_reports = std::make_unique<FlowReports>(cloud, *parts.fabric, parts.clock);
    flows = std::make_unique<reconcile::Queue>(reconcile::QueueSettings{.name = "flow logs", .workers = 1},
                                               [this](std::string_view key) { return flow_reports->report(key); });
    networks =
        std::make_unique<reconcile::Queue>(reconcile::QueueSettings{.name = "vpcs"}, [this](std::string_view key) {
          return settle_network({.cloud = cloud, .fabric = *parts.fabric, .turns = turns}, key);
        });
    if (parts.volumes == nullptr || (parts.container == nullptr && parts.vm == nullptr)) return;
    instances = std::make_unique<reconcile::Queue>(
        reconcile::QueueSettings{.name = "instances", .workers = 4}, [this](std::string_view key) {
          return settle_instance({.cloud = cloud, .fabric = *parts.fabric, .clock = parts.clock, .turns = turns}, key);
        });
  }
};

Service::Service(const Parts& parts) : state_(std::make_unique<State>(parts)) {}
Service::~Service() {
  state_->is_ending = true;
  state_->imports.reset();
  // An instance's work may add keys of the others, as may the bin's.
  state_->instances.reset();
  state_->bin.reset();
  state_->storage.reset();
  state_->volumes.reset();
  state_->snapshots.reset();
  state_->networks.reset();
  state_->flows.reset();
}

gateway::ServiceTable Service::table() {
  TableBuilder table(state_->cloud);
  add_gateway_rows(table);
  add_interface_rows(table);
  add_vpc_rows(table);
  add_route_rows(table);
  add_group_rows(table);
  add_image_rows(table);
  add_instance_rows(table);
  add_volume_rows(table);
  add_snapshot_rows(table);
  add_import_rows(table);
  add_account_rows(table);
  add_absent_network_rows(table);
  add_absent_capacity_rows(table);
  gateway::ServiceTable result = table.take();
  result.encodes_denials = true;
  result.resource_policy = [&store = state_->cloud.metadata](const gateway::CallContext& context,
                                                             const gateway::AccessNeed& need) {
    return std::optional(keys_of(store, context, need));
  };
  return result;
}

DirectSnapshots& Service::direct_snapshots() { return *state_->direct_snapshots; }

bool Service::wait_idle(std::chrono::milliseconds patience) {
  const bool networks = !state_->networks || state_->networks->wait_idle(patience);
  const bool volumes = !state_->volumes || state_->volumes->wait_idle(patience);
  const bool imports = !state_->imports || state_->imports->wait_idle(patience);
  return networks && volumes && imports && (!state_->instances || state_->instances->wait_idle(patience));
}

void Service::sweep_snapshots() {
  if (!state_->snapshots) return;
  const auto all = state_->parts.volumes->list_snapshots();
  if (!all.has_value()) {
    log_error("ec2: snapshots can't be listed", {{"detail", all.error().detail}});
    return;
  }
  for (const std::string& id : *all) {
    const auto looked = settle_snapshot(state_->cloud, state_->parts.clock, make_key({}, id));
    if (!std::holds_alternative<reconcile::Settled>(looked)) snapshot_unused(id);
  }
}

Result<> Service::resume_flow_logs() {
  const auto txn = state_->parts.metadata.begin_read();
  auto logs = kFlowLogs.rows().scan(*txn, metadata::Direction::forward);
  while (TRY(logs.next())) {
    const auto& [account, region, id] = logs.key();
    state_->cloud.flow_logs_changed({.account = account, .region = region}, TRY(logs.record()).network);
  }
  return {};
}

void Service::snapshot_unused(const std::string& snapshot) { state_->cloud.snapshot_unused({}, snapshot); }

aerolith::Result<std::string, std::string> Service::begin_export(const std::string& volume) {
  return ec2::begin_export(state_->cloud, volume, state_->parts.clock.now());
}
aerolith::Result<ExportProgress, std::string> Service::look_at_export(const std::string& snapshot) {
  return ec2::look_at_export(state_->cloud, snapshot);
}
aerolith::Result<void, std::string> Service::end_export(const std::string& snapshot) {
  return ec2::end_export(state_->cloud, snapshot);
}

Result<> Service::resume_snapshots() {
  // Whoever read a volume can't be reading it any more.
  if (const auto ended = end_exports_before(state_->cloud, state_->parts.clock.now()); !ended.has_value()) {
    return errors::internal_error(ended.error());
  }
  const auto txn = state_->parts.metadata.begin_read();
  auto snapshots = kSnapshots.rows().scan(*txn, metadata::Direction::forward);
  while (TRY(snapshots.next())) {
    const SnapshotRecord record = TRY(snapshots.record());
    if (record.state != SnapshotState::pending && !record.removed) continue;
    const auto& [nobody, region, id] = snapshots.key();
    state_->cloud.snapshot_changed({.account = AccountId(record.owner), .region = region}, id);
  }
  return {};
}

Result<> Service::resume_imports() {
  const auto txn = state_->parts.metadata.begin_read();
  for (const auto* const table : {&kImageImports, &kSnapshotImports}) {
    auto tasks = table->rows().scan(*txn, metadata::Direction::forward);
    while (TRY(tasks.next())) {
      const auto& [account, region, id] = tasks.key();
      if (!TRY(tasks.record()).is_over()) state_->cloud.import_changed({.account = account, .region = region}, id);
    }
  }
  return {};
}

Result<> Service::resume_bin() {
  const auto txn = state_->parts.metadata.begin_read();
  auto stays = kBinStays.scan(*txn, metadata::Direction::forward);
  while (TRY(stays.next())) {
    const auto& [account, region, id] = stays.key();
    state_->cloud.bin_changed({.account = account, .region = region}, id);
  }
  return {};
}

Result<> Service::settle_all() {
  sweep_snapshots();
  TRY(sweep_uploads(state_->cloud));
  TRY(resume_snapshots());
  TRY(resume_imports());
  TRY(resume_bin());
  TRY(resume_storage(state_->parts.metadata, state_->cloud.storage_changed));
  const auto txn = state_->parts.metadata.begin_read();
  auto volumes = kVolumes.rows().scan(*txn, metadata::Direction::forward);
  while (TRY(volumes.next())) {
    const auto& [account, region, id] = volumes.key();
    const VolumeRecord volume = TRY(volumes.record());
    if (volume.initialization_rate > 0 && state_->cloud.volumes != nullptr) {
      state_->cloud.volumes->fill_faster(volume.snapshot, fill_rate_of(volume));
    }
    if (is_unsettled(volume)) state_->cloud.volume_changed({.account = account, .region = region}, id);
  }
  if (!state_->networks) return {};
  std::set<std::string> known;
  auto vpcs = kVpcs.rows().scan(*txn, metadata::Direction::forward);
  while (TRY(vpcs.next())) {
    const auto& [account, region, id] = vpcs.key();
    known.insert(id);
    state_->cloud.vpc_changed({.account = account, .region = region}, id);
  }
  const auto on_host = state_->parts.fabric->list();
  if (!on_host.has_value()) {
    log_error("ec2: the host's networks can't be listed", {{"detail", on_host.error().detail}});
  } else {
    // Of no account: there is no record, so it goes.
    for (const std::string& id : *on_host) {
      if (!known.contains(id)) state_->networks->add(make_key({}, id));
    }
  }
  TRY(resume_flow_logs());
  auto instances = kInstances.rows().scan(*txn, metadata::Direction::forward);
  while (TRY(instances.next())) {
    const auto& [account, region, id] = instances.key();
    state_->cloud.instance_changed({.account = account, .region = region}, id);
  }
  return {};
}

}  // namespace aerolith::ec2
