/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a program until it, or a process of its own, is about to write to a file of sysfs for the Nth time, lets a shell
 * do something meanwhile, and goes on.
 *   meanwhile N SHELL-COMMAND PROGRAM...
 * The exit status is the program's; 99 when it wrote less often; 98 when the shell failed.
 */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

/* Each traced process stops at the beginning of a call and at its end, in turn. */
enum { PROCESSES_MAX = 16 };

static struct {
	pid_t pid;
	bool inside;
} processes[PROCESSES_MAX];

static __attribute__((noreturn)) void stop(const char *what)
{
	perror(what);
	exit(1);
}

static bool *inside_of(pid_t pid)
{
	for (int i = 0; i < PROCESSES_MAX; i++) {
		if (!processes[i].pid)
			processes[i].pid = pid;
		if (processes[i].pid == pid)
			return &processes[i].inside;
	}
	stop("too many processes");
}

static bool is_sysfs_write(pid_t pid)
{
	struct user_regs_struct regs;
	char path[64], target[PATH_MAX];

	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) || regs.orig_rax != SYS_write)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, (int)regs.rdi);
	ssize_t len = readlink(path, target, sizeof(target));
	return len > 5 && !strncmp(target, "/sys/", 5);
}

static void start(char **argv)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		stop("PTRACE_TRACEME");
	raise(SIGSTOP);
	execvp(argv[0], argv);
	stop(argv[0]);
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 64;
	long left = atol(argv[1]);
	int status, ret = 0;
	bool failed = false;
	pid_t first = fork(), pid;

	if (!first)
		start(argv + 3);
	if (first < 0 || waitpid(first, &status, 0) < 0 ||
	    ptrace(PTRACE_SETOPTIONS, first, NULL,
		   (void *)(long)(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
				  PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL)) ||
	    ptrace(PTRACE_SYSCALL, first, NULL, NULL))
		stop("start");
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		int signal = 0;

		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			if (pid == first)
				ret = WIFEXITED(status) ? WEXITSTATUS(status)
							: 128 + WTERMSIG(status);
			continue;
		}
		if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			bool *inside = inside_of(pid);

			*inside = !*inside;
			if (*inside && left && is_sysfs_write(pid) && !--left)
				failed = system(argv[2]) != 0;
		} else if (WSTOPSIG(status) != SIGTRAP && WSTOPSIG(status) != SIGSTOP) {
			signal = WSTOPSIG(status);
		}
		if (ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)signal) && errno != ESRCH)
			stop("PTRACE_SYSCALL");
	}
	return failed ? 98 : left ? 99 : ret;
}
