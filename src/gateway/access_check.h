// Asks the policies about one call, as often as it needs: for what its table row says, and from inside its handler.
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "audit/event.h"
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
  ApiResult<void> require(AccessNeed need) const;
  // For what is told to the caller, where the call goes through in either case.
  bool allows(AccessNeed need) const { return ask(std::move(need), Purpose::probe).allowed; }
  // For what isn't of this service: sts:AssumeRole with a role's trust policy.
  AccessAnswer ask(AccessNeed need, const ResourcePolicy& resource_policy, policy::ResourceRule rule) const;
  // The same for a caller without a key who has shown a token of this identity provider.
  AccessAnswer ask_for_token(std::string_view provider_arn, AccessNeed need,
                             const ResourcePolicy& resource_policy) const;
  // All context keys of this request.
  policy::Context& conditions() const;

  // All that was asked, for the audit log; what is past the first thousand is only counted.
  std::vector<audit::Ask> take_asks() { return std::move(asks_); }
  uint64_t asks_left_out() const { return asks_left_out_; }

 private:
  enum class Purpose : uint8_t { permission, probe };
  // The context keys of the request, found out as policies ask for them.
  class Keys final : public policy::KeySource {
   public:
    explicit Keys(const AccessCheck& check) : check_(check), context(this) {}
    bool add_more() override;

   private:
    const AccessCheck& check_;
    uint8_t portions_ = 0;

   public:
    policy::Context context;
  };
  // Made at the first call.
  policy::Context& keys() const;
  AccessAnswer ask(AccessNeed need, Purpose purpose) const;
  AccessAnswer decide(const AccessNeed& need) const;
  // Lets through what [security] mode says, and remembers all.
  AccessAnswer settle(AccessNeed need, Purpose purpose, AccessAnswer answer) const;
  policy::ResourceQuotes quotes() const;
  // Of the caller; looked up once a call, so that all of it is judged by the same policies.
  const Identity* identity() const;

  const Authorizer& authorizer_;
  const ServiceTable& table_;
  const OperationEntry& entry_;
  const CallContext& context_;
  const void* input_;
  mutable std::optional<std::shared_ptr<const Identity>> identity_;
  mutable std::optional<Keys> keys_;
  mutable std::vector<audit::Ask> asks_;
  mutable uint64_t asks_left_out_ = 0;
};

}  // namespace aerolith::gateway
