/* Runs in a guest (linked statically): writes generations to block devices in an order that can be told afterwards.
 *
 *   ordered-writer write SLOTS STRIDE FIRST DEVICE...   one after another, each flushed before the next; each that is
 *                                                       flushed is printed
 *   ordered-writer read SLOTS STRIDE DEVICE...          "device slot lowest highest" of each slot's sectors; 0: none
 *   ordered-writer fill FIRST PIECES DEVICE             pieces of 1 MiB from that one on, each flushed, until one fails:
 *                                                       "pieces errno seconds"
 *   ordered-writer punch FIRST LENGTH DEVICE            a hole: "errno", and how many of its bytes aren't zeros afterwards
 *
 * Generation g goes to device g % n, as its (g / n)th. Slots lie STRIDE bytes apart and are taken by leaps, so that who
 * copies a device from its beginning to its end meets none of its orders. Each sector of a slot tells its generation. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { kSector = 512, kSlot = 4096, kPiece = 1 << 20, kLeap = 37, kMostDevices = 8 };
static const uint64_t kMagic = 0x31524544524f6561; /* "aeORDER1" */

static int devices[kMostDevices];
static int count;

static void die(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

static void open_all(char **names, int flags) {
  for (; *names && count < kMostDevices; ++names) {
    devices[count] = open(*names, flags | O_CLOEXEC);
    if (devices[count++] < 0) die(*names);
  }
}

static off_t place(uint64_t number, uint64_t slots, uint64_t stride) {
  return (off_t)(number * kLeap % slots * stride);
}

static int write_all(uint64_t slots, uint64_t stride, uint64_t generation) {
  static unsigned char block[kSlot];
  for (;; ++generation) {
    for (int at = 0; at < kSlot; at += kSector) {
      memset(block + at, (int)(generation % 251), kSector);
      memcpy(block + at, &kMagic, 8);
      memcpy(block + at + 8, &generation, 8);
    }
    const int device = devices[generation % (uint64_t)count];
    const off_t at = place(generation / (uint64_t)count, slots, stride);
    if (pwrite(device, block, kSlot, at) != kSlot || fdatasync(device) != 0) die("write");
    if (printf("%" PRIu64 "\n", generation) < 0 || fflush(stdout) != 0) return 0; /* nobody listens any more */
  }
}

static int read_all(uint64_t slots, uint64_t stride) {
  static unsigned char block[kSlot];
  for (int device = 0; device < count; ++device) {
    for (uint64_t slot = 0; slot < slots; ++slot) {
      uint64_t lowest = UINT64_MAX, highest = 0;
      if (pread(devices[device], block, kSlot, (off_t)(slot * stride)) != kSlot) die("read");
      for (int at = 0; at < kSlot; at += kSector) {
        uint64_t magic, generation;
        memcpy(&magic, block + at, 8);
        memcpy(&generation, block + at + 8, 8);
        if (magic != kMagic) generation = 0;
        for (int byte = 16; magic == kMagic && byte < kSector; ++byte) {
          if (block[at + byte] != generation % 251) return fprintf(stderr, "slot %" PRIu64 " is torn\n", slot), 1;
        }
        if (generation < lowest) lowest = generation;
        if (generation > highest) highest = generation;
      }
      printf("%d %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", device, slot, lowest, highest);
    }
  }
  return 0;
}

static int fill(uint64_t first, uint64_t pieces) {
  static unsigned char piece[kPiece];
  const time_t began = time(NULL);
  uint64_t done = 0;
  int error = 0;
  srand48((long)first);
  for (int at = 0; at < kPiece; at += 4) {
    const int32_t word = (int32_t)mrand48(); /* so that nothing finds it to be zeros */
    memcpy(piece + at, &word, 4);
  }
  for (; done < pieces && !error; done += !error) {
    const ssize_t written = pwrite(devices[0], piece, kPiece, (off_t)((first + done) * kPiece));
    if (written != kPiece) error = written < 0 ? errno : EIO;
    if (fdatasync(devices[0]) != 0 && !error) error = errno;
  }
  printf("%" PRIu64 " %d %ld\n", done, error, (long)(time(NULL) - began));
  return 0;
}

static int punch(uint64_t first, uint64_t length) {
  const int failed = fallocate(devices[0], FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)first, (off_t)length);
  const int error = failed ? errno : 0;
  unsigned char *bytes = malloc(length);
  uint64_t others = 0;
  if (bytes == NULL || pread(devices[0], bytes, length, (off_t)first) != (ssize_t)length) die("read");
  for (uint64_t at = 0; at < length; ++at) others += bytes[at] != 0;
  printf("%d %" PRIu64 "\n", error, others);
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 5) return 2;
  const uint64_t first = strtoull(argv[2], NULL, 10), second = strtoull(argv[3], NULL, 10);
  if (strcmp(argv[1], "read") == 0) {
    open_all(argv + 4, O_RDONLY);
    return read_all(first, second);
  }
  if (strcmp(argv[1], "fill") == 0) {
    open_all(argv + 4, O_RDWR);
    return fill(first, second);
  }
  if (strcmp(argv[1], "punch") == 0) {
    open_all(argv + 4, O_RDWR);
    return punch(first, second);
  }
  open_all(argv + 5, O_RDWR);
  return count == 0 ? 2 : write_all(first, second, strtoull(argv[4], NULL, 10));
}
