#include "compute/console_reader.h"

#include <algorithm>
#include <utility>

#include "compute/console_log.h"
#include "compute/instance_folder.h"
#include "os/file_system.h"

namespace aerolith::compute {

namespace {

constexpr const char* kConsoleFile = "console.log";  // of either driver
constexpr uint64_t kKeptBytes = uint64_t{1} << 20;   // what is before may be a hole
constexpr uint64_t kPartBytes = uint64_t{256} << 10;

ConsolePart read_after(const std::string& path, uint64_t place) {
  os::RealFileSystem files;
  const auto file = files.open(path, os::OpenMode::read, 0600);
  if (!file.has_value()) return {};
  const uint64_t size = (*file)->size().value_or(0);
  if (place > size) place = 0;
  if (size > kKeptBytes) place = std::max(place, size - kKeptBytes);
  std::string text(static_cast<size_t>(std::min(size - place, kPartBytes)), '\0');
  text.resize((*file)->read_at(place, text).value_or(0));
  const uint64_t end = place + text.size();
  return {.text = std::move(text), .end = end};
}

ConsolePart part_after(std::string_view text, uint64_t place) {
  const size_t from = place > text.size() ? 0 : static_cast<size_t>(place);
  text = text.substr(from, kPartBytes);
  return {.text = std::string(text), .end = from + text.size()};
}

}  // namespace

ConsolePart read_console(const DriverSettings& settings, Kind kind, std::string_view instance, uint64_t place) {
  const bool is_vm = kind == Kind::vm;
  const InstanceFolder folder(settings.run_folder + (is_vm ? "/vm" : "/container"), instance);
  return is_vm ? read_after(folder / kConsoleFile, place)
               : part_after(console_text(folder.read_text(kConsoleFile)), place);
}

ConsolePart kept_part(std::string_view kept, uint64_t place) {
  if (place > kept.size()) return {.text = {}, .end = place};
  return part_after(kept, place);
}

}  // namespace aerolith::compute
