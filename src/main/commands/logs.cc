#include <fmt/format.h>
#include <sys/stat.h>

#include <cstdio>
#include <fstream>
#include <thread>

#include "main/commands.h"
#include "main/run_state.h"
#include "main/text_file.h"

namespace aerolith::main_program {
namespace {

constexpr std::chrono::milliseconds kLogsPoll{200};

ino_t inode_of(const std::filesystem::path& file) {
  struct stat status{};
  return stat(file.c_str(), &status) == 0 ? status.st_ino : 0;
}

// Until it is interrupted. Goes on at the start of the file when it was replaced or cut.
int follow(const std::filesystem::path& file, uint64_t offset) {
  ino_t inode = inode_of(file);
  while (true) {
    const uint64_t size = file_size_or_zero(file);
    if (inode_of(file) != inode || size < offset) {
      inode = inode_of(file);
      offset = 0;
    }
    if (size > offset) {
      std::ifstream stream(file, std::ios::binary);
      stream.seekg(static_cast<std::streamoff>(offset));
      std::string piece(std::min<uint64_t>(size - offset, 65536), '\0');
      stream.read(piece.data(), static_cast<std::streamsize>(piece.size()));
      piece.resize(static_cast<size_t>(stream.gcount()));
      offset += piece.size();
      fmt::print("{}", piece);
      if (std::fflush(stdout) != 0) return kSuccess;  // nobody reads on
      continue;
    }
    std::this_thread::sleep_for(kLogsPoll);
  }
}

}  // namespace

int run_logs(const Invocation& invocation, const LogsOptions& options) {
  std::filesystem::path file = invocation.folder().log_file();
  const auto state = find_running(invocation.folder());
  const std::string configured = state ? state->log_file : invocation.config().log.file.string();
  if (!configured.empty()) file = configured;
  std::error_code error;
  if (!std::filesystem::exists(file, error)) {
    return report_problem(
        fmt::format("there is no log yet ({}); `aerolith serve` logs to its own standard error", file.string()));
  }
  const uint64_t size = file_size_or_zero(file);
  fmt::print("{}", last_lines(file, options.lines));
  std::fflush(stdout);
  return options.follow ? follow(file, size) : kSuccess;
}

}  // namespace aerolith::main_program
