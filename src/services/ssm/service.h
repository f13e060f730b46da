// The SSM service: public parameters, by which people find images without knowing ids. Parameters of one's own are not
// built.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters.html
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "gateway/service_table.h"

namespace aerolith::ssm {

struct PublicParameter {
  std::string name;  // "/aws/service/…"
  std::string value;
  Timestamp modified_at;
};

struct Parts {
  std::string region;
  // All there are, in the order of their names; nullopt: they can't be read now. Any thread; may block.
  std::function<std::optional<std::vector<PublicParameter>>()> parameters;
};

// The table may be used from any thread.
gateway::ServiceTable make_service(Parts parts);

}  // namespace aerolith::ssm
