// served/<volume>.sock, <volume>.process, <volume>.file (what will be there) in the instance's folder.
#include "compute/served_disks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/log.h"
#include "base/step.h"
#include "blocks/secret_file.h"
#include "compute/from_os.h"
#include "compute/throttle.h"
#include "os/program.h"

namespace aerolith::compute {

namespace json = boost::json;

namespace {

constexpr std::string_view kFileSuffix = ".file";
constexpr const char* kNumber = "served.number";
// A guest's read waits that long for the process to come back: the server may be down meanwhile.
constexpr int kReconnectSeconds = 7 * 24 * 3600;

std::string name_of(std::string_view volume, std::string_view suffix) {
  return fmt::format("served/{}{}", volume, suffix);
}
std::string served_node_of(std::string_view volume) { return "served-" + std::string(volume); }
std::string made_node_of(std::string_view volume) { return "made-" + std::string(volume); }

json::object behind_node(std::string_view volume, const std::string& over) {
  return {{"driver", "raw"}, {"node-name", behind_node_of(volume)}, {"read-only", true}, {"file", over}};
}

void remove_node(QmpClient& control, const std::string& node) {
  (void)control.execute("blockdev-del", {{"node-name", node}});
}

}  // namespace

Result<int> ServedDisks::open_folder() const {
  const std::string path = folder_ / "served";
  os::RealFileSystem files;
  TRY(from_os(files.make_directories(path)));
  // The folders above it keep everybody else out.
  (void)::chmod(path.c_str(), 0711);
  const int descriptor = ::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return failed_call(errno, "open " + path);
  return descriptor;
}

Result<> ServedDisks::note_number(int number) const { return folder_.write_text(kNumber, std::to_string(number)); }

std::string ServedDisks::socket_of(std::string_view volume) const { return folder_ / name_of(volume, ".sock"); }

Result<> ServedDisks::serve(std::string_view volume, std::vector<ImageFile>& chain, const BehindOf& behind_of,
                            uint32_t user) const {
  if (!chain.back().is_served) return {};
  const std::string number = folder_.read_text(kNumber);
  if (number.empty()) {
    return fail(DriverErrorCode::command, chain.back().name + " isn't there yet");
  }
  TRY(start(volume, chain.back().name, behind_of, user));
  chain.back().name = fmt::format("/proc/self/fd/{}/{}.sock", number, volume);
  return {};
}

Result<> ServedDisks::start(std::string_view volume, const std::string& file, const BehindOf& behind_of,
                            uint32_t user) const {
  const std::string process = name_of(volume, ".process");
  if (const auto known = folder_.read_process(process); known && os::is_alive(known->identity)) return {};
  if (!behind_of) return fail(DriverErrorCode::command, file + " isn't there");
  Behind behind = TRY(behind_of(file));
  ::close(TRY(open_folder()));
  TRY(folder_.write_text(name_of(volume, kFileSuffix), file));
  step("served/noted");
  const std::string path = socket_of(volume);
  for (const auto& stray : os::find_by_argument(path)) os::kill_and_wait(stray);  // started, and not recorded
  const int socket = TRY(listen_on(path));
  const bool is_theirs = ::chown(path.c_str(), user, user) == 0 && ::chmod(path.c_str(), 0600) == 0;
  int secret = -1;
  if (is_theirs && !behind.secret.empty()) secret = blocks::open_secret(behind.secret).value_or(-1);
  if (!is_theirs || (secret < 0 && !behind.secret.empty())) {
    ::close(socket);
    return fail(DriverErrorCode::command, path + " can't be given away");
  }
  // It reads what guests may send: it may nothing but what its files' owner may.
  std::vector<std::string> arguments{"setpriv", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", "--"};
  if (::geteuid() != 0) arguments.clear();
  arguments.insert(arguments.end(), behind.arguments.begin(), behind.arguments.end());
  arguments.push_back(path);  // by which it is found
  os::Program program{.arguments = std::move(arguments), .descriptors = {{socket, kServingSocket}}};
  if (secret >= 0) program.descriptors.push_back({secret, kServingSecret});
  const auto started = os::start_program(program, folder_ / name_of(volume, ".log"));
  ::close(socket);
  if (secret >= 0) ::close(secret);
  step("served/started");
  return folder_.write_process(process, TRY(from_os(started)));
}

std::vector<ServedDisks::Served> ServedDisks::list() const {
  std::vector<Served> served;
  os::RealFileSystem files;
  const auto entries = files.list(folder_ / "served");
  if (!entries.has_value()) return served;
  for (const auto& entry : *entries) {
    if (!entry.name.ends_with(kFileSuffix)) continue;
    const std::string volume = entry.name.substr(0, entry.name.size() - kFileSuffix.size());
    served.push_back({.volume = volume, .file = folder_.read_text(name_of(volume, kFileSuffix))});
  }
  return served;
}

Result<> ServedDisks::keep(const BehindOf& behind_of, uint32_t user) const {
  for (const Served& each : list()) {
    const auto known = folder_.read_process(name_of(each.volume, ".process"));
    if (known && os::is_alive(known->identity)) continue;
    log_warning("what serves a volume's blocks has ended, and is started again", {{"volume", each.volume}});
    auto started = start(each.volume, each.file, behind_of, user);
    // Its blocks may be gone where the file is there.
    if (!started.has_value() && ::access(each.file.c_str(), F_OK) != 0) return started;
  }
  return {};
}

void ServedDisks::end(std::string_view volume) const {
  if (!folder_.has(name_of(volume, kFileSuffix))) return;
  if (const auto known = folder_.read_process(name_of(volume, ".process"))) os::kill_and_wait(known->identity);
  for (const auto& stray : os::find_by_argument(socket_of(volume))) os::kill_and_wait(stray);
  step("served/ended");
  for (const char* suffix : {".process", ".log", ".sock", ".file"}) folder_.erase(name_of(volume, suffix));
}

void ServedDisks::end_all() const {
  for (const Served& each : list()) end(each.volume);
  folder_.erase(kNumber);
}

std::string behind_node_of(std::string_view volume) { return "behind-" + std::string(volume); }

std::vector<json::object> served_nodes(std::string_view volume, const std::vector<ImageFile>& chain) {
  if (!chain.back().is_served) return {};
  const std::string served = served_node_of(volume);
  return {{{"driver", "nbd"},
           {"node-name", served},
           {"read-only", true},
           {"reconnect-delay", kReconnectSeconds},
           {"server", {{"type", "unix"}, {"path", chain.back().name}}}},
          behind_node(volume, served)};
}

Result<> add_served_nodes(QmpClient& control, std::string_view volume, const std::vector<ImageFile>& chain) {
  remove_served_nodes(control, volume);  // left where we were killed in between
  for (json::object& node : served_nodes(volume, chain)) TRY(control.execute("blockdev-add", std::move(node)));
  return {};
}

void remove_served_nodes(QmpClient& control, std::string_view volume) {
  for (const std::string& node : {behind_node_of(volume), served_node_of(volume), made_node_of(volume)}) {
    remove_node(control, node);
  }
}

Result<> put_files_behind(QmpClient& control, std::string_view volume, const std::vector<ImageFile>& files) {
  if (!TRY(has_node(control, behind_node_of(volume)))) return {};
  const std::string made = made_node_of(volume);
  if (!TRY(has_node(control, made))) {
    const GivenSecrets secrets = TRY(GivenSecrets::give(control, made, files));
    json::object node = image_node(made, files);
    node["node-name"] = made;
    node["read-only"] = true;
    node["file"].as_object()["read-only"] = true;
    TRY(control.execute("blockdev-add", std::move(node)));
  }
  step("served/file-opened");
  TRY(control.execute("blockdev-reopen", {{"options", json::array{behind_node(volume, made)}}}));
  step("served/file-behind");
  remove_node(control, served_node_of(volume));
  return {};
}

}  // namespace aerolith::compute
