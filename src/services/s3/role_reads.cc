// Objects that services of AWS's read with the rights of a role.
#include "gateway/authorize.h"
#include "gateway/call.h"
#include "gateway/request_context.h"
#include "services/s3/api.h"
#include "services/s3/object_body.h"
#include "services/s3/object_rows.h"
#include "services/s3/requests.h"
#include "services/s3/resource_access.h"
#include "services/s3/storage_class.h"

namespace aerolith::s3 {
namespace {

template <typename T = void>
using Reading = aerolith::Result<T, RoleReadError>;

// What the machine did wrong; a released extent is found gone only where the object is another one by now.
std::unexpected<RoleReadError> failed(const CallError& error) { return fail(RoleReadFault::failed, error.message); }

class RoleRead {
 public:
  RoleRead(const RoleReader& reader, const ObjectPlace& name)
      : reader_(reader), bucket_(name.bucket), key_(name.key), access_(reader.metadata) {
    context_.now = reader.now;
    context_.region = reader.region;
    context_.key = reader.key;
  }

  // The object as `txn` sees it, once it is sure that the role may read it.
  Reading<ObjectRecord> find(metadata::ReadTransaction& txn) {
    const auto bucket = kBuckets.get(txn, {bucket_});
    if (!bucket.has_value()) return fail(RoleReadFault::failed, bucket.error().detail);
    if (!*bucket) return fail(RoleReadFault::no_such_bucket, bucket_.str());
    for (const char* action : {"s3:GetBucketLocation", "s3:ListBucket"}) TRY(require(action, bucket_arn(bucket_)));
    TRY(require("s3:GetObject", object_arn(bucket_, key_)));
    if ((*bucket)->region != reader_.region) return fail(RoleReadFault::other_region, (*bucket)->region.str());
    auto object = find_object(txn, (*bucket)->id, key_);
    if (!object.has_value()) return failed(object.error());
    if (!*object) return fail(RoleReadFault::no_such_key, key_.str());
    if (const auto readable = check_readable(**object, reader_.now); !readable.has_value()) {
      return fail(RoleReadFault::denied, readable.error().message);
    }
    return **std::move(object);
  }

  Reading<> read(metadata::ReadTransaction& txn, const ObjectRecord& object, const ByteRange& range,
                 const std::function<bool(std::string_view)>& take) {
    const Call call{.context = context_, .metadata = reader_.metadata, .objects = reader_.objects};
    const auto segments = locate(txn, object, range);
    if (!segments.has_value()) return failed(segments.error());
    bool goes_on = true;
    const auto done = read_segments(call, txn, *segments, [&](const std::string& bytes) -> Result<> {
      goes_on = goes_on && take(bytes);
      return {};
    });
    if (!done.has_value()) return failed(done.error());
    return {};
  }

 private:
  Reading<> require(const char* action, std::string resource) {
    const gateway::AccessNeed need{.action = action, .resource = std::move(resource)};
    const auto found = access_.find(context_, need);
    if (!found) return fail(RoleReadFault::no_such_bucket, bucket_.str());
    const auto identity = reader_.authorizer.find_identity(reader_.key.get());
    http::RequestHead head;
    head.is_tls = true;  // it goes over no wire at all
    const gateway::RequestFacts facts{
        .head = head, .key = reader_.key.get(), .region = reader_.region.view(), .now = reader_.now};
    policy::Context keys;
    gateway::add_request_keys(facts, keys);
    gateway::add_principal_keys(facts, gateway::principal_tags(*reader_.key, identity.get()), keys);
    keys.remove_prefix("aws:SourceIp");
    keys.replace("aws:ResourceAccount", found->owner.view());
    if (found->add_keys) found->add_keys(keys);
    const gateway::AccessAnswer answer = reader_.authorizer.decide({.key = reader_.key.get(),
                                                                    .identity = identity.get(),
                                                                    .action = need.action,
                                                                    .resource = need.resource,
                                                                    .resource_policy = &*found,
                                                                    .context = keys});
    if (!answer.allowed) return fail(RoleReadFault::denied, answer.denial);
    return {};
  }

  const RoleReader& reader_;
  const BucketName bucket_;
  const ObjectKey key_;
  ResourceAccess access_;
  gateway::CallContext context_;
};

}  // namespace

aerolith::Result<ObjectFacts, RoleReadError> look_at_object(const RoleReader& reader, const ObjectPlace& name) {
  const auto txn = reader.metadata.begin_read();
  const ObjectRecord object = TRY(RoleRead(reader, name).find(*txn));
  return ObjectFacts{.size_bytes = object.size_bytes, .etag = object.etag};
}

aerolith::Result<void, RoleReadError> read_object(const RoleReader& reader, const ObjectPlace& name,
                                                  const ObjectStretch& part,
                                                  const std::function<bool(std::string_view)>& take) {
  // Many extents, opened one after the other: the collector waits, from before the snapshot on.
  const ReadHold hold{.collection = reader.objects.hold_collection(), .txn = reader.metadata.begin_read()};
  RoleRead reading(reader, name);
  const ObjectRecord object = TRY(reading.find(*hold.txn));
  if (object.etag != part.etag) return fail(RoleReadFault::changed, object.etag);
  if (part.offset_bytes >= object.size_bytes) return {};
  const ByteRange range{.offset_bytes = part.offset_bytes,
                        .size_bytes = std::min(part.size_bytes, object.size_bytes - part.offset_bytes)};
  return reading.read(*hold.txn, object, range, take);
}

}  // namespace aerolith::s3
