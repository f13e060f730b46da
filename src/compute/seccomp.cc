#include "compute/seccomp.h"

#include <cerrno>
#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>

namespace aerolith::compute {

namespace json = boost::json;

namespace {

// Not in it, on purpose: mount, pivot_root, setns, unshare, bpf, perf_event_open, kexec_load, modules, keyrings,
// io_uring (reaches around this filter), userfaultfd, open_by_handle_at, process_vm_*, ptrace of others (kept: own
// children), clocks' setting, swap, quotas, ioperm. `reboot` concerns the container's own pid namespace alone.
constexpr std::string_view kAllowed = R"(
accept accept4 access adjtimex alarm arch_prctl bind brk cachestat capget capset chdir chmod chown clock_adjtime
clock_getres clock_gettime clock_nanosleep close close_range connect copy_file_range creat dup dup2 dup3 epoll_create
epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2 execve execveat exit
exit_group faccessat faccessat2 fadvise64 fallocate fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl
fdatasync fgetxattr flistxattr flock fork fremovexattr fsetxattr fstat fstatfs fsync ftruncate futex futex_requeue futex_wait
futex_waitv futex_wake futimesat get_robust_list get_thread_area getcpu getcwd getdents getdents64 getegid geteuid getgid
getgroups getitimer getpeername getpgid getpgrp getpid getppid getpriority getrandom getresgid getresuid getrlimit getrusage
getsid getsockname getsockopt gettid gettimeofday getuid getxattr inotify_add_watch inotify_init inotify_init1
inotify_rm_watch io_cancel io_destroy io_getevents io_pgetevents io_setup io_submit ioctl ioprio_get ioprio_set kill
landlock_add_rule landlock_create_ruleset landlock_restrict_self lchown lgetxattr link linkat listen listxattr llistxattr
lremovexattr lseek lsetxattr lstat madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mkdir mkdirat mknod
mknodat mlock mlock2 mlockall mmap mprotect mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink mremap
msgctl msgget msgrcv msgsnd msync munlock munlockall munmap name_to_handle_at nanosleep newfstatat open openat openat2 pause
pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc pkey_free pkey_mprotect poll ppoll prctl pread64 preadv preadv2 prlimit64
process_mrelease pselect6 ptrace pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv reboot recvfrom recvmmsg
recvmsg remap_file_pages removexattr rename renameat renameat2 restart_syscall rmdir rseq rt_sigaction rt_sigpending
rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo sched_get_priority_max
sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval
sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield seccomp select semctl semget semop semtimedop
sendfile sendmmsg sendmsg sendto set_robust_list set_thread_area set_tid_address setfsgid setfsuid setgid setgroups setitimer
setpgid setpriority setregid setresgid setresuid setreuid setrlimit setsid setsockopt setuid setxattr shmat shmctl shmdt
shmget shutdown sigaltstack signalfd signalfd4 socketpair splice stat statfs statx symlink symlinkat sync sync_file_range
syncfs sysinfo tee tgkill time timer_create timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create
timerfd_gettime timerfd_settime times tkill truncate umask uname unlink unlinkat utime utimensat utimes vfork vmsplice wait4
waitid write writev chroot sethostname vhangup
)";

constexpr uint64_t kNewNamespaces = 0x7E020000;  // CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
constexpr uint64_t kVsockFamily = 40;            // reaches the host past the network namespace

}  // namespace

json::object seccomp_profile() {
  json::array names;
  std::istringstream words{std::string(kAllowed)};
  for (std::string word; words >> word;) names.emplace_back(word);
  json::object clone{
      {"names", json::array{"clone"}},
      {"action", "SCMP_ACT_ALLOW"},
      {"args", json::array{json::object{
                   {"index", 0}, {"value", kNewNamespaces}, {"valueTwo", 0}, {"op", "SCMP_CMP_MASKED_EQ"}}}}};
  json::object socket{
      {"names", json::array{"socket"}},
      {"action", "SCMP_ACT_ALLOW"},
      {"args", json::array{json::object{{"index", 0}, {"value", kVsockFamily}, {"op", "SCMP_CMP_NE"}}}}};
  // To ask which one it has, to lock it (systemd's units), and those that Docker allows: Linux, with the name of an old
  // kernel, of a process without random addresses.
  json::array personality;
  for (const uint64_t value : {0x0U, 0x8U, 0x20000U, 0x20008U, 0xffffffffU}) {
    personality.push_back(
        json::object{{"names", json::array{"personality"}},
                     {"action", "SCMP_ACT_ALLOW"},
                     {"args", json::array{json::object{{"index", 0}, {"value", value}, {"op", "SCMP_CMP_EQ"}}}}});
  }
  // Its flags lie in memory, where a filter can't read them: whoever hears ENOSYS takes clone.
  json::object clone3{{"names", json::array{"clone3"}}, {"action", "SCMP_ACT_ERRNO"}, {"errnoRet", ENOSYS}};
  json::array rules{json::object{{"names", std::move(names)}, {"action", "SCMP_ACT_ALLOW"}}, std::move(clone),
                    std::move(socket), std::move(clone3)};
  for (json::value& rule : personality) rules.push_back(std::move(rule));
  return {{"defaultAction", "SCMP_ACT_ERRNO"},
          {"defaultErrnoRet", EPERM},
          {"architectures", {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"}},
          {"syscalls", std::move(rules)}};
}

}  // namespace aerolith::compute
