// Names of SSM by which images are found: public parameters, and `resolve:ssm:…` as an image's id.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters-ami.html
#pragma once

#include <string>
#include <vector>

#include "services/ec2/api.h"
#include "services/ec2/errors.h"
#include "services/ec2/instance_tables.h"
#include "services/ec2/resources.h"

namespace aerolith::ec2 {

// Of an image of the installation's own: "/aws/service/aerolith/tiny/latest/amd64".
std::string parameter_of(const ImageRecord& image);
// Of all images of the installation's own, in the order of their names.
Result<std::vector<ImageParameter>> image_parameters(metadata::ReadTransaction& txn, const Scope& scope);

// The id that `wanted` means: itself, or what the parameter behind "resolve:ssm:" says.
Result<std::string> resolve_image(metadata::ReadTransaction& txn, const Scope& scope, const std::string& wanted);

}  // namespace aerolith::ec2
