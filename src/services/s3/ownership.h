// How S3 spells the settings of Object Ownership.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
#pragma once

#include <optional>
#include <string_view>

#include "services/s3/tables.h"

namespace aerolith::s3 {

// nullopt for what S3 hasn't.
std::optional<ObjectOwnership> find_ownership(std::string_view name);
// Empty where the controls were deleted.
std::string_view ownership_name(ObjectOwnership ownership);

}  // namespace aerolith::s3
