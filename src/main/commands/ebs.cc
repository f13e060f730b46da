// `aerolith ebs`: a snapshot or a volume leaves this cloud as a disk's file, read by this process from the data folder,
// whether the server runs or not; and a disk's file becomes a snapshot, which the server takes in.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <thread>

#include "base/encoding.h"
#include "base/random.h"
#include "blocks/snapshot_reader.h"
#include "main/commands_ec2.h"
#include "main/data_folder.h"
#include "main/host.h"
#include "main/installation.h"
#include "main/server_request.h"
#include "main/waiting.h"
#include "os/file_system.h"

namespace aerolith::main_program {
namespace {

namespace fs = std::filesystem;

constexpr auto kVolumeImportPatience = std::chrono::hours(2);
constexpr auto kExportPatience = std::chrono::minutes(5);
constexpr auto kLookEvery = std::chrono::milliseconds(100);
constexpr std::string_view kQcow2 = "qcow2";
constexpr std::string_view kVolumePrefix = "vol-";

// What must be written from its end to its beginning goes to standard output by way of a file that has no name any
// more when it is read. A start of the server removes what a killed process left.
blocks::Result<> stream_qcow2(os::FileSystem& files, blocks::SnapshotReader& snapshot, const fs::path& folder,
                              const blocks::Told& told) {
  if (snapshot.is_encrypted()) {
    return fail(blocks::VolumeErrorCode::command,
                "it is encrypted, and would lie on the disk as it is for a while: give --output, or --format raw");
  }
  const std::string path = (folder / "snapshots" / fmt::format(".export-{}.new", random_hex(16))).string();
  TRY(blocks::export_qcow2(files, snapshot, path, told));
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  (void)files.remove(path);
  if (file < 0) return fail(blocks::VolumeErrorCode::command, path + " can't be read");
  std::string piece(uint64_t{1} << 20, '\0');
  for (;;) {
    const ssize_t got = ::read(file, piece.data(), piece.size());
    if (got == 0) break;
    ssize_t done = got < 0 ? -1 : 0;
    while (done >= 0 && done < got) {
      const ssize_t written = ::write(STDOUT_FILENO, piece.data() + done, static_cast<size_t>(got - done));
      done = written < 0 ? -1 : done + written;
    }
    if (done >= 0) continue;
    ::close(file);
    return fail(blocks::VolumeErrorCode::command, "standard output can't be written");
  }
  ::close(file);
  return {};
}

blocks::Result<> write_out(os::FileSystem& files, blocks::SnapshotReader& snapshot, const fs::path& folder,
                           const EbsOptions& options, const blocks::Told& told) {
  const bool is_qcow2 = options.format == kQcow2;
  if (!options.file.empty() && options.file != "-") {
    return is_qcow2 ? blocks::export_qcow2(files, snapshot, options.file, told)
                    : blocks::export_raw(files, snapshot, options.file, told);
  }
  return is_qcow2 ? stream_qcow2(files, snapshot, folder, told) : blocks::stream_raw(snapshot, STDOUT_FILENO, told);
}

std::string query_of(const EbsOptions& options, const std::string& file) {
  std::string query = "?file=" + percent_encode(file);
  if (!options.description.empty()) query += "&description=" + percent_encode(options.description);
  if (!options.account.empty()) query += "&account=" + percent_encode(options.account);
  return query;
}

enum class Source { snapshot, closed_volume };

int export_source(const Invocation& invocation, const EbsOptions& options, Source source) {
  os::RealFileSystem files;
  const fs::path folder = invocation.folder().blocks();
  const auto installation = open_installation(invocation.folder().root);
  // Without it one that is encrypted can't be read, and says so.
  const blocks::Sealing sealing = installation.has_value() ? sealing_of(*installation) : blocks::Sealing();
  const auto bytes = source == Source::snapshot
                         ? blocks::SnapshotReader::open(files, folder.string(), options.source, sealing)
                         : blocks::SnapshotReader::open_volume(files, folder.string(), options.source, sealing);
  if (!bytes.has_value()) return report_problem(bytes.error().detail);
  Waiting waiting(false);
  int tenths = -1;
  const auto tell = [&](int percent) {
    if (percent / 10 == tenths) return;
    tenths = percent / 10;
    waiting.step(fmt::format("{}: {} % of {} GiB", options.source, percent, (*bytes)->size_bytes() >> 30));
  };
  const auto written = write_out(files, **bytes, folder, options, tell);
  if (!written.has_value()) return report_problem(written.error().detail);
  return kSuccess;
}

// A snapshot that the server makes of a volume, until this goes. Where this process is killed the server drops it, a
// day later or with its next start.
class ServersExport {
 public:
  explicit ServersExport(const Server& server) : server_(server) {}
  ~ServersExport() {
    if (!snapshot_.empty()) (void)ask("DELETE", "snapshot=" + snapshot_);
  }
  ServersExport(const ServersExport&) = delete;
  ServersExport& operator=(const ServersExport&) = delete;

  // -> the snapshot, complete.
  Result<std::string, std::string> make(const std::string& volume) {
    snapshot_ = text_of(TRY(ask("POST", "volume=" + percent_encode(volume))), "snapshot_id");
    Waiting waiting(false);
    for (;;) {
      const boost::json::object seen = TRY(ask("GET", "snapshot=" + snapshot_));
      const std::string state = text_of(seen, "state");
      if (state == "completed") return snapshot_;
      if (state != "pending") return std::unexpected(fmt::format("{}: {}", volume, text_of(seen, "failure")));
      waiting.step(fmt::format("the server reads {}", volume));
      std::this_thread::sleep_for(kLookEvery);
    }
  }

 private:
  Result<boost::json::object, std::string> ask(const char* method, const std::string& query) const {
    return ask_server(server_.state, server_.installation,
                      {.method = method, .target = "/_aerolith/exports?" + query, .deadline = kExportPatience});
  }

  const Server& server_;
  std::string snapshot_;
};

int export_by_server(const Server& server, const Invocation& invocation, const EbsOptions& options) {
  ServersExport by_server(server);
  const auto snapshot = by_server.make(options.source);
  if (!snapshot.has_value()) return report_problem(snapshot.error());
  EbsOptions of_snapshot = options;
  of_snapshot.source = *snapshot;
  return export_source(invocation, of_snapshot, Source::snapshot);
}

// What came by standard input, in a file until this goes. A start of the server removes what a killed process left.
class Spooled {
 public:
  explicit Spooled(const fs::path& folder)
      : path_((folder / "snapshots" / fmt::format(".import-{}.new", random_hex(16))).string()) {}
  ~Spooled() { ::unlink(path_.c_str()); }
  Spooled(const Spooled&) = delete;
  Spooled& operator=(const Spooled&) = delete;

  const std::string& path() const { return path_; }
  Result<void, std::string> take() {
    os::RealFileSystem files;
    const auto file = files.open(path_, os::OpenMode::create, 0600);
    if (!file.has_value()) return std::unexpected(file.error().detail);
    std::string piece(uint64_t{1} << 20, '\0');
    for (uint64_t place = 0;;) {
      const ssize_t got = ::read(STDIN_FILENO, piece.data(), piece.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return std::unexpected("standard input can't be read");
      if (got == 0) return {};
      const auto bytes = std::string_view(piece).substr(0, static_cast<size_t>(got));
      // Zeros take no room.
      if (bytes.find_first_not_of('\0') != std::string_view::npos) {
        const auto written = (*file)->write_at(place, bytes);
        if (!written.has_value()) return std::unexpected(written.error().detail);
      }
      place += bytes.size();
      const auto grown = (*file)->truncate(place);
      if (!grown.has_value()) return std::unexpected(grown.error().detail);
    }
  }

 private:
  const std::string path_;
};

}  // namespace

int run_ebs_export(const Invocation& invocation, const EbsOptions& options) {
  const bool is_stream = options.file.empty() || options.file == "-";
  if (is_stream && ::isatty(STDOUT_FILENO) == 1) {
    return report_problem("a disk's bytes are nothing for a terminal: give --output, or send them elsewhere",
                          kWrongUsage);
  }
  if (!options.source.starts_with(kVolumePrefix)) return export_source(invocation, options, Source::snapshot);
  auto state = find_running(invocation.folder());
  if (!state) return export_source(invocation, options, Source::closed_volume);
  auto installation = open_installation(invocation.folder().root);
  if (!installation.has_value()) return report_problem(installation.error().detail);
  return export_by_server({*std::move(installation), *std::move(state)}, invocation, options);
}

int run_ebs_import(const Invocation& invocation, const EbsOptions& options) {
  const auto server = find_server(invocation);
  if (!server.has_value()) return server.error();
  Spooled spooled(invocation.folder().blocks());
  const bool is_stream = options.file == "-";
  Waiting waiting(invocation.output == Output::json);
  if (is_stream) {
    if (::isatty(STDIN_FILENO) == 1) return report_problem("a disk's bytes don't come from a terminal", kWrongUsage);
    waiting.step("reading standard input");
    if (const auto taken = spooled.take(); !taken.has_value()) return report_problem(taken.error());
  }
  std::error_code error;
  const fs::path file = fs::canonical(is_stream ? spooled.path() : options.file, error);
  if (error) return report_problem(fmt::format("{}: {}", options.file, error.message()));
  waiting.step("handing it to the server");
  const auto answer = ask_server(server->state, server->installation,
                                 {.method = "POST",
                                  .target = "/_aerolith/snapshots" + query_of(options, file.string()),
                                  .deadline = kVolumeImportPatience});
  if (!answer.has_value()) return report_problem(answer.error());
  if (invocation.output == Output::json) {
    fmt::print("{}\n", boost::json::serialize(*answer));
  } else {
    fmt::print("{}\n", text_of(*answer, "snapshot_id"));
  }
  return kSuccess;
}

}  // namespace aerolith::main_program
