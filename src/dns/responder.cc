#include "dns/responder.h"

#include <algorithm>

#include "dns/socket_address.h"

namespace aerolith::dns {
namespace {

bool is_under_localhost(const std::string& name) { return name == "localhost" || name.ends_with(".localhost"); }

std::string refuse_unread(std::string_view bytes, QueryErrorCode code) {
  switch (code) {
    case QueryErrorCode::ignore:
      return "";
    case QueryErrorCode::malformed:
      return write_failure(bytes, ResponseCode::format_error);
    case QueryErrorCode::not_implemented:
      return write_failure(bytes, ResponseCode::not_implemented);
  }
  return "";
}

}  // namespace

ServerAddresses ServerAddresses::of(const std::vector<std::string>& bound) {
  ServerAddresses all;
  for (const std::string& text : bound) {
    const auto address = SocketAddress::parse(text);
    if (!address) continue;
    const std::string bytes = address->host_bytes();
    if (address->is_wildcard()) {
      (bytes.size() == 4 ? all.any_v4 : all.any_v6) = true;
    } else if (std::ranges::find(all.fixed, bytes) == all.fixed.end()) {
      all.fixed.push_back(bytes);
    }
  }
  return all;
}

Reply Responder::respond(std::string_view bytes, const Arrival& arrival) const {
  const auto query = Query::parse(bytes);
  if (!query.has_value()) {
    std::string refusal = refuse_unread(bytes, query.error().code);
    return {refusal.empty() ? Verdict::ignore : Verdict::answer, std::move(refusal)};
  }
  const Found found = find_records(*query, arrival);
  if (!found && is_to_forward(*query)) return {Verdict::forward, ""};
  std::string answer = query->write(answer_to(*query, arrival, found));
  if (answer.empty()) answer = write_failure(bytes, ResponseCode::server_failure);
  return {Verdict::answer, std::move(answer)};
}

Responder::Found Responder::find_records(const Query& query, const Arrival& arrival) const {
  if (!settings_.find_records || !query.is_internet() || query.has_unknown_edns_version()) return std::nullopt;
  return settings_.find_records(query.name(), arrival);
}

bool Responder::is_to_forward(const Query& query) const {
  if (!settings_.forwards || !query.wants_recursion() || query.has_unknown_edns_version()) return false;
  if (query.is_internet() && settings_.is_ours(query.name())) return false;
  return !is_under_localhost(query.name());
}

Query::Answer Responder::answer_to(const Query& query, const Arrival& arrival, const Found& found) const {
  Query::Answer answer{.offers_recursion = settings_.forwards, .ttl_seconds = settings_.ttl_seconds};
  if (arrival.transport == Transport::datagram) answer.limit_bytes = query.datagram_limit_bytes();
  if (query.has_unknown_edns_version()) {
    answer.code = ResponseCode::bad_version;
    return answer;
  }
  if (found) {
    answer.is_ours = true;
    answer.addresses = found->addresses;
    answer.pointer = found->pointer;
    if (!found->is_there) answer.code = ResponseCode::no_such_name;
    return answer;
  }
  if (!query.is_internet() || !settings_.is_ours(query.name())) {
    answer.code = ResponseCode::refused;
    return answer;
  }
  answer.is_ours = true;
  answer.addresses = settings_.addresses.fixed;
  const bool is_any = arrival.local_address.size() == 4 ? settings_.addresses.any_v4 : settings_.addresses.any_v6;
  if (is_any && std::ranges::find(answer.addresses, arrival.local_address) == answer.addresses.end()) {
    answer.addresses.push_back(arrival.local_address);
  }
  return answer;
}

std::string Responder::give_up(std::string_view bytes) const {
  const auto query = Query::parse(bytes);
  if (!query.has_value()) return write_failure(bytes, ResponseCode::server_failure);
  return query->write({.code = ResponseCode::server_failure, .offers_recursion = settings_.forwards});
}

}  // namespace aerolith::dns
