#include "gateway/authorize.h"

namespace aerolith::gateway {

Decision RootOnlyAuthorizer::decide(const auth::Principal* principal, std::string_view, std::string_view) const {
  return principal != nullptr && principal->is_root ? Decision::allow : Decision::deny;
}

}  // namespace aerolith::gateway
