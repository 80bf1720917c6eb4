/*
 * Loaded before a program (LD_PRELOAD), this library counts what the program does with files below one folder, and lets
 * one such operation fail. FAULTS_FOLDER names the folder, FAULTS_CONTROL a file of one struct control, through which
 * whoever tests says which operation, and reads what became of it. All threads and child processes share it.
 *
 * FAULTS_JOURNAL, where it is given, names a folder beside the first one, on the same disk: there `log` gets a line for
 * each change, and what renames and removals take away is kept, so that a power failure can be played (see power.ts).
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

struct control {
  _Atomic int count; /* operations so far */
  int at;            /* the operation that fails, from 1 on; 0 fails none */
  int draw;          /* picks among the ways in which it can fail */
  _Atomic int fired; /* how it failed: an errno, SHORT or KILLED; 0 until then */
  char what[1000];   /* the operation and its path */
};

enum { SHORT = -1, KILLED = -2 };

static struct control *control;
static char folder[PATH_MAX];
static size_t folder_length;
static char journal[PATH_MAX];
static int log_file = -1;
static _Atomic int kept;

__attribute__((constructor)) static void start(void) {
  const char *below = getenv("FAULTS_FOLDER");
  const char *shared = getenv("FAULTS_CONTROL");
  if (!below || !shared) return;
  int file = syscall(SYS_openat, AT_FDCWD, shared, O_RDWR | O_CLOEXEC, 0);
  if (file < 0) return;
  void *memory = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (memory == MAP_FAILED) return;
  folder_length = strlen(strcpy(folder, below));
  const char *journal_folder = getenv("FAULTS_JOURNAL");
  if (journal_folder) {
    char path[PATH_MAX + 8];
    strcpy(journal, journal_folder);
    snprintf(path, sizeof path, "%s/log", journal);
    log_file = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  }
  control = memory;
}

static const char *below_folder(const char *path) {
  return strncmp(path, folder, folder_length) == 0 && (path[folder_length] == '/' || path[folder_length] == 0) ? path : NULL;
}

/* The absolute path, written into `full`, if it is below the folder; NULL otherwise. */
static const char *path_at(int directory, const char *path, char full[PATH_MAX]) {
  if (!control || !path) return NULL;
  if (path[0] == '/') return below_folder(strncpy(full, path, PATH_MAX - 1));
  char base[64];
  if (directory == AT_FDCWD) strcpy(base, "/proc/self/cwd");
  else snprintf(base, sizeof base, "/proc/self/fd/%d", directory);
  ssize_t length = readlink(base, full, PATH_MAX - 2);
  if (length < 0 || length + strlen(path) + 2 > PATH_MAX) return NULL;
  full[length] = '/';
  strcpy(full + length + 1, path);
  return below_folder(full);
}

static const char *path_of(int file, char full[PATH_MAX]) {
  if (!control) return NULL;
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, full, PATH_MAX - 1);
  if (length < 0) return NULL;
  full[length] = 0;
  return below_folder(full);
}

/*
 * Counts an operation. Returns how it shall fail, one of `ways`, which ends with 0; or 0. What leaves the disk as it is has
 * no KILLED among its ways: a process killed there leaves what one leaves that is killed at the change after it. Power
 * fails at changes alone for the same reason.
 */
static int fault(const char *operation, const char *path, const int *ways) {
  if (!path) return 0;
  int length = 0;
  while (ways[length]) length++;
  int changes = ways[length - 1] == KILLED;
  if (log_file >= 0 && !changes) return 0;
  int number = atomic_fetch_add(&control->count, 1) + 1;
  if (number != control->at) return 0;
  int way = log_file < 0 ? ways[control->draw % length] : KILLED;
  snprintf(control->what, sizeof control->what, "%s %s", operation, path);
  control->fired = way;
  return way;
}

static void die(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

static long fails(int way) {
  if (way == KILLED) die();
  errno = way;
  return -1;
}

/* A line of the journal: what was done, and paths, with tabs between. */
static void note(const char *what, const char *path, const char *other, const char *was) {
  if (log_file < 0 || !path) return;
  char line[3 * PATH_MAX + 16];
  int length = snprintf(line, sizeof line, "%s\t%s\t%s\t%s\n", what, path, other ? other : "", was ? was : "");
  syscall(SYS_write, log_file, line, length);
}

/* Keeps a file that is about to lose its name. Writes into `as` where it is kept; an empty text where there is no such file. */
static const char *keep(const char *path, char as[PATH_MAX + 32]) {
  as[0] = 0;
  if (log_file < 0 || !path) return as;
  snprintf(as, PATH_MAX + 32, "%s/kept-%d-%d", journal, getpid(), atomic_fetch_add(&kept, 1));
  if (syscall(SYS_linkat, AT_FDCWD, path, AT_FDCWD, as, 0) != 0) as[0] = 0;
  return as;
}

#define REAL(name) \
  static __typeof__(&name) real; \
  if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
/* Of an operation that reads, and of one that changes something. */
#define READING(...) (const int[]){__VA_ARGS__, 0}
#define CHANGING(...) (const int[]){__VA_ARGS__, KILLED, 0}

static int opened(int directory, const char *path, int flags, mode_t mode) {
  char full[PATH_MAX];
  const char *name = path_at(directory, path, full);
  int writes = (flags & O_ACCMODE) != O_RDONLY || flags & O_CREAT;
  int way = writes ? fault("open for writing", name, CHANGING(EIO, ENOSPC, EMFILE, EROFS)) : fault("open", name, READING(EIO, EMFILE));
  if (way) return fails(way);
  int is_new = name && flags & O_CREAT && syscall(SYS_faccessat, AT_FDCWD, name, F_OK) != 0;
  int file = syscall(SYS_openat, directory, path, flags, mode);
  if (file >= 0 && name && (is_new || flags & O_TRUNC)) note(is_new ? "create" : "empty", name, NULL, NULL);
  return file;
}

#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    va_list rest; \
    va_start(rest, flags); \
    mode_t mode = va_arg(rest, int); \
    va_end(rest); \
    return opened(AT_FDCWD, path, flags, mode); \
  }
#define OPENAT(name) \
  int name(int directory, const char *path, int flags, ...) { \
    va_list rest; \
    va_start(rest, flags); \
    mode_t mode = va_arg(rest, int); \
    va_end(rest); \
    return opened(directory, path, flags, mode); \
  }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

static int read_fault(int file) {
  int before = errno;
  char full[PATH_MAX];
  int way = fault("read", path_of(file, full), READING(EIO, EINTR, SHORT));
  errno = before;
  return way;
}

static int write_fault(int file) {
  int before = errno;
  char full[PATH_MAX];
  const char *name = path_of(file, full);
  note("write", name, NULL, NULL);
  int way = fault("write", name, CHANGING(EIO, ENOSPC, EINTR, SHORT));
  errno = before;
  return way;
}

ssize_t read(int file, void *to, size_t length) {
  REAL(read);
  int way = read_fault(file);
  if (way == SHORT) return real(file, to, (length + 1) / 2);
  return way ? fails(way) : real(file, to, length);
}

#define PREAD(name, offset_type) \
  ssize_t name(int file, void *to, size_t length, offset_type at) { \
    REAL(name); \
    int way = read_fault(file); \
    if (way == SHORT) return real(file, to, (length + 1) / 2, at); \
    return way ? fails(way) : real(file, to, length, at); \
  }
PREAD(pread, off_t)
PREAD(pread64, off64_t)

/* Of several pieces a short read or write takes the first. A process that is killed has written the half. */
ssize_t readv(int file, const struct iovec *pieces, int count) {
  REAL(readv);
  int way = read_fault(file);
  if (way == SHORT) return real(file, pieces, 1);
  return way ? fails(way) : real(file, pieces, count);
}

#define PREADV(name, offset_type) \
  ssize_t name(int file, const struct iovec *pieces, int count, offset_type at) { \
    REAL(name); \
    int way = read_fault(file); \
    if (way == SHORT) return real(file, pieces, 1, at); \
    return way ? fails(way) : real(file, pieces, count, at); \
  }
PREADV(preadv, off_t)
PREADV(preadv64, off64_t)

ssize_t write(int file, const void *from, size_t length) {
  REAL(write);
  int way = write_fault(file);
  if (way == SHORT || way == KILLED) {
    ssize_t done = real(file, from, (length + 1) / 2);
    return way == KILLED ? fails(way) : done;
  }
  return way ? fails(way) : real(file, from, length);
}

#define PWRITE(name, offset_type) \
  ssize_t name(int file, const void *from, size_t length, offset_type at) { \
    REAL(name); \
    int way = write_fault(file); \
    if (way == SHORT || way == KILLED) { \
      ssize_t done = real(file, from, (length + 1) / 2, at); \
      return way == KILLED ? fails(way) : done; \
    } \
    return way ? fails(way) : real(file, from, length, at); \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t writev(int file, const struct iovec *pieces, int count) {
  REAL(writev);
  int way = write_fault(file);
  if (way == SHORT) return real(file, pieces, 1);
  return way ? fails(way) : real(file, pieces, count);
}

#define PWRITEV(name, offset_type) \
  ssize_t name(int file, const struct iovec *pieces, int count, offset_type at) { \
    REAL(name); \
    int way = write_fault(file); \
    if (way == SHORT) return real(file, pieces, 1, at); \
    return way ? fails(way) : real(file, pieces, count, at); \
  }
PWRITEV(pwritev, off_t)
PWRITEV(pwritev64, off64_t)

/* What is synced is noted; the disk is not waited for, as nothing here outlives the machine. */
static int sync_fault(int file, int (*real)(int)) {
  char full[PATH_MAX];
  const char *name = path_of(file, full);
  if (!name) return real(file);
  int way = fault("fsync", name, CHANGING(EIO, ENOSPC, EINTR));
  if (way) return fails(way);
  struct stat now;
  char size[32] = "";
  if (fstat(file, &now) == 0) snprintf(size, sizeof size, "%lld", (long long)now.st_size);
  note("sync", name, size, NULL);
  return 0;
}
int fsync(int file) {
  REAL(fsync);
  return sync_fault(file, real);
}
int fdatasync(int file) {
  REAL(fdatasync);
  return sync_fault(file, real);
}

#define TRUNCATE(name, offset_type) \
  int name(int file, offset_type length) { \
    REAL(name); \
    int way = write_fault(file); \
    if (way && way != SHORT) return fails(way); \
    char full[PATH_MAX], size[32]; \
    snprintf(size, sizeof size, "%lld", (long long)length); \
    note("cut", path_of(file, full), size, NULL); \
    return real(file, length); \
  }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

int rename(const char *from, const char *to) {
  char full[PATH_MAX], other[PATH_MAX], was[PATH_MAX + 32];
  const char *name = path_at(AT_FDCWD, from, full), *target = path_at(AT_FDCWD, to, other);
  int way = fault("rename", target ? target : name, CHANGING(EIO, ENOSPC, EROFS));
  if (way) return fails(way);
  keep(target, was);
  int result = syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
  if (result == 0) note("rename", name, target, was);
  return result;
}

int link(const char *from, const char *to) {
  char full[PATH_MAX];
  const char *name = path_at(AT_FDCWD, to, full);
  int way = fault("link", name, CHANGING(EIO, ENOSPC, EROFS));
  if (way) return fails(way);
  int result = syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
  if (result == 0) note("link", name, NULL, NULL);
  return result;
}

int mkdir(const char *path, mode_t mode) {
  char full[PATH_MAX];
  const char *name = path_at(AT_FDCWD, path, full);
  int way = fault("mkdir", name, CHANGING(EIO, ENOSPC, EROFS));
  if (way) return fails(way);
  int result = syscall(SYS_mkdirat, AT_FDCWD, path, mode);
  if (result == 0) note("mkdir", name, NULL, NULL);
  return result;
}

int unlink(const char *path) {
  char full[PATH_MAX], was[PATH_MAX + 32];
  const char *name = path_at(AT_FDCWD, path, full);
  int way = fault("unlink", name, CHANGING(EIO, EROFS));
  if (way) return fails(way);
  keep(name, was);
  int result = syscall(SYS_unlinkat, AT_FDCWD, path, 0);
  if (result == 0) note("unlink", name, NULL, was);
  return result;
}

int rmdir(const char *path) {
  char full[PATH_MAX];
  const char *name = path_at(AT_FDCWD, path, full);
  int way = fault("rmdir", name, CHANGING(EIO, EROFS));
  if (way) return fails(way);
  int result = syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR);
  if (result == 0) note("rmdir", name, NULL, NULL);
  return result;
}

/* Folders are listed by these. */
#define SCANDIR(name, entry) \
  int name(const char *path, struct entry ***list, int (*chosen)(const struct entry *), \
           int (*order)(const struct entry **, const struct entry **)) { \
    REAL(name); \
    char full[PATH_MAX]; \
    int way = fault("list", path_at(AT_FDCWD, path, full), READING(EIO, EMFILE)); \
    return way ? fails(way) : real(path, list, chosen, order); \
  }
SCANDIR(scandir, dirent)
SCANDIR(scandir64, dirent64)

#define STATFS(name, type) \
  int name(const char *path, struct type *to) { \
    REAL(name); \
    char full[PATH_MAX]; \
    int way = fault("statfs", path_at(AT_FDCWD, path, full), READING(EIO)); \
    return way ? fails(way) : real(path, to); \
  }
STATFS(statfs, statfs)
STATFS(statfs64, statfs64)
