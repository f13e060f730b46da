// The decisions of tests/policy/decisions/*.json: each with the rule of AWS's documentation that gives its answer.
// tests/policy/README.md says how they are written.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "policy/access_denied.h"
#include "policy/evaluate.h"

namespace aerolith::policy {
namespace {

namespace json = boost::json;

json::value read_json(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  boost::system::error_code error;
  json::value value = json::parse(text.str(), error);
  EXPECT_FALSE(error) << path << ": " << error.message();
  return value;
}

std::string text_of(const json::value& value) { return std::string(std::string_view(value.as_string())); }

const std::map<std::string, Principal, std::less<>>& principals() {
  static const std::map<std::string, Principal, std::less<>> kPrincipals = {
      {"anonymous", {}},
      {"root",
       {.type = PrincipalType::root,
        .account = "111122223333",
        .arn = "arn:aws:iam::111122223333:root",
        .canonical_user_id = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}},
      {"carlos",
       {.type = PrincipalType::user,
        .account = "111122223333",
        .arn = "arn:aws:iam::111122223333:user/carlos",
        .unique_id = "AIDACARLOSCARLOSCARLO",
        .canonical_user_id = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}},
      {"auditor",
       {.type = PrincipalType::role_session,
        .account = "111122223333",
        .arn = "arn:aws:sts::111122223333:assumed-role/auditor/night",
        .entity_arn = "arn:aws:iam::111122223333:role/auditor",
        .unique_id = "AROAAUDITORAUDITORAUD"}},
      {"federated",
       {.type = PrincipalType::federated_user,
        .account = "111122223333",
        .arn = "arn:aws:sts::111122223333:federated-user/guest",
        .entity_arn = "arn:aws:iam::111122223333:user/carlos",
        .unique_id = "AIDACARLOSCARLOSCARLO"}},
      {"federated-root",
       {.type = PrincipalType::federated_user,
        .account = "111122223333",
        .arn = "arn:aws:sts::111122223333:federated-user/guest",
        .entity_arn = "arn:aws:iam::111122223333:root"}},
      {"other-root", {.type = PrincipalType::root, .account = "444455556666", .arn = "arn:aws:iam::444455556666:root"}},
      {"dana",
       {.type = PrincipalType::user,
        .account = "444455556666",
        .arn = "arn:aws:iam::444455556666:user/dana",
        .unique_id = "AIDADANADANADANADANAD"}},
      {"other-session",
       {.type = PrincipalType::role_session,
        .account = "444455556666",
        .arn = "arn:aws:sts::444455556666:assumed-role/reader/app",
        .entity_arn = "arn:aws:iam::444455556666:role/reader",
        .unique_id = "AROAREADERREADERREADE"}},
      {"ec2", {.type = PrincipalType::service, .service = "ec2.amazonaws.com"}},
      {"web",
       {.type = PrincipalType::federated_identity,
        .provider = "arn:aws:iam::111122223333:oidc-provider/idp.example.com"}},
      {"saml", {.type = PrincipalType::federated_identity, .provider = "arn:aws:iam::111122223333:saml-provider/ADFS"}},
  };
  return kPrincipals;
}

// One scenario's policies, kept while its requests are evaluated.
class Scenario {
 public:
  explicit Scenario(const json::object& source) : source_(source) {
    if (const json::value* identity = source.if_contains("identity")) {
      identity_ = add_list(*identity, PolicyKind::identity, "identity");
      set_.identity = identity_;
    }
    if (const json::value* session = source.if_contains("session")) {
      session_ = add_list(*session, PolicyKind::identity, "session");
      set_.session = session_;
      set_.has_session_policies = true;
    }
    if (const json::value* boundary = source.if_contains("boundary")) {
      set_.boundary = &add(*boundary, PolicyKind::identity, "boundary");
    }
    is_trust_ = source.contains("trust");
    if (is_trust_) set_.resource = &add(source.at("trust"), PolicyKind::trust, "trust");
    if (const json::value* resource = source.if_contains("resource")) {
      set_.resource = &add(*resource, PolicyKind::resource, "resource");
    }
  }

  std::string decide(const json::object& row) const {
    const auto value_of = [&](const char* name, const std::string& fallback) {
      if (const json::value* value = row.if_contains(name)) return text_of(*value);
      const json::value* value = source_.if_contains(name);
      return value != nullptr && value->is_string() ? text_of(*value) : fallback;
    };
    const auto principal = principals().find(value_of("principal", "carlos"));
    if (principal == principals().end()) return "no such principal";
    const std::string action = value_of("action", is_trust_ ? "sts:AssumeRole" : "s3:GetObject");
    const std::string on =
        value_of("on", is_trust_ ? "arn:aws:iam::111122223333:role/deploy" : "arn:aws:s3:::bucket/key");
    const std::string account = value_of("account", "111122223333");
    Context context;
    for (const auto& [name, value] : row) {
      if (name.find(':') == json::string_view::npos) continue;
      if (value.is_string()) {
        context.set(name, text_of(value));
      } else {
        for (const json::value& item : value.as_array()) context.add_value(name, text_of(item));
      }
    }
    const ResourceRule rule = is_trust_ ? ResourceRule::trust : ResourceRule::either_side;
    const Request request{principal->second, action, on, account, context};
    const Decision decision = evaluate(request, set_, rule);
    Trace trace;
    if (evaluate(request, set_, rule, &trace).verdict != decision.verdict) return "a trace changes the decision";
    if (decision.verdict == Verdict::explicit_deny && decision.statement == nullptr) return "no statement denied";
    return show(decision);
  }

 private:
  static std::string show(const Decision& decision) {
    constexpr std::string_view kSources[] = {"identity", "boundary", "session", "resource", "trust"};
    const std::string source(kSources[static_cast<size_t>(decision.source)]);
    switch (decision.verdict) {
      case Verdict::allow:
        return "allow";
      case Verdict::explicit_deny:
        return "deny " + source;
      case Verdict::implicit_deny:
        return "none " + source;
    }
    return "?";
  }

  std::vector<NamedPolicy> add_list(const json::value& policies, PolicyKind kind, std::string_view name) {
    std::vector<NamedPolicy> named;
    if (policies.is_object()) return {add(policies, kind, name)};
    for (const json::value& policy : policies.as_array()) named.push_back(add(policy, kind, name));
    return named;
  }

  // A statement or an array of them; what a statement lacks is filled in.
  const NamedPolicy& add(const json::value& source, PolicyKind kind, std::string_view name) {
    json::array statements;
    if (source.is_object()) {
      statements.push_back(source);
    } else {
      statements = source.as_array();
    }
    for (json::value& value : statements) {
      json::object& statement = value.as_object();
      if (!statement.contains("Effect")) statement["Effect"] = "Allow";
      if (!statement.contains("Action") && !statement.contains("NotAction")) {
        statement["Action"] = kind == PolicyKind::trust ? "sts:AssumeRole" : "*";
      }
      if (kind != PolicyKind::trust && !statement.contains("Resource") && !statement.contains("NotResource")) {
        statement["Resource"] = "*";
      }
    }
    const json::value* version = source_.if_contains("version");
    const json::object document{{"Version", version != nullptr ? *version : json::value("2012-10-17")},
                                {"Statement", statements}};
    auto policy = parse_policy(json::serialize(document), kind);
    EXPECT_TRUE(policy.has_value()) << json::serialize(document) << "\n"
                                    << policy.error().message << " " << policy.error().place;
    policies_.push_back(policy.has_value() ? *std::move(policy) : Policy{});
    named_.push_back({&policies_.back(), name});
    return named_.back();
  }

  const json::object& source_;
  std::deque<Policy> policies_;
  std::deque<NamedPolicy> named_;
  std::vector<NamedPolicy> identity_;
  std::vector<NamedPolicy> session_;
  PolicySet set_;
  bool is_trust_ = false;
};

TEST(Decisions, FollowTheRulesOfTheDocumentation) {
  const std::filesystem::path folder = AEROLITH_DECISIONS;
  const json::value rules = read_json(folder.parent_path() / "rules.json");
  std::set<std::string> used, seen;
  size_t count = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    const json::value document = read_json(file.path());
    for (const json::value& entry : document.as_array()) {
      const json::object& source = entry.as_object();
      const Scenario scenario(source);
      const std::string about = file.path().stem().string() + ": " + text_of(source.at("about"));
      for (const json::value& row : source.at("decisions").as_array()) {
        const json::array& parts = row.as_array();
        ASSERT_EQ(parts.size(), 3U) << about;
        const std::string rule = text_of(parts[0]);
        EXPECT_TRUE(rules.as_object().contains(rule)) << about << ": no rule " << rule;
        used.insert(rule);
        ++count;
        EXPECT_EQ(scenario.decide(parts[1].as_object()), text_of(parts[2]))
            << about << "\n  " << json::serialize(row) << "\n  " << rule;
        EXPECT_TRUE(seen.insert(json::serialize(source.at("about")) + json::serialize(parts[1])).second)
            << about << ": twice " << json::serialize(row);
      }
    }
  }
  EXPECT_GE(count, 400U);
  for (const auto& [rule, unused] : rules.as_object()) {
    EXPECT_TRUE(used.contains(std::string(std::string_view(rule)))) << "no decision cites " << rule;
  }
  RecordProperty("decisions", static_cast<int>(count));
  std::printf("%zu decisions, %zu rules\n", count, used.size());
}

}  // namespace
}  // namespace aerolith::policy
