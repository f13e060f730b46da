#include "main/fsck.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdio>

#include "main/commands.h"
#include "main/run_state.h"

namespace aerolith::main_program {
namespace {

void print_json(const FsckReport& report) {
  boost::json::array problems;
  for (const std::string& problem : report.problems) problems.emplace_back(problem);
  fmt::print("{}\n", boost::json::serialize(boost::json::object{{"ok", report.problems.empty()},
                                                                {"extents", report.extents},
                                                                {"blocks", report.blocks},
                                                                {"bytes", report.bytes},
                                                                {"unnamed_extents", report.unnamed},
                                                                {"problems", std::move(problems)}}));
}

void print_text(const FsckReport& report) {
  for (const std::string& problem : report.problems) fmt::print("{}\n", problem);
  if (report.unnamed > 0) fmt::print("{} extents are named by nothing: lost room, no lost bytes\n", report.unnamed);
  fmt::print("{} extents, {} blocks of snapshots, {} bytes read: {}\n", report.extents, report.blocks, report.bytes,
             report.problems.empty() ? "all is well" : fmt::format("{} problems", report.problems.size()));
}

}  // namespace

int run_fsck(const Invocation& invocation) {
  if (const auto state = find_running(invocation.folder())) {
    return report_problem(fmt::format("a server runs on {} (pid {}): stop it first, with `aerolith down`",
                                      invocation.folder().root.string(), state->pid));
  }
  const auto report = check_stores(invocation.folder(), [](std::string_view stage) {
    fmt::print(stderr, "fsck: {}\n", stage);
    std::fflush(stderr);
  });
  if (!report.has_value()) return report_problem(report.error().detail);
  if (invocation.output == Output::json) {
    print_json(*report);
  } else {
    print_text(*report);
  }
  return report->problems.empty() ? kSuccess : kFailed;
}

}  // namespace aerolith::main_program
