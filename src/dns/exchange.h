// One question to resolvers that know more than we do.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dns/framed_stream.h"
#include "dns/loop.h"
#include "dns/responder.h"
#include "dns/socket_address.h"

namespace aerolith::dns {

// Asks each resolver in turn until one answers, each for a short while, with a message id and a source port that
// nobody can guess (RFC 5452). The answer goes back as it came, under the asker's own id.
class Exchange final : public Watched {
 public:
  // Nullopt: nobody answered.
  using Done = std::function<void(std::optional<std::string> answer)>;

  Exchange(std::vector<SocketAddress> resolvers, std::string query, Transport transport, Done done);

  // Before it is added to the loop. May be done on return.
  void start() { ask_next(); }

  short events() const override;
  void on_ready(short events) override;
  Moment deadline() const override { return deadline_; }
  void on_deadline() override { ask_next(); }

 private:
  void ask_next();
  bool ask(const SocketAddress& resolver);
  void read_datagram();
  void go_on_with_stream(short events);
  bool take_answer(std::string answer);
  void end(std::optional<std::string> answer);

  const std::vector<SocketAddress> resolvers_;
  const std::string query_;
  const Transport transport_;
  const Done done_;
  size_t asked_ = 0;
  std::string id_;  // of the message now under way
  FramedStream stream_;
  Moment deadline_ = Moment::max();
};

}  // namespace aerolith::dns
