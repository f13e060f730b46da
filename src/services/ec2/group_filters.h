// Filters of security groups that several calls have.
#pragma once

#include "services/ec2/filters.h"
#include "services/ec2/network_tables.h"

namespace aerolith::ec2 {

using GroupFilter = FilterDefinition<GroupRecord>;

inline constexpr GroupFilter kGroupId{
    "group-id", [](const Lookup&, const GroupRecord& r) -> Result<Strings> { return Strings{r.id}; }};
inline constexpr GroupFilter kGroupName{
    "group-name", [](const Lookup&, const GroupRecord& r) -> Result<Strings> { return Strings{r.name}; }};
inline constexpr GroupFilter kGroupDescription{
    "description", [](const Lookup&, const GroupRecord& r) -> Result<Strings> { return Strings{r.description}; }};
inline constexpr GroupFilter kGroupVpc{
    "vpc-id", [](const Lookup&, const GroupRecord& r) -> Result<Strings> { return Strings{r.vpc}; }};

}  // namespace aerolith::ec2
