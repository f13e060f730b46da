#include "gateway/access_check.h"

#include "gateway/errors.h"
#include "gateway/request_context.h"

namespace aerolith::gateway {

policy::Context& AccessCheck::conditions() const {
  if (conditions_) return *conditions_;
  conditions_.emplace();
  const auth::AccessKey* key = context_.key.get();
  const auth::Tags tags = key != nullptr ? authorizer_.principal_tags(*key) : auth::Tags();
  add_request_keys({.head = *context_.head,
                    .key = key,
                    .principal_tags = tags,
                    .region = context_.region.view(),
                    .now = context_.now},
                   *conditions_);
  if (entry_.conditions) entry_.conditions(context_, input_, *conditions_);
  return *conditions_;
}

policy::ResourceQuotes AccessCheck::quotes() const {
  return context_.service->name == "s3" ? policy::ResourceQuotes::marks : policy::ResourceQuotes::none;
}

AccessAnswer AccessCheck::ask(const AccessNeed& need) const {
  std::optional<ResourcePolicy> found;
  if (table_.resource_policy && !entry_.makes_resource) found = table_.resource_policy(context_, need);
  const ResourcePolicy* const resource_policy = found ? &*found : nullptr;
  if (Authorizer::is_unlimited(context_.key.get(), resource_policy)) return {.allowed = true};
  policy::Context& keys = conditions();
  const AccountId& owner = found ? found->owner : context_.principal().account;
  if (!owner.empty()) keys.replace("aws:ResourceAccount", owner.view());
  if (found && found->add_keys) found->add_keys(keys);
  return authorizer_.decide({.key = context_.key.get(),
                             .action = need.action,
                             .resource = need.resource,
                             .resource_policy = resource_policy,
                             .context = keys,
                             .quotes = quotes()});
}

AccessAnswer AccessCheck::ask(const AccessNeed& need, const ResourcePolicy& resource_policy,
                              policy::ResourceRule rule) const {
  return authorizer_.decide({.key = context_.key.get(),
                             .action = need.action,
                             .resource = need.resource,
                             .resource_policy = &resource_policy,
                             .context = conditions(),
                             .rule = rule});
}

ApiResult<void> AccessCheck::require(const AccessNeed& need) const {
  AccessAnswer answer = ask(need);
  if (answer.allowed) return {};
  return std::unexpected(
      access_denied(context_.key == nullptr, std::move(answer.denial), error_style(context_.resolved.protocol)));
}

ApiResult<void> AccessCheck::require_row() const {
  if (!entry_.needs) return require({std::string(entry_.iam_action), entry_.resource(context_, input_)});
  for (const AccessNeed& need : entry_.needs(context_, input_)) TRY(require(need));
  return {};
}

}  // namespace aerolith::gateway
