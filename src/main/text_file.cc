#include "main/text_file.h"

#include <algorithm>
#include <fstream>
#include <system_error>

namespace aerolith::main_program {

std::string last_lines(const std::filesystem::path& file, size_t lines, uint64_t from_offset) {
  constexpr uint64_t kStep = 65536;
  std::ifstream stream(file, std::ios::binary);
  const uint64_t size = file_size_or_zero(file);
  if (!stream || lines == 0 || size <= from_offset) return "";
  uint64_t begin = size;
  std::string text;
  // Backwards a step at a time: logs are long and people want their end.
  while (begin > from_offset) {
    const uint64_t step = std::min(kStep, begin - from_offset);
    begin -= step;
    std::string piece(step, '\0');
    stream.seekg(static_cast<std::streamoff>(begin));
    stream.read(piece.data(), static_cast<std::streamsize>(step));
    piece.resize(static_cast<size_t>(stream.gcount()));
    text.insert(0, piece);
    if (static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) > lines) break;
  }
  size_t at = text.ends_with('\n') ? text.size() - 1 : text.size();
  for (size_t found = 0; at > 0; --at) {
    if (text[at - 1] == '\n' && ++found == lines) break;
  }
  return text.substr(at);
}

uint64_t file_size_or_zero(const std::filesystem::path& file) {
  std::error_code error;
  const uint64_t size = std::filesystem::file_size(file, error);
  return error ? 0 : size;
}

}  // namespace aerolith::main_program
