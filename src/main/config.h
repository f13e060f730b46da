// The settings of one installation: one TOML file, environment variables and flags over built-in defaults.
//
// One table (settings()) says everything about every setting; the TOML reader, the environment, the flags,
// `aerolith config` and docs/guide/configuration.md all come from it.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/result.h"

namespace aerolith::main_program {

// Plain values, already checked against the table's ranges. Every field has a row in settings().
struct Config {
  std::filesystem::path data_folder;  // absolute
  std::vector<std::string> listen;    // host:port or [v6]:port; port 0 picks a free one
  std::string region;
  bool tls = true;                      // TLS beside plain HTTP on the same port
  std::vector<std::string> host_names;  // more names of this machine: certificate and virtual-hosted buckets
  bool aws_profile = true;              // write the profile `aerolith` for AWS clients at start

  struct Log {
    LogLevel level = LogLevel::info;
    LogFormat format = LogFormat::text;
    std::filesystem::path file;  // empty: standard error
    bool access = true;          // one line a request
  } log;

  struct Http {
    uint64_t io_threads = 0;
    uint64_t handler_threads = 0;
    uint64_t handler_queue = 0;
    uint64_t max_connections = 0;
    uint64_t head_limit_bytes = 0;
    uint64_t body_limit_bytes = 0;
    uint64_t body_buffer_bytes = 0;
    uint64_t body_memory_bytes = 0;
    std::chrono::milliseconds head_deadline{};
    std::chrono::milliseconds idle_deadline{};
    std::chrono::milliseconds stall_deadline{};
    std::chrono::milliseconds stop_deadline{};
  } http;

  struct Dns {
    bool enabled = false;               // answer queries for names of ours
    std::vector<std::string> listen;    // as above; UDP and TCP
    std::vector<std::string> upstream;  // resolvers for everything else; empty: that is refused
  } dns;

  struct Metadata {
    uint64_t cache_bytes = 0;
  } metadata;

  struct Sts {
    std::filesystem::path web_identity_ca;  // empty: none
  } sts;

  struct Ec2 {
    std::string public_cidr;      // a /16 to /28 of IPv4
    std::string driver;           // container, vm, or auto: what this host can
    bool allows_internet = true;  // whether guests reach beyond this host
    uint64_t memory_percent = 0;  // of the host's, for instances
    uint64_t container_overcommit = 0;
    std::chrono::milliseconds scrub_every{};
    uint64_t scrub_bytes_per_second = 0;
    uint64_t fill_bytes_per_second = 0;
  } ec2;

  struct Objects {
    std::chrono::milliseconds scrub_every{};
    uint64_t scrub_bytes_per_second = 0;
  } objects;

  struct Security {
    bool is_audit_mode = false;  // what policies deny goes through, and is recorded
    bool open_test_account = false;
    bool open_test_account_beyond_loopback = false;
  } security;

  struct Audit {
    bool enabled = true;
    uint64_t file_bytes = 0;
    std::chrono::milliseconds file_age{};
    uint64_t keep_bytes = 0;
    std::chrono::milliseconds keep_age{};
    uint64_t queue_events = 0;
    std::chrono::milliseconds sync_every{};
  } audit;
};

enum class SettingKind : uint8_t { boolean, count, size, duration, text, path, choice, text_list };

// One value: the setting's kind says which field holds it.
struct SettingValue {
  bool truth = false;                  // boolean
  uint64_t number = 0;                 // count, size (bytes), duration (milliseconds)
  std::string text = {};               // text, path, choice
  std::vector<std::string> list = {};  // text_list
  bool operator==(const SettingValue&) const = default;
};

struct Setting {
  std::string_view section;  // empty for keys at the top of the file
  std::string_view key;
  SettingKind kind;
  std::string_view default_text;  // as it would stand in a variable; data_folder's is computed
  std::string_view doc;
  uint64_t min = 0;  // count, size, duration; how many elements of a list
  uint64_t max = UINT64_MAX;
  std::span<const std::string_view> choices = {};
  // Null, or what is wrong with one text (of each element of a list); empty when it is right.
  std::string (*check)(const std::string& text) = nullptr;
  void (*store)(Config& config, const SettingValue& value) = nullptr;

  std::string dotted() const;       // "http.io_threads"
  std::string environment() const;  // "AEROLITH_HTTP_IO_THREADS"
  std::string flag() const;         // "--http-io-threads"
};

std::span<const Setting> settings();
const Setting* find_setting(std::string_view dotted);

enum class ConfigErrorCode { unreadable, syntax, unknown_key, bad_value };
using ConfigError = Failure<ConfigErrorCode>;  // the detail is a whole sentence for the user

// From the text of an environment variable or a flag: "64KiB", "30s", "true", "a,b".
Result<SettingValue, ConfigError> parse_setting(const Setting& setting, std::string_view text);
// A list of these elements, each checked.
Result<SettingValue, ConfigError> parse_elements(const Setting& setting, std::vector<std::string> elements);
// The shortest text that parse_setting reads as the same value.
std::string format_setting(const Setting& setting, const SettingValue& value);

struct ConfigSources {
  std::optional<std::string> config_flag;                           // --config
  std::map<std::string, std::string> environment;                   // all variables of the process
  std::vector<std::pair<const Setting*, std::string>> flags;        // in the order given; a list's flags add up
  std::filesystem::path system_file = "/etc/aerolith/config.toml";  // the last place searched
  bool is_root = false;                                             // decides the default data folder
};
// This process's environment and user, no flags.
ConfigSources process_sources();

struct LoadedConfig {
  Config config;
  std::optional<std::filesystem::path> file;  // the file that was read
  // Beside each row of settings(): its value, and where it came from ("default", "file:line", variable or flag).
  std::vector<SettingValue> values;
  std::vector<std::string> origins;
  std::vector<std::string> warnings;  // variables that look like misspelt settings
};

// Flags over environment over file over defaults. The file is --config, else $AEROLITH_CONFIG (each must exist),
// else the first that exists of $XDG_CONFIG_HOME/aerolith/config.toml (~/.config) and /etc/aerolith/config.toml.
Result<LoadedConfig, ConfigError> load_config(const ConfigSources& sources);

// The effective configuration as a TOML file that gives it again, a comment a line saying where it came from.
std::string print_config_toml(const LoadedConfig& loaded);
std::string print_config_json(const LoadedConfig& loaded);
// The page docs/guide/configuration.md.
std::string print_config_markdown();

// The candidate closest to `word`, empty when none is close enough to be what was meant.
std::string nearest_name(std::string_view word, std::span<const std::string> candidates);

}  // namespace aerolith::main_program
