#include "main/disk_reading.h"

#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "gateway/authorize.h"
#include "services/s3/api.h"
#include "services/sts/api.h"

namespace aerolith::main_program {
namespace {

using ec2::DiskObjectFault;

constexpr std::string_view kService = "vmie.amazonaws.com";
constexpr std::string_view kExternalId = "vmimport";  // whatever the role is called
constexpr auto kSession = std::chrono::hours(1);      // a new one for each stretch that is read

DiskObjectFault fault_of(s3::RoleReadFault fault) {
  switch (fault) {
    case s3::RoleReadFault::denied:
      return DiskObjectFault::denied;
    case s3::RoleReadFault::no_such_bucket:
    case s3::RoleReadFault::no_such_key:
      return DiskObjectFault::no_object;
    case s3::RoleReadFault::other_region:
      return DiskObjectFault::other_region;
    case s3::RoleReadFault::changed:
      return DiskObjectFault::changed;
    case s3::RoleReadFault::failed:
      break;
  }
  return DiskObjectFault::failed;
}

// Safe from any thread.
class DiskReader {
 public:
  DiskReader(Callers& callers, metadata::Store& metadata, objects::ObjectStore& objects, std::string region,
             const Clock& clock)
      : callers_(callers),
        metadata_(metadata),
        objects_(objects),
        region_(std::move(region)),
        clock_(clock),
        authorizer_(callers.identities()) {}

  ec2::DiskObjectResult<ec2::DiskObjectFacts> find(const ec2::DiskObject& object) const {
    const s3::RoleReader reader = TRY(assume_role(object));
    auto found = s3::look_at_object(reader, {.bucket = object.bucket, .key = object.key});
    if (!found.has_value()) return fail(fault_of(found.error().code), std::move(found.error().detail));
    return ec2::DiskObjectFacts{.size_bytes = found->size_bytes, .etag = std::move(found->etag)};
  }

  ec2::DiskObjectResult<> read(const ec2::DiskObject& object, const ec2::DiskObjectPart& part,
                               const std::function<bool(std::string_view)>& take) const {
    const s3::RoleReader reader = TRY(assume_role(object));
    auto done =
        s3::read_object(reader, {.bucket = object.bucket, .key = object.key},
                        {.etag = part.etag, .offset_bytes = part.offset_bytes, .size_bytes = part.size_bytes}, take);
    if (!done.has_value()) return fail(fault_of(done.error().code), std::move(done.error().detail));
    return {};
  }

 private:
  ec2::DiskObjectResult<s3::RoleReader> assume_role(const ec2::DiskObject& object) const {
    const AccountId& account = object.scope.account;
    const auto role = callers_.directory().find_role(account, object.role);
    if (!role.has_value()) return fail(DiskObjectFault::failed, role.error().detail);
    if (*role == nullptr) return fail(DiskObjectFault::no_role, object.role);
    const Timestamp now = clock_.now();
    auto key = sts::assume_role_for_service(callers_.sessions(), callers_.identities(),
                                            {.service = kService,
                                             .account = account,
                                             .role_arn = (*role)->arn,
                                             .session_name = kExternalId,
                                             .duration = kSession,
                                             .now = now,
                                             .external_id = kExternalId});
    if (!key.has_value()) return fail(DiskObjectFault::no_role, key.error().detail);
    callers_.identities().note_use(*key, "s3", region_.view(), now);
    return s3::RoleReader{.metadata = metadata_,
                          .objects = objects_,
                          .authorizer = authorizer_,
                          .key = std::make_shared<const auth::AccessKey>(*std::move(key)),
                          .region = region_,
                          .now = now};
  }

  Callers& callers_;
  metadata::Store& metadata_;
  objects::ObjectStore& objects_;
  const Region region_;
  const Clock& clock_;
  const gateway::Authorizer authorizer_;
};

}  // namespace

void read_disks_from_s3(ec2::Parts& parts, Callers& callers, metadata::Store& metadata, objects::ObjectStore& objects,
                        const std::string& region, const Clock& clock) {
  const auto reader = std::make_shared<const DiskReader>(callers, metadata, objects, region, clock);
  parts.disk_reading = {
      .find = [reader](const ec2::DiskObject& object) { return reader->find(object); },
      .read = [reader](const ec2::DiskObject& object, const ec2::DiskObjectPart& part,
                       const std::function<bool(std::string_view)>& take) { return reader->read(object, part, take); }};
}

}  // namespace aerolith::main_program
