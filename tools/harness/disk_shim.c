// Loaded before a program (LD_PRELOAD), makes its disk fail: while the file that TEST_DISK_FILE names says so, syncs,
// reads or writes of regular files under TEST_DISK_FOLDER end with EIO. That file is four 32-bit numbers, which may
// change at any time: whether syncs fail, reads, writes; and, counted here, how many calls failed.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { kSync, kRead, kWrite, kCount };

static _Atomic int32_t* control;
static char folder[4096];

__attribute__((constructor)) static void map_file(void) {
  const char* path = getenv("TEST_DISK_FILE");
  const char* under = getenv("TEST_DISK_FOLDER");
  int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
  void* mapped = file < 0 ? MAP_FAILED : mmap(NULL, 16, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (mapped == MAP_FAILED || !under || snprintf(folder, sizeof folder, "%s/", under) >= (int)sizeof folder) abort();
  close(file);
  control = mapped;
}

// Whether this call must fail; sets errno.
static int fails(enum kind kind, int file) {
  if (!control || atomic_load(&control[kind]) == 0) return 0;
  char link[64];
  char target[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, target, sizeof target - 1);
  if (length <= 0) return 0;
  target[length] = '\0';
  // Logs and the notes of who runs are no data: nothing is promised of them.
  size_t under = strlen(folder);
  if (strncmp(target, folder, under) != 0) return 0;
  if (strncmp(target + under, "log/", 4) == 0 || strncmp(target + under, "run/", 4) == 0) return 0;
  atomic_fetch_add(&control[kCount], 1);
  errno = EIO;
  return 1;
}

int fsync(int file) { return fails(kSync, file) ? -1 : (int)syscall(SYS_fsync, file); }
int fdatasync(int file) { return fails(kSync, file) ? -1 : (int)syscall(SYS_fdatasync, file); }

ssize_t read(int file, void* buffer, size_t size) {
  return fails(kRead, file) ? -1 : syscall(SYS_read, file, buffer, size);
}
ssize_t pread(int file, void* buffer, size_t size, off_t offset) {
  return fails(kRead, file) ? -1 : syscall(SYS_pread64, file, buffer, size, offset);
}
ssize_t pread64(int file, void* buffer, size_t size, off64_t offset) {
  return fails(kRead, file) ? -1 : syscall(SYS_pread64, file, buffer, size, offset);
}
ssize_t preadv(int file, const struct iovec* pieces, int count, off_t offset) {
  return fails(kRead, file) ? -1 : syscall(SYS_preadv, file, pieces, count, offset, 0L);
}
ssize_t preadv64(int file, const struct iovec* pieces, int count, off64_t offset) {
  return fails(kRead, file) ? -1 : syscall(SYS_preadv, file, pieces, count, offset, 0L);
}
ssize_t sendfile(int to, int from, off_t* offset, size_t size) {
  return fails(kRead, from) ? -1 : syscall(SYS_sendfile, to, from, offset, size);
}
ssize_t sendfile64(int to, int from, off64_t* offset, size_t size) {
  return fails(kRead, from) ? -1 : syscall(SYS_sendfile, to, from, offset, size);
}

ssize_t write(int file, const void* buffer, size_t size) {
  return fails(kWrite, file) ? -1 : syscall(SYS_write, file, buffer, size);
}
ssize_t pwrite(int file, const void* buffer, size_t size, off_t offset) {
  return fails(kWrite, file) ? -1 : syscall(SYS_pwrite64, file, buffer, size, offset);
}
ssize_t pwrite64(int file, const void* buffer, size_t size, off64_t offset) {
  return fails(kWrite, file) ? -1 : syscall(SYS_pwrite64, file, buffer, size, offset);
}
ssize_t pwritev(int file, const struct iovec* pieces, int count, off_t offset) {
  return fails(kWrite, file) ? -1 : syscall(SYS_pwritev, file, pieces, count, offset, 0L);
}
ssize_t pwritev64(int file, const struct iovec* pieces, int count, off64_t offset) {
  return fails(kWrite, file) ? -1 : syscall(SYS_pwritev, file, pieces, count, offset, 0L);
}
