#include "main/guest_services.h"

#include <arpa/inet.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "base/log.h"
#include "main/host_resolvers.h"
#include "network/address.h"
#include "network/host.h"
#include "network/names.h"
#include "policy/document.h"

namespace aerolith::main_program {
namespace {

using namespace std::chrono_literals;

constexpr uint16_t kDnsPort = 53;
constexpr uint16_t kMetadataPort = 80;
// The label of requests that guests make to this program.
constexpr std::string_view kGatewayLabel = "guests";

// Small requests and answers from memory; guests aren't trusted to end what they began.
http::ServerSettings metadata_settings() {
  http::ServerSettings settings;
  settings.listen.clear();
  settings.handler_threads = 8;
  settings.handler_queue = 512;
  settings.max_connections = 4096;
  settings.head_limit_bytes = 16 * 1024;
  settings.body_limit_bytes = 4096;
  settings.body_buffer_bytes = 4096;
  settings.body_memory_bytes = 1024 * 1024;
  settings.head_deadline = 5s;
  settings.idle_deadline = 20s;
  settings.stall_deadline = 5s;
  settings.stop_deadline = 1s;
  return settings;
}

std::string address_bytes(const std::string& text) {
  std::array<char, 4> bytes{};
  if (::inet_pton(AF_INET, text.c_str(), bytes.data()) != 1) return "";
  return {bytes.data(), bytes.size()};
}

// 0: there is none.
uint64_t identity_of(const std::string& network_namespace) {
  const auto identity = network::identity_of_namespace(network::path_of_namespace(network_namespace));
  return identity ? static_cast<uint64_t>(*identity) : 0;
}

// Null: there is none, or its policy can't be read, which was checked before it was stored.
std::shared_ptr<const gateway::VpcEndpoint> compile(const std::string& vpc, const ec2::NetworkFacts& facts) {
  if (!facts.s3_endpoint) return nullptr;
  gateway::VpcEndpoint endpoint{.id = facts.s3_endpoint->id, .vpc = vpc, .policy = std::nullopt};
  if (!facts.s3_endpoint->policy.empty()) {
    auto parsed = policy::parse_policy(facts.s3_endpoint->policy, policy::PolicyKind::resource);
    if (!parsed.has_value()) return nullptr;
    endpoint.policy = gateway::StoredPolicy{.name = endpoint.id,
                                            .policy = std::make_shared<const policy::Policy>(*std::move(parsed))};
  }
  return std::make_shared<const gateway::VpcEndpoint>(std::move(endpoint));
}

void tell(std::string_view what, const std::string& vpc, const std::string& reason) {
  log_error("guests of a VPC can't be served", {{"what", what}, {"vpc", vpc}, {"reason", reason}});
}

}  // namespace

GuestServices::GuestServices(GuestParts parts)
    : parts_(std::move(parts)),
      signer_(parts_.authority, parts_.clock),
      metadata_service_({.clock = parts_.clock,
                         .region = Region(parts_.region),
                         .box = parts_.box,
                         .find_instance =
                             [this](const std::string& vpc, std::string_view address) {
                               return ec2::find_instance(parts_.metadata, vpc, address);
                             },
                         .find_profile = parts_.find_profile,
                         .sessions = parts_.sessions,
                         .roles = parts_.roles,
                         .signer = signer_}) {}

GuestServices::~GuestServices() { stop(); }

Result<void, std::string> GuestServices::start(http::Server& gateway, FindOwnName find_own_name) {
  auto metadata_server = http::Server::start(metadata_settings(), metadata_service_);
  if (!metadata_server.has_value()) return std::unexpected(metadata_server.error().detail);
  std::vector<std::string> upstream = parts_.upstream;
  if (upstream.empty()) upstream = host_resolvers();
  dns::ServerSettings dns_settings;
  dns_settings.upstream = std::move(upstream);
  dns_settings.responder.is_ours = [find = std::move(find_own_name)](std::string_view name) {
    return find(name).has_value();
  };
  dns_settings.responder.find_records = [this](std::string_view name, const dns::Arrival& arrival) {
    return find_records(name, arrival.label);
  };
  dns_settings.responder.addresses.fixed = {address_bytes(network::gateway_of(parts_.settings))};
  auto resolver = dns::Server::start(std::move(dns_settings));
  if (!resolver.has_value()) return std::unexpected(resolver.error().detail);

  const std::lock_guard lock(mutex_);
  metadata_server_ = *std::move(metadata_server);
  resolver_ = *std::move(resolver);
  gateway_ = &gateway;
  for (const std::string& vpc : std::exchange(waiting_, {})) open(vpc);
  return {};
}

void GuestServices::stop() {
  const std::lock_guard lock(mutex_);
  if (gateway_ == nullptr) return;
  while (!open_.empty()) close(std::string(open_.begin()->first));  // not by a name that goes with it
  close_gateway();
  gateway_ = nullptr;
  metadata_server_->stop();
  resolver_.reset();
}

void GuestServices::network_applied(const std::string& vpc) {
  const std::lock_guard lock(mutex_);
  if (gateway_ != nullptr) return open(vpc);
  waiting_.insert(vpc);
}

void GuestServices::network_leaves(const std::string& vpc) {
  const std::lock_guard lock(mutex_);
  waiting_.erase(vpc);
  if (gateway_ == nullptr) return;
  close(vpc);
  // The edge goes with the last one.
  if (open_.empty()) close_gateway();
}

void GuestServices::open(const std::string& vpc) {
  const auto facts = ec2::find_network(parts_.metadata, vpc);
  if (!facts.has_value()) return tell("everything", vpc, facts.error().detail);
  if (!*facts) return;
  {
    const std::unique_lock lock(facts_mutex_);
    facts_.insert_or_assign(vpc, **facts);
    endpoints_.insert_or_assign(vpc, compile(vpc, **facts));
  }
  const uint64_t identity = identity_of(network::namespace_of(parts_.settings, vpc));
  if (const auto found = open_.find(vpc); found != open_.end() && found->second.identity != identity) {
    metadata_server_->drop(vpc);
    resolver_->drop(vpc);
    open_.erase(found);
  }
  Open& state = open_[vpc];
  state.identity = identity;
  open_metadata(vpc, state);
  const bool has_dns = (*facts)->dns_support && !(*facts)->cidrs.empty();
  open_dns(vpc, has_dns ? network::address_in((*facts)->cidrs.front(), 2) : "", state);
  open_gateway();
}

void GuestServices::open_metadata(const std::string& vpc, Open& state) {
  if (state.has_metadata) return;
  const auto listening = parts_.fabric.listen_inside(vpc, std::string(network::kMetadataAddress), kMetadataPort, true);
  if (!listening) return tell("metadata", vpc, listening.error().detail);
  const auto adopted = metadata_server_->adopt(*listening, vpc);
  if (!adopted.has_value()) return tell("metadata", vpc, adopted.error().detail);
  state.has_metadata = true;
}

void GuestServices::open_dns(const std::string& vpc, const std::string& address, Open& state) {
  if (state.dns_address == address) return;
  resolver_->drop(vpc);
  state.dns_address.clear();
  if (address.empty()) return;
  for (const std::string& each : {address, std::string(network::kDnsAddress)}) {
    const auto datagram = parts_.fabric.listen_inside(vpc, each, kDnsPort, false);
    if (!datagram) return tell("names", vpc, datagram.error().detail);
    const auto stream = parts_.fabric.listen_inside(vpc, each, kDnsPort, true);
    if (!stream) {
      ::close(*datagram);
      return tell("names", vpc, stream.error().detail);
    }
    resolver_->adopt(*datagram, *stream, vpc);
  }
  state.dns_address = address;
}

void GuestServices::open_gateway() {
  const std::string name = network::edge_namespace_of(parts_.settings);
  const uint64_t identity = identity_of(name);
  if (edge_ != 0 && edge_ == identity) return;
  close_gateway();
  const std::string address = network::gateway_of(parts_.settings);
  for (const uint16_t port : {uint16_t{443}, uint16_t{80}}) {
    const auto listening = parts_.fabric.listen_inside("", address, port, true);
    if (!listening) return tell("gateway", "", listening.error().detail);
    const auto adopted = gateway_->adopt(*listening, std::string(kGatewayLabel));
    if (!adopted.has_value()) return tell("gateway", "", adopted.error().detail);
  }
  edge_ = identity_of(name);
}

void GuestServices::close(const std::string& vpc) {
  metadata_server_->drop(vpc);
  resolver_->drop(vpc);
  open_.erase(vpc);
  const std::unique_lock lock(facts_mutex_);
  facts_.erase(vpc);
  endpoints_.erase(vpc);
}

void GuestServices::close_gateway() {
  gateway_->drop(std::string(kGatewayLabel));
  edge_ = 0;
}

std::optional<std::shared_ptr<const gateway::VpcEndpoint>> GuestServices::find_endpoint(
    const http::RequestHead& head) const {
  if (head.listener != kGatewayLabel || !network::is_s3_link_address(head.peer_address)) {
    return std::shared_ptr<const gateway::VpcEndpoint>();
  }
  const std::string vpc = parts_.fabric.vpc_of_s3_link(head.peer_address);
  const std::shared_lock lock(facts_mutex_);
  const auto found = endpoints_.find(vpc);
  if (found == endpoints_.end() || found->second == nullptr) return std::nullopt;
  return found->second;
}

std::optional<dns::OwnRecords> GuestServices::find_records(std::string_view name, const std::string& vpc) const {
  std::optional<ec2::NameFacts> found;
  {
    const std::shared_lock lock(facts_mutex_);
    const auto facts = facts_.find(vpc);
    if (facts != facts_.end()) found = ec2::find_guest_name(facts->second, name);
  }
  if (!found) return std::nullopt;
  dns::OwnRecords records{.addresses = {}, .pointer = found->pointer, .is_there = found->is_there};
  std::string address = found->address;
  if (!found->public_address.empty()) {
    const auto behind = ec2::resolve_public_name(parts_.metadata, vpc, found->public_address);
    if (behind.has_value() && !*behind) return dns::OwnRecords{.is_there = false};
    address = behind.has_value() ? **behind : found->public_address;
  }
  if (!address.empty()) records.addresses.push_back(address_bytes(address));
  return records;
}

}  // namespace aerolith::main_program
