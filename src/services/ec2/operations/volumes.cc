// Volumes, as far as instances bring them along: shown here, made and removed with their instance.
#include <array>

#include "ec2/operations/describe_volumes.h"
#include "services/ec2/describe.h"
#include "services/ec2/instance_tables.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/tags.h"
#include "services/ec2/zones.h"

namespace aerolith::ec2 {
namespace {

using Record = VolumeRecord;
using Definition = FilterDefinition<Record>;
Strings unless_empty(const std::string& value) { return value.empty() ? Strings() : Strings{value}; }
std::string state_of(const Record& record) { return record.instance.empty() ? "available" : "in-use"; }

constexpr std::array kFilters{
    Definition{"volume-id", [](const Lookup&, const Record& r) -> Result<Strings> { return Strings{r.id}; }},
    Definition{"attachment.instance-id",
               [](const Lookup&, const Record& r) -> Result<Strings> { return unless_empty(r.instance); }},
    Definition{"attachment.device",
               [](const Lookup&, const Record& r) -> Result<Strings> { return unless_empty(r.device); }},
    Definition{"attachment.delete-on-termination",
               [](const Lookup&, const Record& r) -> Result<Strings> {
                 return r.instance.empty() ? Strings() : Strings{flag(r.delete_on_termination)};
               }},
    Definition{"attachment.status",
               [](const Lookup&, const Record& r) -> Result<Strings> {
                 return r.instance.empty() ? Strings() : Strings{"attached"};
               }},
    Definition{"availability-zone", [](const Lookup&, const Record& r) -> Result<Strings> { return Strings{r.zone}; }},
    Definition{"encrypted",
               [](const Lookup&, const Record& r) -> Result<Strings> { return Strings{flag(r.encrypted)}; }},
    Definition{"size",
               [](const Lookup&, const Record& r) -> Result<Strings> { return Strings{std::to_string(r.size_gib)}; }},
    Definition{"snapshot-id",
               [](const Lookup&, const Record& r) -> Result<Strings> { return unless_empty(r.snapshot); }},
    Definition{"status", [](const Lookup&, const Record& r) -> Result<Strings> { return Strings{state_of(r)}; }},
    Definition{"volume-type", [](const Lookup&, const Record& r) -> Result<Strings> { return Strings{r.type}; }},
};

std::optional<int32_t> iops_of(const Record& record) {
  constexpr int32_t kGp3Iops = 3000;
  constexpr int32_t kGp2Least = 100;
  constexpr int32_t kGp2Most = 16000;
  if (record.iops) return record.iops;
  if (record.type == "gp3") return kGp3Iops;
  if (record.type == "gp2") return std::clamp(3 * record.size_gib, kGp2Least, kGp2Most);
  return std::nullopt;
}

Volume to_wire(const Scope& scope, const Record& record, const TagMap& tags) {
  constexpr int32_t kGp3Throughput = 125;
  Volume volume{.iops = iops_of(record),
                .tags = wire_tags(tags),
                .volume_type = record.type,
                .multi_attach_enabled = false,
                .volume_id = record.id,
                .size = record.size_gib,
                .snapshot_id = record.snapshot,
                .availability_zone = record.zone,
                .state = state_of(record),
                .create_time = record.created_at,
                .attachments = std::vector<VolumeAttachment>(),
                .encrypted = record.encrypted};
  if (record.type == "gp3") volume.throughput = record.throughput.value_or(kGp3Throughput);
  if (const auto zone = find_zone(scope.region, record.zone)) volume.availability_zone_id = zone->id;
  if (!record.instance.empty()) {
    volume.attachments->push_back({.delete_on_termination = record.delete_on_termination,
                                   .volume_id = record.id,
                                   .instance_id = record.instance,
                                   .device = record.device,
                                   .state = "attached",
                                   .attach_time = record.attached_at});
  }
  return volume;
}

}  // namespace

Result<DescribeVolumesOutput> describe_volumes(Call& call, const DescribeVolumesInput& input) {
  const auto txn = call.read();
  const auto page = TRY(describe<Record>(*txn, call.scope, kVolumes, kFilters,
                                         {input.volume_ids, input.filters, input.max_results, input.next_token}));
  DescribeVolumesOutput output{.next_token = page.next_token, .volumes = std::vector<Volume>()};
  for (const auto& [record, tags] : page.items) output.volumes->push_back(to_wire(call.scope, record, tags));
  return output;
}

}  // namespace aerolith::ec2
