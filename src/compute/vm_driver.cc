// A virtual machine: QEMU, in a session of its own, without privileges and without a network of the host. It goes on
// when this process ends; the next one speaks to it by its control socket.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>

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
#include "compute/spec_json.h"
#include "compute/vm_descriptors.h"
#include "compute/vm_ports.h"
#include "os/program.h"

namespace aerolith::compute {

namespace {

namespace json = boost::json;

constexpr const char* kProcess = "qemu.process";
constexpr const char* kControl = "control.sock";
constexpr const char* kConsole = "console.log";
constexpr const char* kLog = "qemu.log";
constexpr const char* kStopped = "stopped";
constexpr auto kControlPatience = std::chrono::seconds(30);
constexpr auto kQuitPatience = std::chrono::seconds(10);
constexpr auto kRebootPatience = std::chrono::seconds(20);
constexpr auto kDetachPatience = std::chrono::seconds(5);
// A guest that is still booting misses the button.
constexpr auto kPressAgain = std::chrono::seconds(3);
constexpr int kDetachTries = 4;

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
    folder.erase(kStopped);
    auto launched = bring_up(folder, spec);
    if (!launched.has_value()) {
      (void)take_down(folder, spec.instance);
      folder.erase("spec.json");
    }
    return launched;
  }

  Result<> stop(std::string_view instance, std::chrono::milliseconds patience) override {
    const InstanceFolder folder = TRY(known(instance));
    if (is_running(folder)) (void)shut_down(folder, patience);
    step("vm/powered-off");
    TRY(folder.write_text(kStopped, ""));
    return take_down(folder, instance);
  }

  Result<> reboot(std::string_view instance) override {
    const InstanceFolder folder = TRY(known(instance));
    if (!is_running(folder)) return launch(TRY(folder.read_spec()));
    (void)shut_down(folder, kRebootPatience);
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
    step("vm/taken-down");
    return folder.remove();
  }

  Result<Observation> observe(std::string_view instance) override {
    const InstanceFolder folder(folder_, instance);
    const auto process = folder.read_process(kProcess);
    if (!process) return Observation{.state = folder.has(kStopped) ? State::stopped : State::absent};
    Observation seen{.state = State::running, .started_at = process->started_at};
    const auto use = os::use_of(process->identity);
    if (!use && folder.has(kStopped)) {
      seen.state = State::stopped;  // ended by one of us that was killed before it could clear up
      return seen;
    }
    if (!use) {
      seen.state = State::crashed;
      const std::string said = last_bytes(folder.read_text(kLog), 500);
      seen.detail = "QEMU ended without being told to" + (said.empty() ? said : ": " + said);
      return seen;
    }
    keep_the_end(folder / kConsole);
    seen.memory_bytes = use->resident_bytes;
    seen.cpu_time = use->cpu_time;
    if (status_of(folder) != "shutdown") return seen;
    TRY(folder.write_text(kStopped, ""));
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
    TRY(plug(folder, disk));
    spec.disks.push_back(disk);
    return folder.write_spec(spec);
  }

  Result<> detach(std::string_view instance, std::string_view volume) override {
    const InstanceFolder folder = TRY(known(instance));
    Spec spec = TRY(folder.read_spec());
    const auto found = std::ranges::find(spec.disks, volume, &Disk::volume);
    if (found == spec.disks.end()) return {};
    if (found->is_root)
      return fail(DriverErrorCode::command, "the root volume of a running instance can't be detached");
    if (is_running(folder)) TRY(unplug(folder, *found));
    spec.disks.erase(found);
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
    const Control control = TRY(connect(folder));
    return copy_into_given_files(*control, copies);
  }

  Result<CopyProgress> copy_progress(std::string_view instance, std::string_view name) override {
    const InstanceFolder folder(folder_, instance);
    if (!is_running(folder)) return CopyProgress{};
    return compute::copy_progress(*TRY(connect(folder)), name);
  }

  Result<> end_copy(std::string_view instance, std::string_view name) override {
    const InstanceFolder folder(folder_, instance);
    if (!is_running(folder)) return {};
    return compute::end_copy(*TRY(connect(folder)), name);
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
  static Result<Control> connect(const InstanceFolder& folder) {
    return QmpClient::connect(folder / kControl, kControlPatience);
  }

  Result<> bring_up(const InstanceFolder& folder, const Spec& spec) {
    TRY(folder.write_spec(spec));
    step("vm/spec-written");
    folder.erase(kConsole);
    VmDescriptors descriptors;
    const QemuDescriptors numbers = TRY(descriptors.open(spec, folder / kControl, folder / kConsole));
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
    if (control.has_value()) return {};
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

  // Presses the power button until the guest has powered off. False where it hasn't within `patience`.
  static Result<bool> shut_down(const InstanceFolder& folder, std::chrono::milliseconds patience) {
    if (status_of(folder) == "shutdown") return true;
    const auto control = TRY(connect(folder));
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < deadline) {
      TRY(control->execute("system_powerdown"));
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      const auto wait = std::min<std::chrono::milliseconds>(left, kPressAgain);
      if (TRY(control->wait_for("SHUTDOWN", "reason", "guest-shutdown", wait))) return true;
    }
    return false;
  }

  Result<> plug(const InstanceFolder& folder, const Disk& disk) {
    (void)unplug(folder, disk);  // half attached, where we were killed in between
    const Control control = TRY(connect(folder));
    const std::vector<int> files = TRY(open_chain(disk.file));
    auto added = add_sets(*control, files);
    for (const int file : files) ::close(file);
    const int first_set = TRY(std::move(added));
    boost::system::error_code error;
    const json::value node = json::parse(block_node(disk, files.size(), first_set), error);
    auto plugged = control->execute("blockdev-add", node.as_object());
    if (plugged.has_value()) {
      plugged = control->execute("device_add", {{"driver", "virtio-blk-pci"},
                                                {"id", disk.volume},
                                                {"drive", disk.volume},
                                                {"serial", serial_of(disk)},
                                                {"bus", kPlugBus}});
      if (!plugged.has_value()) (void)control->execute("blockdev-del", {{"node-name", disk.volume}});
    }
    if (!plugged.has_value()) remove_sets(*control, first_set, files.size());
    TRY(std::move(plugged));
    return {};
  }

  static Result<> unplug(const InstanceFolder& folder, const Disk& disk) {
    const Control control = TRY(connect(folder));
    const json::value nodes = TRY(control->execute("query-named-block-nodes", {{"flat", true}}));
    const auto is_it = [&](const json::value& node) {
      return node.as_object().at("node-name").as_string() == disk.volume;
    };
    if (std::ranges::none_of(nodes.as_array(), is_it)) return {};
    bool is_gone = false;
    for (int tries = 0; tries < kDetachTries && !is_gone; ++tries) {
      const auto asked = control->execute("device_del", {{"id", disk.volume}});
      is_gone = !asked.has_value() && asked.error().detail.find("DeviceNotFound") != std::string::npos;
      if (!is_gone) is_gone = TRY(control->wait_for("DEVICE_DELETED", "device", disk.volume, kDetachPatience));
    }
    if (!is_gone) return fail(DriverErrorCode::command, fmt::format("the guest doesn't let go of {}", disk.volume));
    TRY(control->execute("blockdev-del", {{"node-name", disk.volume}}));
    return {};  // QEMU drops a set of descriptors with its last user
  }

  // QEMU's user can't open them by itself.
  static Result<> copy_into_given_files(QmpClient& control, std::vector<DiskCopy> copies) {
    std::vector<int> files;
    Result<> begun;
    for (const DiskCopy& copy : copies) {
      files.push_back(::open(copy.file.c_str(), O_RDWR | O_CLOEXEC));
      if (files.back() < 0 && begun.has_value()) begun = failed_call(errno, "open " + copy.file);
    }
    if (begun.has_value()) begun = begin_with_sets(control, copies, files);
    for (const int file : files) ::close(file);
    return begun;
  }
  static Result<> begin_with_sets(QmpClient& control, std::vector<DiskCopy>& copies, const std::vector<int>& files) {
    int set = TRY(add_sets(control, files));
    for (DiskCopy& copy : copies) copy.file = fmt::format("/dev/fdset/{}", set++);
    auto begun = compute::begin_copies(control, copies);
    if (!begun.has_value()) remove_sets(control, set - static_cast<int>(files.size()), files.size());
    return begun;
  }

  static Result<int> add_sets(QmpClient& control, const std::vector<int>& files) {
    int next = 1;
    const json::value known = TRY(control.execute("query-fdsets"));
    for (const json::value& set : known.as_array()) {
      next = std::max(next, json::value_to<int>(set.as_object().at("fdset-id")) + 1);
    }
    for (size_t index = 0; index < files.size(); ++index) {
      TRY(control.execute("add-fd", {{"fdset-id", next + static_cast<int>(index)}}, files[index]));
    }
    return next;
  }
  static void remove_sets(QmpClient& control, int first, size_t count) {
    for (size_t index = 0; index < count; ++index) {
      (void)control.execute("remove-fd", {{"fdset-id", first + static_cast<int>(index)}});
    }
  }

  const DriverSettings settings_;
  const std::string folder_;
};

}  // namespace

std::unique_ptr<Driver> make_vm_driver(DriverSettings settings) {
  return std::make_unique<VmDriver>(std::move(settings));
}

}  // namespace aerolith::compute
