#include "services/ec2/launch_templates.h"

#include <fmt/format.h>

#include <charconv>

namespace aerolith::ec2 {

Result<LaunchTemplateRecord> find_template(metadata::ReadTransaction& txn, const Scope& scope,
                                           const std::optional<std::string>& id,
                                           const std::optional<std::string>& name) {
  if (id) return kLaunchTemplates.get(txn, scope, *id);
  if (!name) return errors::missing_parameter("launch template ID or launch template name");
  const auto found = TRY(kNames.get(txn, {scope.account, scope.region, template_name_key(*name)}));
  if (!found) {
    return errors::of("InvalidLaunchTemplateName.NotFoundException",
                      fmt::format("The specified launch template, with template name {}, does not exist.", *name));
  }
  return kLaunchTemplates.get(txn, scope, found->owner);
}

Result<FoundVersion> find_version(metadata::ReadTransaction& txn, const Scope& scope, const LaunchTemplateRecord& found,
                                  const std::string& version) {
  int64_t number = 0;
  if (version == "$Latest") {
    number = found.latest_version;
  } else if (version == "$Default" || version.empty()) {
    number = found.default_version;
  } else {
    const auto [end, error] = std::from_chars(version.data(), version.data() + version.size(), number);
    if (error != std::errc() || end != version.data() + version.size()) {
      return errors::of("InvalidLaunchTemplateId.VersionNotFound",
                        fmt::format("Invalid launch template version: {}", version));
    }
  }
  auto record = TRY(kTemplateVersions.get(txn, {scope.account, scope.region, found.id, number}));
  if (!record) {
    return errors::of(
        "InvalidLaunchTemplateId.VersionNotFound",
        fmt::format("Could not find the specified version {} for the launch template with ID {}.", version, found.id));
  }
  return FoundVersion{.number = number, .record = *std::move(record)};
}

}  // namespace aerolith::ec2
