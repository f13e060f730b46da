#include "services/ec2/direct_snapshots.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/digest.h"
#include "base/log.h"
#include "base/step.h"
#include "blocks/block_store.h"
#include "blocks/stored_block.h"
#include "blocks/uploads.h"
#include "services/ec2/encryption.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/snapshot_storage.h"
#include "services/ec2/snapshot_uploads.h"
#include "services/ec2/snapshots.h"
#include "services/ec2/volume_sizes.h"

namespace aerolith::ec2 {
namespace {

constexpr std::string_view kStart = "StartSnapshot";  // of client tokens
constexpr std::string_view kFailed = "An internal error has occurred.";
constexpr std::string_view kFull =
    "The disk that holds the data folder is full. Free some space there (df -h shows it) and try again.";

std::unexpected<DirectError> refuse(DirectFault fault, std::string sentence) {
  return std::unexpected(DirectError(fault, std::move(sentence)));
}

DirectError translate(const metadata::Error& error) {
  switch (error.code) {
    case metadata::ErrorCode::conflict:
      return {DirectFault::busy, "Other requests change the same snapshot. Try again."};
    case metadata::ErrorCode::no_space:
      return {DirectFault::no_space, std::string(kFull)};
    case metadata::ErrorCode::io:
    case metadata::ErrorCode::corrupt:
    case metadata::ErrorCode::newer_format:
    case metadata::ErrorCode::busy:
    case metadata::ErrorCode::invalid:
      break;
  }
  log_error("ec2: the metadata store failed", {{"detail", error.detail}});
  return {DirectFault::failed, std::string(kFailed)};
}

DirectError translate(const blocks::VolumeError& error) {
  if (error.code == blocks::VolumeErrorCode::no_space) return {DirectFault::no_space, std::string(kFull)};
  if (error.code == blocks::VolumeErrorCode::in_use) return {DirectFault::busy, "It is being prepared. Try again."};
  log_error("ec2: blocks of a snapshot can't be reached", {{"detail", error.detail}});
  return {DirectFault::failed, std::string(kFailed)};
}

Scope scope_of(const DirectCaller& caller) { return {.account = caller.account, .region = caller.region}; }

DirectSnapshot facts_of(const SnapshotRecord& record) {
  return {.id = record.id,
          .owner = record.owner,
          .state = std::string(name_of(record.state)),
          .origin = origin_of(record),
          .description = record.description,
          .size_gib = record.size_gib,
          .kms_key = record.kms_key,
          .started_at = record.started_at};
}

DirectResult<SnapshotRecord> get_seen(metadata::ReadTransaction& txn, const DirectCaller& caller,
                                      const std::string& id) {
  auto record = TRY(kSnapshots.rows().get(txn, {AccountId(), caller.region, id}));
  if (!record || record->is_hidden() || !TRY(may_use(txn, scope_of(caller), *record))) {
    return refuse(DirectFault::not_found, fmt::format("The snapshot '{}' does not exist.", id));
  }
  return *std::move(record);
}

// Public ones are read by nobody but their owner, and those who were given them by name.
// https://docs.aws.amazon.com/ebs/latest/userguide/ebsapi-faq.html
DirectResult<SnapshotRecord> get_readable(metadata::ReadTransaction& txn, const DirectCaller& caller,
                                          const std::string& id) {
  SnapshotRecord record = TRY(get_seen(txn, caller, id));
  const bool is_given = std::ranges::find(record.shared_with, caller.account.view()) != record.shared_with.end();
  if (record.owner != caller.account.view() && !is_given) {
    return refuse(DirectFault::not_permitted,
                  fmt::format("The snapshot '{}' is public: the EBS direct APIs don't read those of others.", id));
  }
  if (record.state != SnapshotState::completed) {
    return refuse(DirectFault::wrong_state,
                  fmt::format("The snapshot '{}' is {}: it must be completed.", id, name_of(record.state)));
  }
  const auto tier = TRY(kSnapshotTiers.get(txn, {AccountId(record.owner), caller.region, id}));
  if (!tier || !tier->is_archived) return record;
  return refuse(DirectFault::wrong_state,
                fmt::format("The snapshot '{}' is in the archive tier: it must be restored first.", id));
}

// One that StartSnapshot made, pending or not.
DirectResult<SnapshotRecord> get_own_upload(metadata::ReadTransaction& txn, const DirectCaller& caller,
                                            const std::string& id) {
  SnapshotRecord record = TRY(get_seen(txn, caller, id));
  if (record.owner != caller.account.view()) {
    return refuse(DirectFault::not_permitted,
                  fmt::format("The snapshot '{}' belongs to another account: it can only be read.", id));
  }
  if (record.source == SnapshotSource::blocks) return record;
  return refuse(DirectFault::wrong_state, fmt::format("The snapshot '{}' wasn't made by StartSnapshot.", id));
}

DirectResult<SnapshotRecord> get_writable(metadata::ReadTransaction& txn, const DirectCaller& caller,
                                          const std::string& id) {
  SnapshotRecord record = TRY(get_own_upload(txn, caller, id));
  const auto upload = TRY(kUploads.get(txn, {caller.region, id}));
  if (record.state == SnapshotState::pending && upload && !upload->sealed) return record;
  const std::string_view state = record.state == SnapshotState::pending ? "being completed" : name_of(record.state);
  return refuse(DirectFault::wrong_state, fmt::format("The snapshot '{}' is {}: it must be pending.", id, state));
}

std::string aggregate(const PutBlocks& blocks) {
  Digest all(DigestKind::sha256);
  for (const auto& [index, block] : blocks) all.update(block.sha256);
  return all.finish();
}

class Direct final : public DirectSnapshots {
 public:
  explicit Direct(const Cloud& cloud) : cloud_(cloud) {}

  DirectResult<DirectSnapshot> start(const DirectCaller& caller, const NewUpload& wanted) override {
    TRY(require_volumes());
    const std::string id = make_id(Kind::snapshot);
    const SnapshotRecord made = TRY(metadata::run_transaction(
        cloud_.metadata, [&](metadata::Transaction& txn) { return put_record(txn, caller, wanted, id); }));
    if (made.id == id) cloud_.snapshot_changed(scope_of(caller), id);
    return facts_of(made);
  }

  DirectResult<> put(const DirectCaller& caller, const std::string& snapshot, const NewBlock& block) override {
    TRY(require_volumes());
    const SnapshotRecord record = TRY(get_writable(*cloud_.metadata.begin_read(), caller, snapshot));
    if (block.index >= static_cast<uint64_t>(record.size_gib) * (kGib / blocks::kBlockBytes)) {
      return refuse(DirectFault::bad_index,
                    fmt::format("Block {} lies beyond the end of a volume of {} GiB.", block.index, record.size_gib));
    }
    PutBlockRecord row{.sha256 = std::string(block.sha256), .at = caller.now};
    if (!blocks::is_zero(block.bytes)) row.place = TRY(append_block(cloud_, record, block.bytes));
    step("upload/block-written");
    const auto noted = metadata::run_transaction(cloud_.metadata, [&](metadata::Transaction& txn) -> DirectResult<> {
      TRY(get_writable(txn, caller, snapshot));
      kPutBlocks.put(txn, {caller.region, snapshot, block.index}, row);
      return {};
    });
    if (!noted.has_value()) {
      take_back(caller.region, snapshot);
      return noted;
    }
    if (block.progress && *block.progress > record.percent) note_progress(caller.region, snapshot, *block.progress);
    return {};
  }

  DirectResult<std::string> complete(const DirectCaller& caller, const std::string& snapshot,
                                     const UploadClaims& claims) override {
    TRY(require_volumes());
    const auto state =
        TRY(metadata::run_transaction(cloud_.metadata, [&](metadata::Transaction& txn) -> DirectResult<SnapshotState> {
          const SnapshotRecord record = TRY(get_own_upload(txn, caller, snapshot));
          if (record.state == SnapshotState::completed) return record.state;
          auto upload = TRY(kUploads.get(txn, {caller.region, snapshot}));
          if (record.state == SnapshotState::pending && upload && upload->sealed) return record.state;
          TRY(get_writable(txn, caller, snapshot));
          TRY(check_claims(claims, TRY(put_blocks_of(txn, caller.region, snapshot))));
          upload->sealed = true;
          upload->sealed_at = caller.now;
          kUploads.put(txn, {caller.region, snapshot}, *upload);
          return record.state;
        }));
    step("upload/sealed");
    if (state == SnapshotState::pending) cloud_.snapshot_changed(scope_of(caller), snapshot);
    return std::string(name_of(state));
  }

  DirectResult<DirectSnapshot> find_completed(const DirectCaller& caller, const std::string& snapshot) override {
    TRY(require_volumes());
    return facts_of(TRY(get_readable(*cloud_.metadata.begin_read(), caller, snapshot)));
  }

  DirectResult<std::shared_ptr<const blocks::Manifest>> manifest(const std::string& snapshot) override {
    TRY(require_volumes());
    // Of an earlier version of ours.
    if (!cloud_.volumes->blocks().contains(snapshot)) TRY(cloud_.volumes->move_to_blocks(snapshot, {}));
    return TRY(cloud_.volumes->blocks().manifest(snapshot));
  }

  DirectResult<std::string> read(const std::string& snapshot, uint64_t index) override {
    TRY(manifest(snapshot));
    return TRY(cloud_.volumes->blocks().read(snapshot, index));
  }

  std::string owner(const RegionName& region, const std::string& snapshot) override {
    const auto found = kSnapshots.rows().newest(cloud_.metadata, {AccountId(), region, snapshot});
    return found.has_value() && *found ? (*found)->owner : std::string();
  }

  std::map<std::string, std::string> tags(const AccountId& account, const RegionName& region,
                                          const std::string& snapshot) override {
    const auto found = kTags.newest(cloud_.metadata, {account, region, snapshot});
    return found.has_value() && *found ? (*found)->tags : std::map<std::string, std::string>();
  }

 private:
  DirectResult<> require_volumes() const {
    if (cloud_.volumes != nullptr && cloud_.uploads != nullptr) return {};
    return refuse(DirectFault::unavailable,
                  "This installation keeps no volumes and snapshots. `aerolith doctor` says what it lacks.");
  }

  static DirectResult<SnapshotRecord> put_record(metadata::Transaction& txn, const DirectCaller& caller,
                                                 const NewUpload& wanted, const std::string& id) {
    const auto token_key = std::tuple(caller.account, caller.region, std::string(kStart), wanted.token);
    if (!wanted.token.empty()) {
      if (const auto known = TRY(kTokens.get(txn, token_key))) {
        if (known->parameters == wanted.parameters) return get_seen(txn, caller, known->id);
        return refuse(DirectFault::token_reused, "The client token was used before, with other parameters.");
      }
      kTokens.put(txn, token_key, {.parameters = wanted.parameters, .id = id, .at = caller.now});
    }
    SnapshotRecord record{.id = id,
                          .owner = caller.account.str(),
                          .volume = std::string(kNoVolume),
                          .size_gib = wanted.size_gib,
                          .description = wanted.description,
                          .started_at = caller.now,
                          .source = SnapshotSource::blocks,
                          .origin = id};
    bool is_parent_encrypted = false;
    if (!wanted.parent.empty()) {
      const SnapshotRecord parent = TRY(get_readable(txn, caller, wanted.parent));
      if (parent.size_gib > wanted.size_gib) {
        return refuse(DirectFault::bad_volume_size,
                      fmt::format("The volume size {} GiB is smaller than that of the parent snapshot, {} GiB.",
                                  wanted.size_gib, parent.size_gib));
      }
      record.base = parent.id;
      is_parent_encrypted = parent.encrypted;
      record.origin = origin_of(parent);
    }
    const auto key =
        choose_key(txn, scope_of(caller),
                   {.encrypted = wanted.encrypted, .kms_key = wanted.kms_key, .of_encrypted = is_parent_encrypted});
    if (!key.has_value()) return refuse(DirectFault::bad_key, key.error().message);
    record.kms_key = *key;
    record.encrypted = !key->empty();
    if (!record.base.empty() && record.encrypted != is_parent_encrypted) {
      return refuse(
          DirectFault::bad_parent,
          fmt::format("The snapshot would be encrypted, and its parent {} isn't: a copy of that is.", record.base));
    }
    kSnapshots.rows().put(txn, {AccountId(), caller.region, id}, record);
    kUploads.put(txn, {caller.region, id}, {.timeout_minutes = wanted.timeout_minutes});
    put_tags(txn, scope_of(caller), id, wanted.tags);
    return record;
  }

  static DirectResult<> check_claims(const UploadClaims& claims, const PutBlocks& blocks) {
    if (claims.block_count != blocks.size()) {
      return refuse(DirectFault::bad_count, fmt::format("The changed blocks count {} isn't that of the blocks that "
                                                        "were written, {}.",
                                                        claims.block_count, blocks.size()));
    }
    if (!claims.checksum || *claims.checksum == aggregate(blocks)) return {};
    return refuse(DirectFault::bad_checksum, "The checksum isn't that of the blocks that were written.");
  }

  // A block that came too late may have made the file of an upload anew that is over.
  void take_back(const RegionName& region, const std::string& snapshot) const {
    const auto upload = kUploads.newest(cloud_.metadata, {region, snapshot});
    if (upload.has_value() && !*upload) (void)cloud_.uploads->remove(snapshot);
  }

  // As the caller says; a hundred is for what is completed.
  void note_progress(const RegionName& region, const std::string& snapshot, int32_t percent) const {
    const auto noted = metadata::run_transaction(cloud_.metadata, [&](metadata::Transaction& txn) -> DirectResult<> {
      auto record = TRY(kSnapshots.rows().get(txn, {AccountId(), region, snapshot}));
      if (!record || record->state != SnapshotState::pending || record->percent >= percent) return {};
      record->percent = std::min(percent, 99);
      kSnapshots.rows().put(txn, {AccountId(), region, snapshot}, *record);
      return {};
    });
    if (!noted.has_value()) log_warning("ec2: progress isn't noted", {{"why", noted.error().detail}});
  }

  const Cloud& cloud_;
};

}  // namespace

DirectError::DirectError(const metadata::Error& error) : DirectError(translate(error)) {}
DirectError::DirectError(const blocks::VolumeError& error) : DirectError(translate(error)) {}

std::unique_ptr<DirectSnapshots> make_direct_snapshots(const Cloud& cloud) { return std::make_unique<Direct>(cloud); }

}  // namespace aerolith::ec2
