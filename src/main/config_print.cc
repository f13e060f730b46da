// The table of settings for people and programs to read.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "main/config.h"

namespace aerolith::main_program {
namespace {

std::string quote(std::string_view text) {
  // A TOML basic string takes JSON's escapes, save "\/", which Boost doesn't write.
  return boost::json::serialize(boost::json::string_view(text.data(), text.size()));
}

std::string toml_value(const Setting& setting, const SettingValue& value) {
  switch (setting.kind) {
    case SettingKind::boolean:
    case SettingKind::count:
      return format_setting(setting, value);
    case SettingKind::text_list: {
      std::string list;
      for (const std::string& item : value.list) {
        list += (list.empty() ? "" : ", ") + quote(item);
      }
      return "[" + list + "]";
    }
    default:
      return quote(format_setting(setting, value));
  }
}

std::string limit(const Setting& setting, uint64_t number) {
  return format_setting(setting, SettingValue{.number = number});
}

std::string kind_name(const Setting& setting) {
  switch (setting.kind) {
    case SettingKind::boolean:
      return "true or false";
    case SettingKind::count:
      return fmt::format("number, {} to {}", setting.min, setting.max);
    case SettingKind::size:
      return fmt::format("size, {} to {}", limit(setting, setting.min), limit(setting, setting.max));
    case SettingKind::duration:
      return fmt::format("duration, {} to {}", limit(setting, setting.min), limit(setting, setting.max));
    case SettingKind::text:
      return "text";
    case SettingKind::path:
      return "path";
    case SettingKind::choice:
      return fmt::format("one of `{}`", fmt::join(setting.choices, "`, `"));
    case SettingKind::text_list:
      return "list of texts";
  }
  return "";
}

void describe_setting(std::string& page, const Setting& setting) {
  page += fmt::format("### `{}`\n\n{}\n\n", setting.dotted(), setting.doc);
  page += fmt::format("- Kind: {}\n", kind_name(setting));
  if (setting.dotted() != "data_folder") {
    const auto value = parse_setting(setting, setting.default_text);
    if (value.has_value()) page += fmt::format("- Default: `{}`\n", toml_value(setting, *value));
  }
  page += fmt::format("- Variable `{}`, flag `{}`\n\n", setting.environment(), setting.flag());
}

constexpr std::string_view kIntroduction =
    R"(# Configuration

This page is made by `aerolith config --markdown`; a test keeps it equal to the program.

Everything has a default, so most installations have no configuration at all. What you want otherwise comes from, in this
order, the later winning: one TOML file, environment variables, flags.

The file is the one that `--config` names, else the one that the variable `AEROLITH_CONFIG` names, else the first that
exists of `$XDG_CONFIG_HOME/aerolith/config.toml` (`~/.config/aerolith/config.toml` where that isn't set) and
`/etc/aerolith/config.toml`. A key that Aerolith doesn't know is an error that names the file, the line and the nearest key.

`aerolith config` prints what is in effect and where each value came from; its output is itself such a file.

```toml
region = "eu-west-1"
listen = ["127.0.0.1:4566", "[::1]:4566"]

[log]
level = "debug"

[http]
body_limit = "8GiB"
idle_deadline = "90s"
```

Sizes are a number and a unit: `B`, `KiB`, `MiB`, `GiB`, `TiB`, or `kB`, `MB`, `GB`, `TB`; without a unit, bytes.
Durations are a number and a unit: `ms`, `s`, `m`, `h`, `d`. Lists in a variable are separated by commas; a flag for
a list may also be given several times.

)";

}  // namespace

std::string print_config_toml(const LoadedConfig& loaded) {
  std::string text = loaded.file ? fmt::format("# file: {}\n", loaded.file->string()) : "# file: none\n";
  std::string_view section;
  for (size_t row = 0; row < settings().size(); ++row) {
    const Setting& setting = settings()[row];
    if (setting.section != section) text += fmt::format("\n[{}]\n", setting.section);
    section = setting.section;
    text += fmt::format("{} = {}  # {}\n", setting.key, toml_value(setting, loaded.values[row]), loaded.origins[row]);
  }
  return text;
}

std::string print_config_json(const LoadedConfig& loaded) {
  boost::json::object all;
  for (size_t row = 0; row < settings().size(); ++row) {
    boost::json::object one;
    const SettingValue& value = loaded.values[row];
    switch (settings()[row].kind) {
      case SettingKind::boolean:
        one["value"] = value.truth;
        break;
      case SettingKind::count:
        one["value"] = value.number;
        break;
      case SettingKind::text_list:
        one["value"] = boost::json::value_from(value.list);
        break;
      default:
        one["value"] = format_setting(settings()[row], value);
    }
    one["from"] = loaded.origins[row];
    all[settings()[row].dotted()] = std::move(one);
  }
  return boost::json::serialize(all) + "\n";
}

std::string print_config_markdown() {
  std::string page(kIntroduction);
  page += "## General\n\n";
  std::string_view section;
  for (const Setting& setting : settings()) {
    if (setting.section != section) page += fmt::format("## `[{}]`\n\n", setting.section);
    section = setting.section;
    describe_setting(page, setting);
  }
  page.pop_back();
  return page;
}

}  // namespace aerolith::main_program
