#include "main/daemon_settings.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "gateway/own_names.h"

namespace aerolith::main_program {

auth::AuthSettings auth_settings(const Config& config) {
  auth::AuthSettings settings;
  settings.region = config.region;
  // What is the same in all regions is there for clients of any: SDKs sign it for us-east-1
  // (https://docs.aws.amazon.com/general/latest/gr/rande.html#global-endpoints) or, with an endpoint of their user's
  // and in the case of STS, for the region that they are set to.
  settings.accepts_region = [region = config.region](std::string_view signed_for, std::string_view service) {
    if (signed_for == region) return true;
    return (service == "iam" || service == "sts" || service == "route53") && gateway::is_region(signed_for);
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

os::Result<std::unique_ptr<audit::Log>> open_audit_log(const Config& config, const DataFolder& folder,
                                                       os::FileSystem& files, const Clock& clock,
                                                       std::function<void(const audit::Event&)> on_event) {
  if (!config.audit.enabled) return nullptr;
  audit::LogSettings settings;
  settings.folder = folder.audit().string();
  settings.file_bytes = config.audit.file_bytes;
  settings.file_age = config.audit.file_age;
  settings.keep_bytes = config.audit.keep_bytes;
  settings.keep_age = config.audit.keep_age;
  settings.queue_events = config.audit.queue_events;
  settings.sync_every = config.audit.sync_every;
  settings.on_event = std::move(on_event);
  return audit::Log::open(files, std::move(settings), clock);
}

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

}  // namespace aerolith::main_program
