// Which actions users and roles tried, and when last: what GetServiceLastAccessedDetails tells.
//
// Not read out of the audit log: that is kept for 90 days and a gibibyte, AWS looks back 400 days, and a report would
// read all of it. One small row for each action of each user and role lasts, and comes out of the same events.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "base/strong_string.h"
#include "base/time.h"
#include "metadata/store.h"

namespace aerolith::iam {

// As it is told: views.
struct SeenAction {
  const AccountId& account;
  std::string_view entity_id;  // AIDA..., AROA...
  std::string_view entity_name;
  bool is_role = false;
  std::string_view action;  // "s3:GetObject"
  std::string_view region;
  Timestamp at;
};

struct ActionUse {
  Timestamp at;
  std::string region;
};
using ActionUses = std::map<std::string, ActionUse, std::less<>>;  // by action

// Safe from any thread. What is noted is told at once, and written to the store within a minute.
class ServiceUses {
 public:
  explicit ServiceUses(metadata::Store& store);
  // Writes out what it noted.
  ~ServiceUses();
  ServiceUses(const ServiceUses&) = delete;
  ServiceUses& operator=(const ServiceUses&) = delete;

  void note(const SeenAction& seen);
  // Of one user or role, no older than AWS looks back.
  metadata::Result<ActionUses> find(const AccountId& account, const std::string& entity_id, Timestamp now) const;
  // For the transaction that deletes the user or role.
  static metadata::Result<> erase(metadata::Transaction& txn, const AccountId& account, const std::string& entity_id);

 private:
  struct Entity {
    std::string name;
    bool is_role = false;
    ActionUses uses;
  };
  using EntityKey = std::pair<AccountId, std::string>;
  using Noted = std::map<EntityKey, Entity, std::less<>>;

  void run();
  void write_out();
  // Some of them, in one transaction.
  metadata::Result<> write(Noted::const_iterator begin, Noted::const_iterator end);
  static void merge(const ActionUses& from, ActionUses& into);

  metadata::Store& store_;
  mutable std::mutex mutex_;
  Noted noted_;
  Noted writing_;  // on its way to the store
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread writer_;
};

}  // namespace aerolith::iam
