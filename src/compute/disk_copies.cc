#include "compute/disk_copies.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <thread>

#include "base/step.h"
#include "compute/throttle.h"

namespace aerolith::compute {

namespace json = boost::json;

namespace {

using namespace std::chrono_literals;

constexpr auto kEndPatience = 20s;
// Of what a job has in flight the guest waits when another copy begins: QEMU's default is 64 requests of 1 MiB.
constexpr int kMostRequests = 8;
constexpr int64_t kMostBytesARequest = int64_t{256} << 10;

// Nullopt: there is none of that name.
Result<std::optional<json::object>> find_job(QmpClient& control, std::string_view name) {
  const json::value jobs = TRY(control.execute("query-jobs"));
  for (const json::value& job : jobs.as_array()) {
    if (job.as_object().at("id").as_string() == name) return std::optional(job.as_object());
  }
  return std::optional<json::object>();
}

// With it what QEMU keeps of the file in memory is written. Fine where it is closed.
Result<> close_file(QmpClient& control, std::string_view name) {
  const auto closed = control.execute("blockdev-del", {{"node-name", name}});
  if (closed.has_value() || closed.error().detail.find("Failed to find node") != std::string::npos) return {};
  return std::unexpected(closed.error());
}

Result<> open_file(QmpClient& control, const DiskCopy& copy) {
  TRY(control.execute("blockdev-add", {{"node-name", copy.name},
                                       {"driver", "qcow2"},
                                       {"discard", "unmap"},
                                       {"file", {{"driver", "file"}, {"filename", copy.file}, {"discard", "unmap"}}}}));
  return {};
}

json::object job_of(const DiskCopy& copy) {
  return {{"type", "blockdev-backup"},
          {"data",
           {{"job-id", copy.name},
            {"device", image_node_of(copy.volume)},  // below the limits: a copy isn't the guest's doing
            {"target", copy.name},
            {"sync", "full"},
            {"auto-dismiss", false},
            {"x-perf", {{"max-workers", kMostRequests}, {"max-chunk", kMostBytesARequest}}}}}};
}

Result<> open_and_begin(QmpClient& control, const std::vector<DiskCopy>& copies) {
  json::array jobs;
  for (const DiskCopy& copy : copies) {
    TRY(end_copy(control, copy.name));  // half begun, where we were killed in between
    TRY(open_file(control, copy));
    jobs.push_back(job_of(copy));
  }
  step("copies/files-opened");
  TRY(control.execute("transaction", {{"actions", std::move(jobs)}}));  // all of them, or none
  step("copies/begun");
  return {};
}

}  // namespace

Result<> begin_copies(QmpClient& control, const std::vector<DiskCopy>& copies) {
  auto begun = open_and_begin(control, copies);
  if (begun.has_value()) return begun;
  for (const DiskCopy& copy : copies) (void)end_copy(control, copy.name);
  return begun;
}

Result<CopyProgress> copy_progress(QmpClient& control, std::string_view name) {
  const auto job = TRY(find_job(control, name));
  if (!job) return CopyProgress{};
  CopyProgress progress{.state = CopyProgress::State::running};
  const auto total = json::value_to<int64_t>(job->at("total-progress"));
  const auto current = json::value_to<int64_t>(job->at("current-progress"));
  progress.percent = total <= 0 ? 0 : static_cast<int>(std::clamp<int64_t>(current * 100 / total, 0, 100));
  if (job->at("status").as_string() != "concluded") return progress;
  if (const json::value* error = job->if_contains("error")) {
    progress.state = CopyProgress::State::failed;
    progress.detail = json::value_to<std::string>(*error);
    return progress;
  }
  TRY(close_file(control, name));
  progress.state = CopyProgress::State::done;
  return progress;
}

Result<> end_copy(QmpClient& control, std::string_view name) {
  const auto deadline = std::chrono::steady_clock::now() + kEndPatience;
  for (auto job = TRY(find_job(control, name)); job; job = TRY(find_job(control, name))) {
    if (job->at("status").as_string() == "concluded") {
      TRY(control.execute("job-dismiss", {{"id", name}}));
      break;
    }
    if (std::chrono::steady_clock::now() > deadline) {
      return fail(DriverErrorCode::command, fmt::format("the copy {} doesn't end", name));
    }
    (void)control.execute("job-cancel", {{"id", name}});  // it may have ended just now
    std::this_thread::sleep_for(10ms);
  }
  return close_file(control, name);
}

}  // namespace aerolith::compute
