// For the tests of this room: a server on a free port whose handler is a function, and a client that speaks
// bytes.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "http/server.h"

struct ssl_st;
struct ssl_ctx_st;

namespace aerolith::http::testing_support {

struct SentReport {
  uint64_t body_bytes = 0;
  bool complete = false;
};

class FunctionHandler final : public RequestHandler {
 public:
  std::function<Response(Request&)> on_request;

  Response handle(Request& request) override { return on_request(request); }
  Response overloaded(const RequestHead& head) override;
  Response bad_request(int status, std::string_view reason, std::string_view peer_address) override;
};

Response text_response(std::string body, int status = 200);

// Settings with short deadlines on a free loopback port.
ServerSettings test_settings();

struct TestServer {
  FunctionHandler handler;
  std::unique_ptr<Server> server;
  uint16_t port = 0;

  explicit TestServer(std::function<Response(Request&)> on_request, ServerSettings settings = test_settings());
  ~TestServer();
};

struct Answer {
  int status = 0;  // 0: the connection ended before a whole head
  std::string head;
  std::map<std::string, std::string> fields;  // names in lower case
  std::string body;
  bool is_whole = false;  // the body has all its told bytes
};

// Blocking, with a 20 s limit for each read.
class Client {
 public:
  explicit Client(uint16_t port);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool start_tls();  // on this connection from here on
  // The session can be offered again by the next start_tls of any client.
  bool is_session_resumed() const;

  bool send(std::string_view bytes);
  // One answer; the rest of what came stays for the next. No body is expected after HEAD.
  Answer receive(bool is_head_request = false);
  std::string receive_head();
  std::string receive_some(size_t limit_bytes);
  // True when the server closes (or resets) and sends nothing before.
  bool sees_close();
  void half_close();
  void close();
  int descriptor() const { return descriptor_; }

 private:
  bool fill();

  int descriptor_ = -1;
  ssl_ctx_st* tls_context_ = nullptr;
  ssl_st* tls_ = nullptr;
  std::string input_;
};

// Waits up to 10 s.
bool eventually(const std::function<bool()>& condition);

// A temporary folder with a self-signed certificate for localhost in it.
struct CertificateFolder {
  std::string path;
  TlsSettings settings;
  CertificateFolder();
  ~CertificateFolder();
};

// The reports of on_sent, from any thread.
class SentReports {
 public:
  std::move_only_function<void(uint64_t, bool)> callback();
  std::vector<SentReport> all();
  // Waits for the first; fails the test when there is none, or more than one.
  SentReport only();

 private:
  std::mutex mutex_;
  std::vector<SentReport> reports_;
};

}  // namespace aerolith::http::testing_support
