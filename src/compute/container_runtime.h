// A container under runc, watched by conmon: it keeps the console and the exit code, and outlives us.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "compute/instance_folder.h"

namespace aerolith::compute {

class ContainerRuntime {
 public:
  ContainerRuntime(const InstanceFolder& folder, std::string instance)
      : folder_(folder), instance_(std::move(instance)) {}

  // Makes it from the bundle's config.json, with its init held before its first step. -> the init's process id
  Result<pid_t> create();
  // Made, and not started.
  bool is_waiting() const;
  Result<> start();
  // What conmon wrote when the init had ended: 128 + n after signal n. Waits a moment for it.
  std::optional<int> exit_code() const;
  // Ends all processes of it and removes runc's state. Fine where nothing is.
  Result<> destroy();

 private:
  std::vector<std::string> runc(std::vector<std::string> arguments) const;
  std::string exit_folder() const { return folder_ / "exit"; }

  const InstanceFolder& folder_;
  const std::string instance_;
};

}  // namespace aerolith::compute
