// The files of one instance, in <run folder>/<kind>/<instance>: from them alone a later process finds it again.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compute/driver.h"
#include "os/process.h"

namespace aerolith::compute {

struct RecordedProcess {
  os::ProcessIdentity identity;
  std::chrono::system_clock::time_point started_at;
};

// Safe from any thread; two of one folder see each other's changes.
class InstanceFolder {
 public:
  InstanceFolder(const std::string& kind_folder, std::string_view instance);

  const std::string& path() const { return path_; }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }
  bool exists() const;
  Result<> make() const;
  Result<> remove() const;

  Result<> write_spec(const Spec& spec) const;
  Result<Spec> read_spec() const;  // `not_found` where there is none

  // Of a process that we have started: found again by number, time of start and boot of the machine.
  Result<> write_process(std::string_view name, pid_t pid) const;
  std::optional<RecordedProcess> read_process(std::string_view name) const;

  Result<> write_text(std::string_view name, std::string_view text) const;
  std::string read_text(std::string_view name) const;  // empty where there is none
  bool has(std::string_view name) const;
  void erase(std::string_view name) const;

 private:
  std::string path_;
};

// As the kernel names it, in /sys and elsewhere; the path itself where it can't be told.
std::string canonical_folder(const std::string& path);
// Instances that have a folder.
Result<std::vector<std::string>> list_instances(const std::string& kind_folder);

}  // namespace aerolith::compute
