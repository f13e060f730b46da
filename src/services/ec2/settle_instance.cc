#include "services/ec2/settle_instance.h"

#include <algorithm>
#include <concepts>
#include <functional>
#include <future>
#include <tuple>
#include <utility>

#include "base/log.h"
#include "base/step.h"
#include "ec2/model/instance.h"
#include "services/ec2/attachments.h"
#include "services/ec2/image_making.h"
#include "services/ec2/instance_end.h"
#include "services/ec2/instance_spec.h"
#include "services/ec2/instance_tables.h"
#include "services/ec2/peerings.h"
#include "services/ec2/root_replacement.h"
#include "services/ec2/settle_disks.h"
#include "services/ec2/settle_network.h"
#include "services/ec2/settle_ports.h"
#include "services/ec2/snapshot_tables.h"
#include "services/ec2/volume_attachments.h"

namespace aerolith::ec2 {
namespace {

using namespace std::chrono_literals;
using reconcile::Again;
using reconcile::Failed;
using reconcile::Outcome;
using reconcile::Settled;

constexpr auto kLookAtGuestEvery = 5s;   // whether a guest still runs
constexpr auto kLookAtCopies = 200ms;    // that are made of its disks
constexpr auto kLaunchPatience = 60s;    // for steps that should not fail
constexpr auto kShutdownPatience = 60s;  // for a guest to end in order
constexpr auto kForcedPatience = 10s;    // where that is forced
constexpr auto kShutdownPiece = 1s;      // of that, at a time
constexpr auto kTerminatedFor = 1h;      // how long it is shown

class Work {
 public:
  Work(const InstanceTools& tools, Key key, compute::Driver& driver, InstanceRecord record)
      : tools_(tools), key_(std::move(key)), driver_(driver), record_(std::move(record)) {}

  Outcome run() {
    // Its disks stay as they are until that has ended: open where it runs, closed where it doesn't.
    const auto being_read = are_disks_being_read(*tools_.cloud.metadata.begin_read(), key_.scope, record_);
    if (!being_read.has_value()) return Failed{being_read.error().message};
    if (*being_read) return is_to_stay() ? keep_devices() : Again{kLookAtCopies};
    if (!record_.imaging.empty()) return make_image();
    if (!record_.replacing.empty()) return replace_root();
    switch (record_.desired) {
      case Desired::running:
        return record_.state == LifeState::running ? keep_running() : launch();
      case Desired::stopped:
        return record_.state == LifeState::stopped ? rest() : stop();
      case Desired::terminated:
        return record_.state == LifeState::terminated ? forget() : terminate();
    }
    std::unreachable();
  }

 private:
  bool is_to_stay() const {
    const bool is_left_alone = record_.imaging.empty() && record_.replacing.empty();
    return is_left_alone && record_.desired == Desired::running && record_.state == LifeState::running;
  }
  // What serves its disks is kept alive. A guest that has ended is cleared up later.
  Outcome keep_devices() {
    const auto seen = driver_.observe(key_.id);
    if (!seen.has_value()) return Failed{seen.error().detail};
    if (seen->state != compute::State::running) return Again{kLookAtCopies};
    if (const auto moved = settle_ports(tools_, key_, driver_, record_)) return *moved;
    return settle_disks(tools_, key_, driver_, record_).value_or(Again{kLookAtCopies});
  }

  // Its row in tables beside the instances'.
  std::tuple<AccountId, RegionName, std::string> own_row() const {
    return {key_.scope.account, key_.scope.region, key_.id};
  }

  // Changes the stored record where it is still meant to be so; `change` may run several times.
  template <typename Change>
  Result<bool> update(Change change) {
    auto updated = metadata::run_transaction(tools_.cloud.metadata, [&](metadata::Transaction& txn) -> Result<bool> {
      auto stored = TRY(kInstances.find(txn, key_.scope, key_.id));
      if (!stored || stored->desired != record_.desired) return false;
      if constexpr (std::invocable<Change, metadata::Transaction&, InstanceRecord&>) {
        change(txn, *stored);
      } else {
        change(*stored);
      }
      kInstances.put(txn, key_.scope, *stored);
      record_ = *std::move(stored);
      return true;
    });
    step("instance/noted");
    return updated;
  }
  template <typename Change>
  Outcome update_then(Change change, const Outcome& next) {
    const auto updated = update(std::move(change));
    if (!updated.has_value()) return Failed{updated.error().message};
    // Somebody wants it otherwise by now: look again.
    return *updated ? std::move(next) : Outcome(Again{0ms});
  }
  void set_state(InstanceRecord& record, LifeState state) const {
    record.state = state;
    record.state_at = tools_.clock.now();
  }

  Outcome apply_network() {
    return settle_network({.cloud = tools_.cloud, .fabric = tools_.fabric, .turns = tools_.turns},
                          make_key(key_.scope, record_.vpc));
  }

  Outcome launch() {
    // Making volumes and making the network wait for different programs.
    auto volumes = std::async(std::launch::async,
                              [&, instance = record_] { return make_volumes(tools_.cloud, key_.scope, instance); });
    const auto spec = make_spec(tools_.cloud, key_.scope, record_);
    if (!spec.has_value()) return Failed{spec.error().message};
    const auto up = bring_up(*spec, [&] { return volumes.get(); });
    if (!up.has_value()) return give_up_or_retry(up.error());
    if (!*up) return Again{0ms};
    step("launch/launched");
    return update_then(
        [&](InstanceRecord& record) {
          set_state(record, LifeState::running);
          record.reboot_wanted = false;
          record.reason_code.clear();
          record.reason_message.clear();
          record.transition_reason.clear();
        },
        Again{has_moving_volumes() ? 0ms : std::chrono::milliseconds(kLookAtGuestEvery)});
  }

  using Launch = aerolith::Result<void, LaunchFailure>;

  // Its guest runs with that, once `await_files` says that its volumes are there. False: it is wanted otherwise by now.
  aerolith::Result<bool, LaunchFailure> bring_up(const compute::Spec& spec,
                                                 const std::function<Launch()>& await_files) {
    const auto guest_namespace = driver_.prepare(spec);
    if (!guest_namespace.has_value()) return std::unexpected(of_driver(guest_namespace.error()));
    step("launch/prepared");
    const auto noted = update([&](metadata::Transaction& txn, InstanceRecord& record) {
      record.prepared = true;
      record.guest_namespace = *guest_namespace;
      kConsoles.erase(txn, own_row());
    });
    if (!noted.has_value()) return std::unexpected(of_server(noted.error().message));
    if (!*noted) return false;
    if (const Outcome applied = apply_network(); std::holds_alternative<Failed>(applied)) {
      return std::unexpected(of_server(std::get<Failed>(applied).why));
    }
    step("launch/plugged");
    TRY(await_files());
    const auto launched = driver_.launch(spec);
    if (!launched.has_value()) return std::unexpected(of_driver(launched.error()));
    return true;
  }
  static LaunchFailure of_server(std::string why) { return {.code = "Server.InternalError", .detail = std::move(why)}; }

  // Asked for before it ran: now it has them.
  bool has_moving_volumes() const {
    return std::ranges::any_of(record_.volumes,
                               [](const InstanceVolume& each) { return each.state != AttachmentState::attached; });
  }

  // Down for as long, by whatever way it is told to go afterwards; its addresses stay.
  Outcome make_image() {
    const auto stopped = driver_.stop(key_.id, kShutdownPatience);
    if (!stopped.has_value() && stopped.error().code != compute::DriverErrorCode::not_found) {
      return Failed{stopped.error().detail};
    }
    const auto made = make_image_snapshots(tools_.cloud, key_.scope, record_, tools_.clock.now());
    if (!made.has_value()) return Failed{made.error()};
    const auto ended = end_image_making(tools_.cloud, key_.scope, key_.id, *made, tools_.clock.now());
    if (!ended.has_value()) return Failed{ended.error().message};
    return Again{0ms};
  }

  // It goes on where it was, but for its root. What it is told meanwhile waits.
  Outcome replace_root() {
    const auto task = current_replacement(tools_.cloud, key_.scope, record_);
    if (!task.has_value()) return Failed{task.error().message};
    // A free volume may be read still when it is given.
    const auto being_read = is_being_read(*tools_.cloud.metadata.begin_read(), key_.scope, task->volume);
    if (!being_read.has_value()) return Failed{being_read.error().message};
    if (*being_read) return Again{kLookAtCopies};
    switch (task->state) {
      case ReplacementState::pending:
        if (const auto made = make_new_root(tools_.cloud, key_.scope, *task, tools_.clock.now()); !made.has_value()) {
          return fail_replacement_or_retry(*task, made.error());
        }
        return Again{0ms};
      case ReplacementState::failing: {
        const auto ended = end_failed_replacement(tools_.cloud, key_.scope, *task, tools_.clock.now());
        if (!ended.has_value()) return Failed{ended.error().detail};
        return Again{0ms};
      }
      case ReplacementState::in_progress:
      case ReplacementState::succeeded:
      case ReplacementState::failed:
        return start_with_new_root(*task);
    }
    std::unreachable();
  }

  Outcome start_with_new_root(const RootReplacementRecord& task) {
    const auto stopped = driver_.stop(key_.id, kShutdownPatience);
    if (!stopped.has_value() && stopped.error().code != compute::DriverErrorCode::not_found) {
      return fail_replacement_or_retry(task, of_driver(stopped.error()));
    }
    step("replace-root/down");
    const auto spec = make_spec_with_new_root(tools_.cloud, key_.scope, record_, task);
    if (!spec.has_value()) return Failed{spec.error().message};
    const auto up = bring_up(*spec, [] { return Launch(); });
    if (!up.has_value()) return fail_replacement_or_retry(task, up.error());
    if (!*up) return Again{0ms};
    step("replace-root/launched");
    const auto ended = end_replacement(tools_.cloud, key_.scope, task, tools_.clock.now());
    if (!ended.has_value()) return Failed{ended.error().message};
    return Again{0ms};
  }

  Outcome fail_replacement_or_retry(const RootReplacementRecord& task, const LaunchFailure& failure) {
    if (failure.may_pass && tools_.clock.now() - task.state_at <= kLaunchPatience) return Failed{failure.detail};
    const auto failing = begin_to_fail(tools_.cloud, key_.scope, task, failure.detail, tools_.clock.now());
    if (!failing.has_value()) return Failed{failing.error().message};
    return Again{0ms};
  }

  // What can't work ends the launch at once; what should work is tried again for a while.
  Outcome give_up_or_retry(const LaunchFailure& failure) {
    const bool is_over = !failure.may_pass || tools_.clock.now() - record_.state_at > kLaunchPatience;
    if (!is_over) return Failed{failure.detail};
    log_warning("ec2: an instance can't be launched", {{"instance", key_.id}, {"why", failure.detail}});
    // One that ran before goes back to stopped; a new one never was.
    const bool was_there = record_.transition_reason == kStartedAgain;
    return update_then(
        [&](InstanceRecord& record) {
          record.desired = was_there ? Desired::stopped : Desired::terminated;
          set_state(record, was_there ? LifeState::stopping : LifeState::shutting_down);
          record.reason_code = failure.code;
          record.reason_message = failure.code + ": " + failure.detail;
          record.transition_reason = "Server initiated";
        },
        Again{0ms});
  }

  Outcome keep_running() {
    const auto seen = driver_.observe(key_.id);
    if (!seen.has_value()) return Failed{seen.error().detail};
    if (seen->state == compute::State::absent) return come_back();
    // Also where it is down already: the process before this one had begun.
    if (record_.reboot_wanted) return reboot();
    switch (seen->state) {
      case compute::State::running:
        if (auto disks = settle_disks(tools_, key_, driver_, record_)) return *std::move(disks);
        return settle_ports(tools_, key_, driver_, record_).value_or(Again{kLookAtGuestEvery});
      case compute::State::absent:
        return Again{kLookAtGuestEvery};
      case compute::State::stopped:
        return ended("Client.InstanceInitiatedShutdown",
                     "Client.InstanceInitiatedShutdown: Instance initiated shutdown");
      case compute::State::crashed:
        return ended("Server.InternalError", "Server.InternalError: " + seen->detail);
    }
    std::unreachable();
  }

  // The host was started anew. From here on it is one that is started again: patience begins, and what fails stops it.
  Outcome come_back() {
    return update_then(
        [&](InstanceRecord& record) {
          set_state(record, LifeState::pending);
          record.transition_reason = kStartedAgain;
        },
        Again{0ms});
  }

  Outcome reboot() {
    const auto rebooted = driver_.reboot(key_.id);
    if (!rebooted.has_value()) return Failed{rebooted.error().detail};
    step("reboot/done");
    return update_then([](InstanceRecord& record) { record.reboot_wanted = false; }, Again{kLookAtGuestEvery});
  }

  // The guest ended by itself.
  Outcome ended(std::string code, std::string message) {
    return update_then(
        [&](InstanceRecord& record) {
          const bool terminates = record.terminates_on_shutdown && code.starts_with("Client.");
          record.desired = terminates ? Desired::terminated : Desired::stopped;
          set_state(record, terminates ? LifeState::shutting_down : LifeState::stopping);
          record.reason_code = code;
          record.reason_message = message;
        },
        Again{0ms});
  }

  // Before the driver forgets it: what a guest wrote that fell over is wanted afterwards. Nothing new is kept where an
  // earlier try has removed it already, or where there is no room: an end doesn't wait for that.
  void keep_console() {
    const auto text = driver_.console(key_.id, ConsoleRecord::kMostBytes);
    const auto lost = [&](const std::string& why) {
      log_warning("ec2: a console's end is lost", {{"instance", key_.id}, {"why", why}});
    };
    if (!text.has_value() && text.error().code != compute::DriverErrorCode::not_found) lost(text.error().detail);
    if (!text.has_value() || text->empty()) return;
    const auto kept = metadata::run_transaction(tools_.cloud.metadata, [&](metadata::Transaction& txn) -> Result<> {
      kConsoles.put(txn, own_row(), {.text = *text, .kept_at = tools_.clock.now()});
      return {};
    });
    if (!kept.has_value()) lost(kept.error().message);
  }

  // The port goes: nothing may be plugged into what no longer runs.
  Outcome unplug() {
    const auto noted = update([](InstanceRecord& record) {
      record.prepared = false;
      record.guest_namespace.clear();
    });
    if (!noted.has_value()) return Failed{noted.error().message};
    if (!*noted) return Again{0ms};
    return apply_network();
  }

  // A piece at a time, so that other instances have their turn, and what is asked of this one meanwhile is heard.
  // Nullopt: the guest is down, doesn't listen, or has had its time.
  std::optional<Outcome> shut_down() {
    if (record_.skips_shutdown) return std::nullopt;
    const auto patience = record_.is_forced ? kForcedPatience : kShutdownPatience;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(record_.state_at + patience - tools_.clock.now());
    if (left <= 0ms) return std::nullopt;
    const auto how = driver_.shut_down(key_.id, std::min<std::chrono::milliseconds>(left, kShutdownPiece));
    if (how.has_value() && *how == compute::Shutdown::goes_on) return Again{0ms};
    if (!how.has_value() && how.error().code != compute::DriverErrorCode::not_found) {
      log_warning("ec2: a guest can't be asked to shut down", {{"instance", key_.id}, {"why", how.error().detail}});
    }
    return std::nullopt;
  }

  Outcome stop() {
    if (const auto waits = shut_down()) return *waits;
    const auto stopped = driver_.stop(key_.id, 0s);
    if (!stopped.has_value() && stopped.error().code != compute::DriverErrorCode::not_found) {
      return Failed{stopped.error().detail};
    }
    step("stop/down");
    keep_console();
    step("stop/console-kept");
    if (const auto removed = driver_.remove(key_.id); !removed.has_value()) return Failed{removed.error().detail};
    step("stop/removed");
    const auto released = release_own_address(tools_.cloud, key_.scope, record_);
    if (!released.has_value()) return Failed{released.error().message};
    step("stop/address-released");
    if (Outcome unplugged = unplug(); !std::holds_alternative<Settled>(unplugged)) return unplugged;
    const auto settled = settle_attachments_of_stopped(tools_.cloud, key_.scope, key_.id);
    if (!settled.has_value()) return Failed{settled.error().message};
    const auto volumes = settle_volumes_of_stopped(tools_.cloud, key_.scope, key_.id);
    if (!volumes.has_value()) return Failed{volumes.error().message};
    return update_then(
        [&](InstanceRecord& record) {
          set_state(record, LifeState::stopped);
          record.skips_shutdown = false;
          record.is_forced = false;
        },
        Again{0ms});
  }

  Outcome rest() { return settle_disks_at_rest(tools_, key_, record_).value_or(Settled{}); }

  Outcome terminate() {
    if (const auto waits = shut_down()) return *waits;
    step("terminate/down");
    keep_console();
    step("terminate/console-kept");
    if (const auto removed = driver_.remove(key_.id); !removed.has_value()) return Failed{removed.error().detail};
    step("terminate/removed");
    if (Outcome unplugged = unplug(); !std::holds_alternative<Settled>(unplugged)) return unplugged;
    const auto left = leave_network(tools_.cloud, key_.scope, record_);
    if (!left.has_value()) return Failed{left.error().message};
    step("terminate/left-network");
    settle_peers(tools_.cloud, key_.scope, record_.vpc);
    if (const Outcome applied = apply_network(); std::holds_alternative<Failed>(applied)) return applied;
    const auto removed = remove_volumes(tools_.cloud, key_.scope, record_, tools_.clock.now());
    if (!removed.has_value()) return Failed{removed.error().detail};
    step("terminate/volumes-removed");
    return update_then(
        [&](metadata::Transaction& txn, InstanceRecord& record) {
          set_state(record, LifeState::terminated);
          record.volumes.clear();
          record.interfaces.clear();
          // It is shown for a while, and doesn't keep its VPC from going.
          kInstances.leave_vpc(txn, key_.scope, record);
          record.vpc.clear();
          record.subnet.clear();
        },
        Again{kTerminatedFor});
  }

  Outcome forget() {
    const auto left = kTerminatedFor - (tools_.clock.now() - record_.state_at);
    if (left > 0ms) return Again{std::chrono::ceil<std::chrono::milliseconds>(left)};
    const auto gone = metadata::run_transaction(tools_.cloud.metadata, [&](metadata::Transaction& txn) -> Result<> {
      if (!record_.profile_association.empty()) erase_part(txn, key_.scope, record_.profile_association);
      kConsoles.erase(txn, own_row());
      kInstances.erase(txn, key_.scope, record_);
      kUserData.erase(txn, {key_.scope.account, key_.scope.region, key_.id});
      TRY(forget_replacements(txn, key_.scope, key_.id));
      return {};
    });
    if (!gone.has_value()) return Failed{gone.error().message};
    return Settled{};
  }

  const InstanceTools& tools_;
  const Key key_;
  compute::Driver& driver_;
  InstanceRecord record_;
};

}  // namespace

reconcile::Outcome settle_instance(const InstanceTools& tools, std::string_view key) {
  Key parsed = read_key(key);
  const auto txn = tools.cloud.metadata.begin_read();
  auto record = kInstances.find(*txn, parsed.scope, parsed.id);
  if (!record.has_value()) return Failed{record.error().message};
  if (!*record) return Settled{};
  compute::Driver* const driver = (*record)->driver == DriverChoice::vm ? tools.cloud.vm : tools.cloud.container;
  if (driver == nullptr) return Failed{"the driver that the instance was launched with is not there any more"};
  return Work(tools, std::move(parsed), *driver, **std::move(record)).run();
}

}  // namespace aerolith::ec2
