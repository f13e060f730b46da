// Listening sockets: binds them, and hands what they accept to the I/O threads in turn.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <vector>

#include "http/edge.h"
#include "http/io_thread.h"

namespace aerolith::http {

// Runs on the first I/O thread after start().
class Listener {
 public:
  // `address` as in ServerSettings::listen. bad_address or bind_failed, with what to look at.
  static Result<std::unique_ptr<Listener>, ServerError> bind(const std::string& address, Edge& edge,
                                                             const std::vector<std::unique_ptr<IoThread>>& threads);

  void start();
  // Any other thread: on return nothing is accepted any more and the port is free.
  void stop();
  // What was really bound, "host:port".
  const std::string& address() const { return address_; }

  Listener(Edge& edge, const std::vector<std::unique_ptr<IoThread>>& threads);

 private:
  using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

  void wait();
  void accept_some();
  void pause();
  void take(int descriptor, std::string peer_address);

  Edge& edge_;
  const std::vector<std::unique_ptr<IoThread>>& threads_;
  Acceptor acceptor_;
  boost::asio::steady_timer retry_;
  size_t next_thread_ = 0;
  bool is_short_ = false;  // of descriptors or memory: said once
  std::string address_;
};

}  // namespace aerolith::http
