#include "gateway/authorization_message.h"

#include <algorithm>
#include <boost/json.hpp>

namespace aerolith::gateway {
namespace {

namespace json = boost::json;

std::string seal_context(const AccountId& account) { return "authorization message/" + account.str(); }

json::string text_of(std::string_view text) { return json::string(text.data(), text.size()); }

// {"items": [...]}, as all lists in it are.
json::object list_of(json::array items) {
  json::object list;
  list["items"] = std::move(items);
  return list;
}

json::object value_of(std::string_view text) {
  json::object value;
  value["value"] = text_of(text);
  return value;
}

template <typename Texts, typename TextOf>
json::object values_of(const Texts& texts, TextOf text) {
  json::array items;
  for (const auto& one : texts) items.emplace_back(value_of(text(one)));
  return list_of(std::move(items));
}
json::object patterns_of(const std::vector<policy::Pattern>& patterns) {
  return values_of(patterns, [](const policy::Pattern& pattern) { return pattern.text(); });
}
constexpr auto kAsItIs = [](std::string_view text) { return text; };

json::object condition_of(std::string_view key, json::object values) {
  json::object condition;
  condition["key"] = text_of(key);
  condition["values"] = std::move(values);
  return condition;
}

json::object statement_of(const policy::Statement& statement, const policy::Request& request) {
  json::array conditions;
  for (const policy::Condition& condition : statement.conditions) {
    conditions.emplace_back(condition_of(condition.key().written, values_of(condition.values(), kAsItIs)));
  }
  json::array principals;
  principals.emplace_back(value_of(request.principal.unique_id));
  json::object told;
  told["statementId"] = text_of(statement.sid);
  told["effect"] = statement.effect == policy::Effect::allow ? "ALLOW" : "DENY";
  told["principals"] = list_of(std::move(principals));
  told["principalGroups"] = list_of({});
  told["actions"] = patterns_of(statement.actions);
  told["resources"] = patterns_of(statement.resources);
  told["conditions"] = list_of(std::move(conditions));
  return told;
}

json::object message(const auth::Principal& caller, const policy::Request& request, const policy::Decision& decision,
                     size_t most_conditions) {
  json::array conditions;
  request.context.for_each([&](std::string_view name, const policy::Context::Values& values) {
    if (conditions.size() < most_conditions) conditions.emplace_back(condition_of(name, values_of(values, kAsItIs)));
  });
  json::object principal;
  principal["id"] = text_of(caller.user_id);
  if (!caller.entity_name.empty()) principal["name"] = text_of(caller.entity_name);
  principal["arn"] = text_of(caller.arn);
  json::object context;
  context["principal"] = std::move(principal);
  context["action"] = text_of(request.action);
  context["resource"] = text_of(request.resource);
  context["conditions"] = list_of(std::move(conditions));

  json::array matched;
  if (decision.statement != nullptr) matched.emplace_back(statement_of(*decision.statement, request));
  json::object told;
  told["allowed"] = decision.allowed();
  told["explicitDeny"] = decision.verdict == policy::Verdict::explicit_deny;
  told["matchedStatements"] = list_of(std::move(matched));
  told["failures"] = list_of({});
  told["context"] = std::move(context);
  return told;
}

// AWS's are in the alphabet for URLs, without padding.
std::string for_urls(std::string base64) {
  std::ranges::replace(base64, '+', '-');
  std::ranges::replace(base64, '/', '_');
  base64.erase(std::min(base64.find('='), base64.size()));
  return base64;
}

std::string from_urls(std::string_view text) {
  std::string base64(text);
  std::ranges::replace(base64, '-', '+');
  std::ranges::replace(base64, '_', '/');
  base64.resize((base64.size() + 3) / 4 * 4, '=');
  return base64;
}

// Each sealing is another text: the AWS CLI would take one that begins with a dash for an option.
std::string seal_for_urls(const auth::SecretBox& box, const json::object& told, const AccountId& account) {
  const std::string text = json::serialize(told);
  std::string sealed;
  do {
    sealed = for_urls(box.seal(text, seal_context(account)));
  } while (sealed.starts_with('-'));
  return sealed;
}

}  // namespace

std::string authorization_message(const auth::Principal& caller, const policy::Request& request,
                                  const policy::Decision& decision) {
  return json::serialize(message(caller, request, decision, SIZE_MAX));
}

std::string encode_authorization_message(const auth::SecretBox& box, const auth::Principal& caller,
                                         const policy::Request& request, const policy::Decision& decision) {
  constexpr size_t kMostConditions = 64;
  for (size_t most = kMostConditions; most > 0; most /= 2) {
    std::string sealed = seal_for_urls(box, message(caller, request, decision, most), caller.account);
    if (sealed.size() <= kMaxEncodedMessageBytes) return sealed;
  }
  // A statement as long as that: then only whose it is.
  policy::Decision bare = decision;
  bare.statement = nullptr;
  return seal_for_urls(box, message(caller, request, bare, 0), caller.account);
}

std::optional<std::string> decode_authorization_message(const auth::SecretBox& box, const AccountId& account,
                                                        std::string_view encoded) {
  return box.open(from_urls(encoded), seal_context(account));
}

}  // namespace aerolith::gateway
