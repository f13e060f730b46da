// Connection: from bytes to the handler.
#include <algorithm>
#include <boost/asio/post.hpp>
#include <cstring>
#include <exception>
#include <utility>

#include "base/log.h"
#include "http/connection.h"

namespace aerolith::http {
namespace {

// Of a body without a told size, before its size is known to be worth more.
constexpr size_t kFirstChunkedRoomBytes = 16 * 1024;
// Fewer than these within the stall deadline are a stall.
constexpr size_t kStallProgressBytes = 16 * 1024;
// Taken from one connection before the others have their turn.
constexpr size_t kBytesPerTurn = 1024 * 1024;

}  // namespace

void Connection::await_request() {
  state_ = State::reading_head;
  scanner_.reset();
  if (thread_.edge().is_stopping) return close();
  set_deadline(input_.empty() ? settings().idle_deadline : settings().head_deadline);
  if (input_.empty()) std::string().swap(input_);
  if (has_hidden_input()) return drive_soon();
  wait_readable();
}

void Connection::read_head() {
  if (!input_.empty() && take_head(input_)) return;
  const std::span<char> scratch = thread_.scratch();
  for (;;) {
    const IoResult result = transport_.read(scratch);
    if (result.status != IoStatus::done) return wait_for(result.status);
    const std::string_view bytes(scratch.data(), result.bytes);
    if (input_.empty()) {
      set_deadline(settings().head_deadline);
      if (take_head(bytes)) return;
      input_.assign(bytes);
    } else {
      input_.append(bytes);
      if (take_head(input_)) return;
    }
    if (!transport_.is_tls()) return wait_readable();
  }
}

// True when the head is complete or refused. `bytes` is input_, or scratch while input_ is empty.
bool Connection::take_head(std::string_view bytes) {
  const auto size = scanner_.scan(bytes, settings().head_limit_bytes);
  if (!size.has_value()) {
    reject(size.error().status, size.error().reason);
    return true;
  }
  if (*size == 0) return false;
  auto parsed = parse_head(bytes.substr(0, *size));
  if (input_.empty()) {
    input_.assign(bytes.substr(*size));
  } else {
    input_.erase(0, *size);
  }
  if (!parsed.has_value()) {
    reject(parsed.error().status, parsed.error().reason);
  } else {
    begin_request(std::move(*parsed));
  }
  return true;
}

void Connection::begin_request(ParsedHead parsed) {
  // Who asks for more has read what came before.
  sent_files_.clear();
  exchange_ = std::make_shared<Exchange>();
  Exchange& exchange = *exchange_;
  exchange.method = parsed.head.method == "HEAD" ? RequestMethod::head : RequestMethod::other;
  exchange.framing = parsed.framing;
  exchange.keep_alive = parsed.keep_alive;
  exchange.is_http10 = parsed.is_http10;
  exchange.request.head = std::move(parsed.head);
  exchange.request.head.peer_address = peer_address_;
  exchange.request.head.listener = listener_;
  exchange.request.head.is_tls = transport_.is_tls();
  exchange.request.head.tls_version = transport_.tls_version();
  exchange.request.body = &exchange.no_body;
  if (parsed.framing == Framing::none) {
    // Also before an empty body: the AWS CLI (botocore in awscli 1.46) keeps a last answer that came instead of it, and
    // takes that for the status of the connection's next answer, too.
    if (parsed.expects_continue) send_continue();
    if (state_ != State::closed) dispatch();
    return;
  }
  exchange.is_body_complete = false;
  if (parsed.content_length_bytes > settings().body_limit_bytes) return reject(413, "the body is over the limit");
  if (thread_.edge().pool.is_full()) return overload();
  prepare_body(parsed);
  // Bytes that are here already need no invitation.
  if (parsed.expects_continue && input_.empty()) {
    exchange.awaits_continue = true;
    return dispatch();
  }
  state_ = State::filling_body;
  set_deadline(settings().stall_deadline);
  pump_body();
}

void Connection::prepare_body(const ParsedHead& parsed) {
  Exchange& exchange = *exchange_;
  BodyPipeSettings pipe;
  pipe.capacity_bytes = std::max<size_t>(settings().body_buffer_bytes, 1);
  pipe.first_capacity_bytes = std::min(kFirstChunkedRoomBytes, pipe.capacity_bytes);
  if (parsed.framing == Framing::length) {
    exchange.body_left_bytes = parsed.content_length_bytes;
    pipe.body_size_bytes = parsed.content_length_bytes;
    pipe.capacity_bytes = static_cast<size_t>(std::min<uint64_t>(pipe.capacity_bytes, parsed.content_length_bytes));
    pipe.first_capacity_bytes = pipe.capacity_bytes;
  } else {
    exchange.decoder.emplace();
  }
  exchange.room.emplace(thread_.edge().body_room_bytes);
  // Called by the handler's thread, whose task keeps this connection alive.
  pipe.on_want = [this] { body_wanted(); };
  exchange.pipe.emplace(std::move(pipe));
  exchange.request.body = &*exchange.pipe;
}

// False: bodies under way fill all the memory that they may.
bool Connection::charge_body(size_t bytes) {
  Exchange& exchange = *exchange_;
  exchange.arrived_bytes += bytes;
  const uint64_t buffered = std::min<uint64_t>(exchange.arrived_bytes, settings().body_buffer_bytes);
  return exchange.room->reach(buffered, settings().body_memory_bytes);
}

void Connection::body_unwelcome() {
  if (state_ == State::filling_body) return overload();
  body_failed(BodyErrorCode::timed_out, "too many bodies at once");
}

// A trickle is a stall: otherwise a client could hold a handler with a byte now and then.
void Connection::progressed(size_t bytes) {
  exchange_->progress_bytes += bytes;
  if (exchange_->progress_bytes < kStallProgressBytes) return;
  exchange_->progress_bytes = 0;
  set_deadline(settings().stall_deadline);
}

void Connection::dispatch() {
  state_ = State::handling;
  if (exchange_->is_body_complete || exchange_->awaits_continue) clear_deadline();
  thread_.submit_later(shared_from_this());
}

HandlerPool::Task Connection::make_task() {
  if (state_ != State::handling) return nullptr;
  return [self = shared_from_this(), exchange = exchange_]() mutable {
    handle(self->thread_.edge().handler, *exchange);
    // The last hold on a connection is let go on its own thread.
    boost::asio::io_context& context = self->thread_.context();
    boost::asio::post(context, [self = std::move(self), exchange = std::move(exchange)] {
      if (self->exchange_ == exchange) {
        self->begin_response();
      } else {
        exchange->outgoing->report(false);
      }
    });
  };
}

void Connection::refused() {
  if (state_ == State::handling) overload();
}

void Connection::handle(RequestHandler& handler, Exchange& exchange) {
  Response response;
  try {
    response = handler.handle(exchange.request);
  } catch (const std::exception& error) {
    log_error("a handler threw", {{"target", exchange.request.head.target}, {"error", error.what()}});
    response = Response{.status = 500, .headers = {}, .body = {}, .head_content_length = {}, .on_sent = {}};
  }
  exchange.outgoing.emplace(std::move(response), exchange.method, exchange.request.head.is_tls);
}

void Connection::body_wanted() {
  boost::asio::post(thread_.context(), [self = shared_from_this()] { self->resume_body(); });
}

void Connection::resume_body() {
  if (state_ != State::handling || exchange_->is_body_complete || exchange_->is_body_broken) return;
  set_deadline(settings().stall_deadline);
  if (std::exchange(exchange_->awaits_continue, false)) send_continue();
  if (state_ == State::handling) pump_body();
}

void Connection::send_continue() {
  // So few bytes after a whole head always fit the socket's buffer; a client for which they don't is broken.
  const IoResult result = transport_.write(kContinueHead, {}, More::no);
  if (result.status != IoStatus::done || result.bytes != kContinueHead.size()) {
    body_failed(BodyErrorCode::disconnected, "the client does not take 100 Continue");
  }
}

void Connection::pump_body() {
  const Exchange& exchange = *exchange_;
  if (exchange.is_body_complete || exchange.is_body_broken || exchange.awaits_continue) return;
  size_t taken_bytes = 0;
  while (taken_bytes < kBytesPerTurn) {
    const std::span<char> room = exchange_->pipe->writable();
    if (room.empty()) {
      // The handler's reading goes on from here: a full pipe is no stall of the client's.
      if (state_ == State::filling_body) dispatch();
      if (state_ == State::handling) clear_deadline();
      return;
    }
    const IoResult result = exchange.framing == Framing::chunked ? take_chunks(room) : take_body(room);
    if (exchange_ == nullptr || exchange_->is_body_broken || state_ > State::handling) return;
    if (result.status == IoStatus::closed || result.status == IoStatus::failed) {
      return body_failed(BodyErrorCode::disconnected, "the client closed before the body's end");
    }
    if (result.status != IoStatus::done) return wait_for(result.status);
    if (!charge_body(result.bytes)) return body_unwelcome();
    if (exchange.is_body_complete) return body_arrived();
    progressed(result.bytes);
    taken_bytes += result.bytes;
  }
  if (has_hidden_input()) return drive_soon();
  wait_readable();
}

IoResult Connection::take_body(std::span<char> room) {
  Exchange& exchange = *exchange_;
  room = room.first(static_cast<size_t>(std::min<uint64_t>(room.size(), exchange.body_left_bytes)));
  IoResult result;
  if (!input_.empty()) {
    result = {IoStatus::done, std::min(room.size(), input_.size())};
    std::memcpy(room.data(), input_.data(), result.bytes);
    input_.erase(0, result.bytes);
  } else {
    result = transport_.read(room);
  }
  if (result.status != IoStatus::done) return result;
  exchange.pipe->commit(result.bytes);
  exchange.body_left_bytes -= result.bytes;
  exchange.is_body_complete = exchange.body_left_bytes == 0;
  return result;
}

IoResult Connection::take_chunks(std::span<char> room) {
  Exchange& exchange = *exchange_;
  for (;;) {
    const auto progress = exchange.decoder->decode(input_, room);
    if (!progress.has_value()) {
      body_failed(BodyErrorCode::malformed, progress.error().reason);
      return {};
    }
    input_.erase(0, progress->consumed_bytes);
    exchange.body_taken_bytes += progress->produced_bytes;
    if (exchange.body_taken_bytes > settings().body_limit_bytes) {
      body_failed(BodyErrorCode::too_large, "the body is over the limit");
      return {};
    }
    if (progress->produced_bytes > 0) exchange.pipe->commit(progress->produced_bytes);
    exchange.is_body_complete = exchange.decoder->is_done();
    if (progress->produced_bytes > 0 || exchange.is_body_complete) return {IoStatus::done, progress->produced_bytes};
    const IoResult result = transport_.read(thread_.scratch());
    if (result.status != IoStatus::done) return result;
    input_.append(thread_.scratch().data(), result.bytes);
  }
}

void Connection::body_arrived() {
  exchange_->pipe->finish();
  clear_deadline();
  if (state_ == State::filling_body) dispatch();
}

void Connection::body_failed(BodyErrorCode code, std::string_view reason) {
  if (state_ == State::handling) {
    exchange_->is_body_broken = true;
    exchange_->pipe->fail_with(code, std::string(reason));
    return clear_deadline();
  }
  switch (code) {
    case BodyErrorCode::timed_out:
      return reject(408, reason);
    case BodyErrorCode::too_large:
      return reject(413, reason);
    case BodyErrorCode::malformed:
    case BodyErrorCode::rejected:
      return reject(400, reason);
    case BodyErrorCode::disconnected:
      return close();
  }
}

void Connection::drain() {
  Exchange& exchange = *exchange_;
  const std::span<char> scratch = thread_.scratch();
  const size_t at_hand = static_cast<size_t>(std::min<uint64_t>(input_.size(), exchange.body_left_bytes));
  input_.erase(0, at_hand);
  exchange.body_left_bytes -= at_hand;
  while (exchange.body_left_bytes > 0) {
    const auto size = static_cast<size_t>(std::min<uint64_t>(scratch.size(), exchange.body_left_bytes));
    const IoResult result = transport_.read(scratch.first(size));
    if (result.status != IoStatus::done) return wait_for(result.status);
    exchange.body_left_bytes -= result.bytes;
  }
  exchange_.reset();
  await_request();
}

void Connection::reject(int status, std::string_view reason) {
  if (exchange_) exchange_->keep_alive = false;
  answer(thread_.edge().handler.bad_request(status, reason, peer_address_));
}

void Connection::overload() {
  ++thread_.edge().rejected_requests;
  if (!exchange_->is_body_complete) exchange_->keep_alive = false;
  answer(thread_.edge().handler.overloaded(exchange_->request.head));
}

}  // namespace aerolith::http
