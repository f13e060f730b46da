#include "services/ec2/ovf.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "protocol/xml_reader.h"

namespace aerolith::ec2 {
namespace {

using protocol::XmlElement;

constexpr std::string_view kError = "OVF file parsing error: ";

std::unexpected<std::string> refused(std::string_view why) { return std::unexpected(std::string(kError).append(why)); }

std::string attribute(const XmlElement& element, std::string_view name) {
  return std::string(element.attribute(name).value_or(""));
}

// Their names by their ids.
aerolith::Result<std::map<std::string, std::string>, std::string> files_of(const XmlElement& references) {
  std::map<std::string, std::string> files;
  for (XmlElement file = references.first_child(); file; file = file.next_sibling()) {
    if (file.name() != "File") continue;
    if (file.attribute("chunkSize")) return refused("OVA with chunked disk files is not supported");
    const std::string compression = attribute(file, "compression");
    if (!compression.empty() && compression != "identity") return refused("OVA with compressed files is not supported");
    files[attribute(file, "id")] = attribute(file, "href");
  }
  return files;
}

}  // namespace

aerolith::Result<std::vector<std::string>, std::string> disk_files_of(std::string_view ovf) {
  const auto document = protocol::XmlDocument::parse(ovf);
  if (!document.has_value()) return refused("it is not well-formed");
  std::map<std::string, std::string> files;
  std::vector<std::string> wanted;
  for (XmlElement part = document->root().first_child(); part; part = part.next_sibling()) {
    if (part.name() == "References") files = TRY(files_of(part));
    if (part.name() != "DiskSection") continue;
    for (XmlElement disk = part.first_child(); disk; disk = disk.next_sibling()) {
      if (disk.name() == "Disk") wanted.push_back(attribute(disk, "fileRef"));
    }
  }
  if (wanted.empty()) return refused("it has no disks");
  for (std::string& file : wanted) {
    const auto found = files.find(file);
    if (found == files.end() || found->second.empty()) return refused("a disk has no file");
    file = found->second;
  }
  return wanted;
}

}  // namespace aerolith::ec2
