// Virtual MFA devices: a seed that is shown once, and codes that prove who has it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_enable_cliapi.html
#include <fmt/format.h>

#include "base/encoding.h"
#include "base/random.h"
#include "services/iam/entities.h"
#include "services/iam/mfa_seed.h"
#include "services/iam/operations/operations.h"
#include "services/iam/paging.h"
#include "services/iam/qr_code.h"
#include "services/iam/tags.h"
#include "services/iam/totp.h"
#include "services/iam/wire.h"

namespace aerolith::iam {
namespace {

constexpr std::string_view kDeviceTagQuota = "TagsPerVirtualMFADevice";
constexpr size_t kSeedBytes = 40;  // 64 characters of base32, as AWS's seeds are
constexpr int32_t kMaxDevicesOfUser = 8;
// How far a device's clock may be off when it is enabled or set anew, in steps of 30 s.
constexpr uint64_t kEnableWindow = 20;

struct FoundDevice {
  Name key;
  MfaDeviceRecord record;
};

std::string serial_of(const AccountId& account, const MfaDeviceRecord& device) {
  return make_arn(account, "mfa", device.path, device.name);
}

Result<FoundDevice> find_device(metadata::ReadTransaction& txn, const AccountId& account, const std::string& serial) {
  const auto key = mfa_device_of(account, serial);
  auto record = key ? TRY(kMfaDevices.get(txn, {account, *key})) : std::nullopt;
  if (!record || serial_of(account, *record) != serial) {
    return errors::no_such(fmt::format("VirtualMFADevice with serial number {} doesn't exist.", serial));
  }
  return FoundDevice{*key, *std::move(record)};
}

// One that is this user's.
Result<FoundDevice> find_device_of(metadata::ReadTransaction& txn, const AccountId& account, const std::string& user,
                                   const std::string& serial) {
  TRY(find_entity<EntityKind::user>(txn, account, user));
  FoundDevice device = TRY(find_device(txn, account, serial));
  if (device.record.user != lower_name(user)) {
    return errors::no_such(fmt::format("MFA Device with serial number {} is not assigned to user {}.", serial, user));
  }
  return device;
}

// Two codes, one after the other, tell that the device has the seed, and how far its clock is off.
Result<> check_two_codes(const Call& call, FoundDevice& device, std::string_view code1, std::string_view code2) {
  const auto seed = call.secrets.open(device.record.sealed_seed, mfa_context(call.account(), device.key));
  if (!seed) return errors::internal_error("the seed of an MFA device can't be opened");
  const uint64_t now = totp_step(call.context.now);
  const auto step = find_consecutive(*seed, now, kEnableWindow, code1, code2);
  // No code serves twice, these neither.
  if (!step || *step <= device.record.last_used_step) return errors::invalid_authentication_code();
  // The second code is the newer one: it is the device's "now".
  device.record.drift_steps = static_cast<int64_t>(*step + 1) - static_cast<int64_t>(now);
  device.record.last_used_step = *step + 1;
  return {};
}

template <typename Change>
Result<NoOutput> change_device(Call& call, const std::string& serial, Change change) {
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    FoundDevice device = TRY(find_device(txn, call.account(), serial));
    TRY(change(device.record));
    kMfaDevices.put(txn, {call.account(), device.key}, device.record);
    return NoOutput{};
  });
}

}  // namespace

Result<CreateVirtualMFADeviceOutput> create_virtual_mfa_device(Call& call, const CreateVirtualMFADeviceInput& input) {
  const AccountId& account = call.account();
  const Name key = lower_name(input.virtual_mfa_device_name);
  const std::string seed = random_bytes(kSeedBytes);
  const MfaDeviceRecord device{.name = *input.virtual_mfa_device_name,
                               .path = TRY(read_path(input.path)),
                               .sealed_seed = call.secrets.seal(seed, mfa_context(account, key)),
                               .tags = TRY(read_tags(input.tags, kDeviceTagQuota)),
                               .user = std::nullopt,
                               .enabled_at = {}};
  std::string account_name = account.str();
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    if (TRY(kMfaDevices.contains(txn, {account, key}))) {
      return errors::already_exists("MFADevice entity at the same path and name already exists.");
    }
    const auto record = TRY(kAccounts.get(txn, {account}));
    if (record && record->alias) account_name = *record->alias;
    kMfaDevices.put(txn, {account, key}, device);
    return {};
  }));
  const std::string secret = base32_encode(seed);
  // https://docs.aws.amazon.com/IAM/latest/APIReference/API_VirtualMFADevice.html
  const std::string link = fmt::format("otpauth://totp/{}@{}?secret={}", device.name, account_name, secret);
  return CreateVirtualMFADeviceOutput{.virtual_mfa_device =
                                          VirtualMFADevice{.serial_number = serial_of(account, device),
                                                           .base32_string_seed = secret,
                                                           .qr_code_png = qr_code_png(link),
                                                           .tags = to_wire_or_none(device.tags)}};
}

Result<NoOutput> enable_mfa_device(Call& call, const EnableMFADeviceInput& input) {
  const AccountId& account = call.account();
  const Name user = lower_name(input.user_name);
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    TRY(find_entity<EntityKind::user>(txn, account, *input.user_name));
    FoundDevice device = TRY(find_device(txn, account, *input.serial_number));
    if (device.record.user) return errors::already_exists("MFA Device is already in use.");
    if (TRY(count_rows(txn, kUserMfaDevices, account, user)) >= kMaxDevicesOfUser) {
      return errors::quota_exceeded("MFADevicesPerUser", kMaxDevicesOfUser);
    }
    TRY(check_two_codes(call, device, *input.authentication_code1, *input.authentication_code2));
    device.record.user = user;
    device.record.enabled_at = call.context.now;
    kMfaDevices.put(txn, {account, device.key}, device.record);
    kUserMfaDevices.put(txn, {account, user, device.key}, {});
    return NoOutput{};
  });
}

Result<NoOutput> resync_mfa_device(Call& call, const ResyncMFADeviceInput& input) {
  const AccountId& account = call.account();
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    FoundDevice device = TRY(find_device_of(txn, account, *input.user_name, *input.serial_number));
    TRY(check_two_codes(call, device, *input.authentication_code1, *input.authentication_code2));
    kMfaDevices.put(txn, {account, device.key}, device.record);
    return NoOutput{};
  });
}

Result<NoOutput> deactivate_mfa_device(Call& call, const DeactivateMFADeviceInput& input) {
  const AccountId& account = call.account();
  const std::string user = TRY(user_not_root(call, input.user_name));
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    FoundDevice device = TRY(find_device_of(txn, account, user, *input.serial_number));
    device.record.user.reset();
    kMfaDevices.put(txn, {account, device.key}, device.record);
    kUserMfaDevices.erase(txn, {account, lower_name(user), device.key});
    return NoOutput{};
  });
}

Result<NoOutput> delete_virtual_mfa_device(Call& call, const DeleteVirtualMFADeviceInput& input) {
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    const FoundDevice device = TRY(find_device(txn, call.account(), *input.serial_number));
    if (device.record.user) return errors::delete_refused("MFA VirtualDevice in use. Must deactivate first.");
    kMfaDevices.erase(txn, {call.account(), device.key});
    return NoOutput{};
  });
}

Result<ListVirtualMFADevicesOutput> list_virtual_mfa_devices(Call& call, const ListVirtualMFADevicesInput& input) {
  const AccountId& account = call.account();
  auto txn = call.metadata.begin_read();
  ListVirtualMFADevicesOutput output;
  auto& devices = output.virtual_mfa_devices.emplace();
  const auto is_wanted = [&](const MfaDeviceRecord& device) -> Result<bool> {
    if (input.assignment_status == "Assigned") return device.user.has_value();
    return input.assignment_status != "Unassigned" || !device.user;
  };
  TRY(list_rows(
      *txn, kMfaDevices, TRY(read_page(input)), output, is_wanted,
      [&](const Name&, const MfaDeviceRecord& device) -> Result<> {
        VirtualMFADevice shown{.serial_number = serial_of(account, device)};
        if (device.user) {
          const auto user = TRY(kUsers.get(*txn, {account, *device.user}));
          if (user) shown.user = to_wire(account, *user, Detail::listed);
          shown.enable_date = device.enabled_at;
        }
        devices.push_back(std::move(shown));
        return {};
      },
      account));
  return output;
}

Result<ListMFADevicesOutput> list_mfa_devices(Call& call, const ListMFADevicesInput& input) {
  const AccountId& account = call.account();
  const std::string name = TRY(user_or_caller(call, input.user_name));
  auto txn = call.metadata.begin_read();
  ListMFADevicesOutput output;
  auto& devices = output.mfa_devices.emplace();
  if (name.empty()) {  // the root, which has none here
    output.is_truncated = false;
    return output;
  }
  const UserRecord user = TRY(find_entity<EntityKind::user>(*txn, account, name));
  TRY(list_rows(
      *txn, kUserMfaDevices, TRY(read_page(input)), output, kWantsAll,
      [&](const Name& key, const LinkRecord&) -> Result<> {
        const auto device = TRY(kMfaDevices.get(*txn, {account, key}));
        if (!device) return {};
        devices.push_back(
            {.user_name = user.name, .serial_number = serial_of(account, *device), .enable_date = device->enabled_at});
        return {};
      },
      account, lower_name(name)));
  return output;
}

Result<GetMFADeviceOutput> get_mfa_device(Call& call, const GetMFADeviceInput& input) {
  const AccountId& account = call.account();
  auto txn = call.metadata.begin_read();
  const FoundDevice device = input.user_name
                                 ? TRY(find_device_of(*txn, account, *input.user_name, *input.serial_number))
                                 : TRY(find_device(*txn, account, *input.serial_number));
  GetMFADeviceOutput output{.serial_number = *input.serial_number};
  if (!device.record.user) return output;
  const auto user = TRY(kUsers.get(*txn, {account, *device.record.user}));
  if (user) output.user_name = user->name;
  output.enable_date = device.record.enabled_at;
  return output;
}

Result<NoOutput> tag_mfa_device(Call& call, const TagMFADeviceInput& input) {
  return change_device(call, *input.serial_number, [&](MfaDeviceRecord& device) -> Result<> {
    return merge_tags(device.tags, input.tags, kDeviceTagQuota);
  });
}

Result<NoOutput> untag_mfa_device(Call& call, const UntagMFADeviceInput& input) {
  return change_device(call, *input.serial_number, [&](MfaDeviceRecord& device) -> Result<> {
    remove_tags(device.tags, input.tag_keys);
    return {};
  });
}

Result<ListMFADeviceTagsOutput> list_mfa_device_tags(Call& call, const ListMFADeviceTagsInput& input) {
  auto txn = call.metadata.begin_read();
  const FoundDevice device = TRY(find_device(*txn, call.account(), *input.serial_number));
  ListMFADeviceTagsOutput output;
  output.tags = TRY(list_items(TRY(read_page(input)), output, to_wire(device.record.tags)));
  return output;
}

}  // namespace aerolith::iam
