/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/macro.h"
#include "sysroot/confine.h"

enum { NO_JOB = -1 };

/* In memory that all share: the next job, and the one that each worker is at. */
struct board {
	atomic_size_t next;
	atomic_long at[];
};

struct header {
	uint64_t index, len;
};

struct worker {
	pid_t pid; /* 0: there is none */
	int fd;
	long answered; /* the last job that it answered */
	char *buf;
	size_t len, size;
};

struct running {
	const struct pool *pool;
	struct board *board;
	struct worker *workers;
	struct pollfd *polled;
};

size_t pool_workers(void)
{
	cpu_set_t set;

	/* More than 1024 processors: as many as the set holds. */
	return sched_getaffinity(0, sizeof(set), &set) ? 1 : (size_t)CPU_COUNT(&set);
}

/* ---- a worker ---- */

static bool write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

static void limit(int resource, rlim_t value)
{
	struct rlimit l;

	if (getrlimit(resource, &l) < 0 || value > l.rlim_max)
		return;
	l.rlim_cur = value;
	(void)setrlimit(resource, &l);
}

/* Of the processor each job gets its own share; sanitizers take more memory than any job. */
static void limit_job(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	limit(RLIMIT_CPU,
	      (rlim_t)used.ru_utime.tv_sec + (rlim_t)used.ru_stime.tv_sec + POOL_CPU_SECONDS);
	if (!VT_SANITIZED)
		limit(RLIMIT_DATA, POOL_MEMORY);
}

static void work(const struct pool *p, struct board *board, size_t number, int fd)
{
	/* What waits in a stream is the parent's to write. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	limit(RLIMIT_CORE, 0);
	log_set_level(LOG_LEVEL_ERROR);
	(void)confine_to_reading();
	for (;;) {
		struct header h = { .index = atomic_fetch_add(&board->next, 1) };
		vt_cleanup(arena_freep) struct arena *a = NULL;
		struct strbuf answer;

		if (h.index >= p->nr_jobs)
			break;
		atomic_store(&board->at[number], (long)h.index);
		limit_job();
		a = arena_new();
		answer = (struct strbuf){ .arena = a };
		p->work(p->ctx, h.index, &answer);
		h.len = answer.len;
		if (!write_all(fd, &h, sizeof(h)) || !write_all(fd, answer.s, answer.len))
			break;
	}
	_exit(0);
}

/* ---- this process ---- */

static int start(const struct running *r, size_t number)
{
	struct worker *w = &r->workers[number];
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	w->pid = fork();
	if (w->pid < 0) {
		int err = errno;

		w->pid = 0;
		close(fds[0]);
		close(fds[1]);
		return -err;
	}
	if (!w->pid) {
		for (size_t i = 0; i < r->pool->nr_workers; i++)
			if (i != number)
				fd_closep(&r->workers[i].fd);
		close(fds[0]);
		work(r->pool, r->board, number, fds[1]);
	}
	close(fds[1]);
	w->fd = fds[0];
	w->len = 0;
	w->answered = NO_JOB;
	return 0;
}

/* Takes the answers that are whole. False when a worker writes what it never would. */
static bool take(const struct running *r, size_t number)
{
	struct worker *w = &r->workers[number];
	struct header h;
	size_t at = 0;

	for (; w->len - at >= sizeof(h); at += sizeof(h) + h.len) {
		memcpy(&h, w->buf + at, sizeof(h));
		if (h.len > POOL_ANSWER_MAX || h.index >= r->pool->nr_jobs)
			return false;
		if (w->len - at - sizeof(h) < h.len)
			break;
		w->answered = (long)h.index;
		r->pool->answered(r->pool->ctx, h.index,
				  (struct span){ w->buf + at + sizeof(h), h.len });
	}
	w->len -= at;
	memmove(w->buf, w->buf + at, w->len);
	return true;
}

/* False at the end of what it writes. */
static bool receive(const struct running *r, size_t number)
{
	struct worker *w = &r->workers[number];
	ssize_t n;

	if (w->size - w->len < 1 << 16) {
		w->size = w->size ? 2 * w->size : 1 << 18;
		w->buf = realloc(w->buf, w->size);
		if (!w->buf)
			abort();
	}
	n = read(w->fd, w->buf + w->len, w->size - w->len);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	w->len += (size_t)n;
	return n > 0 && take(r, number);
}

static const char *why_died(int status, char *buf, size_t size)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		snprintf(buf, size, "reading it takes more than %d seconds of a processor",
			 POOL_CPU_SECONDS);
	else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT)
		snprintf(buf, size, "reading it takes more than %d MiB of memory",
			 POOL_MEMORY >> 20);
	else
		snprintf(buf, size, "the process that read it ended (%s %d)",
			 WIFSIGNALED(status) ? "signal" : "status",
			 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	return buf;
}

/* The worker @number is gone: its job has no answer, and another one does the rest. */
static void replace(const struct running *r, size_t number)
{
	struct worker *w = &r->workers[number];
	long at;
	int status = 0;
	char why[96];

	fd_closep(&w->fd);
	kill(w->pid, SIGKILL);
	while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
		;
	w->pid = 0;
	at = atomic_exchange(&r->board->at[number], NO_JOB);
	if (at >= 0 && at != w->answered && (size_t)at < r->pool->nr_jobs)
		r->pool->died(r->pool->ctx, (size_t)at, why_died(status, why, sizeof(why)));
	if (atomic_load(&r->board->next) < r->pool->nr_jobs)
		(void)start(r, number);
}

static void serve(const struct running *r)
{
	for (;;) {
		size_t nr = 0;

		for (size_t i = 0; i < r->pool->nr_workers; i++) {
			r->polled[i] =
				(struct pollfd){ .fd = r->workers[i].pid ? r->workers[i].fd : -1,
						 .events = POLLIN };
			nr += r->workers[i].pid != 0;
		}
		if (!nr)
			return;
		if (poll(r->polled, r->pool->nr_workers, -1) < 0)
			continue;
		for (size_t i = 0; i < r->pool->nr_workers; i++)
			if (r->polled[i].revents && !receive(r, i))
				replace(r, i);
	}
}

static int run(struct running *r, struct failure **reterr)
{
	const struct pool *p = r->pool;
	int err = 0;

	for (size_t i = 0; i < p->nr_workers; i++) {
		atomic_init(&r->board->at[i], NO_JOB);
		r->workers[i].fd = -EBADF;
	}
	for (size_t i = 0; i < p->nr_workers && !err; i++)
		err = start(r, i);
	if (err && p->nr_workers && !r->workers[0].pid)
		return failure_set(reterr, err, "cannot start a process: %s; %s", strerror(-err),
				   failure_room_advice(-err));
	serve(r);
	/* A worker that could not be replaced leaves jobs behind. */
	for (size_t at; (at = atomic_fetch_add(&r->board->next, 1)) < p->nr_jobs;)
		p->died(p->ctx, at, "no process could be started to read it");
	return 0;
}

int pool_run(const struct pool *p, struct failure **reterr)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	const size_t size = sizeof(struct board) + p->nr_workers * sizeof(atomic_long);
	struct running r = { .pool = p,
			     .workers = arena_array(a, p->nr_workers, sizeof(*r.workers)),
			     .polled = arena_array(a, p->nr_workers, sizeof(*r.polled)) };
	int ret;

	r.board = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (r.board == MAP_FAILED)
		return failure_set(reterr, -errno, "cannot share memory with processes: %s; %s",
				   strerror(errno), failure_room_advice(errno));
	fflush(NULL);
	ret = run(&r, reterr);
	munmap(r.board, size);
	for (size_t i = 0; i < p->nr_workers; i++)
		free(r.workers[i].buf);
	return ret;
}
