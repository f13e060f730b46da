// Several sources of access keys as one: the first that knows a key answers.
#pragma once

#include <utility>
#include <vector>

#include "auth/credentials.h"

namespace aerolith::gateway {

class CredentialChain final : public auth::CredentialSource {
 public:
  // They must outlive this.
  explicit CredentialChain(std::vector<const auth::CredentialSource*> sources) : sources_(std::move(sources)) {}
  Result<std::shared_ptr<const auth::AccessKey>, auth::CredentialError> find(
      const auth::AccessKeyId& id, std::string_view session_token) const override {
    for (const auth::CredentialSource* source : sources_) {
      if (auto found = TRY(source->find(id, session_token))) return found;
    }
    return nullptr;
  }

 private:
  const std::vector<const auth::CredentialSource*> sources_;
};

}  // namespace aerolith::gateway
