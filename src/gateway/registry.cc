#include "gateway/registry.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace aerolith::gateway {
namespace {

std::vector<const OperationEntry*> index_entries(const protocol::Service& model, const ServiceTable* table) {
  std::vector<const OperationEntry*> entries(model.operations.size(), nullptr);
  if (table != nullptr) {
    for (const OperationEntry& entry : table->operations) {
      const std::string_view name = model.operations[entry.operation_id].name;
      if (entry.iam_action.empty() || !entry.resource || entry.make_input == nullptr || !entry.invoke)
        throw std::logic_error(fmt::format("the row of {} {} lacks a part", model.name, name));
      if (entries[entry.operation_id] != nullptr)
        throw std::logic_error(fmt::format("{} {} has two rows", model.name, name));
      entries[entry.operation_id] = &entry;
    }
  }
  for (const protocol::Operation& operation : model.operations)
    if (operation.implemented != (entries[operation.id] != nullptr))
      throw std::logic_error(
          fmt::format("{} {}: operations.toml and the service's table disagree", model.name, operation.name));
  return entries;
}

}  // namespace

Registry::Registry(std::span<const protocol::Service* const> known, std::vector<ServiceTable> implemented)
    : tables_(std::move(implemented)) {
  services_.reserve(known.size());
  for (const protocol::Service* model : known) {
    const ServiceTable* table = nullptr;
    for (const ServiceTable& candidate : tables_)
      if (candidate.model == model) table = &candidate;
    const bool takes_tokens = table != nullptr && std::ranges::any_of(table->operations, [](const auto& entry) {
                                return entry.caller_proof == CallerProof::token;
                              });
    services_.push_back({model, index_entries(*model, table), table, services_.size(), takes_tokens});
  }
}

const RegisteredService* Registry::find(std::string_view name) const {
  for (const RegisteredService& service : services_)
    if (service.model->name == name) return &service;
  return nullptr;
}

std::vector<const RegisteredService*> Registry::signing_as(std::string_view signing_name) const {
  std::vector<const RegisteredService*> found;
  for (const RegisteredService& service : services_)
    if (service.model->signing_name == signing_name) found.push_back(&service);
  return found;
}

const RegisteredService* Registry::with_target_prefix(std::string_view prefix) const {
  for (const RegisteredService& service : services_)
    if (!prefix.empty() && service.model->target_prefix == prefix) return &service;
  return nullptr;
}

const RegisteredService* Registry::taking_tokens() const {
  const auto found = std::ranges::find_if(services_, &RegisteredService::takes_tokens);
  return found == services_.end() ? nullptr : &*found;
}

const RegisteredService* Registry::with_endpoint_prefix(std::string_view prefix) const {
  for (const RegisteredService& service : services_)
    if (service.model->endpoint_prefix == prefix) return &service;
  return nullptr;
}

}  // namespace aerolith::gateway
