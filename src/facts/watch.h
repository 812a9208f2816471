/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Follows changes of devices: uevents through libudev, nodes through inotify. Groups are looked at after
 * each event, because the kernel sends none for them. */
#pragma once

#include <stddef.h>

#include "base/failure.h"
#include "sysroot/sysroot.h"
#include "facts/event.h"
#include "facts/target.h"

enum watch_source {
	WATCH_AUTO = 0, /* udev's events when udevd runs, else the kernel's */
	WATCH_UDEV,     /* after udev's rules were applied */
	WATCH_KERNEL,   /* as the kernel sends them; needs no udevd */
	WATCH_BOTH,
};

struct watch;

/* Begins to listen; from now on nothing is missed. @h has what is there already, loaded with drivers and
 * groups. @root is the live system, borrowed. */
int watch_open(struct sysroot *root, const struct host *h, enum watch_source source,
	       struct watch **ret, struct failure **reterr);
void watch_free(struct watch *w);
/* "udev", "kernel" or "udev and kernel". Static. */
const char *watch_source_name(const struct watch *w);
/* The descriptors to wait for; at most three. Returns how many. */
size_t watch_fds(const struct watch *w, int fds[3]);
/* The events there are without waiting, in order; array and strings in @a. Never fails: lost events are
 * reported as an event. */
void watch_collect(struct watch *w, struct arena *a, struct host_event **ret, size_t *ret_nr);
/* Whether @e is about something that @t names. @h says what paths, nodes and interfaces led to. */
bool watch_covers(const struct watch *w, const struct host *h, const struct target *t,
		  const struct host_event *e);
