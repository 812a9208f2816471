/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/faults.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>

#include "decode/fault.h"

enum {
	RECORD_MAX = 8192,     /* linux: kernel/printk/printk.c: PRINTK_MESSAGE_MAX is less */
	RECORDS_MAX = 1 << 18, /* read in one go */
	SILENT_SHARE = 10,
};

/* One record, its length; 0 when there is none now, or a negative errno. */
static ssize_t read_record(const struct faults *f, char *buf, size_t size)
{
	struct sys *sys = f->client->sys;
	ssize_t n;

	do
		n = sys->ops->read(sys, f->fd, buf, size);
	/* EPIPE: lines were overwritten before they were read; the next read goes on behind them. */
	while (n == -EINTR || n == -EPIPE);
	return n == -EAGAIN ? 0 : n;
}

void faults_skip(struct faults *f)
{
	char buf[RECORD_MAX];

	for (unsigned int i = 0; f->fd >= 0 && i < RECORDS_MAX; i++)
		if (read_record(f, buf, sizeof(buf)) <= 0)
			return;
}

void faults_open(struct client *c, struct faults *ret)
{
	*ret = (struct faults){ .client = c };
	ret->fd = c->sys->ops->open(c->sys, "/dev/kmsg", O_RDONLY | O_NONBLOCK);
	faults_skip(ret);
}

void faults_close(struct faults *f)
{
	if (f->fd >= 0)
		f->client->sys->ops->close(f->client->sys, f->fd);
	f->fd = -EBADF;
}

/* What is in the log now: the line sought, or NULL. */
static const char *look(struct faults *f, uint64_t iova, uint64_t size)
{
	char buf[RECORD_MAX];

	for (unsigned int i = 0; i < RECORDS_MAX; i++) {
		ssize_t n = read_record(f, buf, sizeof(buf));
		struct dma_fault fault;
		struct span text;

		if (n <= 0)
			return NULL;
		text = kmsg_text((struct span){ buf, (size_t)n });
		if (!fault_parse(text, &fault) && fault.address >= iova &&
		    fault.address - iova < size)
			return arena_strndup(f->client->arena, text.s, text.len);
	}
	return NULL;
}

const char *faults_wait(struct faults *f, uint64_t iova, uint64_t size, int timeout_ms)
{
	struct sys *sys = f->client->sys;
	/* An IOMMU that reported none before hardly does now, and five claims would wait for it. */
	uint64_t end = sys->ops->now_ns(sys) +
		       (uint64_t)timeout_ms * 1000000U / (f->silent ? SILENT_SHARE : 1);
	struct pollfd poll = { .fd = f->fd, .events = POLLIN };

	for (;;) {
		const char *line = f->fd < 0 ? NULL : look(f, iova, size);
		uint64_t now = sys->ops->now_ns(sys);
		int r;

		if (line || f->fd < 0 || now >= end) {
			f->silent = !line;
			return line;
		}
		r = sys->ops->poll(sys, &poll, 1, (int)((end - now) / 1000000U) + 1);
		if (r < 0 && r != -EINTR)
			return NULL;
	}
}
