#include <boost/json.hpp>
#include <limits>

#include "audit/line.h"
#include "base/encoding.h"

namespace aerolith::audit {
namespace {

namespace json = boost::json;

json::string_view key_of(std::string_view name) { return {name.data(), name.size()}; }

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(key_of(name));
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

// 0 for what is no such number.
uint64_t number_of(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(key_of(name));
  if (value == nullptr) return 0;
  if (value->is_uint64()) return value->get_uint64();
  return value->is_int64() && value->get_int64() > 0 ? static_cast<uint64_t>(value->get_int64()) : 0;
}

bool truth_of(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(key_of(name));
  return value != nullptr && value->is_bool() && value->get_bool();
}

const json::object* object_of(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(key_of(name));
  return value != nullptr ? value->if_object() : nullptr;
}

std::optional<Ask> read_ask(const json::value& value) {
  const json::object* const object = value.if_object();
  if (object == nullptr) return std::nullopt;
  const auto outcome = parse_outcome(text_of(*object, "outcome"));
  if (!outcome) return std::nullopt;
  Ask ask{.action = text_of(*object, "action"),
          .resource = text_of(*object, "resource"),
          .outcome = *outcome,
          .is_probe = truth_of(*object, "probe"),
          .reason = std::nullopt};
  if (const json::object* const reason = object_of(*object, "reason")) {
    ask.reason = Reason{.is_explicit = truth_of(*reason, "explicit"),
                        .policy_kind = text_of(*reason, "policy_kind"),
                        .policy = text_of(*reason, "policy"),
                        .sid = text_of(*reason, "sid"),
                        .statement = number_of(*reason, "statement")};
  }
  return ask;
}

bool read_asks(const json::object& object, std::vector<Ask>& asks) {
  const json::value* const value = object.if_contains("asks");
  if (value == nullptr) return true;
  if (!value->is_array()) return false;
  for (const json::value& one : value->get_array()) {
    auto ask = read_ask(one);
    if (!ask) return false;
    asks.push_back(*std::move(ask));
  }
  return true;
}

void read_caller(const json::object& object, Entry& entry) {
  entry.account = text_of(object, "account");
  entry.principal = text_of(object, "principal");
  entry.principal_id = text_of(object, "principal_id");
  entry.entity = text_of(object, "entity");
  if (entry.entity.empty()) entry.entity = entry.principal;
  entry.access_key_id = text_of(object, "access_key_id");
  entry.claimed_key_id = text_of(object, "claimed_access_key_id");
  if (const json::object* const session = object_of(object, "session")) {
    entry.is_session = true;
    entry.source_identity = text_of(*session, "source_identity");
  }
}

std::optional<Entry> read_entry(const json::object& object) {
  const auto time = parse_iso8601(text_of(object, "time"));
  const auto outcome = parse_outcome(text_of(object, "outcome"));
  const uint64_t status = number_of(object, "status");
  if (!time || !outcome || status > 999) return std::nullopt;
  Entry entry;
  entry.time = *time;
  entry.outcome = *outcome;
  entry.status = static_cast<int>(status);
  entry.request_id = text_of(object, "request_id");
  entry.service = text_of(object, "service");
  entry.operation = text_of(object, "operation");
  entry.error_code = text_of(object, "error");
  read_caller(object, entry);
  entry.peer = text_of(object, "peer");
  entry.is_tls = truth_of(object, "tls");
  entry.user_agent = text_of(object, "user_agent");
  entry.method = text_of(object, "method");
  entry.path = text_of(object, "path");
  entry.asks_left_out = number_of(object, "asks_left_out");
  constexpr auto kLongest = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  entry.duration =
      std::chrono::microseconds(static_cast<int64_t>(std::min(number_of(object, "duration_us"), kLongest)));
  if (!read_asks(object, entry.asks)) return std::nullopt;
  return entry;
}

std::optional<FileHead> read_head(const json::object& object) {
  const auto started = parse_iso8601(text_of(object, "started"));
  const json::value* const format = object.if_contains("format");
  if (text_of(object, "file") != "aerolith audit" || !started || format == nullptr || !format->is_int64()) {
    return std::nullopt;
  }
  return FileHead{.format = format->get_int64(), .number = number_of(object, "number"), .started = *started};
}

std::optional<uint64_t> read_checksum(const std::string& hex) {
  const auto bytes = hex_decode(hex);
  if (!bytes || bytes->size() != sizeof(uint64_t)) return std::nullopt;
  uint64_t value = 0;
  for (const char c : *bytes) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

}  // namespace

Line parse_line(std::string_view text) {
  Line line;
  line.text = text;
  line.problem = "isn't a line of the audit log";
  boost::system::error_code error;
  const json::value parsed = json::parse(key_of(text), error);
  const json::object* const object = error ? nullptr : parsed.if_object();
  if (object == nullptr) return line;
  if (object->contains("file")) {
    const auto head = read_head(*object);
    if (!head) return line;
    line.head = *head;
    line.kind = LineKind::head;
  } else if (object->contains("end")) {
    const auto checksum = read_checksum(text_of(*object, "crc64nvme"));
    if (!checksum) return line;
    line.checksum = *checksum;
    line.count = number_of(*object, "events");
    line.kind = LineKind::end;
  } else if (object->contains("lost_events")) {
    line.count = number_of(*object, "lost_events");
    line.kind = LineKind::gap;
  } else {
    auto entry = read_entry(*object);
    if (!entry) return line;
    line.entry = *std::move(entry);
    line.kind = LineKind::event;
  }
  line.problem.clear();
  return line;
}

}  // namespace aerolith::audit
