#include "main/listen_address.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cerrno>

namespace aerolith::main_program {
namespace {

bool is_taken(const std::string& wanted, const std::string& bound) {
  return is_taken_by(resolve_listen_address(wanted).value(), resolve_listen_address(bound).value());
}

TEST(ListenAddressTest, ComparedAsResolved) {
  EXPECT_TRUE(is_taken("[0:0::1]:1", "[::1]:1"));
  EXPECT_TRUE(is_taken("127.0.0.1:1", "0.0.0.0:1"));
  EXPECT_TRUE(is_taken("[::]:1", "[::1]:1"));
  EXPECT_FALSE(is_taken("127.0.0.1:1", "127.0.0.1:2"));
  EXPECT_FALSE(is_taken("127.0.0.1:1", "127.0.0.2:1"));
  EXPECT_FALSE(is_taken("127.0.0.1:1", "[::]:1"));
  EXPECT_FALSE(resolve_listen_address("nowhere").has_value());
  EXPECT_FALSE(resolve_listen_address("[x]:1").has_value());
}

TEST(ListenAddressTest, NamesCount) {
  if (!resolve_listen_address("localhost:1")) GTEST_SKIP() << "localhost doesn't resolve here";
  EXPECT_TRUE(is_taken("localhost:1", "127.0.0.1:1") || is_taken("localhost:1", "[::1]:1"));
}

TEST(ListenAddressTest, TriesToBind) {
  ListenAddress where = resolve_listen_address("127.0.0.1:0").value();
  EXPECT_EQ(try_bind(where), 0);
  const int other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(bind(other, reinterpret_cast<const sockaddr*>(&where.address), where.size), 0);
  ASSERT_EQ(listen(other, 1), 0);
  ASSERT_EQ(getsockname(other, reinterpret_cast<sockaddr*>(&where.address), &where.size), 0);
  EXPECT_EQ(try_bind(where), EADDRINUSE);
  close(other);
}

TEST(ListenAddress, LoopbackIsWhatOthersDontReach) {
  for (const char* text : {"127.0.0.1:1", "127.1.2.3:1", "[::1]:1", "localhost:1"}) {
    const auto where = resolve_listen_address(text);
    ASSERT_TRUE(where) << text;
    EXPECT_TRUE(is_loopback(*where)) << text;
  }
  for (const char* text : {"0.0.0.0:1", "10.0.0.1:1", "[::]:1", "[fe80::1]:1"}) {
    const auto where = resolve_listen_address(text);
    ASSERT_TRUE(where) << text;
    EXPECT_FALSE(is_loopback(*where)) << text;
  }
}

}  // namespace
}  // namespace aerolith::main_program
