#include "services/iam/qr_code.h"

#include <qrencode.h>
#include <zlib.h>

#include <cstdint>
#include <memory>

namespace aerolith::iam {
namespace {

constexpr size_t kPixelsOfModule = 4;
constexpr size_t kQuietModules = 4;

void append_u32(std::string& out, uint32_t value) {
  for (const unsigned shift : {24U, 16U, 8U, 0U}) out += static_cast<char>(value >> shift);
}

// https://www.w3.org/TR/png/#5Chunk-layout
void append_chunk(std::string& png, std::string_view type, std::string_view data) {
  append_u32(png, static_cast<uint32_t>(data.size()));
  const size_t checked_from = png.size();
  png += type;
  png += data;
  append_u32(png, static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(png.data() + checked_from),
                                              static_cast<uInt>(png.size() - checked_from))));
}

// One bit a pixel, grey, rows from the top; each row after a byte that says "no filter".
std::string make_png(std::string_view rows, size_t side) {
  std::string header;
  append_u32(header, static_cast<uint32_t>(side));
  append_u32(header, static_cast<uint32_t>(side));
  header += std::string("\x01\x00\x00\x00\x00", 5);
  uLongf size = compressBound(rows.size());
  std::string packed(size, '\0');
  compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(rows.data()), rows.size());
  packed.resize(size);
  std::string png = "\x89PNG\r\n\x1a\n";
  append_chunk(png, "IHDR", header);
  append_chunk(png, "IDAT", packed);
  append_chunk(png, "IEND", {});
  return png;
}

}  // namespace

std::string qr_code_png(std::string_view text) {
  const std::unique_ptr<QRcode, decltype(&QRcode_free)> code(
      QRcode_encodeString8bit(std::string(text).c_str(), 0, QR_ECLEVEL_M), &QRcode_free);
  if (code == nullptr) return {};
  const auto modules = static_cast<size_t>(code->width);
  const size_t side = (modules + 2 * kQuietModules) * kPixelsOfModule;
  const size_t row_bytes = 1 + (side + 7) / 8;
  std::string rows(row_bytes * side, '\xFF');  // white
  for (size_t y = 0; y < side; ++y) {
    char* const row = rows.data() + y * row_bytes;
    row[0] = 0;
    for (size_t x = 0; x < side; ++x) {
      // Wraps round above what is there: not a module, then.
      const size_t column = x / kPixelsOfModule - kQuietModules;
      const size_t line = y / kPixelsOfModule - kQuietModules;
      if (column >= modules || line >= modules || (code->data[line * modules + column] & 1) == 0) continue;
      row[1 + x / 8] = static_cast<char>(row[1 + x / 8] & ~(0x80 >> (x % 8)));
    }
  }
  return make_png(rows, side);
}

}  // namespace aerolith::iam
