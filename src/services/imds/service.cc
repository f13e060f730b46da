#include "services/imds/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/log.h"
#include "services/imds/instance_tree.h"
#include "services/imds/tokens.h"

namespace aerolith::imds {
namespace {

constexpr std::string_view kTokenField = "x-aws-ec2-metadata-token";
constexpr std::string_view kLifeField = "x-aws-ec2-metadata-token-ttl-seconds";
constexpr std::string_view kTokenPath = "latest/api/token";

// All show the same: that a path came with a later version is no reason to hide it.
constexpr std::array<std::string_view, 30> kVersions = {
    "1.0",        "2007-01-19", "2007-03-01", "2007-08-29", "2007-10-10", "2007-12-15", "2008-02-01", "2008-09-01",
    "2009-04-04", "2011-01-01", "2011-05-01", "2012-01-12", "2014-02-25", "2014-11-05", "2015-10-20", "2016-04-19",
    "2016-06-30", "2016-09-02", "2018-03-28", "2018-08-17", "2018-09-24", "2019-10-01", "2020-08-24", "2020-10-27",
    "2021-01-03", "2021-03-23", "2021-07-15", "2022-09-24", "2024-04-11", "latest"};

std::string_view reason_of(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 503:
      return "Service Unavailable";
    default:
      return "Internal Server Error";
  }
}

http::Response refuse(int status) {
  http::Response response;
  response.status = status;
  response.headers.add("Content-Type", "text/html");
  response.headers.add("Server", "EC2ws");
  const std::string title = fmt::format("{} - {}", status, reason_of(status));
  response.body = fmt::format(
      "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n"
      "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\"\n"
      "\t\"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n"
      "<html xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"en\" lang=\"en\">\n"
      " <head>\n  <title>{0}</title>\n </head>\n <body>\n  <h1>{0}</h1>\n </body>\n</html>\n",
      title);
  return response;
}

http::Response give(std::string content, std::string_view type = "text/plain") {
  http::Response response;
  response.headers.add("Content-Type", std::string(type));
  response.headers.add("Accept-Ranges", "none");
  response.headers.add("Server", "EC2ws");
  response.body = std::move(content);
  return response;
}

http::Response internal_error(const ec2::InstanceFacts& facts, const metadata::Error& error) {
  log_error("imds: can't answer", {{"instance", facts.id}, {"reason", error.detail}});
  return refuse(500);
}

// "latest/meta-data/x" -> "latest" and "meta-data/x".
std::pair<std::string, std::string> split_version(const std::string& path) {
  const size_t slash = path.find('/');
  if (slash == std::string::npos) return {path, ""};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

}  // namespace

Service::Service(Parts parts)
    : parts_(std::move(parts)), credentials_(parts_.sessions, parts_.roles, parts_.find_profile) {}

http::Response Service::handle(http::Request& request) {
  const http::RequestHead& head = request.head;
  const auto found = parts_.find_instance(head.listener, head.peer_address);
  if (!found.has_value()) {
    log_error("imds: can't tell who asks", {{"vpc", head.listener}, {"reason", found.error().detail}});
    return refuse(500);
  }
  if (!*found) return refuse(404);
  const ec2::InstanceFacts& facts = **found;
  if (!facts.metadata_enabled) return refuse(403);
  if (head.method == "PUT") return issue_token(head, facts);
  if (head.method == "GET" || head.method == "HEAD") return read(head, facts);
  return refuse(405);
}

http::Response Service::issue_token(const http::RequestHead& head, const ec2::InstanceFacts& facts) const {
  if (normal_path(head.path()) != kTokenPath) return refuse(405);
  // Through a proxy somebody else asks: "Tokens aren't given where the request has an X-Forwarded-For header".
  if (head.headers.contains("x-forwarded-for")) return refuse(403);
  const auto life = read_token_life(head.headers.find(kLifeField).value_or(""));
  if (!life) return refuse(400);
  http::Response response = give(make_token(parts_.box, facts.id, parts_.clock.now() + *life));
  response.headers.add("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", std::to_string(life->count()));
  response.hop_limit = static_cast<uint8_t>(std::clamp(facts.hop_limit, 1, 64));
  return response;
}

http::Response Service::read(const http::RequestHead& head, const ec2::InstanceFacts& facts) {
  const auto token = head.headers.find(kTokenField);
  if (!token && facts.tokens_required) return refuse(401);
  std::optional<std::chrono::seconds> left;
  if (token) {
    left = check_token(parts_.box, facts.id, *token, parts_.clock.now());
    if (!left) return refuse(401);
  }
  const auto path = normal_path(head.path());
  if (!path) return refuse(400);
  if (*path == kTokenPath) return refuse(405);
  http::Response response;
  if (path->empty()) {
    response = give(fmt::format("{}", fmt::join(kVersions, "\n")));
  } else {
    const auto [version, rest] = split_version(*path);
    if (std::ranges::find(kVersions, version) == kVersions.end()) return refuse(404);
    auto answer = read_path(rest, facts);
    response = answer.has_value() ? *std::move(answer) : internal_error(facts, answer.error());
  }
  if (left && response.status == 200) {
    response.headers.add("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", std::to_string(left->count()));
  }
  return response;
}

metadata::Result<http::Response> Service::read_path(const std::string& path, const ec2::InstanceFacts& facts) {
  if (path.empty()) return give(facts.user_data.empty() ? "dynamic\nmeta-data" : "dynamic\nmeta-data\nuser-data");
  if (path == "user-data") {
    return facts.user_data.empty() ? refuse(404) : give(facts.user_data, "application/octet-stream");
  }
  if (path == "meta-data/iam" || path.starts_with("meta-data/iam/")) return read_iam(path, facts);
  if (path.starts_with("dynamic/instance-identity/")) return read_identity(path, facts);
  if (path == "dynamic/instance-identity") return give("document\npkcs7\nrsa2048\nsignature");
  if (path == "meta-data/public-keys" && !facts.public_key.empty()) return give("0=" + facts.key_name);
  Tree tree = make_tree(facts, parts_.region);
  if (!facts.profile_arn.empty()) tree.add("meta-data/iam/info", "");
  if (const std::string* const content = tree.find_file(path)) {
    http::Response response = give(*content);
    response.headers.add("Last-Modified",
                         format_http_date(std::chrono::floor<std::chrono::seconds>(facts.launched_at)));
    return response;
  }
  auto names = tree.list(path);
  return names ? give(*std::move(names)) : refuse(404);
}

metadata::Result<http::Response> Service::read_iam(const std::string& path, const ec2::InstanceFacts& facts) {
  if (facts.profile_arn.empty()) return refuse(404);
  const Timestamp now = parts_.clock.now();
  if (path == "meta-data/iam/info") return give(TRY(credentials_.info(facts, now)));
  const auto role = TRY(credentials_.role_name(facts));
  if (path == "meta-data/iam") return give(role ? "info\nsecurity-credentials/" : "info");
  if (!role) return refuse(404);
  if (path == kCredentialsFolder) return give(*role);
  const std::string prefix = std::string(kCredentialsFolder) + "/";
  if (!path.starts_with(prefix)) return refuse(404);
  auto document = TRY(credentials_.document(facts, path.substr(prefix.size()), now));
  return document ? give(*std::move(document)) : refuse(404);
}

http::Response Service::read_identity(const std::string& path, const ec2::InstanceFacts& facts) const {
  const std::string_view name = std::string_view(path).substr(path.rfind('/') + 1);
  const std::string document = identity_document(facts, parts_.region);
  if (path != "dynamic/instance-identity/" + std::string(name)) return refuse(404);
  if (name == "document") return give(document);
  std::string made;
  if (name == "pkcs7" || name == "rsa2048") {
    made = parts_.signer.sign_pkcs7(document);
  } else if (name == "signature") {
    made = parts_.signer.sign(document);
  } else {
    return refuse(404);
  }
  return made.empty() ? refuse(500) : give(std::move(made));
}

http::Response Service::overloaded(const http::RequestHead&) {
  http::Response response = refuse(503);
  response.headers.add("Retry-After", "1");
  return response;
}

http::Response Service::bad_request(int status, std::string_view, std::string_view) { return refuse(status); }

}  // namespace aerolith::imds
