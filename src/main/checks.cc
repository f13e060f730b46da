#include "main/checks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <system_error>

#include "main/aws_profile.h"
#include "main/host.h"
#include "main/listen_address.h"
#include "main/name_checks.h"
#include "main/quantity.h"
#include "main/run_state.h"

namespace aerolith::main_program {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kGibibyte = uint64_t{1} << 30;

Check good(std::string name, std::string detail) { return {std::move(name), CheckState::good, std::move(detail), ""}; }
Check warning(std::string name, std::string detail, std::string remedy) {
  return {std::move(name), CheckState::warning, std::move(detail), std::move(remedy)};
}
Check failed(std::string name, std::string detail, std::string remedy) {
  return {std::move(name), CheckState::failed, std::move(detail), std::move(remedy)};
}

// The folder itself, or the nearest one above it that exists.
fs::path existing_part(fs::path path) {
  std::error_code error;
  while (!fs::exists(path, error) && path.has_parent_path() && path != path.parent_path()) path = path.parent_path();
  return path;
}

// A file written, synced and removed there; in milliseconds, or errno as a negative number.
int64_t time_durable_write(const fs::path& folder) {
  std::string name = (folder / ".aerolith-doctor-XXXXXX").string();
  const int file = mkostemp(name.data(), O_CLOEXEC);
  if (file < 0) return -errno;
  const auto start = std::chrono::steady_clock::now();
  int problem = 0;
  if (write(file, "aerolith", 8) != 8 || fsync(file) != 0) problem = errno;
  const auto spent = std::chrono::steady_clock::now() - start;
  close(file);
  unlink(name.c_str());
  return problem != 0 ? -problem : std::chrono::duration_cast<std::chrono::milliseconds>(spent).count();
}

void check_data_folder(const Invocation& invocation, std::vector<Check>& checks) {
  const fs::path root = invocation.folder().root;
  const fs::path there = existing_part(root);
  const std::string elsewhere = "aerolith up --data-folder <a folder of yours on a local disk>";
  const int64_t spent = time_durable_write(there);
  if (spent < 0) {
    const std::string why = std::strerror(static_cast<int>(-spent));
    checks.push_back(
        failed("data folder", fmt::format("{} can't be written durably: {}", there.string(), why), elsewhere));
    return;
  }
  struct statfs system{};
  constexpr long kTmpfs = 0x01021994;
  if (statfs(there.c_str(), &system) == 0 && system.f_type == kTmpfs) {
    checks.push_back(
        warning("data folder", fmt::format("{} is in memory: a reboot takes everything", root.string()), elsewhere));
  } else if (spent > 100) {
    checks.push_back(warning("data folder",
                             fmt::format("{}: a durable write takes {} ms; writes will be slow", root.string(), spent),
                             elsewhere));
  } else {
    checks.push_back(good("data folder", fmt::format("{}, a durable write takes {} ms", root.string(), spent)));
  }
  std::error_code error;
  const auto space = fs::space(there, error);
  const std::string free = fmt::format("{} free at {}", describe_size(space.available), there.string());
  if (error || space.available < 256 * (kGibibyte >> 10)) {
    checks.push_back(failed("disk space", free, elsewhere));
  } else if (space.available < kGibibyte) {
    checks.push_back(warning("disk space", free, elsewhere));
  } else {
    checks.push_back(good("disk space", free));
  }
}

void check_installation(const Invocation& invocation, std::vector<Check>& checks) {
  const auto installation = open_installation(invocation.folder().root);
  const auto store = check_store_is_there(invocation.folder());
  if (!store.has_value()) {
    checks.push_back(
        failed("installation", store.error().detail, "aerolith restore <backup> --data-folder <empty folder>"));
  } else if (installation.has_value()) {
    checks.push_back(good("installation", fmt::format("account {}, made {}", installation->account_id.str(),
                                                      format_iso8601(installation->created))));
  } else if (installation.error().code == InstallationErrorCode::absent) {
    checks.push_back(good("installation", "none yet; the first start makes it"));
  } else {
    checks.push_back(
        failed("installation", installation.error().detail, "aerolith restore <backup> --data-folder <empty folder>"));
  }
}

bool is_own(const ListenAddress& wanted, const std::optional<RunState>& server) {
  if (!server) return false;
  return std::any_of(server->addresses.begin(), server->addresses.end(), [&](const std::string& text) {
    const auto bound = resolve_listen_address(text);
    return bound && is_taken_by(wanted, *bound);
  });
}

void check_ports(const Invocation& invocation, std::vector<Check>& checks) {
  const auto server = find_running(invocation.folder());
  for (const std::string& address : invocation.config().listen) {
    const std::string name = "address " + address;
    const auto wanted = resolve_listen_address(address);
    if (wanted && is_own(*wanted, server)) {
      checks.push_back(good(name, fmt::format("in use by this very server (pid {})", server->pid)));
      continue;
    }
    const int error = wanted ? try_bind(*wanted) : EADDRNOTAVAIL;
    const std::string port = address.substr(address.rfind(':') + 1);
    if (error == 0) {
      checks.push_back(good(name, "free"));
    } else if (error == EADDRINUSE) {
      checks.push_back(
          failed(name, "in use by another program",
                 fmt::format("ss -ltnp 'sport = :{}' shows it; or: aerolith up --listen 127.0.0.1:0", port)));
    } else {
      checks.push_back(failed(name, std::strerror(error), "aerolith up --listen <an address of this machine>:<port>"));
    }
  }
}

void check_open_files(const Invocation& invocation, std::vector<Check>& checks) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  // Beside connections: the metadata store's files, and objects that are being read.
  const uint64_t wanted = invocation.config().http.max_connections + 4096;
  if (limit.rlim_max >= wanted) {
    checks.push_back(good("open files", fmt::format("up to {}", limit.rlim_max)));
  } else if (limit.rlim_max >= 1024) {
    checks.push_back(
        warning("open files", fmt::format("up to {}, and http.max_connections wants {}", limit.rlim_max, wanted),
                fmt::format("ulimit -Hn {} as root, or LimitNOFILE={} in the service's unit", wanted, wanted)));
  } else {
    checks.push_back(failed("open files", fmt::format("up to {}: too few", limit.rlim_max),
                            fmt::format("ulimit -Hn {} as root", wanted)));
  }
}

void check_clock(std::vector<Check>& checks) {
  constexpr Timestamp earliest = std::chrono::sys_days{std::chrono::year{2025} / 1 / 1};
  const Timestamp now = SystemClock().now();
  if (now < earliest) {
    checks.push_back(
        failed("clock", fmt::format("it is {} here: signatures and certificates will not hold", format_iso8601(now)),
               "timedatectl set-ntp true"));
    return;
  }
  timex status{};
  const bool synchronised = adjtimex(&status) != TIME_ERROR;
  checks.push_back(good("clock", fmt::format("{}{}", format_iso8601(now), synchronised ? ", synchronised" : "")));
}

std::string output_of(const char* command) {
  std::string text;
  FILE* const pipe = popen(command, "r");
  if (pipe == nullptr) return text;
  std::array<char, 256> buffer{};
  while (fgets(buffer.data(), buffer.size(), pipe) != nullptr) text += buffer.data();
  pclose(pipe);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

void check_aws_cli(std::vector<Check>& checks) {
  const std::string install =
      "pip install awscli, or https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html";
  const std::string version = output_of("aws --version 2>/dev/null");
  if (version.empty()) {
    checks.push_back(warning("aws CLI", "not on the PATH; any AWS client works, this is the usual one", install));
  } else if (!aws_cli_knows_endpoint_url(version)) {
    checks.push_back(warning("aws CLI",
                             fmt::format("{} is too old to read the endpoint from a profile or variable: it would ask "
                                         "AWS itself, unless given --endpoint-url each time",
                                         version),
                             install));
  } else {
    checks.push_back(good("aws CLI", version));
  }
}

void check_profile_content(const Invocation& invocation, const AwsFiles& files, std::vector<Check>& checks) {
  const auto installation = open_installation(invocation.folder().root);
  if (!installation.has_value()) {
    checks.push_back(good("AWS profile", "not looked at: its keys come with the installation"));
    return;
  }
  const auto server = find_running(invocation.folder());
  const bool known = server && server->ready;
  const Config& config = invocation.config();
  const AwsProfile profile =
      known ? make_aws_profile(*installation, server->region, local_endpoint(server->addresses), server->tls)
            : make_aws_profile(*installation, config.region, local_endpoint(config.listen), config.tls);
  const std::string place = fmt::format("`{}` in {}", kAwsProfileName, files.config.string());
  const std::string remedy = fmt::format("{}aerolith up", server ? "aerolith down; " : "");
  switch (find_aws_profile(files, profile)) {
    case AwsProfileState::current:
      checks.push_back(good("AWS profile", place));
      return;
    case AwsProfileState::stale:
      checks.push_back(warning("AWS profile", fmt::format("{} is of another server or setting", place), remedy));
      return;
    case AwsProfileState::missing:
      checks.push_back(warning("AWS profile", fmt::format("{} is missing", place), remedy));
      return;
  }
}

void check_profile(const Invocation& invocation, std::vector<Check>& checks) {
  if (!invocation.config().aws_profile) return;
  const auto files = find_aws_files(invocation.sources.environment);
  if (!files) {
    checks.push_back(warning("AWS profile", "HOME isn't set, so there is no place for it",
                             "export HOME=<your folder>, or: aerolith up --aws-profile=false"));
    return;
  }
  for (const fs::path& file : {files->config, files->credentials}) {
    if (access(existing_part(file).c_str(), W_OK) != 0) {
      checks.push_back(warning(
          "AWS profile", fmt::format("{} can't be written", file.string()),
          fmt::format("chown \"$USER\" {}, or: aerolith up --aws-profile=false", existing_part(file).string())));
      return;
    }
  }
  check_profile_content(invocation, *files, checks);
}

void check_instances(const Invocation& invocation, std::vector<Check>& checks) {
  constexpr std::pair<const char*, compute::Kind> kKinds[] = {{"containers", compute::Kind::container},
                                                              {"virtual machines", compute::Kind::vm}};
  const auto installation = open_installation(invocation.folder().root);
  for (const auto& [name, kind] : kKinds) {
    const std::vector<std::string> missing = find_missing_for(kind, invocation.config());
    std::string found = "instances of EC2 run here";
    if (kind == compute::Kind::vm) {
      found += ", " + describe_acceleration(installation.has_value() ? &*installation : nullptr);
    }
    if (missing.empty()) checks.push_back(good(name, std::move(found)));
    for (const std::string& sentence : missing) {
      // "… is missing: apt-get install …"
      const size_t colon = sentence.rfind(": ");
      const bool has_remedy = colon != std::string::npos;
      checks.push_back(warning(name, sentence.substr(0, colon), has_remedy ? sentence.substr(colon + 2) : ""));
    }
  }
}

}  // namespace

bool aws_cli_knows_endpoint_url(const std::string& version_text) {
  int major = 0;
  int minor = 0;
  if (std::sscanf(version_text.c_str(), "aws-cli/%d.%d", &major, &minor) != 2) return false;
  return major > 2 || (major == 2 && minor >= 13) || (major == 1 && minor >= 29);
}

std::vector<Check> check_machine(const Invocation& invocation) {
  std::vector<Check> checks;
  for (const std::string& text : invocation.loaded.warnings) {
    checks.push_back(warning("configuration", text, "unset the variable, or spell it right"));
  }
  check_data_folder(invocation, checks);
  check_installation(invocation, checks);
  check_ports(invocation, checks);
  check_open_files(invocation, checks);
  check_clock(checks);
  check_local_names(checks);
  check_dns(invocation, checks);
  check_trust(invocation, checks);
  check_instances(invocation, checks);
  check_aws_cli(checks);
  check_profile(invocation, checks);
  return checks;
}

}  // namespace aerolith::main_program
