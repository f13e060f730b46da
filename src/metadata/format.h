// The format key of a store (docs/formats/metadata.md), over any engine.
#pragma once

#include <cstdint>
#include <span>

#include "metadata/store.h"

namespace aerolith::metadata {

// Raised by a change that a program of before would misread, together with a FormatStep in format.cc.
inline constexpr uint32_t kFormat = 1;

// Rewrites a store from format `from` to `from + 1`, in the transaction that raises the number.
struct FormatStep {
  uint32_t from;
  Result<> (*run)(Transaction&);
};

// Marks an empty store as of format `newest`; checks another one, and runs the steps that an older one needs.
// `newer_format` for one above `newest`, `invalid` for one that isn't empty and has no format key.
Result<> bring_to_format(Store& store, uint32_t newest, std::span<const FormatStep> steps);
// The same, to what this program writes.
Result<> bring_to_format(Store& store);

}  // namespace aerolith::metadata
