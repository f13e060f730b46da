// `aerolith ebs`: a snapshot leaves this cloud as a disk's file, read by this process from the data folder, whether the
// server runs or not; and a disk's file becomes a snapshot, which the server takes in.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <chrono>
#include <filesystem>

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

constexpr auto kImportPatience = std::chrono::hours(2);
constexpr std::string_view kQcow2 = "qcow2";

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

}  // namespace

int run_ebs_export(const Invocation& invocation, const EbsOptions& options) {
  const bool is_stream = options.file.empty() || options.file == "-";
  if (is_stream && ::isatty(STDOUT_FILENO) == 1) {
    return report_problem("a disk's bytes are nothing for a terminal: give --output, or send them elsewhere",
                          kWrongUsage);
  }
  os::RealFileSystem files;
  const fs::path folder = invocation.folder().blocks();
  const auto installation = open_installation(invocation.folder().root);
  // Without it one that is encrypted can't be read, and says so.
  const blocks::Sealing sealing = installation.has_value() ? sealing_of(*installation) : blocks::Sealing();
  const auto snapshot = blocks::SnapshotReader::open(files, folder.string(), options.snapshot, sealing);
  if (!snapshot.has_value()) return report_problem(snapshot.error().detail);
  Waiting waiting(false);
  int tenths = -1;
  const auto tell = [&](int percent) {
    if (percent / 10 == tenths) return;
    tenths = percent / 10;
    waiting.step(fmt::format("{}: {} % of {} GiB", options.snapshot, percent, (*snapshot)->size_bytes() >> 30));
  };
  const auto written = write_out(files, **snapshot, folder, options, tell);
  if (!written.has_value()) return report_problem(written.error().detail);
  return kSuccess;
}

int run_ebs_import(const Invocation& invocation, const EbsOptions& options) {
  const auto server = find_server(invocation);
  if (!server.has_value()) return server.error();
  std::error_code error;
  const fs::path file = fs::canonical(options.file, error);
  if (error) return report_problem(fmt::format("{}: {}", options.file, error.message()));
  Waiting waiting(invocation.output == Output::json);
  waiting.step("handing it to the server");
  const auto answer = ask_server(server->state, server->installation,
                                 {.method = "POST",
                                  .target = "/_aerolith/snapshots" + query_of(options, file.string()),
                                  .deadline = kImportPatience});
  if (!answer.has_value()) return report_problem(answer.error());
  if (invocation.output == Output::json) {
    fmt::print("{}\n", boost::json::serialize(*answer));
  } else {
    fmt::print("{}\n", text_of(*answer, "snapshot_id"));
  }
  return kSuccess;
}

}  // namespace aerolith::main_program
