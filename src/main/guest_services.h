// What serves guests inside VPCs: the metadata service, the resolver, and this program itself at the gateway's address.
// Their sockets are made when a VPC is on the host and closed before it goes: a socket would keep its namespace alive.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "dns/server.h"
#include "gateway/authorize.h"
#include "http/server.h"
#include "main/identity_signer.h"
#include "main/name_issuer.h"
#include "metadata/store.h"
#include "network/fabric.h"
#include "services/ec2/api.h"
#include "services/imds/service.h"

namespace aerolith::main_program {

// What they refer to outlives the guest services.
struct GuestParts {
  network::Fabric& fabric;
  network::FabricSettings settings;
  metadata::Store& metadata;
  const Clock& clock;
  std::string region;
  KeyPair authority;  // signs identity documents
  const auth::SecretBox& box;
  const sts::Sessions& sessions;
  const sts::RoleSource& roles;
  imds::FindProfile find_profile;
  // [dns] upstream, "host:port"; none: those of the host's /etc/resolv.conf.
  std::vector<std::string> upstream;
};

// Safe from any thread.
class GuestServices {
 public:
  explicit GuestServices(GuestParts parts);
  ~GuestServices();
  GuestServices(const GuestServices&) = delete;
  GuestServices& operator=(const GuestServices&) = delete;

  // From here on VPCs are served, also those that were told of before: what guests ask for has to be there first.
  // `gateway` is the program's own server, `find_own_name` says which names lead to it; both are used until stop().
  // An error is a sentence for a person.
  Result<void, std::string> start(http::Server& gateway, FindOwnName find_own_name);
  // Nobody is served any more.
  void stop();

  // ec2::Parts' hooks. Cheap where all is open already.
  void network_applied(const std::string& vpc);
  void network_leaves(const std::string& vpc);

  // gateway::PipelineSettings::find_endpoint. Only what came to the guests' own sockets is believed.
  std::optional<std::shared_ptr<const gateway::VpcEndpoint>> find_endpoint(const http::RequestHead& head) const;

 private:
  // What is open of one VPC. The identity is the namespace's: another one may come under its name.
  struct Open {
    uint64_t identity = 0;
    bool has_metadata = false;
    std::string dns_address;  // empty: no resolver
  };

  void open(const std::string& vpc);
  void open_metadata(const std::string& vpc, Open& state);
  void open_dns(const std::string& vpc, const std::string& address, Open& state);
  void open_gateway();
  void close(const std::string& vpc);
  void close_gateway();
  std::optional<dns::OwnRecords> find_records(std::string_view name, const std::string& vpc) const;

  const GuestParts parts_;
  IdentitySigner signer_;
  imds::Service metadata_service_;
  std::unique_ptr<http::Server> metadata_server_;
  std::unique_ptr<dns::Server> resolver_;

  // Held while sockets are made and dropped: that is quick, and what is open has to be what is noted.
  std::mutex mutex_;
  http::Server* gateway_ = nullptr;  // null: not started, or stopped
  uint64_t edge_ = 0;                // its namespace's identity; 0: no gateway sockets
  std::set<std::string> waiting_;    // told of before the start
  std::map<std::string, Open> open_;

  // The resolver's thread reads it while others wait for that thread: under no other mutex.
  mutable std::shared_mutex facts_mutex_;
  std::map<std::string, ec2::NetworkFacts, std::less<>> facts_;
  std::map<std::string, std::shared_ptr<const gateway::VpcEndpoint>> endpoints_;  // by VPC
};

}  // namespace aerolith::main_program
