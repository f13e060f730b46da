// What a handler of this service is given.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/call.h"
#include "metadata/store.h"
#include "services/ec2/cloud.h"
#include "services/ec2/errors.h"
#include "services/ec2/peerings.h"
#include "services/ec2/resources.h"

namespace aerolith::ec2 {

// Of operations whose model has no such shape.
struct NoInput {};
struct NoOutput {};

// Lives for one call, on one thread.
struct Call {
  gateway::CallContext& context;
  Cloud& cloud;
  Scope scope;
  bool dry_run = false;

  // Runs body(Transaction&) and commits. A dry run goes as far as the commit: what would fail fails, nothing is kept.
  template <typename Body>
  auto write(Body&& body) -> std::invoke_result_t<Body&, metadata::Transaction&> {
    if (!dry_run) return metadata::run_transaction(cloud.metadata, std::forward<Body>(body));
    const auto txn = cloud.metadata.begin_write();
    return body(*txn);
  }
  std::unique_ptr<metadata::ReadTransaction> read() const { return cloud.metadata.begin_read(); }
  // To be called, outside of transactions, before images are looked up.
  void await_own_images() const {
    if (cloud.make_own_images) cloud.make_own_images();
  }
  // After a commit: what was changed is to become real.
  void settle_vpc(const std::string& vpc) const {
    cloud.vpc_changed(scope, vpc);
    settle_peers(cloud, scope, vpc);
  }
  void settle_instance(const std::string& instance) const { cloud.instance_changed(scope, instance); }
  void settle_volume(const std::string& volume) const { cloud.volume_changed(scope, volume); }
};

}  // namespace aerolith::ec2
