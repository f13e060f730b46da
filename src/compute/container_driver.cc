// A container: runc runs the root volume's file system, conmon watches it, qemu-storage-daemon serves its disks. All of
// these go on when this process ends.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/log.h"
#include "base/step.h"
#include "compute/cgroup.h"
#include "compute/console_log.h"
#include "compute/container_disks.h"
#include "compute/container_network.h"
#include "compute/container_root.h"
#include "compute/container_runtime.h"
#include "compute/cpu_sets.h"
#include "compute/disk_server.h"
#include "compute/driver.h"
#include "compute/from_os.h"
#include "compute/init_signals.h"
#include "compute/instance_folder.h"
#include "compute/missing.h"
#include "compute/oci_config.h"
#include "compute/shared_disks.h"
#include "compute/spec_disks.h"
#include "compute/spec_json.h"

namespace aerolith::compute {

namespace {

constexpr const char* kInit = "init.process";
constexpr const char* kStopped = "stopped";  // a marker: it was ended by us
constexpr auto kRebootPatience = std::chrono::seconds(30);
constexpr uint64_t kMostOpenFiles = 524'288;

// What reboot(2) in a pid namespace does to its init: halt and power-off, and restart.
constexpr int kEndedByPowerOff = 128 + SIGINT;
constexpr int kEndedByRestart = 128 + SIGHUP;

class ContainerDriver final : public Driver {
 public:
  explicit ContainerDriver(DriverSettings settings)
      : settings_(std::move(settings)), folder_(canonical_folder(settings_.run_folder) + "/container") {}

  std::vector<std::string> find_missing() override { return find_missing_for_containers(); }

  Result<std::string> prepare(const Spec& spec) override {
    TRY(InstanceFolder(folder_, spec.instance).make());
    step("container/folder-made");
    return make_namespace(namespace_name(spec.instance));
  }

  Result<> launch(const Spec& spec) override {
    const InstanceFolder folder(folder_, spec.instance);
    if (const auto init = folder.read_process(kInit); init && os::is_alive(init->identity)) {
      ContainerRuntime runtime(folder, spec.instance);
      // Where we were killed before its first step.
      return runtime.is_waiting() ? runtime.start() : Result<>();
    }
    if (const auto missing = find_missing_for_containers(); !missing.empty()) {
      return fail(DriverErrorCode::unavailable, missing.front());
    }
    TRY(prepare(spec));
    TRY(take_down(folder, spec.instance));
    folder.erase(kStopped);
    step("container/clear");
    auto launched = bring_up(folder, spec);
    if (!launched.has_value()) {
      (void)take_down(folder, spec.instance);
      folder.erase("spec.json");
    }
    return launched;
  }

  Result<Shutdown> shut_down(std::string_view instance, std::chrono::milliseconds patience) override {
    const InstanceFolder folder = TRY(known(instance));
    const auto init = folder.read_process(kInit);
    if (!init || !os::is_alive(init->identity)) return Shutdown::ended;
    const InitKind kind = folder.has("systemd") ? InitKind::systemd : InitKind::other;
    const Shutdown how = ask_to_end(init->identity, kind, init->started_at, patience);
    step("container/asked-to-end");
    return how;
  }

  Result<> stop(std::string_view instance, std::chrono::milliseconds patience) override {
    const InstanceFolder folder = TRY(known(instance));
    (void)TRY(shut_down(instance, patience));
    step("container/shut-down");
    TRY(folder.write_text(kStopped, ""));
    return take_down(folder, instance);
  }

  Result<> reboot(std::string_view instance) override {
    const InstanceFolder folder = TRY(known(instance));
    const Spec spec = TRY(folder.read_spec());
    TRY(stop(instance, kRebootPatience));
    step("container/stopped-to-reboot");
    return launch(spec);
  }

  Result<> remove(std::string_view instance) override {
    const InstanceFolder folder(folder_, instance);
    if (folder.exists()) TRY(take_down(folder, instance));
    TRY(leave_shared_disks(settings_, instance));
    step("container/taken-down");
    TRY(remove_namespace(namespace_name(instance)));
    step("container/namespace-removed");
    return folder.remove();
  }

  Result<Observation> observe(std::string_view instance) override {
    const InstanceFolder folder(folder_, instance);
    const auto init = folder.read_process(kInit);
    if (!init) return Observation{.state = folder.has(kStopped) ? State::stopped : State::absent};
    Observation seen{.state = State::running, .started_at = init->started_at};
    const bool is_alive = os::is_alive(init->identity);
    const Spec spec = folder.read_spec().value_or(Spec{});
    const bool has_disks = DiskServer(folder).is_running() && find_lost_disk(settings_, spec).empty();
    if (has_disks) {
      keep_shared_disks(settings_, spec);
      const auto kept = DiskServer(folder, settings_.secret_of, settings_.behind_of).keep_served();
      if (!kept.has_value()) {
        log_warning("volumes of a container aren't served", {{"instance", instance}, {"why", kept.error().detail}});
      }
    }
    if (is_alive) {
      if (!has_disks) return settle_lost_disks(folder, instance, seen);
      const os::ProcessUse use = use_of_cgroup(cgroup_of(instance));
      seen.memory_bytes = use.resident_bytes;
      seen.cpu_time = use.cpu_time;
      return seen;
    }
    if (TRY(DiskServer(folder).has_copies()) || TRY(has_shared_copies(settings_, spec))) return seen;
    return settle_end(folder, instance, seen);
  }

  Result<std::string> console(std::string_view instance, size_t limit_bytes) override {
    const InstanceFolder folder = TRY(known(instance));
    return last_bytes(console_text(folder.read_text("console.log")), limit_bytes);
  }

  Result<> attach(std::string_view instance, const Disk& disk) override {
    const InstanceFolder folder = TRY(known(instance));
    Spec spec = TRY(folder.read_spec());
    const auto is_it = [&](const Disk& other) { return other.volume == disk.volume; };
    if (std::ranges::any_of(spec.disks, is_it)) return {};
    const auto init = folder.read_process(kInit);
    if (!init || !os::is_alive(init->identity)) return fail(DriverErrorCode::not_found, "it doesn't run");
    TRY(show_disk({.folder = folder, .instance = instance, .init = init->identity.pid}, disk, settings_));
    step("container/disk-shown");
    spec.disks.push_back(disk);
    return folder.write_spec(spec);
  }

  Result<> detach(std::string_view instance, const Disk& disk, Detach how) override {
    const InstanceFolder folder = TRY(known(instance));
    Spec spec = TRY(folder.read_spec());
    const auto found = TRY(find_detachable(spec, disk.volume));
    const auto init = folder.read_process(kInit);
    // Also what isn't written down, where we were killed in between.
    if (init && os::is_alive(init->identity)) {
      TRY(hide_disk({.folder = folder, .instance = instance, .init = init->identity.pid}, disk, how, settings_));
    }
    step("container/disk-hidden");
    if (found == spec.disks.end()) return {};
    spec.disks.erase(found);
    return folder.write_spec(spec);
  }

  Result<> grow(std::string_view instance, const Disk& disk, uint64_t size_bytes) override {
    const InstanceFolder folder = TRY(running(instance));
    // All containers that have it have one device.
    const auto refresh = [](const std::string&) { return Result<>(); };
    if (disk.is_shared) return SharedDisk(settings_, disk.volume).grow(disk, size_bytes, refresh);
    return DiskServer(folder).grow(disk, size_bytes);
  }

  Result<> limit(std::string_view instance, const Disk& disk) override {
    const InstanceFolder folder = TRY(running(instance));
    Spec spec = TRY(folder.read_spec());
    const auto found = std::ranges::find(spec.disks, disk.volume, &Disk::volume);
    if (found == spec.disks.end()) return fail(DriverErrorCode::not_found, disk.volume + " isn't attached");
    TRY(disk.is_shared ? SharedDisk(settings_, disk.volume).limit(disk) : DiskServer(folder).limit(disk));
    found->limits = disk.limits;
    return folder.write_spec(spec);
  }

  Result<> attach_port(std::string_view instance, const NetworkPort& port) override {
    const InstanceFolder folder = TRY(known(instance));
    Spec spec = TRY(folder.read_spec());
    if (std::ranges::find(spec.ports, port.interface, &NetworkPort::interface) != spec.ports.end()) return {};
    TRY(configure_port(namespace_name(instance), port));
    add_port(spec, port);
    return folder.write_spec(spec);
  }

  Result<> detach_port(std::string_view instance, std::string_view interface, Detach /*how*/) override {
    const InstanceFolder folder = TRY(known(instance));
    Spec spec = TRY(folder.read_spec());
    const auto found = std::ranges::find(spec.ports, interface, &NetworkPort::interface);
    if (found == spec.ports.end()) return {};
    if (found == spec.ports.begin()) return fail(DriverErrorCode::command, "the first port can't be detached");
    const NetworkPort port = std::move(*found);
    spec.ports.erase(found);
    // First: a reboot that the guest asks for meanwhile doesn't look for the device.
    TRY(folder.write_spec(spec));
    return remove_port(namespace_name(instance), port);
  }

  Result<> begin_copies(std::string_view instance, const std::vector<DiskCopy>& copies) override {
    const InstanceFolder folder = TRY(known(instance));
    const auto init = folder.read_process(kInit);
    if (!init || !os::is_alive(init->identity)) return fail(DriverErrorCode::not_found, "it doesn't run");
    if (TRY(begin_shared_copy(settings_, copies))) return {};
    return DiskServer(folder, settings_.secret_of).begin_copies(copies);
  }

  Result<CopyProgress> copy_progress(std::string_view instance, std::string_view name) override {
    const std::string shared = shared_volume_of_copy(settings_, name);
    if (!shared.empty()) return SharedDisk(settings_, shared).copy_progress(name);
    return DiskServer(InstanceFolder(folder_, instance)).copy_progress(name);
  }

  Result<> end_copy(std::string_view instance, const DiskCopy& copy, CopyEnd end) override {
    if (const SharedDisk shared(settings_, copy.volume); shared.is_open()) return shared.end_copy(copy, end);
    return DiskServer(InstanceFolder(folder_, instance)).end_copy(copy, end);
  }

  Result<std::vector<CopyBase>> copy_bases(std::string_view instance, std::string_view volume) override {
    if (const SharedDisk shared(settings_, volume); shared.is_open()) return shared.copy_bases();
    return DiskServer(InstanceFolder(folder_, instance)).copy_bases(volume);
  }

  Result<std::vector<std::string>> list() override { return list_instances(folder_); }

 private:
  std::string namespace_name(std::string_view instance) const {
    return fmt::format("aerolith-{}-{}", settings_.installation, instance);
  }
  std::string cgroup_of(std::string_view instance) const {
    return fmt::format("/aerolith-{}/{}", settings_.installation, instance);
  }
  Result<InstanceFolder> known(std::string_view instance) const {
    InstanceFolder folder(folder_, instance);
    if (folder.has("spec.json")) return folder;
    return fail(DriverErrorCode::not_found, fmt::format("no container {} here", instance));
  }
  Result<InstanceFolder> running(std::string_view instance) const {
    InstanceFolder folder = TRY(known(instance));
    const auto init = folder.read_process(kInit);
    if (init && os::is_alive(init->identity)) return folder;
    return fail(DriverErrorCode::not_found, fmt::format("{} doesn't run", instance));
  }

  Result<> bring_up(const InstanceFolder& folder, const Spec& spec) {
    const auto root = std::ranges::find_if(spec.disks, &Disk::is_root);
    if (root == spec.disks.end()) return fail(DriverErrorCode::bad_image, "no root volume");
    TRY(folder.write_spec(spec));
    step("container/spec-written");
    TRY(configure_ports(namespace_name(spec.instance), spec));
    step("container/ports-configured");
    DiskServer disks(folder, settings_.secret_of, settings_.behind_of);
    TRY(disks.start());
    const LoopDevice device = TRY(disks.add(*root));
    step("container/root-attached");
    auto mounted = mount_root(device.path, folder / "root");
    ::close(device.holder);
    TRY(std::move(mounted));
    step("container/root-ready");
    if (spec.resolver) TRY(write_resolver(folder / "root", *spec.resolver));
    step("container/resolver-written");
    const bool is_systemd = TRY(runs_systemd(folder / "root"));
    if (is_systemd) TRY(folder.write_text("systemd", ""));
    TRY(write_bundle(folder, spec, is_systemd));
    ContainerRuntime runtime(folder, spec.instance);
    step("container/bundle-written");
    const pid_t init = TRY(runtime.create());
    step("container/created");
    for (const Disk& disk : spec.disks) {
      if (disk.is_root) continue;
      TRY(show_disk({.folder = folder, .instance = spec.instance, .init = init}, disk, settings_));
    }
    // Recorded before its first step: whatever it does, it is known.
    TRY(folder.write_process(kInit, init));
    step("container/recorded");
    TRY(runtime.start());
    step("container/started");
    return {};
  }

  Result<> write_bundle(const InstanceFolder& folder, const Spec& spec, bool is_systemd) {
    os::RealFileSystem files;
    TRY(from_os(files.make_directories(folder / "bundle")));
    rlimit open_files{};
    ::getrlimit(RLIMIT_NOFILE, &open_files);
    return folder.write_text(
        "bundle/config.json",
        oci_config(spec, {.rootfs = folder / "root",
                          .network_namespace = "/run/netns/" + namespace_name(spec.instance),
                          .cgroup = cgroup_of(spec.instance),
                          .runs_systemd = is_systemd,
                          .systemd_hierarchy = is_systemd ? TRY(find_systemd_hierarchy()) : std::string(),
                          .open_files_limit = std::min<uint64_t>(open_files.rlim_max, kMostOpenFiles),
                          .cpus = find_cpus_for(cgroup_of(spec.instance), spec.vcpus)}));
  }

  // Everything but the namespace, the spec, the console's log and the word that it was stopped, which comes first: it
  // isn't to be started again. Fine where nothing is.
  Result<> take_down(const InstanceFolder& folder, std::string_view instance) {
    if (const auto init = folder.read_process(kInit)) os::kill_and_wait(init->identity);
    step("container/init-ended");
    TRY(close_all(folder, instance));
    for (const char* name : {kInit, "systemd", "conmon.pid", "container.pid"}) folder.erase(name);
    return {};
  }

  Result<> close_all(const InstanceFolder& folder, std::string_view instance) {
    TRY(ContainerRuntime(folder, std::string(instance)).destroy());
    step("container/destroyed");
    remove_cgroup(cgroup_of(instance));
    TRY(unmount_root(folder / "root"));
    step("container/root-unmounted");
    TRY(DiskServer(folder).stop());
    step("container/disks-closed");
    return leave_shared_disks(settings_, instance);
  }

  // What is behind its disks died: it can neither read nor write any more, like a machine without QEMU.
  Result<Observation> settle_lost_disks(const InstanceFolder& folder, std::string_view instance, Observation seen) {
    if (const auto init = folder.read_process(kInit)) os::kill_and_wait(init->identity);
    step("container/init-ended");
    TRY(close_all(folder, instance));
    seen.state = State::crashed;
    seen.detail = "qemu-storage-daemon, which serves its disks, ended without being told to";
    return seen;
  }

  // Its init has ended by itself.
  Result<Observation> settle_end(const InstanceFolder& folder, std::string_view instance, Observation seen) {
    const std::optional<int> code = ContainerRuntime(folder, std::string(instance)).exit_code();
    const bool is_out_of_memory = folder.has("exit/oom");
    if (code == kEndedByRestart) {
      const Spec spec = TRY(folder.read_spec());
      TRY(launch(spec));
      return observe(instance);
    }
    if (code == 0 || code == kEndedByPowerOff) {
      TRY(folder.write_text(kStopped, ""));
      TRY(take_down(folder, instance));
      seen.state = State::stopped;
      return seen;
    }
    seen.state = State::crashed;
    if (!code) {
      seen.detail = "its init ended and nobody saw how: the host was restarted, or its watcher killed";
    } else if (*code > 128) {
      seen.detail = fmt::format("its init was ended by signal {}", *code - 128);
    } else {
      seen.detail = fmt::format("its init ended with {}", *code);
    }
    if (is_out_of_memory) seen.detail += ", out of memory";
    // Its record stays, so that it is seen until the next launch, stop or remove.
    TRY(close_all(folder, instance));
    return seen;
  }

  const DriverSettings settings_;
  const std::string folder_;
};

}  // namespace

std::unique_ptr<Driver> make_container_driver(DriverSettings settings) {
  return std::make_unique<ContainerDriver>(std::move(settings));
}

}  // namespace aerolith::compute
