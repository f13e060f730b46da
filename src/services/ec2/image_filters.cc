#include "services/ec2/image_filters.h"

#include <array>

#include "ec2/model/image.h"
#include "ec2/schema.h"
#include "services/ec2/shown_image.h"
#include "services/ec2/shown_values.h"

namespace aerolith::ec2 {
namespace {

using ImageFilter = FilterDefinition<ImageRecord>;
template <typename Project>
Result<Strings> of_devices(const ImageRecord& record, Project project) {
  Strings result;
  for (const BlockDeviceRecord& each : record.devices) result.push_back(project(each));
  return result;
}

// As the answer shows it.
template <Path path>
Result<Strings> at(const Lookup& where, const ImageRecord& record) {
  const Image all = show_image(where.scope, record, {});
  return values_at(schema::kImage, &all, path.view());
}

constexpr std::array kImageFilters{
    ImageFilter{"image-id", [](const Lookup&, const ImageRecord& r) -> Result<Strings> { return Strings{r.id}; }},
    ImageFilter{"name", [](const Lookup&, const ImageRecord& r) -> Result<Strings> { return Strings{r.name}; }},
    ImageFilter{"description",
                [](const Lookup&, const ImageRecord& r) -> Result<Strings> { return Strings{r.description}; }},
    ImageFilter{"architecture",
                [](const Lookup&, const ImageRecord& r) -> Result<Strings> { return Strings{r.architecture}; }},
    ImageFilter{"owner-id",
                [](const Lookup&, const ImageRecord& r) -> Result<Strings> { return Strings{owner_of(r)}; }},
    ImageFilter{"owner-alias",
                [](const Lookup&, const ImageRecord& r) -> Result<Strings> {
                  return r.owner.empty() ? Strings{owner_of(r)} : Strings();
                }},
    ImageFilter{"is-public",
                [](const Lookup&, const ImageRecord& r) -> Result<Strings> {
                  return Strings{flag(r.is_public || r.owner.empty())};
                }},
    ImageFilter{
        "state",
        [](const Lookup&, const ImageRecord& r) -> Result<Strings> { return Strings{std::string(name_of(r.state))}; }},
    ImageFilter{"source-instance-id",
                [](const Lookup&, const ImageRecord& r) -> Result<Strings> {
                  return r.source_instance.empty() ? Strings() : Strings{r.source_instance};
                }},
    ImageFilter{"source-image-id",
                [](const Lookup&, const ImageRecord& r) -> Result<Strings> {
                  return r.source_image.empty() ? Strings() : Strings{r.source_image};
                }},
    ImageFilter{"state-reason-message",
                [](const Lookup&, const ImageRecord& r) -> Result<Strings> {
                  return r.failure.empty() ? Strings() : Strings{r.failure};
                }},
    ImageFilter{"image-type", [](const Lookup&, const ImageRecord&) -> Result<Strings> { return Strings{"machine"}; }},
    ImageFilter{"hypervisor", [](const Lookup&, const ImageRecord&) -> Result<Strings> { return Strings{"xen"}; }},
    ImageFilter{"virtualization-type",
                [](const Lookup&, const ImageRecord&) -> Result<Strings> { return Strings{"hvm"}; }},
    ImageFilter{"root-device-type",
                [](const Lookup&, const ImageRecord&) -> Result<Strings> { return Strings{"ebs"}; }},
    ImageFilter{"root-device-name",
                [](const Lookup&, const ImageRecord& r) -> Result<Strings> { return Strings{r.root_device}; }},
    ImageFilter{"ena-support",
                [](const Lookup&, const ImageRecord& r) -> Result<Strings> { return Strings{flag(r.ena_support)}; }},
    ImageFilter{"platform", [](const Lookup&, const ImageRecord&) -> Result<Strings> { return Strings{}; }},
    ImageFilter{"creation-date",
                [](const Lookup&, const ImageRecord& r) -> Result<Strings> {
                  return Strings{format_iso8601_millis(r.created_at)};
                }},
    ImageFilter{
        "block-device-mapping.device-name",
        [](const Lookup&, const ImageRecord& r) { return of_devices(r, [](const auto& d) { return d.device; }); }},
    ImageFilter{
        "block-device-mapping.snapshot-id",
        [](const Lookup&, const ImageRecord& r) { return of_devices(r, [](const auto& d) { return d.snapshot; }); }},
    ImageFilter{
        "block-device-mapping.volume-type",
        [](const Lookup&, const ImageRecord& r) { return of_devices(r, [](const auto& d) { return d.type; }); }},
    ImageFilter{"block-device-mapping.volume-size",
                [](const Lookup&, const ImageRecord& r) {
                  return of_devices(r, [](const auto& d) { return std::to_string(d.size_gib); });
                }},
    ImageFilter{"block-device-mapping.delete-on-termination", &at<"BlockDeviceMappings.Ebs.DeleteOnTermination">},
    ImageFilter{"block-device-mapping.encrypted", &at<"BlockDeviceMappings.Ebs.Encrypted">},
    ImageFilter{"boot-mode", &at<"BootMode">},
    ImageFilter{"free-tier-eligible", &at<"FreeTierEligible">},
    ImageFilter{"image-allowed", &at<"ImageAllowed">},
    ImageFilter{"image-watermark.source-image-creation-time", &at<"ImageWatermarks.SourceImageCreationTime">},
    ImageFilter{"image-watermark.source-image-id", &at<"ImageWatermarks.SourceImageId">},
    ImageFilter{"image-watermark.source-image-region", &at<"ImageWatermarks.SourceImageRegion">},
    ImageFilter{"image-watermark.watermark-creation-time", &at<"ImageWatermarks.WatermarkCreationTime">},
    ImageFilter{"image-watermark.watermark-key", &at<"ImageWatermarks.WatermarkKey">},
    ImageFilter{"instance-type-specification.supported-instance-type",
                &at<"InstanceTypeSpecification.SupportedInstanceTypes">},
    ImageFilter{"instance-type-specification.unsupported-instance-type",
                &at<"InstanceTypeSpecification.UnsupportedInstanceTypes">},
    ImageFilter{"kernel-id", &at<"KernelId">},
    ImageFilter{"manifest-location", &at<"ImageLocation">},
    ImageFilter{"product-code", &at<"ProductCodes.ProductCodeId">},
    ImageFilter{"product-code.type", &at<"ProductCodes.ProductCodeType">},
    ImageFilter{"public-ssm-parameter-name", &at<"PublicSsmParameterName">},
    ImageFilter{"ramdisk-id", &at<"RamdiskId">},
    ImageFilter{"scan-result.critical-fix-available-since", &at<"ScanResults.CriticalFixAvailableSince">},
    ImageFilter{"scan-result.high-fix-available-since", &at<"ScanResults.HighFixAvailableSince">},
    ImageFilter{"scan-result.informational-fix-available-since", &at<"ScanResults.InformationalFixAvailableSince">},
    ImageFilter{"scan-result.low-fix-available-since", &at<"ScanResults.LowFixAvailableSince">},
    ImageFilter{"scan-result.medium-fix-available-since", &at<"ScanResults.MediumFixAvailableSince">},
    ImageFilter{"scan-result.finding-scan-date", &at<"ScanResults.FindingScanDate">},
    ImageFilter{"scan-result.highest-finding-severity-label", &at<"ScanResults.HighestFindingSeverityLabel">},
    ImageFilter{"source-image-region", &at<"SourceImageRegion">},
    ImageFilter{"state-reason-code", &at<"StateReason.Code">},
    ImageFilter{"sriov-net-support", &at<"SriovNetSupport">},
};

}  // namespace

std::span<const FilterDefinition<ImageRecord>> image_filters() { return kImageFilters; }

}  // namespace aerolith::ec2
