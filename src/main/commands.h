// What each command does, once the command line is understood. One file each under commands/.
// Output for people or programs goes to standard output, problems to standard error.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "main/config.h"
#include "main/daemon.h"

namespace aerolith::main_program {

// docs/guide/command-line.md lists them for users.
enum ExitCode : int {
  kSuccess = 0,
  kFailed = 1,      // what was asked for didn't happen; standard error says why
  kWrongUsage = 2,  // the command line or the configuration is wrong
  kNotRunning = 3,  // there is no server to ask
};

enum class Output : uint8_t { text, json };
enum class Shell : uint8_t { bash, fish, zsh };

struct Invocation {
  LoadedConfig loaded;
  ConfigSources sources;
  Output output = Output::text;

  const Config& config() const { return loaded.config; }
  DataFolder folder() const { return DataFolder{loaded.config.data_folder}; }
};

using DaemonMain = int (*)(const Config&, const Installation&, const DaemonCallbacks&);

int run_serve(const Invocation& invocation, DaemonMain daemon);
int run_up(const Invocation& invocation, std::chrono::milliseconds patience);
// `ends_instances`: else they run on.
int run_down(const Invocation& invocation, std::chrono::milliseconds patience, bool ends_instances);
int run_status(const Invocation& invocation);
int run_env(const Invocation& invocation, Shell shell);
int run_doctor(const Invocation& invocation);

enum class TrustAction : uint8_t { install, remove, status };
int run_trust(const Invocation& invocation, TrustAction action);

struct LogsOptions {
  size_t lines = 100;
  bool follow = false;
};
int run_logs(const Invocation& invocation, const LogsOptions& options);

struct AuditOptions {
  std::string principal;
  std::string account;
  std::string action;
  std::string operation;
  std::string service;
  std::string resource;
  std::string request_id;
  std::string since;
  std::string until;
  bool denied = false;
  std::optional<size_t> limit;
  bool follow = false;
};
int run_audit(const Invocation& invocation, const AuditOptions& options);

struct TraceOptions {
  std::string principal;
  std::string account;
  std::string since;
  std::string until;
  std::string duration;
  size_t widen = 20;
  bool include_denied = false;
};
int run_iam_trace(const Invocation& invocation, const TraceOptions& options);
// Of --since and --until.
int report_bad_moment(std::string_view flag, std::string_view text);

int run_account_create(const Invocation& invocation, const std::string& name);
int run_account_delete(const Invocation& invocation, const std::string& id);
int run_account_list(const Invocation& invocation);

struct ImageOptions {
  std::string name;    // of build and pull: which one
  std::string source;  // a file or a URL
  std::string sha512;
  std::string description;
  std::string driver;
};
int run_image_build(const Invocation& invocation, const ImageOptions& options);
int run_image_import(const Invocation& invocation, const ImageOptions& options);
int run_image_pull(const Invocation& invocation, const ImageOptions& options);
int run_image_list(const Invocation& invocation);
int run_backup(const Invocation& invocation, const std::filesystem::path& to);
int run_restore(const Invocation& invocation, const std::filesystem::path& from);
int run_fsck(const Invocation& invocation);
int run_config(const Invocation& invocation);
int run_version(Output output);

// To standard error, "aerolith: <problem>"; answers `code`.
int report_problem(std::string_view problem, ExitCode code = kFailed);

}  // namespace aerolith::main_program
