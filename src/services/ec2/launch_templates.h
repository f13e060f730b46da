// Launch templates and their versions, as several operations look for them.
#pragma once

#include <optional>
#include <string>

#include "services/ec2/instance_tables.h"

namespace aerolith::ec2 {

struct FoundVersion {
  int64_t number = 0;
  TemplateVersionRecord record;
};

// By id or by name. InvalidLaunchTemplateId.NotFound, InvalidLaunchTemplateName.NotFoundException.
Result<LaunchTemplateRecord> find_template(metadata::ReadTransaction& txn, const Scope& scope,
                                           const std::optional<std::string>& id,
                                           const std::optional<std::string>& name);
// A number, "$Latest" or "$Default". InvalidLaunchTemplateId.VersionNotFound.
Result<FoundVersion> find_version(metadata::ReadTransaction& txn, const Scope& scope, const LaunchTemplateRecord& found,
                                  const std::string& version);
inline std::string template_name_key(const std::string& name) { return "launch-template/" + name; }

}  // namespace aerolith::ec2
