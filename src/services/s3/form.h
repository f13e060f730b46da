// A browser's form upload as it comes in: multipart/form-data (RFC 7578), read without holding the file.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "auth/post_policy.h"
#include "base/result.h"
#include "http/body.h"

namespace aerolith::s3 {

enum class FormErrorCode : uint8_t {
  malformed,       // not multipart/form-data of that boundary, or cut off
  fields_too_big,  // the fields before the file
  no_file,
  body,  // the body can't be read: FormError::body_error
};
struct FormError : Failure<FormErrorCode> {
  FormError(FormErrorCode error_code, std::string text) : Failure{error_code, std::move(text)} {}
  FormError(Failure<FormErrorCode> failure) : Failure(std::move(failure)) {}
  FormError(const http::BodyError& error) : Failure{FormErrorCode::body, error.detail}, body_error(error) {}
  std::optional<http::BodyError> body_error;
};

template <typename T = void>
using FormResult = aerolith::Result<T, FormError>;

inline constexpr size_t kFormFieldsLimitBytes = 20 * 1024;  // S3's, for all that stands before the file

// The boundary of a Content-Type of multipart/form-data; nullopt for every other one.
std::optional<std::string> form_boundary(std::string_view content_type);

// One thread. The body must outlive it.
class FormReader {
 public:
  FormReader(http::BodyReader& body, std::string_view boundary);

  // Once, first: the fields before the file, in the order they came.
  FormResult<auth::FormFields> read_fields();
  // Then: bytes of the file, 0 at its clean end. What stands behind it is ignored, as with S3.
  FormResult<size_t> read(std::span<char> buffer);

  // Without folders; nullopt where the client gave none.
  const std::optional<std::string>& file_name() const { return file_name_; }

 private:
  struct PartHead {
    std::string name;
    std::optional<std::string> file_name;
  };

  // Appends what comes next to buffer_; false at the end of the body.
  FormResult<bool> fill();
  // Has at least `size_bytes` in the buffer.
  FormResult<> need(size_t size_bytes);
  // The bytes up to `mark`, which are taken out of the buffer together with it.
  FormResult<std::string> take_until(std::string_view mark);
  // What follows a delimiter: false where it was the last one.
  FormResult<bool> begin_part();
  FormResult<PartHead> read_part_head();

  http::BodyReader& body_;
  const std::string delimiter_;  // CRLF, two dashes, boundary
  std::string buffer_;
  size_t fields_bytes_ = 0;
  bool body_ended_ = false;
  bool file_ended_ = false;
  std::optional<std::string> file_name_;
};

}  // namespace aerolith::s3
