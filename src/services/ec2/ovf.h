// The description of a virtual machine in an OVA: of it all, where its disks are.
// Open Virtualization Format Specification (DMTF DSP0243), sections 7.1 and 9.1
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace aerolith::ec2 {

// The files of its disks, in their order, as the archive names them. The error says why it can't be read, in the words
// of VM Import.
aerolith::Result<std::vector<std::string>, std::string> disk_files_of(std::string_view ovf);

}  // namespace aerolith::ec2
