// Whether an account may let everybody use its snapshots and images of a region.
// https://docs.aws.amazon.com/ebs/latest/userguide/block-public-access-snapshots.html
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/block-public-access-to-amis.html
#pragma once

#include <cstdint>
#include <string_view>

#include "metadata/table.h"
#include "services/ec2/resources.h"

namespace aerolith::ec2 {

// Values are stored: they never change.
enum class PublicSharing : uint8_t {
  unblocked = 0,
  block_new_sharing = 1,
  block_all_sharing = 2,  // what is shared with everybody stays written so, and is as if it weren't
};
std::string_view name_of(PublicSharing state);

// Of an account in a region.
struct PublicSharingRecord {
  static constexpr uint32_t kVersion = 1;
  PublicSharing state = PublicSharing::unblocked;
};
template <class Archive>
void fields(Archive& archive, PublicSharingRecord& r) {
  archive(r.state);
}
inline const metadata::Table<PublicSharingRecord, AccountId, RegionName> kPublicSharing{"ec2.snapshot_public_sharing"};

inline const metadata::Table<PublicSharingRecord, AccountId, RegionName> kImageSharing{"ec2.image_public_sharing"};

Result<PublicSharing> public_sharing_of(metadata::ReadTransaction& txn, const Scope& scope);
// Of images, of which what is shared stays so: never block_all_sharing.
Result<PublicSharing> image_sharing_of(metadata::ReadTransaction& txn, const Scope& scope);

}  // namespace aerolith::ec2
