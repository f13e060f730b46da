// Small stand-ins for the seams, for unit tests only: they keep what they are told, and fail where a test says so.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "blocks/block_store.h"
#include "blocks/volumes.h"
#include "compute/driver.h"
#include "ec2/model/vpc.h"
#include "network/fabric.h"
#include "os/faulty_file_system.h"

namespace aerolith::ec2 {

// Thrown at the step of this number: what a kill of the process would leave behind.
struct Killed {};
struct Fuse {
  std::atomic<int> steps_left = -1;  // -1: never
  void step() {
    if (steps_left == 0) throw Killed{};
    if (steps_left > 0) --steps_left;
  }
};

class FakeFabric final : public network::Fabric {
 public:
  explicit FakeFabric(Fuse& fuse) : fuse_(fuse) {}
  network::Result<> apply(const network::Vpc& vpc) override {
    fuse_.step();
    applied[vpc.id] = vpc;
    fuse_.step();
    return {};
  }
  network::Result<> remove(std::string_view vpc_id) override {
    fuse_.step();
    applied.erase(std::string(vpc_id));
    return {};
  }
  network::Result<std::vector<std::string>> list() override {
    std::vector<std::string> ids;
    for (const auto& entry : applied) ids.push_back(entry.first);
    return ids;
  }
  network::Result<int> listen_inside(std::string_view, std::string_view, uint16_t, bool) override {
    return std::unexpected(network::FabricError{network::FabricErrorCode::unavailable, "a fake"});
  }
  std::string vpc_of_s3_link(std::string_view) const override { return {}; }
  network::Result<std::vector<bool>> answering(std::string_view, std::span<const network::Probe> probes,
                                               std::chrono::milliseconds) override {
    std::vector<bool> answers;
    for (const network::Probe& probe : probes) answers.push_back(!silent.contains(probe.interface));
    return answers;
  }
  network::Result<std::vector<network::FlowWindow>> turn_flows(std::string_view, Timestamp) override { return windows; }
  network::Result<> drop_flows(std::string_view, Timestamp last_begin) override {
    std::erase_if(windows, [&](const network::FlowWindow& each) { return each.begin <= last_begin; });
    return {};
  }
  std::map<std::string, network::Vpc> applied;
  std::set<std::string> silent;              // interfaces whose guests don't answer
  std::vector<network::FlowWindow> windows;  // of any VPC

 private:
  Fuse& fuse_;
};

class FakeDriver final : public compute::Driver {
 public:
  explicit FakeDriver(Fuse& fuse) : fuse_(fuse) {}
  std::vector<std::string> find_missing() override { return missing; }
  compute::Result<std::string> prepare(const compute::Spec& spec) override {
    fuse_.step();
    prepared.insert(spec.instance);
    return "/run/netns/" + spec.instance;
  }
  compute::Result<> launch(const compute::Spec& spec) override {
    fuse_.step();
    if (launch_error) return std::unexpected(*launch_error);
    launched[spec.instance] = spec;
    states[spec.instance] = compute::State::running;
    fuse_.step();
    return {};
  }
  compute::Result<compute::Shutdown> shut_down(std::string_view instance, std::chrono::milliseconds) override {
    fuse_.step();
    if (!launched.contains(std::string(instance))) return fail(compute::DriverErrorCode::not_found);
    ++shutdowns;
    if (shutdown == compute::Shutdown::ended) states[std::string(instance)] = compute::State::stopped;
    fuse_.step();
    return shutdown;
  }
  compute::Result<> stop(std::string_view instance, std::chrono::milliseconds) override {
    fuse_.step();
    if (!launched.contains(std::string(instance))) return fail(compute::DriverErrorCode::not_found);
    states[std::string(instance)] = compute::State::stopped;
    fuse_.step();
    return {};
  }
  compute::Result<> reboot(std::string_view) override {
    ++reboots;
    return {};
  }
  compute::Result<> remove(std::string_view instance) override {
    fuse_.step();
    prepared.erase(std::string(instance));
    launched.erase(std::string(instance));
    states.erase(std::string(instance));
    return {};
  }
  compute::Result<compute::Observation> observe(std::string_view instance) override {
    const auto found = states.find(std::string(instance));
    return compute::Observation{.state = found == states.end() ? compute::State::absent : found->second,
                                .detail = "it fell over"};
  }
  compute::Result<std::string> console(std::string_view instance, size_t) override {
    if (!launched.contains(std::string(instance))) return fail(compute::DriverErrorCode::not_found);
    return console_text;
  }
  compute::Result<> attach(std::string_view instance, const compute::Disk& disk) override {
    fuse_.step();
    if (disk_error) return std::unexpected(*disk_error);
    disks[std::string(instance)][disk.volume] = disk;
    fuse_.step();
    return {};
  }
  compute::Result<> detach(std::string_view instance, const compute::Disk& disk, compute::Detach how) override {
    fuse_.step();
    if (disk_error && how == compute::Detach::in_order) return std::unexpected(*disk_error);
    disks[std::string(instance)].erase(disk.volume);
    fuse_.step();
    return {};
  }
  compute::Result<> grow(std::string_view, const compute::Disk& disk, uint64_t size_bytes) override {
    fuse_.step();
    if (disk_error) return std::unexpected(*disk_error);
    grown[disk.volume] = size_bytes;
    fuse_.step();
    return {};
  }
  compute::Result<> limit(std::string_view instance, const compute::Disk& disk) override {
    fuse_.step();
    disks[std::string(instance)][disk.volume] = disk;
    return {};
  }
  compute::Result<> attach_port(std::string_view instance, const compute::NetworkPort& port) override {
    fuse_.step();
    if (port_error) return std::unexpected(*port_error);
    ports[std::string(instance)].insert(port.interface);
    fuse_.step();
    return {};
  }
  compute::Result<> detach_port(std::string_view instance, std::string_view interface, compute::Detach how) override {
    fuse_.step();
    if (port_error && how == compute::Detach::in_order) return std::unexpected(*port_error);
    ports[std::string(instance)].erase(std::string(interface));
    fuse_.step();
    return {};
  }
  compute::Result<> begin_copies(std::string_view, const std::vector<compute::DiskCopy>& asked) override {
    fuse_.step();
    if (copy_error) return std::unexpected(*copy_error);
    for (const compute::DiskCopy& each : asked) {
      if (!each.base.empty() && base_error) return std::unexpected(*base_error);
    }
    for (const compute::DiskCopy& each : asked) copies[each.name] = compute::CopyProgress::State::running;
    fuse_.step();
    return {};
  }
  compute::Result<compute::CopyProgress> copy_progress(std::string_view, std::string_view name) override {
    const auto found = copies.find(std::string(name));
    if (found == copies.end()) return compute::CopyProgress{};
    return compute::CopyProgress{.state = found->second, .percent = 40, .detail = "it broke"};
  }
  compute::Result<> end_copy(std::string_view, const compute::DiskCopy& copy, compute::CopyEnd end) override {
    fuse_.step();
    copies.erase(copy.name);
    if (end == compute::CopyEnd::taken) bases = {copy.name};
    return {};
  }
  compute::Result<std::vector<compute::CopyBase>> copy_bases(std::string_view, std::string_view) override {
    std::vector<compute::CopyBase> known;
    for (const std::string& each : bases) known.push_back({.name = each, .changed_bytes = 65536});
    return known;
  }
  compute::Result<std::vector<std::string>> list() override { return std::vector<std::string>(); }

  std::vector<std::string> missing;
  std::set<std::string> prepared;
  std::map<std::string, compute::Spec> launched;
  std::map<std::string, compute::State> states;
  std::optional<compute::DriverError> launch_error;
  std::map<std::string, std::set<std::string>> ports;  // that came while it ran
  std::optional<compute::DriverError> port_error;
  std::map<std::string, std::map<std::string, compute::Disk>> disks;  // that came while it ran, or got limits then
  std::map<std::string, uint64_t> grown;
  std::optional<compute::DriverError> disk_error;
  std::map<std::string, compute::CopyProgress::State> copies;
  std::optional<compute::DriverError> copy_error;
  std::set<std::string> bases;  // of whatever disk
  std::optional<compute::DriverError> base_error;
  int reboots = 0;
  compute::Shutdown shutdown = compute::Shutdown::ended;  // what comes of one
  int shutdowns = 0;                                      // that were asked for
  std::string console_text = "hello";                     // of each that runs

 private:
  Fuse& fuse_;
};

class FakeVolumes final : public blocks::Volumes {
 public:
  explicit FakeVolumes(Fuse& fuse) : fuse_(fuse) {}
  blocks::Result<> create(const blocks::NewVolume& wanted) override {
    fuse_.step();
    sizes[wanted.volume] = wanted.size_bytes;
    if (!wanted.key.empty()) keys[wanted.volume] = wanted.key;
    fuse_.step();
    return {};
  }
  blocks::Result<> remove(std::string_view volume) override {
    fuse_.step();
    sizes.erase(std::string(volume));
    return {};
  }
  std::optional<blocks::Filling> filling(std::string_view snapshot) const override {
    const auto found = fillings.find(std::string(snapshot));
    return found == fillings.end() ? std::nullopt : std::optional(found->second);
  }
  void fill_faster(std::string_view snapshot, uint64_t bytes_per_second) override {
    const auto found = fillings.find(std::string(snapshot));
    if (found != fillings.end()) found->second.bytes_per_second = bytes_per_second;
  }
  blocks::Result<> grow(const blocks::ClosedVolume& volume, uint64_t size_bytes) override {
    fuse_.step();
    if (grow_error) return std::unexpected(*grow_error);
    sizes[volume.id] = size_bytes;
    return {};
  }
  blocks::Result<uint64_t> free_bytes() const override { return free; }
  std::string file_of(std::string_view volume) const override { return "/volumes/" + std::string(volume); }
  blocks::Result<std::vector<std::string>> list() override {
    std::vector<std::string> ids;
    for (const auto& entry : sizes) ids.push_back(entry.first);
    return ids;
  }
  blocks::BlockStore& blocks() override { return *store_; }
  // As a process does that starts after another one.
  void open_store() {
    store_.reset();
    store_ = blocks::BlockStore::open(files, "/store").value();
  }
  blocks::Result<> snapshot(const blocks::ClosedVolume& volume, std::string_view snapshot,
                            const blocks::Told&) override {
    fuse_.step();
    if (snapshot_error) return std::unexpected(*snapshot_error);
    snapshots[std::string(snapshot)] = volume.id;
    fuse_.step();
    return {};
  }
  blocks::Result<std::vector<std::string>> list_snapshots() override {
    std::vector<std::string> ids;
    for (const auto& entry : snapshots) ids.push_back(entry.first);
    return ids;
  }
  blocks::Result<> import_file(std::string_view, std::string_view) override { return {}; }
  blocks::Result<> store_file(std::string_view path, const blocks::NewSnapshot& wanted, const blocks::Told&) override {
    fuse_.step();
    if (snapshot_error) return std::unexpected(*snapshot_error);
    snapshots[wanted.snapshot] = std::string(path);
    if (!wanted.key.empty()) keys[wanted.snapshot] = wanted.key;
    fuse_.step();
    return {};
  }
  blocks::Result<> move_to_blocks(std::string_view, const blocks::Told&) override { return {}; }
  blocks::Result<> keep_file(std::string_view snapshot) override {
    if (!snapshots.contains(std::string(snapshot))) return fail(blocks::VolumeErrorCode::not_found);
    kept_files.insert(std::string(snapshot));
    return {};
  }
  void let_file_go(std::string_view snapshot) override { kept_files.erase(std::string(snapshot)); }
  blocks::Result<> keep_blocks_alone(std::string_view snapshot, const blocks::Told&) override {
    fuse_.step();
    if (snapshot_error) return std::unexpected(*snapshot_error);
    in_blocks.insert(std::string(snapshot));
    return {};
  }
  blocks::Result<std::string> begin_copy(const blocks::NewCopy& wanted) override {
    fuse_.step();
    begun[wanted.snapshot] = wanted.volume;
    bases[wanted.snapshot] = wanted.base;
    return "/snapshots/" + wanted.snapshot;
  }
  bool is_kept(std::string_view snapshot) const override { return kept.contains(std::string(snapshot)); }
  blocks::Result<> keep_copy(std::string_view snapshot) override {
    fuse_.step();
    const auto found = begun.extract(std::string(snapshot));
    if (!found.empty()) kept[found.key()] = found.mapped();
    if (!kept.contains(std::string(snapshot)) && !snapshots.contains(std::string(snapshot)))
      return fail(blocks::VolumeErrorCode::not_found);
    return {};
  }
  blocks::Result<> store_copy(std::string_view snapshot, std::string_view allowed, const blocks::Told&) override {
    fuse_.step();
    if (snapshots.contains(std::string(snapshot))) return {};
    const std::string& base = bases[std::string(snapshot)];
    if (!base.empty() && base != allowed) return fail(blocks::VolumeErrorCode::corrupt);
    if (!base.empty() && !snapshots.contains(base)) return fail(blocks::VolumeErrorCode::not_found);
    const auto found = kept.extract(std::string(snapshot));
    if (found.empty()) return fail(blocks::VolumeErrorCode::not_found);
    snapshots[found.key()] = found.mapped();
    return {};
  }
  blocks::Result<> drop_copy(std::string_view snapshot) override {
    fuse_.step();
    begun.erase(std::string(snapshot));
    kept.erase(std::string(snapshot));
    return {};
  }
  blocks::Result<> link_snapshot(std::string_view from, std::string_view to) override {
    fuse_.step();
    snapshots[std::string(to)] = snapshots[std::string(from)];
    return {};
  }
  blocks::Result<> encrypt_snapshot(std::string_view from, const blocks::NewSnapshot& wanted,
                                    const blocks::Told&) override {
    fuse_.step();
    snapshots[wanted.snapshot] = snapshots[std::string(from)];
    keys[wanted.snapshot] = wanted.key;
    return {};
  }
  blocks::Result<uint64_t> snapshot_size_bytes(std::string_view snapshot) override {
    if (!snapshots.contains(std::string(snapshot))) return fail(blocks::VolumeErrorCode::not_found);
    return uint64_t{1} << 30;
  }
  blocks::Result<> remove_snapshot(std::string_view snapshot) override {
    fuse_.step();
    snapshots.erase(std::string(snapshot));
    return {};
  }
  std::map<std::string, uint64_t> sizes;
  std::map<std::string, blocks::Filling> fillings;  // by snapshot
  std::map<std::string, std::string> keys;          // of those that are encrypted
  std::map<std::string, std::string> snapshots;     // and the volume, or the file, of each
  std::map<std::string, std::string> begun;         // of those that others write
  std::map<std::string, std::string> kept;          // and have written
  std::map<std::string, std::string> bases;         // of copies
  std::set<std::string> kept_files;
  std::set<std::string> in_blocks;  // that were asked to be
  std::optional<blocks::VolumeError> snapshot_error;
  std::optional<blocks::VolumeError> grow_error;
  uint64_t free = uint64_t{1} << 40;
  os::FaultyFileSystem files;  // of the store

 private:
  Fuse& fuse_;
  std::unique_ptr<blocks::BlockStore> store_ = blocks::BlockStore::open(files, "/store").value();
};

}  // namespace aerolith::ec2
