// What is answered to a query: no sockets here.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dns/message.h"

namespace aerolith::dns {

// Where the server of our names is reached. Addresses are in network order, 4 or 16 bytes.
struct ServerAddresses {
  std::vector<std::string> fixed;
  // It listens on all addresses of a family: an asker reaches it where he reached us.
  bool any_v4 = false;
  bool any_v6 = false;

  // From addresses that a server has bound: "127.0.0.1:4566", "[::]:443".
  static ServerAddresses of(const std::vector<std::string>& bound);
};

enum class Transport : uint8_t { datagram, stream };

struct Arrival {
  Transport transport = Transport::datagram;
  std::string local_address;  // 4 or 16 bytes
  std::string label{};        // of the socket, where the server adopted it
};

// What there is under a name, beside the server.
struct OwnRecords {
  std::vector<std::string> addresses;  // 4 or 16 bytes
  std::string pointer{};               // a host name: PTR
  bool is_there = true;                // false: no such name (NXDOMAIN)
};

struct ResponderSettings {
  // Whether a name, in lower case, is ours. Called on the responder's thread.
  std::function<bool(std::string_view name)> is_ours;
  // Asked before, where there is one: names whose records depend on who asks. Nullopt: none of those. The same thread.
  std::function<std::optional<OwnRecords>(std::string_view name, const Arrival& arrival)> find_records{};
  ServerAddresses addresses;
  bool forwards = false;  // to a resolver that knows the rest
  // Short: when the server is gone, AWS's own answers should soon come back.
  uint32_t ttl_seconds = 10;
};

enum class Verdict : uint8_t { ignore, answer, forward };

struct Reply {
  Verdict verdict = Verdict::ignore;
  std::string bytes;  // of an answer
};

// Our names get their addresses; everything else is refused, or forwarded where that is set up and the asker wants it.
// localhost and names under it are never forwarded (RFC 6761). Safe from any thread.
class Responder {
 public:
  explicit Responder(ResponderSettings settings) : settings_(std::move(settings)) {}

  Reply respond(std::string_view query, const Arrival& arrival) const;
  // SERVFAIL, to a query that respond() wanted forwarded.
  std::string give_up(std::string_view query) const;

 private:
  using Found = std::optional<OwnRecords>;
  Found find_records(const Query& query, const Arrival& arrival) const;
  Query::Answer answer_to(const Query& query, const Arrival& arrival, const Found& found) const;
  bool is_to_forward(const Query& query) const;

  const ResponderSettings settings_;
};

}  // namespace aerolith::dns
