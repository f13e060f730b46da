#include <fmt/format.h>

#include <cstdio>
#include <deque>
#include <limits>
#include <thread>

#include "audit/folder.h"
#include "audit/reader.h"
#include "main/audit_filter.h"
#include "main/commands.h"
#include "os/file_system.h"

namespace aerolith::main_program {
namespace {

constexpr std::chrono::milliseconds kAuditPoll{100};
constexpr size_t kUsualLimit = 100;

class AuditPrinter {
 public:
  AuditPrinter(AuditFilter filter, Output output) : filter_(std::move(filter)), output_(output) {}

  bool wants(const audit::Line& line) const {
    if (line.kind == audit::LineKind::gap || line.kind == audit::LineKind::damaged) return true;
    return line.kind == audit::LineKind::event && filter_.matches(line.entry);
  }
  // False: nobody reads on.
  bool print(const audit::Line& line) const {
    if (line.kind == audit::LineKind::damaged) {
      report_problem(fmt::format("a line {}{}{}", line.problem, line.text.empty() ? "" : ": ",
                                 printable(std::string_view(line.text).substr(0, 200))));
    } else if (output_ == Output::json) {
      fmt::print("{}\n", line.text);
    } else if (line.kind == audit::LineKind::gap) {
      fmt::print("--- {} events are missing here: the log could not take them\n", line.count);
    } else {
      fmt::print("{}", describe_entry(line.entry));
    }
    return std::ferror(stdout) == 0;
  }

 private:
  AuditFilter filter_;
  Output output_;
};

// The latest `limit` lines that are wanted, from the newest file back.
os::Result<std::deque<audit::Line>> find_latest(os::FileSystem& files, const std::string& folder,
                                                const AuditPrinter& printer, size_t limit) {
  std::deque<audit::Line> latest;
  const auto numbers = TRY(audit::list_files(files, folder));
  for (auto number = numbers.rbegin(); number != numbers.rend() && latest.size() < limit; ++number) {
    auto reader = audit::FileReader::open(files, folder, *number);
    if (!reader.has_value() && reader.error().code == os::ErrorCode::not_found) continue;  // removed just now
    if (!reader.has_value()) return std::unexpected(reader.error());
    std::deque<audit::Line> here;
    while (auto line = TRY(reader->next())) {
      if (!printer.wants(*line)) continue;
      here.push_back(*std::move(line));
      if (latest.size() + here.size() > limit) here.pop_front();
    }
    latest.insert(latest.begin(), std::make_move_iterator(here.begin()), std::make_move_iterator(here.end()));
  }
  return latest;
}

// The same, and on and on.
int follow(os::FileSystem& files, const std::string& folder, const AuditPrinter& printer, size_t limit,
           bool from_first) {
  const auto numbers = audit::list_files(files, folder);
  if (!numbers.has_value()) return report_problem(numbers.error().detail);
  const uint64_t first = numbers->empty() ? 1 : from_first ? numbers->front() : numbers->back();
  audit::Follower follower = audit::Follower::from_file(files, folder, first);
  std::deque<audit::Line> held;
  bool is_past = true;  // what was there when it began
  while (true) {
    auto line = follower.next();
    if (!line.has_value()) return report_problem(line.error().detail);
    if (*line && !printer.wants(**line)) continue;
    if (*line && is_past) {
      held.push_back(**std::move(line));
      if (held.size() > limit) held.pop_front();
      continue;
    }
    if (*line && !printer.print(**line)) return kSuccess;
    if (*line) continue;
    is_past = false;
    for (const audit::Line& one : held) printer.print(one);
    held.clear();
    if (std::fflush(stdout) != 0) return kSuccess;
    std::this_thread::sleep_for(kAuditPoll);
  }
}

}  // namespace

int report_bad_moment(std::string_view flag, std::string_view text) {
  return report_problem(
      fmt::format("{}: \"{}\" is neither a time, such as 2026-01-31T12:00:00Z, nor a duration, such as 2h", flag, text),
      kWrongUsage);
}

int run_audit(const Invocation& invocation, const AuditOptions& options) {
  AuditFilter filter{.principal = options.principal,
                     .account = options.account,
                     .action = options.action,
                     .operation = options.operation,
                     .service = options.service,
                     .resource = options.resource,
                     .request_id = options.request_id,
                     .only_denied = options.denied,
                     .since = std::nullopt,
                     .until = std::nullopt};
  const Timestamp now = SystemClock().now();
  if (!options.since.empty() && !(filter.since = parse_moment(options.since, now))) {
    return report_bad_moment("--since", options.since);
  }
  if (!options.until.empty() && !(filter.until = parse_moment(options.until, now))) {
    return report_bad_moment("--until", options.until);
  }
  const bool is_narrow = filter.since || filter.until || !filter.request_id.empty();
  const size_t limit = options.limit.value_or(is_narrow ? std::numeric_limits<size_t>::max() : kUsualLimit);
  os::RealFileSystem files;
  const std::string folder = invocation.folder().audit().string();
  std::error_code error;
  if (!options.follow && !std::filesystem::exists(folder, error)) {
    return report_problem(fmt::format("there is no audit log yet ({})", folder));
  }
  const AuditPrinter printer(std::move(filter), invocation.output);
  if (options.follow) return follow(files, folder, printer, limit, is_narrow);
  const auto latest = find_latest(files, folder, printer, limit);
  if (!latest.has_value()) return report_problem(latest.error().detail);
  for (const audit::Line& line : *latest) {
    if (!printer.print(line)) break;
  }
  return kSuccess;
}

}  // namespace aerolith::main_program
