// What the configuration says to each room.
#pragma once

#include <functional>
#include <memory>

#include "audit/log.h"
#include "auth/authenticate.h"
#include "base/time.h"
#include "http/server.h"
#include "main/config.h"
#include "main/installation.h"
#include "os/file_system.h"

namespace aerolith::main_program {

auth::AuthSettings auth_settings(const Config& config);
// `names` may be null; it outlives the server.
http::ServerSettings server_settings(const Config& config, const Installation& installation,
                                     http::CertificateSource* names);
// Null where none is kept.
os::Result<std::unique_ptr<audit::Log>> open_audit_log(const Config& config, const DataFolder& folder,
                                                       os::FileSystem& files, const Clock& clock,
                                                       std::function<void(const audit::Event&)> on_event);
// What makes this server easier to get into than others, so that nobody runs it so without knowing.
void warn_of_open_doors(const Config& config);

}  // namespace aerolith::main_program
