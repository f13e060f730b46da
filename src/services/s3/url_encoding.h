// The encoding of names in listings that are asked for with encoding-type=url.
#pragma once

#include <string>
#include <string_view>

namespace aerolith::s3 {

// As S3 does it: letters, digits and -_.*/ stay, a space becomes '+', every other byte %XX.
std::string url_encode_name(std::string_view name);

}  // namespace aerolith::s3
