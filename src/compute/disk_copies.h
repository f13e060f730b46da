// Copies of disks as they are at one moment, made by QEMU's backup jobs: before the guest overwrites what isn't copied
// yet, it is copied. What changes afterwards is noted in a bitmap of the copy's name, so that the next one needs no
// more. The same for a machine and for a container's disk server; job and bitmap live in there and outlive us.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compute/driver.h"
#include "compute/qmp.h"

namespace aerolith::compute {

// As Driver says of the calls of the same names; `file` as the program behind `control` opens it, with its
// secret.
Result<> begin_copies(QmpClient& control, const std::vector<DiskCopy>& copies);
Result<CopyProgress> copy_progress(QmpClient& control, std::string_view name);
Result<> end_copy(QmpClient& control, const DiskCopy& copy, CopyEnd end);
Result<std::vector<CopyBase>> copy_bases(QmpClient& control, std::string_view volume);
// Of any disk, as long as one isn't forgotten: until then the disks stay open.
Result<bool> has_copies(QmpClient& control);

}  // namespace aerolith::compute
