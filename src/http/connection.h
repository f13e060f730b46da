// One client's connection: a state machine that its I/O thread drives whenever the socket is ready, the
// handler has answered, or a deadline has passed.
//
//   detecting -> [handshaking] -> reading_head -> [filling_body] -> handling -> responding
//        ^                             ^                                            |
//        |                             +---------------- [draining] <---------------+-> lingering -> closed
//
// An idle connection owns no buffer; all of a request lives in its Exchange. connection.cc: life, waits and
// deadlines; connection_request.cc: from bytes to the handler; connection_response.cc: from its answer to bytes.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/body_pipe.h"
#include "http/deadline_wheel.h"
#include "http/io_thread.h"
#include "http/message.h"
#include "http/outgoing.h"
#include "http/request_parser.h"
#include "http/transport.h"

namespace aerolith::http {

class Connection final : public DeadlineWheel::Entry, public std::enable_shared_from_this<Connection> {
 public:
  // `listener`: the label of the one that it came by.
  Connection(IoThread& thread, std::string peer_address, std::string listener);
  ~Connection();

  // All on the I/O thread.
  void start(int descriptor);  // takes it over
  void stop();                 // closes when no request is under way, else after its answer
  void close();                // now
  void deadline_passed();
  const std::string& listener() const { return listener_; }
  // For IoThread's batch: the handler's run of the request that dispatch() announced, null when the connection
  // closed since; and that the pool had no room for it.
  HandlerPool::Task make_task();
  void refused();

 private:
  using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

  enum class State : uint8_t {
    detecting,     // no byte yet
    handshaking,   // TLS
    reading_head,  // between requests, or within a head
    filling_body,  // the body goes to the pipe; no handler yet
    handling,      // queued for or run by the pool; the body goes on into the pipe
    responding,
    draining,   // an unread rest of a body, before the next head
    lingering,  // the answer is out; the client's bytes are dropped until it closes
    closed,
  };

  // One request and its answer. The handler's thread has `request` and `outgoing` until it posts its end;
  // the rest is the I/O thread's.
  struct Exchange {
    Request request;
    RequestMethod method = RequestMethod::other;
    Framing framing = Framing::none;
    bool keep_alive = false;
    bool is_http10 = false;
    EmptyBody no_body;
    std::optional<BodyRoom> room;  // what the pipe takes
    std::optional<BodyPipe> pipe;
    std::optional<ChunkDecoder> decoder;
    uint64_t body_left_bytes = 0;   // Framing::length: not yet taken from the connection
    uint64_t body_taken_bytes = 0;  // Framing::chunked: decoded so far
    uint64_t arrived_bytes = 0;     // of the body, in all
    size_t progress_bytes = 0;      // came since the stall deadline was set
    bool is_body_complete = true;
    bool is_body_broken = false;
    bool awaits_continue = false;  // "100 Continue" was asked for and not sent
    bool is_pulling = false;       // a pool thread is in source->next()
    bool is_closing = false;       // the head says Connection: close
    std::optional<Outgoing> outgoing;
  };
  using ExchangePointer = std::shared_ptr<Exchange>;

  // connection.cc
  void drive();
  void wait_readable();
  void wait_writable();
  void wait_for(IoStatus status);  // closes for anything but want_*
  void detect();
  void handshake();
  void start_handshake();
  void linger();
  void drop_input();
  // Bytes that no readiness of the socket will tell of: taken before, or decrypted before.
  bool has_hidden_input() const { return !input_.empty() || transport_.is_tls(); }
  void drive_soon();  // from the top of the stack
  void set_deadline(std::chrono::milliseconds from_now) { thread_.set_deadline(*this, from_now); }
  void clear_deadline() { thread_.clear_deadline(*this); }
  const ServerSettings& settings() const { return thread_.edge().settings; }

  // connection_request.cc
  void await_request();
  void read_head();
  bool take_head(std::string_view bytes);
  void begin_request(ParsedHead parsed);
  void prepare_body(const ParsedHead& parsed);
  void dispatch();
  static void handle(RequestHandler& handler, Exchange& exchange);  // on a pool thread
  void body_wanted();                                               // any thread
  void resume_body();
  void send_continue();
  void pump_body();
  bool charge_body(size_t bytes);
  void body_unwelcome();
  void progressed(size_t bytes);
  IoResult take_body(std::span<char> room);
  IoResult take_chunks(std::span<char> room);
  void body_arrived();
  void body_failed(BodyErrorCode code, std::string_view reason);
  void drain();
  void reject(int status, std::string_view reason);
  void overload();

  // connection_response.cc
  void answer(Response response);  // the edge's own
  void begin_response();
  bool can_drain() const;
  void limit_hops(uint8_t limit);
  void send();
  void pull_piece();
  void piece_arrived(const ExchangePointer& exchange, Result<BodyPiece, SourceError> piece);
  void end_response(bool complete);

  IoThread& thread_;
  Socket socket_;
  Transport transport_{-1};
  State state_ = State::detecting;
  bool is_read_wait_pending_ = false;
  bool is_write_wait_pending_ = false;
  std::string peer_address_;
  std::string listener_;
  uint8_t hop_limit_ = 0;  // that the socket has now
  HeadScanner scanner_;
  std::string input_;  // came, not yet used; empty and without memory while idle
  ExchangePointer exchange_;
  std::vector<std::shared_ptr<const void>> sent_files_;  // of the last answer: the client may not have read it yet
};

}  // namespace aerolith::http
