#include "main/config_file.h"

#include <fmt/format.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

// Some garbage ("[[[") breaks assertions of this parser. Undefined behaviour is no answer to a typing mistake: they
// throw.
namespace aerolith::main_program {
[[noreturn]] inline void refuse_toml() { throw std::invalid_argument("this is not TOML"); }
}  // namespace aerolith::main_program
#define TOML_EXCEPTIONS 1
#define TOML_ASSERT(condition) ((condition) ? static_cast<void>(0) : ::aerolith::main_program::refuse_toml())
// With NDEBUG the library makes assumptions of them, whatever TOML_ASSERT is.
#pragma push_macro("NDEBUG")
#undef NDEBUG
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

namespace aerolith::main_program {
namespace {

std::string place(const std::filesystem::path& file, const toml::source_region& source) {
  return fmt::format("{}:{}", file.string(), source.begin.line);
}

std::unexpected<ConfigError> unknown_key(const std::string& where, const std::string& dotted) {
  std::vector<std::string> names;
  for (const Setting& setting : settings()) names.push_back(setting.dotted());
  std::string nearest = nearest_name(dotted, names);
  if (nearest.empty()) {
    // The right key in the wrong section is as common as a slip of the finger.
    const std::string key = dotted.substr(dotted.rfind('.') + 1);
    for (const Setting& setting : settings()) {
      if (setting.key == key) nearest = setting.dotted();
    }
  }
  const std::string hint =
      nearest.empty() ? "; `aerolith config` lists all" : fmt::format("; did you mean `{}`?", nearest);
  return fail(ConfigErrorCode::unknown_key, fmt::format("{}: unknown key `{}`{}", where, dotted, hint));
}

std::unexpected<ConfigError> wrong_type(const std::string& where, const Setting& setting, std::string_view expected) {
  return fail(ConfigErrorCode::bad_value, fmt::format("{}: `{}` must be {}", where, setting.dotted(), expected));
}

Result<SettingValue, ConfigError> list_of(const Setting& setting, const toml::node& node, const std::string& where) {
  if (!node.is_array()) return wrong_type(where, setting, "a list of strings, such as [\"a\", \"b\"]");
  std::vector<std::string> elements;
  for (const toml::node& element : *node.as_array()) {
    if (!element.is_string()) return wrong_type(where, setting, "a list of strings, such as [\"a\", \"b\"]");
    elements.push_back(element.as_string()->get());
  }
  auto value = parse_elements(setting, std::move(elements));
  if (!value.has_value()) return fail(value.error().code, fmt::format("{}: {}", where, value.error().detail));
  return value;
}

// The node as the text that parse_setting takes, after a look at its type.
Result<std::string, ConfigError> text_of(const Setting& setting, const toml::node& node, const std::string& where) {
  switch (setting.kind) {
    case SettingKind::boolean:
      if (node.is_boolean()) return std::string(node.as_boolean()->get() ? "true" : "false");
      return wrong_type(where, setting, "true or false");
    case SettingKind::count:
      if (node.is_integer()) return fmt::format("{}", node.as_integer()->get());
      return wrong_type(where, setting, "a whole number");
    case SettingKind::size:
      if (node.is_integer()) return fmt::format("{}", node.as_integer()->get());
      if (node.is_string()) return node.as_string()->get();
      return wrong_type(where, setting, "a size, such as \"64KiB\" or a number of bytes");
    case SettingKind::duration:
      if (node.is_string()) return node.as_string()->get();
      return wrong_type(where, setting, "a duration with its unit, such as \"30s\" or \"500ms\"");
    case SettingKind::text:
    case SettingKind::path:
    case SettingKind::choice:
    case SettingKind::text_list:
      if (node.is_string()) return node.as_string()->get();
      return wrong_type(where, setting, "a string in quotes");
  }
  return wrong_type(where, setting, "something else");
}

Result<void, ConfigError> apply_node(const std::filesystem::path& file, const std::string& dotted,
                                     const toml::node& node, LoadedConfig& loaded) {
  const std::string where = place(file, node.source());
  const Setting* setting = find_setting(dotted);
  if (setting == nullptr) return unknown_key(where, dotted);
  const size_t row = static_cast<size_t>(setting - settings().data());
  if (setting->kind == SettingKind::text_list) {
    loaded.values[row] = TRY(list_of(*setting, node, where));
  } else {
    const std::string text = TRY(text_of(*setting, node, where));
    Result<SettingValue, ConfigError> value = parse_setting(*setting, text);
    if (!value.has_value()) return fail(value.error().code, fmt::format("{}: {}", where, value.error().detail));
    loaded.values[row] = *std::move(value);
  }
  loaded.origins[row] = where;
  return {};
}

bool is_section(std::string_view name) {
  for (const Setting& setting : settings()) {
    if (setting.section == name) return true;
  }
  return false;
}

std::unexpected<ConfigError> unknown_section(const std::string& where, const std::string& name) {
  std::vector<std::string> names;
  for (const Setting& setting : settings()) {
    if (!setting.section.empty()) names.emplace_back(setting.section);
  }
  const std::string nearest = nearest_name(name, names);
  const std::string hint =
      nearest.empty() ? "; `aerolith config` lists all" : fmt::format("; did you mean `[{}]`?", nearest);
  return fail(ConfigErrorCode::unknown_key, fmt::format("{}: unknown section `[{}]`{}", where, name, hint));
}

}  // namespace

Result<void, ConfigError> read_config_file(const std::filesystem::path& file, LoadedConfig& loaded) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream bytes;
  if (!stream || !(bytes << stream.rdbuf())) {
    // An empty file sets failbit on <<; that alone is no error.
    if (!stream.is_open() || stream.bad()) {
      return fail(ConfigErrorCode::unreadable, fmt::format("{}: can't be read", file.string()));
    }
  }
  const std::string text = bytes.str();
  toml::table table;
  try {
    table = toml::parse(text, file.string());
  } catch (const toml::parse_error& error) {
    return fail(ConfigErrorCode::syntax, fmt::format("{}: {}", place(file, error.source()), error.description()));
  } catch (const std::invalid_argument& error) {
    return fail(ConfigErrorCode::syntax, fmt::format("{}: {}", file.string(), error.what()));
  }
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    if (!node.is_table()) {
      TRY(apply_node(file, name, node, loaded));
      continue;
    }
    const std::string where = place(file, key.source());
    if (!is_section(name)) return unknown_section(where, name);
    for (const auto& [inner_key, inner] : *node.as_table()) {
      const std::string dotted = fmt::format("{}.{}", name, inner_key.str());
      if (inner.is_table()) return unknown_key(place(file, inner_key.source()), dotted);
      TRY(apply_node(file, dotted, inner, loaded));
    }
  }
  return {};
}

}  // namespace aerolith::main_program
