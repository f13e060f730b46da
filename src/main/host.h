// What this installation has on the host beside its files: networks, and instances that run on without the server.
// The same for every process: what one made, another finds.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "blocks/sealing.h"
#include "compute/driver.h"
#include "main/config.h"
#include "main/installation.h"
#include "network/fabric.h"

namespace aerolith::main_program {

network::FabricSettings fabric_settings(const Config& config, const Installation& installation);
// With the installation's key.
blocks::Sealing sealing_of(const Installation& installation);
compute::DriverSettings driver_settings(const Installation& installation);

// To be called where nothing of it is being made any more.
void remove_empty_run_folders(const Installation& installation);

// One sentence for each thing that the host lacks, with what mends it; empty: instances of that kind run here.
std::vector<std::string> find_missing_for(compute::Kind kind, const Config& config);

// Whether virtual machines run with KVM or emulated, a clause for a person. Nothing is tried for it.
std::string describe_acceleration(const Installation* installation);

struct HostLeft {
  std::string unseen;  // of what root alone can see, a sentence for a person; empty: nothing is left
};
// Ends all instances of this installation on this host and takes its networks off. Records stay: the next start brings
// back what should run. To be called while no server runs. The error is a sentence for a person.
Result<HostLeft, std::string> leave_host(const Config& config, const Installation& installation);

}  // namespace aerolith::main_program
