#include "main/image_download.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <sstream>

#include "base/digest.h"
#include "base/encoding.h"
#include "os/file_system.h"
#include "os/program.h"

namespace aerolith::main_program {
namespace {

constexpr auto kDownloadPatience = std::chrono::hours(2);
constexpr size_t kPieceBytes = size_t{1} << 20;
constexpr size_t kSha512Digits = 128;

constexpr std::array<PublishedImage, 1> kPublished{{
    {.name = "debian-12-genericcloud",
     .url = "https://cloud.debian.org/images/cloud/bookworm/latest/debian-12-genericcloud-amd64.qcow2",
     .sums_url = "https://cloud.debian.org/images/cloud/bookworm/latest/SHA512SUMS",
     .description = "Debian's own generic cloud image; user debian"},
}};

Result<std::string, std::string> run_curl(std::vector<std::string> arguments, std::string_view url) {
  if (os::find_program("curl").empty()) return std::unexpected("curl is missing: apt-get install curl");
  std::vector<std::string> all{"curl", "--fail", "--silent", "--show-error", "--location", "--retry", "2"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  all.insert(all.end(), {"--", std::string(url)});
  const auto end = os::run_program({.arguments = std::move(all), .patience = kDownloadPatience});
  if (!end.has_value()) return std::unexpected(end.error().detail);
  if (end->exit_code != 0) return std::unexpected(fmt::format("{} can't be fetched: {}", url, end->errors));
  return end->output;
}

os::Result<std::string> sha512_of(const std::string& path) {
  os::RealFileSystem files;
  const std::unique_ptr<os::File> file = TRY(files.open(path, os::OpenMode::read, 0));
  Digest digest(DigestKind::sha512);
  std::string piece(kPieceBytes, '\0');
  for (uint64_t at = 0;;) {
    const size_t n = TRY(file->read_at(at, piece));
    if (n == 0) return hex_encode(digest.finish());
    digest.update(std::string_view(piece).substr(0, n));
    at += n;
  }
}

bool is_sha512(std::string_view text) {
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() == kSha512Digits && std::ranges::all_of(text, is_digit);
}

}  // namespace

std::optional<PublishedImage> find_published_image(std::string_view name) {
  const auto* const found = std::ranges::find(kPublished, name, &PublishedImage::name);
  return found == kPublished.end() ? std::nullopt : std::optional(*found);
}

std::optional<std::string> find_sum(std::string_view sums, std::string_view file_name) {
  std::istringstream lines{std::string(sums)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string sum;
    std::string name;
    words >> sum >> name;
    if (name.starts_with('*')) name.erase(0, 1);
    if (name == file_name && is_sha512(sum)) return sum;
  }
  return std::nullopt;
}

Result<std::string, std::string> published_sha512(const PublishedImage& image) {
  const std::string sums = TRY(run_curl({"--proto", "=https", "--max-time", "60"}, image.sums_url));
  const std::string_view name = image.url.substr(image.url.rfind('/') + 1);
  if (auto sum = find_sum(sums, name)) return *std::move(sum);
  return std::unexpected(fmt::format("{} has no checksum of {}", image.sums_url, name));
}

Result<void, std::string> download_checked(const std::string& url, const std::string& sha512, const std::string& file) {
  std::string wanted = sha512;
  std::ranges::transform(wanted, wanted.begin(), [](char c) { return c >= 'A' && c <= 'F' ? char(c - 'A' + 'a') : c; });
  if (!is_sha512(wanted)) return std::unexpected("a SHA-512 checksum has 128 hexadecimal digits");
  ::unlink(file.c_str());
  const auto fetched = run_curl({"--proto", "=http,https", "--output", file}, url);
  const auto found = fetched.has_value() ? sha512_of(file) : os::Result<std::string>(std::string());
  if (fetched.has_value() && found.has_value() && *found == wanted) return {};
  ::unlink(file.c_str());
  if (!fetched.has_value()) return std::unexpected(fetched.error());
  if (!found.has_value()) return std::unexpected(found.error().detail);
  return std::unexpected(fmt::format("{} has another checksum than it should: {}", url, *found));
}

}  // namespace aerolith::main_program
