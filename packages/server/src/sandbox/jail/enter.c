/*
 * The last step into a box: gives up every power, becomes the box's own user, becomes the program.
 *
 *   enter <uid> <variable> <program> [argument …]
 *   enter - <variable> <program> [argument …]     where only one user exists, ours
 *
 * The variable is taken out of the environment: bubblewrap sets PWD, and not every program is to have one.
 *
 * It is the only program of ours that runs inside with power, so it has no libc: no dynamic loader that
 * would listen to the function's LD_PRELOAD, and nothing that an image has to bring. Built as `enter.ts` says.
 */
#include <linux/capability.h>
#include <linux/prctl.h>
#include <sys/syscall.h>

#define EACCES 13
#define ENOENT 2
#define ENOTDIR 20

static long call(long number, long a, long b, long c, long d, long e) {
#ifdef __x86_64__
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8) : "rcx", "r11", "memory");
  return result;
#else
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
  return x0;
#endif
}

static long length(const char *text) {
  long n = 0;
  while (text[n]) n++;
  return n;
}

static void say(const char *text) { call(SYS_write, 2, (long)text, length(text), 0, 0); }

static void quit(const char *what, const char *why, int code) {
  say("mayfly: ");
  say(what);
  say(why);
  for (;;) call(SYS_exit_group, code, 0, 0, 0, 0);
}

static const char *value(const char *entry, const char *name) {
  while (*name && *entry == *name) entry++, name++;
  return *name || *entry != '=' ? 0 : entry + 1;
}

static const char *variable(char **env, const char *name) {
  for (; *env; env++)
    if (value(*env, name)) return value(*env, name);
  return 0;
}

static void forget(char **env, const char *name) {
  char **kept = env;
  for (; *env; env++)
    if (!value(*env, name)) *kept++ = *env;
  *kept = 0;
}

static void run(char **argv, char **env) {
  const char *program = argv[0];
  long error = ENOENT;
  int slash = 0;
  for (const char *c = program; *c; c++) slash |= *c == '/';
  if (slash) {
    error = -call(SYS_execve, (long)program, (long)argv, (long)env, 0, 0);
  } else {
    const char *place = variable(env, "PATH");
    if (!place) place = "/usr/local/bin:/usr/bin:/bin";
    static char file[4352];
    while (*place) {
      long size = 0;
      while (*place && *place != ':' && size < 4096) file[size++] = *place++;
      while (*place && *place != ':') place++;
      if (*place) place++;
      if (size == 0) continue;
      file[size++] = '/';
      for (const char *c = program; *c && size < 4351; c++) file[size++] = *c;
      file[size] = 0;
      long now = -call(SYS_execve, (long)file, (long)argv, (long)env, 0, 0);
      if (now != ENOENT && now != ENOTDIR) error = now;
    }
  }
  if (error == ENOENT) quit(program, ": no such file or directory\n", 127);
  quit(program, error == EACCES ? ": permission denied\n" : ": cannot be executed\n", 126);
}

__attribute__((used)) void start(long *stack) {
  long argc = stack[0];
  char **argv = (char **)(stack + 1);
  char **env = argv + argc + 1;
  if (argc < 4) quit("enter", ": wants a user, a variable and a program\n", 125);
  long uid = 0;
  int stay = argv[1][0] == '-';
  for (const char *c = argv[1]; *c >= '0' && *c <= '9'; c++) uid = uid * 10 + *c - '0';
  if (uid == 0 && !stay) quit("enter", ": not for root\n", 125);
  for (long power = 0; power < 64; power++)
    if (call(SYS_prctl, PR_CAPBSET_DROP, power, 0, 0, 0) < 0) break;
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  static struct __user_cap_data_struct none[2];
  if (!stay && call(SYS_setgroups, 0, 0, 0, 0, 0) < 0) quit("enter", ": groups stay\n", 125);
  if (!stay && call(SYS_setresgid, uid, uid, uid, 0, 0) < 0) quit("enter", ": group stays\n", 125);
  if (!stay && call(SYS_setresuid, uid, uid, uid, 0, 0) < 0) quit("enter", ": user stays\n", 125);
  if (call(SYS_capset, (long)&header, (long)none, 0, 0, 0) < 0) quit("enter", ": power stays\n", 125);
  if (call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) quit("enter", ": new powers stay\n", 125);
  forget(env, argv[2]);
  run(argv + 3, env);
}

#ifdef __x86_64__
__asm__(".global _start\n_start:\n mov %rsp, %rdi\n and $-16, %rsp\n call start\n");
#else
__asm__(".global _start\n_start:\n mov x0, sp\n bl start\n");
#endif
