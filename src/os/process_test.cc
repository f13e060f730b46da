#include "os/process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "os/program.h"
#include "os/test_directory.h"

namespace aerolith::os {
namespace {

TEST(ProgramTest, TellsExitCodeAndBothOutputs) {
  auto end = run_program({.arguments = {"sh", "-c", "cat; echo no >&2; exit 3"}, .input = "yes"});
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->exit_code, 3);
  EXPECT_EQ(end->output, "yes");
  EXPECT_EQ(end->errors, "no\n");
}

TEST(ProgramTest, FeedsWhatIsLargerThanAPipe) {
  const std::string large(3 << 20, 'x');
  EXPECT_EQ(run_checked({.arguments = {"cat"}, .input = large}).value(), large);
  EXPECT_TRUE(run_checked({.arguments = {"true"}, .input = large}).has_value());  // reads nothing of it
}

TEST(ProgramTest, SaysWhatFailed) {
  auto missing = run_checked({.arguments = {"no-such-program"}});
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
  auto failed = run_checked({.arguments = {"sh", "-c", "echo because >&2; exit 1"}});
  ASSERT_FALSE(failed.has_value());
  EXPECT_NE(failed.error().detail.find("ended with 1: because"), std::string::npos) << failed.error().detail;
  auto slow = run_checked({.arguments = {"sleep", "60"}, .patience = std::chrono::milliseconds(50)});
  ASSERT_FALSE(slow.has_value());
  EXPECT_EQ(slow.error().code, ErrorCode::busy);
}

TEST(ProgramTest, IsStoppedByWhoWatchesIt) {
  std::string seen;
  const auto stopped =
      run_program({.arguments = {"sh", "-c", "echo half; sleep 60"}, .may_go_on = [&](std::string_view output) {
                     seen = output;
                     return output.empty();
                   }});
  ASSERT_FALSE(stopped.has_value());
  EXPECT_EQ(stopped.error().code, ErrorCode::busy);
  EXPECT_EQ(seen, "half\n");
  EXPECT_TRUE(run_program({.arguments = {"true"}, .may_go_on = [](std::string_view) { return true; }}).has_value());
}

TEST(ProgramTest, GivesTheNamedDescriptorsAlone) {
  const TestDirectory folder;
  std::ofstream(folder / "a") << "A";
  std::ofstream(folder / "b") << "B";
  FILE* a = std::fopen((folder / "a").c_str(), "r");
  FILE* b = std::fopen((folder / "b").c_str(), "r");
  // Crosswise: each one's target is the other one's source.
  auto end = run_program({.arguments = {"sh", "-c", "cat /proc/self/fd/5 /proc/self/fd/3; ls /proc/self/fd | wc -l"},
                          .descriptors = {{::fileno(a), 3}, {::fileno(b), 5}}});
  std::fclose(a);
  std::fclose(b);
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->output, "BA6\n");  // 0, 1, 2, 3, 5 and the folder that ls reads
}

TEST(ProcessTest, AnotherStartIsAnotherProcess) {
  const TestDirectory folder;
  const pid_t pid = start_program({.arguments = {"sleep", "60"}}, folder / "log").value();
  const auto identity = identify(pid);
  ASSERT_TRUE(identity.has_value());
  EXPECT_TRUE(is_alive(*identity));
  ProcessIdentity earlier = *identity;
  earlier.start_ticks -= 1;
  EXPECT_FALSE(is_alive(earlier));
  EXPECT_FALSE(send_signal(earlier, SIGKILL));
  ProcessIdentity other_boot = *identity;
  other_boot.boot = "00000000-0000-0000-0000-000000000000";
  EXPECT_FALSE(send_signal(other_boot, SIGKILL));
  EXPECT_FALSE(wait_until_gone(*identity, std::chrono::milliseconds(20)));
  EXPECT_EQ(::getsid(pid), pid);
  const std::string word = "word-of-the-test-" + std::to_string(::getpid());
  EXPECT_TRUE(find_by_argument(word).empty());
  // Stopped, not waiting for a child: between fork and exec a child has its parent's arguments.
  const pid_t marked = start_program({.arguments = {"sh", "-c", "kill -STOP $$", word}}, folder / "log").value();
  // Not at once: a process is there before the kernel has laid out its arguments.
  auto found = find_by_argument(word);
  for (int tries = 0; found.empty() && tries < 1000; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    found = find_by_argument(word);
  }
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].pid, marked);
  EXPECT_TRUE(find_by_argument(word.substr(1)).empty());
  EXPECT_TRUE(kill_and_wait(found[0]));
  EXPECT_TRUE(kill_and_wait(*identity));
  EXPECT_FALSE(is_alive(*identity));
  EXPECT_FALSE(identify(pid).has_value());
}

TEST(ProcessTest, LivesUntilItsLastThreadEnds) {
  const pid_t pid = ::fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    std::thread([] { ::sleep(60); }).detach();
    ::syscall(SYS_exit, 0);  // this thread alone
  }
  const std::string status = "/proc/" + std::to_string(pid) + "/status";
  for (int tries = 0; read_kernel_file(status).find("State:\tZ") == std::string::npos && tries < 1000; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  const auto identity = identify(pid);
  ASSERT_TRUE(identity.has_value());
  EXPECT_TRUE(is_alive(*identity));
  EXPECT_FALSE(wait_until_gone(*identity, std::chrono::milliseconds(20)));
  EXPECT_TRUE(kill_and_wait(*identity));
  EXPECT_FALSE(is_alive(*identity));
}

}  // namespace
}  // namespace aerolith::os
