#include "compute/encrypted_files.h"

#include <fmt/format.h>
#include <unistd.h>

#include "blocks/qcow2.h"
#include "compute/disk_files.h"
#include "compute/from_os.h"
#include "compute/served_disks.h"

namespace aerolith::compute {

namespace json = boost::json;

std::string secret_id_of(std::string_view node, size_t number) { return fmt::format("secret-{}-{}", node, number); }

json::object encryption(std::string_view secret_id) { return {{"format", "luks"}, {"key-secret", secret_id}}; }

Result<std::string> find_secret(const std::string& file, const SecretOf& secret_of) {
  os::RealFileSystem files;
  if (!TRY(from_os(blocks::read_qcow2_header(files, file))).is_encrypted) return std::string();
  if (!secret_of) return fail(DriverErrorCode::command, file + " is encrypted, and nothing opens it here");
  return secret_of(file);
}

Result<std::vector<ImageFile>> look_at_chain(const Disk& disk, const SecretOf& secret_of) {
  std::vector<ImageFile> chain;
  for (const std::string& path : TRY(files_of(disk))) {
    if (::access(path.c_str(), F_OK) != 0 && !chain.empty()) {
      chain.push_back({.name = path, .is_served = true});
    } else {
      chain.push_back({.name = path, .secret = TRY(find_secret(path, secret_of))});
    }
  }
  return chain;
}

Result<std::vector<ImageFile>> look_behind(const std::string& file, const SecretOf& secret_of) {
  os::RealFileSystem files;
  auto found = blocks::files_of_snapshot(files, file);
  if (!found.has_value()) return fail(DriverErrorCode::bad_image, found.error().detail);
  std::vector<ImageFile> chain;
  for (const std::string& path : *found) chain.push_back({.name = path, .secret = TRY(find_secret(path, secret_of))});
  return chain;
}

json::object image_node(std::string_view what, const std::vector<ImageFile>& files) {
  json::value node;  // null: the last one has no backing file
  for (size_t number = files.size(); number-- > 0;) {
    if (files[number].is_served) {
      node = behind_node_of(what);
      continue;
    }
    json::object file{{"driver", "file"}, {"filename", files[number].name}, {"discard", "unmap"}};
    if (files[number].is_direct) {
      file["cache"] = json::object{{"direct", true}};
      file["aio"] = "io_uring";
    }
    json::object made{
        {"driver", "qcow2"}, {"file", std::move(file)}, {"backing", std::move(node)}, {"discard", "unmap"}};
    if (!files[number].secret.empty()) made["encrypt"] = encryption(secret_id_of(what, number));
    if (number > 0) {
      made["read-only"] = true;
      made["file"].as_object()["read-only"] = true;
    }
    node = std::move(made);
  }
  return node.as_object();
}

Result<GivenSecrets> GivenSecrets::give(QmpClient& control, std::string_view what,
                                        const std::vector<ImageFile>& files) {
  GivenSecrets given(control);
  for (size_t number = 0; number < files.size(); ++number) {
    if (files[number].secret.empty()) continue;
    const std::string id = secret_id_of(what, number);
    // Left where we were killed in between, or given at the machine's start.
    (void)control.execute("object-del", {{"id", id}});
    TRY(control.execute("object-add", {{"qom-type", "secret"}, {"id", id}, {"data", files[number].secret}}));
    given.ids_.push_back(id);
  }
  return given;
}

GivenSecrets::~GivenSecrets() {
  for (const std::string& id : ids_) (void)control_->execute("object-del", {{"id", id}});
}

}  // namespace aerolith::compute
