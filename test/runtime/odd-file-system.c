/* A file system as exFAT, SMB and FUSE have it, put before the C library: no hard links, no sync of folders, renames to free
   names only, no changes of times or modes. ODD_ERRNO is the answer. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int refuse(void) {
  errno = atoi(getenv("ODD_ERRNO"));
  return -1;
}

int link(const char *from, const char *to) { return access(to, F_OK) == 0 ? (errno = EEXIST, -1) : refuse(); }
int linkat(int a, const char *from, int b, const char *to, int flags) { return refuse(); }
int fchmod(int file, mode_t mode) { return refuse(); }
int utimensat(int folder, const char *path, const struct timespec times[2], int flags) { return refuse(); }
int futimens(int file, const struct timespec times[2]) { return refuse(); }

static int syncs(int file, const char *name) {
  struct stat found;
  if (fstat(file, &found) == 0 && S_ISDIR(found.st_mode)) {
    errno = EINVAL;
    return -1;
  }
  return ((int (*)(int))dlsym(RTLD_NEXT, name))(file);
}
int fsync(int file) { return syncs(file, "fsync"); }
int fdatasync(int file) { return syncs(file, "fdatasync"); }

int rename(const char *from, const char *to) {
  if (access(to, F_OK) == 0) {
    errno = EEXIST;
    return -1;
  }
  return ((int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename"))(from, to);
}
