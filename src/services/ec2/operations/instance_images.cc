// What instances were launched from.
#include <array>

#include "ec2/operations/describe_instance_image_metadata.h"
#include "services/ec2/describe.h"
#include "services/ec2/image_checks.h"
#include "services/ec2/instance_filters.h"
#include "services/ec2/instances.h"
#include "services/ec2/launch_plan.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/shown_image.h"
#include "services/ec2/tags.h"
#include "services/ec2/zones.h"

namespace aerolith::ec2 {
namespace {

using InstanceFilter = FilterDefinition<InstanceRecord>;
constexpr std::array kInstanceImagesFilters{
    InstanceFilter{"availability-zone",
                   [](const Lookup&, const InstanceRecord& r) -> Result<Strings> { return Strings{r.zone}; }},
    InstanceFilter{"zone-id",
                   [](const Lookup& at, const InstanceRecord& r) -> Result<Strings> {
                     const auto zone = find_zone(at.scope.region, r.zone);
                     return zone ? Strings{zone->id} : Strings();
                   }},
    InstanceFilter{"image-id",
                   [](const Lookup&, const InstanceRecord& r) -> Result<Strings> { return Strings{r.image}; }},
    InstanceFilter{"instance-state-name",
                   [](const Lookup&, const InstanceRecord& r) -> Result<Strings> {
                     return Strings{std::string(name_of(r.state))};
                   }},
    InstanceFilter{"instance-type",
                   [](const Lookup&, const InstanceRecord& r) -> Result<Strings> { return Strings{r.type}; }},
    InstanceFilter{"launch-time",
                   [](const Lookup&, const InstanceRecord& r) -> Result<Strings> {
                     return Strings{format_iso8601_millis(r.launched_at)};
                   }},
};

// No more than its id where the image is gone, or isn't the caller's to see any more.
Result<ImageMetadata> shown_image(metadata::ReadTransaction& txn, const Scope& scope, const std::string& id) {
  const auto image = TRY(kImages.find(txn, image_scope(scope), id));
  if (!image || !may_launch(scope, *image)) return ImageMetadata{.image_id = id};
  const Image all = show_image(scope, *image, {});
  return ImageMetadata{.image_id = id,
                       .name = all.name,
                       .owner_id = all.owner_id,
                       .state = all.state,
                       .image_owner_alias = all.image_owner_alias,
                       .creation_date = all.creation_date,
                       .deprecation_time = all.deprecation_time,
                       .is_public = all.public_};
}

}  // namespace

Result<DescribeInstanceImageMetadataOutput> describe_instance_image_metadata(
    Call& call, const DescribeInstanceImageMetadataInput& input) {
  const auto txn = call.read();
  const auto page =
      TRY(describe<InstanceRecord>(*txn, call.scope, kInstances, kInstanceImagesFilters,
                                   {input.instance_ids, input.filters, input.max_results, input.next_token}));
  DescribeInstanceImageMetadataOutput output{.instance_image_metadata = std::vector<InstanceImageMetadata>(),
                                             .next_token = page.next_token};
  for (const auto& [record, tags] : page.items) {
    const auto zone = find_zone(call.scope.region, record.zone);
    output.instance_image_metadata->push_back(
        {.instance_id = record.id,
         .instance_type = record.type,
         .launch_time = record.launched_at,
         .availability_zone = record.zone,
         .zone_id = zone ? std::optional(zone->id) : std::nullopt,
         .state = InstanceState{.code = static_cast<int32_t>(record.state), .name = std::string(name_of(record.state))},
         .owner_id = call.scope.account.str(),
         .tags = wire_tags(tags),
         .image_metadata = TRY(shown_image(*txn, call.scope, record.image))});
  }
  return output;
}

}  // namespace aerolith::ec2
