#include "services/s3/form.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace aerolith::s3 {
namespace {

// Gives a body in pieces of a few bytes.
class SlowBody final : public http::BodyReader {
 public:
  SlowBody(std::string bytes, size_t piece_bytes) : bytes_(std::move(bytes)), piece_bytes_(piece_bytes) {}
  aerolith::Result<size_t, http::BodyError> read(std::span<char> buffer) override {
    size_t size = std::min({piece_bytes_, buffer.size(), bytes_.size() - at_});
    std::copy_n(bytes_.data() + at_, size, buffer.data());
    at_ += size;
    return size;
  }
  std::optional<uint64_t> size_bytes() const override { return bytes_.size(); }

 private:
  std::string bytes_;
  size_t piece_bytes_;
  size_t at_ = 0;
};

constexpr std::string_view kForm =
    "--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nup/${filename}\r\n"
    "--b\r\nContent-Type: text/plain\r\ncontent-disposition: form-data; name=empty\r\n\r\n\r\n"
    "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"C:\\\\dir\\\\a b.txt\"\r\n\r\n"
    "bytes\r\n--not the end\r\n--b\r\n"
    "Content-Disposition: form-data; name=\"submit\"\r\n\r\nok\r\n--b--\r\n";

FormResult<std::string> read_file(FormReader& form) {
  std::string file;
  std::string buffer(3, '\0');
  while (true) {
    size_t size = TRY(form.read(buffer));
    if (size == 0) return file;
    file += buffer.substr(0, size);
  }
}

TEST(Form, FieldsThenFileWhateverThePieces) {
  for (size_t piece : {1U, 2U, 7U, 100'000U}) {
    SlowBody body(std::string(kForm), piece);
    FormReader form(body, "b");
    auto fields = form.read_fields();
    ASSERT_TRUE(fields.has_value()) << fields.error().detail;
    auth::FormFields expected = {{"key", "up/${filename}"}, {"empty", ""}};
    EXPECT_EQ(*fields, expected);
    EXPECT_EQ(form.file_name(), "a b.txt");
    EXPECT_EQ(read_file(form).value(), "bytes\r\n--not the end") << piece;
    std::string buffer(3, '\0');
    EXPECT_EQ(form.read(buffer).value(), 0U);
  }
}

TEST(Form, CutAnywhereItIsNeverWhole) {
  size_t file_end = kForm.find("\r\n--b\r\nContent-Disposition: form-data; name=\"submit\"") + 5;
  for (size_t size = 0; size < file_end; ++size) {
    http::StringBody body(std::string(kForm.substr(0, size)));
    FormReader form(body, "b");
    auto fields = form.read_fields();
    if (!fields.has_value()) continue;
    EXPECT_FALSE(read_file(form).has_value()) << size;
  }
}

FormErrorCode failure(std::string text) {
  http::StringBody body(std::move(text));
  FormReader form(body, "b");
  auto fields = form.read_fields();
  EXPECT_FALSE(fields.has_value());
  return fields.has_value() ? FormErrorCode::body : fields.error().code;
}

TEST(Form, WhatIsNoForm) {
  EXPECT_EQ(failure(""), FormErrorCode::malformed);
  EXPECT_EQ(failure("no boundary at all"), FormErrorCode::malformed);
  EXPECT_EQ(failure("preamble\r\n--b\r\n\r\n"), FormErrorCode::malformed);
  EXPECT_EQ(failure("--b\r\n\r\nno name\r\n--b--\r\n"), FormErrorCode::malformed);
  EXPECT_EQ(failure("--bx\r\n\r\n"), FormErrorCode::malformed);
  EXPECT_EQ(failure("--b--\r\n"), FormErrorCode::no_file);
  std::string field = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n";
  EXPECT_EQ(failure(field + "x\r\n--b--\r\n"), FormErrorCode::no_file);
  EXPECT_EQ(failure(field + std::string(kFormFieldsLimitBytes, 'x') + "\r\n--b--"), FormErrorCode::fields_too_big);
  std::string many;
  for (int i = 0; i < 1000; ++i) many += field + "\r\n";
  EXPECT_EQ(failure(many), FormErrorCode::fields_too_big);
}

TEST(Form, Boundary) {
  EXPECT_EQ(form_boundary("multipart/form-data; boundary=abc"), "abc");
  EXPECT_EQ(form_boundary("Multipart/Form-Data; charset=utf-8; Boundary=\"a;b\""), "a;b");
  EXPECT_EQ(form_boundary("multipart/form-data"), std::nullopt);
  EXPECT_EQ(form_boundary("multipart/form-data; boundary="), std::nullopt);
  EXPECT_EQ(form_boundary("text/plain; boundary=abc"), std::nullopt);
  EXPECT_EQ(form_boundary("multipart/form-data; boundary=" + std::string(71, 'x')), std::nullopt);
}

}  // namespace
}  // namespace aerolith::s3
