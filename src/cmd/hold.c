/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/hold.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/macro.h"
#include "client/abi.h"
#include "client/irq.h"

/* ---- waiting ---- */

/* The REQ interrupt of every device that has one; nr_vectors 0 for the others. */
static void watch_requests(struct acting *ac, struct irq *irqs)
{
	for (size_t i = 0; i < ac->view.nr_devices; i++) {
		const struct attach_device_view *d = &ac->view.devices[i];

		if (!(d->info.flags & VT_DEVICE_PCI))
			continue;
		for (size_t k = 0; k < d->nr_irqs; k++)
			if (d->irqs[k].index == VT_PCI_REQ && d->irqs[k].count &&
			    irq_open(&ac->client, d->device->name, ac->attachment.devices[i].fd,
				     VT_PCI_REQ, 1, &irqs[i]) != 0)
				irq_close(&irqs[i]);
	}
}

static const char *signal_name(int fd)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != sizeof(info))
		return "a signal";
	return info.ssi_signo == SIGINT    ? "SIGINT"
	       : info.ssi_signo == SIGTERM ? "SIGTERM"
					   : "SIGHUP";
}

/* What ended the wait, as text; NULL with errno set when poll failed. */
static const char *wait_for_end(struct acting *ac, struct pollfd *fds, size_t nr, int timeout_ms)
{
	int n;

	do
		n = poll(fds, nr, timeout_ms);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return NULL;
	if (!n)
		return "the time is over";
	if (fds[0].revents)
		return signal_name(fds[0].fd);
	for (size_t i = 1; i < nr; i++)
		if (fds[i].fd >= 0 && fds[i].revents)
			return arena_printf(ac->arena, "the kernel asks for %s back",
					    ac->view.devices[i - 1].device->name);
	return "an event";
}

int hold_wait(struct acting *ac, unsigned int seconds, struct failure **reterr)
{
	size_t nr = ac->view.nr_devices + 1;
	struct irq *irqs = arena_array(ac->arena, nr, sizeof(*irqs));
	struct pollfd *fds = arena_array(ac->arena, nr, sizeof(*fds));
	vt_cleanup(fd_closep) int signals = -EBADF;
	const char *why;
	sigset_t set;
	int r = 0;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (signals < 0)
		return failure_set(reterr, -errno, "cannot wait for signals: %s", strerror(errno));
	watch_requests(ac, irqs);
	fds[0] = (struct pollfd){ .fd = signals, .events = POLLIN };
	for (size_t i = 1; i < nr; i++)
		fds[i] = (struct pollfd){
			.fd = irqs[i - 1].nr_vectors ? irqs[i - 1].vectors[0].eventfd : -1,
			.events = POLLIN,
		};
	log_write(LOG_LEVEL_WARNING, "holding: SIGINT (Ctrl-C) or SIGTERM lets go");
	why = wait_for_end(ac, fds, nr,
			   seconds > INT32_MAX / 1000 ? INT32_MAX
			   : seconds                  ? (int)seconds * 1000
						      : -1);
	if (!why)
		r = failure_set(reterr, -errno, "cannot wait: %s", strerror(errno));
	for (size_t i = 0; i + 1 < nr; i++)
		if (irqs[i].nr_vectors)
			irq_close(&irqs[i]);
	acting_detach(ac);
	if (why)
		log_write(LOG_LEVEL_WARNING, "%s: let go", why);
	return r;
}

/* ---- handing over ---- */

enum { LISTEN_FDS_START = 3 };

struct handover {
	int *fds;
	size_t nr;
	const char *names;
};

/* sd_listen_fds_with_names() takes the names apart at each colon. */
static const char *escape_name(struct arena *a, const char *name)
{
	const char *ret = "";

	for (size_t len; *name; name += len) {
		len = strcspn(name, ":");
		ret = arena_printf(a, "%s%.*s%s", ret, (int)len, name, name[len] ? "\\x3a" : "");
		len += name[len] != '\0';
	}
	return ret;
}

static void hand(struct acting *ac, struct handover *h, int fd, const char *name)
{
	h->fds[h->nr++] = fd;
	name = escape_name(ac->arena, name);
	h->names = h->names ? arena_join(ac->arena, h->names, ":", name, NULL) : name;
}

static void collect(struct acting *ac, struct handover *h)
{
	const struct attachment *at = &ac->attachment;

	*h = (struct handover){
		.fds = arena_array(ac->arena, 1 + at->nr_groups + at->nr_devices, sizeof(*h->fds)),
	};
	hand(ac, h, at->space.fd, space_object(&at->space));
	for (size_t i = 0; i < at->nr_groups; i++)
		hand(ac, h, at->groups[i].fd, at->groups[i].object);
	for (size_t i = 0; i < at->nr_devices; i++)
		hand(ac, h, at->devices[i].fd,
		     arena_join(ac->arena, "device:", at->devices[i].target->name, NULL));
}

/* Puts them at 3 and up, to stay open in the program. First out of each other's way. */
static int place(const struct handover *h)
{
	int above = LISTEN_FDS_START + (int)h->nr;

	for (size_t i = 0; i < h->nr; i++) {
		h->fds[i] = fcntl(h->fds[i], F_DUPFD_CLOEXEC, above);
		if (h->fds[i] < 0)
			return -errno;
	}
	for (size_t i = 0; i < h->nr; i++)
		if (dup2(h->fds[i], LISTEN_FDS_START + (int)i) < 0)
			return -errno;
	return 0;
}

int hold_run(struct acting *ac, const char *const *argv, struct failure **reterr)
{
	struct handover h;
	int r;

	collect(ac, &h);
	r = place(&h);
	if (r < 0) {
		failure_set(reterr, r, "cannot hand descriptors to '%s': %s", argv[0],
			    strerror(-r));
		return r;
	}
	setenv("LISTEN_FDS", arena_decimal(ac->arena, (unsigned int)h.nr), 1);
	setenv("LISTEN_PID", arena_decimal(ac->arena, (unsigned int)getpid()), 1);
	setenv("LISTEN_FDNAMES", h.names, 1);
	fflush(ac->session.app->out.stream);
	execvp(argv[0], (char *const *)argv);
	r = -errno;
	return failure_set_status(reterr, r == -ENOENT ? STATUS_NO_PROGRAM : STATUS_NOT_RUN, r,
				  "cannot run '%s': %s; the devices are given back", argv[0],
				  strerror(-r));
}
