/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a program and disturbs one of its system calls.
 *
 *     killer all N COMMAND...     SIGKILL at the Nth system call
 *     killer acting N COMMAND...  the same, counted from the first write to a file called journal on
 *     killer sysfs N COMMAND...   SIGKILL right after the Nth write to sysfs, before the program knows
 *     killer ERRNO N COMMAND...   the Nth write to sysfs fails with that number, and is not made
 *
 * Calls of children count as well; the one that makes the call is killed. Exit status: 0 done to it, 100 the
 * program ended before, 99 something is wrong here. The program's own status is on the last line of stderr. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum mode { ALL, ACTING, SYSFS, FAIL };
enum { TASKS_MAX = 64, DISTURBED = 0, UNDISTURBED = 100, WRONG = 99 };

struct task {
	pid_t pid;
	bool inside;           /* between entry and exit of a call */
	bool to_fail, to_kill; /* at its exit */
};

static struct task tasks[TASKS_MAX];
static enum mode mode;
static long wanted, counted;
static int error;
static bool acting, disturbed;

static struct task *task_of(pid_t pid)
{
	for (int i = 0; i < TASKS_MAX; i++)
		if (tasks[i].pid == pid)
			return &tasks[i];
	for (int i = 0; i < TASKS_MAX; i++)
		if (!tasks[i].pid) {
			tasks[i] = (struct task){ .pid = pid };
			return &tasks[i];
		}
	exit(WRONG);
}

/* What the descriptor of a write leads to. */
static bool writes_to(pid_t pid, const struct user_regs_struct *regs, const char *what, bool at_end)
{
	char path[64], target[4096];
	size_t len = strlen(what);
	ssize_t n;

	if (regs->orig_rax != SYS_write)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, (int)regs->rdi);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < (ssize_t)len)
		return false;
	target[n] = 0;
	return at_end ? !strcmp(target + n - len, what) : !strncmp(target, what, len);
}

static void enter(struct task *t, struct user_regs_struct *regs)
{
	bool sysfs = writes_to(t->pid, regs, "/sys/", false);

	acting |= mode == ALL || writes_to(t->pid, regs, "/journal", true);
	if (disturbed || (mode == ACTING && !acting) || (mode >= SYSFS && !sysfs))
		return;
	if (++counted != wanted)
		return;
	disturbed = true;
	switch (mode) {
	case SYSFS:
		t->to_kill = true;
		break;
	case FAIL:
		t->to_fail = true;
		regs->orig_rax = (unsigned long long)-1;
		ptrace(PTRACE_SETREGS, t->pid, NULL, regs);
		break;
	default:
		kill(t->pid, SIGKILL);
	}
}

static void leave(struct task *t, struct user_regs_struct *regs)
{
	if (t->to_kill)
		kill(t->pid, SIGKILL);
	if (t->to_fail) {
		t->to_fail = false;
		regs->rax = (unsigned long long)-error;
		ptrace(PTRACE_SETREGS, t->pid, NULL, regs);
	}
}

static void handle(pid_t pid, int status)
{
	struct task *t = task_of(pid);
	struct user_regs_struct regs;
	int deliver = 0;

	if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
		if (!ptrace(PTRACE_GETREGS, pid, NULL, &regs)) {
			t->inside = !t->inside;
			if (t->inside)
				enter(t, &regs);
			else
				leave(t, &regs);
		}
	} else if (status >> 16 == 0 && WSTOPSIG(status) != SIGSTOP &&
		   WSTOPSIG(status) != SIGTRAP) {
		deliver = WSTOPSIG(status);
	}
	ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)deliver);
}

static int trace(pid_t first)
{
	int status, ended = -1;
	pid_t pid;

	if (waitpid(first, &status, 0) != first || !WIFSTOPPED(status))
		return WRONG;
	ptrace(PTRACE_SETOPTIONS, first, NULL,
	       (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			PTRACE_O_TRACECLONE));
	ptrace(PTRACE_SYSCALL, first, NULL, NULL);
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFSTOPPED(status)) {
			handle(pid, status);
			continue;
		}
		task_of(pid)->pid = 0;
		if (pid == first)
			ended = status;
	}
	fprintf(stderr, "killer: %ld calls, ended with %d\n", counted,
		WIFEXITED(ended) ? WEXITSTATUS(ended) : 128 + WTERMSIG(ended));
	return disturbed ? DISTURBED : UNDISTURBED;
}

int main(int argc, char **argv)
{
	pid_t pid;

	if (argc < 4)
		return WRONG;
	error = atoi(argv[1]);
	mode = !strcmp(argv[1], "all")      ? ALL
	       : !strcmp(argv[1], "acting") ? ACTING
	       : !strcmp(argv[1], "sysfs")  ? SYSFS
					    : FAIL;
	wanted = atol(argv[2]);
	if (wanted < 1 || (mode == FAIL && error < 1))
		return WRONG;
	pid = fork();
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		execvp(argv[3], argv + 3);
		_exit(WRONG);
	}
	return pid < 0 ? WRONG : trace(pid);
}
