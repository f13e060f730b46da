#include "gateway/admin.h"

#include <boost/json.hpp>
#include <charconv>

#include "base/encoding.h"

namespace aerolith::gateway {
namespace {

http::Response answer_json(int status, const boost::json::object& body) {
  http::Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = boost::json::serialize(body) + "\n";
  return response;
}

http::Response answer_error(int status, std::string_view code, std::string_view message) {
  return answer_json(status, {{"error", code}, {"message", message}});
}

boost::json::object describe(const AccountInfo& account) {
  return {{"account_id", account.id}, {"name", account.name}, {"created", format_iso8601(account.created_at)}};
}

boost::json::object describe(const InstanceInfo& instance) {
  return {{"instance_id", instance.id},
          {"account_id", instance.account},
          {"name", instance.name},
          {"state", instance.state},
          {"type", instance.type},
          {"driver", instance.driver},
          {"image_id", instance.image},
          {"image_name", instance.image_name},
          {"base_image_name", instance.base_image_name},
          {"private_address", instance.private_address},
          {"public_address", instance.public_address},
          {"vpc_id", instance.vpc},
          {"network_namespace", instance.network_namespace},
          {"key_name", instance.key_name},
          {"public_key", instance.public_key},
          {"launched", format_iso8601(instance.launched_at)}};
}

boost::json::object describe(const ImageInfo& image) {
  return {{"image_id", image.id},
          {"name", image.name},
          {"description", image.description},
          {"driver", image.driver.empty() ? "any" : image.driver},
          {"size_gib", image.size_gib},
          {"created", format_iso8601(image.created_at)}};
}

}  // namespace

Admin::Admin(AdminSettings settings, const Registry& registry, const Metrics& metrics,
             const auth::Authenticator& authenticator)
    : settings_(std::move(settings)), registry_(registry), metrics_(metrics), authenticator_(authenticator) {}

bool Admin::owns(std::string_view path) { return path.starts_with("/_aerolith/") || path == "/_localstack/health"; }

http::Response Admin::handle(const http::RequestHead& head, audit::Event& event) const {
  const std::string_view path = head.path();
  const bool reads = head.method == "GET" || head.method == "HEAD";
  if (path == "/_aerolith/health" || path == "/_localstack/health")
    return reads ? health() : answer_error(405, "MethodNotAllowed", "use GET");
  if (path == "/_aerolith/metrics") {
    if (!reads) return answer_error(405, "MethodNotAllowed", "use GET");
    http::Response response;
    response.headers.add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    response.body = metrics_.text(settings_.server_stats(), settings_.audit_stats());
    return response;
  }
  const bool is_post = head.method == "POST";
  if (path == "/_aerolith/backup") {
    if (!is_post) return answer_error(405, "MethodNotAllowed", "use POST");
    return run_for_owner("Backup", &Admin::backup, head, event);
  }
  if (path == "/_aerolith/accounts") {
    if (is_post) return run_for_owner("CreateAccount", &Admin::create_account, head, event);
    if (head.method == "DELETE") return run_for_owner("DeleteAccount", &Admin::delete_account, head, event);
    if (head.method == "GET") return run_for_owner("ListAccounts", &Admin::list_accounts, head, event);
    return answer_error(405, "MethodNotAllowed", "use GET, POST or DELETE");
  }
  if (path == "/_aerolith/images") {
    if (is_post) return run_for_owner("AddImage", &Admin::add_image, head, event);
    if (head.method == "GET") return run_for_owner("ListImages", &Admin::list_images, head, event);
    return answer_error(405, "MethodNotAllowed", "use GET or POST");
  }
  if (path == "/_aerolith/snapshots") {
    if (!is_post) return answer_error(405, "MethodNotAllowed", "use POST");
    return run_for_owner("AddSnapshot", &Admin::add_snapshot, head, event);
  }
  if (path == "/_aerolith/exports") {
    if (is_post) return run_for_owner("BeginExport", &Admin::begin_export, head, event);
    if (head.method == "GET") return run_for_owner("LookAtExport", &Admin::look_at_export, head, event);
    if (head.method == "DELETE") return run_for_owner("EndExport", &Admin::end_export, head, event);
    return answer_error(405, "MethodNotAllowed", "use GET, POST or DELETE");
  }
  if (path == "/_aerolith/instances" || path == "/_aerolith/console") {
    if (head.method != "GET") return answer_error(405, "MethodNotAllowed", "use GET");
    return path.ends_with("s") ? run_for_owner("ListInstances", &Admin::list_instances, head, event)
                               : run_for_owner("ReadConsole", &Admin::read_console, head, event);
  }
  return answer_error(404, "NotFound",
                      "there are health, metrics, backup, accounts, images, snapshots, exports, instances and console "
                      "under /_aerolith/");
}

http::Response Admin::run_for_owner(std::string_view operation, Action action, const http::RequestHead& head,
                                    audit::Event& event) const {
  event.operation = operation;
  event.outcome = audit::Outcome::denied;
  event.error_code = "AccessDenied";
  const auto authenticated = authenticator_.authenticate({.head = head, .service = kSigningName});
  if (!authenticated.has_value()) {
    event.claimed_key_id = authenticated.error().access_key_id;
    return answer_error(403, "AccessDenied", "the request must be signed by the installation's root key");
  }
  event.key = authenticated->key;
  const auth::Principal* principal = authenticated->principal();
  if (principal == nullptr || !principal->is_root() || principal->account != settings_.owner) {
    return answer_error(403, "AccessDenied", "only the root of the installation's first account may do that");
  }
  event.outcome = audit::Outcome::allowed;
  http::Response response = (this->*action)(head);
  event.error_code = response.status < 400 ? "" : std::string(operation) + "Failed";
  return response;
}

http::Response Admin::health() const {
  boost::json::object services;
  for (const RegisteredService& service : registry_.services()) {
    bool any = false;
    for (const OperationEntry* entry : service.entries) any = any || entry != nullptr;
    services[service.model->name] = any ? "running" : "disabled";
  }
  return answer_json(200, {{"state", "ready"}, {"version", settings_.version}, {"services", services}});
}

http::Response Admin::backup(const http::RequestHead& head) const {
  const auto directory = auth::find_parameter(head.query(), "to");
  if (!directory || !directory->starts_with('/'))
    return answer_error(400, "InvalidArgument", "`to` must be the absolute path of a folder");
  const std::string problem = settings_.backup(*directory);
  if (!problem.empty()) return answer_error(500, "BackupFailed", problem);
  return answer_json(200, {{"directory", *directory}});
}

http::Response Admin::create_account(const http::RequestHead& head) const {
  const auto made = settings_.create_account(auth::find_parameter(head.query(), "name").value_or(""));
  if (!made.has_value()) return answer_error(400, "CreateAccountFailed", made.error());
  boost::json::object body = describe(made->info);
  body["access_key_id"] = made->access_key_id;
  body["secret_access_key"] = made->secret_access_key;
  return answer_json(200, body);
}

http::Response Admin::delete_account(const http::RequestHead& head) const {
  const std::string id = auth::find_parameter(head.query(), "id").value_or("");
  const auto deleted = settings_.delete_account(id);
  if (!deleted.has_value()) return answer_error(400, "DeleteAccountFailed", deleted.error());
  return answer_json(200, {{"account_id", id}});
}

http::Response Admin::list_accounts(const http::RequestHead&) const {
  const auto found = settings_.list_accounts();
  if (!found.has_value()) return answer_error(500, "ListAccountsFailed", found.error());
  boost::json::array accounts;
  for (const AccountInfo& account : *found) accounts.push_back(describe(account));
  return answer_json(200, {{"accounts", std::move(accounts)}});
}

http::Response Admin::add_image(const http::RequestHead& head) const {
  const auto given = [&](std::string_view name) { return auth::find_parameter(head.query(), name).value_or(""); };
  const NewImage image{.name = given("name"),
                       .description = given("description"),
                       .file = given("file"),
                       .driver = given("driver"),
                       .kernel = given("kernel"),
                       .initramfs = given("initramfs"),
                       .kernel_arguments = given("kernel_arguments")};
  if (!image.file.starts_with('/')) {
    return answer_error(400, "InvalidArgument", "`file` must be the absolute path of a file");
  }
  const auto added = settings_.add_image(image);
  if (!added.has_value()) return answer_error(400, "AddImageFailed", added.error());
  return answer_json(200, describe(*added));
}

http::Response Admin::list_images(const http::RequestHead&) const {
  const auto found = settings_.list_images();
  if (!found.has_value()) return answer_error(500, "ListImagesFailed", found.error());
  boost::json::array images;
  for (const ImageInfo& image : *found) images.push_back(describe(image));
  return answer_json(200, {{"images", std::move(images)}});
}

http::Response Admin::add_snapshot(const http::RequestHead& head) const {
  const auto given = [&](std::string_view name) { return auth::find_parameter(head.query(), name).value_or(""); };
  const NewSnapshot snapshot{.file = given("file"), .account = given("account"), .description = given("description")};
  if (!snapshot.file.starts_with('/')) {
    return answer_error(400, "InvalidArgument", "`file` must be the absolute path of a file");
  }
  const auto added = settings_.add_snapshot(snapshot);
  if (!added.has_value()) return answer_error(400, "AddSnapshotFailed", added.error());
  return answer_json(200, {{"snapshot_id", added->id}, {"account_id", added->account}, {"size_gib", added->size_gib}});
}

http::Response Admin::begin_export(const http::RequestHead& head) const {
  const auto begun = settings_.begin_export(auth::find_parameter(head.query(), "volume").value_or(""));
  if (!begun.has_value()) return answer_error(400, "BeginExportFailed", begun.error());
  return answer_json(200, {{"snapshot_id", *begun}});
}

http::Response Admin::look_at_export(const http::RequestHead& head) const {
  const auto seen = settings_.look_at_export(auth::find_parameter(head.query(), "snapshot").value_or(""));
  if (!seen.has_value()) return answer_error(400, "LookAtExportFailed", seen.error());
  return answer_json(200, {{"state", seen->state}, {"percent", seen->percent}, {"failure", seen->failure}});
}

http::Response Admin::end_export(const http::RequestHead& head) const {
  const std::string snapshot = auth::find_parameter(head.query(), "snapshot").value_or("");
  const auto ended = settings_.end_export(snapshot);
  if (!ended.has_value()) return answer_error(400, "EndExportFailed", ended.error());
  return answer_json(200, {{"snapshot_id", snapshot}});
}

http::Response Admin::list_instances(const http::RequestHead&) const {
  const auto found = settings_.list_instances();
  if (!found.has_value()) return answer_error(500, "ListInstancesFailed", found.error());
  boost::json::array instances;
  for (const InstanceInfo& instance : *found) instances.push_back(describe(instance));
  return answer_json(200, {{"instances", std::move(instances)}});
}

http::Response Admin::read_console(const http::RequestHead& head) const {
  const std::string place = auth::find_parameter(head.query(), "place").value_or("0");
  uint64_t number = 0;
  const auto parsed = std::from_chars(place.data(), place.data() + place.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != place.data() + place.size()) {
    return answer_error(400, "InvalidArgument", "`place` must be a number");
  }
  const auto read = settings_.read_console(auth::find_parameter(head.query(), "instance").value_or(""), number);
  if (!read.has_value()) return answer_error(400, "ReadConsoleFailed", read.error());
  // A console's bytes are whatever the guest wrote.
  return answer_json(200, {{"text", base64_encode(read->text)}, {"end", read->end}, {"over", read->is_over}});
}

}  // namespace aerolith::gateway
