#include <fmt/format.h>

#include <boost/json.hpp>
#include <csignal>
#include <map>
#include <thread>

#include "audit/folder.h"
#include "audit/least_policy.h"
#include "audit/reader.h"
#include "main/audit_filter.h"
#include "main/commands.h"
#include "main/quantity.h"
#include "os/file_system.h"

namespace aerolith::main_program {
namespace {

constexpr std::chrono::milliseconds kIamTracePoll{100};
constexpr size_t kLongestManagedPolicy =
    6144;  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html

volatile std::sig_atomic_t interrupted = 0;
void note_interrupt(int) { interrupted = 1; }

// The first Ctrl-C ends the watching, and the policies are printed.
void catch_interrupt() {
  struct sigaction action{};
  action.sa_handler = note_interrupt;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

struct Denial {
  std::string action;
  std::string resource;
  std::string why;
  bool went_through = false;  // [security] mode "audit"
  auto operator<=>(const Denial&) const = default;
};

// What one user, role or root did.
struct Traced {
  uint64_t calls = 0;
  audit::LeastPolicy did;
  std::map<Denial, uint64_t> denied;
};

class Tracer {
 public:
  Tracer(AuditFilter filter, const TraceOptions& options, Output output)
      : filter_(std::move(filter)), options_(options), output_(output) {}

  void take(const audit::Line& line, bool is_live) {
    if (line.kind == audit::LineKind::gap) lost_events_ += line.count;
    if (line.kind != audit::LineKind::event || !filter_.matches(line.entry) || line.entry.entity.empty()) return;
    const audit::Entry& entry = line.entry;
    Traced& traced = by_entity_[entry.entity];
    ++traced.calls;
    left_out_ += entry.asks_left_out;
    for (const audit::Ask& ask : entry.asks) {
      if (ask.is_probe) continue;
      const bool is_denied = ask.outcome == audit::Outcome::denied;
      if (!is_denied || options_.include_denied) traced.did.add(ask.action, ask.resource);
      if (ask.outcome == audit::Outcome::allowed) continue;
      const std::string why = ask.reason ? describe_reason(*ask.reason) : "denied";
      ++traced.denied[{ask.action, ask.resource, why, !is_denied}];
      if (is_live && output_ == Output::text) print_denial(entry, ask, why);
    }
  }

  int print() const {
    if (lost_events_ > 0) report_problem(fmt::format("{} events are missing in the audit log", lost_events_));
    if (left_out_ > 0) report_problem(fmt::format("{} resources of calls with very many are not in it", left_out_));
    return output_ == Output::json ? print_json() : print_text();
  }

 private:
  static bool is_root(const std::string& entity) { return entity.ends_with(":root"); }

  static void print_denial(const audit::Entry& entry, const audit::Ask& ask, const std::string& why) {
    fmt::print("{} {} {}: {} on {}: {}\n", format_iso8601_millis(entry.time), printable(entry.principal),
               audit::outcome_name(ask.outcome), printable(ask.action), printable(ask.resource), why);
    std::fflush(stdout);
  }

  int print_text() const {
    if (by_entity_.empty()) fmt::print("No calls.\n");
    for (const auto& [entity, traced] : by_entity_) {
      fmt::print("\n{} ({} calls){}\n", printable(entity), traced.calls,
                 is_root(entity) ? ": the root needs no policy; for somebody else to do the same:" : "");
      if (traced.did.is_empty()) {
        fmt::print("Nothing that needs a policy was allowed.\n");
      } else {
        print_policy(traced.did.document(options_.widen));
      }
      for (const auto& [denial, count] : traced.denied) {
        fmt::print("{} {} times: {} on {}: {}\n", denial.went_through ? "would be denied" : "denied", count,
                   printable(denial.action), printable(denial.resource), denial.why);
      }
    }
    return kSuccess;
  }

  static void print_policy(const std::string& document) {
    fmt::print("{}\n", document);
    const auto size =
        static_cast<size_t>(std::ranges::count_if(document, [](char c) { return c != ' ' && c != '\n'; }));
    if (size > kLongestManagedPolicy) {
      report_problem(fmt::format("this policy has {} characters, a managed one may have {}: see --widen", size,
                                 kLongestManagedPolicy));
    }
  }

  int print_json() const {
    boost::json::array principals;
    for (const auto& [entity, traced] : by_entity_) {
      boost::json::object one{{"principal", entity}, {"calls", traced.calls}};
      one["policy"] =
          traced.did.is_empty() ? boost::json::value(nullptr) : boost::json::parse(traced.did.document(options_.widen));
      boost::json::array denied;
      for (const auto& [denial, count] : traced.denied) {
        denied.push_back(boost::json::object{{"action", denial.action},
                                             {"resource", denial.resource},
                                             {"why", denial.why},
                                             {"went_through", denial.went_through},
                                             {"times", count}});
      }
      one["denied"] = std::move(denied);
      principals.push_back(std::move(one));
    }
    fmt::print("{}\n", boost::json::serialize(
                           boost::json::object{{"principals", std::move(principals)}, {"lost_events", lost_events_}}));
    return kSuccess;
  }

  const AuditFilter filter_;
  const TraceOptions& options_;
  const Output output_;
  std::map<std::string, Traced> by_entity_;
  uint64_t lost_events_ = 0;
  uint64_t left_out_ = 0;
};

os::Result<> read_past(os::FileSystem& files, const std::string& folder, Tracer& tracer) {
  audit::Follower follower = audit::Follower::from_file(files, folder, 1);
  while (auto line = TRY(follower.next())) tracer.take(*line, false);
  return {};
}

os::Result<> watch(os::FileSystem& files, const std::string& folder, Tracer& tracer,
                   std::optional<std::chrono::milliseconds> how_long) {
  auto follower = TRY(audit::Follower::from_end(files, folder));
  const auto started = std::chrono::steady_clock::now();
  bool is_over = false;
  while (!is_over) {
    is_over = interrupted != 0 || (how_long && std::chrono::steady_clock::now() - started >= *how_long);
    // What came before the end is taken, too.
    while (auto line = TRY(follower.next())) tracer.take(*line, true);
    if (!is_over) std::this_thread::sleep_for(kIamTracePoll);
  }
  return {};
}

}  // namespace

int run_iam_trace(const Invocation& invocation, const TraceOptions& options) {
  AuditFilter filter;
  filter.principal = options.principal;
  filter.account = options.account;
  const Timestamp now = SystemClock().now();
  if (!options.since.empty() && !(filter.since = parse_moment(options.since, now))) {
    return report_bad_moment("--since", options.since);
  }
  if (!options.until.empty() && !(filter.until = parse_moment(options.until, now))) {
    return report_bad_moment("--until", options.until);
  }
  const auto how_long = parse_duration(options.duration);
  if (!options.duration.empty() && !how_long) {
    return report_problem(fmt::format("--for: \"{}\" is not a duration, such as 30s", options.duration), kWrongUsage);
  }
  os::RealFileSystem files;
  const std::string folder = invocation.folder().audit().string();
  const bool is_past = filter.since || filter.until;
  Tracer tracer(std::move(filter), options, invocation.output);
  if (!is_past) {
    catch_interrupt();
    report_problem(how_long ? fmt::format("watching for {}", describe_duration(*how_long))
                            : "watching; Ctrl-C ends it and prints the policies");
  }
  const auto done = is_past ? read_past(files, folder, tracer) : watch(files, folder, tracer, how_long);
  if (!done.has_value()) return report_problem(done.error().detail);
  return tracer.print();
}

}  // namespace aerolith::main_program
