// The table of settings: a row here, and a field in Config, is all that a new setting needs.
#include <arpa/inet.h>

#include <array>
#include <cctype>

#include "base/encoding.h"
#include "main/config.h"

namespace aerolith::main_program {
namespace {

constexpr std::array<std::string_view, 4> kLevels = {"debug", "info", "warning", "error"};
constexpr std::array<std::string_view, 2> kFormats = {"text", "json"};
constexpr std::array<std::string_view, 2> kModes = {"enforce", "audit"};
constexpr std::array<std::string_view, 3> kDrivers = {"auto", "container", "vm"};

constexpr uint64_t kKiB = uint64_t{1} << 10;
constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kGiB = uint64_t{1} << 30;
constexpr uint64_t kTiB = uint64_t{1} << 40;
constexpr uint64_t kSecond = 1000;
constexpr uint64_t kHour = 3600 * kSecond;

std::chrono::milliseconds duration_of(const SettingValue& value) {
  return std::chrono::milliseconds(static_cast<int64_t>(value.number));
}

// Partition, then words, then a number: "us-east-1", "ap-southeast-2", "us-gov-west-1".
std::string check_region(const std::string& text) {
  size_t dashes = 0;
  bool good = text.size() >= 6 && text.size() <= 32 && std::isdigit(static_cast<unsigned char>(text.back())) != 0;
  for (const char c : text) {
    if (c == '-') ++dashes;
    good = good && (c == '-' || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'));
  }
  return good && dashes >= 2 ? "" : "is not the name of a region, such as us-east-1";
}

std::string check_listen(const std::string& text) {
  const std::string expected = "is not an address and port, such as 127.0.0.1:4566 or [::1]:4566";
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == text.size()) return expected;
  const std::string host = text.substr(0, colon);
  const std::string port = text.substr(colon + 1);
  const bool bracketed = host.front() == '[' && host.back() == ']';
  if (!bracketed && host.find(':') != std::string::npos) return expected;
  if (port.size() > 5 || port.find_first_not_of("0123456789") != std::string::npos) return expected;
  return std::stoul(port) <= 65535 ? "" : "has a port above 65535";
}

std::string check_host_name(const std::string& text) {
  bool good = !text.empty() && text.size() <= 253 && text.front() != '.' && text.back() != '.';
  for (const char c : text) good = good && (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.');
  return good ? "" : "is not a host name (no port, no wildcard; *.<name> is covered by itself)";
}

// a.b.c.d/16 to /28, without host bits.
std::string check_public_cidr(const std::string& text) {
  const std::string expected = "is not a range of IPv4 addresses between /16 and /28, such as 198.18.0.0/16";
  const size_t slash = text.find('/');
  if (slash == std::string::npos) return expected;
  const std::string prefix = text.substr(slash + 1);
  in_addr address{};
  if (::inet_pton(AF_INET, text.substr(0, slash).c_str(), &address) != 1) return expected;
  if (prefix.size() != 2 || prefix.find_first_not_of("0123456789") != std::string::npos) return expected;
  const unsigned long bits = std::stoul(prefix);
  if (bits < 16 || bits > 28) return expected;
  const uint32_t host_bits = ntohl(address.s_addr) & (UINT32_MAX >> bits);
  return host_bits == 0 ? "" : "has bits of single hosts set; a range of /" + prefix + " ends in zeros";
}

std::string check_folder(const std::string& text) { return text.empty() ? "is empty: name a folder" : ""; }

LogLevel level_of(const std::string& text) {
  for (size_t i = 0; i < kLevels.size(); ++i) {
    if (kLevels[i] == text) return static_cast<LogLevel>(i);
  }
  return LogLevel::info;
}

const std::array kSettings = {
    Setting{.section = "",
            .key = "data_folder",
            .kind = SettingKind::path,
            .default_text = "",
            .doc =
                "Everything that Aerolith keeps. Default: `$XDG_DATA_HOME/aerolith`, `~/.local/share/aerolith` where "
                "that isn't set, `/var/lib/aerolith` for root.",
            .check = check_folder,
            .store = [](Config& c, const SettingValue& v) { c.data_folder = v.text; }},
    Setting{.section = "",
            .key = "listen",
            .kind = SettingKind::text_list,
            .default_text = "127.0.0.1:4566",
            .doc =
                "Addresses to listen on, `host:port` or `[v6]:port`; port 0 picks a free one. All services share them, "
                "plain HTTP and TLS alike. Whoever reaches an address can try keys there: think before you leave "
                "loopback.",
            .min = 1,
            .check = check_listen,
            .store = [](Config& c, const SettingValue& v) { c.listen = v.list; }},
    Setting{.section = "",
            .key = "region",
            .kind = SettingKind::text,
            .default_text = "us-east-1",
            .doc = "The region that this installation is.",
            .check = check_region,
            .store = [](Config& c, const SettingValue& v) { c.region = v.text; }},
    Setting{.section = "",
            .key = "tls",
            .kind = SettingKind::boolean,
            .default_text = "true",
            .doc = "Answer TLS too, on the same ports, with a certificate of the local CA.",
            .store = [](Config& c, const SettingValue& v) { c.tls = v.truth; }},
    Setting{.section = "",
            .key = "host_names",
            .kind = SettingKind::text_list,
            .default_text = "",
            .doc = "More names that clients reach this machine by. Each goes into the server certificate, `*.` and "
                   "`*.s3.` of it too: buckets are found at `<bucket>.s3.<name>`.",
            .check = check_host_name,
            .store = [](Config& c, const SettingValue& v) { c.host_names = v.list; }},
    Setting{.section = "",
            .key = "aws_profile",
            .kind = SettingKind::boolean,
            .default_text = "true",
            .doc =
                "At start, write the profile `aerolith` into the files of AWS clients (`~/.aws/config` and "
                "`~/.aws/credentials`, or where `AWS_CONFIG_FILE` and `AWS_SHARED_CREDENTIALS_FILE` say). Everything "
                "else in them stays as it is.",
            .store = [](Config& c, const SettingValue& v) { c.aws_profile = v.truth; }},
    Setting{.section = "log",
            .key = "level",
            .kind = SettingKind::choice,
            .default_text = "info",
            .doc = "The least important lines that are logged.",
            .choices = kLevels,
            .store = [](Config& c, const SettingValue& v) { c.log.level = level_of(v.text); }},
    Setting{
        .section = "log",
        .key = "format",
        .kind = SettingKind::choice,
        .default_text = "text",
        .doc = "`json` for a machine to read.",
        .choices = kFormats,
        .store = [](Config& c,
                    const SettingValue& v) { c.log.format = v.text == "json" ? LogFormat::json : LogFormat::text; }},
    Setting{.section = "log",
            .key = "file",
            .kind = SettingKind::path,
            .default_text = "",
            .doc = "The file to log to. Empty: standard error (`aerolith up` puts that into "
                   "`<data folder>/log/aerolith.log`).",
            .store = [](Config& c, const SettingValue& v) { c.log.file = v.text; }},
    Setting{.section = "log",
            .key = "access",
            .kind = SettingKind::boolean,
            .default_text = "true",
            .doc = "One line a request.",
            .store = [](Config& c, const SettingValue& v) { c.log.access = v.truth; }},
    Setting{.section = "http",
            .key = "io_threads",
            .kind = SettingKind::count,
            .default_text = "1",
            .doc = "Threads that move bytes between sockets and handlers.",
            .min = 1,
            .max = 256,
            .store = [](Config& c, const SettingValue& v) { c.http.io_threads = v.number; }},
    Setting{.section = "http",
            .key = "handler_threads",
            .kind = SettingKind::count,
            .default_text = "64",
            .doc = "Requests that run at the same time, at most. Threads are made when they are needed.",
            .min = 1,
            .max = 4096,
            .store = [](Config& c, const SettingValue& v) { c.http.handler_threads = v.number; }},
    Setting{.section = "http",
            .key = "handler_queue",
            .kind = SettingKind::count,
            .default_text = "1024",
            .doc = "Requests that wait for a thread, at most. Past it, clients are told to slow down (503).",
            .min = 0,
            .max = 1'000'000,
            .store = [](Config& c, const SettingValue& v) { c.http.handler_queue = v.number; }},
    Setting{.section = "http",
            .key = "max_connections",
            .kind = SettingKind::count,
            .default_text = "20000",
            .doc = "Open connections, at most. Past it, a new one is closed at once.",
            .min = 1,
            .max = 1'000'000,
            .store = [](Config& c, const SettingValue& v) { c.http.max_connections = v.number; }},
    Setting{.section = "http",
            .key = "head_limit",
            .kind = SettingKind::size,
            .default_text = "64KiB",
            .doc = "The longest request line and header fields together (past it: 431).",
            .min = 4 * kKiB,
            .max = 16 * kMiB,
            .store = [](Config& c, const SettingValue& v) { c.http.head_limit_bytes = v.number; }},
    Setting{.section = "http",
            .key = "body_limit",
            .kind = SettingKind::size,
            .default_text = "6GiB",
            .doc = "The longest request body (past it: 413). S3 takes 5 GiB in one request, and framing comes on top.",
            .min = 64 * kKiB,
            .max = kTiB,
            .store = [](Config& c, const SettingValue& v) { c.http.body_limit_bytes = v.number; }},
    Setting{.section = "http",
            .key = "body_buffer",
            .kind = SettingKind::size,
            .default_text = "512KiB",
            .doc = "Memory between socket and handler, for each request that has a body.",
            .min = 4 * kKiB,
            .max = kGiB,
            .store = [](Config& c, const SettingValue& v) { c.http.body_buffer_bytes = v.number; }},
    Setting{.section = "http",
            .key = "body_memory",
            .kind = SettingKind::size,
            .default_text = "1GiB",
            .doc = "Memory of all these buffers together; past it, requests with a body get 503.",
            .min = kMiB,
            .max = kTiB,
            .store = [](Config& c, const SettingValue& v) { c.http.body_memory_bytes = v.number; }},
    Setting{.section = "http",
            .key = "head_deadline",
            .kind = SettingKind::duration,
            .default_text = "30s",
            .doc = "From the first byte of a request to the end of its header fields; also for the TLS handshake.",
            .min = 10,
            .max = kHour,
            .store = [](Config& c, const SettingValue& v) { c.http.head_deadline = duration_of(v); }},
    Setting{.section = "http",
            .key = "idle_deadline",
            .kind = SettingKind::duration,
            .default_text = "2m",
            .doc = "How long a connection may wait for its next request.",
            .min = 10,
            .max = 24 * kHour,
            .store = [](Config& c, const SettingValue& v) { c.http.idle_deadline = duration_of(v); }},
    Setting{.section = "http",
            .key = "stall_deadline",
            .kind = SettingKind::duration,
            .default_text = "20s",
            .doc = "How long a body, either way, may make no progress.",
            .min = 10,
            .max = kHour,
            .store = [](Config& c, const SettingValue& v) { c.http.stall_deadline = duration_of(v); }},
    Setting{.section = "http",
            .key = "stop_deadline",
            .kind = SettingKind::duration,
            .default_text = "30s",
            .doc = "How long running requests may take to finish when the server stops.",
            .min = 0,
            .max = kHour,
            .store = [](Config& c, const SettingValue& v) { c.http.stop_deadline = duration_of(v); }},
    Setting{.section = "dns",
            .key = "enabled",
            .kind = SettingKind::boolean,
            .default_text = "false",
            .doc = "Answer DNS queries for AWS's and our own host names with this server's address, so that clients "
                   "whose endpoint is hard-wired come here. See [names.md](names.md).",
            .store = [](Config& c, const SettingValue& v) { c.dns.enabled = v.truth; }},
    Setting{.section = "dns",
            .key = "listen",
            .kind = SettingKind::text_list,
            .default_text = "127.0.0.1:4553",
            .doc = "Addresses where it listens, UDP and TCP both. Resolvers that can't be told a port ask port 53.",
            .min = 1,
            .check = check_listen,
            .store = [](Config& c, const SettingValue& v) { c.dns.listen = v.list; }},
    Setting{.section = "dns",
            .key = "upstream",
            .kind = SettingKind::text_list,
            .default_text = "",
            .doc = "Resolvers, `address:port`, that are asked for all other names, in this order. Empty: other names "
                   "are refused. Whoever reaches the responder can then ask them too.",
            .check = check_listen,
            .store = [](Config& c, const SettingValue& v) { c.dns.upstream = v.list; }},
    Setting{.section = "metadata",
            .key = "cache_bytes",
            .kind = SettingKind::size,
            .default_text = "32MiB",
            .doc = "Memory for blocks of the metadata store that were read before. Filled as it is used.",
            .min = kMiB,
            .max = kTiB,
            .store = [](Config& c, const SettingValue& v) { c.metadata.cache_bytes = v.number; }},
    Setting{.section = "objects",
            .key = "scrub_every",
            .kind = SettingKind::duration,
            .default_text = "7d",
            .doc = "How long after one reading of all stored bytes, to see whether they are still right, the next one "
                   "starts. `0s`: never. What it finds is logged.",
            .min = 0,
            .max = 24 * 366 * kHour,
            .store = [](Config& c, const SettingValue& v) { c.objects.scrub_every = duration_of(v); }},
    Setting{.section = "objects",
            .key = "scrub_rate",
            .kind = SettingKind::size,
            .default_text = "16MiB",
            .doc = "How many bytes a second it reads.",
            .min = 64 * kKiB,
            .max = kTiB,
            .store = [](Config& c, const SettingValue& v) { c.objects.scrub_bytes_per_second = v.number; }},
    Setting{.section = "security",
            .key = "mode",
            .kind = SettingKind::choice,
            .default_text = "enforce",
            .doc = "`enforce`: what no policy allows is denied. `audit`: it goes through, and the audit log says what "
                   "would have been denied and why. Signatures are verified in both; a call without one is never let "
                   "through by this.",
            .choices = kModes,
            .store = [](Config& c, const SettingValue& v) { c.security.is_audit_mode = v.text == "audit"; }},
    Setting{.section = "security",
            .key = "open_test_account",
            .kind = SettingKind::boolean,
            .default_text = "false",
            .doc =
                "For test suites that were written for emulators: the access key `test` is the root of account "
                "000000000000, and each access key of twelve digits the root of the account of that number; the secret "
                "of all is `test`. Accounts that are there otherwise are not reached so. Whoever reaches the server "
                "can use them, so the server starts with it on loopback only.",
            .store = [](Config& c, const SettingValue& v) { c.security.open_test_account = v.truth; }},
    Setting{.section = "security",
            .key = "open_test_account_beyond_loopback",
            .kind = SettingKind::boolean,
            .default_text = "false",
            .doc = "Start with the open test account also where `listen` names addresses that other machines reach.",
            .store = [](Config& c, const SettingValue& v) { c.security.open_test_account_beyond_loopback = v.truth; }},
    Setting{.section = "audit",
            .key = "enabled",
            .kind = SettingKind::boolean,
            .default_text = "true",
            .doc = "Keep the audit log: an event for each call, in `<data folder>/audit/`.",
            .store = [](Config& c, const SettingValue& v) { c.audit.enabled = v.truth; }},
    Setting{.section = "audit",
            .key = "file_size",
            .kind = SettingKind::size,
            .default_text = "32MiB",
            .doc = "A new file begins when one would grow larger.",
            .min = 64 * kKiB,
            .max = kTiB,
            .store = [](Config& c, const SettingValue& v) { c.audit.file_bytes = v.number; }},
    Setting{.section = "audit",
            .key = "file_age",
            .kind = SettingKind::duration,
            .default_text = "1d",
            .doc = "A new file begins when one has got that old.",
            .min = kSecond,
            .max = 366 * 24 * kHour,
            .store = [](Config& c, const SettingValue& v) { c.audit.file_age = duration_of(v); }},
    Setting{.section = "audit",
            .key = "keep_size",
            .kind = SettingKind::size,
            .default_text = "1GiB",
            .doc = "The oldest files are removed when all together are larger.",
            .min = kMiB,
            .max = 1024 * kTiB,
            .store = [](Config& c, const SettingValue& v) { c.audit.keep_bytes = v.number; }},
    Setting{.section = "audit",
            .key = "keep_age",
            .kind = SettingKind::duration,
            .default_text = "90d",
            .doc = "A file is removed when its last event is older.",
            .min = kHour,
            .max = 3660 * 24 * kHour,
            .store = [](Config& c, const SettingValue& v) { c.audit.keep_age = duration_of(v); }},
    Setting{.section = "audit",
            .key = "queue",
            .kind = SettingKind::count,
            .default_text = "32768",
            .doc = "Events that wait to be written, at most, about a kilobyte each. A call waits up to a second for "
                   "room; then its event is lost, which is counted, logged as an error and told in the audit log.",
            .min = 16,
            .max = 10'000'000,
            .store = [](Config& c, const SettingValue& v) { c.audit.queue_events = v.number; }},
    Setting{.section = "audit",
            .key = "sync_every",
            .kind = SettingKind::duration,
            .default_text = "1s",
            .doc = "How long a written event may be lost by a power cut. `0s`: as long as the kernel likes.",
            .min = 0,
            .max = kHour,
            .store = [](Config& c, const SettingValue& v) { c.audit.sync_every = duration_of(v); }},
    Setting{.section = "ec2",
            .key = "public_cidr",
            .kind = SettingKind::text,
            .default_text = "198.18.0.0/16",
            .doc =
                "Where public addresses of instances are taken from. This host routes them; two installations on one "
                "host need ranges of their own. The first four addresses are Aerolith's. See "
                "[instances.md](instances.md).",
            .check = check_public_cidr,
            .store = [](Config& c, const SettingValue& v) { c.ec2.public_cidr = v.text; }},
    Setting{.section = "ec2",
            .key = "driver",
            .kind = SettingKind::choice,
            .default_text = "auto",
            .doc = "How instances run whose image and whose tag `aerolith:driver` don't say it: `container`, `vm`, or "
                   "`auto` for containers where this host can, else virtual machines. Instances that are there stay as "
                   "they are.",
            .choices = kDrivers,
            .store = [](Config& c, const SettingValue& v) { c.ec2.driver = v.text; }},
    Setting{.section = "ec2",
            .key = "internet",
            .kind = SettingKind::boolean,
            .default_text = "true",
            .doc = "Whether internet and NAT gateways lead beyond this host. This server they always reach.",
            .store = [](Config& c, const SettingValue& v) { c.ec2.allows_internet = v.truth; }},
    Setting{.section = "ec2",
            .key = "memory_percent",
            .kind = SettingKind::count,
            .default_text = "90",
            .doc =
                "How much of this host's memory instances may take together, those of all accounts: a virtual machine "
                "counts for its type's memory, a container for a part of that. RunInstances and StartInstances answer "
                "`InsufficientInstanceCapacity` beyond it. More than 100 counts on guests that don't use what they "
                "have.",
            .min = 1,
            .max = 1000,
            .store = [](Config& c, const SettingValue& v) { c.ec2.memory_percent = v.number; }},
    Setting{.section = "ec2",
            .key = "container_overcommit",
            .kind = SettingKind::count,
            .default_text = "4",
            .doc =
                "A container takes what it uses, up to its type's memory: in the sum of `ec2.memory_percent` it "
                "counts for its type's memory divided by this. `1`: for all of it, so that containers which use what "
                "they may don't run the host out of memory.",
            .min = 1,
            .max = 1000,
            .store = [](Config& c, const SettingValue& v) { c.ec2.container_overcommit = v.number; }},
    Setting{.section = "ec2",
            .key = "scrub_every",
            .kind = SettingKind::duration,
            .default_text = "7d",
            .doc = "How long after one reading of all stored blocks of snapshots, to see whether they are still right, "
                   "the next one starts. `0s`: never. What it finds is logged.",
            .min = 0,
            .max = 24 * 366 * kHour,
            .store = [](Config& c, const SettingValue& v) { c.ec2.scrub_every = duration_of(v); }},
    Setting{.section = "ec2",
            .key = "scrub_rate",
            .kind = SettingKind::size,
            .default_text = "16MiB",
            .doc = "How many bytes a second it reads.",
            .min = 64 * kKiB,
            .max = kTiB,
            .store = [](Config& c, const SettingValue& v) { c.ec2.scrub_bytes_per_second = v.number; }},
    Setting{.section = "ec2",
            .key = "fill_rate",
            .kind = SettingKind::size,
            .default_text = "100MiB",
            .doc =
                "How many bytes a second are read at most from a snapshot's blocks into the file that its volumes are "
                "children of, in the background: volumes are usable at once, and read the blocks meanwhile. A "
                "`VolumeInitializationRate` that is higher counts instead.",
            .min = 64 * kKiB,
            .max = kTiB,
            .store = [](Config& c, const SettingValue& v) { c.ec2.fill_bytes_per_second = v.number; }},
    Setting{.section = "sts",
            .key = "web_identity_ca",
            .kind = SettingKind::path,
            .default_text = "",
            .doc = "A PEM file of certificate authorities that may vouch for OpenID Connect providers "
                   "(AssumeRoleWithWebIdentity), beside those that the system trusts.",
            .store = [](Config& c, const SettingValue& v) { c.sts.web_identity_ca = v.text; }},
};

std::string joined(const Setting& setting, char separator, std::string_view prefix) {
  std::string name(prefix);
  if (!setting.section.empty()) {
    name += setting.section;
    name += separator;
  }
  name += setting.key;
  return name;
}

}  // namespace

std::string Setting::dotted() const { return joined(*this, '.', ""); }

std::string Setting::environment() const {
  std::string name = joined(*this, '_', "AEROLITH_");
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

std::string Setting::flag() const {
  std::string name = joined(*this, '-', "--");
  for (char& c : name) c = c == '_' ? '-' : c;
  return name;
}

std::span<const Setting> settings() { return kSettings; }

const Setting* find_setting(std::string_view dotted) {
  for (const Setting& setting : kSettings) {
    if (setting.dotted() == dotted) return &setting;
  }
  return nullptr;
}

}  // namespace aerolith::main_program
