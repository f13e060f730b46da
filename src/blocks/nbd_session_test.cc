#include "blocks/nbd_session.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "blocks/big_endian.h"

namespace aerolith::blocks {
namespace {

constexpr uint64_t kSizeBytes = uint64_t{1} << 20;

std::string number(uint64_t value, size_t bytes) {
  std::string text;
  for (size_t byte = bytes; byte-- > 0;) text.push_back(static_cast<char>(value >> (8 * byte) & 0xFF));
  return text;
}
std::string option(uint32_t kind, const std::string& data) {
  return "IHAVEOPT" + number(kind, 4) + number(data.size(), 4) + data;
}
std::string request(uint16_t kind, uint64_t offset, uint32_t length) {
  return number(0x25609513, 4) + number(0, 2) + number(kind, 2) + "a handle" + number(offset, 8) + number(length, 4);
}
std::string go(const std::string& name) {
  return option(7, number(name.size(), 4) + name + number(1, 2) + number(3, 2));
}

class NbdSessionTest : public testing::Test {
 protected:
  std::string start() { return session_.take(number(3, 4) + go("")); }

  bool is_damaged_ = false;
  NbdSession session_{kSizeBytes, [this](uint64_t offset, std::span<char> buffer) -> Result<> {
                        if (is_damaged_) return fail(VolumeErrorCode::corrupt, "damaged");
                        std::ranges::fill(buffer, static_cast<char>('a' + offset / 4096));
                        return {};
                      }};
};

TEST_F(NbdSessionTest, ReadsWhatItIsAskedFor) {
  EXPECT_EQ(session_.greet(), std::string("NBDMAGICIHAVEOPT\0\3", 18));
  const std::string started = start();
  EXPECT_EQ(big_endian(started.substr(16 + 4 + 2, 8)), kSizeBytes);
  const std::string answer = session_.take(request(0, 4096, 3));
  EXPECT_EQ(answer, number(0x67446698, 4) + number(0, 4) + "a handle" + "bbb");
}

TEST_F(NbdSessionTest, TakesBytesInAnyPieces) {
  const std::string all = number(3, 4) + option(8, "") + go("name") + request(0, 0, 2) + request(0, 4096, 2);
  NbdSession other = session_;
  const std::string whole = other.take(all);
  std::string pieces;
  for (const char byte : all) pieces += session_.take(std::string_view(&byte, 1));
  EXPECT_EQ(pieces, whole);
  EXPECT_TRUE(whole.ends_with("bb"));
}

TEST_F(NbdSessionTest, SaysWhatCannotBeRead) {
  start();
  const auto error_of = [](const std::string& answer) { return big_endian(answer.substr(4, 4)); };
  EXPECT_EQ(error_of(session_.take(request(0, kSizeBytes - 1, 2))), 22U);
  EXPECT_EQ(error_of(session_.take(request(0, UINT64_MAX, 2))), 22U);
  is_damaged_ = true;
  const std::string answer = session_.take(request(0, 0, 512));
  EXPECT_EQ(error_of(answer), 5U);
  EXPECT_EQ(answer.size(), 16U);
  EXPECT_EQ(error_of(session_.take(request(4, 0, 512))), 1U);
  EXPECT_FALSE(session_.is_over());
}

TEST_F(NbdSessionTest, EndsWithWhoDoesNotSpeakIt) {
  for (const std::string& bytes :
       {number(0, 4), number(3, 4) + std::string(16, 'x'), number(3, 4) + option(2, ""),
        number(3, 4) + "IHAVEOPT" + number(7, 4) + number(1 << 20, 4), number(3, 4) + go("") + std::string(28, 'x'),
        number(3, 4) + go("") + request(0, 0, 64 << 20), number(3, 4) + go("") + request(1, 0, 1),
        number(3, 4) + go("") + request(2, 0, 0)}) {
    NbdSession other = session_;
    (void)other.take(bytes);
    EXPECT_TRUE(other.is_over());
  }
}

TEST_F(NbdSessionTest, RefusesNamesThatDoNotFit) {
  const std::string answer =
      session_.take(number(3, 4) + option(7, number(0xFFFFFFFF, 4) + number(0, 2)) + option(7, "x"));
  EXPECT_EQ(big_endian(answer.substr(12, 4)), (uint64_t{1} << 31) + 3);
  EXPECT_EQ(answer.size(), 40U);
}

}  // namespace
}  // namespace aerolith::blocks
