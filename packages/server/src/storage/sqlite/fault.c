/* Syncs to disk fail once the file named by FAULT_WHEN exists: what a dying disk says, without one. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int failing(void) {
  const char *when = getenv("FAULT_WHEN");
  if (when == NULL || access(when, F_OK) != 0) return 0;
  errno = EIO;
  return 1;
}

int fsync(int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  return failing() ? -1 : real(fd);
}

int fdatasync(int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  return failing() ? -1 : real(fd);
}
