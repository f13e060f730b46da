#include "main/log_delivery.h"

#include <fmt/format.h>

#include <optional>

#include "base/log.h"
#include "services/s3/api.h"

namespace aerolith::main_program {
namespace {

// As on AWS: a service of its own writes the files, for the account that has the flow log.
s3::ServiceFile file_of(const ec2::LogFile& file) {
  return {.service = "delivery.logs.amazonaws.com",
          .account = file.scope.account,
          .source = fmt::format("arn:aws:logs:{}:{}:*", file.scope.region.view(), file.scope.account.view()),
          .bucket = file.bucket,
          .key = file.key,
          .content_type = "application/x-gzip",
          .bytes = file.bytes};
}

std::optional<ec2::DeliveryFault> fault_of(const Result<void, s3::ServiceFileError>& done) {
  if (done.has_value()) return std::nullopt;
  switch (done.error().fault) {
    case s3::ServiceFileFault::no_such_bucket:
      return ec2::DeliveryFault::no_such_bucket;
    case s3::ServiceFileFault::denied:
      return ec2::DeliveryFault::denied;
    case s3::ServiceFileFault::failed:
      break;
  }
  log_error("a log file can't be written", {{"what", done.error().detail}});
  return ec2::DeliveryFault::failed;
}

}  // namespace

void deliver_logs_to_s3(ec2::Parts& parts, metadata::Store& metadata, objects::ObjectStore& objects,
                        const Clock& clock) {
  parts.deliver_log = [&metadata, &objects, &clock](const ec2::LogFile& file) {
    return fault_of(s3::put_service_file(metadata, objects, file_of(file), clock.now()));
  };
  parts.check_log_destination = [&metadata](const ec2::LogFile& file) {
    return fault_of(s3::may_put_service_file(metadata, file_of(file)));
  };
}

}  // namespace aerolith::main_program
