// The DNS responder: its sockets, UDP and TCP, and the one thread behind them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "dns/responder.h"

namespace aerolith::dns {

struct ServerSettings {
  std::vector<std::string> listen;    // host:port or [v6]:port, UDP and TCP both; port 0 picks one; none: adopt()
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
  // Answers on these two bound sockets too, the second one listening, and takes them over. What comes by them has the
  // label, which several sockets may share and which isn't empty. Any thread but the responder's.
  virtual void adopt(int datagram, int stream, std::string label) = 0;
  // On return the sockets of that label and all connections that came by them are closed. The same threads.
  virtual void drop(const std::string& label) = 0;
};

}  // namespace aerolith::dns
