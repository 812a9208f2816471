/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a command and interferes with its system calls, by tracing it. What changes something are writes, locks, folders,
 * names, syncs, files opened to be written, and modules loaded; between two of those the state is the same, whenever it
 * is killed.
 *   interrupt count COMMAND...         tells on stderr how many calls there are, and how many that change something
 *   interrupt kill N COMMAND...        SIGKILL before the Nth that changes something; exit status 137
 *   interrupt fail N ERRNO COMMAND...  the Nth write to a file of sysfs fails, and is not made
 * Else the exit status is the command's, or 99 when there were fewer calls. They count from 1.
 */
#include <errno.h>
#include <fcntl.h>
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

enum mode { COUNT, KILL, FAIL };

struct trace {
	enum mode mode;
	long at; /* number of the change, or of the write, that is meant */
	int error;
	pid_t pid;
	long calls, writes, changes; /* seen so far */
	bool failing;                /* the call that is being made is the one to fail */
	bool done;
};

static __attribute__((noreturn)) void stop(const char *what)
{
	perror(what);
	exit(1);
}

static bool is_change(const struct user_regs_struct *regs)
{
	switch (regs->orig_rax) {
	case SYS_openat:
		return regs->rdx & (O_WRONLY | O_RDWR | O_CREAT);
	case SYS_write:
	case SYS_pwrite64:
	case SYS_writev:
	case SYS_sendto:
		return regs->rdi > STDERR_FILENO;
	case SYS_init_module:
	case SYS_mkdir:
	case SYS_mkdirat:
	case SYS_rename:
	case SYS_renameat:
	case SYS_renameat2:
	case SYS_unlink:
	case SYS_unlinkat:
	case SYS_fsync:
	case SYS_fdatasync:
	case SYS_ftruncate:
	case SYS_flock:
	case SYS_finit_module:
		return true;
	default:
		return false;
	}
}

static bool is_sysfs_write(const struct trace *t, const struct user_regs_struct *regs)
{
	char path[64], target[PATH_MAX];

	if (regs->orig_rax != SYS_write && regs->orig_rax != SYS_pwrite64)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", t->pid, (int)regs->rdi);
	ssize_t len = readlink(path, target, sizeof(target) - 1);
	return len > 5 && !strncmp(target, "/sys/", 5);
}

static void on_entry(struct trace *t)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, t->pid, NULL, &regs))
		return;
	t->calls++;
	bool change = is_change(&regs);
	t->changes += change;
	if (t->mode == KILL && change && t->changes == t->at) {
		t->done = true;
		kill(t->pid, SIGKILL);
	} else if (t->mode == FAIL && is_sysfs_write(t, &regs) && ++t->writes == t->at) {
		t->done = t->failing = true;
		regs.orig_rax = (unsigned long long)-1;
		if (ptrace(PTRACE_SETREGS, t->pid, NULL, &regs))
			stop("PTRACE_SETREGS");
	}
}

static void on_exit_of_call(struct trace *t)
{
	struct user_regs_struct regs;

	if (!t->failing || ptrace(PTRACE_GETREGS, t->pid, NULL, &regs))
		return;
	t->failing = false;
	regs.rax = (unsigned long long)-t->error;
	if (ptrace(PTRACE_SETREGS, t->pid, NULL, &regs))
		stop("PTRACE_SETREGS");
}

/* Follows the command to its end; its wait status. */
static int follow(struct trace *t)
{
	bool inside = false;
	int status, sent = 0;

	for (;;) {
		/* A command that was killed is not there to be continued. */
		if (ptrace(PTRACE_SYSCALL, t->pid, NULL, (void *)(long)sent) && errno != ESRCH)
			stop("PTRACE_SYSCALL");
		if (waitpid(t->pid, &status, 0) < 0)
			stop("waitpid");
		if (WIFEXITED(status) || WIFSIGNALED(status))
			return status;
		sent = 0;
		if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			inside = !inside;
			if (inside)
				on_entry(t);
			else
				on_exit_of_call(t);
		} else if (WSTOPSIG(status) != SIGTRAP) {
			sent = WSTOPSIG(status);
		}
	}
}

static pid_t start(char **argv)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		stop("fork");
	if (!pid) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			stop("PTRACE_TRACEME");
		raise(SIGSTOP);
		execvp(argv[0], argv);
		stop(argv[0]);
	}
	if (waitpid(pid, &status, 0) < 0 || !WIFSTOPPED(status))
		stop("waitpid");
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL,
		   (void *)(long)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)))
		stop("PTRACE_SETOPTIONS");
	return pid;
}

int main(int argc, char **argv)
{
	struct trace t = { .mode = COUNT };
	char **command = argv + 2;

	if (argc > 3 && !strcmp(argv[1], "kill")) {
		t.mode = KILL;
		t.at = atol(argv[2]);
		command = argv + 3;
	} else if (argc > 4 && !strcmp(argv[1], "fail")) {
		t.mode = FAIL;
		t.at = atol(argv[2]);
		t.error = atoi(argv[3]);
		command = argv + 4;
	} else if (argc < 3 || strcmp(argv[1], "count")) {
		fputs("usage: interrupt count|kill N|fail N ERRNO COMMAND...\n", stderr);
		return 64;
	}
	t.pid = start(command);
	int status = follow(&t);
	if (t.mode == COUNT)
		fprintf(stderr, "calls %ld changes %ld\n", t.calls, t.changes);
	else if (!t.done)
		return 99;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
