// What the tests of this room share: a clock that stands, keys in memory, a body that comes in pieces.
#pragma once

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "auth/authenticate.h"
#include "auth/sign.h"
#include "base/time.h"
#include "http/body.h"
#include "http/message.h"

namespace aerolith::auth::testing {

inline constexpr std::string_view kSuiteKey = "AKIDEXAMPLE";
inline constexpr std::string_view kSuiteSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
inline constexpr std::string_view kDocsKey = "AKIAIOSFODNN7EXAMPLE";
inline constexpr std::string_view kDocsSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

class FixedClock final : public Clock {
 public:
  explicit FixedClock(std::string_view basic) : now_(*parse_iso8601_basic(basic)) {}
  Timestamp now() const override { return now_; }
  void set(Timestamp now) { now_ = now; }

 private:
  Timestamp now_;
};

class MemoryKeys final : public CredentialSource {
 public:
  Result<std::shared_ptr<const AccessKey>, CredentialError> find(const AccessKeyId& id,
                                                                 std::string_view) const override {
    if (is_broken) return fail(CredentialErrorCode::unavailable, "test");
    const auto found = keys_.find(id.str());
    return found == keys_.end() ? nullptr : found->second;
  }
  AccessKey& add(std::string_view id, std::string_view secret) {
    auto key = std::make_shared<AccessKey>();
    key->id = AccessKeyId(std::string(id));
    key->secret = std::string(secret);
    key->principal = {AccountId("123456789012"), "arn:aws:iam::123456789012:root", "123456789012", PrincipalKind::root};
    return *(keys_[std::string(id)] = key);
  }
  bool is_broken = false;

 private:
  std::map<std::string, std::shared_ptr<AccessKey>> keys_;
};

// Gives its text in reads of at most `step` bytes, then 0, or an error when `is_cut`.
class StringBody final : public http::BodyReader {
 public:
  explicit StringBody(std::string text, size_t step = SIZE_MAX, bool is_cut = false)
      : text_(std::move(text)), step_(step), is_cut_(is_cut) {}
  Result<size_t, http::BodyError> read(std::span<char> buffer) override {
    const size_t size = std::min({buffer.size(), step_, text_.size() - at_});
    if (size == 0 && is_cut_) return fail(http::BodyErrorCode::disconnected, "cut");
    std::memcpy(buffer.data(), text_.data() + at_, size);
    at_ += size;
    return size;
  }
  std::optional<uint64_t> size_bytes() const override { return text_.size(); }

 private:
  std::string text_;
  size_t step_;
  bool is_cut_;
  size_t at_ = 0;
};

// A body in two reads, cut at `split`: the framing must not care.
class SplitBody final : public http::BodyReader {
 public:
  SplitBody(std::string_view text, size_t split) : text_(text), split_(split) {}
  Result<size_t, http::BodyError> read(std::span<char> buffer) override {
    const size_t end = at_ < split_ ? split_ : text_.size();
    const size_t size = std::min(buffer.size(), end - at_);
    std::memcpy(buffer.data(), text_.data() + at_, size);
    at_ += size;
    return size;
  }
  std::optional<uint64_t> size_bytes() const override { return text_.size(); }

 private:
  std::string_view text_;
  size_t split_;
  size_t at_ = 0;
};

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A head and its body from the text of a request; lines end in LF or CRLF, a line that begins with a blank
// continues the one before.
struct ParsedRequest {
  http::RequestHead head;
  std::string body;
};
inline ParsedRequest parse_request(std::string_view text) {
  ParsedRequest out;
  const auto take_line = [&]() {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  };
  const std::string_view first = take_line();
  const size_t space = first.find(' ');
  const size_t last = first.rfind(' ');
  out.head.method = std::string(first.substr(0, space));
  out.head.target = std::string(first.substr(space + 1, last - space - 1));
  std::vector<std::pair<std::string, std::string>> fields;
  while (!text.empty()) {
    const std::string_view line = take_line();
    if (line.empty()) break;
    if (line.front() == ' ' && !fields.empty()) {
      fields.back().second += '\n' + std::string(line);
      continue;
    }
    const size_t colon = line.find(':');
    fields.emplace_back(line.substr(0, colon), line.substr(colon + 1));
  }
  for (auto& [name, value] : fields) out.head.headers.add(name, value);
  out.body = std::string(text);
  return out;
}

inline http::RequestHead make_head(std::string method, std::string target, std::string host) {
  http::RequestHead head;
  head.method = std::move(method);
  head.target = std::move(target);
  head.headers.add("Host", std::move(host));
  return head;
}

}  // namespace aerolith::auth::testing
