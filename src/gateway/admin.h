// Aerolith's own endpoints under /_aerolith/: health, metrics, backup, accounts, images, snapshots, instances. No AWS
// protocol.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log.h"
#include "auth/authenticate.h"
#include "base/result.h"
#include "base/strong_string.h"
#include "base/time.h"
#include "gateway/metrics.h"
#include "gateway/registry.h"
#include "http/message.h"

namespace aerolith::gateway {

struct AccountInfo {
  std::string id;
  std::string name;
  Timestamp created_at;
};

struct NewAccount {
  AccountInfo info;
  std::string access_key_id;  // of its root
  std::string secret_access_key;
};

// A machine image of the installation's own, which every account may launch.
struct ImageInfo {
  std::string id;
  std::string name;
  std::string description;
  std::string driver;  // what boots it: "container", "vm", or empty: either
  int32_t size_gib = 0;
  Timestamp created_at;
};

// A file of the host that becomes one. A name that is there gets the new content and keeps its id.
struct NewImage {
  std::string name;
  std::string description;
  std::string file;  // raw or qcow2, absolute
  std::string driver;
  // Of images that boot a kernel beside the disk.
  std::string kernel;
  std::string initramfs;
  std::string kernel_arguments;
};

// A file of the host that becomes a snapshot.
struct NewSnapshot {
  std::string file;     // raw or qcow2, absolute
  std::string account;  // whose; empty: the owner's
  std::string description;
};
struct SnapshotInfo {
  std::string id;
  std::string account;
  int32_t size_gib = 0;
};

// Of a volume that is exported: its bytes of one moment, which the snapshot has once it is completed.
struct ExportInfo {
  std::string state;  // "pending", "completed", "failed"
  int percent = 0;
  std::string failure;
};

// An instance of any account, for whoever keeps this host.
struct InstanceInfo {
  std::string id;
  std::string account;
  std::string name;   // its tag; empty: none
  std::string state;  // "running"
  std::string type;
  std::string driver;  // "container" or "vm"
  std::string image;
  std::string image_name;
  std::string base_image_name;  // of the image that all began with: who logs in there is known by it
  std::string private_address;
  std::string public_address;  // empty: none
  std::string vpc;
  std::string network_namespace;  // path: from inside, private addresses are reached
  std::string key_name;
  std::string public_key;  // a line of authorized_keys; empty: none
  Timestamp launched_at;
};

struct ConsoleText {
  std::string text;
  uint64_t end = 0;      // the place to go on from
  bool is_over = false;  // the instance doesn't run: no more will come
};

// Each answers what went wrong in a sentence.
struct AdminSettings {
  std::string version;
  // Whose root alone may ask for what needs a signature: the installation's first account.
  AccountId owner;
  // Makes a backup of the running cloud in a folder; empty when all is well.
  std::function<std::string(const std::string& directory)> backup;
  std::function<Result<NewAccount, std::string>(const std::string& name)> create_account;
  std::function<Result<void, std::string>(const std::string& id)> delete_account;
  std::function<Result<std::vector<AccountInfo>, std::string>()> list_accounts;
  std::function<Result<ImageInfo, std::string>(const NewImage& image)> add_image;
  std::function<Result<std::vector<ImageInfo>, std::string>()> list_images;
  std::function<Result<SnapshotInfo, std::string>(const NewSnapshot& snapshot)> add_snapshot;
  // A snapshot that nobody sees, for as long as it is read -> its id.
  std::function<Result<std::string, std::string>(const std::string& volume)> begin_export;
  std::function<Result<ExportInfo, std::string>(const std::string& snapshot)> look_at_export;
  std::function<Result<void, std::string>(const std::string& snapshot)> end_export;
  std::function<Result<std::vector<InstanceInfo>, std::string>()> list_instances;
  std::function<Result<ConsoleText, std::string>(const std::string& instance, uint64_t place)> read_console;
  std::function<http::ServerStats()> server_stats;
  std::function<audit::LogStats()> audit_stats;
};

// Safe from any thread.
class Admin {
 public:
  // The signing name of requests to this endpoint.
  static constexpr std::string_view kSigningName = "aerolith";

  Admin(AdminSettings settings, const Registry& registry, const Metrics& metrics,
        const auth::Authenticator& authenticator);
  static bool owns(std::string_view path);
  // Says in the event who wanted what; the operation stays empty for what isn't worth one.
  http::Response handle(const http::RequestHead& head, audit::Event& event) const;

 private:
  using Action = http::Response (Admin::*)(const http::RequestHead&) const;

  http::Response health() const;
  // Signed by the owner's root only; anybody else is refused.
  http::Response run_for_owner(std::string_view operation, Action action, const http::RequestHead& head,
                               audit::Event& event) const;
  // POST /_aerolith/backup?to=<absolute folder>
  http::Response backup(const http::RequestHead& head) const;
  // POST /_aerolith/accounts?name=<name>
  http::Response create_account(const http::RequestHead& head) const;
  // DELETE /_aerolith/accounts?id=<account id>
  http::Response delete_account(const http::RequestHead& head) const;
  // GET /_aerolith/accounts
  http::Response list_accounts(const http::RequestHead& head) const;
  // POST /_aerolith/images?name=<name>&file=<absolute path>&…, as NewImage's members are called
  http::Response add_image(const http::RequestHead& head) const;
  // GET /_aerolith/images
  http::Response list_images(const http::RequestHead& head) const;
  // POST /_aerolith/snapshots?file=<absolute path>&…, as NewSnapshot's members are called
  http::Response add_snapshot(const http::RequestHead& head) const;
  // POST /_aerolith/exports?volume=<id>, then GET and DELETE /_aerolith/exports?snapshot=<id>
  http::Response begin_export(const http::RequestHead& head) const;
  http::Response look_at_export(const http::RequestHead& head) const;
  http::Response end_export(const http::RequestHead& head) const;
  // GET /_aerolith/instances
  http::Response list_instances(const http::RequestHead& head) const;
  // GET /_aerolith/console?instance=<id>&place=<number>
  http::Response read_console(const http::RequestHead& head) const;

  AdminSettings settings_;
  const Registry& registry_;
  const Metrics& metrics_;
  const auth::Authenticator& authenticator_;
};

}  // namespace aerolith::gateway
