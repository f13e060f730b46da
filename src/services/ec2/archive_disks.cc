#include "services/ec2/archive_disks.h"

#include <algorithm>
#include <utility>

#include "base/encoding.h"
#include "services/ec2/imports.h"
#include "services/ec2/ovf.h"

namespace aerolith::ec2 {
namespace {

using blocks::TarMember;

std::unexpected<ArchiveError> refused(std::string message) {
  return std::unexpected(ArchiveError{.message = std::move(message), .cause = std::nullopt});
}
std::unexpected<ArchiveError> unreadable(blocks::ImportError cause) {
  return std::unexpected(ArchiveError{.message = {}, .cause = std::move(cause)});
}

std::optional<ImportFormat> format_of(std::string_view name) {
  const std::string lower = to_lower(name);
  if (lower.ends_with(".vmdk")) return ImportFormat::vmdk;
  if (lower.ends_with(".vhd")) return ImportFormat::vhd;
  if (lower.ends_with(".vhdx")) return ImportFormat::vhdx;
  return std::nullopt;
}

bool is_description(const TarMember& member) { return to_lower(member.name).ends_with(".ovf"); }

}  // namespace

aerolith::Result<std::vector<ImportDisk>, ArchiveError> disks_of_archive(blocks::DiskImports& imports,
                                                                         const ImportDisk& archive) {
  const std::string unsupported = message_of(ImportFormat::ova, blocks::DiskFault::other_format);
  const auto members = imports.list_members(archive.file);
  if (!members.has_value()) return unreadable(members.error());
  const auto description = std::ranges::find_if(*members, is_description);
  if (description == members->end()) return refused(unsupported);
  const auto text = imports.read_member(archive.file, *description);
  if (!text.has_value()) return unreadable(text.error());
  const auto files = disk_files_of(*text);
  if (!files.has_value()) return refused(disk_validation_failed(files.error()));
  std::vector<ImportDisk> disks;
  for (const std::string& file : *files) {
    const auto member = std::ranges::find(*members, file, &TarMember::name);
    const auto format = format_of(file);
    if (member == members->end() || member->size_bytes == 0 || !format) return refused(unsupported);
    ImportDisk disk = archive;
    disk.snapshot = make_id(Kind::snapshot);
    disk.format = *format;
    disk.offset_bytes = member->offset_bytes;
    disk.size_bytes = member->size_bytes;
    if (!disks.empty()) disk.device.clear();  // what was asked for is the first one's
    disks.push_back(std::move(disk));
  }
  return disks;
}

}  // namespace aerolith::ec2
