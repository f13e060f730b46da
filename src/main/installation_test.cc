#include "main/installation.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include "main/certificates.h"

namespace aerolith::main_program {
namespace {

class FixedClock final : public Clock {
 public:
  Timestamp now() const override { return now_; }
  Timestamp now_ = *parse_iso8601("2030-01-01T00:00:00Z");
};

class InstallationTest : public testing::Test {
 protected:
  InstallationTest() {
    char pattern[] = "/tmp/aerolith-installation-XXXXXX";
    folder_ = mkdtemp(pattern);
    config_.data_folder = folder_ / "deep/data";
    config_.region = "us-east-1";
    config_.listen = {"127.0.0.1:4566"};
    data_.root = config_.data_folder;
  }
  ~InstallationTest() override { std::filesystem::remove_all(folder_); }

  Installation must_open() {
    auto opened = open_or_create_installation(config_, clock_);
    if (!opened.has_value()) throw std::runtime_error(opened.error().detail);
    return *std::move(opened);
  }
  static std::string read(const std::filesystem::path& path) {
    std::ifstream stream(path, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
  }
  static void write(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
  }
  static bool is_made_of(const std::string& text, size_t size, const char* alphabet) {
    return text.size() == size && text.find_first_not_of(alphabet) == std::string::npos;
  }
  static unsigned mode(const std::filesystem::path& path) {
    struct stat status{};
    return stat(path.c_str(), &status) == 0 ? status.st_mode & 0777 : 0;
  }

  std::filesystem::path folder_;
  Config config_;
  DataFolder data_;
  FixedClock clock_;
};

TEST_F(InstallationTest, FirstStartMakesAllAndTheSecondFindsIt) {
  const Installation first = must_open();
  EXPECT_TRUE(first.is_new);
  EXPECT_TRUE(is_made_of(first.account_id.str(), 12, "0123456789"));
  EXPECT_NE(first.account_id.view().front(), '0');
  EXPECT_TRUE(first.root_access_key_id.starts_with("AKIA"));
  EXPECT_TRUE(is_made_of(first.root_access_key_id, 20, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"));
  EXPECT_TRUE(
      is_made_of(first.root_secret_access_key, 40, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"));
  const std::string certificate = read(data_.server_certificate());

  const Installation second = must_open();
  EXPECT_FALSE(second.is_new);
  EXPECT_EQ(second.account_id, first.account_id);
  EXPECT_EQ(second.root_access_key_id, first.root_access_key_id);
  EXPECT_EQ(second.root_secret_access_key, first.root_secret_access_key);
  EXPECT_EQ(second.created, clock_.now_);
  EXPECT_EQ(second.certificate_event, "");
  EXPECT_EQ(read(data_.server_certificate()), certificate);
  const auto only_opened = open_installation(config_.data_folder);
  ASSERT_TRUE(only_opened.has_value());
  EXPECT_EQ(only_opened->root_secret_access_key, first.root_secret_access_key);
}

TEST_F(InstallationTest, SecretsAreTheOwnersAlone) {
  const mode_t before = umask(0);
  const Installation installation = must_open();
  umask(before);
  EXPECT_EQ(mode(data_.root), 0700u);
  EXPECT_EQ(mode(data_.keys()), 0700u);
  EXPECT_EQ(mode(data_.tls()), 0700u);
  EXPECT_EQ(mode(data_.master_key()), 0600u);
  EXPECT_EQ(mode(data_.installation()), 0600u);
  EXPECT_EQ(mode(data_.ca_key()), 0600u);
  EXPECT_EQ(mode(data_.server_key()), 0600u);
  EXPECT_EQ(read(data_.installation()).find(installation.root_secret_access_key), std::string::npos);
  EXPECT_EQ(read(data_.ca_key()).find("PRIVATE KEY"), std::string::npos);
}

TEST_F(InstallationTest, OpenKeyFileIsRefused) {
  must_open();
  chmod(data_.master_key().c_str(), 0644);
  const auto opened = open_or_create_installation(config_, clock_);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, InstallationErrorCode::insecure);
  EXPECT_NE(opened.error().detail.find("chmod 600"), std::string::npos);
}

TEST_F(InstallationTest, AnyChangedByteOfTheFileIsFound) {
  must_open();
  const std::string text = read(data_.installation());
  for (size_t at = 0; at + 1 < text.size(); ++at) {
    std::string changed = text;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    write(data_.installation(), changed);
    EXPECT_FALSE(open_installation(config_.data_folder).has_value()) << at << ": " << changed;
  }
  for (size_t size = 0; size + 1 < text.size(); ++size) {
    write(data_.installation(), text.substr(0, size));
    const auto opened = open_installation(config_.data_folder);
    ASSERT_FALSE(opened.has_value()) << size;
    EXPECT_EQ(opened.error().code, InstallationErrorCode::corrupt);
  }
}

TEST_F(InstallationTest, NewerFormatIsRefusedAndLeftAlone) {
  must_open();
  std::string newer = read(data_.installation());
  newer.replace(newer.find("\"format\":1"), 10, "\"format\":2");
  write(data_.installation(), newer);
  const auto opened = open_or_create_installation(config_, clock_);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, InstallationErrorCode::newer_version);
  EXPECT_NE(opened.error().detail.find("newer Aerolith"), std::string::npos);
  EXPECT_EQ(read(data_.installation()), newer);
}

TEST_F(InstallationTest, DataWithoutInstallationIsNotOverwritten) {
  must_open();
  std::filesystem::create_directory(data_.metadata());
  std::filesystem::remove(data_.installation());
  const auto opened = open_or_create_installation(config_, clock_);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, InstallationErrorCode::corrupt);
  std::filesystem::rename(data_.metadata(), data_.objects());
  EXPECT_FALSE(open_or_create_installation(config_, clock_).has_value());
}

TEST_F(InstallationTest, ObjectsWithoutAStoreAreNotStartedOn) {
  must_open();
  EXPECT_TRUE(check_store_is_there(data_).has_value()) << "the first start";
  std::filesystem::create_directory(data_.metadata());
  EXPECT_TRUE(check_store_is_there(data_).has_value()) << "a first start that was cut short";
  std::filesystem::create_directory(data_.objects());
  const auto lost = check_store_is_there(data_);  // as behind a mount that is missing
  ASSERT_FALSE(lost.has_value());
  EXPECT_EQ(lost.error().code, InstallationErrorCode::corrupt);
  EXPECT_NE(lost.error().detail.find(data_.metadata().string()), std::string::npos);
  write(data_.metadata_current(), "MANIFEST-000001\n");
  EXPECT_TRUE(check_store_is_there(data_).has_value());
  std::filesystem::remove_all(data_.metadata());
  EXPECT_FALSE(check_store_is_there(data_).has_value());
}

TEST_F(InstallationTest, StartCutShortAfterTheKeyGoesOn) {
  must_open();
  std::filesystem::remove(data_.installation());
  const std::string key = read(data_.master_key());
  EXPECT_TRUE(must_open().is_new);
  EXPECT_EQ(read(data_.master_key()), key);
}

TEST_F(InstallationTest, AnotherKeyFileDoesNotFit) {
  must_open();
  std::filesystem::remove(data_.master_key());
  ASSERT_TRUE(Sealer::create(data_.master_key()).has_value());
  const auto opened = open_or_create_installation(config_, clock_);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, InstallationErrorCode::corrupt);
}

TEST_F(InstallationTest, AbsentIsSaid) {
  EXPECT_EQ(open_installation(config_.data_folder).error().code, InstallationErrorCode::absent);
  EXPECT_FALSE(std::filesystem::exists(config_.data_folder));
}

TEST_F(InstallationTest, UnwritablePlaceIsAnError) {
  write(folder_ / "file", "");
  config_.data_folder = folder_ / "file/data";
  EXPECT_EQ(open_or_create_installation(config_, clock_).error().code, InstallationErrorCode::io);
}

TEST_F(InstallationTest, ManyAtOnceMakeOne) {
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    const pid_t child = fork();
    if (child == 0) _exit(open_or_create_installation(config_, clock_).has_value() ? 0 : 1);
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  const Installation installation = must_open();
  EXPECT_FALSE(installation.is_new);
  EXPECT_EQ(installation.certificate_event, "");
}

TEST_F(InstallationTest, CertificateIsRenewedWhenItMustBe) {
  must_open();
  const std::string ca = read(data_.ca_certificate());
  config_.host_names = {"cloud.example.com"};
  EXPECT_EQ(must_open().certificate_event, "renewed the server certificate (the names changed)");
  EXPECT_EQ(must_open().certificate_event, "");
  clock_.now_ += std::chrono::days(820 - 31);
  EXPECT_EQ(must_open().certificate_event, "");
  clock_.now_ += std::chrono::days(2);
  EXPECT_EQ(must_open().certificate_event, "renewed the server certificate (it expires within 30 days)");
  write(data_.server_key(), "garbage");
  EXPECT_EQ(must_open().certificate_event, "renewed the server certificate (it is missing or damaged)");
  EXPECT_EQ(read(data_.ca_certificate()), ca);
  std::string chain = read(data_.server_certificate());
  ASSERT_TRUE(chain.ends_with(ca));
  chain[chain.size() - 100] ^= 4;
  write(data_.server_certificate(), chain);
  EXPECT_EQ(must_open().certificate_event,
            "renewed the server certificate (what stands behind it is not the CA's certificate)");
  EXPECT_EQ(must_open().certificate_event, "");
  write(data_.ca_certificate(), "");
  EXPECT_EQ(must_open().certificate_event, "made a new local CA (it is missing or damaged)");
  EXPECT_EQ(must_open().certificate_event, "");
}

TEST(CertificatesTest, EveryNameThatClientsUseIsInIt) {
  const std::vector<std::string> names =
      server_names("eu-west-1", {"cloud.example.com", "10.0.0.9"}, {"127.0.0.1:1", "[fd00:0:0::1]:2"});
  for (const char* const name : {"localhost", "*.s3.localhost", "127.0.0.1", "::1", "*.amazonaws.com",
                                 "*.eu-west-1.amazonaws.com", "*.s3.amazonaws.com", "*.s3.eu-west-1.amazonaws.com",
                                 "cloud.example.com", "*.cloud.example.com", "10.0.0.9", "fd00::1"}) {
    EXPECT_NE(std::find(names.begin(), names.end(), name), names.end()) << name;
  }
  const Timestamp now = *parse_iso8601("2030-01-01T00:00:00Z");
  const auto authority = make_authority("CA", now);
  ASSERT_TRUE(authority.has_value());
  const auto server = issue_server_certificate(*authority, names, now);
  ASSERT_TRUE(server.has_value());
  EXPECT_EQ(find_certificate_fault(*server, authority->certificate_pem, names, now), "");
  const auto other = make_authority("CA", now);
  EXPECT_EQ(find_certificate_fault(*server, other->certificate_pem, names, now), "it is not of this CA");
  KeyPair cut = *server;
  cut.certificate_pem.pop_back();
  EXPECT_NE(find_certificate_fault(cut, authority->certificate_pem, names, now), "");
  KeyPair mixed = *server;
  mixed.key_pem = other->key_pem;
  EXPECT_EQ(find_certificate_fault(mixed, authority->certificate_pem, names, now), "its key is another one's");
}

TEST(SealerTest, OpensOnlyWhatItSealedForThatPlace) {
  char pattern[] = "/tmp/aerolith-sealer-XXXXXX";
  const std::filesystem::path folder = mkdtemp(pattern);
  const auto sealer = Sealer::create(folder / "key");
  ASSERT_TRUE(sealer.has_value());
  EXPECT_FALSE(Sealer::create(folder / "key").has_value());
  const std::string sealed = sealer->seal("secret", "here");
  EXPECT_NE(sealed, sealer->seal("secret", "here"));
  EXPECT_EQ(Sealer::load(folder / "key")->open(sealed, "here").value(), "secret");
  EXPECT_EQ(sealer->open(sealed, "there").error().code, SealErrorCode::rejected);
  EXPECT_EQ(sealer->open("", "here").error().code, SealErrorCode::malformed);
  EXPECT_EQ(sealer->open(sealer->seal("", "here"), "here").value(), "");
  const auto other = Sealer::create(folder / "other");
  EXPECT_EQ(other->open(sealed, "here").error().code, SealErrorCode::rejected);
  std::ofstream(folder / "key", std::ios::trunc) << "aerolith-master-key 1\nabc\n";
  EXPECT_EQ(Sealer::load(folder / "key").error().code, SealErrorCode::malformed);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace aerolith::main_program
