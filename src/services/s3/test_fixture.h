// For tests: handlers called directly, over a real metadata store and object store in a temporary folder.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/access_check.h"
#include "objects/object_store.h"
#include "os/file_system.h"
#include "os/test_directory.h"
#include "services/s3/operations/operations.h"

namespace aerolith::s3 {

// A body in memory; may fail at its end as one with a bad signature does.
class MemoryPayload final : public auth::VerifyingReader {
 public:
  explicit MemoryPayload(std::string bytes) : bytes_(std::move(bytes)) {}
  aerolith::Result<size_t, http::BodyError> read(std::span<char> buffer) override {
    size_t size = std::min(buffer.size(), bytes_.size() - at_);
    if (size == 0 && fails) return fail(http::BodyErrorCode::disconnected, "cut");
    std::copy_n(bytes_.data() + at_, size, buffer.data());
    at_ += size;
    return size;
  }
  std::optional<uint64_t> size_bytes() const override { return declared_size_bytes.value_or(bytes_.size()); }
  const std::vector<std::pair<std::string, std::string>>& trailers() const override { return trailer_fields; }
  const std::optional<auth::PayloadError>& failure() const override { return failure_; }

  std::vector<std::pair<std::string, std::string>> trailer_fields;
  std::optional<uint64_t> declared_size_bytes;
  bool fails = false;

 private:
  std::string bytes_;
  size_t at_ = 0;
  std::optional<auth::PayloadError> failure_;
};

using TestHeaders = std::vector<std::pair<std::string, std::string>>;

inline std::string bytes_of(const http::BodyPiece& piece) {
  if (const auto* text = std::get_if<std::string>(&piece)) return *text;
  const auto& range = std::get<http::FileRange>(piece);
  std::string bytes(range.size_bytes, '\0');
  const ssize_t count = ::pread(range.descriptor, bytes.data(), bytes.size(), static_cast<off_t>(range.offset_bytes));
  bytes.resize(static_cast<size_t>(std::max<ssize_t>(count, 0)));
  return bytes;
}

// What a handler answered, and what it left in the context.
template <typename Output>
struct Answer {
  Result<Output> result;
  gateway::CallContext context;

  bool ok() const { return result.has_value(); }
  std::string code() const { return result.has_value() ? "" : result.error().code; }
  int status() const { return result.has_value() ? context.response_status : result.error().http_status; }
  const Output& output() const { return *result; }
  const Output* operator->() const { return &*result; }
  // The whole body, also of a streamed one.
  std::string body() {
    if (auto* text = std::get_if<std::string>(&context.response_body)) return *text;
    auto& stream = std::get<http::StreamedBody>(context.response_body);
    std::string whole;
    while (true) {
      auto piece = stream.source->next();
      if (!piece.has_value()) return "(failed: " + piece.error().detail + ")";
      const std::string bytes = bytes_of(*piece);
      if (bytes.empty()) return whole;
      whole += bytes;
    }
  }
};

class S3Test : public testing::Test {
 protected:
  S3Test() {
    metadata::StoreOptions options;
    options.directory = directory_ / "metadata";
    metadata_ = metadata::open_store(options).value();
    objects_ = objects::ObjectStore::open(files_, *metadata_, directory_ / "objects").value();
  }

  template <typename Output, typename Input>
  Answer<Output> call(Result<Output> (*handler)(Call&, const Input&), const Input& input,
                      const TestHeaders& headers = {}, MemoryPayload* body = nullptr,
                      std::string_view whole_body = {}) {
    Answer<Output> answer;
    http::RequestHead head{.method = "TEST", .target = "/bucket/key"};
    for (const auto& [name, value] : headers) head.headers.add(name, value);
    answer.context.now = now_;
    answer.context.region = region_;
    answer.context.key = root_key();
    answer.context.head = &head;
    answer.context.body = body;
    answer.context.whole_body = whole_body;
    const gateway::AccessCheck access(authorizer_, table_, entry_, answer.context, &input);
    answer.context.access = &access;
    Call c{.context = answer.context, .metadata = *metadata_, .objects = *objects_};
    answer.result = handler(c, input);
    answer.context.head = nullptr;
    answer.context.body = nullptr;
    answer.context.access = nullptr;
    return answer;
  }

  Answer<CreateBucketOutput> make_bucket(const std::string& name = "bucket") {
    return call(create_bucket, CreateBucketInput{.bucket = name});
  }
  Answer<PutObjectOutput> put(const std::string& key, const std::string& bytes, PutObjectInput input = {},
                              TestHeaders headers = {}) {
    input.bucket = input.bucket.value_or("bucket");
    input.key = key;
    MemoryPayload body(bytes);
    headers.emplace_back("Content-Length", std::to_string(bytes.size()));
    return call(put_object, input, headers, &body);
  }
  Answer<GetObjectOutput> get(const std::string& key, GetObjectInput input = {}) {
    input.bucket = input.bucket.value_or("bucket");
    input.key = key;
    return call(get_object, input);
  }
  // How many extents the store holds that aren't collected yet.
  uint64_t extents() {
    EXPECT_TRUE(objects_->collect().has_value());
    return objects_->verify().value().extents;
  }

  os::TestDirectory directory_;
  os::RealFileSystem files_;
  std::unique_ptr<metadata::Store> metadata_;
  std::unique_ptr<objects::ObjectStore> objects_;
  Timestamp now_{std::chrono::milliseconds(1'700'000'000'500)};
  Region region_{"us-east-1"};
  AccountId account_{"123456789012"};

 private:
  // Nobody but the root.
  struct NoIdentities final : gateway::IdentitySource {
    std::shared_ptr<const gateway::Identity> find(const auth::Principal&) const override { return nullptr; }
    std::optional<gateway::StoredPolicy> managed_policy(const AccountId&, std::string_view) const override {
      return std::nullopt;
    }
  };
  std::shared_ptr<const auth::AccessKey> root_key() const {
    auto key = std::make_shared<auth::AccessKey>();
    key->principal = {.account = account_,
                      .arn = "arn:aws:iam::" + account_.str() + ":root",
                      .user_id = account_.str(),
                      .kind = auth::PrincipalKind::root};
    return key;
  }

  NoIdentities identities_;
  gateway::Authorizer authorizer_{identities_};
  gateway::ServiceTable table_;
  gateway::OperationEntry entry_;
};

}  // namespace aerolith::s3
