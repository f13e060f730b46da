#include "objects/object_store.h"

#include <utility>

#include "base/digest.h"
#include "base/log.h"
#include "objects/extent_file.h"
#include "objects/object_store_state.h"
#include "objects/records.h"

namespace aerolith::objects {

Error::Error(const os::Error& error) : Failure{ErrorCode::io, error.detail} {
  if (error.code == os::ErrorCode::no_space) code = ErrorCode::no_space;
}

Error::Error(const metadata::Error& error) : Failure{ErrorCode::io, error.detail} {
  switch (error.code) {
    case metadata::ErrorCode::conflict:
      code = ErrorCode::conflict;
      break;
    case metadata::ErrorCode::no_space:
      code = ErrorCode::no_space;
      break;
    case metadata::ErrorCode::corrupt:
      code = ErrorCode::corrupt;
      break;
    case metadata::ErrorCode::invalid:
      code = ErrorCode::invalid;
      break;
    case metadata::ErrorCode::io:
    case metadata::ErrorCode::newer_format:
    case metadata::ErrorCode::busy:
      break;
  }
}

ObjectStore::ObjectStore(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<ObjectStore>> ObjectStore::open(os::FileSystem& files, metadata::Store& metadata,
                                                       const std::string& directory) {
  TRY(files.make_directories(directory));
  return std::unique_ptr<ObjectStore>(new ObjectStore(std::make_unique<State>(files, metadata, directory)));
}

Result<> ObjectStore::State::prepare_directory(const ExtentId& id) {
  std::string path = directory_of(id);
  std::lock_guard lock(directories_mutex);
  if (directories.contains(path)) return {};
  TRY(files.make_directories(path));
  // Also when it was there: a process that was killed may have made it and not synced it.
  TRY(files.sync_directory(directory));
  directories.insert(path);
  return {};
}

void ObjectStore::State::protect(const ExtentId& id) {
  std::lock_guard lock(mutex);
  protected_ids.insert(id);
}

void ObjectStore::State::unprotect(const ExtentId& id) {
  std::lock_guard lock(mutex);
  protected_ids.erase(id);
}

bool ObjectStore::State::is_protected(const ExtentId& id) {
  std::lock_guard lock(mutex);
  return protected_ids.contains(id);
}

void ObjectStore::State::remove_unnamed(const ExtentId& id) {
  os::Result<> removed = files.remove(path_of(id));
  if (!removed && removed.error().code != os::ErrorCode::not_found) {
    log_warning("an unfinished extent stays until the next start", {{"error", removed.error().detail}});
  }
  unprotect(id);
}

StagedExtent::StagedExtent(ObjectStore* store, Extent extent, std::string inline_bytes)
    : store_(store), extent_(std::move(extent)), inline_bytes_(std::move(inline_bytes)) {}

StagedExtent::StagedExtent(StagedExtent&& other) noexcept
    : store_(std::exchange(other.store_, nullptr)),
      extent_(std::move(other.extent_)),
      inline_bytes_(std::move(other.inline_bytes_)),
      offered_(other.offered_) {}

StagedExtent& StagedExtent::operator=(StagedExtent&& other) noexcept {
  StagedExtent moved(std::move(other));
  std::swap(store_, moved.store_);
  std::swap(extent_, moved.extent_);
  std::swap(inline_bytes_, moved.inline_bytes_);
  std::swap(offered_, moved.offered_);
  return *this;
}

StagedExtent::~StagedExtent() {
  if (store_ == nullptr || extent_.kind != ExtentKind::file) return;
  if (offered_) {
    store_->state_->unprotect(extent_.id);
  } else {
    store_->state_->remove_unnamed(extent_.id);
  }
}

void StagedExtent::discard() {
  if (store_ == nullptr || extent_.kind != ExtentKind::file || !offered_) return;
  Result<bool> marked = store_->state_->mark_orphan(extent_.id);
  if (!marked) log_warning("an unused extent stays until the next start", {{"error", marked.error().detail}});
}

Result<Extent> ObjectStore::commit(metadata::Transaction& txn, const StagedExtent& staged) {
  const Extent& extent = staged.extent_;
  if (staged.store_ != this) return fail(ErrorCode::invalid, "a staged extent of another store");
  staged.offered_ = true;
  if (extent.kind == ExtentKind::file) {
    // A read that makes this transaction conflict with a discard or sweep of the same extent.
    if (TRY(kGarbage.contains(txn, {extent.id}))) return fail(ErrorCode::invalid, "the staged extent was discarded");
  } else {
    kBytes.put(txn, {extent.id}, {staged.inline_bytes_});
  }
  kExtents.put(txn, {extent.id}, {extent, 1});
  return extent;
}

Result<> ObjectStore::add_reference(metadata::Transaction& txn, const Extent& extent) {
  std::optional<ExtentRecord> record = TRY(kExtents.get(txn, {extent.id}));
  if (!record) return fail(ErrorCode::gone, "extent " + extent.id.str());
  ++record->references;
  kExtents.put(txn, {extent.id}, *record);
  return {};
}

Result<> ObjectStore::release(metadata::Transaction& txn, const Extent& extent) {
  std::optional<ExtentRecord> record = TRY(kExtents.get(txn, {extent.id}));
  if (!record) return fail(ErrorCode::gone, "extent " + extent.id.str());
  if (record->references > 1) {
    --record->references;
    kExtents.put(txn, {extent.id}, *record);
    return {};
  }
  kExtents.erase(txn, {extent.id});
  if (record->extent.kind == ExtentKind::inline_bytes) {
    kBytes.erase(txn, {extent.id});
  } else {
    kGarbage.put(txn, {extent.id}, {});
    state_->note_release();
  }
  return {};
}

}  // namespace aerolith::objects
