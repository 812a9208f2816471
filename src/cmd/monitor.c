/* SPDX-License-Identifier: GPL-2.0-or-later */
/* monitor: follows devices, drivers, groups and nodes as they come and go. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/macro.h"
#include "base/parse.h"
#include "facts/watch.h"
#include "report/event.h"
#include "report/suggest.h"
#include "run/session.h"
#include "cmd/commands.h"

struct monitor_args {
	struct operands targets;
	enum watch_source source;
	uint32_t count, timeout; /* 0: no limit; seconds */
	bool json;
};

struct monitor {
	struct session session;
	struct watch *watch;
	const struct monitor_args *args;
	int signals;
	uint64_t end_ns; /* of CLOCK_MONOTONIC; 0: none */
	uint32_t seen;
};

enum { OPT_COUNT = OPT_COMMAND_FIRST, OPT_TIMEOUT, OPT_SOURCE };

static error_t parse_source(struct parse *p, struct monitor_args *args, const char *arg)
{
	static const char *const names[] = { "auto", "udev", "kernel", "both" };
	unsigned int source = 0;
	error_t err = parse_choice(p, "source", arg, names, ARRAY_SIZE(names), &source);

	args->source = (enum watch_source)source;
	return err;
}

static error_t parse_number(struct parse *p, uint32_t *ret, const char *arg, const char *option,
			    const char *what)
{
	if (parse_u32(arg, 10, ret) < 0 || !*ret)
		return parse_fail(p, "'--%s=%s' must be a number of %s from 1 to %" PRIu32, option,
				  arg, what, UINT32_MAX);
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct parse *p = state->input;
	struct monitor_args *args = p ? p->args : NULL;

	switch (key) {
	case ARGP_KEY_ARG:
		operands_add(&args->targets, p->app, arg);
		return 0;
	case OPT_COUNT:
		return parse_number(p, &args->count, arg, "count", "events");
	case OPT_TIMEOUT:
		return parse_number(p, &args->timeout, arg, "timeout", "seconds");
	case OPT_SOURCE:
		return parse_source(p, args, arg);
	case 'J':
		args->json = true;
		return 0;
	default:
		return command_parse_default(key, state);
	}
}

static const struct argp_option options[] = {
	{ "count", OPT_COUNT, "NUMBER", 0, "end after this many events", 1 },
	{ "timeout", OPT_TIMEOUT, "SECONDS", 0, "end after this time", 1 },
	{ "source", OPT_SOURCE, "SOURCE", 0,
	  "auto, udev (after its rules), kernel (before them), or both", 1 },
	{ "json", 'J', NULL, 0, "JSON, one object a line", 1 },
	{ 0 },
};

static const struct argp argp = { .options = options,
				  .parser = parse,
				  .children = global_children };

static uint64_t now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static bool is_wanted(const struct monitor *m, const struct host_event *e)
{
	const struct session *s = &m->session;

	for (size_t i = 0; i < s->nr_targets; i++)
		if (watch_covers(m->watch, s->host, &s->targets[i], e))
			return true;
	return !s->nr_targets;
}

/* Whether --count events were seen. */
static bool is_enough(const struct monitor *m)
{
	return m->args->count && m->seen >= m->args->count;
}

/* 0, or the negative errno of writing. */
static int tell(struct monitor *m)
{
	const struct output *out = &m->session.app->out;
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct host_event *events;
	size_t nr;
	int r = 0;

	watch_collect(m->watch, a, &events, &nr);
	for (size_t i = 0; i < nr && r >= 0 && !is_enough(m); i++) {
		if (!is_wanted(m, &events[i]))
			continue;
		events[i].time_us = now_ns(CLOCK_REALTIME) / 1000;
		r = m->args->json ? event_json(out, &events[i], a) : event_text(out, &events[i], a);
		m->seen++;
	}
	return r;
}

/* Milliseconds that are left, -1 for no limit, 0 when the time is over. */
static int time_left(const struct monitor *m)
{
	uint64_t now, left;

	if (!m->end_ns)
		return -1;
	now = now_ns(CLOCK_MONOTONIC);
	left = now < m->end_ns ? (m->end_ns - now) / 1000000 + 1 : 0;
	return left < INT32_MAX ? (int)left : INT32_MAX;
}

/* A closed pipe is a normal end. */
static int end_of_reader(FILE *stream, int r, struct failure **reterr)
{
	if (r != -EPIPE)
		return answer_lost(-r, reterr);
	__fpurge(stream);
	clearerr(stream);
	return STATUS_OK;
}

static int follow(struct monitor *m, struct failure **reterr)
{
	FILE *stream = m->session.app->out.stream;

	while (!is_enough(m)) {
		struct pollfd fds[5];
		int watched[3], left = time_left(m);
		size_t nr = watch_fds(m->watch, watched);
		int r;

		if (!left)
			return m->args->count ? STATUS_NO : STATUS_OK;
		for (size_t i = 0; i < nr; i++)
			fds[i] = (struct pollfd){ .fd = watched[i], .events = POLLIN };
		fds[nr] = (struct pollfd){ .fd = m->signals, .events = POLLIN };
		/* The reader may go away while nothing happens. */
		fds[nr + 1] = (struct pollfd){ .fd = fileno(stream) };
		if (poll(fds, nr + 2, left) < 0 && errno != EINTR)
			return failure_set(reterr, -errno, "cannot wait for events: %s; %s",
					   strerror(errno), failure_room_advice(errno));
		if (fds[nr].revents || fds[nr + 1].revents & POLLERR)
			return STATUS_OK;
		r = tell(m);
		if (r < 0)
			return end_of_reader(stream, r, reterr);
	}
	return STATUS_OK;
}

static int block_signals(struct monitor *m, struct failure **reterr)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	m->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (m->signals >= 0)
		return 0;
	return failure_set(reterr, -errno, "cannot wait for signals: %s; %s", strerror(errno),
			   failure_room_advice(errno));
}

/* Whether @target can be waited for: a path, node or interface has to exist already. */
static bool may_come(const struct target *t)
{
	return t->kind != TARGET_PATH && t->kind != TARGET_CDEV && t->kind != TARGET_CLASS_DEVICE;
}

/* Loads the whole host, because a device that is waited for may not exist yet; then looks up those that
 * must exist. */
static int load(struct monitor *m, struct app *app, struct failure **reterr)
{
	const struct scope scope = { .host_parts = HOST_NODES,
				     .device_parts = DEVICE_BASE | DEVICE_VFIO };
	struct session *s = &m->session;
	const struct operands *asked = &m->args->targets;
	struct operands there = { 0 };
	int r;

	s->app = app;
	for (size_t i = 0; i < asked->nr; i++) {
		struct target t;

		r = target_parse(app->arena, asked->items[i], &t, reterr);
		if (r < 0)
			return r;
		if (!may_come(&t))
			operands_add(&there, app, asked->items[i]);
	}
	r = session_open(s, app, &there, &scope, reterr);
	if (r < 0)
		return r;
	s->targets = arena_array(app->arena, asked->nr, sizeof(*s->targets));
	s->nr_targets = asked->nr;
	for (size_t i = 0; i < asked->nr; i++)
		(void)!target_parse(app->arena, asked->items[i], &s->targets[i], NULL);
	return 0;
}

static int run(struct app *app, void *data, struct failure **reterr)
{
	const struct monitor_args *args = data;
	struct monitor m = { .args = args, .signals = -EBADF };
	int r;

	if (app->sysroot)
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
					  "monitor follows the running system and a capture has no events: leave out --sysroot");
	r = load(&m, app, reterr);
	if (r >= 0)
		r = block_signals(&m, reterr);
	if (r >= 0)
		r = watch_open(m.session.root, m.session.host, args->source, &m.watch, reterr);
	if (r >= 0) {
		if (args->timeout)
			m.end_ns = now_ns(CLOCK_MONOTONIC) + args->timeout * UINT64_C(1000000000);
		log_write(LOG_LEVEL_INFO, "listening for events of %s", watch_source_name(m.watch));
		r = follow(&m, reterr);
	}
	watch_free(m.watch);
	fd_closep(&m.signals);
	session_close(&m.session);
	return r;
}

const struct command command_monitor = {
	.name = "monitor",
	.summary = "Follow devices, drivers, groups and nodes as they come and go",
	.operands = "[TARGET...]",
	.argp = &argp,
	.args_size = sizeof(struct monitor_args),
	.run = run,
	.documents = (const struct field_table *const[]){ &event_fields, NULL },
};
