// SSH public keys and signing certificates of users: kept for services that look them up.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_UploadSSHPublicKey.html
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_UploadSigningCertificate.html
#include <fmt/format.h>

#include "base/random.h"
#include "services/iam/certificates.h"
#include "services/iam/entities.h"
#include "services/iam/operations/operations.h"
#include "services/iam/paging.h"

namespace aerolith::iam {
namespace {

constexpr int32_t kMaxSshKeysOfUser = 5;
constexpr int32_t kMaxCertificatesOfUser = 2;
constexpr size_t kCertificateIdSize = 32;
constexpr const char* kKeyActive = "Active";
constexpr const char* kKeyInactive = "Inactive";

std::string status_of(bool active) { return active ? kKeyActive : kKeyInactive; }

Result<bool> read_status(const std::optional<std::string>& status) {
  if (status == kKeyActive) return true;
  if (status == kKeyInactive) return false;
  return errors::invalid_input("The status is Active or Inactive.");
}

Result<SshKeyRecord> find_ssh_key(metadata::ReadTransaction& txn, const AccountId& account, const std::string& user,
                                  const std::string& id) {
  TRY(find_entity<EntityKind::user>(txn, account, user));
  auto key = TRY(kSshKeys.get(txn, {account, lower_name(user), id}));
  if (!key) return errors::no_such(fmt::format("The Public Key with id {} cannot be found.", id));
  return *std::move(key);
}

Result<SigningCertificateRecord> find_user_certificate(metadata::ReadTransaction& txn, const AccountId& account,
                                                       const std::string& user, const std::string& id) {
  TRY(find_entity<EntityKind::user>(txn, account, user));
  auto certificate = TRY(kSigningCertificates.get(txn, {account, lower_name(user), id}));
  if (!certificate) return errors::no_such(fmt::format("The Certificate with id {} cannot be found.", id));
  return *std::move(certificate);
}

}  // namespace

Result<UploadSSHPublicKeyOutput> upload_ssh_public_key(Call& call, const UploadSSHPublicKeyInput& input) {
  const AccountId& account = call.account();
  const Name user = lower_name(input.user_name);
  const SshKey key = TRY(read_ssh_key(*input.ssh_public_key_body));
  const SshKeyRecord record{.body = *input.ssh_public_key_body,
                            .fingerprint = key.fingerprint,
                            .active = true,
                            .uploaded_at = call.context.now};
  const std::string id = make_unique_id("APKA");
  return call.write([&](metadata::Transaction& txn) -> Result<UploadSSHPublicKeyOutput> {
    const UserRecord owner = TRY(find_entity<EntityKind::user>(txn, account, *input.user_name));
    int32_t count = 0;
    auto rows = kSshKeys.scan(txn, metadata::Direction::forward, account, user);
    while (TRY(rows.next())) {
      if (TRY(rows.record()).fingerprint == key.fingerprint) {
        return errors::duplicate_ssh_key("The SSH public key is already associated with the specified user.");
      }
      ++count;
    }
    if (count >= kMaxSshKeysOfUser) return errors::quota_exceeded("SSHPublicKeysPerUser", kMaxSshKeysOfUser);
    kSshKeys.put(txn, {account, user, id}, record);
    return UploadSSHPublicKeyOutput{.ssh_public_key = SSHPublicKey{.user_name = owner.name,
                                                                   .ssh_public_key_id = id,
                                                                   .fingerprint = record.fingerprint,
                                                                   .ssh_public_key_body = record.body,
                                                                   .status = kKeyActive,
                                                                   .upload_date = record.uploaded_at}};
  });
}

Result<GetSSHPublicKeyOutput> get_ssh_public_key(Call& call, const GetSSHPublicKeyInput& input) {
  auto txn = call.metadata.begin_read();
  const SshKeyRecord record = TRY(find_ssh_key(*txn, call.account(), *input.user_name, *input.ssh_public_key_id));
  const SshKey key = TRY(read_ssh_key(record.body));
  if (input.encoding != "SSH" && input.encoding != "PEM") {
    return errors::unrecognized_encoding("The encoding is SSH or PEM.");
  }
  return GetSSHPublicKeyOutput{.ssh_public_key =
                                   SSHPublicKey{.user_name = input.user_name,
                                                .ssh_public_key_id = input.ssh_public_key_id,
                                                .fingerprint = record.fingerprint,
                                                .ssh_public_key_body = input.encoding == "PEM" ? key.pem : key.ssh_form,
                                                .status = status_of(record.active),
                                                .upload_date = record.uploaded_at}};
}

Result<ListSSHPublicKeysOutput> list_ssh_public_keys(Call& call, const ListSSHPublicKeysInput& input) {
  const std::string name = TRY(user_not_root(call, input.user_name));
  auto txn = call.metadata.begin_read();
  const UserRecord user = TRY(find_entity<EntityKind::user>(*txn, call.account(), name));
  ListSSHPublicKeysOutput output;
  auto& keys = output.ssh_public_keys.emplace();
  TRY(list_rows(
      *txn, kSshKeys, TRY(read_page(input)), output, kWantsAll,
      [&](const std::string& id, const SshKeyRecord& record) -> Result<> {
        keys.push_back({.user_name = user.name,
                        .ssh_public_key_id = id,
                        .status = status_of(record.active),
                        .upload_date = record.uploaded_at});
        return {};
      },
      call.account(), lower_name(name)));
  return output;
}

Result<NoOutput> update_ssh_public_key(Call& call, const UpdateSSHPublicKeyInput& input) {
  const bool active = TRY(read_status(input.status));
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    SshKeyRecord record = TRY(find_ssh_key(txn, call.account(), *input.user_name, *input.ssh_public_key_id));
    record.active = active;
    kSshKeys.put(txn, {call.account(), lower_name(input.user_name), *input.ssh_public_key_id}, record);
    return NoOutput{};
  });
}

Result<NoOutput> delete_ssh_public_key(Call& call, const DeleteSSHPublicKeyInput& input) {
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    TRY(find_ssh_key(txn, call.account(), *input.user_name, *input.ssh_public_key_id));
    kSshKeys.erase(txn, {call.account(), lower_name(input.user_name), *input.ssh_public_key_id});
    return NoOutput{};
  });
}

Result<UploadSigningCertificateOutput> upload_signing_certificate(Call& call,
                                                                  const UploadSigningCertificateInput& input) {
  const AccountId& account = call.account();
  const std::string name = TRY(user_not_root(call, input.user_name));
  const CertificateFacts facts = TRY(read_certificate(*input.certificate_body));
  const SigningCertificateRecord record{
      .body = *input.certificate_body, .sha256 = facts.sha256, .active = true, .uploaded_at = call.context.now};
  const std::string id = random_string(kCertificateIdSize, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
  return call.write([&](metadata::Transaction& txn) -> Result<UploadSigningCertificateOutput> {
    const UserRecord owner = TRY(find_entity<EntityKind::user>(txn, account, name));
    int32_t count = 0;
    auto rows = kSigningCertificates.scan(txn, metadata::Direction::forward, account, lower_name(name));
    while (TRY(rows.next())) {
      if (TRY(rows.record()).sha256 == facts.sha256) {
        return errors::duplicate_certificate(fmt::format("Certificate already exists: {}", std::get<2>(rows.key())));
      }
      ++count;
    }
    if (count >= kMaxCertificatesOfUser) {
      return errors::quota_exceeded("CertificatesPerUser", kMaxCertificatesOfUser);
    }
    kSigningCertificates.put(txn, {account, lower_name(name), id}, record);
    return UploadSigningCertificateOutput{.certificate = SigningCertificate{.user_name = owner.name,
                                                                            .certificate_id = id,
                                                                            .certificate_body = record.body,
                                                                            .status = kKeyActive,
                                                                            .upload_date = record.uploaded_at}};
  });
}

Result<ListSigningCertificatesOutput> list_signing_certificates(Call& call, const ListSigningCertificatesInput& input) {
  const std::string name = TRY(user_not_root(call, input.user_name));
  auto txn = call.metadata.begin_read();
  const UserRecord user = TRY(find_entity<EntityKind::user>(*txn, call.account(), name));
  ListSigningCertificatesOutput output;
  auto& certificates = output.certificates.emplace();
  TRY(list_rows(
      *txn, kSigningCertificates, TRY(read_page(input)), output, kWantsAll,
      [&](const std::string& id, const SigningCertificateRecord& record) -> Result<> {
        certificates.push_back({.user_name = user.name,
                                .certificate_id = id,
                                .certificate_body = record.body,
                                .status = status_of(record.active),
                                .upload_date = record.uploaded_at});
        return {};
      },
      call.account(), lower_name(name)));
  return output;
}

// There are none, as none can be made (docs/compat/left_out.toml); Terraform asks before it deletes a user.
Result<ListServiceSpecificCredentialsOutput> list_service_specific_credentials(
    Call& call, const ListServiceSpecificCredentialsInput& input) {
  if (!input.all_users.value_or(false)) {
    const std::string name = TRY(user_not_root(call, input.user_name));
    TRY(find_entity<EntityKind::user>(*call.metadata.begin_read(), call.account(), name));
  }
  ListServiceSpecificCredentialsOutput output;
  output.service_specific_credentials.emplace();
  output.is_truncated = false;
  return output;
}

Result<NoOutput> update_signing_certificate(Call& call, const UpdateSigningCertificateInput& input) {
  const std::string user = TRY(user_not_root(call, input.user_name));
  const bool active = TRY(read_status(input.status));
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    SigningCertificateRecord record = TRY(find_user_certificate(txn, call.account(), user, *input.certificate_id));
    record.active = active;
    kSigningCertificates.put(txn, {call.account(), lower_name(user), *input.certificate_id}, record);
    return NoOutput{};
  });
}

Result<NoOutput> delete_signing_certificate(Call& call, const DeleteSigningCertificateInput& input) {
  const std::string user = TRY(user_not_root(call, input.user_name));
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    TRY(find_user_certificate(txn, call.account(), user, *input.certificate_id));
    kSigningCertificates.erase(txn, {call.account(), lower_name(user), *input.certificate_id});
    return NoOutput{};
  });
}

}  // namespace aerolith::iam
