// The table of this service: a row for each operation, with its handler, its IAM action and what it acts on.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html
#include "services/ssm/service.h"

#include <memory>
#include <utility>

#include "services/ssm/parameters.h"
#include "ssm/model.h"
#include "ssm/operations.h"

namespace aerolith::ssm {

gateway::ServiceTable make_service(Parts given) {
  const auto parts = std::make_shared<const Parts>(std::move(given));
  const auto make_call = [parts](gateway::CallContext& context) { return Call{.context = context, .parts = *parts}; };
  const auto row = [&]<typename Input, typename Output>(OperationId id, std::string_view action,
                                                        const auto& resource_of,
                                                        Result<Output> (*handler)(Call&, const Input&)) {
    return gateway::make_entry<Call>(static_cast<uint16_t>(id), action, make_call, resource_of, handler);
  };
  const auto of_one = [parts](const gateway::CallContext& context, const GetParameterInput& input) {
    return parameter_arn(*parts, context.principal().account, input.name.value_or(""));
  };
  const auto of_path = [parts](const gateway::CallContext& context, const GetParametersByPathInput& input) {
    return parameter_arn(*parts, context.principal().account, input.path.value_or(""));
  };
  // Each name is asked about.
  const auto of_many = [](const gateway::CallContext&, const GetParametersInput&) { return std::string("*"); };
  gateway::ServiceTable table;
  table.model = &service();
  using enum OperationId;
  table.operations.push_back(row(OperationId::get_parameter, "ssm:GetParameter", of_one, &ssm::get_parameter));
  table.operations.push_back(row(OperationId::get_parameters, "ssm:GetParameters", of_many, &ssm::get_parameters));
  table.operations.back().needs = [parts](const gateway::CallContext& context, const void* input) {
    std::vector<gateway::AccessNeed> needs;
    for (const std::string& name : *static_cast<const GetParametersInput*>(input)->names) {
      needs.push_back(
          {.action = "ssm:GetParameters", .resource = parameter_arn(*parts, context.principal().account, name)});
    }
    return needs;
  };
  table.operations.push_back(
      row(OperationId::get_parameters_by_path, "ssm:GetParametersByPath", of_path, &ssm::get_parameters_by_path));
  return table;
}

}  // namespace aerolith::ssm
