/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/attach-hold.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/macro.h"
#include "uapi/abi.h"
#include "client/irq.h"
#include "run/spawn.h"

struct hold {
	struct attached *ac;
	struct irq *requests; /* one for each device that has it, in the order of the devices */
	const char **names;   /* of their devices */
	size_t nr;
	int signals; /* descriptor */
	sigset_t before;
};

/* ---- the kernel's wish ---- */

static bool has_request(const struct attach_device_view *d)
{
	if (!(d->info.flags & VT_DEVICE_PCI))
		return false;
	for (size_t i = 0; i < d->nr_irqs; i++)
		if (d->irqs[i].index == VT_PCI_REQ)
			return d->irqs[i].count > 0;
	return false;
}

bool hold_listen(struct attached *ac, size_t i, struct irq *ret)
{
	const struct attach_device_view *d = &ac->view.devices[i];
	const char *name = d->device->name;
	bool silent = ac->client.silent, listens;

	if (!has_request(d))
		return false;
	ac->client.silent = true;
	listens =
		irq_open(&ac->client, name, ac->attachment.devices[i].fd, VT_PCI_REQ, 1, ret) == 0;
	ac->client.silent = silent;
	if (!listens)
		log_write(LOG_LEVEL_WARNING, "%s: it does not report when the kernel wants it back",
			  name);
	return listens;
}

/* Connects the REQ interrupt of each device: the kernel wants it back.
 * linux: drivers/vfio/pci/vfio_pci_core.c: vfio_pci_core_request(). */
static void open_requests(struct hold *h)
{
	struct attached *ac = h->ac;
	size_t nr = ac->view.nr_devices;

	h->requests = arena_array(ac->arena, nr, sizeof(*h->requests));
	h->names = arena_array(ac->arena, nr, sizeof(*h->names));
	ac->client.silent = true;
	for (size_t i = 0; i < nr; i++)
		if (hold_listen(ac, i, &h->requests[h->nr]))
			h->names[h->nr++] = ac->view.devices[i].device->name;
}

/* The devices go first: their eventfds are the kernel's until then. */
static void let_go(struct hold *h)
{
	attached_detach(h->ac);
	for (size_t i = 0; i < h->nr; i++) {
		h->requests[i].active = false;
		irq_close(&h->requests[i]);
	}
	h->nr = 0;
}

/* The device that the kernel wants back, or NULL. */
static const char *find_request(struct hold *h)
{
	for (size_t i = 0; i < h->nr; i++)
		if (irq_collect(&h->requests[i]) < 0 || irq_total(&h->requests[i]))
			return h->names[i];
	return NULL;
}

/* ---- signals ---- */

static int block_signals(struct hold *h, struct failure **reterr)
{
	static const int wanted[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		sigaddset(&set, wanted[i]);
	sigprocmask(SIG_BLOCK, &set, &h->before);
	h->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (h->signals >= 0)
		return 0;
	return failure_set(reterr, -errno, "cannot wait for signals: %s; %s", strerror(errno),
			   failure_room_advice(errno));
}

/* With a signal in @ret; false when there is none. */
static bool next_signal(const struct hold *h, struct signalfd_siginfo *ret)
{
	return read(h->signals, ret, sizeof(*ret)) == (ssize_t)sizeof(*ret);
}

/* Sleeps until a signal or a request comes; false when @timeout_ms (-1: none) ends first. */
static bool wait_event(struct hold *h, int timeout_ms)
{
	struct pollfd *fds = arena_array(h->ac->arena, h->nr + 1, sizeof(*fds));

	fds[0] = (struct pollfd){ .fd = h->signals, .events = POLLIN };
	for (size_t i = 0; i < h->nr; i++)
		fds[i + 1] = (struct pollfd){ .fd = h->requests[i].vectors[0].eventfd,
					      .events = POLLIN };
	return poll(fds, h->nr + 1, timeout_ms) != 0;
}

static int hold_begin(struct attached *ac, struct hold *ret, struct failure **reterr)
{
	*ret = (struct hold){ .ac = ac, .signals = -EBADF };
	open_requests(ret);
	return block_signals(ret, reterr);
}

static void hold_end(struct hold *h)
{
	let_go(h);
	fd_closep(&h->signals);
	sigprocmask(SIG_SETMASK, &h->before, NULL);
}

/* ---- held by the tool ---- */

static const char *signal_name(uint32_t number)
{
	return number == SIGINT    ? "SIGINT"
	       : number == SIGTERM ? "SIGTERM"
	       : number == SIGHUP  ? "SIGHUP"
	       : number == SIGQUIT ? "SIGQUIT"
				   : NULL;
}

/* What ends the wait, as text. */
static const char *wait_end(struct hold *h, unsigned int seconds)
{
	struct sys *sys = sys_live();
	uint64_t end = sys->ops->now_ns(sys) + seconds * UINT64_C(1000000000);

	for (;;) {
		struct signalfd_siginfo info;
		const char *name;
		int timeout = -1;

		if (seconds) {
			uint64_t now = sys->ops->now_ns(sys);
			uint64_t left = now < end ? (end - now) / 1000000 + 1 : 0;

			timeout = left < INT32_MAX ? (int)left : INT32_MAX;
			if (!left)
				return "the time has ended";
		}
		wait_event(h, timeout);
		name = find_request(h);
		if (name)
			return arena_printf(h->ac->arena, "the kernel asks for %s back", name);
		while (next_signal(h, &info))
			if (signal_name(info.ssi_signo))
				return signal_name(info.ssi_signo);
	}
}

int hold_wait(struct attached *ac, unsigned int seconds, struct failure **reterr)
{
	const char *why = NULL;
	struct hold h;
	int r = hold_begin(ac, &h, reterr);

	if (r >= 0) {
		log_write(LOG_LEVEL_WARNING,
			  "holding: SIGINT (Ctrl-C) or SIGTERM releases everything");
		why = wait_end(&h, seconds);
	}
	let_go(&h);
	if (why)
		log_write(LOG_LEVEL_WARNING, "%s: everything is released", why);
	hold_end(&h);
	return r;
}

/* ---- held by a program ---- */

/* What comes from the terminal has reached the program as well. */
static bool is_to_pass_on(const struct signalfd_siginfo *info)
{
	if (info->ssi_signo == SIGCHLD)
		return false;
	return (info->ssi_signo != SIGINT && info->ssi_signo != SIGQUIT) ||
	       info->ssi_code != SI_KERNEL;
}

/* Until the program has ended: its status as a shell tells it. */
static int wait_program(struct hold *h, pid_t pid)
{
	int status;

	while (!spawn_ended(pid, &status)) {
		struct signalfd_siginfo info;
		const char *wanted;

		wait_event(h, -1);
		while (next_signal(h, &info))
			if (is_to_pass_on(&info))
				kill(pid, (int)info.ssi_signo);
		wanted = find_request(h);
		if (!wanted)
			continue;
		log_write(LOG_LEVEL_WARNING,
			  "the kernel asks for %s back: the program gets SIGTERM", wanted);
		kill(pid, SIGTERM);
		/* Once is enough: the kernel asks again and again. */
		for (size_t i = 0; i < h->nr; i++)
			h->requests[i].active = false;
		for (size_t i = 0; i < h->nr; i++)
			irq_close(&h->requests[i]);
		h->nr = 0;
	}
	return status;
}

int hold_run(struct attached *ac, char **argv, struct failure **reterr)
{
	struct attachment *at = &ac->attachment;
	size_t max = hold_descriptors_max(at);
	struct spawn i = {
		.argv = argv,
		.fds = arena_array(ac->arena, max, sizeof(*i.fds)),
		.path = path_kind_name(ac->path),
		.ioas_id = at->space.ioas_id,
	};
	const char **names = arena_array(ac->arena, max, sizeof(*names));
	struct hold h;
	pid_t pid;
	int r = hold_begin(ac, &h, reterr);

	if (r >= 0) {
		i.nr = hold_descriptors(at, ac->arena, i.fds, names);
		i.names = hold_join_names(names, i.nr, ac->arena);
		i.mask = &h.before;
		fflush(NULL);
		r = spawn_start(&i, &pid, reterr);
	}
	if (r >= 0) {
		attached_detach(ac);
		r = wait_program(&h, pid);
	}
	hold_end(&h);
	return r;
}

/* ---- descriptors and their names ---- */

size_t hold_descriptors_max(const struct attachment *at)
{
	return 1 + at->nr_groups + at->nr_devices;
}

size_t hold_descriptors(const struct attachment *at, struct arena *a, int *fds, const char **names)
{
	size_t nr = 0;

	fds[nr] = at->space.fd;
	names[nr++] = space_object(&at->space);
	for (size_t i = 0; i < at->nr_groups; i++) {
		fds[nr] = at->groups[i].fd;
		names[nr++] = at->groups[i].object;
	}
	for (size_t i = 0; i < at->nr_devices; i++) {
		fds[nr] = at->devices[i].fd;
		names[nr++] = arena_join(a, "device:", at->devices[i].target->name, NULL);
	}
	return nr;
}

const char *hold_join_names(const char *const *names, size_t nr, struct arena *a)
{
	size_t len = 1, at = 0;
	char *ret;

	for (size_t i = 0; i < nr; i++)
		len += 2 * strlen(names[i]) + 1;
	ret = arena_alloc(a, len);
	for (size_t i = 0; i < nr; i++) {
		if (i)
			ret[at++] = ':';
		for (const char *c = names[i]; *c; c++) {
			if (*c == ':' || *c == '\\')
				ret[at++] = '\\';
			ret[at++] = *c;
		}
	}
	return ret;
}
