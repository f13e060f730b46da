#include "policy/document.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/encoding.h"
#include "policy/json_tree.h"
#include "policy/problems.h"
#include "policy/statement_places.h"

namespace aerolith::policy {
namespace {

class Parser {
 public:
  Parser(PolicyKind kind, Problems& problems) : kind_(kind), problems_(problems) { policy_.kind = kind; }

  Policy parse(const JsonNode& root) {
    for (const JsonNode& value : root.items) {
      const std::string& name = value.name;
      if (name == "Version") {
        read_version(value);
      } else if (name == "Id") {
        if (value.is_string()) {
          policy_.id = value.text;
        } else {
          problems_.syntax("Id");
        }
      } else if (name != "Statement") {
        problems_.syntax(name);
      }
    }
    if (kind_ == PolicyKind::managed && !policy_.has_variables) {
      problems_.add(Phase::version, PolicyErrorCode::version, "Policy document must be version 2012-10-17 or greater.",
                    "Version");
    }
    const JsonNode* statements = root.find("Statement");
    if (statements == nullptr && kind_ == PolicyKind::resource) {
      problems_.add(Phase::syntax, PolicyErrorCode::syntax, "Missing required field Statement");
    } else if (statements == nullptr) {
      problems_.syntax("Statement");
    } else if (statements->is_object()) {
      add_statement(*statements, 0);
    } else if (statements->is_array() && !statements->items.empty()) {
      for (size_t i = 0; i < statements->items.size(); ++i) add_statement(statements->items[i], i);
    } else {
      problems_.syntax("Statement");
    }
    return std::move(policy_);
  }

 private:
  bool has_principal() const { return kind_ == PolicyKind::resource || kind_ == PolicyKind::trust; }
  Variables variables() const { return policy_.has_variables ? Variables::allowed : Variables::literal; }

  void read_version(const JsonNode& value) {
    if (!value.is_string() || (value.text != "2008-10-17" && value.text != "2012-10-17")) problems_.syntax("Version");
    policy_.has_variables = value.text == "2012-10-17";
  }

  void add_statement(const JsonNode& node, size_t index) {
    problems_.enter("Statement[" + std::to_string(index) + "]");
    if (!node.is_object()) return problems_.syntax();
    Statement& statement = policy_.statements.emplace_back();
    if (const JsonNode* sid = node.find("Sid")) read_sid(*sid, index, statement);
    constexpr std::string_view kElements[] = {"Sid",         "Effect",    "Action",       "NotAction", "Resource",
                                              "NotResource", "Principal", "NotPrincipal", "Condition"};
    for (const JsonNode& member : node.items) {
      const std::string& name = member.name;
      if (std::find(std::begin(kElements), std::end(kElements), name) == std::end(kElements)) problems_.syntax(name);
    }
    read_effect(node.find("Effect"), statement);
    read_actions(node, statement);
    read_resources(node, statement);
    read_principals(node, statement);
    if (const JsonNode* condition = node.find("Condition")) read_conditions(*condition, statement);
  }

  void read_sid(const JsonNode& node, size_t index, Statement& statement) {
    if (!node.is_string()) return problems_.syntax("Sid");
    statement.sid = node.text;
    if (node.text.empty()) return;
    problems_.enter("Statement[" + std::to_string(index) + "] (Sid \"" + node.text + "\")");
    // "Other AWS services that support resource policies may have other requirements for the Sid value."
    constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    if (kind_ != PolicyKind::resource && node.text.find_first_not_of(kAlphabet) != std::string::npos) {
      problems_.add(Phase::sid, PolicyErrorCode::sid,
                    "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression "
                    "[0-9A-Za-z]*",
                    "Sid");
    }
    if (!sids_.insert(node.text).second) {
      problems_.add(Phase::sid, PolicyErrorCode::sid, "Statement IDs (SID) in a single policy must be unique.", "Sid");
    }
  }

  void read_effect(const JsonNode* node, Statement& statement) {
    if (node == nullptr || !node->is_string()) return problems_.syntax("Effect");
    if (node->text == "Allow") {
      statement.effect = Effect::allow;
    } else if (equals_ignore_case(node->text, "Allow") || equals_ignore_case(node->text, "Deny")) {
      if (node->text != "Deny") problems_.legacy("Effect");
    } else {
      problems_.syntax("Effect");
    }
  }

  // The strings of a string or an array, JSON's null left out. nullopt: it is something else.
  std::optional<std::vector<std::string>> read_strings(const JsonNode& node, std::string_view element) {
    std::vector<std::string> strings;
    if (node.is_string()) {
      strings.push_back(node.text);
      return strings;
    }
    bool is_good = node.is_array();
    for (const JsonNode& item : node.items) {
      if (item.is_string()) {
        strings.push_back(item.text);
      } else if (item.kind != JsonKind::null) {
        is_good = false;
      }
    }
    if (is_good) return strings;
    problems_.syntax(element);
    return std::nullopt;
  }

  // Of X or NotX, whichever there is; both are an error.
  const JsonNode* find_either(const JsonNode& node, std::string_view name, std::string_view negated_name,
                              bool& is_negated) {
    const JsonNode* plain = node.find(name);
    const JsonNode* negated = node.find(negated_name);
    is_negated = negated != nullptr;
    if (plain != nullptr && negated != nullptr) problems_.syntax(negated_name);
    return negated != nullptr ? negated : plain;
  }

  void read_actions(const JsonNode& node, Statement& statement) {
    const JsonNode* found = find_either(node, "Action", "NotAction", statement.is_not_action);
    const std::string_view element = statement.is_not_action ? "NotAction" : "Action";
    const auto actions = found == nullptr ? std::vector<std::string>() : read_strings(*found, element);
    if (!actions) return;
    if (actions->empty()) {
      problems_.add(Phase::missing_action, PolicyErrorCode::missing_action, missing("Action", "actions"), element);
    }
    for (const std::string& action : *actions) {
      check_action(action, kind_, element, problems_);
      statement.actions.emplace_back(action,
                                     PatternSyntax{.wildcards = Wildcards::allowed, .letter_case = LetterCase::folded});
    }
  }

  std::string missing(const std::string& element, const std::string& things) const {
    if (kind_ == PolicyKind::resource) return "Missing required field " + element;
    return "Policy statement must contain " + things + ".";
  }

  void read_resources(const JsonNode& node, Statement& statement) {
    const JsonNode* found = find_either(node, "Resource", "NotResource", statement.is_not_resource);
    const std::string_view element = statement.is_not_resource ? "NotResource" : "Resource";
    if (kind_ == PolicyKind::trust) {
      if (found != nullptr) {
        problems_.add(Phase::missing_resource, PolicyErrorCode::prohibited_resource, "Has prohibited field Resource",
                      element);
      }
      return;
    }
    const auto resources = found == nullptr ? std::vector<std::string>() : read_strings(*found, element);
    if (!resources) return;
    if (resources->empty()) {
      problems_.add(Phase::missing_resource, PolicyErrorCode::missing_resource, missing("Resource", "resources"),
                    element);
    }
    for (const std::string& resource : *resources) {
      check_resource(resource, element, problems_);
      statement.resources.push_back(compile_resource(resource));
    }
  }

  // "You can use a policy variable in the Resource element, but only in the resource portion of the ARN": one before
  // the fifth colon is text, and matches nothing.
  Pattern compile_resource(std::string_view resource) const {
    std::array<std::string_view, 6> parts;
    bool has_early_variable = !split_arn(resource, variables(), parts);
    for (size_t i = 0; i < 5; ++i) has_early_variable = has_early_variable || parts[i].find("${") != std::string::npos;
    return Pattern(resource, {.wildcards = Wildcards::allowed,
                              .variables = has_early_variable ? Variables::literal : variables()});
  }

  void read_principals(const JsonNode& node, Statement& statement) {
    const JsonNode* found = find_either(node, "Principal", "NotPrincipal", statement.is_not_principal);
    const std::string_view element = statement.is_not_principal ? "NotPrincipal" : "Principal";
    if (!has_principal()) {
      if (found != nullptr) {
        problems_.add(Phase::principal, PolicyErrorCode::prohibited_principal,
                      "Policy document should not specify a principal.", element);
      }
      return;
    }
    if (found == nullptr) {
      return problems_.add(Phase::principal, PolicyErrorCode::missing_principal, "Missing required field Principal",
                           "Principal");
    }
    if (kind_ == PolicyKind::trust && statement.is_not_principal) {
      return problems_.add(Phase::principal, PolicyErrorCode::prohibited_principal, "Has prohibited field NotPrincipal",
                           element);
    }
    if (found->is_string() && found->text == "*") {
      // A trust policy wants {"AWS": "*"}.
      if (kind_ == PolicyKind::trust) return invalid_principal("STAR", "*", element);
      statement.principals.add_everyone();
      return;
    }
    if (!found->is_object()) return problems_.syntax(element);
    size_t count = 0;
    for (const JsonNode& value : found->items) {
      const std::string& type = value.name;
      const auto names = read_strings(value, element);
      if (!names) continue;
      count += names->size();
      for (const std::string& name : *names) {
        if (statement.principals.add(type, name) != PrincipalNameError::none) invalid_principal(type, name, element);
      }
    }
    if (count == 0) {
      problems_.add(Phase::principal, PolicyErrorCode::missing_principal,
                    "Missing required field Principal cannot be empty!", element);
    }
  }

  void invalid_principal(std::string_view type, std::string_view name, std::string_view element) {
    std::string message;
    if (type == "STAR") {
      message = "AssumeRolepolicy contained an invalid principal: \"STAR\":\"*\".";
    } else if (kind_ == PolicyKind::resource) {
      message = "Invalid principal in policy";
    } else {
      message = "Invalid principal in policy: \"" + std::string(type) + "\":\"" + std::string(name) + "\"";
    }
    problems_.add(Phase::principal, PolicyErrorCode::invalid_principal, std::move(message), element);
  }

  void read_conditions(const JsonNode& node, Statement& statement) {
    if (!node.is_object()) return problems_.syntax("Condition");
    for (const JsonNode& block : node.items) {
      const std::string& name = block.name;
      const auto how = parse_condition_operator(name);
      // AWS takes an unknown operator that has no keys.
      if (!block.is_object() || (!how && !block.items.empty())) {
        problems_.syntax("Condition, " + name);
        continue;
      }
      for (const JsonNode& value : block.items) {
        const std::string& key = value.name;
        const std::string place = "Condition, " + name + ", " + key;
        const auto values = read_condition_values(value, place);
        if (!values) continue;
        auto condition = Condition::compile(*how, key, *values, variables());
        if (condition) {
          statement.conditions.push_back(*std::move(condition));
        } else {
          problems_.legacy(place);
        }
      }
    }
  }

  // Strings, numbers and booleans: "Quotation marks are optional for numeric and Boolean values."
  std::optional<std::vector<std::string>> read_condition_values(const JsonNode& node, std::string_view place) {
    const auto is_scalar = [](const JsonNode& one) {
      return one.is_string() || one.kind == JsonKind::number || one.kind == JsonKind::boolean;
    };
    std::vector<std::string> values;
    if (is_scalar(node)) {
      values.push_back(node.text);
      return values;
    }
    if (!node.is_array() || !std::all_of(node.items.begin(), node.items.end(), is_scalar)) {
      problems_.syntax(place);
      return std::nullopt;
    }
    for (const JsonNode& item : node.items) values.push_back(item.text);
    return values;
  }

  PolicyKind kind_;
  Problems& problems_;
  Policy policy_;
  std::set<std::string> sids_;
};

std::vector<Policy::ActionStart> action_starts(const std::vector<Statement>& statements) {
  std::vector<Policy::ActionStart> starts;
  for (size_t i = 0; i < statements.size(); ++i) {
    if (statements[i].is_not_action) {
      starts.push_back({.statement = i});
      continue;
    }
    for (const Pattern& action : statements[i].actions) {
      const std::string_view begin = action.literal_prefix().substr(0, sizeof(uint64_t));
      const std::string all_bits(begin.size(), '\xFF');
      starts.push_back({.letters = first_letters(begin), .mask = first_letters(all_bits), .statement = i});
    }
  }
  return starts;
}

std::string line_and_column(std::string_view text, size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const size_t start = before.rfind('\n') + 1;  // npos + 1 is 0
  return "line " + std::to_string(line) + ", column " + std::to_string(before.size() - start + 1);
}

}  // namespace

Result<Policy, PolicyError> parse_policy(std::string_view text, PolicyKind kind) {
  if (text.size() > kMaxPolicyBytes) {
    return std::unexpected(PolicyError{PolicyErrorCode::too_long, "The policy is too long.", {}});
  }
  const auto root = parse_json_tree(text);
  Problems problems;
  if (!root || !root->is_object()) {
    if (root && kind != PolicyKind::resource) {
      problems.syntax();
    } else {
      problems.no_json(kind, line_and_column(text, root ? size_t{0} : root.error()));
    }
    return std::unexpected(*problems.first());
  }
  Policy policy = Parser(kind, problems).parse(*root);
  if (problems.first()) return std::unexpected(*problems.first());
  const auto places = find_statements(text);
  for (size_t i = 0; i < policy.statements.size() && i < places.size(); ++i) {
    policy.statements[i].start = places[i].start;
    policy.statements[i].end = places[i].end;
  }
  policy.action_starts = action_starts(policy.statements);
  return policy;
}

}  // namespace aerolith::policy
