#include <utility>

#include "base/digest.h"
#include "objects/extent_file.h"
#include "objects/object_store_state.h"

namespace aerolith::objects {

struct ExtentWriter::State {
  ObjectStore* store;
  ObjectStore::State* shared;
  ExtentId id;
  uint64_t size_hint_bytes;
  std::string bytes;  // while it is small
  std::unique_ptr<ExtentFileWriter> file;
  bool has_file = false;
  bool failed = false;
  bool finished = false;

  ~State() {
    if (!finished) drop();
  }
  // The file goes, and with it the room it took.
  void drop() {
    file.reset();
    if (std::exchange(has_file, false)) shared->remove_unnamed(id);
  }

  Result<> open_file() {
    has_file = true;
    shared->protect(id);
    TRY(shared->prepare_directory(id));
    file = TRY(ExtentFileWriter::create(shared->files, shared->path_of(id), id, size_hint_bytes));
    TRY(file->append(bytes));
    bytes = {};
    return {};
  }

  Result<> append(std::string_view more) {
    if (!file) {
      if (bytes.size() + more.size() <= kInlineLimitBytes) {
        bytes += more;
        return {};
      }
      TRY(open_file());
    }
    return file->append(more);
  }

  Result<StagedExtent> finish();
};

ExtentWriter::ExtentWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
ExtentWriter::ExtentWriter(ExtentWriter&&) noexcept = default;
ExtentWriter& ExtentWriter::operator=(ExtentWriter&&) noexcept = default;
ExtentWriter::~ExtentWriter() = default;

ExtentWriter ObjectStore::begin_write(uint64_t size_hint_bytes) {
  auto state = std::make_unique<ExtentWriter::State>();
  state->store = this;
  state->shared = state_.get();
  state->id = make_extent_id();
  state->size_hint_bytes = size_hint_bytes;
  if (size_hint_bytes <= kInlineLimitBytes) state->bytes.reserve(size_hint_bytes);
  return ExtentWriter(std::move(state));
}

uint64_t ExtentWriter::size_bytes() const { return state_->file ? state_->file->size_bytes() : state_->bytes.size(); }

Result<> ExtentWriter::append(std::string_view bytes) {
  if (state_->failed || state_->finished) return fail(ErrorCode::invalid, "the writer has ended");
  Result<> appended = state_->append(bytes);
  if (!appended) {
    state_->failed = true;
    state_->drop();
  }
  return appended;
}

Result<StagedExtent> ExtentWriter::finish() {
  if (state_->failed || state_->finished) return fail(ErrorCode::invalid, "the writer has ended");
  Result<StagedExtent> staged = state_->finish();
  if (staged) {
    state_->finished = true;
  } else {
    state_->failed = true;
    state_->drop();
  }
  return staged;
}

Result<StagedExtent> ExtentWriter::State::finish() {
  if (!file) {
    Extent extent{
        .id = id, .size_bytes = bytes.size(), .kind = ExtentKind::inline_bytes, .crc64nvme = crc64nvme(bytes)};
    return StagedExtent(store, std::move(extent), std::move(bytes));
  }
  Extent extent = TRY(file->finish());
  TRY(shared->files.sync_directory(shared->directory_of(id)));
  return StagedExtent(store, std::move(extent), {});
}

}  // namespace aerolith::objects
