#include "services/iam/service_uses.h"

#include <chrono>
#include <utility>
#include <vector>

#include "base/log.h"
#include "services/iam/names.h"
#include "services/iam/tables.h"

namespace aerolith::iam {
namespace {

constexpr std::chrono::seconds kWriteEvery{60};
constexpr size_t kEntitiesAtOnce = 200;
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html
constexpr std::chrono::hours kLookBack{400 * 24};

// Its name may be another's by now.
metadata::Result<bool> is_there(metadata::ReadTransaction& txn, const AccountId& account, const std::string& id,
                                std::string_view name, bool is_role) {
  if (is_role) {
    const auto role = TRY(kRoles.get(txn, {account, lower_name(name)}));
    return role && role->id == id;
  }
  const auto user = TRY(kUsers.get(txn, {account, lower_name(name)}));
  return user && user->id == id;
}

}  // namespace

ServiceUses::ServiceUses(metadata::Store& store) : store_(store), writer_([this] { run(); }) {}

ServiceUses::~ServiceUses() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  writer_.join();
  write_out();
}

void ServiceUses::note(const SeenAction& seen) {
  const std::lock_guard lock(mutex_);
  Entity& entity = noted_[EntityKey(seen.account, seen.entity_id)];
  if (entity.name != seen.entity_name) entity.name = seen.entity_name;
  entity.is_role = seen.is_role;
  auto found = entity.uses.find(seen.action);
  if (found == entity.uses.end()) found = entity.uses.emplace(seen.action, ActionUse()).first;
  if (found->second.at >= seen.at) return;
  found->second.at = seen.at;
  if (found->second.region != seen.region) found->second.region = seen.region;
}

metadata::Result<ActionUses> ServiceUses::find(const AccountId& account, const std::string& entity_id,
                                               Timestamp now) const {
  // What is noted first, then the store: what is written meanwhile is seen in one of the two.
  ActionUses uses;
  {
    const std::lock_guard lock(mutex_);
    for (const Noted* noted : {&writing_, &noted_}) {
      const auto found = noted->find(EntityKey(account, entity_id));
      if (found != noted->end()) merge(found->second.uses, uses);
    }
  }
  auto txn = store_.begin_read();
  auto rows = kServiceUses.scan(*txn, metadata::Direction::forward, account, entity_id);
  while (TRY(rows.next())) {
    ServiceUseRecord record = TRY(rows.record());
    if (now - record.at > kLookBack) continue;
    merge({{std::get<2>(rows.key()), {.at = record.at, .region = std::move(record.region)}}}, uses);
  }
  return uses;
}

metadata::Result<> ServiceUses::erase(metadata::Transaction& txn, const AccountId& account,
                                      const std::string& entity_id) {
  std::vector<std::string> actions;
  auto rows = kServiceUses.scan(txn, metadata::Direction::forward, account, entity_id);
  while (TRY(rows.next())) actions.push_back(std::get<2>(rows.key()));
  for (const std::string& action : actions) kServiceUses.erase(txn, {account, entity_id, action});
  return {};
}

void ServiceUses::merge(const ActionUses& from, ActionUses& into) {
  for (const auto& [action, use] : from) {
    const auto [found, is_new] = into.emplace(action, use);
    if (!is_new && found->second.at < use.at) found->second = use;
  }
}

void ServiceUses::run() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, kWriteEvery, [this] { return stopping_; })) {
    lock.unlock();
    write_out();
    lock.lock();
  }
}

void ServiceUses::write_out() {
  {
    const std::lock_guard lock(mutex_);
    writing_.swap(noted_);
  }
  // Only the writer changes it: it reads without the lock.
  Noted failed;
  for (auto begin = writing_.cbegin(); begin != writing_.cend();) {
    auto end = begin;
    for (size_t count = 0; count < kEntitiesAtOnce && end != writing_.cend(); ++count) ++end;
    const auto written = write(begin, end);
    if (!written.has_value()) {
      log_warning("iam: can't write which actions were used", {{"detail", written.error().detail}});
      failed.insert(begin, end);
    }
    begin = end;
  }
  const std::lock_guard lock(mutex_);
  for (const auto& [key, entity] : failed) {
    const auto [found, is_new] = noted_.emplace(key, entity);
    if (!is_new) merge(entity.uses, found->second.uses);
  }
  writing_.clear();
}

metadata::Result<> ServiceUses::write(Noted::const_iterator begin, Noted::const_iterator end) {
  return metadata::run_transaction(store_, [&](metadata::Transaction& txn) -> metadata::Result<> {
    for (auto one = begin; one != end; ++one) {
      const auto& [account, id] = one->first;
      // What is deleted leaves nothing behind.
      if (!TRY(is_there(txn, account, id, one->second.name, one->second.is_role))) continue;
      for (const auto& [action, use] : one->second.uses) {
        kServiceUses.put(txn, {account, id, action}, {.at = use.at, .region = use.region});
      }
    }
    return {};
  });
}

}  // namespace aerolith::iam
