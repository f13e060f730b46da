// Tags of the rules themselves. A lock doesn't hold them.
#include "rbin/model.h"
#include "services/rbin/operations/operations.h"
#include "services/rbin/rules.h"

namespace aerolith::rbin {
namespace {

Result<RuleRecord> get_by_arn(metadata::ReadTransaction& txn, const Call& call, const std::string& arn) {
  const auto id = read_rule_arn(call.account(), call.region(), arn);
  if (!id) return errors::rule_not_found(arn);
  return get_rule_record(txn, call, *id);
}

}  // namespace

Result<ListTagsForResourceOutput> list_tags_for_resource(Call& call, const ListTagsForResourceInput& input) {
  const auto txn = call.metadata.begin_read();
  return ListTagsForResourceOutput{.tags = show_tags(TRY(get_by_arn(*txn, call, *input.resource_arn)))};
}

Result<TagResourceOutput> tag_resource(Call& call, const TagResourceInput& input) {
  TRY(metadata::run_transaction(call.metadata, [&](metadata::Transaction& txn) -> Result<> {
    RuleRecord rule = TRY(get_by_arn(txn, call, *input.resource_arn));
    TRY(add_tags(rule, *input.tags));
    put_rule(txn, call, rule);
    return {};
  }));
  return TagResourceOutput{};
}

Result<UntagResourceOutput> untag_resource(Call& call, const UntagResourceInput& input) {
  TRY(metadata::run_transaction(call.metadata, [&](metadata::Transaction& txn) -> Result<> {
    RuleRecord rule = TRY(get_by_arn(txn, call, *input.resource_arn));
    for (const std::string& key : *input.tag_keys) rule.tags.erase(key);
    put_rule(txn, call, rule);
    return {};
  }));
  return UntagResourceOutput{};
}

}  // namespace aerolith::rbin
