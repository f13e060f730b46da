// Block device mappings: of images, and of requests that change them.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/block-device-mapping-concepts.html
#pragma once

#include <optional>
#include <vector>

#include "ec2/model/block_device_mapping.h"
#include "services/ec2/instance_tables.h"

namespace aerolith::ec2 {

using Mappings = std::optional<std::vector<BlockDeviceMapping>>;

Result<BlockDeviceRecord> read_device(const BlockDeviceMapping& mapping);
// The image's, with what the request says of each; the root first.
Result<std::vector<BlockDeviceRecord>> merge_devices(const ImageRecord& image, const Mappings& asked);
// Those that are no image's are as large as the snapshots that they name, or larger. InvalidSnapshot.NotFound where the
// caller may not make volumes of one.
Result<> fit_to_snapshots(metadata::ReadTransaction& txn, const Scope& scope, const ImageRecord& image,
                          std::vector<BlockDeviceRecord>& devices);
// What the devices of a launch are encrypted with, by their order: ARNs (encryption.h), empty where one isn't.
Result<std::vector<std::string>> encrypt_devices(metadata::Transaction& txn, const Scope& scope, const Mappings& asked,
                                                 std::vector<BlockDeviceRecord>& devices);
// Of mappings that aren't a launch's: these name no keys.
Result<> refuse_keys(const Mappings& asked);
BlockDeviceMapping to_wire(const BlockDeviceRecord& device);

}  // namespace aerolith::ec2
