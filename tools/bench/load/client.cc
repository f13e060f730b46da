#include "client.h"

#include <fmt/format.h>

#include <algorithm>

namespace aerolith::load {
namespace {

constexpr unsigned kMostErrorsInARow = 20;
constexpr uint64_t kCheckedGets = 16;  // one body in so many is compared byte for byte
constexpr size_t kKeptBody = 4 * 1024 * 1024;

std::string between(std::string_view text, std::string_view before, std::string_view after) {
  const size_t begin = text.find(before);
  if (begin == std::string_view::npos) return {};
  const size_t from = begin + before.size();
  const size_t to = text.find(after, from);
  return to == std::string_view::npos ? std::string() : std::string(text.substr(from, to - from));
}

// Only what a continuation token or an upload id can hold.
std::string without_entities(std::string text) {
  for (size_t at = text.find("&amp;"); at != std::string::npos; at = text.find("&amp;", at + 1))
    text.replace(at, 5, "&");
  return text;
}

const std::string& empty_sha256_hex() {
  static const std::string value = sha256_hex("");
  return value;
}

}  // namespace

Client::Client(Run& run, unsigned number)
    : run_(run),
      number_(number),
      signer_(run.options.credentials, run.options.port),
      connection_(run.options.port),
      random_(number) {
  const Options& options = run.options;
  if (options.operation != Operation::mixed) return;
  for (uint64_t i = number; i < options.count; i += options.clients) own_.push_back(options.first + i);
  next_own_ = options.first + options.count + number;
}

void Client::work() {
  const Options& options = run_.options;
  uint64_t number = 0;
  while (Clock::now() < run_.deadline) {
    if (errors_in_a_row_ >= kMostErrorsInARow) return;
    switch (options.operation) {
      case Operation::put:
        if (!take_next(number)) return;
        measure("put", &Client::put, number);
        break;
      case Operation::remove:
        if (!take_next(number)) return;
        measure("remove", &Client::remove, number);
        break;
      case Operation::multipart:
        if (!take_next(number)) return;
        measure("multipart", &Client::multipart, number);
        break;
      case Operation::get:
        measure("get", &Client::get, options.first + random_() % options.count);
        break;
      case Operation::mixed:
        mixed();
        break;
      case Operation::list:
        measure("page", &Client::list_page, 0);
        if (continuation_.empty()) return;
        break;
      case Operation::files:
        return;
    }
  }
}

bool Client::take_next(uint64_t& number) {
  const uint64_t taken = run_.next++;
  if (run_.options.count != 0 && taken >= run_.options.count) return false;
  number = run_.options.first + taken * run_.options.step;
  return true;
}

void Client::count(const char* kind, Clock::time_point started, uint64_t bytes, uint64_t items) {
  const auto ended = Clock::now();
  ++report_.all_operations;
  if (ended < run_.measured_from || ended > run_.deadline) return;
  Tally& tally = report_.kinds[kind];
  tally.milliseconds.push_back(std::chrono::duration<float, std::milli>(ended - started).count());
  tally.bytes += bytes;
  tally.items += items;
}

void Client::measure(const char* kind, Outcome (Client::*operation)(uint64_t), uint64_t number) {
  const auto started = Clock::now();
  page_keys_ = 0;
  const Outcome outcome = (this->*operation)(number);
  if (!outcome) {
    ++report_.errors;
    ++errors_in_a_row_;
    if (report_.first_error.empty()) report_.first_error = fmt::format("{}: {}", kind, outcome.error());
    return;
  }
  errors_in_a_row_ = 0;
  count(kind, started, *outcome, page_keys_);
}

// warp's default mix: 45 GET, 30 STAT, 15 PUT, 10 DELETE of a hundred, from a shuffled deck.
void Client::mixed() {
  if (deck_.empty()) {
    deck_.assign({'g', 'g', 'g', 'g', 'g', 'g', 'g', 'g', 'g', 's', 's', 's', 's', 's', 's', 'p', 'p', 'p', 'd', 'd'});
    std::shuffle(deck_.begin(), deck_.end(), random_);
  }
  char card = deck_.back();
  deck_.pop_back();
  if (card == 'd' && own_.size() < 2) card = 'p';
  const size_t place = random_() % own_.size();
  const uint64_t number = own_[place];
  if (card == 'g') return measure("get", &Client::get, number);
  if (card == 's') return measure("stat", &Client::stat, number);
  if (card == 'd') {
    own_[place] = own_.back();
    own_.pop_back();
    return measure("remove", &Client::remove, number);
  }
  const uint64_t errors = report_.errors;
  measure("put", &Client::put, next_own_);
  if (report_.errors == errors) own_.push_back(next_own_);
  next_own_ += run_.options.clients;
}

std::string Client::path_of(uint64_t number) const {
  return fmt::format("/{}/{}", run_.options.bucket, key_of(run_.options.prefix, number));
}

std::expected<Answer, std::string> Client::call(const Target& target, std::string_view body,
                                                std::string_view body_sha256_hex, int expected_status) {
  const std::string head = signer_.head(target, body_sha256_hex, body.size());
  auto answer = connection_.exchange(
      {.head = head, .body = body, .answer_has_body = target.method != "HEAD", .kept_body_bytes = kKeptBody});
  if (answer && answer->status != expected_status) {
    return std::unexpected(fmt::format("{} {}", answer->status, answer->body.substr(0, 200)));
  }
  return answer;
}

Client::Outcome Client::put(uint64_t number) {
  const std::string& body = run_.bodies.body(number);
  const auto answer = call({"PUT", path_of(number), ""}, body, run_.bodies.sha256_hex(number));
  if (!answer) return std::unexpected(answer.error());
  return body.size();
}

Client::Outcome Client::get(uint64_t number) {
  const auto answer = call({"GET", path_of(number), ""}, "", empty_sha256_hex());
  if (!answer) return std::unexpected(answer.error());
  const std::string& wanted = run_.bodies.body(number);
  if (answer->body_bytes != wanted.size()) return std::unexpected("a body of another length");
  const bool kept = answer->body.size() == wanted.size();
  if (gets_++ % kCheckedGets == 0 && kept && answer->body != wanted) return std::unexpected("other bytes than written");
  return wanted.size();
}

Client::Outcome Client::stat(uint64_t number) {
  const auto answer = call({"HEAD", path_of(number), ""}, "", empty_sha256_hex());
  if (!answer) return std::unexpected(answer.error());
  return 0;
}

Client::Outcome Client::remove(uint64_t number) {
  const auto answer = call({"DELETE", path_of(number), ""}, "", empty_sha256_hex(), 204);
  if (!answer) return std::unexpected(answer.error());
  return 0;
}

Client::Outcome Client::multipart(uint64_t number) {
  const std::string path = path_of(number);
  const auto started = call({"POST", path, "uploads="}, "", empty_sha256_hex());
  if (!started) return std::unexpected(started.error());
  const std::string upload = without_entities(between(started->body, "<UploadId>", "</UploadId>"));
  if (upload.empty()) return std::unexpected("no upload id: " + started->body);
  std::string parts;
  const uint64_t part_count = run_.options.size_bytes / run_.options.part_bytes;
  for (uint64_t part = 1; part <= part_count; ++part) {
    const std::string query = fmt::format("partNumber={}&uploadId={}", part, uri_encode(upload));
    const auto sent = Clock::now();
    const auto answer =
        call({"PUT", path, query}, run_.bodies.body(number + part), run_.bodies.sha256_hex(number + part));
    if (!answer) return std::unexpected(answer.error());
    count("part", sent, run_.options.part_bytes);
    parts += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", part, answer->etag);
  }
  const std::string body = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">" + parts +
                           "</CompleteMultipartUpload>";
  const auto completed = call({"POST", path, "uploadId=" + uri_encode(upload)}, body, sha256_hex(body));
  if (!completed) return std::unexpected(completed.error());
  if (completed->body.find("<ETag>") == std::string::npos) return std::unexpected("not completed: " + completed->body);
  return 0;  // its bytes were counted by parts: a whole object may take longer than a short run
}

Client::Outcome Client::list_page(uint64_t) {
  std::string query;
  if (!continuation_.empty()) query = "continuation-token=" + uri_encode(continuation_) + "&";
  query += "list-type=2&max-keys=1000&prefix=" + uri_encode(run_.options.prefix + "/");
  const auto answer = call({"GET", "/" + run_.options.bucket, query}, "", empty_sha256_hex());
  if (!answer) return std::unexpected(answer.error());
  const std::string_view body = answer->body;
  for (size_t at = body.find("<Key>"); at != std::string_view::npos; at = body.find("<Key>", at + 5)) ++page_keys_;
  const bool more = body.find("<IsTruncated>true<") != std::string_view::npos;
  continuation_ = more ? without_entities(between(body, "<NextContinuationToken>", "</NextContinuationToken>")) : "";
  if (more && continuation_.empty()) return std::unexpected("truncated, but no token to go on with");
  return 0;
}

}  // namespace aerolith::load
