// How the rows of this service's table are made. The rows stand in rows_<what>.cc, several files, so that none
// compiles for long.
#pragma once

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ec2/operations.h"
#include "gateway/access_check.h"
#include "gateway/service_table.h"
#include "services/ec2/call.h"
#include "services/ec2/targets.h"
#include "services/ec2/vpcs.h"

namespace aerolith::ec2 {

// ec2:CreateTags, where the call gives tags to what it makes.
template <typename Input>
gateway::ApiResult<void> require_tagging(const Call& call, const Input& input) {
  if constexpr (requires { input.tag_specifications; }) {
    if (!input.tag_specifications) return {};
    for (const TagSpecification& specification : *input.tag_specifications) {
      const auto kind = kind_of_type(specification.resource_type.value_or(""));
      if (!kind) continue;
      TRY(call.context.access->require({.action = "ec2:CreateTags",
                                        .resource = make_arn(call.scope, *kind, "*"),
                                        .instance = pack_tags(tags_for(input.tag_specifications, *kind))}));
    }
  }
  return {};
}

template <auto handler>
struct Guarded;
template <typename Input, typename Output, Result<Output> (*handler)(Call&, const Input&)>
struct Guarded<handler> {
  using InputType = Input;
  static gateway::ApiResult<Output> run(Call& call, const Input& input) {
    if constexpr (requires { input.dry_run; }) call.dry_run = input.dry_run.value_or(false);
    TRY(require_tagging(call, input));
    TRY(arrive(call.cloud, call.scope, call.context.now));
    auto answer = handler(call, input);
    if (answer.has_value() && call.dry_run) return errors::dry_run();
    return answer;
  }
};

class TableBuilder {
 public:
  explicit TableBuilder(Cloud& cloud) : cloud_(cloud) { table_.model = &service(); }

  // What else the call must be allowed to act on stands after the target. What is returned stays until the next row.
  template <auto handler>
  gateway::OperationEntry& row(OperationId id, std::string_view action, Target target,
                               std::vector<Target> others = {}) {
    using Input = typename Guarded<handler>::InputType;
    auto make_call = [&cloud = cloud_](gateway::CallContext& context) {
      return Call{.context = context, .cloud = cloud, .scope = scope_of(context)};
    };
    auto resource = [target](const gateway::CallContext& context, const Input& input) {
      return arns_of(context, target, input).front();
    };
    table_.operations.push_back(
        gateway::make_entry<Call>(static_cast<uint16_t>(id), action, make_call, resource, &Guarded<handler>::run));
    gateway::OperationEntry& entry = table_.operations.back();
    others.insert(others.begin(), target);
    entry.needs = [others = std::move(others), action](const gateway::CallContext& context, const void* input) {
      std::vector<gateway::AccessNeed> needs;
      for (const Target& each : others) {
        const Presence presence = &each == &others.front() ? Presence::required : Presence::optional;
        auto more = needs_of(context, action, each, *static_cast<const Input*>(input), presence);
        std::ranges::move(more, std::back_inserter(needs));
      }
      return needs;
    };
    entry.conditions = [](const gateway::CallContext& context, const void* input, policy::Context& keys) {
      add_condition_keys(context, *static_cast<const Input*>(input), keys);
    };
    return entry;
  }
  const Cloud& cloud() const { return cloud_; }
  metadata::Store& store() const { return cloud_.metadata; }
  gateway::ServiceTable take() { return std::move(table_); }

 private:
  Cloud& cloud_;
  gateway::ServiceTable table_;
};

void add_gateway_rows(TableBuilder& table);
void add_interface_rows(TableBuilder& table);
void add_vpc_rows(TableBuilder& table);
void add_route_rows(TableBuilder& table);
void add_group_rows(TableBuilder& table);
void add_image_rows(TableBuilder& table);
void add_instance_rows(TableBuilder& table);
void add_volume_rows(TableBuilder& table);
void add_snapshot_rows(TableBuilder& table);
void add_import_rows(TableBuilder& table);
void add_account_rows(TableBuilder& table);
void add_absent_network_rows(TableBuilder& table);
void add_absent_capacity_rows(TableBuilder& table);

}  // namespace aerolith::ec2
