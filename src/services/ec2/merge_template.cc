// A launch template's data and the request are JSON by their tables: what the request says stands before the template.
#include <algorithm>
#include <boost/json.hpp>

#include "ec2/schema.h"
#include "protocol/struct_json.h"
#include "services/ec2/launch_plan.h"
#include "services/ec2/launch_templates.h"

namespace aerolith::ec2 {
namespace {

// Terraform sends a Placement whose AvailabilityZone is "".
bool is_said(const boost::json::value& value) {
  if (value.is_string()) return !value.get_string().empty();
  if (!value.is_object()) return true;
  return std::ranges::any_of(value.get_object(), [](const auto& member) { return is_said(member.value()); });
}

}  // namespace

Result<RunInstancesInput> merge_template(metadata::ReadTransaction& txn, const Scope& scope,
                                         const RunInstancesInput& input) {
  if (!input.launch_template) return input;
  const LaunchTemplateSpecification& asked = *input.launch_template;
  if (asked.launch_template_id.has_value() == asked.launch_template_name.has_value()) {
    return errors::invalid_combination("Exactly one of the launch template's id and name must be given.");
  }
  const auto found = TRY(find_template(txn, scope, asked.launch_template_id, asked.launch_template_name));
  const auto version = TRY(find_version(txn, scope, found, asked.version.value_or("$Default")));
  boost::json::object merged = boost::json::parse(version.record.data).as_object();
  const auto own = boost::json::parse(protocol::struct_to_json(schema::kRunInstancesInput, &input));
  for (const auto& [name, value] : own.as_object()) {
    if (is_said(value)) merged[name] = value;
  }
  RunInstancesInput result;
  const auto decoded = protocol::struct_from_json(schema::kRunInstancesInput, boost::json::serialize(merged), &result);
  if (!decoded.has_value())
    return errors::internal_error("a launch template doesn't decode: " + decoded.error().detail);
  result.launch_template =
      LaunchTemplateSpecification{.launch_template_id = found.id, .version = std::to_string(version.number)};
  return result;
}

}  // namespace aerolith::ec2
