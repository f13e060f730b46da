#include "services/ec2/instances.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "ec2/operations/describe_instances.h"
#include "services/ec2/describe.h"
#include "services/ec2/instance_filters.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/tags.h"

namespace aerolith::ec2 {

Result<DescribeInstancesOutput> describe_instances(Call& call, const DescribeInstancesInput& input) {
  TRY(check_max_results(input.max_results, 5, 1000));
  if (input.max_results && input.instance_ids && !input.instance_ids->empty()) {
    return errors::invalid_combination("The parameter instancesSet cannot be used with the parameter maxResults");
  }
  const auto txn = call.read();
  const auto page =
      TRY(describe<InstanceRecord>(*txn, call.scope, kInstances, instance_filters(),
                                   {input.instance_ids, input.filters, input.max_results, input.next_token}));
  DescribeInstancesOutput output{.next_token = page.next_token, .reservations = std::vector<Reservation>()};
  output.reservations->reserve(page.items.size());
  std::unordered_map<std::string_view, size_t> places;
  InstanceViewer viewer(*txn, call.scope);
  for (const auto& [record, tags] : page.items) {
    const auto [place, is_new] = places.try_emplace(record.reservation, output.reservations->size());
    if (is_new) {
      output.reservations->push_back({.reservation_id = record.reservation,
                                      .owner_id = call.scope.account.str(),
                                      .groups = std::vector<GroupIdentifier>(),
                                      .instances = std::vector<Instance>()});
    }
    TRY(viewer.show(record, tags, (*output.reservations)[place->second].instances->emplace_back()));
  }
  for (Reservation& each : *output.reservations) std::ranges::sort(*each.instances, {}, &Instance::ami_launch_index);
  return output;
}

}  // namespace aerolith::ec2
