#include "main/run_state.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "main/background.h"
#include "main/checks.h"
#include "main/text_file.h"

namespace aerolith::main_program {
namespace {

class RunStateTest : public testing::Test {
 protected:
  RunStateTest() {
    char pattern[] = "/tmp/aerolith-state-XXXXXX";
    folder_.root = mkdtemp(pattern);
    std::filesystem::create_directory(folder_.run());
  }
  ~RunStateTest() override { std::filesystem::remove_all(folder_.root); }
  DataFolder folder_;
};

TEST_F(RunStateTest, FindsItself) {
  EXPECT_FALSE(find_running(folder_).has_value());
  RunState state = own_run_state(*parse_iso8601("2030-01-01T00:00:00.5Z"));
  state.addresses = {"127.0.0.1:1", "[::1]:2"};
  state.ready = true;
  state.region = "us-east-1";
  ASSERT_TRUE(write_run_state(folder_, state).has_value());
  const auto found = find_running(folder_);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->pid, getpid());
  EXPECT_EQ(found->addresses, state.addresses);
  EXPECT_EQ(found->started, state.started);
  EXPECT_TRUE(found->ready);
  remove_run_state(folder_);
  EXPECT_FALSE(find_running(folder_).has_value());
}

TEST_F(RunStateTest, AnotherProcessWithThatIdIsNotIt) {
  RunState state = own_run_state(Timestamp());
  state.process_start += 1;
  ASSERT_TRUE(write_run_state(folder_, state).has_value());
  EXPECT_FALSE(find_running(folder_).has_value());
  state.process_start -= 1;
  state.boot_id = "another";
  ASSERT_TRUE(write_run_state(folder_, state).has_value());
  EXPECT_FALSE(find_running(folder_).has_value());
}

TEST_F(RunStateTest, GarbageIsNobody) {
  for (const char* text : {"", "{", "[]", "{\"pid\":\"x\"}", "{\"pid\":-1}", "{\"pid\":99999999999}"}) {
    std::ofstream(folder_.state(), std::ios::trunc) << text;
    EXPECT_FALSE(find_running(folder_).has_value()) << text;
  }
}

TEST_F(RunStateTest, StopsJustThatProcess) {
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  std::ifstream stat("/proc/" + std::to_string(child) + "/stat");
  std::string field;
  for (int i = 0; i < 22; ++i) stat >> field;
  RunState state = own_run_state(Timestamp());
  state.pid = child;
  state.process_start = std::stoull(field) + 1;
  EXPECT_EQ(stop_process(state, std::chrono::seconds(1)), StopOutcome::stopped);
  EXPECT_EQ(waitpid(child, nullptr, WNOHANG), 0) << "a process with that id, but another one, was stopped";
  state.process_start -= 1;
  EXPECT_EQ(stop_process(state, std::chrono::seconds(10)), StopOutcome::stopped);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
}

TEST_F(RunStateTest, LastLines) {
  const std::filesystem::path file = folder_.root / "log";
  EXPECT_EQ(last_lines(file, 3), "");
  std::ofstream(file) << "a\nb\nc\n";
  EXPECT_EQ(last_lines(file, 2), "b\nc\n");
  EXPECT_EQ(last_lines(file, 9), "a\nb\nc\n");
  EXPECT_EQ(last_lines(file, 9, 2), "b\nc\n");
  EXPECT_EQ(last_lines(file, 0), "");
  std::ofstream(file) << std::string(200'000, 'x') + "\n" + std::string(100'000, 'y') + "\nend";
  EXPECT_EQ(last_lines(file, 2), std::string(100'000, 'y') + "\nend");
}

TEST(LocalAddressTest, WildcardsBecomeLoopback) {
  EXPECT_EQ(local_address("0.0.0.0:1"), "127.0.0.1:1");
  EXPECT_EQ(local_address("[::]:1"), "[::1]:1");
  EXPECT_EQ(local_address("10.0.0.1:1"), "10.0.0.1:1");
  EXPECT_EQ(local_endpoint({"127.0.0.1:4566", "[::1]:2"}), "http://127.0.0.1:4566");
  EXPECT_EQ(local_endpoint({"[::]:4566"}), "http://[::1]:4566");
}

TEST(AwsCliTest, VersionsThatReadTheEndpoint) {
  EXPECT_TRUE(aws_cli_knows_endpoint_url("aws-cli/2.13.0 Python/3.11"));
  EXPECT_TRUE(aws_cli_knows_endpoint_url("aws-cli/1.46.3 Python/3.11"));
  EXPECT_FALSE(aws_cli_knows_endpoint_url("aws-cli/2.9.19 Python/3.11"));
  EXPECT_FALSE(aws_cli_knows_endpoint_url("aws-cli/1.22.34 Python/3.11"));
  EXPECT_FALSE(aws_cli_knows_endpoint_url("zsh: not found"));
}

}  // namespace
}  // namespace aerolith::main_program
