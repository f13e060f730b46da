#include "main/config.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "main/quantity.h"

namespace aerolith::main_program {
namespace {

class ConfigTest : public testing::Test {
 protected:
  ConfigTest() {
    char pattern[] = "/tmp/aerolith-config-XXXXXX";
    folder_ = mkdtemp(pattern);
    sources_.environment["HOME"] = folder_.string();
    sources_.system_file = folder_ / "etc.toml";
  }
  ~ConfigTest() override { std::filesystem::remove_all(folder_); }

  void write_file(std::string_view text) {
    std::ofstream(folder_ / "c.toml", std::ios::binary) << text;
    sources_.config_flag = (folder_ / "c.toml").string();
  }
  std::string error_of(std::string_view text) {
    write_file(text);
    const auto loaded = load_config(sources_);
    if (loaded.has_value()) return "no error";
    const std::string prefix = (folder_ / "c.toml").string();
    const std::string& detail = loaded.error().detail;
    return detail.starts_with(prefix) ? detail.substr(prefix.size()) : detail;
  }

  std::filesystem::path folder_;
  ConfigSources sources_;
};

TEST_F(ConfigTest, DefaultsAreThere) {
  const auto loaded = load_config(sources_);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().detail;
  EXPECT_EQ(loaded->config.listen, std::vector<std::string>{"127.0.0.1:4566"});
  EXPECT_EQ(loaded->config.data_folder, folder_ / ".local/share/aerolith");
  EXPECT_EQ(loaded->config.region, "us-east-1");
  EXPECT_EQ(loaded->config.http.head_limit_bytes, 64u << 10);
  EXPECT_EQ(loaded->config.http.idle_deadline, std::chrono::minutes(2));
  EXPECT_TRUE(loaded->config.log.access);
  EXPECT_FALSE(loaded->file.has_value());
}

TEST_F(ConfigTest, DataFolderFollowsUserAndXdg) {
  sources_.environment["XDG_DATA_HOME"] = "/somewhere";
  EXPECT_EQ(load_config(sources_)->config.data_folder, "/somewhere/aerolith");
  sources_.is_root = true;
  EXPECT_EQ(load_config(sources_)->config.data_folder, "/var/lib/aerolith");
}

TEST_F(ConfigTest, EveryDefaultIsInItsOwnRangeAndEveryNameIsUnique) {
  std::set<std::string> names;
  for (const Setting& setting : settings()) {
    EXPECT_TRUE(names.insert(setting.dotted()).second) << setting.dotted();
    EXPECT_TRUE(names.insert(setting.environment()).second) << setting.dotted();
    EXPECT_TRUE(names.insert(setting.flag()).second) << setting.dotted();
    EXPECT_FALSE(setting.doc.empty()) << setting.dotted();
    ASSERT_NE(setting.store, nullptr) << setting.dotted();
    if (setting.dotted() == "data_folder") continue;
    const auto value = parse_setting(setting, setting.default_text);
    ASSERT_TRUE(value.has_value()) << value.error().detail;
    EXPECT_EQ(parse_setting(setting, format_setting(setting, *value)).value(), *value) << setting.dotted();
  }
}

TEST_F(ConfigTest, FileThenEnvironmentThenFlags) {
  write_file("region = \"eu-west-1\"\n[http]\nio_threads = 3\nhandler_threads = 7\nhandler_queue = 5\n");
  sources_.environment["AEROLITH_HTTP_HANDLER_THREADS"] = "8";
  sources_.environment["AEROLITH_HTTP_HANDLER_QUEUE"] = "6";
  sources_.flags = {{find_setting("http.handler_queue"), "9"}};
  const auto loaded = load_config(sources_);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().detail;
  EXPECT_EQ(loaded->config.region, "eu-west-1");
  EXPECT_EQ(loaded->config.http.io_threads, 3u);
  EXPECT_EQ(loaded->config.http.handler_threads, 8u);
  EXPECT_EQ(loaded->config.http.handler_queue, 9u);
  const std::string text = print_config_toml(*loaded);
  EXPECT_NE(text.find("region = \"eu-west-1\"  # " + (folder_ / "c.toml").string() + ":1\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("handler_threads = 8  # AEROLITH_HTTP_HANDLER_THREADS\n"), std::string::npos) << text;
  EXPECT_NE(text.find("handler_queue = 9  # --http-handler-queue\n"), std::string::npos) << text;
  EXPECT_NE(text.find("tls = true  # default\n"), std::string::npos) << text;
}

TEST_F(ConfigTest, PrintedConfigReadsBackAsTheSame) {
  sources_.flags = {{find_setting("listen"), "127.0.0.1:1,[::1]:2"},
                    {find_setting("listen"), "127.0.0.1:3"},
                    {find_setting("http.body_limit"), "1.5GiB"}};
  const auto first = load_config(sources_);
  ASSERT_TRUE(first.has_value()) << first.error().detail;
  EXPECT_EQ(first->config.listen, (std::vector<std::string>{"127.0.0.1:1", "[::1]:2", "127.0.0.1:3"}));
  sources_.flags.clear();
  write_file(print_config_toml(*first));
  const auto second = load_config(sources_);
  ASSERT_TRUE(second.has_value()) << second.error().detail;
  EXPECT_EQ(second->values, first->values);
}

TEST_F(ConfigTest, ListFlagsReplaceTheFile) {
  write_file("listen = [\"127.0.0.1:1\"]\n");
  sources_.flags = {{find_setting("listen"), "127.0.0.1:2"}};
  EXPECT_EQ(load_config(sources_)->config.listen, std::vector<std::string>{"127.0.0.1:2"});
}

TEST_F(ConfigTest, UnknownKeysNameTheNearest) {
  EXPECT_EQ(error_of("\n\nregoin = \"us-east-1\"\n"), ":3: unknown key `regoin`; did you mean `region`?");
  EXPECT_EQ(error_of("[http]\nio_thread = 1\n"), ":2: unknown key `http.io_thread`; did you mean `http.io_threads`?");
  EXPECT_EQ(error_of("[htp]\nio_threads = 1\n"), ":1: unknown section `[htp]`; did you mean `[http]`?");
  EXPECT_EQ(error_of("io_threads = 1\n"), ":1: unknown key `io_threads`; did you mean `http.io_threads`?");
  EXPECT_EQ(error_of("zebra = 1\n"), ":1: unknown key `zebra`; `aerolith config` lists all");
  EXPECT_EQ(error_of("[http.extra]\na = 1\n"), ":1: unknown key `http.extra`; `aerolith config` lists all");
}

TEST_F(ConfigTest, WrongTypesAndRanges) {
  EXPECT_EQ(error_of("tls = \"yes\"\n"), ":1: `tls` must be true or false");
  EXPECT_EQ(error_of("[http]\nio_threads = \"2\"\n"), ":2: `http.io_threads` must be a whole number");
  EXPECT_EQ(error_of("[http]\nio_threads = 0\n"), ":2: `http.io_threads`: \"0\" is out of range: from 1 to 256");
  EXPECT_EQ(error_of("[http]\nio_threads = -1\n"), ":2: `http.io_threads`: \"-1\" is out of range: from 1 to 256");
  EXPECT_EQ(error_of("[http]\nhead_limit = \"64 parsec\"\n"),
            ":2: `http.head_limit`: \"64 parsec\" is not a size, such as 64KiB");
  EXPECT_EQ(error_of("[http]\nhead_limit = 1\n"), ":2: `http.head_limit`: \"1\" is out of range: from 4KiB to 16MiB");
  EXPECT_EQ(error_of("[http]\nidle_deadline = 30\n"),
            ":2: `http.idle_deadline` must be a duration with its unit, such as \"30s\" or \"500ms\"");
  EXPECT_EQ(error_of("[log]\nlevel = \"loud\"\n"),
            ":2: `log.level`: \"loud\" is not one of: debug, info, warning, error");
  EXPECT_EQ(error_of("listen = \"127.0.0.1:1\"\n"), ":1: `listen` must be a list of strings, such as [\"a\", \"b\"]");
  EXPECT_EQ(error_of("listen = [\"127.0.0.1\"]\n"),
            ":1: `listen`: \"127.0.0.1\" is not an address and port, such as 127.0.0.1:4566 or [::1]:4566");
  EXPECT_EQ(error_of("listen = [\"127.0.0.1:70000\"]\n"), ":1: `listen`: \"127.0.0.1:70000\" has a port above 65535");
  EXPECT_EQ(error_of("listen = []\n"), ":1: `listen` is empty: it needs at least 1, such as 127.0.0.1:4566");
  EXPECT_EQ(error_of("host_names = []\n"), "no error");
  EXPECT_EQ(error_of("region = \"mars\"\n"), ":1: `region`: \"mars\" is not the name of a region, such as us-east-1");
  EXPECT_EQ(error_of("data_folder = \"\"\n"), ":1: `data_folder`: \"\" is empty: name a folder");
}

TEST_F(ConfigTest, VariablesAndFlagsSayWhereTheyAre) {
  sources_.environment["AEROLITH_TLS"] = "maybe";
  EXPECT_EQ(load_config(sources_).error().detail, "AEROLITH_TLS: `tls`: \"maybe\" is neither true nor false");
  sources_.environment.erase("AEROLITH_TLS");
  for (const char* const text : {"", " , "}) {
    sources_.flags = {{find_setting("listen"), text}};
    const auto loaded = load_config(sources_);
    ASSERT_FALSE(loaded.has_value());
    EXPECT_EQ(loaded.error().detail, "--listen: `listen` is empty: it needs at least 1, such as 127.0.0.1:4566");
  }
  sources_.flags = {{find_setting("http.stall_deadline"), "soon"}};
  EXPECT_EQ(
      load_config(sources_).error().detail,
      "--http-stall-deadline: `http.stall_deadline`: \"soon\" is not a duration with its unit, such as 30s or 500ms");
}

TEST_F(ConfigTest, MisspeltVariableIsAWarning) {
  sources_.environment["AEROLITH_LOGLEVEL"] = "debug";
  sources_.environment["AEROLITH_BINARY"] = "x";
  const auto loaded = load_config(sources_);
  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->warnings,
            std::vector<std::string>{"AEROLITH_LOGLEVEL is no setting; did you mean AEROLITH_LOG_LEVEL?"});
}

TEST_F(ConfigTest, NamedFilesMustExist) {
  sources_.config_flag = (folder_ / "none.toml").string();
  EXPECT_EQ(load_config(sources_).error().code, ConfigErrorCode::unreadable);
  sources_.config_flag.reset();
  sources_.environment["AEROLITH_CONFIG"] = (folder_ / "none.toml").string();
  EXPECT_EQ(load_config(sources_).error().code, ConfigErrorCode::unreadable);
}

TEST_F(ConfigTest, FilesAreSearched) {
  std::ofstream(folder_ / "etc.toml") << "region = \"eu-west-1\"\n";
  EXPECT_EQ(load_config(sources_)->config.region, "eu-west-1");
  std::filesystem::create_directories(folder_ / ".config/aerolith");
  std::ofstream(folder_ / ".config/aerolith/config.toml") << "region = \"eu-west-2\"\n";
  EXPECT_EQ(load_config(sources_)->config.region, "eu-west-2");
}

TEST_F(ConfigTest, GarbageIsAnErrorWithALine) {
  EXPECT_TRUE(error_of("a = [1,\n{").starts_with(":2: ")) << error_of("a = [1,\n{");
  EXPECT_NE(error_of(std::string("\0\xff\xfe\x01", 4)), "no error");
  for (const char* text : {"[[[", "a = {", "{", "[a", "a.", "a = \"", "= 1", "[[a]]\n[a]", "a = 1\na = 2"}) {
    EXPECT_NE(error_of(text), "no error") << text;
  }
  EXPECT_NE(error_of(std::string(10000, '[')), "no error");
  EXPECT_EQ(error_of(""), "no error");
}

TEST_F(ConfigTest, CommittedPageIsTheGeneratedOne) {
  std::ifstream file(AEROLITH_SOURCE_DIR "/docs/guide/configuration.md");
  std::ostringstream page;
  page << file.rdbuf();
  EXPECT_EQ(page.str(), print_config_markdown()) << "run: aerolith config --markdown > docs/guide/configuration.md";
}

TEST(QuantityTest, Sizes) {
  EXPECT_EQ(parse_size("0"), 0u);
  EXPECT_EQ(parse_size("12"), 12u);
  EXPECT_EQ(parse_size("64KiB"), 65536u);
  EXPECT_EQ(parse_size(" 64 kib "), 65536u);
  EXPECT_EQ(parse_size("1.5MiB"), 1572864u);
  EXPECT_EQ(parse_size("2MB"), 2000000u);
  for (const char* text :
       {"", "KiB", "1.2.3", "-1", "0.3B", "99999999999999999999", "18446744073709551615KiB", "1 x"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
  EXPECT_EQ(format_size(0), "0B");
  EXPECT_EQ(format_size(65536), "64KiB");
  EXPECT_EQ(format_size(1000), "1000B");
  EXPECT_EQ(describe_size(1572864), "1.5 MiB");
}

TEST(QuantityTest, Durations) {
  using std::chrono::milliseconds;
  EXPECT_EQ(parse_duration("0"), milliseconds(0));
  EXPECT_EQ(parse_duration("500ms"), milliseconds(500));
  EXPECT_EQ(parse_duration("1.5 s"), milliseconds(1500));
  EXPECT_EQ(parse_duration("2m"), milliseconds(120000));
  for (const char* text : {"", "30", "s", "-1s", "1w", "1.0001s", "99999999999999999d"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
  EXPECT_EQ(format_duration(milliseconds(120000)), "2m");
  EXPECT_EQ(format_duration(milliseconds(1500)), "1500ms");
  EXPECT_EQ(describe_duration(std::chrono::hours(49)), "2 d 1 h");
}

}  // namespace
}  // namespace aerolith::main_program
