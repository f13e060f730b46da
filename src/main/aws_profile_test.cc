#include "main/aws_profile.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace aerolith::main_program {
namespace {

const std::vector<ProfileKey> kKeys = {
    {"region", "", "us-east-1"}, {"endpoint_url", "", "http://x"}, {"s3", "addressing_style", "path"}};
const std::string kSection = "profile aerolith";
const std::string kBlock =
    "[profile aerolith]\nregion = us-east-1\nendpoint_url = http://x\ns3 =\n    addressing_style = path\n";

TEST(EditProfileTest, NewFileGetsJustTheSection) { EXPECT_EQ(edit_profile("", kSection, kKeys), kBlock); }

TEST(EditProfileTest, EditingTwiceChangesNothing) {
  for (const std::string before :
       {"", "[default]\nregion=eu-west-1\n", "[default]\nregion=eu-west-1", "# c\r\n[a]\r\nb=c\r\n"}) {
    const std::string once = edit_profile(before, kSection, kKeys);
    EXPECT_EQ(edit_profile(once, kSection, kKeys), once);
  }
}

TEST(EditProfileTest, OthersStayByteForByte) {
  const std::string before = "; mine\n[default]\nregion=eu-west-1   \n\n\n[profile aerolith-two]\nregion = x\n";
  EXPECT_EQ(edit_profile(before, kSection, kKeys), before + "\n" + kBlock);
  EXPECT_EQ(edit_profile("[a]\nb=c", kSection, kKeys), "[a]\nb=c\n\n" + kBlock);
}

TEST(EditProfileTest, OwnSectionKeepsWhatTheUserAdded) {
  const std::string before =
      "[profile  \"aerolith\"]\noutput = table\nREGION: old\ns3 =\n  max_concurrent_requests = 20\n  addressing_style "
      "= "
      "virtual\nendpoint_url=http://old\n\n# about the next\n[profile z]\nregion = q\n";
  EXPECT_EQ(edit_profile(before, kSection, kKeys),
            "[profile  \"aerolith\"]\noutput = table\nregion = us-east-1\ns3 =\n  max_concurrent_requests = 20\n"
            "    addressing_style = path\nendpoint_url = http://x\n\n# about the next\n[profile z]\nregion = q\n");
}

TEST(EditProfileTest, KeysGoBeforeTheCommentsOfTheNextSection) {
  EXPECT_EQ(edit_profile("[aerolith]\n\n# next\n[b]\n", "aerolith", {{"k", "", "v"}}),
            "[aerolith]\nk = v\n\n# next\n[b]\n");
}

TEST(EditProfileTest, EmptyValueTakesTheKeyAway) {
  EXPECT_EQ(edit_profile("[aerolith]\naws_session_token = t\nk = v\n", "aerolith", {{"aws_session_token", "", ""}}),
            "[aerolith]\nk = v\n");
  EXPECT_EQ(edit_profile("[aerolith]\nk = v\n", "aerolith", {{"aws_session_token", "", ""}}), "[aerolith]\nk = v\n");
}

TEST(EditProfileTest, LineEndsAreTheFiles) {
  EXPECT_EQ(edit_profile("[a]\r\nb = c\r\n", "aerolith", {{"k", "", "v"}}),
            "[a]\r\nb = c\r\n\r\n[aerolith]\r\nk = v\r\n");
}

TEST(EditProfileTest, BrokenHeadersAreNoSections) {
  EXPECT_EQ(edit_profile("[aerolith\nk = w\n", "aerolith", {{"k", "", "v"}}),
            "[aerolith\nk = w\n\n[aerolith]\nk = v\n");
}

class AwsFilesTest : public testing::Test {
 protected:
  AwsFilesTest() {
    char pattern[] = "/tmp/aerolith-profile-XXXXXX";
    folder_ = mkdtemp(pattern);
    files_ = *find_aws_files({{"HOME", folder_.string()}});
  }
  ~AwsFilesTest() override { std::filesystem::remove_all(folder_); }
  static std::string read(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  static unsigned mode(const std::filesystem::path& path) {
    struct stat status{};
    return stat(path.c_str(), &status) == 0 ? status.st_mode & 0777 : 0;
  }

  std::filesystem::path folder_;
  AwsFiles files_;
  AwsProfile profile_{"us-east-1", "http://127.0.0.1:4566", "/d/tls/ca.pem", "AKIAX", "s+/"};
};

TEST_F(AwsFilesTest, WritesBothAndOnlyOnce) {
  EXPECT_EQ(find_aws_profile(files_, profile_), AwsProfileState::missing);
  EXPECT_TRUE(write_aws_profile(files_, profile_).value());
  EXPECT_EQ(find_aws_profile(files_, profile_), AwsProfileState::current);
  EXPECT_FALSE(write_aws_profile(files_, profile_).value());
  EXPECT_EQ(read(folder_ / ".aws/credentials"), "[aerolith]\naws_access_key_id = AKIAX\naws_secret_access_key = s+/\n");
  EXPECT_EQ(mode(folder_ / ".aws/credentials"), 0600u);
  EXPECT_EQ(mode(folder_ / ".aws/config"), 0600u);
  EXPECT_EQ(mode(folder_ / ".aws"), 0700u);
  profile_.ca_bundle = "";
  EXPECT_EQ(find_aws_profile(files_, profile_), AwsProfileState::stale);
  EXPECT_TRUE(write_aws_profile(files_, profile_).value());
  EXPECT_EQ(read(folder_ / ".aws/config").find("ca_bundle"), std::string::npos);
  std::filesystem::remove(files_.credentials);
  EXPECT_EQ(find_aws_profile(files_, profile_), AwsProfileState::missing);
}

TEST_F(AwsFilesTest, LinksStayLinksAndModesStay) {
  std::filesystem::create_directories(folder_ / ".aws");
  std::ofstream(folder_ / "dot-config") << "[default]\n";
  chmod((folder_ / "dot-config").c_str(), 0640);
  std::filesystem::create_symlink(folder_ / "dot-config", folder_ / ".aws/config");
  ASSERT_TRUE(write_aws_profile(files_, profile_).has_value());
  EXPECT_TRUE(std::filesystem::is_symlink(folder_ / ".aws/config"));
  EXPECT_TRUE(read(folder_ / "dot-config").starts_with("[default]\n\n[profile aerolith]\n"));
  EXPECT_EQ(mode(folder_ / "dot-config"), 0640u);
}

TEST_F(AwsFilesTest, VariablesSayWhere) {
  const auto files =
      find_aws_files({{"HOME", "/h"}, {"AWS_CONFIG_FILE", "/a"}, {"AWS_SHARED_CREDENTIALS_FILE", "~/b"}});
  EXPECT_EQ(files->config, "/a");
  EXPECT_EQ(files->credentials, "/h/b");
  EXPECT_FALSE(find_aws_files({}).has_value());
}

TEST_F(AwsFilesTest, UnwritablePlaceIsAnError) {
  files_.credentials = "/proc/aerolith/credentials";
  EXPECT_FALSE(write_aws_profile(files_, profile_).has_value());
}

}  // namespace
}  // namespace aerolith::main_program
