// What runs an instance: a virtual machine or a container, behind one seam. An instance outlives this process: a driver
// finds again what an earlier one started, by files in `run_folder` alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace aerolith::compute {

enum class DriverErrorCode {
  unavailable,  // the machine lacks something; `detail` names it and the command that mends it
  no_capacity,  // memory or disk
  bad_image,    // it can't boot so
  not_found,    // no such instance here
  command,      // a step failed that should not have
};
using DriverError = Failure<DriverErrorCode>;
template <typename T = void>
using Result = aerolith::Result<T, DriverError>;

enum class Kind : uint8_t { container, vm };

// How much of something a second may bring; for `burst_seconds` altogether as much as `burst`, earned again while less
// than `steady` is taken. Zeros: no limit, no bursts.
struct Rate {
  uint64_t steady = 0;
  uint64_t burst = 0;
  uint64_t burst_seconds = 0;
  bool operator==(const Rate&) const = default;
};
struct DiskLimits {
  Rate operations;
  Rate bytes;
  uint64_t operation_bytes = 0;  // a larger operation counts as several; 0: as one
  bool operator==(const DiskLimits&) const = default;
};

struct Disk {
  std::string volume;  // vol-…; the guest sees its serial without the dash
  std::string file;    // qcow2
  std::string device;  // /dev/xvda, /dev/sdf: as the API names it
  bool is_root = false;
  DiskLimits limits{};
  // The snapshot that the volume was made of, empty for none: a file that names another one is refused. Nullopt: not
  // known, as of instances that an earlier version started.
  std::optional<std::string> base{};
  // Other instances may have it at the same time, all of one driver (shared_disks.h). Never the root.
  bool is_shared = false;
};

struct NetworkPort {
  std::string interface;  // eni-…
  std::string mac;
  std::string address;  // with prefix length, e.g. 10.0.0.5/24
  std::string gateway;
  int device_index = 0;  // of a container: N of its device ethN
  // Of a vm: made by the fabric before launch.
  std::string tap;
  std::string tap_namespace;  // path of the network namespace that it is in; empty: the host's
};

// Whom a guest asks for names.
struct Resolver {
  std::vector<std::string> servers;  // addresses
  std::string domain;                // for names without one; empty: none
};

// Everything needed to start it again after a stop or a host's reboot.
struct Spec {
  std::string instance;  // i-…
  Kind kind = Kind::container;
  std::string instance_type;
  std::string hostname;  // ip-10-0-0-5
  int vcpus = 1;
  uint64_t memory_bytes = 0;
  std::vector<Disk> disks;
  std::vector<NetworkPort> ports;  // by device index
  // Of images that say so (tiny): kernel and initramfs to boot directly. Empty: the disk's own boot loader.
  std::string kernel;
  std::string initramfs;
  std::string kernel_arguments;
  // Written into a container's root before it starts; a vm is told by DHCP. Nullopt: not known, as of instances that an
  // earlier version started.
  std::optional<Resolver> resolver{};
};

enum class State : uint8_t {
  absent,  // never launched here, or removed
  running,
  stopped,  // the guest ended by itself, or was stopped
  crashed,  // the guest's process died without ending in order
};
struct Observation {
  State state = State::absent;
  std::string detail;  // why it crashed, for StateReason
  std::chrono::system_clock::time_point started_at;
  uint64_t memory_bytes = 0;  // resident, of the whole instance
  std::chrono::nanoseconds cpu_time{};
};

// A disk's bytes of one moment, on their way into a file.
struct DiskCopy {
  std::string name;    // snap-…
  std::string volume;  // the disk
  std::string file;    // a qcow2 file of the disk's size, empty, that nothing else has open
  std::string base{};  // of copy_bases: only what has changed since then is copied; empty: all
  // Of an encrypted file, found by the driver.
  std::string secret{};
};
// An earlier copy of a disk, since whose moment it is known what has changed.
struct CopyBase {
  std::string name;
  uint64_t changed_bytes = 0;
};
enum class CopyEnd : uint8_t {
  taken,    // it may be the base of a later one; those before it no more
  dropped,  // it never was
};
struct CopyProgress {
  enum class State : uint8_t { absent, running, done, failed };
  State state = State::absent;
  int percent = 0;
  std::string detail;  // why it failed
};

// What has come of a guest's own shutdown.
enum class Shutdown : uint8_t {
  ended,    // it runs no more; `stop` or `remove` clears up
  goes_on,  // as far as is known
  unheard,  // it doesn't listen, and has had the time to begin to
};

enum class Detach : uint8_t {
  in_order,  // the guest lets go of it, or an error is returned
  by_force,  // what a guest that doesn't let go of it still has leads nowhere
};

// Safe from any thread; calls for one instance come one after another.
class Driver {
 public:
  virtual ~Driver() = default;
  // What lacks on this machine, one sentence each with the command that mends it; empty: all is there.
  virtual std::vector<std::string> find_missing() = 0;
  // A container: makes its network namespace, whose path the fabric needs before launch. A vm: empty.
  virtual Result<std::string> prepare(const Spec& spec) = 0;
  // Running on return, or an error and nothing left. Fine where it runs already. Of a container: devices eth0, eth1, …
  // lie in its namespace, one for each port; their addresses are set here, and what makes answers from each leave by
  // it.
  virtual Result<> launch(const Spec& spec) = 0;
  // Asks the guest to shut down and waits for it, at most for `patience`. May be called again until it has ended.
  virtual Result<Shutdown> shut_down(std::string_view instance, std::chrono::milliseconds patience) = 0;
  // The same, then ends it. Stopped on return; disks are closed.
  virtual Result<> stop(std::string_view instance, std::chrono::milliseconds patience) = 0;
  virtual Result<> reboot(std::string_view instance) = 0;
  // Ends it at once, and removes all that launch made (not the disks). Fine where nothing is.
  virtual Result<> remove(std::string_view instance) = 0;
  // Of a guest that has ended disks are closed on return, or it runs again where it asked for that. Copies end first.
  virtual Result<Observation> observe(std::string_view instance) = 0;
  // What the guest wrote to its serial console since its start, the last `limit_bytes` of it. Of more than 1 MiB only
  // the end is kept.
  virtual Result<std::string> console(std::string_view instance, size_t limit_bytes) = 0;
  // While it runs. Fine where it is attached.
  virtual Result<> attach(std::string_view instance, const Disk& disk) = 0;
  // Not the root. Its file is closed on return, where no other instance has it. Fine where it isn't attached. In order:
  // an error as long as the guest has it open (a container), or doesn't answer (a vm). By force a container's processes
  // that have a shared one open are killed: to the others it stays a device.
  virtual Result<> detach(std::string_view instance, const Disk& disk, Detach how) = 0;
  // The disk's file grows with it, and the guest sees it; of a shared one all guests that have it. Fine where it is as
  // large already. `not_found` where it isn't attached, or nothing runs.
  virtual Result<> grow(std::string_view instance, const Disk& disk, uint64_t size_bytes) = 0;
  // From now on and after restarts. `not_found` as above.
  virtual Result<> limit(std::string_view instance, const Disk& disk) = 0;
  // While it runs; the fabric has made the device. Fine where it is attached.
  virtual Result<> attach_port(std::string_view instance, const NetworkPort& port) = 0;
  // Not the first one. Fine where it isn't attached. A vm's tap is the fabric's to remove, afterwards.
  virtual Result<> detach_port(std::string_view instance, std::string_view interface, Detach how) = 0;
  // These four may run beside other calls for the instance.
  // Known are copies that were begun and taken while the disk was open without a break.
  virtual Result<std::vector<CopyBase>> copy_bases(std::string_view instance, std::string_view volume) = 0;
  // On return the disks' one moment, the same for all, lies between the call and the return; what the guest writes
  // afterwards isn't in the copies, and waits for none of them. Or an error, and none is begun; a shared disk has no
  // moment with others, so that it is copied alone. A copy goes on when
  // this process ends; the guest's end ends it.
  virtual Result<> begin_copies(std::string_view instance, const std::vector<DiskCopy>& copies) = 0;
  // Of a copy that is `done` the file is closed.
  virtual Result<CopyProgress> copy_progress(std::string_view instance, std::string_view name) = 0;
  // Ends it where it runs, and forgets it; the file is closed. Fine where none is.
  virtual Result<> end_copy(std::string_view instance, const DiskCopy& copy, CopyEnd end) = 0;
  // Instances that this driver has anything of on this host, running or not.
  virtual Result<std::vector<std::string>> list() = 0;
};

// What an encrypted disk's file is opened with. Safe from any thread.
using SecretOf = std::function<Result<std::string>(const std::string& file)>;

// What serves the bytes behind a disk, by NBD, whose file there isn't made yet. It gets a listening socket as
// kServingSocket, and what it reads them with as kServingSecret.
struct Behind {
  std::vector<std::string> arguments;
  std::string secret{};  // empty: it needs none
};
inline constexpr int kServingSocket = 3;
inline constexpr int kServingSecret = 4;
// `file`: the one that will be there. Safe from any thread.
using BehindOf = std::function<Result<Behind>(const std::string& file)>;

struct DriverSettings {
  std::string run_folder;    // sockets, pids, logs; made if missing
  std::string installation;  // keeps names on the host apart
  // Files of the image `tiny`, with which it is tried once whether /dev/kvm boots a guest; empty: KVM isn't used.
  std::string probe_kernel;
  std::string probe_initramfs;
  SecretOf secret_of{};  // empty: no encrypted disk is opened
  BehindOf behind_of{};  // empty: a disk whose file behind it isn't there isn't opened
};
std::unique_ptr<Driver> make_container_driver(DriverSettings settings);
std::unique_ptr<Driver> make_vm_driver(DriverSettings settings);

}  // namespace aerolith::compute
