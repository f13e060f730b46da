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

// Runs on the first I/O thread after start(), which holds on to it until it is stopped.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  // `address` as in ServerSettings::listen. bad_address or bind_failed, with what to look at.
  static Result<std::shared_ptr<Listener>, ServerError> bind(const std::string& address, Edge& edge,
                                                             const std::vector<std::unique_ptr<IoThread>>& threads);
  // Of a socket that listens already. Taken over, also when this fails.
  static Result<std::shared_ptr<Listener>, ServerError> adopt(int descriptor, std::string label, Edge& edge,
                                                              const std::vector<std::unique_ptr<IoThread>>& threads);

  void start();
  // Any other thread: on return nothing is accepted any more and the port is free.
  void stop();
  // What was really bound, "host:port".
  const std::string& address() const { return address_; }
  const std::string& label() const { return label_; }

  Listener(Edge& edge, const std::vector<std::unique_ptr<IoThread>>& threads);

 private:
  using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

  Result<void, ServerError> assign(int descriptor);
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
  std::string label_;  // of an adopted one
};

}  // namespace aerolith::http
