// Turns file ranges into bytes in memory, for connections that the kernel can't send files on (TLS).
#pragma once

#include <memory>

#include "http/body.h"

namespace aerolith::http {

// Gives the pieces of `inner` with each file range read in steps; next() reads the disk and may block.
class FileLoadingSource final : public BodySource {
 public:
  explicit FileLoadingSource(std::unique_ptr<BodySource> inner) : inner_(std::move(inner)) {}
  explicit FileLoadingSource(FileRange range) : range_(std::move(range)) {}

  Result<BodyPiece, SourceError> next() override;

 private:
  Result<BodyPiece, SourceError> load();

  std::unique_ptr<BodySource> inner_;
  FileRange range_;
};

}  // namespace aerolith::http
