#include "services/ec2/launch_templates.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "ec2/model/iam_instance_profile.h"
#include "ec2/model/placement.h"
#include "ec2/operations/create_launch_template.h"
#include "ec2/operations/create_launch_template_version.h"
#include "ec2/operations/delete_launch_template.h"
#include "ec2/operations/delete_launch_template_versions.h"
#include "ec2/operations/describe_launch_template_versions.h"
#include "ec2/operations/describe_launch_templates.h"
#include "ec2/operations/modify_launch_template.h"
#include "ec2/schema.h"
#include "protocol/struct_json.h"
#include "services/ec2/describe.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/shown_values.h"
#include "services/ec2/tags.h"
#include "services/ec2/tokens.h"

namespace aerolith::ec2 {
namespace {

using LaunchTemplateFilter = FilterDefinition<LaunchTemplateRecord>;
constexpr std::array kLaunchTemplateFilters{
    LaunchTemplateFilter{
        "launch-template-name",
        [](const Lookup&, const LaunchTemplateRecord& r) -> Result<Strings> { return Strings{r.name}; }},
    LaunchTemplateFilter{"create-time",
                         [](const Lookup&, const LaunchTemplateRecord& r) -> Result<Strings> {
                           return Strings{format_iso8601_millis(r.created_at)};
                         }},
};

// As the answer shows it.
template <Path path>
Result<Strings> at(const Lookup&, const LaunchTemplateVersion& version) {
  return values_at(schema::kLaunchTemplateVersion, &version, path.view());
}
using VersionDefinition = FilterDefinition<LaunchTemplateVersion>;
constexpr std::array kVersionFilters{
    VersionDefinition{"create-time", &at<"CreateTime">},
    VersionDefinition{"ebs-optimized", &at<"LaunchTemplateData.EbsOptimized">},
    VersionDefinition{"http-endpoint", &at<"LaunchTemplateData.MetadataOptions.HttpEndpoint">},
    VersionDefinition{"http-protocol-ipv4",
                      [](const Lookup&, const LaunchTemplateVersion&) -> Result<Strings> { return Strings(); }},
    VersionDefinition{"host-resource-group-arn", &at<"LaunchTemplateData.Placement.HostResourceGroupArn">},
    VersionDefinition{"http-tokens", &at<"LaunchTemplateData.MetadataOptions.HttpTokens">},
    VersionDefinition{"iam-instance-profile", &at<"LaunchTemplateData.IamInstanceProfile.Arn">},
    VersionDefinition{"image-id", &at<"LaunchTemplateData.ImageId">},
    VersionDefinition{"instance-type", &at<"LaunchTemplateData.InstanceType">},
    VersionDefinition{"is-default-version", &at<"DefaultVersion">},
    VersionDefinition{"kernel-id", &at<"LaunchTemplateData.KernelId">},
    VersionDefinition{"license-configuration-arn",
                      &at<"LaunchTemplateData.LicenseSpecifications.LicenseConfigurationArn">},
    VersionDefinition{"network-card-index", &at<"LaunchTemplateData.NetworkInterfaces.NetworkCardIndex">},
    VersionDefinition{"ram-disk-id", &at<"LaunchTemplateData.RamDiskId">},
};

LaunchTemplate to_wire(const LaunchTemplateRecord& record, const TagMap& tags) {
  return {.launch_template_id = record.id,
          .launch_template_name = record.name,
          .create_time = record.created_at,
          .created_by = record.created_by,
          .default_version_number = record.default_version,
          .latest_version_number = record.latest_version,
          .tags = wire_tags(tags)};
}

Result<LaunchTemplateVersion> to_wire(const LaunchTemplateRecord& found, int64_t number,
                                      const TemplateVersionRecord& record) {
  LaunchTemplateVersion version{.launch_template_id = found.id,
                                .launch_template_name = found.name,
                                .version_number = number,
                                .version_description = record.description,
                                .create_time = record.created_at,
                                .created_by = record.created_by,
                                .default_version = number == found.default_version};
  // What was asked for and what is shown have the same members.
  ResponseLaunchTemplateData data;
  const auto decoded = protocol::struct_from_json(schema::kResponseLaunchTemplateData, record.data, &data);
  if (!decoded.has_value())
    return errors::internal_error("a launch template doesn't decode: " + decoded.error().detail);
  version.launch_template_data = std::move(data);
  return version;
}

TemplateVersionRecord make_version(const Call& call, const std::optional<std::string>& description,
                                   const RequestLaunchTemplateData& data) {
  return {.description = description,
          .created_at = call.context.now,
          .created_by = call.context.principal().arn,
          .data = protocol::struct_to_json(schema::kRequestLaunchTemplateData, &data)};
}

Result<> check_template_name(const std::string& name) {
  const bool fine = name.size() >= 3 && name.size() <= 128 && std::ranges::all_of(name, [](char c) {
                      return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                             std::string_view("()./_-").find(c) != std::string_view::npos;
                    });
  if (fine) return {};
  return errors::of("InvalidLaunchTemplateName.MalformedException",
                    "A launch template name must be between 3 and 128 characters, and may contain letters, numbers, "
                    "and the following characters: - ( ) . / _.");
}

Result<int64_t> read_number(const std::string& text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return errors::of("InvalidLaunchTemplateId.VersionNotFound",
                    fmt::format("Invalid launch template version: {}", text));
}

void put_version(metadata::Transaction& txn, const Scope& scope, const LaunchTemplateRecord& record, int64_t number,
                 const TemplateVersionRecord& version) {
  kTemplateVersions.put(txn, {scope.account, scope.region, record.id, number}, version);
}

}  // namespace

Result<CreateLaunchTemplateOutput> create_launch_template(Call& call, const CreateLaunchTemplateInput& input) {
  TRY(check_template_name(*input.launch_template_name));
  const TagMap tags = TRY(tags_to_make(input.tag_specifications, Kind::launch_template));
  auto record = TRY(call.write([&](metadata::Transaction& txn) -> Result<LaunchTemplateRecord> {
    if (const auto made = TRY(find_made(txn, call, input.client_token))) {
      return kLaunchTemplates.get(txn, call.scope, *made);
    }
    const std::string key = template_name_key(*input.launch_template_name);
    if (TRY(kNames.get(txn, {call.scope.account, call.scope.region, key}))) {
      return errors::of("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.");
    }
    LaunchTemplateRecord made{.id = make_id(Kind::launch_template), .name = *input.launch_template_name};
    made.created_at = call.context.now;
    made.created_by = call.context.principal().arn;
    kLaunchTemplates.put(txn, call.scope, made);
    kNames.put(txn, {call.scope.account, call.scope.region, key}, {.owner = made.id});
    put_version(txn, call.scope, made, 1, make_version(call, input.version_description, *input.launch_template_data));
    put_tags(txn, call.scope, made.id, tags);
    remember_made(txn, call, input.client_token, made.id);
    return made;
  }));
  // Member by member: g++ 12 warns falsely of the rest where it is named in one expression.
  CreateLaunchTemplateOutput output;
  output.launch_template = to_wire(record, tags);
  return output;
}

Result<CreateLaunchTemplateVersionOutput> create_launch_template_version(
    Call& call, const CreateLaunchTemplateVersionInput& input) {
  auto version = TRY(call.write([&](metadata::Transaction& txn) -> Result<LaunchTemplateVersion> {
    LaunchTemplateRecord record =
        TRY(find_template(txn, call.scope, input.launch_template_id, input.launch_template_name));
    if (const auto made = TRY(find_made(txn, call, input.client_token))) {
      const auto found = TRY(find_version(txn, call.scope, record, *made));
      return to_wire(record, found.number, found.record);
    }
    TemplateVersionRecord made = make_version(call, input.version_description, *input.launch_template_data);
    if (input.source_version) {
      const auto source = TRY(find_version(txn, call.scope, record, *input.source_version));
      RequestLaunchTemplateData merged;
      const auto base = protocol::struct_from_json(schema::kRequestLaunchTemplateData, source.record.data, &merged);
      const auto added = protocol::struct_from_json(schema::kRequestLaunchTemplateData, made.data, &merged);
      if (!base.has_value() || !added.has_value()) return errors::internal_error("a launch template doesn't decode");
      made = make_version(call, input.version_description, merged);
    }
    ++record.latest_version;
    kLaunchTemplates.put(txn, call.scope, record);
    put_version(txn, call.scope, record, record.latest_version, made);
    remember_made(txn, call, input.client_token, std::to_string(record.latest_version));
    return to_wire(record, record.latest_version, made);
  }));
  CreateLaunchTemplateVersionOutput output;
  output.launch_template_version = std::move(version);
  return output;
}

Result<DescribeLaunchTemplatesOutput> describe_launch_templates(Call& call, const DescribeLaunchTemplatesInput& input) {
  const auto txn = call.read();
  auto ids = input.launch_template_ids;
  for (const std::string& name : input.launch_template_names.value_or(Strings())) {
    if (!ids) ids.emplace();
    const auto named = TRY(kNames.get(*txn, {call.scope.account, call.scope.region, template_name_key(name)}));
    if (!named) {
      return errors::of("InvalidLaunchTemplateName.NotFoundException",
                        "At least one of the launch templates specified in the request does not exist.");
    }
    ids->push_back(named->owner);
  }
  const auto page = TRY(describe<LaunchTemplateRecord>(*txn, call.scope, kLaunchTemplates, kLaunchTemplateFilters,
                                                       {ids, input.filters, input.max_results, input.next_token}));
  DescribeLaunchTemplatesOutput output{.launch_templates = std::vector<LaunchTemplate>(),
                                       .next_token = page.next_token};
  for (const auto& [record, tags] : page.items) output.launch_templates->push_back(to_wire(record, tags));
  return output;
}

namespace {

// Of all templates at once only those can be meant that each has.
Result<> check_of_all(const Strings& versions) {
  const bool fits = std::ranges::all_of(
      versions, [](const std::string& version) { return version == "$Latest" || version == "$Default"; });
  if (fits && !versions.empty()) return {};
  return errors::of(
      versions.empty() ? "MissingParameter" : "InvalidParameterValue",
      "To describe the launch template data for all your launch templates, for ‘--versions’ specify ‘$Latest’, "
      "‘$Default’, or both, and omit ‘--launch-template-id’, ‘--launch-template-name’, and version numbers. To "
      "describe the launch template data for a specific launch template, specify ‘--launch-template-id’ or "
      "‘--launch-template-name’, and for ‘--versions’ specify one or more of the following values: ‘$Latest’, "
      "‘$Default’, or one or more version numbers.");
}

}  // namespace

Result<DescribeLaunchTemplateVersionsOutput> describe_launch_template_versions(
    Call& call, const DescribeLaunchTemplateVersionsInput& input) {
  TRY(check_filters<LaunchTemplateVersion>(input.filters, kVersionFilters));
  if (!input.launch_template_id && !input.launch_template_name) TRY(check_of_all(input.versions.value_or(Strings())));
  const auto txn = call.read();
  const Lookup lookup{.txn = *txn, .scope = call.scope};
  DescribeLaunchTemplateVersionsOutput output{.launch_template_versions = std::vector<LaunchTemplateVersion>()};
  const auto add = [&](LaunchTemplateVersion version) -> Result<> {
    const bool wanted = TRY(matches<LaunchTemplateVersion>(input.filters, kVersionFilters, lookup, version, {}));
    if (wanted) output.launch_template_versions->push_back(std::move(version));
    return {};
  };
  std::vector<LaunchTemplateRecord> templates;
  if (input.launch_template_id || input.launch_template_name) {
    templates.push_back(TRY(find_template(*txn, call.scope, input.launch_template_id, input.launch_template_name)));
  } else {
    templates = TRY(kLaunchTemplates.all(*txn, call.scope));
  }
  for (const LaunchTemplateRecord& record : templates) {
    if (input.versions && !input.versions->empty()) {
      for (const std::string& wanted : *input.versions) {
        const auto found = TRY(find_version(*txn, call.scope, record, wanted));
        TRY(add(TRY(to_wire(record, found.number, found.record))));
      }
      continue;
    }
    const int64_t least = input.min_version ? TRY(read_number(*input.min_version)) : 1;
    const int64_t most = input.max_version ? TRY(read_number(*input.max_version)) : record.latest_version;
    // The newest first, as EC2 shows them.
    auto rows =
        kTemplateVersions.scan(*txn, metadata::Direction::backward, call.scope.account, call.scope.region, record.id);
    while (TRY(rows.next())) {
      const int64_t number = std::get<3>(rows.key());
      if (number < least || number > most) continue;
      TRY(add(TRY(to_wire(record, number, TRY(rows.record())))));
    }
  }
  const std::string after = TRY(read_token(input.next_token));
  const size_t begin = after.empty() ? 0 : static_cast<size_t>(TRY(read_number(after)));
  auto& all = *output.launch_template_versions;
  const size_t limit = input.max_results ? static_cast<size_t>(*input.max_results) : all.size();
  const size_t first = std::min(begin, all.size());
  const size_t last = std::min(first + limit, all.size());
  if (last < all.size()) output.next_token = make_token(std::to_string(last));
  all.erase(all.begin() + static_cast<std::ptrdiff_t>(last), all.end());
  all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(first));
  return output;
}

Result<ModifyLaunchTemplateOutput> modify_launch_template(Call& call, const ModifyLaunchTemplateInput& input) {
  if (input.launch_template_id && input.launch_template_name) {
    return errors::invalid_combination(
        "Either provide launch template ID or launch template name to modify the template.");
  }
  TagMap tags;
  auto record = TRY(call.write([&](metadata::Transaction& txn) -> Result<LaunchTemplateRecord> {
    LaunchTemplateRecord found =
        TRY(find_template(txn, call.scope, input.launch_template_id, input.launch_template_name));
    if (input.default_version) {
      auto version = find_version(txn, call.scope, found, *input.default_version);
      if (!version.has_value() && version.error().code == "InvalidLaunchTemplateId.VersionNotFound") {
        return errors::of(version.error().code,
                          fmt::format("The launch template version {} is not found for the specified launch template.",
                                      *input.default_version));
      }
      found.default_version = TRY(std::move(version)).number;
    }
    kLaunchTemplates.put(txn, call.scope, found);
    tags = TRY(tags_of(txn, call.scope, found.id));
    return found;
  }));
  return ModifyLaunchTemplateOutput{.launch_template = to_wire(record, tags)};
}

Result<DeleteLaunchTemplateOutput> delete_launch_template(Call& call, const DeleteLaunchTemplateInput& input) {
  TagMap tags;
  auto record = TRY(call.write([&](metadata::Transaction& txn) -> Result<LaunchTemplateRecord> {
    const LaunchTemplateRecord found =
        TRY(find_template(txn, call.scope, input.launch_template_id, input.launch_template_name));
    tags = TRY(tags_of(txn, call.scope, found.id));
    for (int64_t number = 1; number <= found.latest_version; ++number) {
      kTemplateVersions.erase(txn, {call.scope.account, call.scope.region, found.id, number});
    }
    kNames.erase(txn, {call.scope.account, call.scope.region, template_name_key(found.name)});
    kLaunchTemplates.erase(txn, call.scope, found);
    return found;
  }));
  return DeleteLaunchTemplateOutput{.launch_template = to_wire(record, tags)};
}

Result<DeleteLaunchTemplateVersionsOutput> delete_launch_template_versions(
    Call& call, const DeleteLaunchTemplateVersionsInput& input) {
  return call.write([&](metadata::Transaction& txn) -> Result<DeleteLaunchTemplateVersionsOutput> {
    using Deleted = DeleteLaunchTemplateVersionsResponseSuccessItem;
    using Refused = DeleteLaunchTemplateVersionsResponseErrorItem;
    DeleteLaunchTemplateVersionsOutput output{
        .successfully_deleted_launch_template_versions = std::vector<Deleted>(),
        .unsuccessfully_deleted_launch_template_versions = std::vector<Refused>()};
    const LaunchTemplateRecord found =
        TRY(find_template(txn, call.scope, input.launch_template_id, input.launch_template_name));
    const auto refuse = [&](int64_t number, std::string code, std::string why) {
      output.unsuccessfully_deleted_launch_template_versions->push_back(
          {.launch_template_id = found.id,
           .launch_template_name = found.name,
           .version_number = number,
           .response_error = ResponseError{.code = std::move(code), .message = std::move(why)}});
    };
    for (const std::string& text : *input.versions) {
      const int64_t number = TRY(read_number(text));
      if (number == found.default_version) {
        refuse(number, "unexpectedError", "The default version can't be deleted.");
      } else if (!TRY(kTemplateVersions.contains(txn, {call.scope.account, call.scope.region, found.id, number}))) {
        refuse(number, "launchTemplateVersionDoesNotExist", "The launch template version does not exist.");
      } else {
        kTemplateVersions.erase(txn, {call.scope.account, call.scope.region, found.id, number});
        output.successfully_deleted_launch_template_versions->push_back(
            {.launch_template_id = found.id, .launch_template_name = found.name, .version_number = number});
      }
    }
    return output;
  });
}

}  // namespace aerolith::ec2
