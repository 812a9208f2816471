/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>

#include "base/log.h"

enum {
	ANSWER_MAX = 1 << 20, /* bytes; a longer answer is not believed */
	TRIES_MAX = 4,        /* an answer may grow between asking for its size and for itself */
};

void client_init(struct client *c, struct sys *sys, struct arena *a)
{
	*c = (struct client){ .sys = sys, .arena = a };
}

void client_record(struct client *c, enum op op, const char *object, int ret, uint64_t ns)
{
	c->outcomes = arena_grow(c->arena, c->outcomes, c->nr_outcomes, sizeof(*c->outcomes));
	c->outcomes[c->nr_outcomes++] = (struct outcome){
		.op = op,
		.object = object,
		.ret = ret < 0 ? -1 : ret,
		.err = ret < 0 ? -ret : 0,
		.ns = ns,
	};
	if (ret < 0)
		log_write(LOG_LEVEL_DEBUG, "%s %s: %s", object, op_name(op), errno_name(ret));
	else
		log_write(LOG_LEVEL_DEBUG, "%s %s: %d", object, op_name(op), ret);
}

int client_open(struct client *c, enum op op, const char *object, const char *path)
{
	uint64_t start = c->sys->ops->now_ns(c->sys);
	int fd;

	do
		fd = c->sys->ops->open(c->sys, path, O_RDWR);
	while (fd == -EINTR);
	client_record(c, op, object, fd, c->sys->ops->now_ns(c->sys) - start);
	return fd;
}

int client_op(struct client *c, enum op op, const char *object, int fd, unsigned long request,
	      void *arg)
{
	uint64_t start = c->silent ? 0 : c->sys->ops->now_ns(c->sys);
	int ret;

	do
		ret = c->sys->ops->ioctl(c->sys, fd, request, arg);
	while (ret == -EINTR);
	if (!c->silent)
		client_record(c, op, object, ret, c->sys->ops->now_ns(c->sys) - start);
	else if (ret < 0)
		client_record(c, op, object, ret, 0);
	return ret;
}

int client_ask(struct client *c, enum op op, const char *object, int fd, unsigned long request,
	       const void *ask, size_t len, size_t room, void **ret, size_t *ret_room)
{
	for (unsigned int i = 0; i < TRIES_MAX; i++) {
		void *answer = arena_alloc(c->arena, room);
		uint32_t argsz = (uint32_t)room;
		int r;

		/* It is zero already, but a page that nobody has touched is not there yet: the request would pay for that. */
		memset(answer, 0, room);
		memcpy(answer, ask, len);
		memcpy(answer, &argsz, sizeof(argsz));
		r = client_op(c, op, object, fd, request, answer);
		if (r < 0)
			return r;
		memcpy(&argsz, answer, sizeof(argsz));
		if (argsz <= room) {
			*ret = answer;
			*ret_room = room;
			return 0;
		}
		if (argsz > ANSWER_MAX)
			break;
		room = argsz;
	}
	return -EBADMSG;
}

static const char *advice(int err)
{
	switch (err) {
	case EACCES:
	case EPERM:
		return "be root, or ask who runs this host";
	case EAGAIN:
	case EBUSY:
		return "something else uses it just now: try again";
	case EMFILE:
		return "raise 'ulimit -n'";
	case ENFILE:
		return "too many files are open on this host: close some";
	case ENOMEM:
		return "free some memory and try again";
	case EIO:
	case ENODEV:
	case ENXIO:
		return "'vfiotool list' shows whether it is still there";
	default:
		return "the kernel's log may tell why: dmesg";
	}
}

int client_failure(struct failure **reterr, int err, const char *fmt, ...)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	const char *what;
	va_list ap;

	va_start(ap, fmt);
	what = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return failure_set(reterr, err, "%s: %s (%s); %s", what, strerror(-err), errno_name(err),
			   advice(-err));
}

void client_close(struct client *c, int *fd)
{
	if (*fd >= 0)
		c->sys->ops->close(c->sys, *fd);
	*fd = -EBADF;
}

const struct outcome *client_last(const struct client *c)
{
	return c->nr_outcomes ? &c->outcomes[c->nr_outcomes - 1] : NULL;
}
