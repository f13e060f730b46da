// What unit tests of handlers begin with: a store, stand-ins for what acts on the host, and a clock that stands still
// until it is turned.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "ec2/operations.h"
#include "os/test_directory.h"
#include "services/ec2/call.h"
#include "services/ec2/filters.h"
#include "services/ec2/snapshot_tables.h"
#include "services/ec2/test_fakes.h"

namespace aerolith::ec2 {

class TurnedClock final : public Clock {
 public:
  Timestamp now() const override { return now_; }
  void pass(std::chrono::milliseconds time) { now_ += time; }

 private:
  Timestamp now_{std::chrono::milliseconds(1'700'000'000'000)};
};

class HandlerTest : public testing::Test {
 protected:
  HandlerTest() {
    metadata::StoreOptions options;
    options.directory = folder_ / "metadata";
    store_ = metadata::open_store(options).value();
    cloud_.reset(new Cloud{.metadata = *store_, .container = &driver_, .volumes = &volumes_});
    cloud_->vpc_changed = [](const Scope&, const std::string&) {};
    cloud_->instance_changed = cloud_->vpc_changed;
    cloud_->volume_changed = [this](const Scope&, const std::string& id) { changed_volumes_.push_back(id); };
    cloud_->snapshot_changed = [this](const Scope&, const std::string& id) { changed_snapshots_.push_back(id); };
    cloud_->bin_changed = [this](const Scope&, const std::string& id) { binned_.push_back(id); };
    cloud_->storage_changed = [this](const Scope&, const std::string& id) { stored_.push_back(id); };
    cloud_->snapshot_unused = [this](const Scope&, const std::string& id) { unused_snapshots_.push_back(id); };
  }

  // Of the account, at the clock's time. `pass` is seen by the next one.
  Call call() { return call_of(scope_); }
  Call call_of(const Scope& scope) {
    context_.now = clock_.now();
    context_.key = std::make_shared<const auth::AccessKey>(auth::AccessKey{.principal = {.account = scope.account}});
    context_.resolved.operation = &service().operations[0];
    return {.context = context_, .cloud = *cloud_, .scope = scope};
  }
  template <typename Output, typename Input>
  Result<Output> ask(Result<Output> (*handler)(Call&, const Input&), const Input& input) {
    Call made = call();
    return handler(made, input);
  }
  // "none" where it succeeds.
  template <typename Output, typename Input>
  std::string code_of(Result<Output> (*handler)(Call&, const Input&), const Input& input) {
    const auto answer = ask(handler, input);
    return answer.has_value() ? "none" : answer.error().code;
  }
  template <typename Body>
  void write(Body body) {
    const auto done = metadata::run_transaction(*store_, body);
    ASSERT_TRUE(done.has_value()) << done.error().message;
  }
  // Completed, of the account.
  std::string put_snapshot(SnapshotState state = SnapshotState::completed) {
    SnapshotRecord record{.id = make_id(Kind::snapshot),
                          .owner = scope_.account.str(),
                          .volume = "vol-0123456789abcdef0",
                          .size_gib = 1,
                          .started_at = clock_.now(),
                          .completed_at = clock_.now(),
                          .state = state,
                          .percent = 100};
    write([&](metadata::Transaction& txn) -> Result<> {
      kSnapshots.put(txn, snapshot_scope(scope_), record);
      return {};
    });
    volumes_.snapshots[record.id] = record.volume;
    return record.id;
  }
  std::optional<SnapshotRecord> find_snapshot(const std::string& id) {
    return kSnapshots.find(*store_->begin_read(), snapshot_scope(scope_), id).value();
  }

  os::TestDirectory folder_;
  std::unique_ptr<metadata::Store> store_;
  TurnedClock clock_;
  Fuse fuse_;
  FakeDriver driver_{fuse_};
  FakeVolumes volumes_{fuse_};
  std::unique_ptr<Cloud> cloud_;
  gateway::CallContext context_;
  const Scope scope_{.account = AccountId("111122223333"), .region = RegionName("us-east-1")};
  std::vector<std::string> changed_volumes_;
  std::vector<std::string> changed_snapshots_;
  std::vector<std::string> unused_snapshots_;
  std::vector<std::string> stored_;  // otherwise
  std::vector<std::string> binned_;  // or looked for there
};

}  // namespace aerolith::ec2
