#include "gateway/access_check.h"

#include "gateway/errors.h"
#include "gateway/request_context.h"

namespace aerolith::gateway {
namespace {

constexpr size_t kMostAsks = 1000;
constexpr uint8_t kPortions = 3;  // of the context keys

const policy::ContextKey& resource_account() {
  static const policy::ContextKey key("aws:ResourceAccount");
  return key;
}

}  // namespace

const Identity* AccessCheck::identity() const {
  if (!identity_) identity_ = authorizer_.find_identity(context_.key.get());
  return identity_->get();
}

bool AccessCheck::Keys::add_more() {
  const CallContext& call = check_.context_;
  const auth::AccessKey* const key = call.key.get();
  const RequestFacts facts{
      .head = *call.head, .key = key, .region = call.region.view(), .now = call.now, .endpoint = call.endpoint.get()};
  switch (portions_++) {
    case 0:
      add_request_keys(facts, context);
      return true;
    case 1:
      add_principal_keys(facts, key != nullptr ? principal_tags(*key, check_.identity()) : auth::Tags(), context);
      return true;
    case 2:
      if (check_.entry_.conditions) check_.entry_.conditions(call, check_.input_, context);
      return true;
    default:
      portions_ = kPortions;
      return false;
  }
}

policy::Context& AccessCheck::keys() const {
  if (!keys_) keys_.emplace(*this);
  return keys_->context;
}

policy::Context& AccessCheck::conditions() const {
  keys().complete();
  return keys();
}

policy::ResourceQuotes AccessCheck::quotes() const {
  return context_.service->name == "s3" ? policy::ResourceQuotes::marks : policy::ResourceQuotes::none;
}

AccessAnswer AccessCheck::decide(const AccessNeed& need) const {
  std::optional<ResourcePolicy> found;
  if (table_.resource_policy && !entry_.makes_resource) found = table_.resource_policy(context_, need);
  const ResourcePolicy* const resource_policy = found ? &*found : nullptr;
  const bool is_limited_on_its_way = context_.endpoint != nullptr && context_.endpoint->policy;
  if (!is_limited_on_its_way && Authorizer::is_unlimited(context_.key.get(), resource_policy)) return {.allowed = true};
  policy::Context& keys = this->keys();
  const AccountId& owner = found ? found->owner : context_.principal().account;
  if (!owner.empty()) keys.replace(resource_account(), owner.view());
  if (found && found->add_keys) {
    keys.complete();
    found->add_keys(keys);
  }
  return authorizer_.decide({.key = context_.key.get(),
                             .identity = identity(),
                             .action = need.action,
                             .resource = need.resource,
                             .resource_policy = resource_policy,
                             .endpoint = context_.endpoint.get(),
                             .context = keys,
                             .quotes = quotes(),
                             .encode_denial = table_.encodes_denials && need.resource != "*"});
}

AccessAnswer AccessCheck::settle(AccessNeed need, Purpose purpose, AccessAnswer answer) const {
  audit::Outcome outcome = audit::Outcome::allowed;
  if (!answer.allowed) {
    // Nobody's call goes through without a signature.
    answer.allowed = authorizer_.enforcement() == Enforcement::audit && context_.key != nullptr;
    outcome = answer.allowed ? audit::Outcome::would_deny : audit::Outcome::denied;
  }
  if (asks_.size() < kMostAsks) {
    asks_.push_back({.action = std::move(need.action),
                     .resource = std::move(need.resource),
                     .outcome = outcome,
                     .is_probe = purpose == Purpose::probe,
                     .reason = answer.reason});
  } else {
    ++asks_left_out_;
  }
  return answer;
}

AccessAnswer AccessCheck::ask(AccessNeed need, Purpose purpose) const {
  AccessAnswer answer = decide(need);
  return settle(std::move(need), purpose, std::move(answer));
}

AccessAnswer AccessCheck::ask(AccessNeed need, const ResourcePolicy& resource_policy, policy::ResourceRule rule) const {
  AccessAnswer answer = authorizer_.decide({.key = context_.key.get(),
                                            .identity = identity(),
                                            .action = need.action,
                                            .resource = need.resource,
                                            .resource_policy = &resource_policy,
                                            .context = keys(),
                                            .rule = rule});
  return settle(std::move(need), Purpose::permission, std::move(answer));
}

AccessAnswer AccessCheck::ask_for_token(std::string_view provider_arn, AccessNeed need,
                                        const ResourcePolicy& resource_policy) const {
  AccessAnswer answer = authorizer_.decide({.key = nullptr,
                                            .provider = provider_arn,
                                            .action = need.action,
                                            .resource = need.resource,
                                            .resource_policy = &resource_policy,
                                            .context = keys(),
                                            .rule = policy::ResourceRule::trust});
  return settle(std::move(need), Purpose::permission, std::move(answer));
}

ApiResult<void> AccessCheck::require(AccessNeed need) const {
  AccessAnswer answer = ask(std::move(need), Purpose::permission);
  if (answer.allowed) return {};
  if (!answer.encoded.empty()) answer.denial += ". Encoded authorization failure message: " + answer.encoded;
  return std::unexpected(
      access_denied(context_.key == nullptr, std::move(answer.denial), error_style(context_.resolved.protocol)));
}

ApiResult<void> AccessCheck::require_row() const {
  if (!entry_.needs) return require({std::string(entry_.iam_action), entry_.resource(context_, input_)});
  for (AccessNeed& need : entry_.needs(context_, input_)) TRY(require(std::move(need)));
  return {};
}

}  // namespace aerolith::gateway
