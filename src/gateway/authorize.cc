#include "gateway/authorize.h"

namespace aerolith::gateway {

bool RootOnlyAuthorizer::may_allow(const auth::Principal* principal) const {
  return principal != nullptr && principal->is_root;
}

Decision RootOnlyAuthorizer::decide(const auth::Principal* principal, std::string_view, std::string_view) const {
  return may_allow(principal) ? Decision::allow : Decision::deny;
}

}  // namespace aerolith::gateway
