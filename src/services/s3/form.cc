#include "services/s3/form.h"

#include <algorithm>

#include "base/encoding.h"

namespace aerolith::s3 {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::string_view kFormType = "multipart/form-data";
constexpr size_t kReadBytes = size_t{64} << 10;
constexpr size_t kMostBoundaryBytes = 70;  // RFC 2046 section 5.1.1

// The value of a parameter of a header field: name=value or name="value" (browsers write a quote inside as %22).
std::optional<std::string> find_parameter(std::string_view field, std::string_view name) {
  size_t at = field.find(';');
  while (at < field.size()) {
    std::string_view rest = trim(field.substr(at + 1));
    size_t equals = rest.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    bool is_wanted = equals_ignore_case(trim(rest.substr(0, equals)), name);
    std::string_view value = trim(rest.substr(equals + 1));
    size_t end = 0;
    std::string text;
    if (value.starts_with('"')) {
      for (end = 1; end < value.size() && value[end] != '"'; ++end) {
        if (value[end] == '\\' && end + 1 < value.size() && (value[end + 1] == '"' || value[end + 1] == '\\')) ++end;
        text += value[end];
      }
      if (end == value.size()) return std::nullopt;
      end = std::min(value.find(';', end), value.size());
    } else {
      end = std::min(value.find(';'), value.size());
      text = trim(value.substr(0, end));
    }
    if (is_wanted) return text;
    at = static_cast<size_t>(value.data() - field.data()) + end;
  }
  return std::nullopt;
}

std::unexpected<FormError> malformed(std::string detail) {
  return std::unexpected(FormError(FormErrorCode::malformed, std::move(detail)));
}

}  // namespace

std::optional<std::string> form_boundary(std::string_view content_type) {
  std::string_view type = trim(content_type.substr(0, content_type.find(';')));
  if (!equals_ignore_case(type, kFormType)) return std::nullopt;
  std::optional<std::string> boundary = find_parameter(content_type, "boundary");
  if (!boundary || boundary->empty() || boundary->size() > kMostBoundaryBytes) return std::nullopt;
  return boundary;
}

// The first delimiter has no line end before it: one is put there.
FormReader::FormReader(http::BodyReader& body, std::string_view boundary)
    : body_(body), delimiter_("\r\n--" + std::string(boundary)), buffer_(kLineEnd) {}

FormResult<bool> FormReader::fill() {
  if (body_ended_) return false;
  size_t before = buffer_.size();
  buffer_.resize(before + kReadBytes);
  auto read = body_.read(std::span(buffer_).subspan(before));
  buffer_.resize(before + (read.has_value() ? *read : 0));
  if (!read.has_value()) return std::unexpected(FormError(read.error()));
  body_ended_ = *read == 0;
  return !body_ended_;
}

FormResult<> FormReader::need(size_t size_bytes) {
  while (buffer_.size() < size_bytes) {
    if (!TRY(fill())) return malformed("the form ends early");
  }
  return {};
}

FormResult<std::string> FormReader::take_until(std::string_view mark) {
  size_t searched = 0;
  while (true) {
    size_t at = buffer_.find(mark, searched);
    size_t size_bytes = at == std::string::npos ? buffer_.size() : at;
    if (fields_bytes_ + size_bytes > kFormFieldsLimitBytes + mark.size()) {
      return std::unexpected(FormError(FormErrorCode::fields_too_big, "the fields before the file"));
    }
    if (at != std::string::npos) {
      std::string taken = buffer_.substr(0, at);
      buffer_.erase(0, at + mark.size());
      fields_bytes_ += at + mark.size();
      return taken;
    }
    searched = buffer_.size() - std::min(buffer_.size(), mark.size() - 1);
    if (!TRY(fill())) return malformed("the form ends early");
  }
}

FormResult<bool> FormReader::begin_part() {
  TRY(need(2));
  if (buffer_.starts_with("--")) return false;
  std::string padding = TRY(take_until(kLineEnd));
  if (!trim(padding).empty()) return malformed("something stands behind a boundary");
  // A part without header fields would begin with the empty line itself.
  buffer_.insert(0, kLineEnd);
  return true;
}

FormResult<FormReader::PartHead> FormReader::read_part_head() {
  std::string text = TRY(take_until(kHeadEnd));
  std::string_view rest = text;
  while (!rest.empty()) {
    size_t end = std::min(rest.find(kLineEnd), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + kLineEnd.size(), rest.size()));
    size_t colon = line.find(':');
    if (colon == std::string_view::npos || !equals_ignore_case(trim(line.substr(0, colon)), "content-disposition")) {
      continue;
    }
    std::string_view value = line.substr(colon + 1);
    std::optional<std::string> name = find_parameter(value, "name");
    if (!name) return malformed("a part without a name");
    PartHead head;
    head.name = *std::move(name);
    head.file_name = find_parameter(value, "filename");
    return head;
  }
  return malformed("a part without Content-Disposition");
}

FormResult<auth::FormFields> FormReader::read_fields() {
  auth::FormFields fields;
  std::string preamble = TRY(take_until(delimiter_));
  if (!trim(preamble).empty()) return malformed("something stands before the first boundary");
  while (TRY(begin_part())) {
    PartHead head = TRY(read_part_head());
    if (equals_ignore_case(head.name, "file")) {
      if (head.file_name && !head.file_name->empty()) {
        // Some clients send whole paths.
        file_name_ = head.file_name->substr(head.file_name->find_last_of("/\\") + 1);
      }
      return fields;
    }
    std::string value = TRY(take_until(delimiter_));
    fields.emplace_back(std::move(head.name), std::move(value));
  }
  return std::unexpected(FormError(FormErrorCode::no_file, "the form has no file"));
}

FormResult<size_t> FormReader::read(std::span<char> buffer) {
  while (!file_ended_) {
    size_t at = buffer_.find(delimiter_);
    // The last bytes may be the beginning of the delimiter.
    size_t ready = at != std::string::npos ? at : buffer_.size() - std::min(buffer_.size(), delimiter_.size() - 1);
    if (ready > 0) {
      size_t size_bytes = std::min(ready, buffer.size());
      std::copy_n(buffer_.data(), size_bytes, buffer.data());
      buffer_.erase(0, size_bytes);
      return size_bytes;
    }
    if (at == std::string::npos) {
      if (!TRY(fill())) return malformed("the form ends early");
      continue;
    }
    file_ended_ = true;
  }
  // The body must arrive whole, or its sender may have been cut off.
  do buffer_.clear();
  while (TRY(fill()));
  return size_t{0};
}

}  // namespace aerolith::s3
