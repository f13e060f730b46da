#include "main/system_trust.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <system_error>

#include "base/encoding.h"
#include "main/certificates.h"
#include "os/file_system.h"

namespace aerolith::main_program {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLocalFolder = "/usr/local/share/ca-certificates";
constexpr const char* kBundle = "/etc/ssl/certs/ca-certificates.crt";
constexpr const char* kDebianSettings = "/etc/ca-certificates.conf";
constexpr const char* kUpdate = "/usr/sbin/update-ca-certificates";
constexpr uint64_t kFileLimitBytes = uint64_t{16} << 20;

std::string read_or_empty(const fs::path& file) {
  os::RealFileSystem files;
  auto text = os::read_file(files, file.string(), kFileLimitBytes);
  return text.has_value() ? *std::move(text) : std::string();
}

// "aerolith-local-ca-of-123456789012.crt"
std::string file_name_of(const std::string& common_name) {
  std::string name;
  for (const char c : to_lower(common_name)) {
    name += (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
  }
  return name + ".crt";
}

std::string by_hand(const fs::path& ca_file) {
  return fmt::format(
      "this works on Debian and Ubuntu with the package ca-certificates. Elsewhere, as root: Fedora and RHEL: cp {0} "
      "/etc/pki/ca-trust/source/anchors/ && update-ca-trust; Arch: trust anchor {0}; SUSE: cp {0} "
      "/etc/pki/trust/anchors/ "
      "&& update-ca-certificates",
      ca_file.string());
}

Result<void, TrustError> require_root() {
  if (geteuid() == 0) return {};
  return fail(TrustErrorCode::not_root, "the system's trust store is root's");
}

// What it prints is shown only where it fails.
Result<void, TrustError> update_store(const std::string& flags) {
  FILE* const pipe = popen(fmt::format("{} {} 2>&1", kUpdate, flags).c_str(), "r");
  if (pipe == nullptr) return fail(TrustErrorCode::failed, fmt::format("can't run {}", kUpdate));
  std::string output;
  std::array<char, 512> buffer{};
  while (fgets(buffer.data(), buffer.size(), pipe) != nullptr) output += buffer.data();
  const int status = pclose(pipe);
  if (status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return fail(TrustErrorCode::failed, fmt::format("{} failed: {}", kUpdate, output));
}

}  // namespace

Result<SystemTrust, TrustError> SystemTrust::open(const fs::path& ca_file) {
  std::string certificate = read_or_empty(ca_file);
  const std::string name = common_name_of(certificate);
  if (name.empty()) {
    return fail(TrustErrorCode::no_authority,
                fmt::format("no certificate in {}; `aerolith up` makes one", ca_file.string()));
  }
  std::error_code error;
  if (!fs::exists(kUpdate, error) || !fs::exists(kDebianSettings, error)) {
    return fail(TrustErrorCode::unsupported, by_hand(ca_file));
  }
  return SystemTrust(std::move(certificate), fs::path(kLocalFolder) / file_name_of(name));
}

TrustState SystemTrust::state() const {
  const bool is_in_bundle = read_or_empty(kBundle).find(certificate_pem_) != std::string::npos;
  std::error_code error;
  if (!fs::exists(file_, error)) return is_in_bundle ? TrustState::stale : TrustState::absent;
  return is_in_bundle && read_or_empty(file_) == certificate_pem_ ? TrustState::trusted : TrustState::stale;
}

Result<bool, TrustError> SystemTrust::install() const {
  if (state() == TrustState::trusted) return false;
  TRY(require_root());
  os::RealFileSystem files;
  const auto folder = files.make_directories(kLocalFolder);
  if (!folder.has_value()) return fail(TrustErrorCode::failed, folder.error().detail);
  const auto written = os::write_file(files, file_.string(), certificate_pem_, 0644);
  if (!written.has_value()) return fail(TrustErrorCode::failed, written.error().detail);
  TRY(update_store(""));
  if (state() == TrustState::trusted) return true;
  return fail(TrustErrorCode::failed, fmt::format("{} ran, and {} doesn't have the certificate", kUpdate, kBundle));
}

Result<bool, TrustError> SystemTrust::remove() const {
  if (state() == TrustState::absent) return false;
  TRY(require_root());
  std::error_code error;
  fs::remove(file_, error);
  if (error) return fail(TrustErrorCode::failed, fmt::format("can't remove {}: {}", file_.string(), error.message()));
  // Without --fresh, links to files that are gone would stay.
  TRY(update_store("--fresh"));
  if (state() == TrustState::absent) return true;
  return fail(TrustErrorCode::failed, fmt::format("{} ran, and {} still has the certificate", kUpdate, kBundle));
}

}  // namespace aerolith::main_program
