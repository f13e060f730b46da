// The DNS responder: its sockets, UDP and TCP, and the one thread behind them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "dns/responder.h"

namespace aerolith::dns {

struct ServerSettings {
  std::vector<std::string> listen;    // host:port or [v6]:port, UDP and TCP both; port 0 picks one
  std::vector<std::string> upstream;  // resolvers for all that isn't ours, asked in this order; empty: that is refused
  ResponderSettings responder;        // but for `forwards`, which `upstream` decides
};

enum class ServerErrorCode { bad_address, bind_failed };
using ServerError = Failure<ServerErrorCode>;

class Server {
 public:
  static Result<std::unique_ptr<Server>, ServerError> start(ServerSettings settings);
  // Stops: on return the ports are free.
  virtual ~Server() = default;
  // Really bound, "127.0.0.1:53".
  virtual std::vector<std::string> addresses() const = 0;
};

}  // namespace aerolith::dns
