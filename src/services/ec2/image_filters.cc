#include "services/ec2/image_filters.h"

#include <array>

#include "ec2/model/image.h"
#include "ec2/schema.h"
#include "services/ec2/shown_image.h"
#include "services/ec2/shown_values.h"

namespace aerolith::ec2 {
namespace {

using Record = ImageRecord;
using Definition = FilterDefinition<Record>;
template <typename Project>
Result<Strings> of_devices(const Record& record, Project project) {
  Strings result;
  for (const BlockDeviceRecord& each : record.devices) result.push_back(project(each));
  return result;
}

// As the answer shows it.
template <Path path>
Result<Strings> at(const Lookup& where, const Record& record) {
  const Image all = show_image(where.scope, record, {});
  return values_at(schema::kImage, &all, path.view());
}

constexpr std::array kFilters{
    Definition{"image-id", [](const Lookup&, const Record& r) -> Result<Strings> { return Strings{r.id}; }},
    Definition{"name", [](const Lookup&, const Record& r) -> Result<Strings> { return Strings{r.name}; }},
    Definition{"description", [](const Lookup&, const Record& r) -> Result<Strings> { return Strings{r.description}; }},
    Definition{"architecture",
               [](const Lookup&, const Record& r) -> Result<Strings> { return Strings{r.architecture}; }},
    Definition{"owner-id", [](const Lookup&, const Record& r) -> Result<Strings> { return Strings{owner_of(r)}; }},
    Definition{"owner-alias",
               [](const Lookup&, const Record& r) -> Result<Strings> {
                 return r.owner.empty() ? Strings{owner_of(r)} : Strings();
               }},
    Definition{"is-public",
               [](const Lookup&, const Record& r) -> Result<Strings> {
                 return Strings{flag(r.is_public || r.owner.empty())};
               }},
    Definition{
        "state",
        [](const Lookup&, const Record& r) -> Result<Strings> { return Strings{std::string(name_of(r.state))}; }},
    Definition{"source-instance-id",
               [](const Lookup&, const Record& r) -> Result<Strings> {
                 return r.source_instance.empty() ? Strings() : Strings{r.source_instance};
               }},
    Definition{"source-image-id",
               [](const Lookup&, const Record& r) -> Result<Strings> {
                 return r.source_image.empty() ? Strings() : Strings{r.source_image};
               }},
    Definition{"state-reason-message",
               [](const Lookup&, const Record& r) -> Result<Strings> {
                 return r.failure.empty() ? Strings() : Strings{r.failure};
               }},
    Definition{"image-type", [](const Lookup&, const Record&) -> Result<Strings> { return Strings{"machine"}; }},
    Definition{"hypervisor", [](const Lookup&, const Record&) -> Result<Strings> { return Strings{"xen"}; }},
    Definition{"virtualization-type", [](const Lookup&, const Record&) -> Result<Strings> { return Strings{"hvm"}; }},
    Definition{"root-device-type", [](const Lookup&, const Record&) -> Result<Strings> { return Strings{"ebs"}; }},
    Definition{"root-device-name",
               [](const Lookup&, const Record& r) -> Result<Strings> { return Strings{r.root_device}; }},
    Definition{"ena-support",
               [](const Lookup&, const Record& r) -> Result<Strings> { return Strings{flag(r.ena_support)}; }},
    Definition{"platform", [](const Lookup&, const Record&) -> Result<Strings> { return Strings{}; }},
    Definition{
        "creation-date",
        [](const Lookup&, const Record& r) -> Result<Strings> { return Strings{format_iso8601_millis(r.created_at)}; }},
    Definition{"block-device-mapping.device-name",
               [](const Lookup&, const Record& r) { return of_devices(r, [](const auto& d) { return d.device; }); }},
    Definition{"block-device-mapping.snapshot-id",
               [](const Lookup&, const Record& r) { return of_devices(r, [](const auto& d) { return d.snapshot; }); }},
    Definition{"block-device-mapping.volume-type",
               [](const Lookup&, const Record& r) { return of_devices(r, [](const auto& d) { return d.type; }); }},
    Definition{"block-device-mapping.volume-size",
               [](const Lookup&, const Record& r) {
                 return of_devices(r, [](const auto& d) { return std::to_string(d.size_gib); });
               }},
    Definition{"block-device-mapping.delete-on-termination", &at<"BlockDeviceMappings.Ebs.DeleteOnTermination">},
    Definition{"block-device-mapping.encrypted", &at<"BlockDeviceMappings.Ebs.Encrypted">},
    Definition{"boot-mode", &at<"BootMode">},
    Definition{"free-tier-eligible", &at<"FreeTierEligible">},
    Definition{"image-allowed", &at<"ImageAllowed">},
    Definition{"image-watermark.source-image-creation-time", &at<"ImageWatermarks.SourceImageCreationTime">},
    Definition{"image-watermark.source-image-id", &at<"ImageWatermarks.SourceImageId">},
    Definition{"image-watermark.source-image-region", &at<"ImageWatermarks.SourceImageRegion">},
    Definition{"image-watermark.watermark-creation-time", &at<"ImageWatermarks.WatermarkCreationTime">},
    Definition{"image-watermark.watermark-key", &at<"ImageWatermarks.WatermarkKey">},
    Definition{"instance-type-specification.supported-instance-type",
               &at<"InstanceTypeSpecification.SupportedInstanceTypes">},
    Definition{"instance-type-specification.unsupported-instance-type",
               &at<"InstanceTypeSpecification.UnsupportedInstanceTypes">},
    Definition{"kernel-id", &at<"KernelId">},
    Definition{"manifest-location", &at<"ImageLocation">},
    Definition{"product-code", &at<"ProductCodes.ProductCodeId">},
    Definition{"product-code.type", &at<"ProductCodes.ProductCodeType">},
    Definition{"public-ssm-parameter-name", &at<"PublicSsmParameterName">},
    Definition{"ramdisk-id", &at<"RamdiskId">},
    Definition{"scan-result.critical-fix-available-since", &at<"ScanResults.CriticalFixAvailableSince">},
    Definition{"scan-result.high-fix-available-since", &at<"ScanResults.HighFixAvailableSince">},
    Definition{"scan-result.informational-fix-available-since", &at<"ScanResults.InformationalFixAvailableSince">},
    Definition{"scan-result.low-fix-available-since", &at<"ScanResults.LowFixAvailableSince">},
    Definition{"scan-result.medium-fix-available-since", &at<"ScanResults.MediumFixAvailableSince">},
    Definition{"scan-result.finding-scan-date", &at<"ScanResults.FindingScanDate">},
    Definition{"scan-result.highest-finding-severity-label", &at<"ScanResults.HighestFindingSeverityLabel">},
    Definition{"source-image-region", &at<"SourceImageRegion">},
    Definition{"state-reason-code", &at<"StateReason.Code">},
    Definition{"sriov-net-support", &at<"SriovNetSupport">},
};

}  // namespace

std::span<const FilterDefinition<ImageRecord>> image_filters() { return kFilters; }

}  // namespace aerolith::ec2
