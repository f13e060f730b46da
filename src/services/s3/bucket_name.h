// Which names a general purpose bucket may have.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
#pragma once

#include <string_view>

namespace aerolith::s3 {

bool is_valid_bucket_name(std::string_view name);

}  // namespace aerolith::s3
