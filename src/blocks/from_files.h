// Errors of files as errors of volumes.
#pragma once

#include <type_traits>
#include <utility>

#include "blocks/volumes.h"
#include "os/file_system.h"

namespace aerolith::blocks {

template <typename T>
Result<T> from_files(os::Result<T> result) {
  if (!result.has_value()) {
    const os::Error& error = result.error();
    VolumeErrorCode code = VolumeErrorCode::command;
    if (error.code == os::ErrorCode::no_space) code = VolumeErrorCode::no_space;
    if (error.code == os::ErrorCode::not_found) code = VolumeErrorCode::not_found;
    return std::unexpected(VolumeError{code, error.detail});
  }
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return std::move(*result);
  }
}

}  // namespace aerolith::blocks
