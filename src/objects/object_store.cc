#include "objects/object_store.h"

#include <utility>

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
                                                       const std::string& directory, const SegmentSizes& sizes) {
  TRY(files.make_directories(directory + "/segments"));
  return std::unique_ptr<ObjectStore>(new ObjectStore(std::make_unique<State>(files, metadata, directory, sizes)));
}

Result<std::shared_ptr<const os::File>> ObjectStore::State::open_file_of(const Extent& extent) {
  if (!is_extent_id(extent.id)) return fail(ErrorCode::corrupt, "a record with a damaged extent id");
  if (extent.kind == ExtentKind::segment) return segments.open_for_reading(place_of(extent.id).segment);
  auto file = files.open(file_path_of(extent.id), os::OpenMode::read);
  if (!file && file.error().code == os::ErrorCode::not_found) return std::shared_ptr<const os::File>();
  if (!file) return std::unexpected(Error(file.error()));
  return std::shared_ptr<const os::File>(*std::move(file));
}

StagedExtent::StagedExtent(Extent extent, std::string inline_bytes, std::unique_ptr<Place> place)
    : extent_(std::move(extent)), inline_bytes_(std::move(inline_bytes)), place_(std::move(place)) {}
StagedExtent::StagedExtent(StagedExtent&&) noexcept = default;
StagedExtent& StagedExtent::operator=(StagedExtent&&) noexcept = default;
StagedExtent::~StagedExtent() = default;

Result<Extent> ObjectStore::commit(metadata::Transaction& txn, const StagedExtent& staged) {
  const Extent& extent = staged.extent_;
  if (extent.kind == ExtentKind::inline_bytes) {
    kBytes.put(txn, {extent.id}, {staged.inline_bytes_, extent.crc64nvme, true});
  } else {
    kExtents.put(txn, {extent.id}, {extent, 1});
  }
  return extent;
}

Result<Extent> ObjectStore::share(metadata::Transaction& txn, const Extent& extent) {
  if (extent.kind == ExtentKind::inline_bytes) {
    std::optional<BytesRecord> record = TRY(kBytes.get(txn, {extent.id}));
    if (!record) return fail(ErrorCode::gone, "extent " + extent.id.str());
    Extent copy = extent;
    copy.id = make_extent_id();
    kBytes.put(txn, {copy.id}, *record);
    return copy;
  }
  std::optional<ExtentRecord> record = TRY(kExtents.get(txn, {extent.id}));
  if (!record) return fail(ErrorCode::gone, "extent " + extent.id.str());
  ++record->references;
  kExtents.put(txn, {extent.id}, *record);
  return extent;
}

Result<> ObjectStore::release(metadata::Transaction& txn, const Extent& extent) {
  if (extent.kind == ExtentKind::inline_bytes) {
    kBytes.erase(txn, {extent.id});
    return {};
  }
  std::optional<ExtentRecord> record = TRY(kExtents.get(txn, {extent.id}));
  if (!record) return fail(ErrorCode::gone, "extent " + extent.id.str());
  if (record->references > 1) {
    --record->references;
    kExtents.put(txn, {extent.id}, *record);
    return {};
  }
  kExtents.erase(txn, {extent.id});
  switch (extent.kind) {
    case ExtentKind::inline_bytes:
    case ExtentKind::counted_inline:
      kBytes.erase(txn, {extent.id});
      return {};
    case ExtentKind::segment:
      kGarbage.put(txn, {extent.id}, {.image_bytes = image_bytes(extent.size_bytes)});
      break;
    case ExtentKind::file:
      kGarbage.put(txn, {extent.id}, {});
      break;
  }
  state_->note_release();
  return {};
}

}  // namespace aerolith::objects
