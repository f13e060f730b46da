// Memory that is aligned for direct input and output.
#pragma once

#include <cstdlib>
#include <memory>
#include <new>

#include "objects/segment_format.h"
#include "os/file_system.h"

namespace aerolith::objects {

struct FreeMemory {
  void operator()(char* memory) const { std::free(memory); }
};
using PageBuffer = std::unique_ptr<char[], FreeMemory>;

// Whole pages, not initialized.
inline PageBuffer make_page_buffer(size_t size_bytes) {
  static_assert(kPageBytes % os::kDirectAlignment == 0);
  auto* const memory = static_cast<char*>(std::aligned_alloc(os::kDirectAlignment, round_up(size_bytes, kPageBytes)));
  if (memory == nullptr) throw std::bad_alloc();
  return PageBuffer(memory);
}

}  // namespace aerolith::objects
