// The table of this service: a row for each operation, with its handler, its IAM action and what it acts on.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsrecyclebin.html
#include "services/rbin/service.h"

#include <utility>

#include "rbin/model.h"
#include "rbin/operations.h"
#include "services/rbin/operations/operations.h"
#include "services/rbin/rules.h"

namespace aerolith::rbin {
namespace {

using gateway::CallContext;

template <auto handler>
struct Unwrapped;
template <typename Input, typename Output, Result<Output> (*handler)(Call&, const Input&)>
struct Unwrapped<handler> {
  using InputType = Input;
  static gateway::ApiResult<Output> run(Call& call, const Input& input) { return handler(call, input); }
};

// What is made, or named by none, is any rule.
template <typename Input>
std::string arn_of(const CallContext& context, const Input& input) {
  if constexpr (requires { input.resource_arn; }) {
    return input.resource_arn.value_or(make_rule_arn(context.principal().account, context.region, "*"));
  } else if constexpr (requires { input.identifier; }) {
    return make_rule_arn(context.principal().account, context.region, input.identifier.value_or("*"));
  } else {
    return make_rule_arn(context.principal().account, context.region, "*");
  }
}

template <typename Input>
void add_request_keys(const Input& input, policy::Context& keys) {
  if constexpr (requires { input.resource_type; }) {
    if (input.resource_type) keys.set("rbin:Request/ResourceType", *input.resource_type);
  }
  if constexpr (requires { input.tags; }) {
    if (!input.tags) return;
    for (const Tag& tag : *input.tags) {
      keys.set("aws:RequestTag/" + tag.key.value_or(""), tag.value.value_or(""));
      keys.add_value("aws:TagKeys", tag.key.value_or(""));
    }
  }
  if constexpr (requires { input.tag_keys; }) {
    if (!input.tag_keys) return;
    for (const std::string& key : *input.tag_keys) keys.add_value("aws:TagKeys", key);
  }
}

class TableBuilder {
 public:
  explicit TableBuilder(metadata::Store& metadata) : metadata_(metadata) { table_.model = &service(); }

  template <auto handler>
  gateway::OperationEntry& row(OperationId id, std::string_view action) {
    using Input = typename Unwrapped<handler>::InputType;
    auto make_call = [&metadata = metadata_](CallContext& context) {
      return Call{.context = context, .metadata = metadata};
    };
    table_.operations.push_back(gateway::make_entry<Call>(static_cast<uint16_t>(id), action, make_call, &arn_of<Input>,
                                                          &Unwrapped<handler>::run));
    gateway::OperationEntry& entry = table_.operations.back();
    entry.conditions = [](const CallContext&, const void* input, policy::Context& keys) {
      add_request_keys(*static_cast<const Input*>(input), keys);
    };
    return entry;
  }
  gateway::ServiceTable take() {
    // A rule's own tags and type, for conditions.
    table_.resource_policy = [&metadata = metadata_](const CallContext& context, const gateway::AccessNeed& need) {
      gateway::ResourcePolicy result{.owner = context.principal().account};
      result.add_keys = [&metadata, &context, &need](policy::Context& keys) {
        const auto id = read_rule_arn(context.principal().account, context.region, need.resource);
        if (!id) return;
        const auto rule = kRules.newest(metadata, {context.principal().account, context.region, *id});
        if (!rule.has_value() || !*rule) return;
        keys.set("rbin:Attribute/ResourceType", name_of((*rule)->type));
        for (const auto& [key, value] : (*rule)->tags) keys.set("aws:ResourceTag/" + key, value);
      };
      return std::optional(std::move(result));
    };
    return std::move(table_);
  }

 private:
  metadata::Store& metadata_;
  gateway::ServiceTable table_;
};

}  // namespace

gateway::ServiceTable make_service(metadata::Store& metadata) {
  using enum OperationId;
  TableBuilder table(metadata);
  table.row<rbin::create_rule>(create_rule, "rbin:CreateRule").needs = [](const CallContext& context,
                                                                          const void* given) {
    const auto& input = *static_cast<const CreateRuleInput*>(given);
    const std::string any = make_rule_arn(context.principal().account, context.region, "*");
    std::vector<gateway::AccessNeed> needs{{.action = "rbin:CreateRule", .resource = any}};
    if (input.tags && !input.tags->empty()) needs.push_back({.action = "rbin:TagResource", .resource = any});
    return needs;
  };
  table.row<rbin::delete_rule>(delete_rule, "rbin:DeleteRule");
  table.row<rbin::get_rule>(get_rule, "rbin:GetRule");
  table.row<rbin::list_rules>(list_rules, "rbin:ListRules");
  table.row<rbin::list_tags_for_resource>(list_tags_for_resource, "rbin:ListTagsForResource");
  table.row<rbin::lock_rule>(lock_rule, "rbin:LockRule");
  table.row<rbin::tag_resource>(tag_resource, "rbin:TagResource");
  table.row<rbin::unlock_rule>(unlock_rule, "rbin:UnlockRule");
  table.row<rbin::untag_resource>(untag_resource, "rbin:UntagResource");
  table.row<rbin::update_rule>(update_rule, "rbin:UpdateRule");
  return table.take();
}

}  // namespace aerolith::rbin
