// What launches may ask for on AWS and isn't built: refused, lest it be left out without a word.
#pragma once

#include <optional>
#include <string>

#include "ec2/operations/run_instances.h"
#include "services/ec2/errors.h"

namespace aerolith::ec2 {

// UnsupportedOperation; InvalidPlacementGroup.Unknown.
Result<> refuse_unbuilt(const RunInstancesInput& input);
// HttpProtocolIpv6 of the metadata options. UnsupportedOperation.
Result<> check_metadata_protocol(const std::optional<std::string>& http_protocol_ipv6);

}  // namespace aerolith::ec2
