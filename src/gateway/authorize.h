// The pipeline's step that says who may do what.
#pragma once

#include <string_view>

#include "auth/credentials.h"

namespace aerolith::gateway {

enum class Decision : uint8_t { allow, deny };

// Safe from any thread; called once a request.
class Authorizer {
 public:
  virtual ~Authorizer() = default;
  // False: no call of this caller could be allowed. Asked before the body is read.
  virtual bool may_allow(const auth::Principal* principal) const = 0;
  // `principal` is null for an anonymous request.
  virtual Decision decide(const auth::Principal* principal, std::string_view iam_action,
                          std::string_view resource_arn) const = 0;
};

// The account's root may do everything, anyone else nothing.
class RootOnlyAuthorizer final : public Authorizer {
 public:
  bool may_allow(const auth::Principal* principal) const override;
  Decision decide(const auth::Principal* principal, std::string_view iam_action,
                  std::string_view resource_arn) const override;
};

}  // namespace aerolith::gateway
