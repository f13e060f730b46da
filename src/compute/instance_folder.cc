#include "compute/instance_folder.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "compute/from_os.h"
#include "compute/spec_json.h"
#include "os/file_system.h"

namespace aerolith::compute {

namespace fs = std::filesystem;

InstanceFolder::InstanceFolder(const std::string& kind_folder, std::string_view instance)
    : path_(kind_folder + "/" + std::string(instance)) {}

bool InstanceFolder::exists() const {
  std::error_code error;
  return fs::is_directory(path_, error);
}

Result<> InstanceFolder::make() const {
  os::RealFileSystem files;
  return from_os(files.make_directories(path_));
}

// Never across a mount: what is mounted below would lose its files.
Result<> InstanceFolder::remove() const {
  std::error_code error;
  fs::remove_all(path_, error);
  if (error) return fail(DriverErrorCode::command, fmt::format("remove {}: {}", path_, error.message()));
  return {};
}

Result<> InstanceFolder::write_spec(const Spec& spec) const { return write_text("spec.json", to_json(spec)); }

Result<Spec> InstanceFolder::read_spec() const {
  const std::string text = read_text("spec.json");
  if (text.empty()) return fail(DriverErrorCode::not_found, path_ + " has no spec");
  return parse_spec(text);
}

Result<> InstanceFolder::write_process(std::string_view name, pid_t pid) const {
  const auto identity = os::identify(pid);
  if (!identity) return fail(DriverErrorCode::command, fmt::format("{} ended at once", name));
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return write_text(name, fmt::format("{} {} {} {}\n", identity->pid, identity->start_ticks, identity->boot,
                                      std::chrono::duration_cast<std::chrono::milliseconds>(now).count()));
}

std::optional<RecordedProcess> InstanceFolder::read_process(std::string_view name) const {
  std::istringstream text(read_text(name));
  RecordedProcess process;
  int64_t started_ms = 0;
  text >> process.identity.pid >> process.identity.start_ticks >> process.identity.boot >> started_ms;
  if (!text) return std::nullopt;
  process.started_at = std::chrono::system_clock::time_point(std::chrono::milliseconds(started_ms));
  return process;
}

Result<> InstanceFolder::write_text(std::string_view name, std::string_view text) const {
  os::RealFileSystem files;
  return from_os(os::write_file(files, *this / name, text));
}

std::string InstanceFolder::read_text(std::string_view name) const {
  os::RealFileSystem files;
  return os::read_file(files, *this / name).value_or("");
}

bool InstanceFolder::has(std::string_view name) const { return ::access((*this / name).c_str(), F_OK) == 0; }

void InstanceFolder::erase(std::string_view name) const { ::unlink((*this / name).c_str()); }

std::string canonical_folder(const std::string& path) {
  std::error_code error;
  const auto canonical = fs::weakly_canonical(path, error);
  return error ? path : canonical.string();
}

Result<std::vector<std::string>> list_instances(const std::string& kind_folder) {
  os::RealFileSystem files;
  std::vector<std::string> instances;
  const auto entries = files.list(kind_folder);
  if (!entries.has_value() && entries.error().code == os::ErrorCode::not_found) return instances;
  if (!entries.has_value()) return failed(entries.error());
  for (const auto& entry : *entries) {
    if (entry.is_directory) instances.push_back(entry.name);
  }
  std::ranges::sort(instances);
  return instances;
}

}  // namespace aerolith::compute
