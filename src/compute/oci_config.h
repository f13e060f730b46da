// A container as an OCI runtime wants it described (opencontainers/runtime-spec, config.md).
#pragma once

#include <cstdint>
#include <string>

#include "compute/driver.h"

namespace aerolith::compute {

struct OciSettings {
  std::string rootfs;
  std::string network_namespace;
  std::string cgroup;  // "/aerolith-<installation>/<instance>"
  bool runs_systemd = false;
  // Where the host has hierarchies of v1 (find_systemd_hierarchy); empty: v2 alone.
  std::string systemd_hierarchy;
  uint64_t open_files_limit = 0;  // 0: as we have it
  std::string cpus{};             // those that it sees and runs on (find_cpus_for); empty: all
};

std::string oci_config(const Spec& spec, const OciSettings& settings);

}  // namespace aerolith::compute
