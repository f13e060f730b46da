// Connection: from the handler's answer to bytes.
#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <utility>

#include "http/connection.h"

namespace aerolith::http {
namespace {

// An unread rest of a body up to here is read and dropped so that the connection can go on.
constexpr uint64_t kDrainLimitBytes = 256 * 1024;
// Given to one connection before the others have their turn.
constexpr size_t kSentPerTurn = 2 * 1024 * 1024;

}  // namespace

void Connection::answer(Response response) {
  if (!exchange_) exchange_ = std::make_shared<Exchange>();
  Exchange& exchange = *exchange_;
  exchange.outgoing.emplace(std::move(response), exchange.method, transport_.is_tls());
  begin_response();
}

bool Connection::can_drain() const {
  const Exchange& exchange = *exchange_;
  if (exchange.is_body_complete) return true;
  // After an unanswered "Expect: 100-continue" nobody knows whether the body will come.
  return exchange.framing == Framing::length && !exchange.is_body_broken && !exchange.awaits_continue &&
         exchange.body_left_bytes <= kDrainLimitBytes;
}

void Connection::begin_response() {
  Exchange& exchange = *exchange_;
  state_ = State::responding;
  exchange.pipe.reset();
  exchange.room.reset();
  exchange.is_closing =
      !exchange.keep_alive || exchange.outgoing->wants_close() || thread_.edge().is_stopping || !can_drain();
  if (exchange.is_closing) {
    exchange.outgoing->finish_head(Persistence::close);
  } else {
    exchange.outgoing->finish_head(exchange.is_http10 ? Persistence::keep_alive_http10 : Persistence::keep_alive);
  }
  limit_hops(exchange.outgoing->hop_limit());
  set_deadline(settings().stall_deadline);
  send();
}

void Connection::limit_hops(uint8_t limit) {
  if (limit == hop_limit_) return;
  constexpr int kSystemDefault = -1;
  const int value = limit == 0 ? kSystemDefault : limit;
  // An IPv6 socket has none of this kind: nobody asks for it there.
  ::setsockopt(socket_.native_handle(), IPPROTO_IP, IP_TTL, &value, sizeof(value));
  hop_limit_ = limit;
}

void Connection::send() {
  const uint64_t before = exchange_->outgoing->body_bytes_sent();
  const Outgoing::Step step = exchange_->outgoing->advance(transport_, kSentPerTurn);
  if (step == Outgoing::Step::sent) return end_response(true);
  if (step == Outgoing::Step::failed) return end_response(false);
  if (exchange_->outgoing->body_bytes_sent() != before) set_deadline(settings().stall_deadline);
  if (exchange_->outgoing->can_take_piece()) pull_piece();
  switch (step) {
    case Outgoing::Step::want_read:
      return wait_readable();
    case Outgoing::Step::want_write:
    case Outgoing::Step::yield:
      return wait_writable();
    case Outgoing::Step::want_piece:
      // The source's time is not the client's stall.
      return clear_deadline();
    case Outgoing::Step::sent:
    case Outgoing::Step::failed:
      return;
  }
}

void Connection::pull_piece() {
  if (std::exchange(exchange_->is_pulling, true)) return;
  auto task = [self = shared_from_this(), exchange = exchange_, source = exchange_->outgoing->source()]() mutable {
    auto piece = pull(*source);
    boost::asio::io_context& context = self->thread_.context();
    boost::asio::post(context,
                      [self = std::move(self), exchange = std::move(exchange), piece = std::move(piece)]() mutable {
                        self->piece_arrived(exchange, std::move(piece));
                      });
  };
  // Refused only when the server has stopped: the connection is about to be closed.
  thread_.edge().pool.submit_continuation(std::move(task));
}

void Connection::piece_arrived(const ExchangePointer& exchange, Result<BodyPiece, SourceError> piece) {
  if (exchange_ != exchange) return;
  exchange->is_pulling = false;
  exchange->outgoing->give_piece(std::move(piece));
  if (deadline() == DeadlineWheel::kNever) set_deadline(settings().stall_deadline);
  send();
}

void Connection::end_response(bool complete) {
  const auto self = shared_from_this();
  exchange_->outgoing->report(complete);
  sent_files_ = exchange_->outgoing->take_sent_files();
  if (!complete) return close();
  if (exchange_->is_closing) return linger();
  if (!exchange_->is_body_complete) {
    state_ = State::draining;
    exchange_->outgoing.reset();
    set_deadline(settings().stall_deadline);
    return drain();
  }
  exchange_.reset();
  await_request();
}

}  // namespace aerolith::http
