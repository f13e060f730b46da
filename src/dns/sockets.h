// The responder's listening sockets and its connections.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dns/exchange.h"
#include "dns/framed_stream.h"
#include "dns/loop.h"
#include "dns/responder.h"
#include "dns/socket_address.h"

namespace aerolith::dns {

// What all sockets of one server share; lives as long as any of them. Loop's thread only.
struct Service {
  Loop& loop;
  const Responder responder;
  const std::vector<SocketAddress> resolvers;

  // What is open for the askers of one label: those of one VPC can't take what the others need.
  struct Load {
    size_t streams = 0;
    size_t exchanges = 0;
  };
  std::map<std::string, Load, std::less<>> loads{};

  // Calls `answer` now or later, at most once, with what to send; not at all where nothing is to be sent.
  void handle(std::string query, const Arrival& arrival, std::function<void(std::string bytes)> answer);
};

class DatagramSocket final : public Watched, public std::enable_shared_from_this<DatagramSocket> {
 public:
  DatagramSocket(std::shared_ptr<Service> service, int descriptor, std::string label);
  std::string_view label() const override { return label_; }
  short events() const override;
  void on_ready(short events) override;

 private:
  bool receive_one();

  const std::shared_ptr<Service> service_;
  const std::string label_;
};

class StreamListener final : public Watched {
 public:
  StreamListener(std::shared_ptr<Service> service, int descriptor, std::string label);
  std::string_view label() const override { return label_; }
  short events() const override;
  void on_ready(short events) override;
  Moment deadline() const override { return resume_; }
  void on_deadline() override { resume_ = Moment::max(); }

 private:
  const std::shared_ptr<Service> service_;
  const std::string label_;
  Moment resume_ = Moment::max();  // short of descriptors: accepts nothing until then
};

class StreamConnection final : public Watched, public std::enable_shared_from_this<StreamConnection> {
 public:
  StreamConnection(std::shared_ptr<Service> service, int descriptor, std::string label);
  std::string_view label() const override { return arrival_.label; }
  ~StreamConnection() override;
  short events() const override;
  void on_ready(short events) override;
  Moment deadline() const override { return deadline_; }
  void on_deadline() override { finish(); }

 private:
  void handle_messages();
  void send(std::string_view bytes);

  const std::shared_ptr<Service> service_;
  Arrival arrival_;
  FramedStream stream_;
  size_t unanswered_ = 0;
  Moment deadline_;
};

// Non-blocking, bound, and listening where it is a stream's; -1 with errno.
int open_socket(const SocketAddress& where, Transport transport);
// Makes a socket that somebody else has bound as open_socket() makes them.
void prepare_socket(int descriptor, Transport transport);

}  // namespace aerolith::dns
