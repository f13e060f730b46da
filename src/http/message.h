// Request heads and responses: HTTP without a socket. No AWS here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/body.h"

namespace aerolith::http {

// Field lines in the order they came or will go. Names compare without case. Few: linear search.
class Headers {
 public:
  void reserve(size_t count) { fields_.reserve(count); }
  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  // Replaces all of that name.
  void set(std::string_view name, std::string value);
  void remove(std::string_view name);
  // The first of that name.
  std::optional<std::string_view> find(std::string_view name) const;
  bool contains(std::string_view name) const { return find(name).has_value(); }
  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

struct RequestHead {
  std::string method;
  std::string target;  // as on the wire, still percent-encoded; an absolute-form target is cut to its path and query
  Headers headers;
  std::string peer_address;  // "127.0.0.1", no port
  bool is_tls = false;
  std::string_view tls_version{};  // "1.3"; empty without TLS
  std::string listener{};          // the label that Server::adopt was given; empty: an address of the settings

  // Still percent-encoded; the query is without '?', empty when there is none.
  std::string_view path() const;
  std::string_view query() const;
};

struct Request {
  RequestHead head;
  // Never null; an absent body reads as empty. Valid until the handler returns.
  BodyReader* body = nullptr;
};

struct Response {
  int status = 200;
  Headers headers;  // the edge adds Content-Length, Date and Connection
  ResponseBody body;
  // How many networks the answer's packets may cross (1 to 255); 0: as many as the system lets them.
  uint8_t hop_limit = 0;
  // HEAD, 204 and 304 answers send no body bytes; this overrides the Content-Length a HEAD tells.
  std::optional<uint64_t> head_content_length;
  // Called once when the last byte was handed to the kernel or the connection failed: with the number
  // of body bytes sent. On an I/O thread; must not block. For the access log.
  std::move_only_function<void(uint64_t body_bytes_sent, bool complete)> on_sent;
};

}  // namespace aerolith::http
