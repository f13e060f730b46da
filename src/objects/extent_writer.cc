#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "base/digest.h"
#include "objects/image_writer.h"
#include "objects/object_store_state.h"

namespace aerolith::objects {

// Small bytes are kept until they turn out to be more than that; large ones go to their place in a segment.
struct ExtentWriter::State {
  ObjectStore::State* shared;
  uint64_t limit_bytes;
  std::string bytes;  // small: room for what may come, `used` of it taken
  size_t used = 0;
  std::unique_ptr<Place> place;
  std::optional<ImageWriter> image;
  bool has_ended = false;

  Result<std::span<char>> room() {
    if (image) return image->room();
    const uint64_t most = std::min(limit_bytes, kInlineLimitBytes);
    if (used == most) {
      if (most == limit_bytes) return fail(ErrorCode::invalid, "more bytes than were announced");
      TRY(begin_image());
      return image->room();
    }
    // What was announced in one piece; else it grows.
    if (used == bytes.size())
      bytes.resize(limit_bytes <= kInlineLimitBytes ? most : std::clamp<uint64_t>(2 * used, 4096, most));
    return std::span(bytes).subspan(used);
  }

  Result<> filled(size_t count) {
    if (image) return image->filled(count);
    used += count;
    return {};
  }

  Result<> begin_image() {
    place = std::make_unique<Place>(TRY(shared->segments.reserve(limit_bytes)));
    image.emplace(*place->segment().file, place->place(), limit_bytes);
    std::string small = std::exchange(bytes, {});
    return append(std::string_view(small).substr(0, used));
  }

  Result<> append(std::string_view more) {
    while (!more.empty()) {
      const std::span<char> into = TRY(room());
      const size_t count = std::min(into.size(), more.size());
      std::memcpy(into.data(), more.data(), count);
      TRY(filled(count));
      more.remove_prefix(count);
    }
    return {};
  }

  Result<StagedExtent> finish() {
    if (!image) {
      bytes.resize(used);
      Extent extent{
          .id = make_extent_id(), .size_bytes = used, .kind = ExtentKind::inline_bytes, .crc64nvme = crc64nvme(bytes)};
      return StagedExtent(std::move(extent), std::move(bytes), nullptr);
    }
    Extent extent = TRY(image->finish());
    image.reset();
    TRY(shared->segments.sync(*place));
    return StagedExtent(std::move(extent), {}, std::move(place));
  }

  // After an error the writer is of no more use, and what it holds is given back.
  template <typename Call>
  auto run(Call&& call) -> decltype(call()) {
    if (has_ended) return fail(ErrorCode::invalid, "the writer has ended");
    auto answer = call();
    if (!answer) {
      has_ended = true;
      image.reset();
      place.reset();
    }
    return answer;
  }
};

ExtentWriter::ExtentWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
ExtentWriter::ExtentWriter(ExtentWriter&&) noexcept = default;
ExtentWriter& ExtentWriter::operator=(ExtentWriter&&) noexcept = default;
ExtentWriter::~ExtentWriter() = default;

ExtentWriter ObjectStore::begin_write(uint64_t limit_bytes) {
  auto state = std::make_unique<ExtentWriter::State>();
  state->shared = state_.get();
  state->limit_bytes = limit_bytes;
  return ExtentWriter(std::move(state));
}

uint64_t ExtentWriter::size_bytes() const { return state_->image ? state_->image->size_bytes() : state_->used; }

Result<> ExtentWriter::append(std::string_view bytes) {
  return state_->run([&] { return state_->append(bytes); });
}

Result<std::span<char>> ExtentWriter::room() {
  return state_->run([&] { return state_->room(); });
}

Result<> ExtentWriter::filled(size_t count) {
  return state_->run([&] { return state_->filled(count); });
}

Result<StagedExtent> ExtentWriter::finish() {
  Result<StagedExtent> staged = state_->run([&] { return state_->finish(); });
  state_->has_ended = true;
  return staged;
}

}  // namespace aerolith::objects
