// What `aerolith doctor` looks at of names, the DNS responder and the system's trust.
#pragma once

#include <vector>

#include "main/checks.h"

namespace aerolith::main_program {

void check_local_names(std::vector<Check>& checks);
// Nothing where the responder is off.
void check_dns(const Invocation& invocation, std::vector<Check>& checks);
// Nothing while there is no CA, and on systems whose store isn't known.
void check_trust(const Invocation& invocation, std::vector<Check>& checks);

}  // namespace aerolith::main_program
