// Handlers of this service, one for each operation.
#pragma once

#include "rbin/declarations.h"
#include "services/rbin/call.h"

namespace aerolith::rbin {

Result<CreateRuleOutput> create_rule(Call& call, const CreateRuleInput& input);
Result<DeleteRuleOutput> delete_rule(Call& call, const DeleteRuleInput& input);
Result<GetRuleOutput> get_rule(Call& call, const GetRuleInput& input);
Result<ListRulesOutput> list_rules(Call& call, const ListRulesInput& input);
Result<ListTagsForResourceOutput> list_tags_for_resource(Call& call, const ListTagsForResourceInput& input);
Result<LockRuleOutput> lock_rule(Call& call, const LockRuleInput& input);
Result<TagResourceOutput> tag_resource(Call& call, const TagResourceInput& input);
Result<UnlockRuleOutput> unlock_rule(Call& call, const UnlockRuleInput& input);
Result<UntagResourceOutput> untag_resource(Call& call, const UntagResourceInput& input);
Result<UpdateRuleOutput> update_rule(Call& call, const UpdateRuleInput& input);

}  // namespace aerolith::rbin
