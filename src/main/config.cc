#include "main/config.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <system_error>

#include "base/encoding.h"
#include "main/config_file.h"
#include "main/quantity.h"

namespace aerolith::main_program {
namespace {

std::optional<std::string> find_variable(const ConfigSources& sources, const std::string& name) {
  const auto found = sources.environment.find(name);
  // As the XDG specification has it: a variable that is set to nothing is a variable that isn't set.
  if (found == sources.environment.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

std::string default_data_folder(const ConfigSources& sources) {
  if (sources.is_root) return "/var/lib/aerolith";
  if (const auto data = find_variable(sources, "XDG_DATA_HOME")) return *data + "/aerolith";
  if (const auto home = find_variable(sources, "HOME")) return *home + "/.local/share/aerolith";
  return "/var/lib/aerolith";
}

Result<std::optional<std::filesystem::path>, ConfigError> find_file(const ConfigSources& sources) {
  std::error_code ignored;
  for (const auto& [name, given] : {std::pair("--config", sources.config_flag),
                                    std::pair("AEROLITH_CONFIG", find_variable(sources, "AEROLITH_CONFIG"))}) {
    if (!given) continue;
    // Not only regular files: /dev/null is a good way to say "no file".
    if (std::filesystem::exists(*given, ignored) && !std::filesystem::is_directory(*given, ignored)) {
      return std::filesystem::path(*given);
    }
    return fail(ConfigErrorCode::unreadable, fmt::format("{}: there is no file {}", name, *given));
  }
  std::vector<std::filesystem::path> candidates;
  if (const auto folder = find_variable(sources, "XDG_CONFIG_HOME")) {
    candidates.push_back(std::filesystem::path(*folder) / "aerolith/config.toml");
  } else if (const auto home = find_variable(sources, "HOME")) {
    candidates.push_back(std::filesystem::path(*home) / ".config/aerolith/config.toml");
  }
  candidates.push_back(sources.system_file);
  for (const auto& candidate : candidates) {
    if (std::filesystem::is_regular_file(candidate, ignored)) return candidate;
  }
  return std::optional<std::filesystem::path>();
}

// Variables of ours that no setting has, and that look like one.
std::vector<std::string> misspelt_variables(const ConfigSources& sources) {
  std::vector<std::string> names;
  // Compared without what all of them begin with, which would make any two look alike.
  const size_t prefix = std::string_view("AEROLITH_").size();
  std::vector<std::string> ends;
  for (const Setting& setting : settings()) {
    names.push_back(setting.environment());
    ends.push_back(names.back().substr(prefix));
  }
  std::vector<std::string> warnings;
  for (const auto& [name, value] : sources.environment) {
    if (!name.starts_with("AEROLITH_") || std::find(names.begin(), names.end(), name) != names.end()) continue;
    const std::string nearest = name == "AEROLITH_CONFIG" ? "" : nearest_name(name.substr(prefix), ends);
    if (!nearest.empty()) warnings.push_back(fmt::format("{} is no setting; did you mean AEROLITH_{}?", name, nearest));
  }
  return warnings;
}

Result<void, ConfigError> apply_text(LoadedConfig& loaded, size_t row, const std::string& text, std::string origin) {
  Result<SettingValue, ConfigError> value = parse_setting(settings()[row], text);
  if (!value.has_value()) {
    return fail(value.error().code, fmt::format("{}: {}", origin, value.error().detail));
  }
  loaded.values[row] = *std::move(value);
  loaded.origins[row] = std::move(origin);
  return {};
}

Result<void, ConfigError> apply_flags(LoadedConfig& loaded, const ConfigSources& sources) {
  for (const auto& [setting, text] : sources.flags) {
    const size_t row = static_cast<size_t>(setting - settings().data());
    const std::string origin = setting->flag();
    const bool again = loaded.origins[row] == origin;
    const SettingValue before = loaded.values[row];
    TRY(apply_text(loaded, row, text, origin));
    if (again && setting->kind == SettingKind::text_list) {
      std::vector<std::string>& list = loaded.values[row].list;
      list.insert(list.begin(), before.list.begin(), before.list.end());
    }
  }
  return {};
}

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string nearest_name(std::string_view word, std::span<const std::string> candidates) {
  std::string best;
  // Up to a third of the letters may be wrong.
  size_t best_distance = std::max<size_t>(word.size() / 3, 1) + 1;
  for (const std::string& candidate : candidates) {
    const size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

ConfigSources process_sources() {
  ConfigSources sources;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const char* equals = std::strchr(*entry, '=');
    if (equals != nullptr)
      sources.environment.emplace(std::string_view(*entry, static_cast<size_t>(equals - *entry)), equals + 1);
  }
  sources.is_root = geteuid() == 0;
  return sources;
}

Result<LoadedConfig, ConfigError> load_config(const ConfigSources& sources) {
  LoadedConfig loaded;
  for (const Setting& setting : settings()) {
    const bool computed = setting.dotted() == "data_folder";
    loaded.values.push_back(
        TRY(parse_setting(setting, computed ? default_data_folder(sources) : setting.default_text)));
    loaded.origins.emplace_back("default");
  }
  loaded.file = TRY(find_file(sources));
  if (loaded.file) TRY(read_config_file(*loaded.file, loaded));
  for (size_t row = 0; row < settings().size(); ++row) {
    const std::string name = settings()[row].environment();
    if (const auto text = find_variable(sources, name)) TRY(apply_text(loaded, row, *text, name));
  }
  TRY(apply_flags(loaded, sources));
  for (size_t row = 0; row < settings().size(); ++row) settings()[row].store(loaded.config, loaded.values[row]);

  std::error_code error;
  loaded.config.data_folder = std::filesystem::absolute(loaded.config.data_folder, error).lexically_normal();
  if (!loaded.config.log.file.empty())
    loaded.config.log.file = std::filesystem::absolute(loaded.config.log.file, error);
  if (!loaded.config.sts.web_identity_ca.empty())
    loaded.config.sts.web_identity_ca = std::filesystem::absolute(loaded.config.sts.web_identity_ca, error);
  loaded.warnings = misspelt_variables(sources);
  return loaded;
}

}  // namespace aerolith::main_program
