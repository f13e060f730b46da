#include "federation/saml_response.h"

#include <algorithm>
#include <chrono>

#include "base/encoding.h"
#include "federation/saml_decryption.h"
#include "federation/saml_signature.h"
#include "federation/saml_xml.h"

namespace aerolith::federation {
namespace {

using Code = TokenErrorCode;

constexpr std::string_view kSuccess = "urn:oasis:names:tc:SAML:2.0:status:Success";
constexpr std::string_view kBearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
constexpr std::string_view kPersistent = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
constexpr std::string_view kTransient = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
constexpr std::string_view kAttributes = "https://aws.amazon.com/SAML/Attributes/";
constexpr std::string_view kTagAttribute = "PrincipalTag:";
constexpr std::string_view kNameLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+=,.@-";
constexpr std::chrono::minutes kRedeemWithin{5};

// AWS's words: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_saml.html
constexpr const char* kInvalidResponse = "Your request included an invalid SAML response";

constexpr const char* kWrongSignature = "Response signature invalid";

std::unexpected<TokenError> invalid(std::string message) { return fail(Code::invalid, std::move(message)); }
std::unexpected<TokenError> invalid_response(std::string_view why) {
  return invalid(std::string(kInvalidResponse) + ": " + std::string(why));
}

bool is_session_name(std::string_view text) {
  return text.size() >= 2 && text.size() <= 64 && text.find_first_not_of(kNameLetters) == std::string_view::npos;
}

// The sign-in address, of the world or of a region.
bool is_sign_in(std::string_view url) {
  constexpr std::string_view kEnd = "signin.aws.amazon.com/saml";
  constexpr std::string_view kScheme = "https://";
  if (!url.starts_with(kScheme) || !url.ends_with(kEnd)) return false;
  const std::string_view region = url.substr(kScheme.size(), url.size() - kScheme.size() - kEnd.size());
  return region.empty() || (region.size() > 1 && region.back() == '.' &&
                            region.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == region.size() - 1);
}

bool is_our_audience(std::string_view text) { return text == "urn:amazon:webservices" || is_sign_in(text); }

Result<void, TokenError> check_response(const xmlNode* root) {
  if (!is_element(root, kSamlProtocolNamespace, "Response") || attribute(root, "Version") != "2.0") {
    return invalid_response("not a Response of SAML 2.0");
  }
  const xmlNode* const status = only_child(root, kSamlProtocolNamespace, "Status");
  if (attribute(only_child(status, kSamlProtocolNamespace, "StatusCode"), "Value") != kSuccess) {
    return invalid_response("its status isn't Success");
  }
  return {};
}

// Whether an element is signed; an error where one of its signatures is wrong.
Result<bool, TokenError> is_signed(xmlNode* element, const std::vector<std::string>& certificates) {
  const auto signatures = children(element, kSignatureNamespace, "Signature");
  if (signatures.empty()) return false;
  if (signatures.size() > 1 || !verify_enveloped_signature(element, signatures.front(), certificates)) {
    return invalid(kWrongSignature);
  }
  return true;
}

// The assertion of a response in which nothing else could be taken for it.
Result<xmlNode*, TokenError> find_assertion(xmlNode* root) {
  xmlNode* const assertion = only_child(root, kSamlNamespace, "Assertion");
  // One hidden elsewhere is an attempt to have another one used than was signed.
  if (assertion == nullptr || descendants(root, kSamlNamespace, "Assertion").size() != 1 ||
      descendants(root, kSamlProtocolNamespace, "Response").size() != 1) {
    return invalid_response("it must have exactly one assertion");
  }
  return assertion;
}

// Of the response or of the assertion, or of both.
Result<void, TokenError> check_signatures(xmlNode* root, xmlNode* assertion,
                                          const std::vector<std::string>& certificates) {
  size_t right = 0;
  for (xmlNode* const element : {root, assertion}) right += TRY(is_signed(element, certificates)) ? 1 : 0;
  if (right == 0 || descendants(root, kSignatureNamespace, "Signature").size() != right) {
    return invalid(kWrongSignature);
  }
  return {};
}

// The one encrypted assertion of a response, decrypted and verified, as a document of its own. Where the response isn't
// signed its bytes may be a stranger's: he learns nothing of what they are decrypted to.
Result<XmlDocument, TokenError> open_assertion(xmlNode* root, const SamlMetadata& provider,
                                               const SamlDecryption& decryption) {
  xmlNode* const encrypted = only_child(root, kSamlNamespace, "EncryptedAssertion");
  if (encrypted == nullptr || descendants(root, kSamlNamespace, "EncryptedAssertion").size() != 1 ||
      !descendants(root, kSamlNamespace, "Assertion").empty() ||
      descendants(root, kSamlProtocolNamespace, "Response").size() != 1) {
    return invalid_response("it must have exactly one assertion");
  }
  if (decryption.private_keys.empty()) return invalid_response("the provider has no key to decrypt its assertion with");
  const bool is_response_signed = TRY(is_signed(root, provider.certificates));
  if (descendants(root, kSignatureNamespace, "Signature").size() != (is_response_signed ? 1 : 0)) {
    return invalid(kWrongSignature);
  }
  const auto refuse = [] { return invalid("Response can't be decrypted, or its signature is invalid"); };
  XmlDocument opened = decrypt_assertion(encrypted, decryption.private_keys);
  xmlNode* const assertion = opened != nullptr ? xmlDocGetRootElement(opened.get()) : nullptr;
  if (!is_element(assertion, kSamlNamespace, "Assertion") ||
      descendants(assertion, kSamlNamespace, "Assertion").size() != 1) {
    return refuse();
  }
  const auto signature = is_signed(assertion, provider.certificates);
  if (!signature.has_value() || !(is_response_signed || *signature) ||
      descendants(assertion, kSignatureNamespace, "Signature").size() != (*signature ? 1 : 0)) {
    return refuse();
  }
  return opened;
}

Result<std::optional<Timestamp>, TokenError> read_time(const xmlNode* element, const char* name) {
  const auto text = attribute(element, name);
  if (!text) return std::optional<Timestamp>();
  const auto time = parse_iso8601(*text);
  if (!time) return invalid_response(std::string(name) + " is no time");
  return time;
}

Result<void, TokenError> check_window(const xmlNode* element, Timestamp now) {
  const auto not_before = TRY(read_time(element, "NotBefore"));
  const auto not_on_or_after = TRY(read_time(element, "NotOnOrAfter"));
  if (not_on_or_after && now >= *not_on_or_after) return fail(Code::expired, "Response has expired");
  if (not_before && now + kClockSkew < *not_before) return invalid("Response is not yet valid");
  return {};
}

Result<void, TokenError> check_conditions(const xmlNode* assertion, Timestamp now) {
  const xmlNode* const conditions = only_child(assertion, kSamlNamespace, "Conditions");
  if (conditions == nullptr) return invalid("Response does not contain the required audience.");
  TRY(check_window(conditions, now));
  const auto restrictions = children(conditions, kSamlNamespace, "AudienceRestriction");
  bool is_for_us = !restrictions.empty();
  for (const xmlNode* restriction : restrictions) {
    const auto audiences = children(restriction, kSamlNamespace, "Audience");
    is_for_us =
        is_for_us && std::ranges::any_of(audiences, [](const xmlNode* a) { return is_our_audience(text_of(a)); });
  }
  if (!is_for_us) return invalid("Response does not contain the required audience.");
  const auto issued_at = TRY(read_time(assertion, "IssueInstant"));
  if (!issued_at) return invalid_response("the assertion has no IssueInstant");
  if (*issued_at > now + kClockSkew) return invalid("Response is not yet valid");
  if (now - *issued_at > kRedeemWithin) {
    return fail(Code::expired, "Token must be redeemed within 5 minutes of issuance");
  }
  return {};
}

Result<void, TokenError> read_subject(const xmlNode* assertion, Timestamp now, SamlAssertion& read) {
  const xmlNode* const subject = only_child(assertion, kSamlNamespace, "Subject");
  const xmlNode* const name = only_child(subject, kSamlNamespace, "NameID");
  read.subject = text_of(name);
  if (read.subject.empty()) return invalid_response("it has no NameID");
  read.subject_type = attribute(name, "Format").value_or("urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified");
  if (read.subject_type == kPersistent) read.subject_type = "persistent";
  if (read.subject_type == kTransient) read.subject_type = "transient";
  const xmlNode* const confirmation = only_child(subject, kSamlNamespace, "SubjectConfirmation");
  const xmlNode* const data = only_child(confirmation, kSamlNamespace, "SubjectConfirmationData");
  if (data == nullptr || attribute(confirmation, "Method") != kBearer) {
    return invalid_response("it must have exactly one SubjectConfirmation, of a bearer");
  }
  read.recipient = attribute(data, "Recipient").value_or("");
  if (!is_sign_in(read.recipient)) return invalid_response("its Recipient isn't https://signin.aws.amazon.com/saml");
  if (!attribute(data, "NotOnOrAfter")) return invalid_response("SubjectConfirmationData has no NotOnOrAfter");
  return check_window(data, now);
}

// "role ARN,provider ARN", in either order.
Result<void, TokenError> add_role(std::string_view value, SamlAssertion& read) {
  const size_t comma = value.find(',');
  if (comma == std::string_view::npos) return invalid_response("a Role isn't a pair of ARNs");
  const auto part = [](std::string_view text) {
    constexpr std::string_view kSpace = " \t\r\n";
    const size_t begin = text.find_first_not_of(kSpace);
    return begin == std::string_view::npos ? std::string()
                                           : std::string(text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin));
  };
  std::string role = part(value.substr(0, comma));
  std::string provider = part(value.substr(comma + 1));
  if (role.find(":saml-provider/") != std::string::npos) std::swap(role, provider);
  read.roles.emplace_back(std::move(role), std::move(provider));
  return {};
}

// An attribute of AWS's, by what its name has after AWS's prefix.
Result<void, TokenError> read_own_attribute(std::string_view name, const SamlAttribute& found, SamlAssertion& read) {
  const std::string first = found.values.empty() ? std::string() : found.values.front();
  if (name == "Role") {
    for (const std::string& value : found.values) TRY(add_role(value, read));
  } else if (name == "RoleSessionName") {
    read.session_name = first;
    if (found.values.size() != 1 || !is_session_name(first)) {
      return invalid("RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}");
    }
  } else if (name == "SourceIdentity") {
    read.source_identity = first;
    if (found.values.size() != 1 || !is_session_name(first) || to_lower(first).starts_with("aws:")) {
      return invalid(R"(Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:")");
    }
  } else if (name == "TransitiveTagKeys") {
    read.transitive_tag_keys.insert(read.transitive_tag_keys.end(), found.values.begin(), found.values.end());
  } else if (name.starts_with(kTagAttribute)) {
    if (found.values.size() != 1) return invalid_response("a PrincipalTag must have one value");
    read.tags.emplace_back(std::string(name.substr(kTagAttribute.size())), first);
  }
  return {};
}

Result<void, TokenError> read_attributes(const xmlNode* assertion, SamlAssertion& read) {
  for (const xmlNode* statement : children(assertion, kSamlNamespace, "AttributeStatement")) {
    for (const xmlNode* element : children(statement, kSamlNamespace, "Attribute")) {
      SamlAttribute found{.name = attribute(element, "Name").value_or(""), .values = {}};
      for (const xmlNode* value : children(element, kSamlNamespace, "AttributeValue")) {
        found.values.push_back(text_of(value));
      }
      const std::string_view name = found.name;
      if (name.starts_with(kAttributes)) TRY(read_own_attribute(name.substr(kAttributes.size()), found, read));
      read.attributes.push_back(std::move(found));
    }
  }
  if (read.roles.empty()) return invalid(kInvalidResponse);
  if (read.session_name.empty()) return invalid("RoleSessionName is required in AuthnResponse");
  return {};
}

}  // namespace

Result<SamlAssertion, TokenError> verify_saml_response(std::string_view response, const SamlMetadata& provider,
                                                       const SamlDecryption& decryption, Timestamp now) {
  // Some clients break the lines.
  std::string text(response.substr(0, kMaxSamlCharacters + 1));
  std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
  const auto bytes = text.size() > kMaxSamlCharacters ? std::nullopt : base64_decode(text);
  if (!bytes) return invalid("Invalid base64 SAMLResponse");
  const XmlDocument document = parse_xml(*bytes);
  if (document == nullptr) return invalid_response("it isn't well-formed XML without a document type");
  xmlNode* const root = xmlDocGetRootElement(document.get());
  TRY(check_response(root));
  const bool is_encrypted = !descendants(root, kSamlNamespace, "EncryptedAssertion").empty();
  if (decryption.is_required && !is_encrypted) return invalid_response("its assertion isn't encrypted");
  XmlDocument opened;
  if (is_encrypted) opened = TRY(open_assertion(root, provider, decryption));
  xmlNode* const assertion = is_encrypted ? xmlDocGetRootElement(opened.get()) : TRY(find_assertion(root));

  SamlAssertion read;
  read.issuer = text_of(only_child(assertion, kSamlNamespace, "Issuer"));
  if (read.issuer != provider.entity_id) return invalid("Issuer not present in specified provider");
  if (!is_encrypted) TRY(check_signatures(root, assertion, provider.certificates));
  TRY(check_conditions(assertion, now));
  TRY(read_subject(assertion, now, read));
  TRY(read_attributes(assertion, read));
  for (const xmlNode* statement : children(assertion, kSamlNamespace, "AuthnStatement")) {
    const auto end = TRY(read_time(statement, "SessionNotOnOrAfter"));
    if (end && *end <= now) return fail(Code::expired, "Response has expired");
    if (end) read.session_ends_at = read.session_ends_at ? std::min(*read.session_ends_at, *end) : *end;
  }
  return read;
}

}  // namespace aerolith::federation
