// What a handler of this service is given.
#pragma once

#include <span>
#include <string>
#include <utility>

#include "auth/secret_box.h"
#include "gateway/call.h"
#include "metadata/store.h"
#include "services/iam/api.h"
#include "services/iam/errors.h"

namespace aerolith::iam {

// Of operations whose model has no such shape.
struct NoInput {};
struct NoOutput {};

// Lives for one call, on one thread.
struct Call {
  gateway::CallContext& context;
  metadata::Store& metadata;
  const auth::SecretBox& secrets;
  Directory& directory;
  std::span<const std::string> known_actions;  // of all services of this server

  const AccountId& account() const { return context.principal().account; }

  // Runs body(Transaction&) and commits; the next call of anybody sees what it did.
  template <typename Body>
  auto write(Body&& body) {
    auto answer = metadata::run_transaction(metadata, std::forward<Body>(body));
    directory.changed(account());
    return answer;
  }
};

}  // namespace aerolith::iam
