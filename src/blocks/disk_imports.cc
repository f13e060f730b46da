#include "blocks/disk_imports.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <optional>
#include <utility>

#include "base/json_string.h"
#include "blocks/qcow2.h"
#include "blocks/stored_block.h"
#include "os/free_space.h"
#include "os/process.h"
#include "os/program.h"

namespace aerolith::blocks {

namespace {

namespace json = boost::json;

constexpr std::string_view kConverted = ".qcow2";
constexpr uint64_t kReserveBytes = uint64_t{64} << 20;
constexpr uint64_t kImportSectorBytes = 512;
constexpr uint64_t kMostMemberBytes = uint64_t{1} << 20;  // of one that is read whole
constexpr auto kLookPatience = std::chrono::seconds(60);
constexpr auto kConvertPatience = std::chrono::hours(12);

std::unexpected<ImportError> failed(ImportErrorCode code, std::string detail, DiskFault fault = DiskFault::none) {
  return std::unexpected(ImportError{{code, std::move(detail)}, fault});
}

std::unexpected<ImportError> failed(const os::Error& error) {
  const bool is_full = error.code == os::ErrorCode::no_space || error.detail.contains("No space left");
  return failed(is_full ? ImportErrorCode::no_space : ImportErrorCode::failed, error.detail);
}

template <typename T>
ImportResult<T> translated(os::Result<T> result) {
  if (!result.has_value()) return failed(result.error());
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return std::move(*result);
  }
}

// What it refuses to read is the disk's fault.
ImportResult<std::string> run_qemu_img(std::vector<std::string> arguments, std::chrono::milliseconds patience,
                                       std::function<bool(std::string_view)> may_go_on = {}) {
  arguments.insert(arguments.begin(), "qemu-img");
  auto output =
      os::run_checked({.arguments = std::move(arguments), .patience = patience, .may_go_on = std::move(may_go_on)});
  if (output.has_value()) return *std::move(output);
  switch (output.error().code) {
    case os::ErrorCode::not_found:
      return failed(ImportErrorCode::unavailable, "qemu-img is missing: apt-get install qemu-utils");
    case os::ErrorCode::io:
      if (output.error().detail.contains("No space left")) break;
      // Another one of ours may still have it open.
      if (output.error().detail.contains("Is another process using the image")) break;
      return failed(ImportErrorCode::disk, output.error().detail, DiskFault::can_not_be_read);
    default:
      break;
  }
  return failed(output.error());
}

ImportResult<> check_name(std::string_view name) {
  const bool fits = !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (!fits) return failed(ImportErrorCode::failed, fmt::format("'{}' is no name", name));
  return {};
}

std::string_view driver_of(DiskFormat format) {
  switch (format) {
    case DiskFormat::raw:
      return "raw";
    case DiskFormat::vmdk:
      return "vmdk";
    case DiskFormat::vhd:
      return "vpc";
    case DiskFormat::vhdx:
      return "vhdx";
  }
  std::unreachable();
}

// "    (42.00/100%)" many times, each after the other.
int percent_of(std::string_view output) {
  const size_t open = output.rfind('(');
  if (open == std::string_view::npos) return 0;
  int percent = 0;
  std::from_chars(output.data() + open + 1, output.data() + output.size(), percent);
  return std::clamp(percent, 0, 100);
}

std::optional<json::object> read_object(std::string_view text) {
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

std::optional<uint64_t> number_at(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  boost::system::error_code error;
  const auto number = value->to_number<uint64_t>(error);
  return error ? std::nullopt : std::optional(number);
}

const json::object* object_at(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  return value != nullptr ? value->if_object() : nullptr;
}

// A second look, by QEMU's own eyes: one file, and the driver that was asked for.
bool names_others(const json::object& info, DiskFormat format) {
  if (info.contains("backing-filename") || info.contains("full-backing-filename")) return true;
  const json::value* const name = info.if_contains("format");
  if (name == nullptr || !name->is_string() || std::string_view(name->get_string()) != driver_of(format)) return true;
  if (format != DiskFormat::vmdk) return false;
  const json::object* const specific = object_at(info, "format-specific");
  const json::object* const data = specific != nullptr ? object_at(*specific, "data") : nullptr;
  const json::value* const extents = data != nullptr ? data->if_contains("extents") : nullptr;
  return extents == nullptr || !extents->is_array() || extents->get_array().size() != 1;
}

}  // namespace

ImportResult<std::unique_ptr<DiskImports>> DiskImports::open(const std::string& folder) {
  std::unique_ptr<DiskImports> imports(new DiskImports(folder + "/imports"));
  TRY(translated(imports->files_.make_directories(imports->folder_)));
  for (const auto& entry : TRY(translated(imports->files_.list(imports->folder_)))) {
    const std::string path = imports->folder_ + "/" + entry.name;
    for (const os::ProcessIdentity& writer : os::find_by_argument(path)) os::kill_and_wait(writer);
    TRY(translated(imports->files_.remove(path)));
  }
  return imports;
}

std::string DiskImports::file_of(std::string_view name) const { return fmt::format("{}/{}", folder_, name); }
std::string DiskImports::converted_file(std::string_view target) const {
  return fmt::format("{}/{}{}", folder_, target, kConverted);
}

ImportResult<uint64_t> DiskImports::received_bytes(std::string_view name) {
  TRY(check_name(name));
  auto file = files_.open(file_of(name), os::OpenMode::read, 0600);
  if (!file.has_value() && file.error().code == os::ErrorCode::not_found) return 0;
  if (!file.has_value()) return failed(file.error());
  return translated((*file)->size());
}

ImportResult<> DiskImports::append(std::string_view name, std::string_view bytes) {
  constexpr size_t kPieceBytes = size_t{64} << 10;
  const uint64_t before = TRY(received_bytes(name));
  const std::string path = file_of(name);
  const bool is_new = ::access(path.c_str(), F_OK) != 0;
  const auto file = TRY(translated(files_.open(path, is_new ? os::OpenMode::create : os::OpenMode::write, 0600)));
  for (size_t at = 0; at < bytes.size(); at += kPieceBytes) {
    const std::string_view piece = bytes.substr(at, kPieceBytes);
    if (!is_zero(piece)) TRY(translated(file->write_at(before + at, piece)));
  }
  return translated(file->truncate(before + bytes.size()));
}

ImportResult<> DiskImports::require_room(uint64_t bytes) const {
  const auto left = os::free_bytes(folder_);
  if (!left) return failed(ImportErrorCode::failed, "the free space of " + folder_ + " can't be told");
  if (*left >= bytes && *left - bytes >= kReserveBytes) return {};
  return failed(ImportErrorCode::no_space, fmt::format("{} bytes are needed, and {} are there", bytes, *left));
}

ImportResult<std::vector<TarMember>> DiskImports::list_members(std::string_view name) {
  TRY(check_name(name));
  const auto archive = TRY(translated(files_.open(file_of(name), os::OpenMode::read, 0600)));
  auto members = list_tar(*archive);
  if (members.has_value()) return *std::move(members);
  const bool is_its_fault = members.error().code == VolumeErrorCode::corrupt;
  return failed(is_its_fault ? ImportErrorCode::disk : ImportErrorCode::failed, members.error().detail,
                is_its_fault ? DiskFault::other_format : DiskFault::none);
}

ImportResult<std::string> DiskImports::read_member(std::string_view name, const TarMember& member) {
  TRY(check_name(name));
  if (member.size_bytes > kMostMemberBytes) {
    return failed(ImportErrorCode::disk, member.name + " is too large", DiskFault::can_not_be_read);
  }
  const auto archive = TRY(translated(files_.open(file_of(name), os::OpenMode::read, 0600)));
  std::string bytes(static_cast<size_t>(member.size_bytes), '\0');
  bytes.resize(TRY(translated(archive->read_at(member.offset_bytes, bytes))));
  return bytes;
}

std::string DiskImports::describe(const DiskSource& source) const {
  std::string file = R"({"driver":"file","filename":)";
  append_json_string(file, file_of(source.name));
  file += "}";
  if (source.size_bytes != 0) {
    // In an archive each member has whole sectors.
    const uint64_t size_bytes = (source.size_bytes + kImportSectorBytes - 1) / kImportSectorBytes * kImportSectorBytes;
    file = fmt::format(R"({{"driver":"raw","offset":{},"size":{},"file":{}}})", source.offset_bytes, size_bytes, file);
  }
  return fmt::format(R"(json:{{"driver":"{}",{}"file":{}}})", driver_of(source.format),
                     source.format == DiskFormat::raw ? "" : R"("backing":null,)", file);
}

ImportResult<DiskFault> DiskImports::find_fault_of(const DiskSource& source) {
  TRY(check_name(source.name));
  const auto file = TRY(translated(files_.open(file_of(source.name), os::OpenMode::read, 0600)));
  const uint64_t size_bytes = source.size_bytes != 0 ? source.size_bytes : TRY(translated(file->size()));
  if (size_bytes == 0) return DiskFault::other_format;
  std::string begin(static_cast<size_t>(std::min<uint64_t>(size_bytes, kDiskBeginBytes)), '\0');
  begin.resize(TRY(translated(file->read_at(source.offset_bytes, begin))));
  std::string end(static_cast<size_t>(std::min<uint64_t>(size_bytes, kDiskEndBytes)), '\0');
  end.resize(TRY(translated(file->read_at(source.offset_bytes + size_bytes - end.size(), end))));
  return find_fault(source.format, begin, end);
}

ImportResult<uint64_t> DiskImports::check(const DiskSource& source) {
  const DiskFault fault = TRY(find_fault_of(source));
  if (fault != DiskFault::none) return failed(ImportErrorCode::disk, "its header isn't what it should be", fault);
  // Its size is the file's, whatever stands in it.
  if (source.format == DiskFormat::raw && source.size_bytes == 0) return received_bytes(source.name);
  const auto info = read_object(TRY(run_qemu_img({"info", "--output=json", describe(source)}, kLookPatience)));
  const auto size_bytes = info ? number_at(*info, "virtual-size") : std::nullopt;
  if (!size_bytes) return failed(ImportErrorCode::failed, "qemu-img tells no size");
  if (names_others(*info, source.format)) {
    return failed(ImportErrorCode::disk, "it names another file", DiskFault::names_others);
  }
  return *size_bytes;
}

ImportResult<std::string> DiskImports::convert(const DiskSource& source, std::string_view target,
                                               const std::function<bool(int percent)>& may_go_on) {
  TRY(check_name(target));
  const auto header = TRY(translated(read_qcow2_header(files_, file_of(source.name))));
  struct stat info{};
  // A disk whose bytes happen to be those of a qcow2 file must not be taken for one.
  if (source.format == DiskFormat::raw && source.size_bytes == 0 && !header.is_qcow2) {
    const bool is_known = ::stat(file_of(source.name).c_str(), &info) == 0;
    TRY(require_room(is_known ? static_cast<uint64_t>(info.st_blocks) * kImportSectorBytes : 0));
    return file_of(source.name);
  }
  const std::string described = describe(source);
  const auto measured =
      read_object(TRY(run_qemu_img({"measure", "--output=json", "-O", "qcow2", described}, kLookPatience)));
  // Once here, and once as a snapshot.
  TRY(require_room(2 * (measured ? number_at(*measured, "required") : std::nullopt).value_or(0)));
  const std::string converted = converted_file(target);
  bool is_stopped = false;
  auto made = run_qemu_img({"convert", "-p", "-O", "qcow2", described, converted}, kConvertPatience,
                           [&](std::string_view output) {
                             is_stopped = !may_go_on(percent_of(output));
                             return !is_stopped;
                           });
  if (!made.has_value() && is_stopped) return failed(ImportErrorCode::stopped, "as it was asked to");
  if (!made.has_value()) return std::unexpected(std::move(made).error());
  return converted;
}

ImportResult<> DiskImports::remove(std::string_view name) {
  TRY(check_name(name));
  for (const std::string& path : {file_of(name), converted_file(name)}) {
    const auto removed = files_.remove(path);
    if (!removed.has_value() && removed.error().code != os::ErrorCode::not_found) return failed(removed.error());
  }
  return {};
}

}  // namespace aerolith::blocks
