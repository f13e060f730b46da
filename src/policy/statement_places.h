// Where a policy's statements stand in its text, as the simulators tell it.
#pragma once

#include <string_view>
#include <vector>

#include "policy/document.h"

namespace aerolith::policy {

struct StatementPlace {
  Position start;
  Position end;
};

// Of each object of the member "Statement", in order; `text` must be valid JSON.
std::vector<StatementPlace> find_statements(std::string_view text);

}  // namespace aerolith::policy
