// Snapshots that are written and read block by block: what the room of the EBS direct APIs needs of EC2, whose records
// they are. Included by way of api.h.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/strong_string.h"
#include "base/time.h"
#include "blocks/manifest.h"
#include "blocks/volumes.h"
#include "metadata/store.h"

namespace aerolith::ec2 {

enum class DirectFault : uint8_t {
  not_found,        // none that the caller may see
  not_permitted,    // it may be seen, and not be used so
  wrong_state,      // the call needs it pending, or completed
  bad_volume_size,  // smaller than the parent
  bad_index,        // beyond the volume's end
  bad_count,        // other blocks were written than the caller says
  bad_checksum,
  bad_key,       // none of the account's
  bad_parent,    // its blocks aren't encrypted, and the snapshot's are to be
  token_reused,  // with other parameters
  unavailable,   // this installation keeps no volumes
  no_space,
  busy,    // others change the same thing: again
  failed,  // the machine; logged
};

// `detail` is a sentence for the caller.
struct DirectError : Failure<DirectFault> {
  DirectError(DirectFault fault, std::string sentence) : Failure{fault, std::move(sentence)} {}
  DirectError(const metadata::Error& error);
  DirectError(const blocks::VolumeError& error);
};
template <typename T = void>
using DirectResult = aerolith::Result<T, DirectError>;

struct DirectCaller {
  AccountId account;
  aerolith::Region region;
  Timestamp now;
};

struct NewUpload {
  int32_t size_gib = 0;
  std::string parent;  // empty: none
  std::string description;
  std::map<std::string, std::string> tags;
  int32_t timeout_minutes = 60;     // without a block, or without an end after the last one
  std::optional<bool> encrypted{};  // as the parent and the account's default have it, where it isn't said
  std::optional<std::string> kms_key{};
  std::string token;       // empty: none
  std::string parameters;  // what must be the same where the token is
};

struct DirectSnapshot {
  std::string id;
  std::string owner;
  std::string state;   // "pending", "completed", "error"
  std::string origin;  // snapshots of the same one are of one lineage
  std::string description;
  int32_t size_gib = 0;
  std::string kms_key;  // an ARN; empty: it isn't encrypted
  Timestamp started_at;
};

struct NewBlock {
  uint64_t index = 0;
  std::string_view bytes;
  std::string_view sha256;  // of the bytes, raw
  std::optional<int32_t> progress;
};

struct UploadClaims {
  uint64_t block_count = 0;
  std::optional<std::string> checksum;  // SHA-256 of the blocks' SHA-256s by rising index; raw
};

// Safe from any thread; may block. What changes is durable on return.
class DirectSnapshots {
 public:
  virtual ~DirectSnapshots() = default;

  // A pending snapshot. The same token again: what it made, and nothing is made.
  virtual DirectResult<DirectSnapshot> start(const DirectCaller& caller, const NewUpload& wanted) = 0;
  // Replaces one of the same index.
  virtual DirectResult<> put(const DirectCaller& caller, const std::string& snapshot, const NewBlock& block) = 0;
  // No block can be put any more; it is completed in the background. Again: nothing happens. -> its state
  virtual DirectResult<std::string> complete(const DirectCaller& caller, const std::string& snapshot,
                                             const UploadClaims& claims) = 0;

  // One that the caller may read, or wrong_state.
  virtual DirectResult<DirectSnapshot> find_completed(const DirectCaller& caller, const std::string& snapshot) = 0;
  // Of one that was found.
  virtual DirectResult<std::shared_ptr<const blocks::Manifest>> manifest(const std::string& snapshot) = 0;
  virtual DirectResult<std::string> read(const std::string& snapshot, uint64_t index) = 0;
  // The account that has it; empty where there is none, or it can't be read.
  virtual std::string owner(const aerolith::Region& region, const std::string& snapshot) = 0;
  // Those that the caller's account has given it; none where they can't be read.
  virtual std::map<std::string, std::string> tags(const AccountId& account, const aerolith::Region& region,
                                                  const std::string& snapshot) = 0;
};

}  // namespace aerolith::ec2
