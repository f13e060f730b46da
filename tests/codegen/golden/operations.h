// Operations of Small 2024-01-01.
#pragma once

#include <cstdint>

#include "protocol/service_model.h"

namespace aerolith::small {

enum class OperationId : uint16_t {
  delete_thing,  // not implemented
  get_thing,
  put_thing,
};

extern const protocol::Service& service();

}  // namespace aerolith::small
