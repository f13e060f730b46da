#include "compute/disk_copies.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <thread>

#include "base/step.h"
#include "compute/encrypted_files.h"
#include "compute/throttle.h"

namespace aerolith::compute {

namespace json = boost::json;

namespace {

using namespace std::chrono_literals;

constexpr auto kEndPatience = 20s;
// Of what a job has in flight the guest waits when another copy begins: QEMU's default is 64 requests of 1 MiB.
constexpr int kMostRequests = 2;
constexpr int64_t kMostBytesARequest = int64_t{256} << 10;

constexpr std::string_view kBitmapPrefix = "since-";

std::string bitmap_of(std::string_view copy) { return std::string(kBitmapPrefix) + std::string(copy); }

// Of the disk's image; none where it isn't open.
Result<json::array> find_bitmaps(QmpClient& control, std::string_view volume) {
  const json::value nodes = TRY(control.execute("query-named-block-nodes", {{"flat", true}}));
  for (const json::value& node : nodes.as_array()) {
    if (node.as_object().at("node-name").as_string() != image_node_of(volume)) continue;
    const json::value* bitmaps = node.as_object().if_contains("dirty-bitmaps");
    return bitmaps == nullptr ? json::array() : bitmaps->as_array();
  }
  return json::array();
}

// Nullopt: it isn't one of ours.
std::optional<std::string> copy_of(const json::object& bitmap) {
  const json::value* name = bitmap.if_contains("name");
  if (name == nullptr || !name->as_string().starts_with(kBitmapPrefix)) return std::nullopt;
  return std::string(name->as_string().subview(kBitmapPrefix.size()));
}

Result<> remove_bitmap(QmpClient& control, std::string_view volume, std::string_view copy) {
  TRY(control.execute("block-dirty-bitmap-remove", {{"node", image_node_of(volume)}, {"name", bitmap_of(copy)}}));
  step("copies/bitmap-removed");
  return {};
}

bool is_flag(const json::object& bitmap, std::string_view name) {
  const json::value* flag = bitmap.if_contains(name);
  return flag != nullptr && flag->is_bool() && flag->as_bool();
}

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
  // Where it names a file behind it, that isn't for us to read: what isn't written stays a gap.
  const std::vector<ImageFile> alone{{.name = copy.file, .secret = copy.secret}};
  const GivenSecrets secrets = TRY(GivenSecrets::give(control, copy.name, alone));
  json::object node = image_node(copy.name, alone);
  node["node-name"] = copy.name;
  // Of a disk that is served all is read (served_disks.h), also what nobody wrote.
  node["detect-zeroes"] = "on";
  TRY(control.execute("blockdev-add", std::move(node)));
  return {};
}

json::object job_of(const DiskCopy& copy) {
  json::object job{{"job-id", copy.name},
                   {"device", image_node_of(copy.volume)},  // below the limits: a copy isn't the guest's doing
                   {"target", copy.name},
                   {"auto-dismiss", false},
                   {"x-perf", {{"max-workers", kMostRequests}, {"max-chunk", kMostBytesARequest}}}};
  if (copy.base.empty()) {
    job["sync"] = "full";
  } else {
    job["sync"] = "bitmap";
    job["bitmap"] = bitmap_of(copy.base);
    job["bitmap-mode"] = "never";  // it stays as it is until the copy is taken
  }
  return {{"type", "blockdev-backup"}, {"data", std::move(job)}};
}

json::object bitmap_to_add(const DiskCopy& copy) {
  return {{"type", "block-dirty-bitmap-add"},
          {"data", {{"node", image_node_of(copy.volume)}, {"name", bitmap_of(copy.name)}}}};
}

Result<> open_and_begin(QmpClient& control, const std::vector<DiskCopy>& copies) {
  json::array actions;
  for (const DiskCopy& copy : copies) {
    TRY(end_copy(control, copy, CopyEnd::dropped));  // half begun, where we were killed in between
    TRY(open_file(control, copy));
    actions.push_back(bitmap_to_add(copy));
    actions.push_back(job_of(copy));
  }
  step("copies/files-opened");
  TRY(control.execute("transaction", {{"actions", std::move(actions)}}));  // all of them, or none
  step("copies/begun");
  return {};
}

}  // namespace

Result<> begin_copies(QmpClient& control, const std::vector<DiskCopy>& copies) {
  auto begun = open_and_begin(control, copies);
  if (begun.has_value()) return begun;
  for (const DiskCopy& copy : copies) (void)end_copy(control, copy, CopyEnd::dropped);
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

Result<std::vector<CopyBase>> copy_bases(QmpClient& control, std::string_view volume) {
  std::vector<CopyBase> bases;
  for (const json::value& each : TRY(find_bitmaps(control, volume))) {
    const json::object& bitmap = each.as_object();
    const auto copy = copy_of(bitmap);
    const bool is_usable = is_flag(bitmap, "recording") && !is_flag(bitmap, "busy") && !is_flag(bitmap, "inconsistent");
    if (!copy || !is_usable) continue;
    bases.push_back({.name = *copy, .changed_bytes = json::value_to<uint64_t>(bitmap.at("count"))});
  }
  return bases;
}

Result<bool> has_copies(QmpClient& control) { return !TRY(control.execute("query-jobs")).as_array().empty(); }

Result<> end_copy(QmpClient& control, const DiskCopy& copy, CopyEnd end) {
  const auto deadline = std::chrono::steady_clock::now() + kEndPatience;
  for (auto job = TRY(find_job(control, copy.name)); job; job = TRY(find_job(control, copy.name))) {
    if (job->at("status").as_string() == "concluded") {
      TRY(control.execute("job-dismiss", {{"id", copy.name}}));
      break;
    }
    if (std::chrono::steady_clock::now() > deadline) {
      return fail(DriverErrorCode::command, fmt::format("the copy {} doesn't end", copy.name));
    }
    (void)control.execute("job-cancel", {{"id", copy.name}});  // it may have ended just now
    std::this_thread::sleep_for(10ms);
  }
  TRY(close_file(control, copy.name));
  // One that a copy needs now is busy, and one of a copy that isn't taken yet is younger.
  for (const json::value& each : TRY(find_bitmaps(control, copy.volume))) {
    const auto of = copy_of(each.as_object());
    if (!of || is_flag(each.as_object(), "busy") || TRY(find_job(control, *of))) continue;
    if ((*of == copy.name) == (end == CopyEnd::dropped)) TRY(remove_bitmap(control, copy.volume, *of));
  }
  return {};
}

}  // namespace aerolith::compute
