// What other parts of the program may know of S3's records.
#pragma once

#include <functional>
#include <string>

#include "metadata/store.h"
#include "objects/extent.h"

namespace aerolith::s3 {

// Calls visit(extent, what names it) for every extent that a record names, once for each record. For `aerolith fsck`.
metadata::Result<> for_each_extent(
    metadata::Store& metadata,
    const std::function<metadata::Result<>(const objects::Extent&, const std::string&)>& visit);

}  // namespace aerolith::s3
