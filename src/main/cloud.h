// What runs instances on this host: networks, drivers, volumes and the images that come with the installation. All of
// it is there only where the host can (root, programs); `aerolith doctor` says what lacks.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/time.h"
#include "blocks/disk_imports.h"
#include "blocks/uploads.h"
#include "blocks/volumes.h"
#include "compute/driver.h"
#include "gateway/admin.h"
#include "main/config.h"
#include "main/installation.h"
#include "metadata/store.h"
#include "network/fabric.h"
#include "os/file_system.h"
#include "services/ec2/service.h"
#include "services/ssm/service.h"

namespace aerolith::main_program {

struct AddedImage {
  gateway::ImageInfo info;
  std::string replaced_snapshot;  // of an image of that name before; empty: there was none
};

// Safe from any thread. What it is opened with outlives it.
class Cloud {
 public:
  Cloud(const Config& config, const Installation& installation, metadata::Store& metadata, const Clock& clock);
  // What this installation has in /run stays where something runs, and else goes.
  ~Cloud();
  Cloud(const Cloud&) = delete;
  Cloud& operator=(const Cloud&) = delete;

  // But for what other rooms bring: `find_profile`, what is in S3 and the hooks of networks.
  ec2::Parts parts();
  // Public parameters that lead to images.
  ssm::Parts parameters();
  // What `aerolith image` asks for. The error is a sentence for a person.
  Result<AddedImage, std::string> add_image(const gateway::NewImage& image);
  Result<std::vector<gateway::ImageInfo>, std::string> list_images();
  // What `aerolith ebs import` asks for; the account is there.
  Result<gateway::SnapshotInfo, std::string> add_snapshot(const gateway::NewSnapshot& snapshot,
                                                          const AccountId& account);
  // What `aerolith ec2` asks for.
  Result<std::vector<gateway::InstanceInfo>, std::string> list_instances();
  Result<gateway::ConsoleText, std::string> read_console(const std::string& instance, uint64_t place);
  network::Fabric* fabric() { return fabric_.get(); }  // null: this host can't
  // Of snapshots; null: no volumes here.
  const blocks::BlockStore* stored_blocks() { return volumes_ ? &volumes_->blocks() : nullptr; }

 private:
  // Builds the image `tiny` and registers it where it isn't. A second or two the first time; after a failure it is
  // tried again no sooner than a minute later.
  void make_own_images();
  Result<void, std::string> make_tiny();

  const Config& config_;
  const Installation& installation_;
  metadata::Store& metadata_;
  const Clock& clock_;
  std::unique_ptr<network::Fabric> fabric_;
  std::unique_ptr<compute::Driver> container_;
  std::unique_ptr<compute::Driver> vm_;
  std::unique_ptr<blocks::Volumes> volumes_;
  std::unique_ptr<blocks::DiskImports> imports_;
  os::RealFileSystem files_;
  std::unique_ptr<blocks::Uploads> uploads_;  // where volumes are

  std::mutex images_mutex_;
  bool has_images_ = false;
  std::chrono::steady_clock::time_point next_try_{};
};

}  // namespace aerolith::main_program
