/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kills vfiotool at its system calls, one run for each, and makes its writes to sysfs fail, one after the other.
 *
 *     killer bind|unbind ADDRESS OLD NEW [thorough]
 *
 * ADDRESS is on the driver OLD and nothing is recorded: the first state. Each run brings the device where the
 * command begins, disturbs the command, looks at the driver, lets the tool restore, and demands the first state. A line
 * for each kind of run on stdout says how many there were and what was seen; what went wrong goes to stderr.
 * Exit status: 0 every run ended in the first state, 1 one did not, 99 something is wrong here.
 *
 * What the tool forks is followed. Who makes the call is killed, and the others go on: then the device must have a
 * driver at once. Where others live, a further run kills them all; then it may take the restore.
 *
 * Before the first record nothing but the lock and an empty journal is made: there each call that changes a file is
 * killed, and of the two thousand that read one of EARLY_STEP. The thorough way takes each of these, and nothing else: a
 * run that left driver, override and journal as they were is followed by the restore at one of RESTORE_STEP. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define JOURNAL "/run/vfiotool/journal"

enum {
	WRONG = 99,
	TASKS_MAX = 64,
	RUN_S = 300,
	BAD_MAX = 5,
	EARLY_STEP = 400,
	RESTORE_STEP = 100,
	JOURNAL_MAX = 65536
};

enum kind {
	EARLY,   /* killed at one of all calls, before the first record of the journal */
	OPENING, /* at one of those that change a file */
	ACTING,  /* at one of all calls from that record on */
	FAIL,    /* a write to sysfs fails */
};

/* One run. */
struct run {
	enum kind kind;
	long at;    /* the call that is meant, from 1 */
	int error;  /* FAIL */
	bool whole; /* kill the whole family */

	pid_t first, tasks[TASKS_MAX], failing;
	unsigned int nr_tasks;
	long counted; /* calls of that kind so far */
	bool acting, filtered, done, family;
};

/* What the runs of one kind came to. */
struct tally {
	unsigned int runs, old, new, none, other, restored, untouched;
	long calls;
};

static const char *command, *address, *old_driver, *new_driver;
static volatile sig_atomic_t late;
static unsigned int bad;
static bool thorough;

static void on_alarm(int sig)
{
	late = sig;
}

static __attribute__((format(printf, 1, 2))) void stop(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fprintf(stderr, ": %s\n", strerror(errno));
	exit(WRONG);
}

/* ---- the calls that matter ---- */

/* Calls that can change a file. The first is openat, which is one only when it opens for writing. */
static const unsigned short changing[] = {
	SYS_openat, SYS_write,    SYS_writev,    SYS_pwrite64,    SYS_mkdir,        SYS_mkdirat,
	SYS_rename, SYS_renameat, SYS_renameat2, SYS_unlink,      SYS_unlinkat,     SYS_ftruncate,
	SYS_flock,  SYS_fsync,    SYS_fdatasync, SYS_init_module, SYS_finit_module,
};
enum { NR_CHANGING = sizeof(changing) / sizeof(*changing) };

static bool changes_file(uint64_t nr, const uint64_t *args)
{
	if (nr == SYS_openat)
		return args[2] & (O_WRONLY | O_RDWR | O_CREAT);
	if (nr == SYS_write || nr == SYS_writev || nr == SYS_pwrite64)
		return args[0] > STDERR_FILENO;
	for (unsigned int i = 1; i < NR_CHANGING; i++)
		if (changing[i] == nr)
			return true;
	return false;
}

/* Lets the kernel stop the tool at these calls only: the two thousand that read take half of a run else. Where the
 * kernel cannot, every call stops. */
static bool install_filter(void)
{
	struct sock_filter code[NR_CHANGING + 6];
	unsigned int n = 0;

	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						 offsetof(struct seccomp_data, nr));
	for (unsigned int i = 0; i < NR_CHANGING; i++)
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, changing[i],
							 i ? NR_CHANGING + 3 - i : NR_CHANGING, 0);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	/* Files are opened to be read a hundred times: those need not stop. */
	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						 offsetof(struct seccomp_data, args[2]));
	code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K,
						 O_WRONLY | O_RDWR | O_CREAT, 1, 0);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
	struct sock_fprog program = { .len = (unsigned short)n, .filter = code };

	return !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* Where the descriptor of a write leads to. */
static bool writes_to(pid_t pid, uint64_t nr, uint64_t fd, const char *start, const char *end)
{
	char path[64], target[4096];

	if (nr != SYS_write && nr != SYS_pwrite64)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, (int)fd);
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	if (n < (ssize_t)strlen(end))
		return false;
	target[n] = 0;
	return !strncmp(target, start, strlen(start)) && !strcmp(target + n - strlen(end), end);
}

/* ---- one run of the tool, traced ---- */

static void disturb(struct run *r, pid_t pid)
{
	struct user_regs_struct regs;

	r->done = true;
	r->family = r->nr_tasks > 1;
	if (r->kind == FAIL) {
		r->failing = pid;
		if (ptrace(PTRACE_GETREGS, pid, NULL, &regs))
			stop("PTRACE_GETREGS");
		regs.orig_rax = (unsigned long long)-1;
		if (ptrace(PTRACE_SETREGS, pid, NULL, &regs))
			stop("PTRACE_SETREGS");
		return;
	}
	for (unsigned int i = 0; i < r->nr_tasks; i++)
		if (r->whole || r->tasks[i] == pid)
			kill(r->tasks[i], SIGKILL);
}

static void on_entry(struct run *r, pid_t pid, uint64_t nr, const uint64_t *args)
{
	bool counts = false;

	r->acting |= writes_to(pid, nr, args[0], "/", "/journal");
	switch (r->kind) {
	case EARLY:
		counts = !r->acting;
		break;
	case OPENING:
		counts = !r->acting && changes_file(nr, args);
		break;
	case ACTING:
		counts = r->acting;
		break;
	case FAIL:
		counts = writes_to(pid, nr, args[0], "/sys/", "");
		break;
	}
	r->counted += counts;
	if (counts && r->counted == r->at)
		disturb(r, pid);
}

static void on_exit_of_call(struct run *r, pid_t pid)
{
	struct user_regs_struct regs;

	if (r->failing != pid)
		return;
	r->failing = 0;
	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs))
		stop("PTRACE_GETREGS");
	regs.rax = (unsigned long long)-r->error;
	if (ptrace(PTRACE_SETREGS, pid, NULL, &regs))
		stop("PTRACE_SETREGS");
}

static void add_task(struct run *r, pid_t pid)
{
	for (unsigned int i = 0; i < r->nr_tasks; i++)
		if (r->tasks[i] == pid)
			return;
	if (r->nr_tasks == TASKS_MAX)
		stop("%d tasks", TASKS_MAX);
	r->tasks[r->nr_tasks++] = pid;
}

static void drop_task(struct run *r, pid_t pid)
{
	for (unsigned int i = 0; i < r->nr_tasks; i++)
		if (r->tasks[i] == pid)
			r->tasks[i] = r->tasks[--r->nr_tasks];
}

/* A stop of @pid: looks at the call, and lets it go on. */
static void on_stop(struct run *r, pid_t pid, int status)
{
	struct __ptrace_syscall_info info = { .op = PTRACE_SYSCALL_INFO_NONE };
	int sig = WSTOPSIG(status), event = status >> 16, deliver = 0;
	bool was_acting = r->acting;

	add_task(r, pid);
	if (sig == (SIGTRAP | 0x80) || event == PTRACE_EVENT_SECCOMP) {
		if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) < 0 && errno != ESRCH)
			stop("PTRACE_GET_SYSCALL_INFO");
		/* Once every call stops at its entry, the filter's stop is the same call once more. */
		if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
			on_entry(r, pid, info.entry.nr, (const uint64_t *)info.entry.args);
		else if (info.op == PTRACE_SYSCALL_INFO_SECCOMP && r->filtered && !was_acting)
			on_entry(r, pid, info.seccomp.nr, (const uint64_t *)info.seccomp.args);
		else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
			on_exit_of_call(r, pid);
	} else if (!event && sig != SIGSTOP && sig != SIGTRAP) {
		deliver = sig;
	}
	ptrace(r->filtered && !r->acting && !r->failing ? PTRACE_CONT : PTRACE_SYSCALL, pid, NULL,
	       (void *)(long)deliver);
}

static void start(struct run *r)
{
	int status;

	r->filtered = r->kind != EARLY;
	r->first = fork();
	if (r->first < 0)
		stop("fork");
	if (!r->first) {
		int out = open("/out/killed", O_WRONLY | O_CREAT | O_TRUNC, 0644);

		dup2(out, STDOUT_FILENO);
		dup2(out, STDERR_FILENO);
		close(out);
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		bool filtered = r->filtered && install_filter();
		if (r->filtered && !filtered)
			raise(SIGUSR1);
		execl("/bin/vfiotool", "vfiotool", command, address, (char *)NULL);
		_exit(WRONG);
	}
	if (waitpid(r->first, &status, 0) != r->first || !WIFSTOPPED(status))
		stop("waitpid");
	add_task(r, r->first);
	if (ptrace(PTRACE_SETOPTIONS, r->first, NULL,
		   (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			    PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACESECCOMP |
			    PTRACE_O_EXITKILL)))
		stop("PTRACE_SETOPTIONS");
}

/* To the program's own first call: what this one does before is not counted. */
static void go_to_exec(struct run *r)
{
	int status;

	for (;;) {
		ptrace(PTRACE_CONT, r->first, NULL, NULL);
		if (waitpid(r->first, &status, 0) != r->first || !WIFSTOPPED(status))
			stop("exec");
		if (WSTOPSIG(status) == SIGUSR1)
			r->filtered = false;
		if (status >> 16 == PTRACE_EVENT_EXEC)
			break;
	}
	ptrace(r->filtered ? PTRACE_CONT : PTRACE_SYSCALL, r->first, NULL, NULL);
}

/* Until all of the family have ended. The exit status of the tool, 128 and the signal, or -1 when it took too long. */
static int trace(struct run *r)
{
	int status, ended = -1;
	pid_t pid;

	start(r);
	go_to_exec(r);
	late = 0;
	alarm(RUN_S);
	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (pid < 0) {
			for (unsigned int i = 0; late && i < r->nr_tasks; i++)
				kill(r->tasks[i], SIGKILL);
			continue;
		}
		if (WIFSTOPPED(status)) {
			on_stop(r, pid, status);
			continue;
		}
		drop_task(r, pid);
		if (pid == r->first)
			ended = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
	alarm(0);
	return late ? -1 : ended;
}

/* ---- the device ---- */

static const char *driver_now(void)
{
	static char target[4096];
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", address);
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return "none";
	target[n] = 0;
	return strrchr(target, '/') + 1;
}

static bool overridden(void)
{
	char path[128], text[64] = "";

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver_override", address);
	FILE *file = fopen(path, "r");
	if (!file || !fgets(text, sizeof(text), file))
		stop("%s", path);
	fclose(file);
	return strcmp(text, "(null)\n") != 0;
}

static bool in_first_state(void)
{
	return !strcmp(driver_now(), old_driver) && !overridden() && access(JOURNAL, F_OK);
}

static int tool(const char *what, const char *target)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		int out = open("/out/tool", O_WRONLY | O_CREAT | O_TRUNC, 0644);

		dup2(out, STDOUT_FILENO);
		dup2(out, STDERR_FILENO);
		alarm(RUN_S);
		execl("/bin/vfiotool", "vfiotool", what, target, (char *)NULL);
		_exit(WRONG);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		stop("%s", what);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void write_file(const char *path, int flags, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | flags, 0600);

	if (fd < 0 || write(fd, text, len) != (ssize_t)len)
		stop("%s", path);
	close(fd);
}

/* The journal in @text of JOURNAL_MAX bytes; 0 when there is none. */
static size_t read_journal(char *text)
{
	int fd = open(JOURNAL, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, text, JOURNAL_MAX);

	if (fd >= 0)
		close(fd);
	if (n < 0 || n == JOURNAL_MAX)
		stop("%s", JOURNAL);
	return (size_t)n;
}

/* The state that vfiotool bind leaves. It is made by that once; then the same writes and the same journal make it, which
 * takes a tenth of the time. */
static char journal[JOURNAL_MAX];
static size_t journal_len;

static void bring_bound(void)
{
	char path[128];

	if (!journal_len) {
		if (tool("bind", address))
			stop("vfiotool bind");
		journal_len = read_journal(journal);
		if (!journal_len)
			stop("%s", JOURNAL);
		return;
	}
	write_file(JOURNAL, O_CREAT | O_EXCL, journal, journal_len);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver_override", address);
	write_file(path, 0, new_driver, strlen(new_driver));
	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/%s/unbind", old_driver);
	write_file(path, 0, address, strlen(address));
	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/%s/bind", new_driver);
	write_file(path, 0, address, strlen(address));
}

/* Where the command begins: the first state, or for unbind what bind left. */
static bool at_start(void)
{
	static char text[JOURNAL_MAX];

	if (strcmp(command, "unbind") != 0)
		return in_first_state();
	return journal_len && !strcmp(driver_now(), new_driver) && overridden() &&
	       read_journal(text) == journal_len && !memcmp(text, journal, journal_len);
}

/* ---- the matrix ---- */

static const char *name_of(enum kind kind)
{
	static const char *const names[] = {
		[EARLY] = "killed before it records",
		[OPENING] = "killed before it records, at each call that changes a file",
		[ACTING] = "killed from the first record on, at each call",
		[FAIL] = "whose writes to sysfs fail",
	};
	return names[kind];
}

static void show(const char *path)
{
	char line[512];
	FILE *file = fopen(path, "r");

	while (file && fgets(line, sizeof(line), file))
		fprintf(stderr, "| %s", line);
	if (file)
		fclose(file);
}

static void complain(const struct run *r, const char *what, int status)
{
	bad++;
	fprintf(stderr, "%s, %s at %ld%s, error %d: %s (%d); on %s, override %s, journal %s\n",
		command, name_of(r->kind), r->at, r->whole ? " with all its family" : "", r->error,
		what, status, driver_now(), overridden() ? "set" : "clear",
		access(JOURNAL, F_OK) ? "gone" : "there");
	show("/out/killed");
	show("/out/tool");
}

static void look(const struct run *r, struct tally *t, int ended)
{
	const char *driver = driver_now();

	if (!strcmp(driver, old_driver))
		t->old++;
	else if (!strcmp(driver, new_driver))
		t->new ++;
	else if (!strcmp(driver, "none"))
		t->none++;
	else
		t->other++;
	if (ended < 0)
		complain(r, "took too long", ended);
	else if (!strcmp(driver, "none") && (r->kind != ACTING || !r->whole))
		complain(r, "left the device without a driver", ended);
}

/* One run; false when the tool ended before that call. */
static bool run_once(struct run *r, struct tally *t)
{
	if (!strcmp(command, "unbind") && !at_start())
		bring_bound();
	int ended = trace(r);

	if (r->done) {
		t->runs++;
		look(r, t, ended);
	} else {
		t->calls = r->counted;
		if (ended)
			complain(r, "ended badly although nobody disturbed it", ended);
	}
	if (thorough && r->done && r->at % RESTORE_STEP && at_start()) {
		t->untouched++;
		return true;
	}
	int restored = tool("restore", NULL);
	if (restored || !in_first_state())
		complain(r, "not in the first state after restore", restored);
	else
		t->restored += r->done;
	return r->done;
}

static void tell(enum kind kind, int error, bool whole, const struct tally *t)
{
	printf("%s %s", command, name_of(kind));
	if (kind == EARLY)
		printf(thorough ? ", at each call" : ", at one call of %d", EARLY_STEP);
	if (whole)
		printf(" with all its family");
	else if (error)
		printf(" with %s", strerrorname_np(error));
	if (t->calls)
		printf(", %ld calls", t->calls);
	printf(": %u runs; %u then on %s, %u on %s, %u on no driver; %u restored", t->runs, t->old,
	       old_driver, t->new, new_driver, t->none, t->restored);
	if (t->untouched)
		printf(", %u left all as it was", t->untouched);
	putchar('\n');
	fflush(stdout);
	if (!t->runs || t->other)
		bad++;
}

/* All runs of one kind, unless too many went wrong. */
static void run_all(enum kind kind, int error, long step)
{
	struct tally one = { 0 }, all = { 0 };
	bool more = true;

	for (long at = 1; more && bad < BAD_MAX; at += step) {
		struct run r = { .kind = kind, .at = at, .error = error };

		more = run_once(&r, &one);
		if (r.family && kind == ACTING) {
			r = (struct run){ .kind = kind, .at = at, .whole = true };
			run_once(&r, &all);
		}
	}
	tell(kind, error, false, &one);
	if (kind == ACTING)
		tell(kind, error, true, &all);
}

int main(int argc, char **argv)
{
	static const int errors[] = { EIO, ENODEV, EINVAL };
	struct sigaction action = { .sa_handler = on_alarm };

	thorough = argc == 6 && !strcmp(argv[5], "thorough");
	if (argc != 5 && !thorough)
		return WRONG;
	command = argv[1];
	address = argv[2];
	old_driver = argv[3];
	new_driver = argv[4];
	sigaction(SIGALRM, &action, NULL);
	if (!in_first_state())
		stop("%s is not in its first state", address);
	run_all(EARLY, 0, thorough ? 1 : EARLY_STEP);
	if (thorough)
		return bad ? 1 : 0;
	run_all(OPENING, 0, 1);
	run_all(ACTING, 0, 1);
	for (unsigned int i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		run_all(FAIL, errors[i], 1);
	return bad ? 1 : 0;
}
