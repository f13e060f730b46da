#include "compute/oci_config.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "compute/seccomp.h"

namespace aerolith::compute {

namespace json = boost::json;

namespace {

constexpr int64_t kCpuPeriodUs = 100'000;
constexpr int64_t kProcessLimit = 32768;
constexpr int kLoopMajor = 7;
// What a container's own control group of v2 says of how much it gets (Documentation/admin-guide/cgroup-v2.rst). Where
// the host mounts the tree with nsdelegate, the kernel keeps guests from writing them; not all hosts do.
constexpr auto kLimits = {"cpu.idle",         "cpu.max",          "cpu.max.burst",    "cpu.weight",
                          "cpu.weight.nice",  "cpuset.cpus",      "cpuset.mems",      "io.latency",
                          "io.max",           "io.weight",        "memory.high",      "memory.low",
                          "memory.max",       "memory.min",       "memory.oom.group", "memory.swap.max",
                          "memory.swap.high", "memory.zswap.max", "pids.max",         "cgroup.max.descendants"};

// Docker's set without MKNOD, and with SYS_BOOT, which in a pid namespace ends this namespace alone.
json::array capabilities() {
  return {"CAP_CHOWN",   "CAP_DAC_OVERRIDE", "CAP_FOWNER",      "CAP_FSETID",  "CAP_KILL",
          "CAP_SETGID",  "CAP_SETUID",       "CAP_SETPCAP",     "CAP_SETFCAP", "CAP_NET_BIND_SERVICE",
          "CAP_NET_RAW", "CAP_SYS_CHROOT",   "CAP_AUDIT_WRITE", "CAP_SYS_BOOT"};
}

json::object mount(const char* type, const char* at, json::array options) {
  return {{"type", type}, {"source", type}, {"destination", at}, {"options", std::move(options)}};
}

// systemd needs a tree of control groups to sort its units into, and can't mount it itself. Of v1 it gets its own
// folder of the named hierarchy, which limits nothing; the controllers' are read-only, since whoever is root here could
// lift the limits of the container. Of v2 there is one tree for both: `kLimits` are read-only.
void add_control_groups(json::array& all, const OciSettings& settings) {
  const bool is_unified = settings.systemd_hierarchy.empty();
  all.push_back(mount("cgroup", "/sys/fs/cgroup", {"nosuid", "noexec", "nodev", is_unified ? "rw" : "ro"}));
  if (is_unified) return;
  json::object own = mount("bind", "/sys/fs/cgroup/systemd", {"bind", "nosuid", "noexec", "nodev", "rw"});
  own["source"] = settings.systemd_hierarchy + settings.cgroup;
  all.push_back(std::move(own));
}

json::array mounts(const OciSettings& settings) {
  json::array all{
      mount("proc", "/proc", {"nosuid", "noexec", "nodev"}),
      mount("tmpfs", "/dev", {"nosuid", "strictatime", "mode=755", "size=1m"}),
      mount("devpts", "/dev/pts", {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}),
      mount("tmpfs", "/dev/shm", {"nosuid", "noexec", "nodev", "mode=1777"}),
      mount("mqueue", "/dev/mqueue", {"nosuid", "noexec", "nodev"}),
      mount("sysfs", "/sys", {"nosuid", "noexec", "nodev", "ro"}),
      mount("tmpfs", "/run", {"nosuid", "nodev", "mode=755"}),
  };
  if (!settings.runs_systemd) return all;
  add_control_groups(all, settings);
  // Without the capability to mount it can't mount these either.
  all.push_back(mount("tmpfs", "/run/lock", {"nosuid", "noexec", "nodev", "mode=1777", "size=5m"}));
  all.push_back(mount("tmpfs", "/tmp", {"nosuid", "nodev", "mode=1777"}));
  return all;
}

json::object process(const OciSettings& settings) {
  json::object caps;
  for (const char* set : {"bounding", "effective", "permitted"}) caps[set] = capabilities();
  json::object made{
      {"terminal", true},
      {"cwd", "/"},
      {"user", {{"uid", 0}, {"gid", 0}}},
      {"args", json::array{"/sbin/init"}},
      {"env", {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=linux", "container=oci"}},
      {"capabilities", std::move(caps)}};
  if (settings.open_files_limit > 0) {
    made["rlimits"] = json::array{json::object{{"type", "RLIMIT_NOFILE"},
                                               {"hard", settings.open_files_limit},
                                               {"soft", std::min<uint64_t>(settings.open_files_limit, 1024)}}};
  }
  return made;
}

// Only nodes for loop devices that the driver makes: the guest can't make any.
json::array devices_allowed() {
  return json::array{json::object{{"allow", false}, {"access", "rwm"}},
                     json::object{{"allow", true}, {"type", "b"}, {"major", kLoopMajor}, {"access", "rw"}}};
}

json::array read_only_paths(const OciSettings& settings) {
  json::array paths{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
  if (!settings.runs_systemd || !settings.systemd_hierarchy.empty()) return paths;
  for (const char* limit : kLimits) paths.emplace_back(std::string("/sys/fs/cgroup/") + limit);
  return paths;
}

json::object linux_part(const Spec& spec, const OciSettings& settings) {
  json::object resources{{"devices", devices_allowed()},
                         {"pids", {{"limit", kProcessLimit}}},
                         {"cpu", {{"quota", spec.vcpus * kCpuPeriodUs}, {"period", kCpuPeriodUs}}}};
  if (!settings.cpus.empty()) resources["cpu"].as_object()["cpus"] = settings.cpus;
  if (spec.memory_bytes > 0) resources["memory"] = {{"limit", spec.memory_bytes}};
  json::array namespaces;
  for (const char* type : {"pid", "mount", "uts", "ipc", "cgroup"}) namespaces.push_back(json::object{{"type", type}});
  namespaces.push_back(json::object{{"type", "network"}, {"path", settings.network_namespace}});
  return {{"namespaces", std::move(namespaces)},
          {"cgroupsPath", settings.cgroup},
          {"resources", std::move(resources)},
          {"seccomp", seccomp_profile()},
          {"sysctl", {{"net.ipv4.ping_group_range", "0 2147483647"}}},
          {"rootfsPropagation", "private"},
          {"maskedPaths",
           {"/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
            "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap"}},
          {"readonlyPaths", read_only_paths(settings)}};
}

}  // namespace

std::string oci_config(const Spec& spec, const OciSettings& settings) {
  return json::serialize(json::object{{"ociVersion", "1.0.2"},
                                      {"root", {{"path", settings.rootfs}, {"readonly", false}}},
                                      {"hostname", spec.hostname},
                                      {"process", process(settings)},
                                      {"mounts", mounts(settings)},
                                      {"linux", linux_part(spec, settings)}});
}

}  // namespace aerolith::compute
