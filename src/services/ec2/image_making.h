// An image of an instance: its record names the snapshots before there are any, and the instance's record names the
// image for as long as they are made. Each step may be done again.
#pragma once

#include <string>

#include "services/ec2/cloud.h"
#include "services/ec2/instance_tables.h"

namespace aerolith::ec2 {

struct ImageEnd {
  std::string failure;  // empty: all snapshots are there
};

// To be called while nothing has the instance's volumes open. The error is of what may pass by itself.
aerolith::Result<ImageEnd, std::string> make_image_snapshots(const Cloud& cloud, const Scope& scope,
                                                             const InstanceRecord& instance, Timestamp now);

// The image is available, or failed; the instance is free of it, and starts where it should run. Durable on return.
Result<> end_image_making(const Cloud& cloud, const Scope& scope, const std::string& instance, const ImageEnd& end,
                          Timestamp now);

// Of an image that is made of snapshots of a running instance: available once all of them are, failed with one of them.
Result<> end_image_of_snapshots(metadata::Transaction& txn, const Scope& scope, const std::string& image);

}  // namespace aerolith::ec2
