// Operations of Small 2024-01-01.
#pragma once

#include <cstdint>

#include "small/model.h"
#include "protocol/service_model.h"

namespace aerolith::small {

enum class OperationId : uint16_t {
  delete_thing,  // not implemented
  get_thing,
  put_thing,
};

extern const protocol::Service& service();

// The structs of an implemented operation.
template <OperationId> struct OperationTypes;
template <> struct OperationTypes<OperationId::get_thing> { using Input = GetThingInput; using Output = GetThingOutput; };
template <> struct OperationTypes<OperationId::put_thing> { using Input = PutThingInput; using Output = PutThingOutput; };

}  // namespace aerolith::small
