#include "main/cloud.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/digest.h"
#include "base/log.h"
#include "base/random.h"
#include "compute/console_reader.h"
#include "compute/tiny_image.h"
#include "main/host.h"
#include "main/version.h"
#include "services/ec2/api.h"
#include "services/ec2/host_room.h"
#include "services/ec2/instance_list.h"
#include "services/ec2/volume_sizes.h"

namespace aerolith::main_program {
namespace {

using namespace std::chrono_literals;

constexpr uint32_t kNobody = 65534;  // QEMU gets its tap as an open descriptor: nobody needs to own it

// Snapshots of `tiny` that this version of ours made, at its first start or for `aerolith image build`, begin so: what
// an earlier start has imported is found again, what an earlier version has is made anew.
std::string tiny_snapshot_mark() { return "snap-0" + sha256_hex(fmt::format("tiny {}", version())).substr(0, 8); }
std::string tiny_snapshot() { return tiny_snapshot_mark() + "00000000"; }

std::string new_snapshot(std::string_view image) {
  return image == "tiny" ? tiny_snapshot_mark() + random_hex(8) : "snap-0" + random_hex(16);
}

uint64_t host_mib() {
  return (static_cast<uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE))) >> 20;
}

gateway::ImageInfo info_of(const ec2::OwnImage& image) {
  return {.id = image.id,
          .name = image.name,
          .description = image.description,
          .driver = image.driver,
          .size_gib = image.size_gib,
          .created_at = image.created_at};
}

gateway::InstanceInfo info_of(const ec2::ListedInstance& instance) {
  return {.id = instance.id,
          .account = instance.account.str(),
          .name = instance.name,
          .state = instance.state,
          .type = instance.type,
          .driver = instance.is_vm ? "vm" : "container",
          .image = instance.image,
          .image_name = instance.image_name,
          .base_image_name = instance.base_image_name,
          .private_address = instance.private_address,
          .public_address = instance.public_address,
          .vpc = instance.vpc,
          .network_namespace = {},
          .key_name = instance.key_name,
          .public_key = instance.public_key,
          .launched_at = instance.launched_at};
}

// Of names that stand in parameters of SSM, too.
bool is_image_name(std::string_view name) {
  const auto is_fine = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  };
  return name.size() >= 3 && name.size() <= 64 && std::ranges::all_of(name, is_fine);
}

std::unique_ptr<network::Fabric> open_fabric(const Config& config, const Installation& installation) {
  auto fabric = network::Fabric::open(fabric_settings(config, installation));
  if (fabric.has_value()) return *std::move(fabric);
  log_info("no instances here: networks lack something", {{"what", fabric.error().detail}});
  return nullptr;
}

std::unique_ptr<blocks::Volumes> open_volumes(const Config& config, const Installation& installation) {
  // An absolute path: processes that outlive this one have it.
  auto volumes =
      blocks::Volumes::open(std::filesystem::absolute(installation.folder.blocks()).string(), sealing_of(installation),
                            {.is_later = true, .bytes_per_second = config.ec2.fill_bytes_per_second});
  if (volumes.has_value()) return *std::move(volumes);
  log_error("no instances here: volumes can't be opened", {{"what", volumes.error().detail}});
  return nullptr;
}

std::unique_ptr<blocks::DiskImports> open_imports(const Installation& installation) {
  auto imports = blocks::DiskImports::open(installation.folder.blocks().string());
  if (imports.has_value()) return *std::move(imports);
  log_error("no disks can be imported", {{"what", imports.error().detail}});
  return nullptr;
}

std::unique_ptr<blocks::Uploads> open_uploads(os::FileSystem& files, const Installation& installation) {
  auto uploads = blocks::Uploads::open(files, (installation.folder.blocks() / "uploads").string());
  if (uploads.has_value()) return *std::move(uploads);
  log_error("snapshots can't be written block by block", {{"what", uploads.error().detail}});
  return nullptr;
}

}  // namespace

Cloud::Cloud(const Config& config, const Installation& installation, metadata::Store& metadata, const Clock& clock)
    : config_(config), installation_(installation), metadata_(metadata), clock_(clock) {
  fabric_ = open_fabric(config, installation);
  if (!fabric_) return;
  container_ = compute::make_container_driver(driver_settings(installation));
  vm_ = compute::make_vm_driver(driver_settings(installation));
  volumes_ = open_volumes(config, installation);
  imports_ = open_imports(installation);
  if (volumes_) uploads_ = open_uploads(files_, installation);
  const auto announced = ec2::announce_host(metadata, {.memory_mib = host_mib() * config.ec2.memory_percent / 100,
                                                       .container_overcommit = config.ec2.container_overcommit});
  if (!announced.has_value()) log_error("what this host has isn't recorded", {{"what", announced.error().detail}});
}

Cloud::~Cloud() { remove_empty_run_folders(installation_); }

ec2::Parts Cloud::parts() {
  const network::FabricSettings fabric = fabric_settings(config_, installation_);
  return {
      .metadata = metadata_,
      .clock = clock_,
      .fabric = fabric_.get(),
      .container = container_.get(),
      .vm = vm_.get(),
      .volumes = volumes_.get(),
      .imports = imports_.get(),
      .uploads = uploads_.get(),
      .settings = {.public_cidr = config_.ec2.public_cidr,
                   .driver = config_.ec2.driver == "auto" ? "" : config_.ec2.driver,
                   .s3_cidrs = {network::gateway_of(fabric) + "/32"},
                   .guest_uid = kNobody},
      .port_names = {.tap_of = [fabric](std::string_view interface) { return network::tap_of(fabric, interface); },
                     .namespace_path_of =
                         [fabric](std::string_view vpc) { return "/run/netns/" + network::namespace_of(fabric, vpc); }},
      .make_own_images = [this] { make_own_images(); }};
}

ssm::Parts Cloud::parameters() {
  return {.region = config_.region, .parameters = [this]() -> std::optional<std::vector<ssm::PublicParameter>> {
            make_own_images();
            const auto images = ec2::list_image_parameters(metadata_, Region(config_.region));
            if (!images.has_value()) {
              log_error("parameters of images can't be read", {{"what", images.error().detail}});
              return std::nullopt;
            }
            std::vector<ssm::PublicParameter> parameters;
            for (const ec2::ImageParameter& each : *images) {
              parameters.push_back({.name = each.name, .value = each.image, .modified_at = each.modified_at});
            }
            return parameters;
          }};
}

void Cloud::make_own_images() {
  const std::lock_guard lock(images_mutex_);
  if (has_images_ || !volumes_ || std::chrono::steady_clock::now() < next_try_) return;
  const auto made = make_tiny();
  has_images_ = made.has_value();
  if (has_images_) return;
  next_try_ = std::chrono::steady_clock::now() + 1min;
  log_warning("the image tiny can't be made", {{"what", made.error()}});
}

Result<AddedImage, std::string> Cloud::add_image(const gateway::NewImage& image) {
  if (!volumes_) return std::unexpected("this installation runs no instances: `aerolith doctor` says what it lacks");
  if (!is_image_name(image.name)) {
    return std::unexpected("an image's name has 3 to 64 of these: a-z, 0-9, '-', '.' and '_'");
  }
  if (!image.driver.empty() && image.driver != "container" && image.driver != "vm") {
    return std::unexpected(fmt::format("there is no driver '{}': container or vm", image.driver));
  }
  const std::lock_guard lock(images_mutex_);
  const Region region(config_.region);
  const auto before = ec2::find_own_image(metadata_, region, image.name);
  if (!before.has_value()) return std::unexpected(before.error().detail);
  const std::string snapshot = new_snapshot(image.name);
  if (auto kept = volumes_->import_file(image.file, snapshot); !kept.has_value()) {
    return std::unexpected(kept.error().detail);
  }
  const auto size = volumes_->snapshot_size_bytes(snapshot);
  if (!size.has_value()) return std::unexpected(size.error().detail);
  const auto id = ec2::register_own_image(metadata_, region, clock_.now(),
                                          {.name = image.name,
                                           .description = image.description,
                                           .snapshot = snapshot,
                                           .size_gib = ec2::gib_for(*size),
                                           .driver = image.driver,
                                           .kernel = image.kernel,
                                           .initramfs = image.initramfs,
                                           .kernel_arguments = image.kernel_arguments});
  if (!id.has_value()) return std::unexpected(id.error().detail);
  log_info("registered an image", {{"name", image.name}, {"image", *id}, {"snapshot", snapshot}});
  const auto registered = ec2::find_own_image(metadata_, region, image.name);
  if (!registered.has_value()) return std::unexpected(registered.error().detail);
  if (!*registered) return std::unexpected(fmt::format("the image {} was removed just now", image.name));
  return AddedImage{.info = info_of(**registered), .replaced_snapshot = *before ? (*before)->snapshot : ""};
}

// Bytes first: what has no record at the next start is removed.
Result<gateway::SnapshotInfo, std::string> Cloud::add_snapshot(const gateway::NewSnapshot& snapshot,
                                                               const AccountId& account) {
  if (!volumes_) return std::unexpected("this installation keeps no volumes: `aerolith doctor` says what it lacks");
  const std::string id = ec2::new_snapshot_id();
  const auto remove = [&](const std::string& why) -> std::unexpected<std::string> {
    (void)volumes_->drop_copy(id);
    (void)volumes_->remove_snapshot(id);
    return std::unexpected(why);
  };
  const auto key = ec2::default_key(metadata_, Region(config_.region), account);
  if (!key.has_value()) return std::unexpected(key.error().detail);
  const blocks::NewSnapshot wanted{.snapshot = id, .key = key->name};
  if (const auto stored = volumes_->store_file(snapshot.file, wanted, {}); !stored.has_value()) {
    return remove(stored.error().detail);
  }
  const auto size = volumes_->snapshot_size_bytes(id);
  if (!size.has_value()) return remove(size.error().detail);
  const gateway::SnapshotInfo info{.id = id, .account = account.str(), .size_gib = ec2::gib_for(*size)};
  const auto registered = ec2::register_snapshot(metadata_, Region(config_.region), clock_.now(),
                                                 {.id = id,
                                                  .owner = account,
                                                  .size_gib = info.size_gib,
                                                  .description = snapshot.description,
                                                  .kms_key = key->arn});
  if (!registered.has_value()) return remove(registered.error().detail);
  log_info("imported a snapshot", {{"snapshot", id}, {"account", account.str()}, {"file", snapshot.file}});
  return info;
}

Result<std::vector<gateway::ImageInfo>, std::string> Cloud::list_images() {
  make_own_images();
  const auto images = ec2::list_own_images(metadata_, Region(config_.region));
  if (!images.has_value()) return std::unexpected(images.error().detail);
  std::vector<gateway::ImageInfo> infos;
  for (const ec2::OwnImage& image : *images) infos.push_back(info_of(image));
  std::ranges::sort(infos, {}, &gateway::ImageInfo::name);
  return infos;
}

Result<std::vector<gateway::InstanceInfo>, std::string> Cloud::list_instances() {
  const auto instances = ec2::list_instances(metadata_);
  if (!instances.has_value()) return std::unexpected(instances.error().detail);
  const network::FabricSettings fabric = fabric_settings(config_, installation_);
  std::vector<gateway::InstanceInfo> infos;
  for (const ec2::ListedInstance& each : *instances) {
    infos.push_back(info_of(each));
    if (each.vpc.empty()) continue;
    infos.back().network_namespace = "/run/netns/" + network::namespace_of(fabric, each.vpc);
  }
  return infos;
}

Result<gateway::ConsoleText, std::string> Cloud::read_console(const std::string& instance, uint64_t place) {
  const auto found = ec2::find_listed_instance(metadata_, instance);
  if (!found.has_value()) return std::unexpected(found.error().detail);
  if (!*found) return std::unexpected(fmt::format("there is no instance {}", instance));
  const compute::Kind kind = (*found)->is_vm ? compute::Kind::vm : compute::Kind::container;
  compute::ConsolePart part = compute::read_console(driver_settings(installation_), kind, instance, place);
  if (part.text.empty() && part.end == 0) {
    auto kept = ec2::read_kept_console(metadata_, **found);
    if (!kept.has_value()) return std::unexpected(kept.error().detail);
    part = compute::kept_part(*kept, place);
  }
  return gateway::ConsoleText{.text = std::move(part.text),
                              .end = part.end,
                              .is_over = (*found)->state == "stopped" || (*found)->state == "terminated"};
}

Result<void, std::string> Cloud::make_tiny() {
  const auto start = std::chrono::steady_clock::now();
  const std::string snapshot = tiny_snapshot();
  const auto known = ec2::find_own_image(metadata_, Region(config_.region), "tiny");
  if (!known.has_value()) return std::unexpected(known.error().detail);
  if (*known && (*known)->snapshot.starts_with(tiny_snapshot_mark()) &&
      volumes_->snapshot_size_bytes((*known)->snapshot).has_value()) {
    return {};
  }
  const std::string folder = (installation_.folder.images() / "tiny").string();
  const auto image = compute::build_tiny_image(
      {.folder = folder, .kernel_folder = (installation_.folder.images() / "kernel").string(), .may_download = false});
  if (!image.has_value()) return std::unexpected(image.error().detail);
  if (auto kept = volumes_->import_file(image->root, snapshot); !kept.has_value()) {
    return std::unexpected(kept.error().detail);
  }
  const auto id = ec2::register_own_image(metadata_, Region(config_.region), clock_.now(),
                                          {.name = "tiny",
                                           .description = "busybox, dropbear and a first-boot agent; user ec2-user",
                                           .snapshot = snapshot,
                                           .driver = image->kernel.empty() ? "container" : "",
                                           .kernel = image->kernel,
                                           .initramfs = image->initramfs,
                                           .kernel_arguments = image->kernel_arguments});
  if (!id.has_value()) return std::unexpected(id.error().detail);
  const auto spent = std::chrono::round<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
  log_info("made the image tiny",
           {{"image", *id}, {"milliseconds", std::to_string(spent.count())}, {"without_vm", image->without_kernel}});
  return {};
}

}  // namespace aerolith::main_program
