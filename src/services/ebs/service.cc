// The table of this service: a row for each operation, with its handler, its IAM action and what it acts on.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticblockstore.html
#include "services/ebs/service.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "ebs/operations.h"
#include "services/ebs/operations/operations.h"

namespace aerolith::ebs {
namespace {

using gateway::CallContext;

constexpr std::string_view kSnapshotPart = "::snapshot/";

// Of no account: snapshots may be shared.
std::string arn_of(const CallContext& context, std::string_view snapshot) {
  return fmt::format("arn:aws:ec2:{}{}{}", context.region.view(), kSnapshotPart, snapshot);
}

std::string resource_of(const CallContext& context, const std::optional<std::string>& snapshot) {
  return arn_of(context, snapshot.value_or("*"));
}

template <auto handler>
struct Row;
template <typename Input, typename Output, Result<Output> (*handler)(Call&, const Input&)>
struct Row<handler> {
  using InputType = Input;
  static gateway::ApiResult<Output> run(Call& call, const Input& input) {
    auto output = handler(call, input);
    if (!output.has_value()) return std::unexpected<protocol::ApiError>(std::move(output).error());
    return *std::move(output);
  }
};

class TableBuilder {
 public:
  explicit TableBuilder(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) { table_.model = &service(); }

  // `snapshot_of`: the id that the input names.
  template <auto handler, typename SnapshotOf>
  gateway::OperationEntry& row(OperationId id, std::string_view action, SnapshotOf snapshot_of) {
    using Input = typename Row<handler>::InputType;
    auto make_call = [parts = parts_](CallContext& context) { return Call{.context = context, .parts = *parts}; };
    auto resource = [snapshot_of](const CallContext& context, const Input& input) {
      return resource_of(context, snapshot_of(input));
    };
    table_.operations.push_back(
        gateway::make_entry<Call>(static_cast<uint16_t>(id), action, make_call, resource, &Row<handler>::run));
    return table_.operations.back();
  }
  gateway::ServiceTable take() { return std::move(table_); }

 private:
  const std::shared_ptr<const Parts> parts_;
  gateway::ServiceTable table_;
};

constexpr auto kItsSnapshot = [](const auto& input) { return input.snapshot_id; };
constexpr auto kNewSnapshot = [](const StartSnapshotInput&) { return std::optional<std::string>(); };

// With tags, ec2:CreateTags as well.
std::vector<gateway::AccessNeed> needs_of_start(const CallContext& context, const void* input) {
  const std::string resource = arn_of(context, "*");
  std::vector<gateway::AccessNeed> needs{{.action = "ebs:StartSnapshot", .resource = resource}};
  const auto& tags = static_cast<const StartSnapshotInput*>(input)->tags;
  if (tags && !tags->empty()) needs.push_back({.action = "ec2:CreateTags", .resource = resource});
  return needs;
}

void add_keys_of_start(const CallContext& context, const void* input, policy::Context& keys) {
  const auto& start = *static_cast<const StartSnapshotInput*>(input);
  if (start.volume_size) keys.set("ebs:VolumeSize", std::to_string(*start.volume_size));
  if (start.description) keys.set("ebs:Description", *start.description);
  if (start.parent_snapshot_id) keys.set("ebs:ParentSnapshot", arn_of(context, *start.parent_snapshot_id));
  if (!start.tags) return;
  keys.set("ec2:CreateAction", "StartSnapshot");
  for (const Tag& tag : *start.tags) {
    const std::string key = tag.key.value_or("");
    keys.set("aws:RequestTag/" + key, tag.value.value_or(""));
    keys.add_value("aws:TagKeys", key);
  }
}

// Both are read.
std::vector<gateway::AccessNeed> needs_of_changes(const CallContext& context, const void* input) {
  const auto& changes = *static_cast<const ListChangedBlocksInput*>(input);
  std::vector<gateway::AccessNeed> needs{
      {.action = "ebs:ListChangedBlocks", .resource = resource_of(context, changes.second_snapshot_id)}};
  if (changes.first_snapshot_id) {
    needs.push_back({.action = "ebs:ListChangedBlocks", .resource = resource_of(context, changes.first_snapshot_id)});
  }
  return needs;
}

// The tags that the caller's account sees, and whose the snapshot is: it may be shared.
gateway::ResourcePolicy keys_of(const Parts& parts, const CallContext& context, const gateway::AccessNeed& need) {
  gateway::ResourcePolicy result{.owner = context.principal().account};
  result.add_keys = [&parts, &context, &need](policy::Context& keys) {
    keys.remove_prefix("aws:ResourceTag/");  // of what was asked about before
    const size_t at = need.resource.find(kSnapshotPart);
    if (at == std::string::npos) return;
    const std::string snapshot = need.resource.substr(at + kSnapshotPart.size());
    const std::string owner = parts.snapshots.owner(context.region, snapshot);
    if (!owner.empty()) keys.replace("aws:ResourceAccount", owner);
    for (const auto& [key, value] : parts.snapshots.tags(context.principal().account, context.region, snapshot)) {
      keys.set("aws:ResourceTag/" + key, value);
    }
  };
  return result;
}

}  // namespace

gateway::ServiceTable make_service(const Parts& given) {
  using enum OperationId;
  const auto parts = std::make_shared<const Parts>(given);
  TableBuilder table(parts);
  table.row<ebs::complete_snapshot>(complete_snapshot, "ebs:CompleteSnapshot", kItsSnapshot);
  table.row<ebs::get_snapshot_block>(get_snapshot_block, "ebs:GetSnapshotBlock", kItsSnapshot);
  table
      .row<ebs::list_changed_blocks>(list_changed_blocks, "ebs:ListChangedBlocks",
                                     [](const ListChangedBlocksInput& input) { return input.second_snapshot_id; })
      .needs = needs_of_changes;
  table.row<ebs::list_snapshot_blocks>(list_snapshot_blocks, "ebs:ListSnapshotBlocks", kItsSnapshot);
  table.row<ebs::put_snapshot_block>(put_snapshot_block, "ebs:PutSnapshotBlock", kItsSnapshot);
  gateway::OperationEntry& start = table.row<ebs::start_snapshot>(start_snapshot, "ebs:StartSnapshot", kNewSnapshot);
  start.needs = needs_of_start;
  start.conditions = add_keys_of_start;
  gateway::ServiceTable result = table.take();
  result.resource_policy = [parts](const CallContext& context, const gateway::AccessNeed& need) {
    return std::optional(keys_of(*parts, context, need));
  };
  return result;
}

}  // namespace aerolith::ebs
