// Failures of the room below as this room's.
#pragma once

#include <type_traits>
#include <utility>

#include "compute/driver.h"
#include "os/file_system.h"

namespace aerolith::compute {

inline std::unexpected<DriverError> failed(const os::Error& error) {
  const bool is_full = error.code == os::ErrorCode::no_space || error.detail.find("No space left") != std::string::npos;
  return fail(is_full ? DriverErrorCode::no_capacity : DriverErrorCode::command, error.detail);
}

template <typename T>
Result<T> from_os(os::Result<T> result) {
  if (!result.has_value()) return failed(result.error());
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return std::move(*result);
  }
}

// After a system call has failed.
inline std::unexpected<DriverError> failed_call(int errno_value, std::string_view what) {
  return failed(os::error_of(errno_value, what));
}

}  // namespace aerolith::compute
