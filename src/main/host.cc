#include "main/host.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/digest.h"
#include "blocks/disk_secrets.h"
#include "compute/kvm_probe.h"
#include "main/serve_snapshot.h"
#include "os/file_system.h"

namespace aerolith::main_program {
namespace {

using namespace std::chrono_literals;

const std::string kRootsFolder = "/run/aerolith";

// Six characters that no other installation on the host is likely to have.
std::string mark_of(const Installation& installation) {
  return "a" + sha256_hex(installation.root_access_key_id).substr(0, 5);
}

// Short and outside the data folder where that can be: names of sockets have at most 107 characters. /run is root's;
// others have the folder of their session.
std::string host_folder(const Installation& installation) {
  if (::geteuid() == 0) return kRootsFolder;
  const char* const session = std::getenv("XDG_RUNTIME_DIR");
  const bool is_usable = session != nullptr && session[0] == '/' && ::access(session, W_OK | X_OK) == 0;
  if (is_usable) return std::string(session) + "/aerolith";
  return std::filesystem::absolute(installation.folder.run()).string();
}

std::string run_folder_of(const Installation& installation) {
  return host_folder(installation) + "/" + mark_of(installation);
}

// A server of root's may have run on the same data folder: the error, where it has left something. Where only root can
// see that, a sentence about it.
Result<std::string, std::string> look_for_roots(const Installation& installation) {
  if (::geteuid() == 0) return "";
  const std::string folder = kRootsFolder + "/" + mark_of(installation);
  if (::access(folder.c_str(), F_OK) == 0) {
    return std::unexpected("root's " + folder + " has instances of this installation: run the same command as root");
  }
  if (errno == ENOENT || errno == ENOTDIR) return "";
  return fmt::format("Root's {} can't be read: if the server was ever run by root, run the same command as root.",
                     kRootsFolder);
}

Result<void, std::string> remove_instances(compute::Driver& driver) {
  const auto instances = driver.list();
  if (!instances.has_value()) return std::unexpected(instances.error().detail);
  for (const std::string& instance : *instances) {
    (void)driver.stop(instance, 10s);  // what doesn't end in order is ended by remove()
    if (auto removed = driver.remove(instance); !removed.has_value()) return std::unexpected(removed.error().detail);
  }
  return {};
}

}  // namespace

network::FabricSettings fabric_settings(const Config& config, const Installation& installation) {
  return {.installation = mark_of(installation),
          .run_folder = run_folder_of(installation) + "/network",
          .host_folder = host_folder(installation),
          .public_cidr = config.ec2.public_cidr,
          .allows_internet = config.ec2.allows_internet};
}

blocks::Sealing sealing_of(const Installation& installation) {
  const Sealer& sealer = installation.sealer;  // copied: it may outlive the installation
  return {.seal = [sealer](std::string_view secret, std::string_view context) { return sealer.seal(secret, context); },
          .open = [sealer](std::string_view sealed, std::string_view context) -> std::optional<std::string> {
            auto opened = sealer.open(sealed, context);
            return opened.has_value() ? std::optional(*std::move(opened)) : std::nullopt;
          }};
}

compute::DriverSettings driver_settings(const Installation& installation) {
  compute::DriverSettings settings{.run_folder = run_folder_of(installation), .installation = mark_of(installation)};
  settings.secret_of = [sealing = sealing_of(installation)](const std::string& file) -> compute::Result<std::string> {
    os::RealFileSystem files;
    auto secret = blocks::DiskSecrets(files, sealing).read(file);
    if (secret.has_value()) return std::move(secret->text);
    return fail(compute::DriverErrorCode::command, secret.error().detail);
  };
  settings.behind_of = make_behind_of(installation);
  const std::string tiny = (installation.folder.images() / "tiny").string();
  if (::access((tiny + "/vmlinuz").c_str(), R_OK) == 0) {
    settings.probe_kernel = tiny + "/vmlinuz";
    settings.probe_initramfs = tiny + "/initramfs";
  }
  return settings;
}

void remove_empty_run_folders(const Installation& installation) {
  const std::string folder = run_folder_of(installation);
  for (const char* part : {"/network", "/container", "/vm", "/shared", ""}) ::rmdir((folder + part).c_str());
}

std::vector<std::string> find_missing_for(compute::Kind kind, const Config& config) {
  // Only asked what it lacks: it makes nothing in its folder.
  const compute::DriverSettings settings{.run_folder = kRootsFolder, .installation = "doctor"};
  const auto driver =
      kind == compute::Kind::vm ? compute::make_vm_driver(settings) : compute::make_container_driver(settings);
  std::vector<std::string> missing = driver->find_missing();
  const network::FabricSettings networks{
      .installation = "doctor", .run_folder = settings.run_folder, .public_cidr = config.ec2.public_cidr};
  for (std::string& each : network::find_missing(networks)) {
    if (std::ranges::find(missing, each) == missing.end()) missing.push_back(std::move(each));
  }
  return missing;
}

std::string describe_acceleration(const Installation* installation) {
  if (::access("/dev/kvm", F_OK) != 0) return "emulated: there is no /dev/kvm";
  // As the driver of virtual machines keeps it.
  const auto known =
      installation == nullptr ? std::nullopt : compute::known_to_boot_guests(run_folder_of(*installation) + "/vm");
  if (!known) return "with KVM if it boots a guest, else emulated: the first launch of one tries it";
  return *known ? "with KVM" : "emulated: /dev/kvm is there, but boots no guest";
}

Result<HostLeft, std::string> leave_host(const Config& config, const Installation& installation) {
  for (const auto& make : {compute::make_container_driver, compute::make_vm_driver}) {
    const auto driver = make(driver_settings(installation));
    if (auto removed = remove_instances(*driver); !removed.has_value()) return std::unexpected(removed.error());
  }
  auto unseen = look_for_roots(installation);
  if (!unseen.has_value()) return std::unexpected(unseen.error());
  HostLeft left{.unseen = *std::move(unseen)};
  auto fabric = network::Fabric::open(fabric_settings(config, installation));
  if (!fabric.has_value()) return left;  // who can't have networks has none of ours
  const auto vpcs = (*fabric)->list();
  if (!vpcs.has_value()) return std::unexpected(vpcs.error().detail);
  for (const std::string& vpc : *vpcs) {
    if (auto removed = (*fabric)->remove(vpc); !removed.has_value()) return std::unexpected(removed.error().detail);
  }
  std::error_code error;  // nothing but empty folders is left
  std::filesystem::remove_all(run_folder_of(installation), error);
  return left;
}

}  // namespace aerolith::main_program
