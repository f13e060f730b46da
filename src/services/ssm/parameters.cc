#include "services/ssm/parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "gateway/errors.h"
#include "ssm/errors.h"

namespace aerolith::ssm {
namespace {

constexpr std::string_view kPublic = "/aws/";
constexpr int32_t kMostByPath = 10;

Result<std::vector<PublicParameter>> all(const Call& call) {
  auto parameters = call.parts.parameters();
  if (!parameters) return std::unexpected(gateway::internal_error(auth::ServiceErrorStyle::json));
  return *std::move(parameters);
}

// "name:version" and "name:label" name one version. Public ones have the present one alone.
std::optional<std::string_view> name_of_present(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (text.starts_with("arn:") || colon == std::string_view::npos) return text;
  if (text.substr(colon + 1) != "1") return std::nullopt;
  return text.substr(0, colon);
}

// An ARN is as good as a name: arn:aws:ssm:REGION::parameter/aws/service/…
std::string_view strip_arn(std::string_view text) {
  const size_t at = text.find(":parameter/");
  return text.starts_with("arn:") && at != std::string_view::npos ? text.substr(at + 10) : text;
}

std::optional<PublicParameter> find(const std::vector<PublicParameter>& parameters, std::string_view asked) {
  const auto name = name_of_present(strip_arn(asked));
  if (!name) return std::nullopt;
  const auto found = std::ranges::find(parameters, *name, &PublicParameter::name);
  if (found == parameters.end()) return std::nullopt;
  return *found;
}

Parameter shown(const Call& call, const PublicParameter& parameter) {
  return {.name = parameter.name,
          .type = "String",
          .value = parameter.value,
          .version = 1,
          .last_modified_date = parameter.modified_at,
          .arn = parameter_arn(call.parts, call.context.principal().account, parameter.name),
          .data_type = "text"};
}

bool lies_under(std::string_view name, std::string_view path, bool recursive) {
  if (!name.starts_with(path)) return false;
  return recursive || name.find('/', path.size()) == std::string_view::npos;
}

}  // namespace

std::string parameter_arn(const Parts& parts, const AccountId& account, std::string_view name) {
  if (name.starts_with("arn:")) return std::string(name);
  const bool is_public = name.starts_with(kPublic);
  return fmt::format("arn:aws:ssm:{}:{}:parameter{}{}", parts.region, is_public ? "" : account.view(),
                     name.starts_with('/') ? "" : "/", name);
}

Result<GetParameterOutput> get_parameter(Call& call, const GetParameterInput& input) {
  const auto parameter = find(TRY(all(call)), *input.name);
  if (!parameter) return std::unexpected(parameter_not_found(fmt::format("Parameter {} not found.", *input.name)));
  return GetParameterOutput{.parameter = shown(call, *parameter)};
}

Result<GetParametersOutput> get_parameters(Call& call, const GetParametersInput& input) {
  const auto parameters = TRY(all(call));
  GetParametersOutput output{.parameters = std::vector<Parameter>(), .invalid_parameters = std::vector<std::string>()};
  std::set<std::string_view> seen;
  for (const std::string& name : *input.names) {
    if (!seen.insert(name).second) continue;
    const auto parameter = find(parameters, name);
    if (parameter) {
      output.parameters->push_back(shown(call, *parameter));
    } else {
      output.invalid_parameters->push_back(name);
    }
  }
  return output;
}

Result<GetParametersByPathOutput> get_parameters_by_path(Call& call, const GetParametersByPathInput& input) {
  if (input.parameter_filters && !input.parameter_filters->empty()) {
    return std::unexpected(invalid_filter_option("Filters are not implemented by Aerolith."));
  }
  std::string path = *input.path;
  if (!path.starts_with('/')) {
    return std::unexpected(protocol::ApiError{
        .code = "ValidationException",
        .http_status = 400,
        .message = "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a "
                   "forward slash \"/\"."});
  }
  if (!path.ends_with('/')) path += '/';
  const std::string& after = input.next_token.value_or("");
  if (!after.empty() && !after.starts_with('/'))
    return std::unexpected(invalid_next_token("The specified token is not valid."));
  const auto limit = static_cast<size_t>(input.max_results.value_or(kMostByPath));
  GetParametersByPathOutput output{.parameters = std::vector<Parameter>()};
  for (const PublicParameter& parameter : TRY(all(call))) {
    if (parameter.name <= after || !lies_under(parameter.name, path, input.recursive.value_or(false))) continue;
    if (output.parameters->size() == limit) {
      output.next_token = output.parameters->back().name;
      break;
    }
    output.parameters->push_back(shown(call, parameter));
  }
  return output;
}

}  // namespace aerolith::ssm
