// A virtual machine: QEMU, in a session of its own, without privileges and without a network of the host. It goes on
// when this process ends; the next one speaks to it by its control socket.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "base/log.h"
#include "base/step.h"
#include "compute/console_log.h"
#include "compute/disk_copies.h"
#include "compute/driver.h"
#include "compute/from_os.h"
#include "compute/instance_folder.h"
#include "compute/kvm_probe.h"
#include "compute/missing.h"
#include "compute/qemu_command.h"
#include "compute/qmp.h"
#include "compute/served_disks.h"
#include "compute/shared_disks.h"
#include "compute/spec_disks.h"
#include "compute/spec_json.h"
#include "compute/throttle.h"
#include "compute/vm_descriptors.h"
#include "compute/vm_disks.h"
#include "compute/vm_ports.h"
#include "os/program.h"

namespace aerolith::compute {

namespace {

namespace json = boost::json;

constexpr const char* kProcess = "qemu.process";
constexpr const char* kControl = "control.sock";
constexpr const char* kConsole = "console.log";
constexpr const char* kLog = "qemu.log";
constexpr const char* kMachineStopped = "stopped";
constexpr auto kControlPatience = std::chrono::seconds(30);
constexpr auto kQuitPatience = std::chrono::seconds(10);
constexpr auto kMachineRebootPatience = std::chrono::seconds(20);
constexpr int kPm1Control = 0x604;
// A guest that is still booting misses the button.
constexpr auto kPressAgain = std::chrono::seconds(3);

class VmDriver final : public Driver {
 public:
  explicit VmDriver(DriverSettings settings) : settings_(std::move(settings)), folder_(settings_.run_folder + "/vm") {}

  std::vector<std::string> find_missing() override { return find_missing_for_vms(); }
  Result<std::string> prepare(const Spec& /*spec*/) override { return std::string(); }

  Result<> launch(const Spec& spec) override {
    const InstanceFolder folder(folder_, spec.instance);
    if (is_running(folder)) return {};
    if (const auto missing = find_missing_for_vms(); !missing.empty()) {
      return fail(DriverErrorCode::unavailable, missing.front());
    }
    TRY(folder.make());
    step("vm/folder-made");
    TRY(take_down(folder, spec.instance));
    folder.erase(kMachineStopped);
    auto launched = bring_up(folder, spec);
    if (!launched.has_value()) {
      (void)take_down(folder, spec.instance);
      folder.erase("spec.json");
    }
    return launched;
  }

  Result<Shutdown> shut_down(std::string_view instance, std::chrono::milliseconds patience) override {
    const InstanceFolder folder = TRY(known(instance));
    if (!is_running(folder)) return Shutdown::ended;
    return power_off(folder, patience);
  }

  Result<> stop(std::string_view instance, std::chrono::milliseconds patience) override {
    const InstanceFolder folder = TRY(known(instance));
    if (is_running(folder)) (void)power_off(folder, patience);
    step("vm/powered-off");
    TRY(folder.write_text(kMachineStopped, ""));
    return take_down(folder, instance);
  }

  Result<> reboot(std::string_view instance) override {
    const InstanceFolder folder = TRY(known(instance));
    if (!is_running(folder)) return launch(TRY(folder.read_spec()));
    (void)power_off(folder, kMachineRebootPatience);
    step("vm/powered-off-to-reboot");
    const auto control = TRY(connect(folder));
    TRY(control->execute("system_reset"));
    step("vm/reset");
    TRY(control->execute("cont"));
    return {};
  }

  Result<> remove(std::string_view instance) override {
    const InstanceFolder folder(folder_, instance);
    if (folder.exists()) TRY(take_down(folder, instance));
    TRY(leave_shared_disks(settings_, instance));
    step("vm/taken-down");
    return folder.remove();
  }

  Result<Observation> observe(std::string_view instance) override {
    const InstanceFolder folder(folder_, instance);
    const auto process = folder.read_process(kProcess);
    if (!process) return Observation{.state = folder.has(kMachineStopped) ? State::stopped : State::absent};
    Observation seen{.state = State::running, .started_at = process->started_at};
    const auto use = os::use_of(process->identity);
    if (!use && folder.has(kMachineStopped)) {
      seen.state = State::stopped;  // ended by one of us that was killed before it could clear up
      return seen;
    }
    if (!use) {
      seen.state = State::crashed;
      const std::string said = last_bytes(folder.read_text(kLog), 500);
      seen.detail = "QEMU ended without being told to" + (said.empty() ? said : ": " + said);
      return seen;
    }
    const Spec spec = folder.read_spec().value_or(Spec{});
    if (const std::string lost = find_lost_disk(settings_, spec); !lost.empty()) {
      os::kill_and_wait(process->identity);
      seen.state = State::crashed;
      seen.detail = "qemu-storage-daemon, which serves " + lost + ", ended without being told to";
      return seen;
    }
    keep_shared_disks(settings_, spec);
    if (const auto kept = keep_served(folder, instance); !kept.has_value()) {
      log_warning("volumes of a machine aren't served", {{"instance", instance}, {"why", kept.error().detail}});
    }
    keep_the_end(folder / kConsole);
    seen.memory_bytes = use->resident_bytes;
    seen.cpu_time = use->cpu_time;
    if (status_of(folder) != "shutdown") return seen;
    if (TRY(has_copies(*TRY(connect(folder)))) || TRY(has_shared_copies(settings_, spec))) return seen;
    TRY(folder.write_text(kMachineStopped, ""));
    TRY(take_down(folder, instance));
    return Observation{.state = State::stopped, .started_at = process->started_at};
  }

  Result<std::string> console(std::string_view instance, size_t limit_bytes) override {
    const InstanceFolder folder = TRY(known(instance));
    return read_end(folder / kConsole, limit_bytes);
  }

  Result<> attach(std::string_view instance, const Disk& disk) override {
    const InstanceFolder folder = TRY(known(instance));
    Spec spec = TRY(folder.read_spec());
    if (std::ranges::find(spec.disks, disk.volume, &Disk::volume) != spec.disks.end()) return {};
    if (!is_running(folder)) return fail(DriverErrorCode::not_found, "it doesn't run");
    if (disk.is_shared) {
      TRY(attach_shared(folder, instance, disk));
      spec.disks.push_back(disk);
      return folder.write_spec(spec);
    }
    std::vector<ImageFile> chain = TRY(look_at_chain(disk, settings_.secret_of));
    TRY(ServedDisks(folder).serve(disk.volume, chain, settings_.behind_of, user_of(instance)));
    const Control control = TRY(connect(folder));
    TRY(plug_disk(*control, disk, std::move(chain)));
    spec.disks.push_back(disk);
    return folder.write_spec(spec);
  }

  Result<> detach(std::string_view instance, const Disk& disk, Detach how) override {
    const InstanceFolder folder = TRY(known(instance));
    Spec spec = TRY(folder.read_spec());
    const auto found = TRY(find_detachable(spec, disk.volume));
    // Also what isn't written down, where we were killed in between.
    if (is_running(folder)) {
      const Control control = TRY(connect(folder));
      TRY(unplug_disk(*control, disk, how));
    }
    ServedDisks(folder).end(disk.volume);
    if (disk.is_shared) TRY(SharedDisk(settings_, disk.volume).leave(instance));
    if (found == spec.disks.end()) return {};
    spec.disks.erase(found);
    return folder.write_spec(spec);
  }

  Result<> grow(std::string_view instance, const Disk& disk, uint64_t size_bytes) override {
    const InstanceFolder folder = TRY(running(instance));
    if (disk.is_shared) return grow_shared(disk, size_bytes);
    const Control control = TRY(connect(folder));
    return grow_node(*control, disk.volume, size_bytes);
  }

  Result<> limit(std::string_view instance, const Disk& disk) override {
    const InstanceFolder folder = TRY(running(instance));
    Spec spec = TRY(folder.read_spec());
    const auto found = std::ranges::find(spec.disks, disk.volume, &Disk::volume);
    if (found == spec.disks.end()) return fail(DriverErrorCode::not_found, disk.volume + " isn't attached");
    if (disk.is_shared) {
      TRY(SharedDisk(settings_, disk.volume).limit(disk));
    } else if (!TRY(set_limits(*TRY(connect(folder)), disk))) {
      log_info("a disk's limits come with the next start of its instance", {{"volume", disk.volume}});
    }
    found->limits = disk.limits;
    return folder.write_spec(spec);
  }

  Result<> attach_port(std::string_view instance, const NetworkPort& port) override {
    const InstanceFolder folder = TRY(known(instance));
    Spec spec = TRY(folder.read_spec());
    if (std::ranges::find(spec.ports, port.interface, &NetworkPort::interface) != spec.ports.end()) return {};
    if (!is_running(folder)) return fail(DriverErrorCode::not_found, "it doesn't run");
    const Control control = TRY(connect(folder));
    TRY(plug_port(*control, port));
    add_port(spec, port);
    return folder.write_spec(spec);
  }

  Result<> detach_port(std::string_view instance, std::string_view interface, Detach how) override {
    const InstanceFolder folder = TRY(known(instance));
    Spec spec = TRY(folder.read_spec());
    const auto found = std::ranges::find(spec.ports, interface, &NetworkPort::interface);
    if (found == spec.ports.begin() && found != spec.ports.end()) {
      return fail(DriverErrorCode::command, "the first port can't be detached");
    }
    // Also what isn't written down, where we were killed in between.
    if (is_running(folder)) {
      const Control control = TRY(connect(folder));
      TRY(unplug_port(*control, interface, how));
    }
    if (found == spec.ports.end()) return {};
    spec.ports.erase(found);
    return folder.write_spec(spec);
  }

  Result<> begin_copies(std::string_view instance, const std::vector<DiskCopy>& copies) override {
    const InstanceFolder folder = TRY(known(instance));
    if (!is_running(folder)) return fail(DriverErrorCode::not_found, "it doesn't run");
    if (TRY(begin_shared_copy(settings_, copies))) return {};
    const Control control = TRY(connect(folder));
    return begin_disk_copies(*control, copies, settings_.secret_of);
  }

  Result<CopyProgress> copy_progress(std::string_view instance, std::string_view name) override {
    const std::string shared = shared_volume_of_copy(settings_, name);
    if (!shared.empty()) return SharedDisk(settings_, shared).copy_progress(name);
    const InstanceFolder folder(folder_, instance);
    if (!is_running(folder)) return CopyProgress{};
    return compute::copy_progress(*TRY(connect(folder)), name);
  }

  Result<> end_copy(std::string_view instance, const DiskCopy& copy, CopyEnd end) override {
    if (const SharedDisk shared(settings_, copy.volume); shared.is_open()) return shared.end_copy(copy, end);
    const InstanceFolder folder(folder_, instance);
    if (!is_running(folder)) return {};
    return compute::end_copy(*TRY(connect(folder)), copy, end);
  }

  Result<std::vector<CopyBase>> copy_bases(std::string_view instance, std::string_view volume) override {
    if (const SharedDisk shared(settings_, volume); shared.is_open()) return shared.copy_bases();
    const InstanceFolder folder(folder_, instance);
    if (!is_running(folder)) return std::vector<CopyBase>();
    return compute::copy_bases(*TRY(connect(folder)), volume);
  }

  Result<std::vector<std::string>> list() override { return list_instances(folder_); }

 private:
  using Control = std::unique_ptr<QmpClient>;

  static bool is_running(const InstanceFolder& folder) {
    const auto process = folder.read_process(kProcess);
    return process && os::is_alive(process->identity);
  }
  std::string name_of(std::string_view instance) const {
    return fmt::format("aerolith-{}-{}", settings_.installation, instance);
  }
  Result<InstanceFolder> known(std::string_view instance) const {
    InstanceFolder folder(folder_, instance);
    if (folder.has("spec.json")) return folder;
    return fail(DriverErrorCode::not_found, fmt::format("no virtual machine {} here", instance));
  }
  Result<InstanceFolder> running(std::string_view instance) const {
    InstanceFolder folder = TRY(known(instance));
    if (is_running(folder)) return folder;
    return fail(DriverErrorCode::not_found, fmt::format("{} doesn't run", instance));
  }
  static Result<Control> connect(const InstanceFolder& folder) {
    return QmpClient::connect(folder / kControl, kControlPatience);
  }

  Result<> attach_shared(const InstanceFolder& folder, std::string_view instance, const Disk& disk) const {
    const SharedDisk shared(settings_, disk.volume);
    const std::string file = TRY(shared.join(instance, disk));
    step("vm/disk-joined");
    const auto control = connect(folder);
    auto plugged =
        control.has_value() ? plug_shared_disk(**control, disk, file) : Result<>(std::unexpected(control.error()));
    if (!plugged.has_value()) (void)shared.leave(instance);
    return plugged;
  }

  // One that grew while it started, before it was known to run.
  Result<> see_sizes(QmpClient& control, const Spec& spec) const {
    for (const Disk& disk : spec.disks) {
      if (disk.is_shared) TRY(grow_node(control, disk.volume, TRY(SharedDisk(settings_, disk.volume).size_bytes())));
    }
    return {};
  }

  // Each machine looks at the file's size when it is told to.
  Result<> grow_shared(const Disk& disk, uint64_t size_bytes) const {
    return SharedDisk(settings_, disk.volume).grow(disk, size_bytes, [&](const std::string& instance) -> Result<> {
      const InstanceFolder folder(folder_, instance);
      if (!is_running(folder)) return {};  // its next start sees it
      const Control control = TRY(connect(folder));
      const auto grown = grow_node(*control, disk.volume, size_bytes);
      if (grown.has_value() || grown.error().code != DriverErrorCode::not_found) return grown;
      return {};  // not plugged in yet, or not any more
    });
  }

  // What serves disks lives, and goes where the file is there.
  Result<> keep_served(const InstanceFolder& folder, std::string_view instance) const {
    const ServedDisks served(folder);
    TRY(served.keep(settings_.behind_of, user_of(instance)));  // first: what waits for it doesn't hear us
    for (const auto& [volume, file] : served.list()) {
      if (::access(file.c_str(), F_OK) != 0) continue;
      TRY(put_file_behind_disk(*TRY(connect(folder)), volume, TRY(look_behind(file, settings_.secret_of))));
      served.end(volume);
    }
    return {};
  }

  Result<> bring_up(const InstanceFolder& folder, const Spec& spec) {
    TRY(folder.write_spec(spec));
    step("vm/spec-written");
    folder.erase(kConsole);
    VmDescriptors descriptors;
    const QemuDescriptors numbers =
        TRY(descriptors.open(spec, folder, folder / kControl, folder / kConsole, settings_));
    step("vm/files-opened");
    const bool uses_kvm =
        kvm_boots_guests({.folder = folder_, .kernel = settings_.probe_kernel, .initramfs = settings_.probe_initramfs});
    const auto command = qemu_command(
        spec,
        {.name = name_of(spec.instance), .user = user_of(spec.instance), .uses_kvm = uses_kvm, .descriptors = numbers});
    const auto started = os::start_program({.arguments = command, .descriptors = descriptors.given()}, folder / kLog);
    step("vm/started");
    TRY(folder.write_process(kProcess, TRY(from_os(started))));
    step("vm/recorded");
    descriptors.close();  // the control socket too: from now on it answers as long as QEMU lives
    auto control = connect(folder);
    if (control.has_value()) return see_sizes(**control, spec);
    return fail(control.error().code, "QEMU doesn't start: " + last_bytes(folder.read_text(kLog), 1000));
  }

  // What runs of it, recorded or not; the word that it was stopped comes first and stays, lest it is started again.
  // Fine where nothing is.
  Result<> take_down(const InstanceFolder& folder, std::string_view instance) {
    if (is_running(folder)) {
      const auto process = folder.read_process(kProcess);
      if (const auto control = connect(folder); control.has_value()) (void)(*control)->execute("quit");
      if (!os::wait_until_gone(process->identity, kQuitPatience) && !os::kill_and_wait(process->identity)) {
        return fail(DriverErrorCode::command, "QEMU can't be ended");
      }
    }
    // One that was started and not recorded, where we were killed in between.
    for (const auto& stray : os::find_by_argument("guest=" + name_of(instance))) os::kill_and_wait(stray);
    step("vm/ended");
    ServedDisks(folder).end_all();
    TRY(leave_shared_disks(settings_, instance));
    for (const char* name : {kProcess, kControl, kLog}) folder.erase(name);
    return {};
  }

  static std::string status_of(const InstanceFolder& folder) {
    const auto control = connect(folder);
    if (!control.has_value()) return {};
    const auto status = (*control)->execute("query-status");
    if (!status.has_value() || !status->is_object()) return {};
    return json::value_to<std::string>(status->as_object().at("status"));
  }

  // Presses the power button until the guest has powered off.
  static Result<Shutdown> power_off(const InstanceFolder& folder, std::chrono::milliseconds patience) {
    if (status_of(folder) == "shutdown") return Shutdown::ended;
    const auto control = TRY(connect(folder));
    const auto deadline = std::chrono::steady_clock::now() + patience;
    do {
      // The firmware, a boot loader: no file system is written to yet, or none ever will be.
      if (!TRY(is_acpi_on(*control))) return Shutdown::unheard;
      TRY(control->execute("system_powerdown"));
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      const auto wait = std::clamp<std::chrono::milliseconds>(left, std::chrono::milliseconds(0), kPressAgain);
      if (TRY(control->wait_for("SHUTDOWN", "reason", "guest-shutdown", wait))) return Shutdown::ended;
    } while (std::chrono::steady_clock::now() < deadline);
    return Shutdown::goes_on;
  }

  // SCI_EN of the machine's PM1 control register: set by an operating system when it takes ACPI over, before it mounts
  // anything (ACPI 6.5, 4.8.3.2.1; the port is that of q35). Without it the button is heard by nobody.
  static Result<bool> is_acpi_on(QmpClient& control) {
    const auto said =
        TRY(control.execute("human-monitor-command", {{"command-line", fmt::format("i /hx {:#x}", kPm1Control)}}));
    if (!said.is_string()) return fail(DriverErrorCode::command, "QEMU doesn't tell a port's value");
    const std::string text(said.as_string());
    const size_t at = text.find("= ");
    if (at == std::string::npos) return fail(DriverErrorCode::command, "QEMU tells of a port: " + text);
    return (std::strtoul(text.c_str() + at + 2, nullptr, 16) & 1) != 0;
  }

  const DriverSettings settings_;
  const std::string folder_;
};

}  // namespace

std::unique_ptr<Driver> make_vm_driver(DriverSettings settings) {
  return std::make_unique<VmDriver>(std::move(settings));
}

}  // namespace aerolith::compute
