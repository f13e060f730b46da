#include "main/daemon.h"

#include <signal.h>

#include <algorithm>
#include <atomic>
#include <memory>

#include "audit/log.h"
#include "auth/authenticate.h"
#include "base/log.h"
#include "dns/server.h"
#include "federation/oidc_keys.h"
#include "gateway/gateway.h"
#include "gateway/own_names.h"
#include "http/server.h"
#include "main/backup.h"
#include "main/callers.h"
#include "main/name_issuer.h"
#include "main/version.h"
#include "metadata/store.h"
#include "objects/object_store.h"
#include "objects/scrubber.h"
#include "os/file_system.h"
#include "services.h"
#include "services/iam/api.h"
#include "services/iam/service.h"
#include "services/s3/service.h"
#include "services/s3control/service.h"
#include "services/sts/service.h"

namespace aerolith::main_program {
namespace {

// SIGTERM and SIGINT are taken by sigwait on the main thread; every thread made later inherits the mask.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    signal(SIGPIPE, SIG_IGN);
  }
  int wait() const {
    int signal_number = 0;
    sigwait(&signals_, &signal_number);
    return signal_number;
  }

 private:
  sigset_t signals_{};
};

auth::AuthSettings auth_settings(const Config& config) {
  auth::AuthSettings settings;
  settings.region = config.region;
  // Global services are signed for us-east-1 wherever the client is:
  // https://docs.aws.amazon.com/general/latest/gr/rande.html#global-endpoints
  settings.accepts_region = [region = config.region](std::string_view signed_for, std::string_view service) {
    if (signed_for == region) return true;
    return signed_for == "us-east-1" && (service == "iam" || service == "sts" || service == "route53");
  };
  return settings;
}

http::ServerSettings server_settings(const Config& config, const Installation& installation,
                                     http::CertificateSource* names) {
  http::ServerSettings settings;
  settings.listen = config.listen;
  if (config.tls) {
    settings.tls.certificate_file = installation.folder.server_certificate().string();
    settings.tls.key_file = installation.folder.server_key().string();
    settings.tls.names = names;
  }
  settings.io_threads = config.http.io_threads;
  settings.handler_threads = config.http.handler_threads;
  settings.handler_queue = config.http.handler_queue;
  settings.max_connections = config.http.max_connections;
  settings.head_limit_bytes = config.http.head_limit_bytes;
  settings.body_limit_bytes = config.http.body_limit_bytes;
  settings.body_buffer_bytes = config.http.body_buffer_bytes;
  settings.body_memory_bytes = std::max(config.http.body_memory_bytes, config.http.body_buffer_bytes);
  settings.head_deadline = config.http.head_deadline;
  settings.idle_deadline = config.http.idle_deadline;
  settings.stall_deadline = config.http.stall_deadline;
  settings.stop_deadline = config.http.stop_deadline;
  return settings;
}

// Null where none is kept.
os::Result<std::unique_ptr<audit::Log>> open_audit_log(const Config& config, const DataFolder& folder,
                                                       os::FileSystem& files, const Clock& clock) {
  if (!config.audit.enabled) return nullptr;
  audit::LogSettings settings;
  settings.folder = folder.audit().string();
  settings.file_bytes = config.audit.file_bytes;
  settings.file_age = config.audit.file_age;
  settings.keep_bytes = config.audit.keep_bytes;
  settings.keep_age = config.audit.keep_age;
  settings.queue_events = config.audit.queue_events;
  settings.sync_every = config.audit.sync_every;
  return audit::Log::open(files, std::move(settings), clock);
}

// What makes this server easier to get into than others, so that nobody runs it so without knowing.
void warn_of_open_doors(const Config& config) {
  if (config.security.is_audit_mode) {
    log_warning(
        "[security] mode is \"audit\": POLICIES DENY NOTHING to callers with a valid signature; the audit log "
        "says what they would have");
  }
  if (config.security.open_test_account) {
    log_warning(
        "[security] open_test_account is on: WHOEVER REACHES THIS SERVER can sign as the access key \"test\" or "
        "any number of twelve digits, secret \"test\"");
  }
}

// Null without TLS, and where the CA can't sign: the server's own certificate has the most usual names.
std::unique_ptr<NameIssuer> make_issuer(const Config& config, const Installation& installation,
                                        const FindOwnName& find_own_name, const Clock& clock) {
  if (!config.tls) return nullptr;
  auto authority = open_authority(installation);
  if (!authority.has_value()) {
    log_error("no certificates for single names", {{"reason", authority.error().detail}});
    return nullptr;
  }
  return std::make_unique<NameIssuer>(*std::move(authority), find_own_name, clock);
}

// Null where it isn't configured.
Result<std::unique_ptr<dns::Server>, dns::ServerError> start_dns(const Config& config, const FindOwnName& find_own_name,
                                                                 const std::vector<std::string>& addresses) {
  if (!config.dns.enabled) return std::unique_ptr<dns::Server>();
  auto server = TRY(dns::Server::start(
      {.listen = config.dns.listen,
       .upstream = config.dns.upstream,
       .responder = {.is_ours = [&find_own_name](std::string_view name) { return find_own_name(name).has_value(); },
                     .addresses = dns::ServerAddresses::of(addresses)}}));
  for (const std::string& address : server->addresses()) log_info("answering DNS queries", {{"address", address}});
  return server;
}

int refuse_to_start(std::string_view room, const std::string& detail) {
  log_error("can't start", {{"room", room}, {"what", detail}});
  flush_log();
  return 1;
}

std::vector<gateway::ServiceTable> make_services(metadata::Store& metadata, objects::ObjectStore& objects,
                                                 Callers& callers, federation::OidcKeys& oidc_keys) {
  std::vector<gateway::ServiceTable> services;
  services.push_back(s3::make_service(
      {.metadata = metadata, .objects = objects, .accounts = [&callers] { return callers.account_ids(); }}));
  services.push_back(s3control::make_service(metadata));
  services.push_back(
      sts::make_service({.sessions = callers.sessions(),
                         .roles = callers.identities(),
                         .oidc_keys = oidc_keys,
                         .messages = callers.box(),
                         .account_of_key = [&callers](const std::string& id) { return callers.account_of_key(id); }}));
  services.push_back(
      iam::make_service({.metadata = metadata, .secrets = callers.box(), .directory = callers.directory()}));
  return services;
}

}  // namespace

int run_daemon(const Config& config, const Installation& installation, const DaemonCallbacks& callbacks) {
  const StopSignals signals;
  const SystemClock clock;
  os::RealFileSystem files;

  const auto is_there = check_store_is_there(installation.folder);
  if (!is_there.has_value()) return refuse_to_start("metadata", is_there.error().detail);
  auto metadata = metadata::open_store(
      {.directory = installation.folder.metadata().string(), .block_cache_bytes = config.metadata.cache_bytes});
  if (!metadata.has_value()) return refuse_to_start("metadata", metadata.error().detail);
  auto objects = objects::ObjectStore::open(files, **metadata, installation.folder.objects().string());
  if (!objects.has_value()) return refuse_to_start("objects", objects.error().detail);
  (*objects)->start_collector();
  const objects::Scrubber scrubber(
      **objects, **metadata, clock,
      {.every = config.objects.scrub_every, .bytes_per_second = config.objects.scrub_bytes_per_second});

  const auto opened_callers = Callers::open(**metadata, installation, config, clock);
  if (!opened_callers.has_value()) return refuse_to_start("iam", opened_callers.error().detail);
  Callers& callers = **opened_callers;
  federation::OidcKeys oidc_keys(config.sts.web_identity_ca.string());
  const gateway::Registry registry(all_services(), make_services(**metadata, **objects, callers, oidc_keys));

  const auth::Authenticator authenticator(auth_settings(config), callers.keys(), clock);
  const gateway::Authorizer authorizer(
      callers.identities(), config.security.is_audit_mode ? gateway::Enforcement::audit : gateway::Enforcement::enforce,
      &callers.box());
  const gateway::Pipeline pipeline(
      {.region = Region(config.region),
       .domains = config.host_names,
       .on_key_use = [&](const auth::AccessKey& key, std::string_view service,
                         Timestamp now) { callers.identities().note_use(key, service, config.region, now); }},
      registry, authenticator, authorizer, clock);
  gateway::Metrics metrics(registry);
  const auto opened_log = open_audit_log(config, installation.folder, files, clock);
  if (!opened_log.has_value()) return refuse_to_start("audit", opened_log.error().detail);
  audit::Log* const audit_log = opened_log->get();
  // Set once: requests come in before Server::start returns, and may ask for the metrics.
  std::atomic<const http::Server*> running = nullptr;
  const gateway::Admin admin(
      {.version = std::string(version()),
       .owner = installation.account_id,
       .backup =
           [&](const std::string& folder) {
             const auto report = make_backup(installation.folder, **metadata, **objects, folder);
             return report.has_value() ? std::string() : report.error().detail;
           },
       .create_account = [&](const std::string& name) { return callers.create_account(name); },
       .list_accounts = [&] -> Result<std::vector<gateway::AccountInfo>, std::string> { return callers.accounts(); },
       .server_stats =
           [&] {
             const http::Server* const server = running.load();
             return server != nullptr ? server->stats() : http::ServerStats{};
           },
       .audit_stats = [&] { return audit_log != nullptr ? audit_log->stats() : audit::LogStats{}; }},
      registry, metrics, authenticator);
  gateway::Gateway gateway({.access_log = config.log.access, .audit = audit_log}, registry, pipeline, admin, metrics);

  const FindOwnName find_own_name = [&](std::string_view name) {
    return gateway::find_own_name(registry, name, config.host_names);
  };
  const std::unique_ptr<NameIssuer> issuer = make_issuer(config, installation, find_own_name, clock);
  warn_of_open_doors(config);
  auto started = http::Server::start(server_settings(config, installation, issuer.get()), gateway);
  if (!started.has_value()) return refuse_to_start("http", started.error().detail);
  const std::unique_ptr<http::Server> server = *std::move(started);
  running = server.get();
  const auto responder = start_dns(config, find_own_name, server->addresses());
  if (!responder.has_value()) return refuse_to_start("dns", responder.error().detail);
  callbacks.ready(server->addresses());
  log_info("Ready.");
  flush_log();

  const int signal_number = signals.wait();
  log_info("stopping", {{"signal", signal_number == SIGTERM ? "SIGTERM" : "SIGINT"}});
  server->stop();
  log_info("stopped");
  flush_log();
  return 0;
}

}  // namespace aerolith::main_program
