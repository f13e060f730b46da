#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include "base/log.h"
#include "base/step.h"
#include "main/aws_profile.h"
#include "main/commands.h"
#include "main/listen_address.h"
#include "main/run_state.h"
#include "main/version.h"
#include "os/lock_file.h"

namespace aerolith::main_program {
namespace {

// Every connection is a descriptor; the default soft limit of 1024 is for programs that use select().
void raise_open_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// A signal that comes before the daemon waits for it must stay pending, and no thread, the log's own included, may take
// it instead: so it is blocked before any thread is made.
void block_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

void write_profile(const Invocation& invocation, const Installation& installation, const std::string& endpoint) {
  const auto files = find_aws_files(invocation.sources.environment);
  if (!files) {
    log_warning("no AWS profile written: HOME isn't set");
    return;
  }
  const Config& config = invocation.config();
  const auto written = write_aws_profile(*files, make_aws_profile(installation, config.region, endpoint, config.tls));
  if (!written.has_value()) {
    log_warning("no AWS profile written", {{"reason", written.error().detail}});
  } else if (*written) {
    log_info("AWS profile written", {{"profile", kAwsProfileName}, {"file", files->config.string()}});
  }
}

void log_installation(const Installation& installation) {
  if (installation.is_new) {
    log_info("made a new installation",
             {{"data_folder", installation.folder.root.string()}, {"account", installation.account_id.view()}});
  }
  if (!installation.certificate_event.empty()) {
    log_info(installation.certificate_event, {{"ca", installation.folder.ca_certificate().string()}});
  }
}

// The first address that other machines reach; empty when there is none.
std::string find_open_address(const std::vector<std::string>& listen) {
  for (const std::string& text : listen) {
    const auto where = resolve_listen_address(text);
    if (!where || !is_loopback(*where)) return text;
  }
  return {};
}

Result<std::unique_ptr<os::LockFile>, os::Error> take_lock(const DataFolder& folder) {
  os::RealFileSystem files;
  TRY(files.make_directories(folder.run().string()));
  return TRY(os::LockFile::acquire(folder.lock().string()));
}

}  // namespace

int run_serve(const Invocation& invocation, DaemonMain daemon) {
  umask(077);
  listen_to_steps();
  block_stop_signals();
  raise_open_file_limit();
  const Config& config = invocation.config();
  const DataFolder folder = invocation.folder();
  if (config.security.open_test_account && !config.security.open_test_account_beyond_loopback) {
    if (const std::string address = find_open_address(config.listen); !address.empty()) {
      return report_problem(fmt::format("[security] open_test_account is on, and {} may be reached by other machines: "
                                        "listen on loopback, or set open_test_account_beyond_loopback too",
                                        address),
                            kWrongUsage);
    }
  }
  if (!start_log({config.log.level, config.log.format, config.log.file.string()})) {
    return report_problem(fmt::format("can't open the log file {}", config.log.file.string()));
  }
  const auto lock = take_lock(folder);
  if (!lock.has_value()) {
    if (lock.error().code != os::ErrorCode::busy) return report_problem(lock.error().detail);
    return report_problem(
        fmt::format("already running on {}: {}; see `aerolith status`, or name another folder with "
                    "--data-folder",
                    folder.root.string(), lock.error().detail));
  }
  const SystemClock clock;
  const auto installation = open_or_create_installation(config, clock);
  if (!installation.has_value()) return report_problem(installation.error().detail);
  for (const std::string& warning : invocation.loaded.warnings) log_warning(warning);
  log_installation(*installation);

  RunState state = own_run_state(clock.now());
  state.version = version();
  state.region = config.region;
  state.tls = config.tls;
  state.log_file = config.log.file.string();
  if (const auto written = write_run_state(folder, state); !written.has_value()) {
    return report_problem(written.error().detail);
  }
  DaemonCallbacks callbacks;
  callbacks.ready = [&](const std::vector<std::string>& addresses) {
    if (config.aws_profile) write_profile(invocation, *installation, local_endpoint(addresses));
    state.addresses = addresses;
    state.ready = true;
    const auto written = write_run_state(folder, state);
    if (!written.has_value()) log_error("can't write the run state", {{"reason", written.error().detail}});
  };
  const int code = daemon(config, *installation, callbacks);
  remove_run_state(folder);
  flush_log();
  return code;
}

}  // namespace aerolith::main_program
