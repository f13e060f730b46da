#include "main/installation.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <thread>

#include "base/random.h"
#include "os/file_system.h"
#include "os/lock_file.h"

namespace aerolith::main_program {
namespace {

constexpr int64_t kInstallationFormat = 1;
constexpr std::string_view kInstallationMagic = "aerolith-installation";
constexpr std::chrono::seconds kLockPatience{20};

using Code = InstallationErrorCode;
using Opened = Result<Installation, InstallationError>;

Code code_of(SealErrorCode code) {
  switch (code) {
    case SealErrorCode::io:
      return Code::io;
    case SealErrorCode::insecure:
      return Code::insecure;
    case SealErrorCode::malformed:
    case SealErrorCode::rejected:
      return Code::corrupt;
  }
  return Code::corrupt;
}

std::unexpected<InstallationError> io_failure(const os::Error& error) { return fail(Code::io, error.detail); }

std::string secret_context(std::string_view account, std::string_view key_id, std::string_view created) {
  return fmt::format("root-secret/{}/{}/{}/{}", kInstallationFormat, account, key_id, created);
}

Result<void, InstallationError> make_private_folder(const std::filesystem::path& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail(Code::io, fmt::format("can't make {}: {}", path.string(), std::strerror(errno)));
  }
  return {};
}

Result<void, InstallationError> write(const std::filesystem::path& path, std::string_view bytes, unsigned mode) {
  os::RealFileSystem files;
  const auto written = os::write_file(files, path.string(), bytes, mode);
  if (!written.has_value()) return io_failure(written.error());
  return {};
}

// Absent or unreadable reads as empty: the caller makes it anew.
std::string read_or_empty(const std::filesystem::path& path) {
  os::RealFileSystem files;
  auto text = os::read_file(files, path.string(), uint64_t{1} << 20);
  return text.has_value() ? *std::move(text) : std::string();
}

std::string text_field(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = object.if_contains(boost::json::string_view(name.data(), name.size()));
  if (value == nullptr || !value->is_string()) return "";
  return std::string(value->get_string().c_str(), value->get_string().size());
}

Opened read_installation(const DataFolder& folder) {
  os::RealFileSystem files;
  const auto text = os::read_file(files, folder.installation().string(), uint64_t{1} << 20);
  if (!text.has_value()) return io_failure(text.error());
  const auto corrupt = [&](std::string_view why) {
    return fail(Code::corrupt,
                fmt::format("{}: {}; bring it back from a backup, or name another data folder with --data-folder",
                            folder.installation().string(), why));
  };
  boost::system::error_code error;
  const boost::json::value parsed = boost::json::parse(*text, error);
  if (error || !parsed.is_object() || text_field(parsed.get_object(), "file") != kInstallationMagic) {
    return corrupt("is damaged");
  }
  const boost::json::object& object = parsed.get_object();
  const boost::json::value* format = object.if_contains("format");
  if (format == nullptr || !format->is_int64() || format->get_int64() < 1) return corrupt("is damaged (format)");
  if (format->get_int64() > kInstallationFormat) {
    return fail(Code::newer_version,
                fmt::format("{} was written by a newer Aerolith (format {}, this one reads up to {}): use that version",
                            folder.root.string(), format->get_int64(), kInstallationFormat));
  }
  Result<Sealer, SealError> sealer = Sealer::load(folder.master_key());
  if (!sealer.has_value()) return fail(code_of(sealer.error().code), sealer.error().detail);
  const std::string account = text_field(object, "account_id");
  const std::string key_id = text_field(object, "root_access_key_id");
  const std::string created = text_field(object, "created");
  const auto secret =
      sealer->open(text_field(object, "root_secret_access_key"), secret_context(account, key_id, created));
  if (!secret.has_value()) {
    return corrupt(
        fmt::format("doesn't fit its key file {} ({})", folder.master_key().string(), secret.error().detail));
  }
  const auto created_at = parse_iso8601(created);
  if (!created_at) return corrupt("is damaged (created)");
  return Installation{folder, AccountId(account), key_id, *secret, *created_at, *std::move(sealer), false, ""};
}

Result<Sealer, InstallationError> make_sealer(const DataFolder& folder) {
  // A start that was cut short left a key and nothing sealed with it.
  if (std::error_code ignored; std::filesystem::exists(folder.master_key(), ignored)) {
    Result<Sealer, SealError> leftover = Sealer::load(folder.master_key());
    if (leftover.has_value()) return *std::move(leftover);
    return fail(code_of(leftover.error().code), leftover.error().detail);
  }
  Result<Sealer, SealError> sealer = Sealer::create(folder.master_key());
  if (!sealer.has_value()) return fail(code_of(sealer.error().code), sealer.error().detail);
  return *std::move(sealer);
}

Opened create_installation(const DataFolder& folder, Timestamp now) {
  std::error_code ignored;
  if (std::filesystem::exists(folder.metadata(), ignored) || std::filesystem::exists(folder.objects(), ignored)) {
    return fail(Code::corrupt, fmt::format("{} is gone, but there are data beside it: bring it back from a backup",
                                           folder.installation().string()));
  }
  Sealer sealer = TRY(make_sealer(folder));
  Installation made{
      folder, AccountId(random_string(1, "123456789") + random_string(11, "0123456789")),
      // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
      "AKIA" + random_string(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
      random_string(40, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"), now, sealer, true, ""};
  const std::string created = format_iso8601_millis(now);
  boost::json::object object;
  object["file"] = kInstallationMagic;
  object["format"] = kInstallationFormat;
  object["created"] = created;
  object["account_id"] = made.account_id.str();
  object["root_access_key_id"] = made.root_access_key_id;
  object["root_secret_access_key"] = made.sealer.seal(
      made.root_secret_access_key, secret_context(made.account_id.str(), made.root_access_key_id, created));
  TRY(write(folder.installation(), boost::json::serialize(object) + "\n", 0600));
  return made;
}

Result<KeyPair, InstallationError> load_or_make_authority(Installation& installation, Timestamp now) {
  const DataFolder& folder = installation.folder;
  KeyPair authority{read_or_empty(folder.ca_certificate()), ""};
  auto key = installation.sealer.open(read_or_empty(folder.ca_key()), "ca-key");
  if (key.has_value()) authority.key_pem = *std::move(key);
  const std::string fault = find_authority_fault(authority, now);
  if (fault.empty()) return authority;
  auto made = make_authority(fmt::format("Aerolith local CA of {}", installation.account_id.str()), now);
  if (!made.has_value()) return fail(Code::io, made.error().detail);
  TRY(write(folder.ca_key(), installation.sealer.seal(made->key_pem, "ca-key"), 0600));
  TRY(write(folder.ca_certificate(), made->certificate_pem, 0644));
  installation.certificate_event =
      installation.is_new ? "made a local CA" : fmt::format("made a new local CA ({})", fault);
  return *std::move(made);
}

Result<void, InstallationError> ensure_certificates(Installation& installation, const Config& config, Timestamp now) {
  const DataFolder& folder = installation.folder;
  const std::vector<std::string> names = server_names(config.region, config.host_names, config.listen);
  const KeyPair server{read_or_empty(folder.server_certificate()), read_or_empty(folder.server_key())};
  const std::string fault = find_certificate_fault(server, read_or_empty(folder.ca_certificate()), names, now);
  if (fault.empty()) return {};
  const KeyPair authority = TRY(load_or_make_authority(installation, now));
  auto issued = issue_server_certificate(authority, names, now);
  if (!issued.has_value()) return fail(Code::io, issued.error().detail);
  TRY(write(folder.server_key(), issued->key_pem, 0600));
  TRY(write(folder.server_certificate(), issued->certificate_pem, 0644));
  if (installation.certificate_event.empty()) {
    installation.certificate_event = fmt::format("renewed the server certificate ({})", fault);
  }
  return {};
}

Result<std::unique_ptr<os::LockFile>, InstallationError> wait_for_lock(const DataFolder& folder) {
  const auto give_up = std::chrono::steady_clock::now() + kLockPatience;
  while (true) {
    auto lock = os::LockFile::acquire(folder.installation_lock().string());
    if (lock.has_value()) return *std::move(lock);
    if (lock.error().code != os::ErrorCode::busy || std::chrono::steady_clock::now() > give_up) {
      return io_failure(lock.error());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

}  // namespace

Opened open_or_create_installation(const Config& config, const Clock& clock) {
  const DataFolder folder{config.data_folder};
  os::RealFileSystem files;
  const auto made_root = files.make_directories(folder.root.string());
  if (!made_root.has_value()) return io_failure(made_root.error());
  for (const auto& path : {folder.keys(), folder.tls(), folder.run(), folder.log()}) TRY(make_private_folder(path));

  const std::unique_ptr<os::LockFile> lock = TRY(wait_for_lock(folder));
  std::error_code ignored;
  const bool is_there = std::filesystem::exists(folder.installation(), ignored);
  Installation installation = TRY(is_there ? read_installation(folder) : create_installation(folder, clock.now()));
  TRY(ensure_certificates(installation, config, clock.now()));
  return installation;
}

Opened open_installation(const std::filesystem::path& data_folder) {
  const DataFolder folder{data_folder};
  std::error_code error;
  if (!std::filesystem::exists(folder.installation(), error)) {
    return fail(Code::absent,
                fmt::format("nothing in {} yet; `aerolith up` makes an installation there", data_folder.string()));
  }
  return read_installation(folder);
}

Result<KeyPair, InstallationError> open_authority(const Installation& installation) {
  os::RealFileSystem files;
  KeyPair authority;
  for (const auto& [path, text] : {std::pair(installation.folder.ca_certificate(), &authority.certificate_pem),
                                   std::pair(installation.folder.ca_key(), &authority.key_pem)}) {
    auto read = os::read_file(files, path.string(), uint64_t{1} << 20);
    if (!read.has_value()) return io_failure(read.error());
    *text = *std::move(read);
  }
  auto key = installation.sealer.open(authority.key_pem, "ca-key");
  if (!key.has_value()) return fail(code_of(key.error().code), key.error().detail);
  authority.key_pem = *std::move(key);
  return authority;
}

Result<void, InstallationError> check_store_is_there(const DataFolder& folder) {
  std::error_code error;
  // objects/ is made only once the store is there, so no start that was cut short looks like this.
  if (!std::filesystem::exists(folder.objects(), error)) return {};
  if (std::filesystem::exists(folder.metadata_current(), error)) return {};
  return fail(
      Code::corrupt,
      fmt::format("{} holds no metadata store, but {} has objects, which are lost without it: if {} is a mount, "
                  "mount it; else restore a backup into an empty folder, or move {} away to start anew",
                  folder.metadata().string(), folder.objects().string(), folder.metadata().string(),
                  folder.root.string()));
}

}  // namespace aerolith::main_program
