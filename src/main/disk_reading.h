// How disks that are imported get out of buckets of S3 into EC2.
#pragma once

#include <string>

#include "base/time.h"
#include "main/callers.h"
#include "metadata/store.h"
#include "objects/object_store.h"
#include "services/ec2/service.h"

namespace aerolith::main_program {

// Sets what `parts` has for imports: as on AWS, the service vmie.amazonaws.com assumes a role of the account that asks,
// which must let it in and may read the file. All others must outlive the service that is made of it.
// https://docs.aws.amazon.com/vm-import/latest/userguide/required-permissions.html
void read_disks_from_s3(ec2::Parts& parts, Callers& callers, metadata::Store& metadata, objects::ObjectStore& objects,
                        const std::string& region, const Clock& clock);

}  // namespace aerolith::main_program
