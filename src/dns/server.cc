#include "dns/server.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <future>
#include <optional>
#include <thread>
#include <utility>

#include "dns/sockets.h"

namespace aerolith::dns {
namespace {

constexpr int kPortTries = 20;

struct SocketPair {
  int datagram = -1;
  int stream = -1;
};

// Both on one port. One that the system picks for UDP may be taken for TCP: then another.
Result<SocketPair, ServerError> open_pair(const std::string& text) {
  const auto where = SocketAddress::parse(text);
  if (!where) return fail(ServerErrorCode::bad_address, fmt::format("dns: can't listen on {}: no such address", text));
  int error = 0;
  for (int i = 0; i < (where->port() == 0 ? kPortTries : 1); ++i) {
    SocketPair pair;
    pair.datagram = open_socket(*where, Transport::datagram);
    if (pair.datagram >= 0) {
      const auto bound = SocketAddress::of_socket(pair.datagram);
      pair.stream = open_socket(where->with_port(bound ? bound->port() : 0), Transport::stream);
      if (pair.stream >= 0) return pair;
    }
    error = errno;
    if (pair.datagram >= 0) ::close(pair.datagram);
  }
  const char* const hint =
      error == EACCES ? " (ports below 1024 need root, or the capability CAP_NET_BIND_SERVICE)" : "";
  return fail(ServerErrorCode::bind_failed,
              fmt::format("dns: can't listen on {}: {}{}", text, std::strerror(error), hint));
}

Result<std::vector<SocketAddress>, ServerError> find_resolvers(const std::vector<std::string>& texts) {
  std::vector<SocketAddress> resolvers;
  for (const std::string& text : texts) {
    const auto address = SocketAddress::parse(text);
    if (!address) return fail(ServerErrorCode::bad_address, fmt::format("dns: no such resolver: {}", text));
    resolvers.push_back(*address);
  }
  return resolvers;
}

// Only an address of this machine can be bound.
bool is_here(const SocketAddress& address) {
  const int descriptor = open_socket(address.with_port(0), Transport::datagram);
  if (descriptor >= 0) ::close(descriptor);
  return descriptor >= 0;
}

// A question sent to oneself would go round until every exchange waits for another one.
bool is_own(const SocketAddress& resolver, const SocketAddress& bound) {
  if (resolver.family() != bound.family() || resolver.port() != bound.port()) return false;
  return resolver.host_bytes() == bound.host_bytes() || (bound.is_wildcard() && is_here(resolver));
}

class ThreadServer final : public Server {
 public:
  ThreadServer(ResponderSettings responder, std::vector<SocketAddress> resolvers)
      : service_(std::make_shared<Service>(loop_, Responder(std::move(responder)), std::move(resolvers))) {}
  ~ThreadServer() override {
    loop_.stop();
    if (thread_.joinable()) thread_.join();
  }

  Result<void, ServerError> listen(const std::string& text) {
    const SocketPair pair = TRY(open_pair(text));
    loop_.add(std::make_shared<DatagramSocket>(service_, pair.datagram, ""));
    loop_.add(std::make_shared<StreamListener>(service_, pair.stream, ""));
    const auto bound = SocketAddress::of_socket(pair.stream);
    if (!bound) return fail(ServerErrorCode::bad_address, fmt::format("dns: {} has no address", text));
    for (const SocketAddress& resolver : service_->resolvers) {
      if (!is_own(resolver, *bound)) continue;
      return fail(ServerErrorCode::bad_address,
                  fmt::format("dns.upstream: {} is this very responder", resolver.text()));
    }
    addresses_.push_back(bound->text());
    return {};
  }
  void run() {
    thread_ = std::thread([this] { loop_.run(); });
  }

  std::vector<std::string> addresses() const override { return addresses_; }

  void adopt(int datagram, int stream, std::string label) override {
    prepare_socket(datagram, Transport::datagram);
    prepare_socket(stream, Transport::stream);
    loop_.post([this, datagram, stream, label = std::move(label)] {
      loop_.add(std::make_shared<DatagramSocket>(service_, datagram, label));
      loop_.add(std::make_shared<StreamListener>(service_, stream, label));
    });
  }

  void drop(const std::string& label) override {
    std::promise<void> done;
    loop_.post([&] {
      loop_.drop(label);
      done.set_value();
    });
    done.get_future().wait();
  }

 private:
  Loop loop_;
  std::shared_ptr<Service> service_;
  std::vector<std::string> addresses_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<Server>, ServerError> Server::start(ServerSettings settings) {
  std::vector<SocketAddress> resolvers = TRY(find_resolvers(settings.upstream));
  settings.responder.forwards = !resolvers.empty();
  auto server = std::make_unique<ThreadServer>(std::move(settings.responder), std::move(resolvers));
  for (const std::string& address : settings.listen) TRY(server->listen(address));
  server->run();
  return server;
}

}  // namespace aerolith::dns
