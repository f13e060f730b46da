#include "services/ec2/flow_reports.h"

#include <optional>
#include <vector>

#include "base/log.h"
#include "services/ec2/flow_logs.h"
#include "services/ec2/settle_network.h"

namespace aerolith::ec2 {
namespace {

// AWS's word for a bucket that isn't there or isn't open.
constexpr std::string_view kAccessError = "Access error";

// What a log says of its last delivery.
Result<> note_delivery(const Cloud& cloud, const Scope& scope, const FlowLogRecord& log, std::string_view error) {
  // As it is now: an earlier window of the same turn may have changed it.
  const auto now = TRY(kFlowLogs.find(*cloud.metadata.begin_read(), scope, log.id));
  if (!now || now->delivery_error == error) return {};
  return metadata::run_transaction(cloud.metadata, [&](metadata::Transaction& txn) -> Result<> {
    auto record = TRY(kFlowLogs.find(txn, scope, log.id));
    if (!record) return {};  // deleted meanwhile
    record->delivery_error = error;
    kFlowLogs.put(txn, scope, *record);
    return {};
  });
}

// False: it is to be tried again.
bool deliver(const Cloud& cloud, const Scope& scope, const FlowLogRecord& log, const network::FlowWindow& window) {
  const std::string text = make_flow_file(scope, log, window);
  if (text.empty()) return true;
  std::optional<DeliveryFault> fault = DeliveryFault::failed;
  if (cloud.deliver_log) {
    fault = cloud.deliver_log(
        {.scope = scope, .bucket = log.bucket, .key = flow_file_key(scope, log, window), .bytes = compress_file(text)});
  }
  const bool is_over = !fault || *fault != DeliveryFault::failed;
  const auto noted = note_delivery(cloud, scope, log,
                                   !fault    ? ""
                                   : is_over ? std::string(kAccessError)
                                             : "Unknown error");
  if (!noted.has_value()) log_error("ec2: a flow log's state can't be kept", {{"flow_log", log.id}});
  if (fault) log_warning("ec2: a flow log can't be delivered", {{"flow_log", log.id}, {"bucket", log.bucket}});
  return is_over;
}

}  // namespace

reconcile::Outcome FlowReports::report(std::string_view key) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !busy_.contains(key); });
    busy_.emplace(key);
  }
  reconcile::Outcome outcome = reconcile::Again{kFlowWindow};
  try {
    const auto [scope, vpc] = read_key(key);
    outcome = report_alone(scope, vpc);
  } catch (const std::exception& error) {
    log_error("ec2: flows can't be reported", {{"vpc", key}, {"detail", error.what()}});
  }
  const std::lock_guard lock(mutex_);
  busy_.erase(busy_.find(key));
  changed_.notify_all();
  return outcome;
}

reconcile::Outcome FlowReports::report_alone(const Scope& scope, const std::string& vpc) {
  const auto logs = flow_logs_of(*cloud_.metadata.begin_read(), scope, vpc);
  if (!logs.has_value()) return reconcile::Failed{logs.error().message};
  if (logs->empty()) return reconcile::Settled{};
  const auto windows = fabric_.turn_flows(vpc, clock_.now());
  if (!windows.has_value()) {
    log_error("ec2: flows can't be read", {{"vpc", vpc}, {"detail", windows.error().detail}});
    return reconcile::Again{kFlowWindow};
  }
  // In order: what is dropped are those up to the last one that nobody waits for.
  std::optional<Timestamp> done;
  for (const network::FlowWindow& window : *windows) {
    bool is_over = true;
    for (const FlowLogRecord& log : *logs) {
      if (window.end > log.created_at) is_over = deliver(cloud_, scope, log, window) && is_over;
    }
    if (!is_over) break;
    done = window.begin;
  }
  if (!done) return reconcile::Again{kFlowWindow};
  if (const auto dropped = fabric_.drop_flows(vpc, *done); !dropped.has_value()) {
    log_error("ec2: flows that were delivered stay", {{"vpc", vpc}, {"detail", dropped.error().detail}});
  }
  return reconcile::Again{kFlowWindow};
}

}  // namespace aerolith::ec2
