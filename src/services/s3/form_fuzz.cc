// Form uploads with any body: fields within bounds, and every byte of a file that is told whole comes out.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "services/s3/form.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace aerolith;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  size_t line = std::min(input.find('\n'), input.size());
  auto boundary = s3::form_boundary(input.substr(0, line));
  http::StringBody body(std::string(input.substr(std::min(line + 1, input.size()))));
  s3::FormReader form(body, boundary.value_or("b"));
  auto fields = form.read_fields();
  if (!fields.has_value()) return 0;
  size_t fields_bytes = 0;
  for (const auto& [name, value] : *fields) fields_bytes += name.size() + value.size();
  if (fields_bytes > 2 * s3::kFormFieldsLimitBytes) std::abort();
  std::string buffer(100, '\0');
  size_t file_bytes = 0;
  while (true) {
    auto read = form.read(buffer);
    if (!read.has_value() || *read == 0) break;
    file_bytes += *read;
  }
  if (file_bytes > size) std::abort();
  return 0;
}
