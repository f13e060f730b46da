// One answer on its way out: head, then exactly the told number of body bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/message.h"
#include "http/response_head.h"
#include "http/transport.h"

namespace aerolith::http {

class Outgoing {
 public:
  enum class Step : uint8_t {
    sent,        // every byte was handed to the kernel
    want_read,   // TLS only
    want_write,  //
    want_piece,  // the source owes the next piece
    yield,       // the budget is used up; the socket may take more
    failed,
  };

  // On the handler's thread; may block: a streamed body's first piece is pulled here.
  Outgoing(Response response, RequestMethod method, bool is_tls);

  // The rest on the I/O thread.
  bool wants_close() const { return wants_close_; }
  uint8_t hop_limit() const { return hop_limit_; }
  void finish_head(Persistence persistence) { end_head(head_, persistence); }
  Step advance(Transport& transport, size_t budget_bytes);
  uint64_t body_bytes_sent() const { return body_sent_bytes_; }

  // Set while a piece should be pulled: the caller calls next() once, on a pool thread, and gives the result.
  bool can_take_piece() const;
  std::shared_ptr<BodySource> source() const { return source_; }
  void give_piece(Result<BodyPiece, SourceError> piece);

  // What owns the files that ranges were sent of. sendfile doesn't copy: the client, or the kernel on its way there,
  // reads the file's pages later, so keep it until the client has surely read the answer.
  std::vector<std::shared_ptr<const void>> take_sent_files();

  // Response::on_sent, once.
  void report(bool complete);

 private:
  std::string_view rest_of_text() const;
  IoResult write_some(Transport& transport, size_t budget_bytes);
  bool next_piece();
  void keep_sent_file();
  uint64_t piece_left_bytes() const;

  std::string head_;
  size_t head_sent_bytes_ = 0;
  bool wants_close_ = false;
  uint8_t hop_limit_ = 0;
  uint64_t body_size_bytes_ = 0;
  uint64_t body_sent_bytes_ = 0;
  uint64_t body_pulled_bytes_ = 0;  // in pieces that came, sent or not
  BodyPiece piece_;
  uint64_t piece_sent_bytes_ = 0;
  std::optional<BodyPiece> ahead_;
  std::vector<std::shared_ptr<const void>> sent_files_;
  bool is_failed_ = false;
  std::shared_ptr<BodySource> source_;
  std::move_only_function<void(uint64_t, bool)> on_sent_;
};

// source.next(), with an exception turned into an error. Both are logged.
Result<BodyPiece, SourceError> pull(BodySource& source);

}  // namespace aerolith::http
