#include "services/iam/principals.h"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>

#include "services/iam/names.h"
#include "services/iam/tables.h"

namespace aerolith::iam {
namespace {

using metadata::Direction;

// visit(boost::json::string&) for each principal of type AWS.
template <typename Visit>
void for_each_text(boost::json::value& value, Visit& visit) {
  if (auto* const text = value.if_string()) visit(*text);
  if (auto* const list = value.if_array()) {
    for (boost::json::value& item : *list) {
      if (auto* const text = item.if_string()) visit(*text);
    }
  }
}

template <typename Visit>
void visit_statement(boost::json::value& statement, Visit& visit) {
  auto* const object = statement.if_object();
  if (object == nullptr) return;
  for (const char* const element : {"Principal", "NotPrincipal"}) {
    boost::json::value* const principal = object->if_contains(element);
    auto* const map = principal != nullptr ? principal->if_object() : nullptr;
    boost::json::value* const names = map != nullptr ? map->if_contains("AWS") : nullptr;
    if (names != nullptr) for_each_text(*names, visit);
  }
}

// The document was parsed by policy/ before: what isn't JSON here is left alone.
template <typename Visit>
std::string rewrite(const std::string& document, Visit visit) {
  boost::system::error_code error;
  boost::json::value root = boost::json::parse(document, error);
  auto* const object = error ? nullptr : root.if_object();
  boost::json::value* const statements = object != nullptr ? object->if_contains("Statement") : nullptr;
  if (statements == nullptr) return document;
  if (auto* const list = statements->if_array()) {
    for (boost::json::value& statement : *list) visit_statement(statement, visit);
  } else {
    visit_statement(*statements, visit);
  }
  return boost::json::serialize(root);
}

std::vector<std::string> principals_of(const std::string& document) {
  std::vector<std::string> names;
  rewrite(document, [&](boost::json::string& text) {
    const std::string name(text.data(), text.size());
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  });
  return names;
}

template <typename Table>
metadata::Result<std::optional<std::string>> id_by_arn(metadata::ReadTransaction& txn, const Table& table,
                                                       const ArnParts& parts, std::string_view arn) {
  const AccountId account{std::string(parts.account)};
  const auto record = TRY(table.get(txn, {account, lower_name(parts.name)}));
  if (!record || make_arn(account, parts.type, record->path, record->name) != arn) return std::optional<std::string>();
  return std::optional(record->id);
}

// Rare: an entity was renamed or deleted, or a policy gives the id itself.
template <typename Table>
metadata::Result<std::optional<std::string>> arn_by_id(metadata::ReadTransaction& txn, const Table& table,
                                                       std::string_view type, std::string_view id) {
  auto rows = table.scan(txn, Direction::forward);
  while (TRY(rows.next())) {
    const auto record = TRY(rows.record());
    if (record.id == id) return std::optional(make_arn(std::get<0>(rows.key()), type, record.path, record.name));
  }
  return std::optional<std::string>();
}

metadata::Result<std::optional<std::string>> current_arn(metadata::ReadTransaction& txn, std::string_view id) {
  if (id.starts_with("AIDA")) return arn_by_id(txn, kUsers, "user", id);
  return arn_by_id(txn, kRoles, "role", id);
}

bool is_unique_id(std::string_view text) { return text.starts_with("AIDA") || text.starts_with("AROA"); }

metadata::Result<std::optional<std::string>> id_of(metadata::ReadTransaction& txn, const ArnParts& parts,
                                                   std::string_view arn) {
  if (parts.type == "user") return id_by_arn(txn, kUsers, parts, arn);
  return id_by_arn(txn, kRoles, parts, arn);
}

}  // namespace

metadata::Result<PrincipalBinding> bind_principals(metadata::ReadTransaction& txn, const std::string& document) {
  PrincipalBinding binding;
  for (const std::string& name : principals_of(document)) {
    std::optional<std::string> id;
    if (is_unique_id(name)) {
      if (TRY(current_arn(txn, name))) id = name;
    } else {
      const auto parts = split_arn(name);
      if (!parts || (parts->type != "user" && parts->type != "role")) continue;
      id = TRY(id_of(txn, *parts, name));
      // Of accounts elsewhere nothing is known. Open test accounts aren't listed, but who is in them is.
      if (!id && !TRY(kAccounts.contains(txn, {AccountId(std::string(parts->account))}))) continue;
    }
    if (!id) {
      binding.unknown = name;
      break;
    }
    binding.principals.push_back({.written = name, .id = *std::move(id)});
  }
  return binding;
}

std::string bound_document(const std::string& document, const BoundPrincipals& principals) {
  if (principals.empty()) return document;
  return rewrite(document, [&](boost::json::string& text) {
    const auto found =
        std::ranges::find(principals, std::string_view(text.data(), text.size()), &BoundPrincipal::written);
    if (found != principals.end()) text = found->id;
  });
}

metadata::Result<std::string> shown_document(metadata::ReadTransaction& txn, const std::string& document,
                                             const BoundPrincipals& principals) {
  BoundPrincipals changed;
  for (const BoundPrincipal& principal : principals) {
    const auto parts = split_arn(principal.written);
    if (parts && TRY(id_of(txn, *parts, principal.written)) == principal.id) continue;
    const auto arn = TRY(current_arn(txn, principal.id));
    changed.push_back({.written = principal.written, .id = arn.value_or(principal.id)});
  }
  return bound_document(document, changed);
}

}  // namespace aerolith::iam
