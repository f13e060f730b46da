#include "dns/responder.h"

#include <gtest/gtest.h>

#include "dns/test_packets.h"

namespace aerolith::dns {
namespace {

using testing_support::AnswerParts;
using testing_support::make_query;
using testing_support::QueryParts;
using testing_support::read_answer;

constexpr std::string_view kOurs = "sts.us-east-1.amazonaws.com";
const std::string kLoopback4("\x7f\0\0\1", 4);
const std::string kLoopback6 = std::string(15, '\0') + '\1';
const std::string kLan("\x0a\0\0\5", 4);

ResponderSettings settings_for(const std::vector<std::string>& bound, bool forwards = false) {
  return {.is_ours = [](std::string_view name) { return name == kOurs || name == "s3.localhost"; },
          .addresses = ServerAddresses::of(bound),
          .forwards = forwards};
}

AnswerParts ask(const Responder& responder, const QueryParts& parts, const Arrival& arrival = {}) {
  const Reply reply = responder.respond(make_query(parts), arrival);
  EXPECT_EQ(reply.verdict, Verdict::answer);
  return read_answer(reply.bytes);
}

TEST(Responder, GivesTheServersAddress) {
  const Responder responder(settings_for({"127.0.0.1:4566", "[::1]:4566", "127.0.0.1:443"}));
  const AnswerParts v4 = ask(responder, {.name = std::string(kOurs), .type = 1});
  EXPECT_EQ(v4.id, 0x1234U);
  EXPECT_EQ(v4.code, 0U);
  EXPECT_TRUE(v4.is_authoritative());
  EXPECT_FALSE(v4.offers_recursion());
  EXPECT_EQ(v4.addresses, std::vector{kLoopback4});
  EXPECT_EQ(ask(responder, {.name = "S3.localHOST", .type = 28}).addresses, std::vector{kLoopback6});
  EXPECT_EQ(ask(responder, {.name = "s3.localhost", .type = 255}).addresses, (std::vector{kLoopback4, kLoopback6}));
}

TEST(Responder, SaysThatATypeIsNotThere) {
  const Responder responder(settings_for({"127.0.0.1:4566"}));
  for (const unsigned type : {28U, 15U, 16U, 65U}) {
    const AnswerParts answer = ask(responder, {.name = std::string(kOurs), .type = type});
    EXPECT_EQ(answer.code, 0U);
    EXPECT_TRUE(answer.addresses.empty());
    EXPECT_EQ(answer.authorities, 1U) << "no SOA: resolvers can't keep that it isn't there";
  }
}

TEST(Responder, AWildcardServerIsWhereTheAskerAsked) {
  const Responder responder(settings_for({"0.0.0.0:4566"}));
  const QueryParts query{.name = std::string(kOurs)};
  EXPECT_EQ(ask(responder, query, {Transport::datagram, kLan}).addresses, std::vector{kLan});
  EXPECT_EQ(ask(responder, query, {Transport::stream, kLoopback4}).addresses, std::vector{kLoopback4});
  EXPECT_TRUE(ask(responder, query, {Transport::stream, kLoopback6}).addresses.empty());
}

TEST(Responder, RecordsThatDependOnWhoAsks) {
  ResponderSettings settings = settings_for({"127.0.0.1:4566"}, true);
  settings.find_records = [](std::string_view name, const Arrival& arrival) -> std::optional<OwnRecords> {
    if (arrival.label != "vpc-1") return std::nullopt;
    if (name == "ip-10-0-0-5.ec2.internal") return OwnRecords{.addresses = {kLan}};
    if (name == "5.0.0.10.in-addr.arpa") return OwnRecords{.addresses = {}, .pointer = "ip-10-0-0-5.ec2.internal"};
    if (name.ends_with(".internal")) return OwnRecords{.addresses = {}, .is_there = false};
    return std::nullopt;
  };
  const Responder responder(settings);
  const Arrival inside{Transport::datagram, kLan, "vpc-1"};
  EXPECT_EQ(ask(responder, {.name = "IP-10-0-0-5.ec2.internal"}, inside).addresses, std::vector{kLan});
  const AnswerParts other_type = ask(responder, {.name = "ip-10-0-0-5.ec2.internal", .type = 28}, inside);
  EXPECT_EQ(other_type.code, 0U);
  EXPECT_TRUE(other_type.addresses.empty());
  EXPECT_EQ(other_type.authorities, 1U);
  const std::string pointer = testing_support::name_bytes("ip-10-0-0-5.ec2.internal");
  EXPECT_EQ(ask(responder, {.name = "5.0.0.10.in-addr.arpa", .type = 12}, inside).addresses, std::vector{pointer});
  EXPECT_EQ(ask(responder, {.name = "none.internal"}, inside).code, 3U);
  EXPECT_EQ(ask(responder, {.name = std::string(kOurs)}, inside).addresses, std::vector{kLoopback4});
  EXPECT_EQ(responder.respond(make_query({.name = "ip-10-0-0-5.ec2.internal"}), {}).verdict, Verdict::forward);
}

TEST(Responder, RefusesWhatIsNotOurs) {
  const Responder responder(settings_for({"127.0.0.1:4566"}));
  for (const QueryParts& parts : {QueryParts{.name = "example.com"}, QueryParts{.name = ""},
                                  QueryParts{.name = std::string(kOurs), .record_class = 3},
                                  QueryParts{.name = "a.sts.us-east-1.amazonaws.com"}}) {
    const AnswerParts answer = ask(responder, parts);
    EXPECT_EQ(answer.code, 5U) << parts.name;
    EXPECT_TRUE(answer.addresses.empty());
    EXPECT_FALSE(answer.is_authoritative());
  }
}

TEST(Responder, ForwardsOnlyWhatIsNotOursAndIsToBeForwarded) {
  const Responder responder(settings_for({"127.0.0.1:4566"}, true));
  const auto verdict = [&](const QueryParts& parts) { return responder.respond(make_query(parts), {}).verdict; };
  EXPECT_EQ(verdict({.name = "example.com"}), Verdict::forward);
  EXPECT_EQ(verdict({.name = ""}), Verdict::forward);
  EXPECT_EQ(verdict({.name = std::string(kOurs)}), Verdict::answer);
  EXPECT_EQ(ask(responder, {.name = "example.com", .flags = 0}).code, 5U);
  EXPECT_EQ(ask(responder, {.name = "other.localhost"}).code, 5U);
  EXPECT_TRUE(ask(responder, {.name = std::string(kOurs)}).offers_recursion());
  EXPECT_EQ(read_answer(responder.give_up(make_query({.name = "example.com"}))).code, 2U);
}

TEST(Responder, CutsWhatNoDatagramHolds) {
  std::vector<std::string> bound;
  for (int i = 1; i < 60; ++i) bound.push_back("10.0.0." + std::to_string(i) + ":4566");
  const Responder responder(settings_for(bound));
  const AnswerParts cut = ask(responder, {.name = std::string(kOurs)});
  EXPECT_TRUE(cut.is_cut());
  EXPECT_TRUE(cut.addresses.empty());
  EXPECT_EQ(ask(responder, {.name = std::string(kOurs), .edns_size = 4096}).addresses.size(), 59U);
  EXPECT_EQ(ask(responder, {.name = std::string(kOurs)}, {Transport::stream, kLoopback4}).addresses.size(), 59U);
}

TEST(Responder, KnowsEdnsVersion0Only) {
  const Responder responder(settings_for({"127.0.0.1:4566"}));
  const Reply reply = responder.respond(make_query({.name = "s3.localhost", .edns_size = 512, .edns_version = 1}), {});
  // BADVERS is 16: nothing in the header, 1 in the first byte of the OPT record's TTL.
  EXPECT_EQ(read_answer(reply.bytes).code, 0U);
  ASSERT_GE(reply.bytes.size(), 11U);
  EXPECT_EQ(reply.bytes[reply.bytes.size() - 6], '\1');
  EXPECT_EQ(ask(responder, {.name = "s3.localhost", .edns_size = 0}).addresses.size(), 1U);
}

TEST(Responder, WhatIsNoQuery) {
  const Responder responder(settings_for({"127.0.0.1:4566"}));
  const std::string good = make_query({.name = "s3.localhost", .edns_size = 1232});
  EXPECT_EQ(responder.respond("", {}).verdict, Verdict::ignore);
  EXPECT_EQ(responder.respond(good.substr(0, 11), {}).verdict, Verdict::ignore);
  EXPECT_EQ(responder.respond(make_query({.name = "s3.localhost", .flags = 0x8100}), {}).verdict, Verdict::ignore);
  EXPECT_EQ(ask(responder, {.name = "s3.localhost", .flags = 0x2000}).code, 4U);
  for (size_t size = 12; size < good.size(); ++size) {
    const Reply reply = responder.respond(good.substr(0, size), {});
    ASSERT_EQ(reply.verdict, Verdict::answer) << size;
    EXPECT_EQ(read_answer(reply.bytes.substr(0, 4) + std::string(8, '\0')).code, 1U) << size;
  }
  std::string two = good;
  two[5] = 2;
  EXPECT_EQ(read_answer(responder.respond(two, {}).bytes).code, 1U);
  // A name that points at itself, and one that goes on past the end.
  const std::string header = good.substr(0, 12);
  for (const std::string& name : {std::string("\xc0\x0c", 2), std::string("\xc0\xff", 2),
                                  std::string("\x3f"
                                              "ab",
                                              3),
                                  std::string("\x80"
                                              "a\0",
                                              3)}) {
    const Reply reply =
        responder.respond(header.substr(0, 10) + std::string(2, '\0') + name + std::string("\0\1\0\1", 4), {});
    EXPECT_EQ(reply.verdict, Verdict::answer);
    EXPECT_EQ(static_cast<unsigned char>(reply.bytes.at(3)) & 0x0f, 1);
  }
}

TEST(Responder, AnswersOnlyNamesOfHostNameBytes) {
  const Responder responder({.is_ours = [](std::string_view name) { return !name.empty(); },
                             .addresses = ServerAddresses::of({"127.0.0.1:1"})});
  std::string query = make_query({.name = "s3.localhost"});
  EXPECT_EQ(read_answer(responder.respond(query, {}).bytes).code, 0U);
  query[14] = '.';  // a dot within a label
  EXPECT_EQ(read_answer(responder.respond(query, {}).bytes).code, 5U);
}

}  // namespace
}  // namespace aerolith::dns
