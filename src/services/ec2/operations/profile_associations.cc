// Which IAM instance profile an instance has: what it was launched with, or what these calls give it. The metadata
// service reads it from the record, so that a guest sees a change at once.
#include <fmt/format.h>

#include <array>

#include "ec2/operations/associate_iam_instance_profile.h"
#include "ec2/operations/describe_iam_instance_profile_associations.h"
#include "ec2/operations/disassociate_iam_instance_profile.h"
#include "ec2/operations/replace_iam_instance_profile_association.h"
#include "services/ec2/describe.h"
#include "services/ec2/instance_profiles.h"
#include "services/ec2/instance_tables.h"
#include "services/ec2/operations/operations.h"

namespace aerolith::ec2 {
namespace {

using InstanceFilter = FilterDefinition<InstanceRecord>;
constexpr std::array kProfileAssociationsFilters{
    InstanceFilter{"instance-id",
                   [](const Lookup&, const InstanceRecord& r) -> Result<Strings> { return Strings{r.id}; }},
    InstanceFilter{"state",
                   [](const Lookup&, const InstanceRecord&) -> Result<Strings> { return Strings{"associated"}; }},
};

bool has_association(const InstanceRecord& record) {
  return !record.profile_arn.empty() && record.state != LifeState::terminated;
}

IamInstanceProfileAssociation to_wire(const InstanceRecord& record, std::string state) {
  return {.association_id = association_of(record),
          .instance_id = record.id,
          .iam_instance_profile = IamInstanceProfile{.arn = record.profile_arn, .id = record.profile_id},
          .state = std::move(state)};
}

Result<InstanceRecord> find_associated(metadata::ReadTransaction& txn, const Scope& scope, const std::string& id) {
  if (const auto instance = TRY(instance_of_association(txn, scope, id))) {
    auto record = TRY(kInstances.find(txn, scope, *instance));
    if (record && has_association(*record)) return *std::move(record);
  }
  return errors::of("InvalidAssociationID.NotFound", fmt::format("An invalid association-id of '{}' was given", id));
}

}  // namespace

Result<AssociateIamInstanceProfileOutput> associate_iam_instance_profile(
    Call& call, const AssociateIamInstanceProfileInput& input) {
  const Profile profile = TRY(find_profile(call, input.iam_instance_profile));
  return call.write([&](metadata::Transaction& txn) -> Result<AssociateIamInstanceProfileOutput> {
    InstanceRecord record = TRY(kInstances.get(txn, call.scope, input.instance_id));
    if (record.state == LifeState::terminated || record.state == LifeState::shutting_down) {
      return errors::of("IncorrectInstanceState",
                        fmt::format("The instance '{}' is not in the 'running' or 'stopped' state.", record.id));
    }
    if (has_association(record)) {
      return errors::of("IncorrectState", fmt::format("There is an existing association for instance {}", record.id));
    }
    set_profile(txn, call.scope, profile, record);
    kInstances.put(txn, call.scope, record);
    return AssociateIamInstanceProfileOutput{.iam_instance_profile_association = to_wire(record, "associating")};
  });
}

Result<ReplaceIamInstanceProfileAssociationOutput> replace_iam_instance_profile_association(
    Call& call, const ReplaceIamInstanceProfileAssociationInput& input) {
  const Profile profile = TRY(find_profile(call, input.iam_instance_profile));
  return call.write([&](metadata::Transaction& txn) -> Result<ReplaceIamInstanceProfileAssociationOutput> {
    InstanceRecord record = TRY(find_associated(txn, call.scope, *input.association_id));
    set_profile(txn, call.scope, profile, record);
    kInstances.put(txn, call.scope, record);
    return ReplaceIamInstanceProfileAssociationOutput{.iam_instance_profile_association =
                                                          to_wire(record, "associating")};
  });
}

Result<DisassociateIamInstanceProfileOutput> disassociate_iam_instance_profile(
    Call& call, const DisassociateIamInstanceProfileInput& input) {
  return call.write([&](metadata::Transaction& txn) -> Result<DisassociateIamInstanceProfileOutput> {
    InstanceRecord record = TRY(find_associated(txn, call.scope, *input.association_id));
    DisassociateIamInstanceProfileOutput output{.iam_instance_profile_association = to_wire(record, "disassociating")};
    set_profile(txn, call.scope, {}, record);
    kInstances.put(txn, call.scope, record);
    return output;
  });
}

Result<DescribeIamInstanceProfileAssociationsOutput> describe_iam_instance_profile_associations(
    Call& call, const DescribeIamInstanceProfileAssociationsInput& input) {
  TRY(check_max_results(input.max_results, 5, 1000));
  const auto txn = call.read();
  const auto page = TRY(describe<InstanceRecord>(*txn, call.scope, kInstances, kProfileAssociationsFilters,
                                                 {std::nullopt, input.filters, std::nullopt, input.next_token}));
  DescribeIamInstanceProfileAssociationsOutput output{.iam_instance_profile_associations =
                                                          std::vector<IamInstanceProfileAssociation>()};
  for (const auto& item : page.items) {
    if (!has_association(item.record)) continue;
    IamInstanceProfileAssociation association = to_wire(item.record, "associated");
    const auto& asked = input.association_ids;
    if (asked && !asked->empty() && std::ranges::find(*asked, *association.association_id) == asked->end()) continue;
    auto& all = *output.iam_instance_profile_associations;
    if (input.max_results && all.size() == static_cast<size_t>(*input.max_results)) {
      output.next_token = make_token(*all.back().instance_id);
      break;
    }
    all.push_back(std::move(association));
  }
  return output;
}

}  // namespace aerolith::ec2
