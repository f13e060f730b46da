// A Spec as a file of the run folder keeps it.
#pragma once

#include <string>
#include <string_view>

#include "compute/driver.h"

namespace aerolith::compute {

std::string to_json(const Spec& spec);
Result<Spec> parse_spec(std::string_view text);
// In its place by device index.
void add_port(Spec& spec, const NetworkPort& port);

}  // namespace aerolith::compute
