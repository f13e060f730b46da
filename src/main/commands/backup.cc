#include "main/backup.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/encoding.h"
#include "main/commands.h"
#include "main/run_state.h"
#include "main/server_request.h"

namespace aerolith::main_program {
namespace {

int print_made(const Invocation& invocation, const std::filesystem::path& to) {
  if (invocation.output == Output::json) {
    fmt::print("{}\n", boost::json::serialize(boost::json::object{{"directory", to.string()}}));
  } else {
    fmt::print("Backup made in {}. It holds the secret keys: keep it safe.\n", to.string());
  }
  return kSuccess;
}

}  // namespace

int run_backup(const Invocation& invocation, const std::filesystem::path& to) {
  const auto installation = open_installation(invocation.folder().root);
  if (!installation.has_value()) return report_problem(installation.error().detail);
  const std::filesystem::path target = std::filesystem::absolute(to).lexically_normal();
  const auto state = find_running(invocation.folder());
  if (state) {
    // The server has the store open, so it makes the copy.
    const auto made = ask_server(*state, *installation,
                                 {.method = "POST",
                                  .target = "/_aerolith/backup?to=" + percent_encode(target.string()),
                                  .deadline = std::chrono::hours(24)});
    return made.has_value() ? print_made(invocation, target) : report_problem(made.error());
  }
  const auto made = make_offline_backup(invocation.folder(), target);
  if (!made.has_value()) return report_problem(made.error().detail);
  return print_made(invocation, target);
}

int run_restore(const Invocation& invocation, const std::filesystem::path& from) {
  if (const auto state = find_running(invocation.folder())) {
    return report_problem(fmt::format("a server runs on {} (pid {}); restore into an empty data folder",
                                      invocation.folder().root.string(), state->pid));
  }
  const auto report = restore_backup(std::filesystem::absolute(from).lexically_normal(), invocation.folder());
  if (!report.has_value()) return report_problem(report.error().detail);
  if (invocation.output == Output::json) {
    fmt::print("{}\n", boost::json::serialize(boost::json::object{{"data_folder", invocation.folder().root.string()},
                                                                  {"files", report->files},
                                                                  {"bytes", report->bytes}}));
  } else {
    fmt::print("Restored into {} and checked ({} files, {} bytes). Start it with: aerolith up\n",
               invocation.folder().root.string(), report->files, report->bytes);
  }
  return kSuccess;
}

}  // namespace aerolith::main_program
