// The edge: accepts connections, reads one request head at a time, hands it to a bounded pool of
// blocking handlers, and sends their answers. HTTP/1.1 and 1.0; plain and TLS on one port, told apart
// by the first byte (0x16 starts a TLS record).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/message.h"

namespace aerolith::http {

// What the edge calls. All functions must be safe from several threads.
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  // Runs on a pool thread and may block. An exception is a bug: the edge logs it and answers 500.
  virtual Response handle(Request& request) = 0;
  // Answers that the edge gives by itself, in the gateway's shape. Run on an I/O thread; must not block.
  // 503: the pool and its queue are full; no byte of the body was read.
  virtual Response overloaded(const RequestHead& head) = 0;
  // 400, 408, 413, 431, 501, 505: what was wrong with the bytes, and where they came from. There may be no whole head.
  virtual Response bad_request(int status, std::string_view reason, std::string_view peer_address) = 0;
};

struct IssuedCertificate {
  std::string certificate_pem;  // the chain behind it
  std::string key_pem;
};

// Makes certificates for names that clients ask for. Called on I/O threads: must not block.
class CertificateSource {
 public:
  virtual ~CertificateSource() = default;
  // Under what name a certificate for `server_name` is made and kept, so that several may share one: a pure function.
  // Empty: no certificate is made for that name.
  virtual std::string subject_of(std::string_view server_name) const = 0;
  // Good for weeks. Nullopt: it failed.
  virtual std::optional<IssuedCertificate> issue(const std::string& subject) = 0;
};

struct TlsSettings {
  // PEM files, chain first. Empty: no TLS, a TLS hello is closed.
  std::string certificate_file;
  std::string key_file;
  // Null: all clients get the certificate above. Must outlive the server.
  CertificateSource* names = nullptr;
  size_t kept_names = 512;  // certificates that are kept, at most
};

struct ServerSettings {
  std::vector<std::string> listen = {"127.0.0.1:4566"};  // host:port or [v6]:port; port 0 picks one; none: adopt()
  TlsSettings tls;
  size_t io_threads = 1;
  size_t handler_threads = 64;          // grown on demand, never above this
  size_t handler_queue = 1024;          // requests that wait for a thread; past it, overloaded()
  size_t max_connections = 20000;       // past it, an accepted connection is closed at once
  size_t head_limit_bytes = 64 * 1024;  // request line and fields
  uint64_t body_limit_bytes = 6ULL << 30;
  size_t body_buffer_bytes = 512 * 1024;             // per request between socket and handler
  uint64_t body_memory_bytes = 1ULL << 30;           // these buffers of all requests; past it, overloaded()
  std::chrono::milliseconds head_deadline{30'000};   // first byte of a head to its end; also the TLS handshake
  std::chrono::milliseconds idle_deadline{120'000};  // between requests
  std::chrono::milliseconds stall_deadline{
      20'000};  // no progress on a body, either way; of a request's, a trickle is none
  std::chrono::milliseconds stop_deadline{30'000};  // running requests at stop()
};

enum class ServerErrorCode { bad_address, bind_failed, bad_certificate };
using ServerError = Failure<ServerErrorCode>;

struct ServerStats {
  uint64_t open_connections = 0;
  uint64_t accepted_connections = 0;
  uint64_t running_handlers = 0;
  uint64_t queued_requests = 0;
  uint64_t rejected_requests = 0;  // answered by overloaded()
};

class Server {
 public:
  // Binds and starts. `handler` must outlive the server.
  static Result<std::unique_ptr<Server>, ServerError> start(ServerSettings settings, RequestHandler& handler);
  virtual ~Server() = default;
  // Addresses really bound, "host:port".
  virtual std::vector<std::string> addresses() const = 0;
  virtual ServerStats stats() const = 0;
  // Accepts on a listening TCP socket too, and takes it over, also when this fails. Requests that come by it show the
  // label, which several sockets may share and which isn't empty. Any thread, but no handler's.
  virtual Result<void, ServerError> adopt(int descriptor, std::string label) = 0;
  // On return the sockets of that label and all connections that came by them are closed. Any thread, but no handler's.
  virtual void drop(const std::string& label) = 0;
  // Stops accepting, closes idle connections, lets running requests finish up to stop_deadline, joins all threads.
  virtual void stop() = 0;
};

}  // namespace aerolith::http
