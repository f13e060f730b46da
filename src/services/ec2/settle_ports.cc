#include "services/ec2/settle_ports.h"

#include <algorithm>
#include <vector>

#include "services/ec2/attachments.h"
#include "services/ec2/instance_spec.h"

namespace aerolith::ec2 {
namespace {

using namespace std::chrono_literals;
using reconcile::Again;
using reconcile::Failed;
using reconcile::Outcome;

class PortWork {
 public:
  PortWork(const InstanceTools& tools, const Key& key, compute::Driver& driver, const InstanceRecord& instance)
      : tools_(tools), key_(key), driver_(driver), instance_(instance) {}

  std::optional<Outcome> run() {
    const auto looked = look();
    if (!looked.has_value()) return Failed{looked.error().message};
    if (leaving_.empty() && coming_.empty()) return std::nullopt;
    // One that can't go, or come, doesn't keep the others.
    for (const InterfaceRecord& each : leaving_) note(detach(each));
    // The devices of those that come are made, and of those that have gone removed.
    const Outcome applied = settle_network({.cloud = tools_.cloud, .fabric = tools_.fabric, .turns = tools_.turns},
                                           make_key(key_.scope, instance_.vpc));
    if (std::holds_alternative<Failed>(applied)) return applied;
    for (const InterfaceRecord& each : coming_) note(attach(each));
    if (failure_) return *failure_;
    return Again{0ms};
  }

 private:
  Result<> look() {
    const auto txn = tools_.cloud.metadata.begin_read();
    for (const std::string& id : instance_.interfaces) {
      auto interface = TRY(kInterfaces.find(*txn, key_.scope, id));
      if (!interface || !interface->attachment || interface->attachment->instance != key_.id) continue;
      if (interface->attachment->is_ending()) {
        leaving_.push_back(*std::move(interface));
      } else if (interface->attachment->state == AttachmentState::attaching) {
        coming_.push_back(*std::move(interface));
      }
    }
    return {};
  }

  void note(std::optional<Failed> failure) {
    if (failure && !failure_) failure_ = std::move(failure);
  }

  // Changes both records where the attachment is still what was looked at.
  template <typename Change>
  std::optional<Failed> change(const InterfaceRecord& looked_at, Change body) {
    const auto changed = metadata::run_transaction(tools_.cloud.metadata, [&](metadata::Transaction& txn) -> Result<> {
      auto interface = TRY(kInterfaces.find(txn, key_.scope, looked_at.id));
      auto instance = TRY(kInstances.find(txn, key_.scope, key_.id));
      if (!interface || !instance || !interface->attachment) return {};
      if (interface->attachment->id != looked_at.attachment->id) return {};
      body(txn, *interface, *instance);
      return {};
    });
    if (changed.has_value()) return std::nullopt;
    return Failed{changed.error().message};
  }

  std::optional<Failed> detach(const InterfaceRecord& interface) {
    const bool by_force = interface.attachment->state == AttachmentState::detaching_by_force;
    const auto detached =
        driver_.detach_port(key_.id, interface.id, by_force ? compute::Detach::by_force : compute::Detach::in_order);
    if (!detached.has_value()) return Failed{interface.id + " can't be detached: " + detached.error().detail};
    return change(interface, [&](metadata::Transaction& txn, InterfaceRecord& stored, InstanceRecord& instance) {
      end_attachment(txn, key_.scope, stored, instance);
    });
  }

  std::optional<Failed> attach(const InterfaceRecord& interface) {
    const auto port = read_port(interface);
    if (!port.has_value()) return Failed{port.error().message};
    const auto attached = driver_.attach_port(key_.id, *port);
    if (!attached.has_value()) return Failed{interface.id + " can't be attached: " + attached.error().detail};
    return change(interface, [&](metadata::Transaction& txn, InterfaceRecord& stored, InstanceRecord&) {
      // It may be on its way out by now.
      if (stored.attachment->state != AttachmentState::attaching) return;
      stored.attachment->state = AttachmentState::attached;
      kInterfaces.put(txn, key_.scope, stored);
    });
  }

  Result<compute::NetworkPort> read_port(const InterfaceRecord& interface) {
    const auto txn = tools_.cloud.metadata.begin_read();
    return make_port(*txn, tools_.cloud, key_.scope, instance_, interface);
  }

  const InstanceTools& tools_;
  const Key& key_;
  compute::Driver& driver_;
  const InstanceRecord& instance_;
  std::vector<InterfaceRecord> leaving_;
  std::vector<InterfaceRecord> coming_;
  std::optional<Failed> failure_;
};

}  // namespace

std::optional<Outcome> settle_ports(const InstanceTools& tools, const Key& key, compute::Driver& driver,
                                    const InstanceRecord& instance) {
  return PortWork(tools, key, driver, instance).run();
}

}  // namespace aerolith::ec2
