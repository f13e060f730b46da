#include "http/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

namespace aerolith::http {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

constexpr char kTlsHandshakeByte = 0x16;
// How long an answer that the client may not have read yet is kept alive after its end.
constexpr milliseconds kLingerLimit{5000};
constexpr milliseconds kLingerLimitAtStop{500};

}  // namespace

Connection::Connection(IoThread& thread, std::string peer_address, std::string listener)
    : thread_(thread),
      socket_(thread.context()),
      peer_address_(std::move(peer_address)),
      listener_(std::move(listener)) {}

Connection::~Connection() { close(); }

void Connection::start(int descriptor) {
  thread_.add(*this);
  // The protocol matters to Asio for making sockets, not for taking one over.
  boost::system::error_code error;
  socket_.assign(asio::ip::tcp::v4(), descriptor, error);
  if (error) ::close(descriptor);
  if (!error) socket_.native_non_blocking(true, error);
  if (error || thread_.edge().is_stopping) return close();
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  transport_ = Transport(descriptor);
  set_deadline(settings().idle_deadline);
  wait_readable();
}

void Connection::stop() {
  switch (state_) {
    case State::detecting:
    case State::handshaking:
    case State::reading_head:
    case State::draining:
      return close();
    case State::lingering:
      return set_deadline(std::min(kLingerLimitAtStop, settings().stall_deadline));
    case State::filling_body:
    case State::handling:
    case State::responding:
    case State::closed:
      return;
  }
}

void Connection::close() {
  if (state_ == State::closed) return;
  const State before = std::exchange(state_, State::closed);
  // A handler that still runs keeps its own hold on the exchange; its late answer is reported where it arrives.
  if (const ExchangePointer exchange = std::exchange(exchange_, nullptr)) {
    if (exchange->pipe) exchange->pipe->fail_with(BodyErrorCode::disconnected, "the connection was closed");
    if (before == State::responding) exchange->outgoing->report(false);
  }
  thread_.remove(*this);
  boost::system::error_code ignored;
  socket_.close(ignored);
  thread_.edge().connection_closed();
}

void Connection::deadline_passed() {
  const auto self = shared_from_this();
  switch (state_) {
    case State::reading_head:
      if (!input_.empty()) return reject(408, "the request head did not arrive in time");
      return close();
    case State::filling_body:
    case State::handling:
      return body_failed(BodyErrorCode::timed_out, "the request body did not arrive in time");
    case State::detecting:
    case State::handshaking:
    case State::responding:
    case State::draining:
    case State::lingering:
      return close();
    case State::closed:
      return;
  }
}

void Connection::drive() {
  switch (state_) {
    case State::detecting:
      return detect();
    case State::handshaking:
      return handshake();
    case State::reading_head:
      return read_head();
    case State::filling_body:
    case State::handling:
      return pump_body();
    case State::responding:
      return send();
    case State::draining:
      return drain();
    case State::lingering:
      return drop_input();
    case State::closed:
      return;
  }
}

void Connection::drive_soon() {
  asio::post(thread_.context(), [self = shared_from_this()] { self->drive(); });
}

void Connection::wait_readable() {
  if (std::exchange(is_read_wait_pending_, true)) return;
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](const boost::system::error_code& error) {
    self->is_read_wait_pending_ = false;
    if (error != asio::error::operation_aborted) self->drive();
  });
}

void Connection::wait_writable() {
  if (std::exchange(is_write_wait_pending_, true)) return;
  socket_.async_wait(Socket::wait_write, [self = shared_from_this()](const boost::system::error_code& error) {
    self->is_write_wait_pending_ = false;
    if (error != asio::error::operation_aborted) self->drive();
  });
}

void Connection::wait_for(IoStatus status) {
  if (status == IoStatus::want_read) return wait_readable();
  if (status == IoStatus::want_write) return wait_writable();
  close();
}

void Connection::detect() {
  char first = 0;
  const IoStatus status = transport_.peek(first);
  if (status != IoStatus::done) return wait_for(status);
  if (first == kTlsHandshakeByte) return start_handshake();
  state_ = State::reading_head;
  read_head();
}

void Connection::start_handshake() {
  const auto& tls = thread_.edge().tls;
  if (!tls || !transport_.start_tls(tls->native())) return close();
  state_ = State::handshaking;
  set_deadline(settings().head_deadline);
  handshake();
}

void Connection::handshake() {
  const IoStatus status = transport_.handshake();
  if (status != IoStatus::done) return wait_for(status);
  await_request();
}

void Connection::linger() {
  state_ = State::lingering;
  exchange_.reset();
  std::string().swap(input_);
  transport_.end_output();
  const milliseconds limit = thread_.edge().is_stopping ? kLingerLimitAtStop : kLingerLimit;
  set_deadline(std::min(limit, settings().stall_deadline));
  drop_input();
}

void Connection::drop_input() {
  constexpr int kReadsPerTurn = 16;
  for (int i = 0; i < kReadsPerTurn; ++i) {
    const IoResult result = transport_.discard(thread_.scratch());
    if (result.status != IoStatus::done) return wait_for(result.status);
  }
  wait_readable();
}

}  // namespace aerolith::http
