#include "dns/sockets.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace aerolith::dns {
namespace {

constexpr size_t kLargestQuery = 65535;
constexpr int kDatagramsPerTurn = 64;
constexpr size_t kMostStreams = 64;
constexpr size_t kMostExchanges = 256;
constexpr size_t kMostUnanswered = 16;  // of one connection; more wait in its socket
constexpr std::chrono::seconds kStreamPatience{10};
constexpr std::chrono::milliseconds kRetryAccept{100};

// Room for one packet information of either family.
struct ControlRoom {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(in6_pktinfo))> bytes{};
};

struct Datagram {
  SocketAddress peer;
  std::string bytes;
  // Where it came to, to be given back when answering: a wildcard socket would answer from another address.
  ControlRoom control{};
  size_t control_size = 0;
  std::string local_address;
};

void read_local_address(msghdr& message, Datagram& datagram) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
      in_pktinfo information{};
      std::memcpy(&information, CMSG_DATA(part), sizeof(information));
      datagram.local_address.assign(reinterpret_cast<const char*>(&information.ipi_spec_dst), 4);
      // Of the interface only the address counts: the way back may be another.
      information.ipi_ifindex = 0;
      std::memcpy(CMSG_DATA(part), &information, sizeof(information));
      datagram.control_size = CMSG_SPACE(sizeof(information));
    } else if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo information{};
      std::memcpy(&information, CMSG_DATA(part), sizeof(information));
      datagram.local_address.assign(reinterpret_cast<const char*>(&information.ipi6_addr), 16);
      datagram.control_size = CMSG_SPACE(sizeof(information));
    }
  }
}

void send_datagram(int descriptor, Datagram& datagram, std::string_view bytes) {
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_name = datagram.peer.data();
  message.msg_namelen = datagram.peer.size();
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = datagram.control_size > 0 ? datagram.control.bytes.data() : nullptr;
  message.msg_controllen = datagram.control_size;
  // A datagram that doesn't go is one that got lost: askers ask again.
  static_cast<void>(::sendmsg(descriptor, &message, MSG_NOSIGNAL));
}

}  // namespace

void Service::handle(std::string query, const Arrival& arrival, std::function<void(std::string bytes)> answer) {
  Reply reply = responder.respond(query, arrival);
  if (reply.verdict == Verdict::answer) return answer(std::move(reply.bytes));
  if (reply.verdict == Verdict::ignore) return;
  Load& load = loads[arrival.label];
  if (load.exchanges >= kMostExchanges) return answer(responder.give_up(query));
  ++load.exchanges;
  const auto done = [this, &load, query, answer = std::move(answer)](std::optional<std::string> found) {
    --load.exchanges;
    answer(found ? *std::move(found) : responder.give_up(query));
  };
  const auto exchange = std::make_shared<Exchange>(resolvers, std::move(query), arrival.transport, done);
  exchange->start();
  if (!exchange->is_done()) loop.add(exchange);
}

DatagramSocket::DatagramSocket(std::shared_ptr<Service> service, int descriptor, std::string label)
    : service_(std::move(service)), label_(std::move(label)) {
  own(descriptor);
}

short DatagramSocket::events() const { return POLLIN; }

void DatagramSocket::on_ready(short) {
  for (int i = 0; i < kDatagramsPerTurn && receive_one(); ++i) continue;
}

bool DatagramSocket::receive_one() {
  Datagram datagram;
  datagram.bytes.resize(kLargestQuery);
  iovec part{datagram.bytes.data(), datagram.bytes.size()};
  msghdr message{};
  message.msg_name = datagram.peer.data();
  message.msg_namelen = datagram.peer.size();
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = datagram.control.bytes.data();
  message.msg_controllen = datagram.control.bytes.size();
  const ssize_t got = ::recvmsg(descriptor(), &message, 0);
  if (got < 0) return false;
  datagram.bytes.resize(static_cast<size_t>(got));
  datagram.peer.set_size(message.msg_namelen);
  read_local_address(message, datagram);
  const Arrival arrival{Transport::datagram, datagram.local_address, label_};
  std::string query = std::move(datagram.bytes);
  service_->handle(std::move(query), arrival,
                   [self = weak_from_this(), datagram = std::move(datagram)](const std::string& bytes) mutable {
                     if (const auto socket = self.lock()) send_datagram(socket->descriptor(), datagram, bytes);
                   });
  return true;
}

StreamListener::StreamListener(std::shared_ptr<Service> service, int descriptor, std::string label)
    : service_(std::move(service)), label_(std::move(label)) {
  own(descriptor);
}

short StreamListener::events() const {
  // The others wait in the backlog until one of those that are open ends.
  return resume_ == Moment::max() && service_->loads[label_].streams < kMostStreams ? POLLIN : 0;
}

void StreamListener::on_ready(short) {
  const int accepted = ::accept4(descriptor(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (accepted >= 0) {
    service_->loop.add(std::make_shared<StreamConnection>(service_, accepted, label_));
  } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
    resume_ = std::chrono::steady_clock::now() + kRetryAccept;
  }
}

StreamConnection::StreamConnection(std::shared_ptr<Service> service, int descriptor, std::string label)
    : service_(std::move(service)), deadline_(std::chrono::steady_clock::now() + kStreamPatience) {
  own(descriptor);
  ++service_->loads[label].streams;
  arrival_.transport = Transport::stream;
  arrival_.label = std::move(label);
  if (const auto local = SocketAddress::of_socket(descriptor)) arrival_.local_address = local->host_bytes();
}

StreamConnection::~StreamConnection() { --service_->loads[arrival_.label].streams; }

short StreamConnection::events() const {
  if (stream_.has_output()) return POLLOUT;
  if (unanswered_ >= kMostUnanswered) return 0;
  // What was read already goes first; a socket that takes bytes is ready at once.
  return stream_.has_whole_message() ? POLLOUT : POLLIN;
}

void StreamConnection::on_ready(short events) {
  if ((events & (POLLERR | POLLHUP | POLLNVAL)) != 0 && (events & (POLLIN | POLLOUT)) == 0) return finish();
  if (stream_.has_output() && !stream_.flush(descriptor())) return finish();
  const bool is_open = (events & POLLIN) == 0 || stream_.fill(descriptor());
  handle_messages();
  if (!is_open) finish();
}

void StreamConnection::handle_messages() {
  while (!is_done() && !stream_.has_output() && unanswered_ < kMostUnanswered) {
    auto message = stream_.take();
    if (!message) return;
    deadline_ = std::chrono::steady_clock::now() + kStreamPatience;
    // Answers that are no query's, and the like, end the connection: nobody means well with them.
    if (message->size() < kHeaderBytes || (static_cast<unsigned char>((*message)[2]) & 0x80) != 0) return finish();
    ++unanswered_;
    service_->handle(*std::move(message), arrival_, [self = weak_from_this()](const std::string& bytes) {
      if (const auto connection = self.lock()) connection->send(bytes);
    });
  }
}

void StreamConnection::send(std::string_view bytes) {
  --unanswered_;
  if (is_done()) return;
  stream_.put(bytes);
  if (!stream_.flush(descriptor())) finish();
}

void prepare_socket(int descriptor, Transport transport) {
  const int flags = ::fcntl(descriptor, F_GETFL);
  if (flags >= 0) ::fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
  const int on = 1;
  // Does nothing to a socket of IPv6.
  if (transport == Transport::datagram) ::setsockopt(descriptor, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
}

int open_socket(const SocketAddress& where, Transport transport) {
  const int kind = transport == Transport::datagram ? SOCK_DGRAM : SOCK_STREAM;
  const int descriptor = ::socket(where.family(), kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  const int on = 1;
  if (transport == Transport::stream) ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (where.family() == AF_INET6) {
    ::setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    ::setsockopt(descriptor, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
  }
  prepare_socket(descriptor, transport);
  const bool is_bound = ::bind(descriptor, where.data(), where.size()) == 0;
  if (is_bound && (transport == Transport::datagram || ::listen(descriptor, SOMAXCONN) == 0)) return descriptor;
  const int error = errno;
  ::close(descriptor);
  errno = error;
  return -1;
}

}  // namespace aerolith::dns
