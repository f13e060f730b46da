#include "services/s3/api.h"

#include <fmt/format.h>

#include "services/s3/tables.h"

namespace aerolith::s3 {

metadata::Result<> for_each_extent(
    metadata::Store& metadata,
    const std::function<metadata::Result<>(const objects::Extent&, const std::string&)>& visit) {
  auto txn = metadata.begin_read();
  auto objects = kObjects.scan(*txn, metadata::Direction::forward);
  while (TRY(objects.next())) {
    const ObjectRecord object = TRY(objects.record());
    const std::string where = fmt::format("object {}", std::get<1>(objects.key()).view());
    if (object.extent) TRY(visit(*object.extent, where));
    if (!object.layout) continue;
    auto parts = kLayouts.scan(*txn, metadata::Direction::forward, *object.layout);
    while (TRY(parts.next())) TRY(visit(TRY(parts.record()).extent, where));
  }
  auto parts = kParts.scan(*txn, metadata::Direction::forward);
  while (TRY(parts.next())) {
    const auto& [upload, number] = parts.key();
    TRY(visit(TRY(parts.record()).extent, fmt::format("part {} of upload {}", number, upload.view())));
  }
  return {};
}

}  // namespace aerolith::s3
