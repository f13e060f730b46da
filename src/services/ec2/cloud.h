// What stands behind the records: the store, and what makes a change of them real.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "blocks/disk_imports.h"
#include "blocks/uploads.h"
#include "blocks/volumes.h"
#include "compute/driver.h"
#include "metadata/store.h"
#include "network/fabric.h"
#include "services/ec2/resources.h"

namespace aerolith::ec2 {

struct CloudSettings {
  // Where Elastic IPs and instances' public addresses are taken from: the fabric's.
  std::string public_cidr = "198.18.0.0/16";
  std::string driver{};  // "container" or "vm", where neither image nor tag says it; empty: what this host can
  // Where S3 is reached from inside a VPC: the blocks of the prefix list com.amazonaws.<region>.s3.
  std::vector<std::string> s3_cidrs;
  uint32_t guest_uid = 0;  // who owns the taps of virtual machines
};

// How the host calls what belongs to an interface of a virtual machine (network/fabric.h's tap_of, namespace_of).
struct PortNames {
  std::function<std::string(std::string_view interface)> tap_of;
  std::function<std::string(std::string_view vpc)> namespace_path_of;
};

// An instance profile of IAM's.
struct Profile {
  std::string arn;
  std::string id;
  std::string role_arn;  // empty: it has none
  TagMap role_tags{};
};

// A file of a flow log's, to be written into a bucket of S3 by the service that delivers logs.
struct LogFile {
  Scope scope;  // the flow log's
  std::string bucket;
  std::string key;
  std::string bytes;
};
// `denied`: the bucket's policy doesn't let the service in. `failed`: it may go well another time.
enum class DeliveryFault : uint8_t { no_such_bucket, denied, failed };

// A disk's file in a bucket of S3, which the service role of VM Import reads.
struct DiskObject {
  Scope scope;       // the task's
  std::string role;  // its name
  std::string bucket;
  std::string key;
};
struct DiskObjectFacts {
  uint64_t size_bytes = 0;
  std::string etag;
};
struct DiskObjectPart {
  std::string_view etag;  // of the object that it is a part of
  uint64_t offset_bytes = 0;
  uint64_t size_bytes = 0;  // fewer come at the object's end
};
enum class DiskObjectFault : uint8_t {
  no_role,    // it isn't there, or doesn't let the service in
  denied,     // it may not read that
  no_object,  // or no bucket
  other_region,
  changed,  // it is another object by now
  failed,   // it may go well another time
};
using DiskObjectError = Failure<DiskObjectFault>;
template <typename T = void>
using DiskObjectResult = aerolith::Result<T, DiskObjectError>;
// Safe from any thread.
struct DiskReading {
  std::function<DiskObjectResult<DiskObjectFacts>(const DiskObject&)> find;
  // Gives `take` the bytes piece by piece, each at most a MiB; false ends it early.
  std::function<DiskObjectResult<>(const DiskObject&, const DiskObjectPart&,
                                   const std::function<bool(std::string_view)>& take)>
      read;
};

// Whom this process has seen: they have their default VPC, or had it. Any thread.
class Arrivals {
 public:
  bool contains(const Scope& scope) const {
    const std::lock_guard lock(mutex_);
    return seen_.contains({scope.account.str(), scope.region.str()});
  }
  void add(const Scope& scope) {
    const std::lock_guard lock(mutex_);
    seen_.emplace(scope.account.str(), scope.region.str());
  }

 private:
  mutable std::mutex mutex_;
  std::set<std::pair<std::string, std::string>> seen_;
};

// Since when guests haven't answered, as far as this process has asked them. Any thread.
class Silences {
 public:
  void end(const std::string& instance) {
    const std::lock_guard lock(mutex_);
    begun_[instance].reset();
  }
  // One that has never answered has been silent since its start.
  Timestamp begin(const std::string& instance, Timestamp started_at, Timestamp now) {
    const std::lock_guard lock(mutex_);
    const auto [entry, is_new] = begun_.try_emplace(instance, started_at);
    if (!entry->second) entry->second = now;
    if (*entry->second < started_at) entry->second = started_at;  // that was before
    return *entry->second;
  }
  void forget(const std::string& instance) {
    const std::lock_guard lock(mutex_);
    begun_.erase(instance);
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::optional<Timestamp>> begun_;  // nullopt: it answered
};

// Shared by all calls; any thread. What it refers to outlives it.
struct Cloud {
  metadata::Store& metadata;
  CloudSettings settings;
  // Null where this installation runs none: RunInstances says so.
  compute::Driver* container = nullptr;
  compute::Driver* vm = nullptr;
  blocks::Volumes* volumes = nullptr;
  blocks::DiskImports* imports = nullptr;
  blocks::Uploads* uploads = nullptr;  // as volumes
  network::Fabric* fabric = nullptr;
  PortNames port_names{};
  // By name; nullopt: there is none. Empty: IAM isn't wired.
  std::function<std::optional<Profile>(const AccountId&, const std::string& name)> find_profile;
  // Of Parts; may be empty.
  std::function<void()> make_own_images;
  std::function<void(const std::string& vpc)> network_applied;
  std::function<void(const std::string& vpc)> network_leaves;
  // Of Parts; empty: S3 isn't wired.
  std::function<std::optional<DeliveryFault>(const LogFile&)> deliver_log;
  std::function<std::optional<DeliveryFault>(const LogFile&)> check_log_destination;
  DiskReading disk_reading{};
  // Never empty: told after each commit.
  std::function<void(const Scope&, const std::string& vpc)> vpc_changed;
  std::function<void(const Scope&, const std::string& instance)> instance_changed;
  // Never empty. After a commit: it has flow logs that it hadn't.
  std::function<void(const Scope&, const std::string& vpc)> flow_logs_changed;
  // Never empty. Delivers what was counted until now, outside of transactions; what fails is logged.
  std::function<void(const Scope&, const std::string& vpc)> report_flows;
  // Never empty. After a commit: a volume that no instance has is to be made, changed or removed.
  std::function<void(const Scope&, const std::string& volume)> volume_changed;
  // Never empty. After a commit: its record is there, or is to go.
  std::function<void(const Scope&, const std::string& snapshot)> snapshot_changed;
  // Never empty. After a commit: a task has begun, or is to end.
  std::function<void(const Scope&, const std::string& task)> import_changed;
  // Never empty. After a commit: it came into the Recycle Bin.
  std::function<void(const Scope&, const std::string& id)> bin_changed;
  // Never empty. After a commit: its tier, or whether its file is kept ready, is to change.
  std::function<void(const Scope&, const std::string& snapshot)> storage_changed;
  // Never empty: perhaps nothing needs this snapshot any more. After a commit.
  std::function<void(const Scope&, const std::string& snapshot)> snapshot_unused;
  mutable Arrivals arrivals;
  mutable Silences silences;
};

}  // namespace aerolith::ec2
