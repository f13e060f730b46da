// Asks the policies about one call, as often as it needs: for what its table row says, and from inside its handler.
#pragma once

#include <optional>
#include <string_view>

#include "gateway/authorize.h"
#include "gateway/service_table.h"

namespace aerolith::gateway {

// Lives for the length of the call, on its thread. All that it is given must outlive it.
class AccessCheck {
 public:
  AccessCheck(const Authorizer& authorizer, const ServiceTable& table, const OperationEntry& entry,
              const CallContext& context, const void* input)
      : authorizer_(authorizer), table_(table), entry_(entry), context_(context), input_(input) {}

  // All that the row of the operation says.
  ApiResult<void> require_row() const;
  // AccessDenied, in the words of the service.
  ApiResult<void> require(const AccessNeed& need) const;
  bool allows(const AccessNeed& need) const { return ask(need).allowed; }
  // For what isn't of this service: sts:AssumeRole with a role's trust policy.
  AccessAnswer ask(const AccessNeed& need, const ResourcePolicy& resource_policy, policy::ResourceRule rule) const;
  // The context keys of this request; made at the first call.
  policy::Context& conditions() const;

 private:
  AccessAnswer ask(const AccessNeed& need) const;
  policy::ResourceQuotes quotes() const;

  const Authorizer& authorizer_;
  const ServiceTable& table_;
  const OperationEntry& entry_;
  const CallContext& context_;
  const void* input_;
  mutable std::optional<policy::Context> conditions_;
};

}  // namespace aerolith::gateway
