// The TOML file of settings.
#pragma once

#include <filesystem>

#include "main/config.h"

namespace aerolith::main_program {

// Puts what the file says into loaded.values, with origins "file:line". Errors name the file and the line.
Result<void, ConfigError> read_config_file(const std::filesystem::path& file, LoadedConfig& loaded);

}  // namespace aerolith::main_program
