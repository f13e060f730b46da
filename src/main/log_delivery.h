// How flow logs get from EC2 into buckets of S3.
#pragma once

#include "base/time.h"
#include "metadata/store.h"
#include "objects/object_store.h"
#include "services/ec2/service.h"

namespace aerolith::main_program {

// Sets what `parts` has for flow logs. All others must outlive the service that is made of it.
void deliver_logs_to_s3(ec2::Parts& parts, metadata::Store& metadata, objects::ObjectStore& objects,
                        const Clock& clock);

}  // namespace aerolith::main_program
