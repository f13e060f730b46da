#include "http/outgoing.h"

#include <fcntl.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "base/encoding.h"
#include "base/log.h"
#include "http/file_loading_source.h"

namespace aerolith::http {
namespace {

constexpr uint64_t kReadAheadBytes = 4 * 1024 * 1024;

uint64_t size_of(const BodyPiece& piece) {
  if (const auto* text = std::get_if<std::string>(&piece)) return text->size();
  return std::get<FileRange>(piece).size_bytes;
}

uint64_t size_of(const ResponseBody& body) {
  if (const auto* text = std::get_if<std::string>(&body)) return text->size();
  if (const auto* range = std::get_if<FileRange>(&body)) return range->size_bytes;
  return std::get<StreamedBody>(body).size_bytes;
}

bool is_close(const Headers& headers) {
  const auto value = headers.find("connection");
  return value && equals_ignore_case(*value, "close");
}

// So that sendfile on the I/O thread rarely waits for the disk.
void read_ahead(const FileRange& range) {
  posix_fadvise(range.descriptor, static_cast<off_t>(range.offset_bytes),
                static_cast<off_t>(std::min(range.size_bytes, kReadAheadBytes)), POSIX_FADV_WILLNEED);
}

std::unique_ptr<BodySource> source_of(ResponseBody& body, bool is_tls) {
  if (auto* streamed = std::get_if<StreamedBody>(&body)) {
    if (!is_tls || !streamed->source) return std::move(streamed->source);
    return std::make_unique<FileLoadingSource>(std::move(streamed->source));
  }
  if (auto* range = std::get_if<FileRange>(&body); range != nullptr && is_tls) {
    return std::make_unique<FileLoadingSource>(std::move(*range));
  }
  return nullptr;
}

}  // namespace

Result<BodyPiece, SourceError> pull(BodySource& source) {
  std::string what;
  try {
    auto piece = source.next();
    if (piece.has_value()) return piece;
    what = piece.error().detail;
  } catch (const std::exception& error) {
    what = error.what();
  }
  log_error("a response body failed; its connection is closed", {{"error", what}});
  return fail(SourceErrorCode::failed, std::move(what));
}

Outgoing::Outgoing(Response response, RequestMethod method, bool is_tls) : on_sent_(std::move(response.on_sent)) {
  if (response.status < 200 || response.status > 599) response.status = 500;
  const uint64_t size_bytes = size_of(response.body);
  head_ = begin_head(response, method, size_bytes);
  wants_close_ = is_close(response.headers);
  hop_limit_ = response.hop_limit;
  if (!sends_body(response.status, method) || size_bytes == 0) return;
  body_size_bytes_ = size_bytes;
  source_ = source_of(response.body, is_tls);
  if (source_) {
    give_piece(pull(*source_));
  } else if (auto* text = std::get_if<std::string>(&response.body)) {
    give_piece(BodyPiece(std::move(*text)));
  } else if (auto* range = std::get_if<FileRange>(&response.body)) {
    read_ahead(*range);
    give_piece(BodyPiece(std::move(*range)));
  } else {
    is_failed_ = true;
  }
}

bool Outgoing::can_take_piece() const {
  return source_ && !ahead_ && !is_failed_ && body_pulled_bytes_ < body_size_bytes_;
}

void Outgoing::give_piece(Result<BodyPiece, SourceError> piece) {
  // More or fewer bytes than the head told would corrupt what follows on the connection.
  if (!piece.has_value() || size_of(*piece) == 0 || size_of(*piece) > body_size_bytes_ - body_pulled_bytes_) {
    is_failed_ = true;
    return;
  }
  body_pulled_bytes_ += size_of(*piece);
  ahead_ = std::move(*piece);
}

void Outgoing::report(bool complete) {
  if (!on_sent_) return;
  auto on_sent = std::exchange(on_sent_, nullptr);
  on_sent(body_sent_bytes_, complete);
}

uint64_t Outgoing::piece_left_bytes() const { return size_of(piece_) - piece_sent_bytes_; }

void Outgoing::keep_sent_file() {
  auto* range = std::get_if<FileRange>(&piece_);
  if (range == nullptr || !range->owner) return;
  if (sent_files_.empty() || sent_files_.back() != range->owner) sent_files_.push_back(std::move(range->owner));
}

std::vector<std::shared_ptr<const void>> Outgoing::take_sent_files() {
  keep_sent_file();
  return std::move(sent_files_);
}

bool Outgoing::next_piece() {
  if (!ahead_) return false;
  keep_sent_file();
  piece_ = std::move(*ahead_);
  ahead_.reset();
  piece_sent_bytes_ = 0;
  return true;
}

std::string_view Outgoing::rest_of_text() const {
  const auto* text = std::get_if<std::string>(&piece_);
  if (text == nullptr) return {};
  return std::string_view(*text).substr(static_cast<size_t>(piece_sent_bytes_));
}

IoResult Outgoing::write_some(Transport& transport, size_t budget_bytes) {
  const std::string_view head = std::string_view(head_).substr(head_sent_bytes_);
  const auto* range = std::get_if<FileRange>(&piece_);
  if (head.empty() && range != nullptr) {
    const auto size = static_cast<size_t>(std::min<uint64_t>(piece_left_bytes(), budget_bytes));
    IoResult result = transport.send_file(range->descriptor, range->offset_bytes + piece_sent_bytes_, size);
    if (result.status == IoStatus::done && result.bytes == 0) {
      log_error("a file is shorter than the range to send; its connection is closed");
      result.status = IoStatus::failed;
    }
    return result;
  }
  const More more = range != nullptr ? More::yes : More::no;
  return transport.write(head, rest_of_text().substr(0, budget_bytes), more);
}

Outgoing::Step Outgoing::advance(Transport& transport, size_t budget_bytes) {
  size_t spent = 0;
  for (;;) {
    const bool head_is_out = head_sent_bytes_ == head_.size();
    if (head_is_out && body_sent_bytes_ == body_size_bytes_) return Step::sent;
    if (piece_left_bytes() == 0 && !next_piece() && head_is_out) return is_failed_ ? Step::failed : Step::want_piece;
    if (spent >= budget_bytes) return Step::yield;
    const IoResult result = write_some(transport, budget_bytes - spent);
    switch (result.status) {
      case IoStatus::done:
        break;
      case IoStatus::want_read:
        return Step::want_read;
      case IoStatus::want_write:
        return Step::want_write;
      case IoStatus::closed:
      case IoStatus::failed:
        return Step::failed;
    }
    spent += result.bytes;
    const size_t of_head = std::min(result.bytes, head_.size() - head_sent_bytes_);
    head_sent_bytes_ += of_head;
    piece_sent_bytes_ += result.bytes - of_head;
    body_sent_bytes_ += result.bytes - of_head;
  }
}

}  // namespace aerolith::http
