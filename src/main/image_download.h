// Cloud images of others, by URL and checksum. curl does the transfer: its proxies and certificates are the user's own.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace aerolith::main_program {

struct PublishedImage {
  std::string_view name;
  std::string_view url;
  std::string_view sums_url;  // SHA512SUMS beside it
  std::string_view description;
};
// Images that are known by name.
std::optional<PublishedImage> find_published_image(std::string_view name);

// Lower-case hexadecimal digits, or a sentence. Read over HTTPS, as everything that is believed without a checksum.
Result<std::string, std::string> published_sha512(const PublishedImage& image);

// `file` is there and has that checksum, or is not there. The error is a sentence for a person.
Result<void, std::string> download_checked(const std::string& url, const std::string& sha512, const std::string& file);

// The line "<128 digits>  <name>" of a SHA512SUMS file; nullopt: there is none.
std::optional<std::string> find_sum(std::string_view sums, std::string_view file_name);

}  // namespace aerolith::main_program
