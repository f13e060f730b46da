// Server certificates: for load balancers and the like, to find by name.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_UploadServerCertificate.html
#include <fmt/format.h>

#include "base/white_space.h"
#include "services/iam/certificates.h"
#include "services/iam/entities.h"
#include "services/iam/mfa_seed.h"
#include "services/iam/operations/operations.h"
#include "services/iam/paging.h"
#include "services/iam/tags.h"

namespace aerolith::iam {
namespace {

constexpr std::string_view kCertificateTagQuota = "TagsPerServerCertificate";
constexpr int32_t kMaxCertificates = 20;

std::unexpected<CallError> no_such_certificate(const std::string& name) {
  return errors::no_such(fmt::format("The Server Certificate with name {} cannot be found.", name));
}

std::unexpected<CallError> certificate_exists(const std::string& name) {
  return errors::already_exists(fmt::format("The Server Certificate with name {} already exists.", name));
}

Result<ServerCertificateRecord> find_certificate(metadata::ReadTransaction& txn, const AccountId& account,
                                                 const std::string& name) {
  auto record = TRY(kServerCertificates.get(txn, {account, lower_name(name)}));
  if (!record) return no_such_certificate(name);
  return *std::move(record);
}

ServerCertificateMetadata to_wire(const AccountId& account, const ServerCertificateRecord& record) {
  return {.path = record.path,
          .server_certificate_name = record.name,
          .server_certificate_id = record.id,
          .arn = make_arn(account, "server-certificate", record.path, record.name),
          .upload_date = record.uploaded_at,
          .expiration = record.expires_at};
}

// As IAM shows it: Terraform would replace what isn't so.
std::string trimmed(const std::string& pem) { return std::string(trim_white_space(pem)); }

template <typename Change>
Result<NoOutput> change_certificate(Call& call, const std::string& name, Change change) {
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    ServerCertificateRecord record = TRY(find_certificate(txn, call.account(), name));
    TRY(change(record));
    kServerCertificates.put(txn, {call.account(), lower_name(name)}, record);
    return NoOutput{};
  });
}

}  // namespace

Result<UploadServerCertificateOutput> upload_server_certificate(Call& call, const UploadServerCertificateInput& input) {
  const AccountId& account = call.account();
  const std::string& name = *input.server_certificate_name;
  const Name key = lower_name(name);
  const CertificateFacts facts = TRY(read_certificate(*input.certificate_body));
  TRY(check_key_pair(*input.certificate_body, *input.private_key));
  if (input.certificate_chain) TRY(check_chain(*input.certificate_chain));
  const ServerCertificateRecord record{
      .name = name,
      .path = TRY(read_path(input.path)),
      .id = make_unique_id("ASCA"),
      .uploaded_at = call.context.now,
      .expires_at = facts.expires_at,
      .body = trimmed(*input.certificate_body),
      .chain = input.certificate_chain ? std::optional(trimmed(*input.certificate_chain)) : std::nullopt,
      .sealed_key = call.secrets.seal(*input.private_key, server_certificate_context(account, key)),
      .tags = TRY(read_tags(input.tags, kCertificateTagQuota))};
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    if (TRY(kServerCertificates.contains(txn, {account, key}))) return certificate_exists(name);
    if (TRY(count_rows(txn, kServerCertificates, account)) >= kMaxCertificates) {
      return errors::quota_exceeded("ServerCertificatesPerAccount", kMaxCertificates);
    }
    kServerCertificates.put(txn, {account, key}, record);
    return {};
  }));
  return UploadServerCertificateOutput{.server_certificate_metadata = to_wire(account, record),
                                       .tags = to_wire_or_none(record.tags)};
}

Result<GetServerCertificateOutput> get_server_certificate(Call& call, const GetServerCertificateInput& input) {
  auto txn = call.metadata.begin_read();
  const ServerCertificateRecord record = TRY(find_certificate(*txn, call.account(), *input.server_certificate_name));
  return GetServerCertificateOutput{
      .server_certificate = ServerCertificate{.server_certificate_metadata = to_wire(call.account(), record),
                                              .certificate_body = record.body,
                                              .certificate_chain = record.chain,
                                              .tags = to_wire_or_none(record.tags)}};
}

Result<ListServerCertificatesOutput> list_server_certificates(Call& call, const ListServerCertificatesInput& input) {
  ListServerCertificatesOutput output;
  auto& certificates = output.server_certificate_metadata_list.emplace();
  auto txn = call.metadata.begin_read();
  TRY(list_rows(
      *txn, kServerCertificates, TRY(read_page(input)), output,
      [&](const ServerCertificateRecord& record) -> Result<bool> { return has_prefix(record.path, input.path_prefix); },
      [&](const Name&, const ServerCertificateRecord& record) -> Result<> {
        certificates.push_back(to_wire(call.account(), record));
        return {};
      },
      call.account()));
  return output;
}

Result<NoOutput> update_server_certificate(Call& call, const UpdateServerCertificateInput& input) {
  const AccountId& account = call.account();
  const Name from = lower_name(input.server_certificate_name);
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    ServerCertificateRecord record = TRY(find_certificate(txn, account, *input.server_certificate_name));
    if (input.new_path) record.path = TRY(read_path(input.new_path));
    record.name = input.new_server_certificate_name.value_or(record.name);
    const Name to = lower_name(record.name);
    if (to != from) {
      if (TRY(kServerCertificates.contains(txn, {account, to}))) return certificate_exists(record.name);
      const auto key = call.secrets.open(record.sealed_key, server_certificate_context(account, from));
      if (!key) return errors::internal_error("the key of a server certificate can't be opened");
      record.sealed_key = call.secrets.seal(*key, server_certificate_context(account, to));
      kServerCertificates.erase(txn, {account, from});
    }
    kServerCertificates.put(txn, {account, to}, record);
    return NoOutput{};
  });
}

Result<NoOutput> delete_server_certificate(Call& call, const DeleteServerCertificateInput& input) {
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    TRY(find_certificate(txn, call.account(), *input.server_certificate_name));
    kServerCertificates.erase(txn, {call.account(), lower_name(input.server_certificate_name)});
    return NoOutput{};
  });
}

Result<NoOutput> tag_server_certificate(Call& call, const TagServerCertificateInput& input) {
  return change_certificate(call, *input.server_certificate_name, [&](ServerCertificateRecord& record) -> Result<> {
    return merge_tags(record.tags, input.tags, kCertificateTagQuota);
  });
}

Result<NoOutput> untag_server_certificate(Call& call, const UntagServerCertificateInput& input) {
  return change_certificate(call, *input.server_certificate_name, [&](ServerCertificateRecord& record) -> Result<> {
    remove_tags(record.tags, input.tag_keys);
    return {};
  });
}

Result<ListServerCertificateTagsOutput> list_server_certificate_tags(Call& call,
                                                                     const ListServerCertificateTagsInput& input) {
  auto txn = call.metadata.begin_read();
  const ServerCertificateRecord record = TRY(find_certificate(*txn, call.account(), *input.server_certificate_name));
  ListServerCertificateTagsOutput output;
  output.tags = TRY(list_items(TRY(read_page(input)), output, iam::to_wire(record.tags)));
  return output;
}

}  // namespace aerolith::iam
