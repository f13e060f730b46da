// What `aerolith doctor` looks at. Each check says what it found and, where something lacks, the command that mends it.
#pragma once

#include <string>
#include <vector>

#include "main/commands.h"

namespace aerolith::main_program {

enum class CheckState : uint8_t {
  good,
  warning,  // works, but not as it could
  failed,   // the server can't work like this
};

struct Check {
  std::string name;
  CheckState state = CheckState::good;
  std::string detail;
  std::string remedy;  // empty when good
};

// Changes nothing that stays.
std::vector<Check> check_machine(const Invocation& invocation);

// "aws-cli/2.9.19 Python/..." understands endpoint_url in a profile: from 1.29.0 of version 1 and 2.13.0 of version 2.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
bool aws_cli_knows_endpoint_url(const std::string& version_text);

}  // namespace aerolith::main_program
