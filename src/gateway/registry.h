// Every service that Aerolith knows, and the handlers of those operations that it implements.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "gateway/service_table.h"

namespace aerolith::gateway {

struct RegisteredService {
  const protocol::Service* model = nullptr;
  // By operation id; null where the operation isn't implemented.
  std::vector<const OperationEntry*> entries;
  const ServiceTable* table = nullptr;  // null where nothing is implemented
  size_t index = 0;                     // among all services
  bool takes_tokens = false;            // some operation needs no signature: CallerProof::token
  bool is_s3() const { return model->name == "s3"; }
};

// Immutable after construction; any thread may read it.
class Registry {
 public:
  // `known`: every service of the generator, by its tables; `implemented`: what the services' rooms hand over.
  // Throws std::logic_error for an implemented operation without a handler, a handler without an IAM action, and the
  // like: a wrong table must not start.
  Registry(std::span<const protocol::Service* const> known, std::vector<ServiceTable> implemented);
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  std::span<const RegisteredService> services() const { return services_; }
  const RegisteredService* find(std::string_view name) const;
  // All that sign under this name: s3 and s3control share one.
  std::vector<const RegisteredService*> signing_as(std::string_view signing_name) const;
  // X-Amz-Target is "<prefix>.<operation>".
  const RegisteredService* with_target_prefix(std::string_view prefix) const;
  // The one whose operations come without a signature, as forms. Null where none is implemented.
  const RegisteredService* taking_tokens() const;
  // The first label of an AWS host name, "ec2" of ec2.eu-west-1.amazonaws.com.
  const RegisteredService* with_endpoint_prefix(std::string_view prefix) const;

 private:
  std::vector<ServiceTable> tables_;
  std::vector<RegisteredService> services_;
};

}  // namespace aerolith::gateway
