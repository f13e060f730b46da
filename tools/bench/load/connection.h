// One keep-alive HTTP/1.1 connection to a server on this machine, with blocking calls. It checks what a load generator
// must: the answer's status, its framing and the number of body bytes. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace aerolith::load {

struct Answer {
  int status = 0;
  uint64_t body_bytes = 0;
  std::string body;  // as far as the caller asked to keep it
  std::string etag;
};

struct Request {
  std::string_view head;  // with the empty line at its end
  std::string_view body;
  bool answer_has_body = true;         // false: HEAD
  size_t kept_body_bytes = 64 * 1024;  // longer bodies are read, counted and dropped
};

class Connection {
 public:
  explicit Connection(uint16_t port) : port_(port) {}
  ~Connection() { close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Connects where needed. After an error the connection is closed; the next call makes a new one.
  std::expected<Answer, std::string> exchange(const Request& request);

 private:
  struct Head {
    uint64_t content_length = 0;
    bool is_chunked = false;
    bool closes = false;
  };

  void close();
  bool connect();
  bool send_all(std::string_view head, std::string_view body);
  bool receive_more();
  bool read_head(Answer& answer, Head& head);
  bool read_line(std::string& line);
  bool read_bytes(uint64_t count, Answer& answer, size_t kept_body_bytes);
  bool read_chunks(Answer& answer, size_t kept_body_bytes);

  uint16_t port_;
  int socket_ = -1;
  std::string failure_;
  std::vector<char> buffer_ = std::vector<char>(256 * 1024);
  size_t begin_ = 0;  // received and not used yet: buffer_[begin_, end_)
  size_t end_ = 0;
};

}  // namespace aerolith::load
