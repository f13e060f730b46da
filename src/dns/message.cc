#include "dns/message.h"

#include <ldns/ldns.h>

#include <algorithm>

namespace aerolith::dns {
namespace {

// What passes every network unfragmented: https://www.dnsflagday.net/2020/
constexpr size_t kLargestDatagram = 1232;
constexpr size_t kSmallestDatagram = 512;

constexpr unsigned char kIsAnswer = 0x80;          // third byte of the header
constexpr unsigned char kOperation = 0x78;         // the same
constexpr unsigned char kRecursionDesired = 0x01;  // the same

unsigned char byte_at(std::string_view bytes, size_t at) { return static_cast<unsigned char>(bytes[at]); }

unsigned count_at(std::string_view bytes, size_t at) { return byte_at(bytes, at) * 256U + byte_at(bytes, at + 1); }

bool is_host_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

// From labels with their lengths before them.
std::string to_text(const ldns_rdf* name) {
  const std::string_view labels(reinterpret_cast<const char*>(ldns_rdf_data(name)), ldns_rdf_size(name));
  std::string text;
  for (size_t at = 0; at < labels.size() && labels[at] != '\0';) {
    const std::string_view label = labels.substr(at + 1, byte_at(labels, at));
    if (!std::ranges::all_of(label, is_host_name_byte)) return "";
    if (!text.empty()) text += '.';
    for (const char c : label) text += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    at += 1 + label.size();
  }
  return text;
}

const ldns_rr* question_of(const ldns_pkt* packet) { return ldns_rr_list_rr(ldns_pkt_question(packet), 0); }

ldns_rr* new_record(const ldns_pkt* query, ldns_rr_type type, uint32_t ttl_seconds) {
  ldns_rr* const record = ldns_rr_new();
  ldns_rr_set_owner(record, ldns_rdf_clone(ldns_rr_owner(question_of(query))));
  ldns_rr_set_type(record, type);
  ldns_rr_set_class(record, LDNS_RR_CLASS_IN);
  ldns_rr_set_ttl(record, ttl_seconds);
  return record;
}

ldns_rr* new_address(const ldns_pkt* query, const std::string& address, uint32_t ttl_seconds) {
  const bool is_v4 = address.size() == 4;
  ldns_rr* const record = new_record(query, is_v4 ? LDNS_RR_TYPE_A : LDNS_RR_TYPE_AAAA, ttl_seconds);
  ldns_rr_push_rdf(record,
                   ldns_rdf_new_frm_data(is_v4 ? LDNS_RDF_TYPE_A : LDNS_RDF_TYPE_AAAA, address.size(), address.data()));
  return record;
}

// Says that the name is there and this type isn't, and for how long that may be remembered (RFC 2308).
ldns_rr* new_start_of_authority(const ldns_pkt* query, uint32_t ttl_seconds) {
  ldns_rr* const record = new_record(query, LDNS_RR_TYPE_SOA, ttl_seconds);
  ldns_rr_push_rdf(record, ldns_rdf_clone(ldns_rr_owner(question_of(query))));
  ldns_rr_push_rdf(record, ldns_dname_new_frm_str("hostmaster.localhost."));
  constexpr uint32_t kSerial = 1;
  constexpr uint32_t kDay = 86400;
  for (const uint32_t number : {kSerial, kDay, kDay, kDay, ttl_seconds}) {
    ldns_rr_push_rdf(record, ldns_native2rdf_int32(LDNS_RDF_TYPE_INT32, number));
  }
  return record;
}

std::string to_bytes(const ldns_pkt* packet) {
  uint8_t* bytes = nullptr;
  size_t size = 0;
  if (ldns_pkt2wire(&bytes, packet, &size) != LDNS_STATUS_OK) return "";
  std::string text(reinterpret_cast<const char*>(bytes), size);
  LDNS_FREE(bytes);
  return text;
}

}  // namespace

void Query::Free::operator()(ldns_pkt* packet) const { ldns_pkt_free(packet); }

Result<Query, QueryError> Query::parse(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes) return fail(QueryErrorCode::ignore, "shorter than a header");
  if ((byte_at(bytes, 2) & kIsAnswer) != 0) return fail(QueryErrorCode::ignore, "an answer");
  if ((byte_at(bytes, 2) & kOperation) != 0) return fail(QueryErrorCode::not_implemented, "not a query");
  // Checked before ldns makes objects of thousands of records.
  if (count_at(bytes, 4) != 1) return fail(QueryErrorCode::malformed, "not one question");
  if (count_at(bytes, 6) != 0 || count_at(bytes, 8) != 0 || count_at(bytes, 10) > 2) {
    return fail(QueryErrorCode::malformed, "records in a question");
  }
  ldns_pkt* packet = nullptr;
  const ldns_status status = ldns_wire2pkt(&packet, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  if (status != LDNS_STATUS_OK) return fail(QueryErrorCode::malformed, ldns_get_errorstr_by_id(status));
  Query query;
  query.packet_.reset(packet);
  const ldns_rr* const question = question_of(packet);
  if (question == nullptr || ldns_rr_owner(question) == nullptr) return fail(QueryErrorCode::malformed, "no name");
  query.name_ = to_text(ldns_rr_owner(question));
  return query;
}

bool Query::is_internet() const { return ldns_rr_get_class(question_of(packet_.get())) == LDNS_RR_CLASS_IN; }

bool Query::asks_for(RecordType type) const {
  const auto asked = static_cast<uint16_t>(ldns_rr_get_type(question_of(packet_.get())));
  return asked == static_cast<uint16_t>(type) || asked == static_cast<uint16_t>(RecordType::any);
}

bool Query::wants_recursion() const { return ldns_pkt_rd(packet_.get()); }

bool Query::has_unknown_edns_version() const {
  return ldns_pkt_edns(packet_.get()) && ldns_pkt_edns_version(packet_.get()) != 0;
}

size_t Query::datagram_limit_bytes() const {
  if (!ldns_pkt_edns(packet_.get())) return kSmallestDatagram;
  return std::clamp<size_t>(ldns_pkt_edns_udp_size(packet_.get()), kSmallestDatagram, kLargestDatagram);
}

std::string Query::write(const Answer& answer) const {
  const ldns_pkt* const query = packet_.get();
  const std::unique_ptr<ldns_pkt, Free> packet(ldns_pkt_new());
  ldns_pkt* const raw = packet.get();
  ldns_pkt_set_id(raw, ldns_pkt_id(query));
  ldns_pkt_set_qr(raw, true);
  ldns_pkt_set_opcode(raw, LDNS_PACKET_QUERY);
  ldns_pkt_set_rd(raw, ldns_pkt_rd(query));
  ldns_pkt_set_cd(raw, ldns_pkt_cd(query));
  ldns_pkt_set_ra(raw, answer.offers_recursion);
  ldns_pkt_set_aa(raw, answer.is_ours);
  const auto code = static_cast<uint8_t>(answer.code);
  ldns_pkt_set_rcode(raw, code & 0x0f);
  if (ldns_pkt_edns(query)) {
    ldns_pkt_set_edns_udp_size(raw, kLargestDatagram);
    ldns_pkt_set_edns_extended_rcode(raw, static_cast<uint8_t>(code >> 4));
  }
  ldns_pkt_push_rr(raw, LDNS_SECTION_QUESTION, ldns_rr_clone(question_of(query)));
  const std::string bare = to_bytes(raw);

  size_t given = 0;
  for (const std::string& address : answer.addresses) {
    if (!asks_for(address.size() == 4 ? RecordType::a : RecordType::aaaa)) continue;
    ldns_pkt_push_rr(raw, LDNS_SECTION_ANSWER, new_address(query, address, answer.ttl_seconds));
    ++given;
  }
  if (!answer.pointer.empty() && asks_for(RecordType::ptr)) {
    ldns_rr* const record = new_record(query, LDNS_RR_TYPE_PTR, answer.ttl_seconds);
    ldns_rr_push_rdf(record, ldns_dname_new_frm_str((answer.pointer + ".").c_str()));
    ldns_pkt_push_rr(raw, LDNS_SECTION_ANSWER, record);
    ++given;
  }
  if (answer.is_ours && given == 0) {
    ldns_pkt_push_rr(raw, LDNS_SECTION_AUTHORITY, new_start_of_authority(query, answer.ttl_seconds));
  }
  std::string bytes = to_bytes(raw);
  if (bytes.size() <= answer.limit_bytes) return bytes;
  std::string cut = bare;
  constexpr char kIsCut = 0x02;
  if (cut.size() > 2) cut[2] = static_cast<char>(cut[2] | kIsCut);
  return cut;
}

std::string write_failure(std::string_view bytes, ResponseCode code) {
  std::string header(bytes.substr(0, 2));
  header += static_cast<char>(kIsAnswer | (byte_at(bytes, 2) & (kOperation | kRecursionDesired)));
  header += static_cast<char>(code);
  header.resize(kHeaderBytes, '\0');
  return header;
}

}  // namespace aerolith::dns
