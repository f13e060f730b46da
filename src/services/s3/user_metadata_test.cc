#include "services/s3/user_metadata.h"

#include <gtest/gtest.h>

namespace aerolith::s3 {
namespace {

TEST(UserMetadata, AsciiStaysAsItIs) {
  auto stored = read_user_metadata({{"Color", "blue"}});
  ASSERT_TRUE(stored.has_value());
  EXPECT_EQ(*stored, (UserMetadata{{"color", "blue"}}));
  EXPECT_EQ(write_user_metadata(*stored), (UserMetadata{{"color", "blue"}}));
}

TEST(UserMetadata, OtherLettersComeBackAsMailWords) {
  auto stored = read_user_metadata({{"utf8", "gr\xc3\xbc\xc3\x9f"}, {"latin1", "gr\xfc\xdf"}});
  ASSERT_TRUE(stored.has_value());
  EXPECT_EQ((*stored)["utf8"], "gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ((*stored)["latin1"], "gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(write_user_metadata(*stored)["utf8"], "=?UTF-8?B?Z3LDvMOf?=");
}

TEST(UserMetadata, MailWordsAreDecoded) {
  EXPECT_EQ(decode_mail_words("=?UTF-8?B?Z3LDvMOf?="), "gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(decode_mail_words("=?utf-8?q?gr=C3=BC=C3=9F_dich?= x"), "gr\xc3\xbc\xc3\x9f dich x");
  EXPECT_EQ(decode_mail_words("=?ISO-8859-1?Q?=E4?= =?UTF-8?Q?b?="),
            "\xc3\xa4"
            "b");
  EXPECT_EQ(decode_mail_words("a =?b"), "a =?b");
  EXPECT_EQ(decode_mail_words("=?x?B?!!?="), "=?x?B?!!?=");
}

TEST(UserMetadata, LimitOfTwoKilobytes) {
  EXPECT_TRUE(read_user_metadata({{"k", std::string(2047, 'v')}}).has_value());
  auto refused = read_user_metadata({{"k", std::string(2048, 'v')}});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, "MetadataTooLarge");
}

}  // namespace
}  // namespace aerolith::s3
