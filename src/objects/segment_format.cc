#include "objects/segment_format.h"

#include <fmt/format.h>

#include <charconv>

#include "base/digest.h"
#include "base/encoding.h"

namespace aerolith::objects {

namespace {

constexpr std::string_view kSegmentMagic = "AEROSEG1";
constexpr std::string_view kTrailerMagic = "AEROEXT2";
constexpr std::string_view kFileHeaderMagic = "AEROEXT1";
constexpr std::string_view kFileTrailerMagic = "AEROEND1";
constexpr uint64_t kVersion = 1;

void append_crc(std::string& out) { append_uint64(out, crc64nvme(out)); }

}  // namespace

void append_uint64(std::string& out, uint64_t value) {
  for (int shift = 0; shift < 64; shift += 8) out += static_cast<char>(value >> shift);
}

uint64_t read_uint64(std::string_view in, uint64_t at) {
  uint64_t value = 0;
  for (size_t i = 0; i < 8; ++i) value |= uint64_t{static_cast<unsigned char>(in[at + i])} << (8 * i);
  return value;
}

std::string segment_name(SegmentId id) { return fmt::format("{:016x}", id); }

std::optional<SegmentId> parse_segment_name(std::string_view name) {
  SegmentId id = 0;
  if (name.size() != 16) return std::nullopt;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id, 16);
  if (error != std::errc{} || end != name.data() + name.size() || segment_name(id) != name) return std::nullopt;
  return id;
}

ExtentId extent_id(const SegmentPlace& place) {
  return ExtentId(fmt::format("{:016x}{:016x}", place.segment, place.offset));
}

SegmentPlace place_of(const ExtentId& id) {
  SegmentPlace place;
  const char* const digits = id.view().data();
  std::from_chars(digits, digits + 16, place.segment, 16);
  std::from_chars(digits + 16, digits + 32, place.offset, 16);
  return place;
}

std::string make_segment_header(SegmentId id) {
  std::string header(kSegmentMagic);
  append_uint64(header, kVersion);
  append_uint64(header, id);
  append_crc(header);
  header.resize(kSegmentHeaderBytes, '\0');
  return header;
}

std::string make_trailer(const Extent& extent, uint64_t table_crc) {
  const SegmentPlace place = place_of(extent.id);
  std::string trailer(kTrailerMagic);
  append_uint64(trailer, place.segment);
  append_uint64(trailer, place.offset);
  append_uint64(trailer, extent.size_bytes);
  append_uint64(trailer, extent.crc64nvme);
  append_uint64(trailer, table_crc);
  append_crc(trailer);
  return trailer;
}

std::string make_file_header(const ExtentId& id) {
  std::string header(kFileHeaderMagic);
  append_uint64(header, kVersion | kBlockBytes << 32);
  header += hex_decode(id.view()).value_or(std::string(16, '\0'));
  append_uint64(header, 0);
  append_crc(header);
  return header;
}

std::string make_file_trailer(const Extent& extent, uint64_t table_crc) {
  std::string trailer(kFileTrailerMagic);
  append_uint64(trailer, extent.size_bytes);
  append_uint64(trailer, extent.crc64nvme);
  append_uint64(trailer, table_crc);
  append_crc(trailer);
  return trailer;
}

}  // namespace aerolith::objects
