#include "main/daemon.h"

#include <signal.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>

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
#include "main/cloud.h"
#include "main/daemon_settings.h"
#include "main/disk_reading.h"
#include "main/guest_services.h"
#include "main/host.h"
#include "main/log_delivery.h"
#include "main/name_issuer.h"
#include "main/token_issuers.h"
#include "main/version.h"
#include "metadata/store.h"
#include "objects/object_store.h"
#include "objects/scrubber.h"
#include "os/file_system.h"
#include "services.h"
#include "services/ebs/service.h"
#include "services/ec2/service.h"
#include "services/ec2/snapshot_scrubber.h"
#include "services/iam/api.h"
#include "services/iam/service.h"
#include "services/rbin/service.h"
#include "services/s3/service.h"
#include "services/s3control/service.h"
#include "services/ssm/service.h"
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

// Null where no instances run.
std::unique_ptr<GuestServices> make_guest_services(const Config& config, const Installation& installation, Cloud& cloud,
                                                   metadata::Store& metadata, Callers& callers, const Clock& clock) {
  if (cloud.fabric() == nullptr) return nullptr;
  auto authority = open_authority(installation);
  if (!authority.has_value()) {
    log_error("instance identity documents aren't signed", {{"reason", authority.error().detail}});
  }
  return std::make_unique<GuestServices>(GuestParts{
      .fabric = *cloud.fabric(),
      .settings = fabric_settings(config, installation),
      .metadata = metadata,
      .clock = clock,
      .region = config.region,
      .authority = authority.has_value() ? *std::move(authority) : KeyPair(),
      .box = callers.box(),
      .sessions = callers.sessions(),
      .roles = callers.identities(),
      .find_profile = [&callers](
                          const AccountId& account,
                          const std::string& name) { return callers.directory().find_instance_profile(account, name); },
      .upstream = config.dns.upstream});
}

// What EC2 has of the others.
ec2::Parts ec2_parts(Cloud& cloud, Callers& callers, GuestServices* guests) {
  ec2::Parts parts = cloud.parts();
  parts.find_profile = [&callers](const AccountId& account, const std::string& name) -> std::optional<ec2::Profile> {
    const auto found = callers.directory().find_instance_profile(account, name);
    if (!found.has_value()) throw std::runtime_error("IAM's records can't be read: " + found.error().detail);
    if (!*found) return std::nullopt;
    return ec2::Profile{
        .arn = (*found)->arn, .id = (*found)->id, .role_arn = (*found)->role_arn, .role_tags = (*found)->role_tags};
  };
  if (guests == nullptr) return parts;
  parts.network_applied = [guests](const std::string& vpc) { guests->network_applied(vpc); };
  parts.network_leaves = [guests](const std::string& vpc) { guests->network_leaves(vpc); };
  return parts;
}

// `guests`: null where no instances run.
gateway::PipelineSettings pipeline_settings(const Config& config, Callers& callers, const GuestServices* guests) {
  gateway::PipelineSettings settings{
      .region = Region(config.region),
      .domains = config.host_names,
      .on_key_use = [&](const auth::AccessKey& key, std::string_view service, Timestamp now) {
        callers.identities().note_use(key, service, config.region, now);
      }};
  if (guests != nullptr) {
    settings.find_endpoint = [guests](const http::RequestHead& head) { return guests->find_endpoint(head); };
  }
  return settings;
}

int refuse_to_start(std::string_view room, const std::string& detail) {
  log_error("can't start", {{"room", room}, {"what", detail}});
  flush_log();
  return 1;
}

std::vector<gateway::ServiceTable> make_services(metadata::Store& metadata, objects::ObjectStore& objects,
                                                 Callers& callers, federation::OidcKeys& oidc_keys, ec2::Service& ec2,
                                                 Cloud& cloud, const std::vector<std::string>& known_actions) {
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
      iam::make_service({.metadata = metadata,
                         .secrets = callers.box(),
                         .directory = callers.directory(),
                         .known_actions = [&known_actions] { return std::span<const std::string>(known_actions); }}));
  services.push_back(ec2.table());
  services.push_back(ebs::make_service({.snapshots = ec2.direct_snapshots(), .tokens = callers.box()}));
  services.push_back(rbin::make_service(metadata));
  services.push_back(ssm::make_service(cloud.parameters()));
  return services;
}

// Sorted, each once.
std::vector<std::string> actions_of(const gateway::Registry& registry) {
  std::set<std::string> actions;
  for (const gateway::RegisteredService& service : registry.services()) {
    for (const gateway::OperationEntry* entry : service.entries) {
      if (entry != nullptr) actions.emplace(entry->iam_action);
    }
  }
  return {actions.begin(), actions.end()};
}

// But for what the server and the audit log count.
gateway::AdminSettings make_admin_settings(const Installation& installation, metadata::Store& metadata,
                                           objects::ObjectStore& objects, Callers& callers, Cloud& cloud,
                                           ec2::Service& ec2) {
  return {.version = std::string(version()),
          .owner = installation.account_id,
          .backup =
              [&](const std::string& folder) {
                const auto report = make_backup(installation.folder, metadata, objects, folder);
                return report.has_value() ? std::string() : report.error().detail;
              },
          .create_account = [&](const std::string& name) { return callers.create_account(name); },
          .delete_account = [&](const std::string& id) { return callers.delete_account(id); },
          .list_accounts = [&] -> Result<std::vector<gateway::AccountInfo>, std::string> { return callers.accounts(); },
          .add_image = [&](const gateway::NewImage& image) -> Result<gateway::ImageInfo, std::string> {
            AddedImage added = TRY(cloud.add_image(image));
            if (!added.replaced_snapshot.empty()) ec2.snapshot_unused(added.replaced_snapshot);
            return std::move(added.info);
          },
          .list_images = [&] { return cloud.list_images(); },
          .add_snapshot = [&](const gateway::NewSnapshot& snapshot) -> Result<gateway::SnapshotInfo, std::string> {
            const AccountId account = snapshot.account.empty() ? installation.account_id : AccountId(snapshot.account);
            const std::vector<AccountId> known = callers.account_ids();
            if (std::ranges::find(known, account) == known.end()) {
              return std::unexpected("there is no account " + account.str());
            }
            return cloud.add_snapshot(snapshot, account);
          },
          .begin_export = [&](const std::string& volume) { return ec2.begin_export(volume); },
          .look_at_export = [&](const std::string& snapshot) -> Result<gateway::ExportInfo, std::string> {
            const ec2::ExportProgress seen = TRY(ec2.look_at_export(snapshot));
            const char* const state = seen.state == ec2::ExportState::pending     ? "pending"
                                      : seen.state == ec2::ExportState::completed ? "completed"
                                                                                  : "failed";
            return gateway::ExportInfo{.state = state, .percent = seen.percent, .failure = seen.failure};
          },
          .end_export = [&](const std::string& snapshot) { return ec2.end_export(snapshot); },
          .list_instances = [&] { return cloud.list_instances(); },
          .read_console = [&](const std::string& id, uint64_t place) { return cloud.read_console(id, place); }};
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
  const TokenIssuers issuers(callers.directory());
  federation::OidcKeys oidc_keys(config.sts.web_identity_ca.string());
  Cloud cloud(config, installation, **metadata, clock);
  const auto guests = make_guest_services(config, installation, cloud, **metadata, callers, clock);
  ec2::Parts ec2_has = ec2_parts(cloud, callers, guests.get());
  deliver_logs_to_s3(ec2_has, **metadata, **objects, clock);
  read_disks_from_s3(ec2_has, callers, **metadata, **objects, config.region, clock);
  ec2::Service ec2(ec2_has);
  if (const auto settled = ec2.settle_all(); !settled.has_value())
    return refuse_to_start("ec2", settled.error().message);
  std::optional<ec2::SnapshotScrubber> snapshot_scrubber;
  if (const blocks::BlockStore* const stored = cloud.stored_blocks(); stored != nullptr) {
    snapshot_scrubber.emplace(
        *stored, **metadata, clock,
        ec2::ScrubSettings{.every = config.ec2.scrub_every, .bytes_per_second = config.ec2.scrub_bytes_per_second});
  }
  // Filled before anybody asks: the services' tables say which there are.
  std::vector<std::string> known_actions;
  const gateway::Registry registry(all_services(),
                                   make_services(**metadata, **objects, callers, oidc_keys, ec2, cloud, known_actions));
  known_actions = actions_of(registry);

  const auth::Authenticator authenticator(auth_settings(config), callers.keys(), clock);
  const gateway::Authorizer authorizer(
      callers.identities(), config.security.is_audit_mode ? gateway::Enforcement::audit : gateway::Enforcement::enforce,
      &callers.box());
  const gateway::Pipeline pipeline(pipeline_settings(config, callers, guests.get()), registry, authenticator,
                                   authorizer, clock);
  gateway::Metrics metrics(registry);
  const auto note_call = [&](const audit::Event& event) { callers.identities().note_call(event, config.region); };
  const auto opened_log = open_audit_log(config, installation.folder, files, clock, note_call);
  if (!opened_log.has_value()) return refuse_to_start("audit", opened_log.error().detail);
  audit::Log* const audit_log = opened_log->get();
  // Set once: requests come in before Server::start returns, and may ask for the metrics.
  std::atomic<const http::Server*> running = nullptr;
  gateway::AdminSettings admin_settings = make_admin_settings(installation, **metadata, **objects, callers, cloud, ec2);
  admin_settings.server_stats = [&] {
    const http::Server* const server = running.load();
    return server != nullptr ? server->stats() : http::ServerStats{};
  };
  admin_settings.audit_stats = [&] { return audit_log != nullptr ? audit_log->stats() : audit::LogStats{}; };
  const gateway::Admin admin(std::move(admin_settings), registry, metrics, authenticator);
  gateway::Gateway gateway({.access_log = config.log.access,
                            .audit = audit_log,
                            .on_event = note_call,
                            .answer_for_site = [&](const http::RequestHead& head) { return issuers.answer(head); }},
                           registry, pipeline, admin, metrics);

  const FindOwnName find_own_name = [&](std::string_view name) {
    const auto own = gateway::find_own_name(registry, name, config.host_names);
    return own ? own : issuers.find_own_name(name);
  };
  const std::unique_ptr<NameIssuer> issuer = make_issuer(config, installation, find_own_name, clock);
  warn_of_open_doors(config);
  auto started = http::Server::start(server_settings(config, installation, issuer.get()), gateway);
  if (!started.has_value()) return refuse_to_start("http", started.error().detail);
  const std::unique_ptr<http::Server> server = *std::move(started);
  running = server.get();
  const auto responder = start_dns(config, find_own_name, server->addresses());
  if (!responder.has_value()) return refuse_to_start("dns", responder.error().detail);
  if (guests != nullptr) {
    const auto served = guests->start(*server, find_own_name);
    if (!served.has_value()) return refuse_to_start("guests", served.error());
  }
  callbacks.ready(server->addresses());
  log_info("Ready.");
  flush_log();

  const int signal_number = signals.wait();
  log_info("stopping", {{"signal", signal_number == SIGTERM ? "SIGTERM" : "SIGINT"}});
  server->stop();
  if (guests != nullptr) guests->stop();
  log_info("stopped");
  flush_log();
  return 0;
}

}  // namespace aerolith::main_program
