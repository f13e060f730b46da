// Which of a person's own SSH keys opens an instance.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace aerolith::main_program {

// The private key in `folder` (~/.ssh) whose public half is that line of authorized_keys, comments aside. Keys with a
// passphrase are known by the .pub file beside them alone. Nullopt where there is none.
std::optional<std::filesystem::path> find_identity(std::string_view public_key, const std::filesystem::path& folder);

// Whether this session's ssh-agent has it.
bool agent_has(std::string_view public_key);

}  // namespace aerolith::main_program
