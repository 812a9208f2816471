/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The texts. Pure. */
#include "bind/persist.h"

#include <errno.h>
#include <string.h>

#include "bind/persist-path.h"

/* A name must not have characters that are special to udev, modprobe or a shell. */
static bool is_plain(const char *s)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:,+@";

	return *s && *s != '.' && *s != '-' && s[strspn(s, plain)] == '\0';
}

static bool is_plain_path(const char *s)
{
	while (*s == '/') {
		const char *name = s + 1;
		char part[256];
		size_t len = strcspn(name, "/");

		if (len >= sizeof(part))
			return false;
		memcpy(part, name, len);
		part[len] = '\0';
		if (!is_plain(part))
			return false;
		s = name + len;
		if (!*s)
			return true;
	}
	return false;
}

/* A modalias as a pattern that matches only itself; NULL when it cannot be one. */
static const char *pattern(struct arena *a, const char *s)
{
	char *ret = arena_alloc(a, 3 * strlen(s) + 1);
	size_t at = 0;

	for (; *s; s++) {
		if (*s == '"' || *s == '\\' || *s == '|' || (unsigned char)*s < ' ' || *s == ']')
			return NULL;
		if (*s == '*' || *s == '?' || *s == '[') {
			ret[at++] = '[';
			ret[at++] = *s;
			ret[at++] = ']';
		} else {
			ret[at++] = *s;
		}
	}
	return at ? ret : NULL;
}

/* The match keys for the identity of this device. */
struct identity {
	const char *keys[4], *values[4];
	size_t nr;
};

static int identity_make(const struct persist_request *q, struct arena *a, struct identity *ret,
			 struct failure **reterr)
{
	const char *text;

	*ret = (struct identity){ 0 };
	if (q->has_ids) {
		*ret = (struct identity){
			.keys = { "vendor", "device", "subsystem_vendor", "subsystem_device" },
			.values = { arena_printf(a, "0x%04x", q->vendor),
				    arena_printf(a, "0x%04x", q->device),
				    arena_printf(a, "0x%04x", q->subvendor),
				    arena_printf(a, "0x%04x", q->subdevice) },
			.nr = 4,
		};
		return 0;
	}
	text = q->modalias ? pattern(a, q->modalias) : NULL;
	if (!text)
		return failure_set(reterr, -ENODATA,
				   "%s cannot be kept after a reboot: it has no identity that differs from another device at its address",
				   q->name);
	*ret = (struct identity){ .keys = { "modalias" }, .values = { text }, .nr = 1 };
	return 0;
}

static const char *heading(const struct persist_request *q, struct arena *a, const char *how)
{
	return arena_printf(a,
			    "# %s %s is kept on %s: %s, by 'vfiotool bind --persist'.\n"
			    "# 'vfiotool unbind --persist' removes this file.\n",
			    q->bus, q->name, q->driver, how);
}

static const char *match(const struct persist_request *q, struct arena *a)
{
	return arena_printf(a, "ACTION==\"add\", SUBSYSTEM==\"%s\", KERNEL==\"%s\"", q->bus,
			    q->name);
}

/* Another driver was faster: built in, in the initramfs, or loaded for another device. The device may be in use by
 * now, so vfiotool binds it with its guards after the event. The override is cleared first, so that a later undo
 * leaves none. Without systemd the device stays. */
static const char *second_try(const struct persist_request *q, struct arena *a)
{
	/* systemd: src/udev/udev-rules.c: older ones cut a command at 1024 characters (UDEV_PATH_SIZE). */
	enum { COMMAND_MAX = 900 };
	const char *ret;

	if (!q->tool || !is_plain_path(q->tool))
		return "";
	ret = arena_printf(a,
			   "; test -e /sys/bus/%s/drivers/%s/%s || test ! -e /sys/bus/%s/devices/%s/driver || { test -d /run/systemd/system && test -x %s && echo >/sys/bus/%s/devices/%s/driver_override && exec systemd-run --no-block --collect %s bind --wait 60 --driver %s %s:%s; }",
			   q->bus, q->driver, q->name, q->bus, q->name, q->tool, q->bus, q->name,
			   q->tool, q->driver, q->bus, q->name);
	return strlen(ret) > COMMAND_MAX ? "" : ret;
}

/* The override, if the identity matches; then the driver, and a probe in case the driver was loaded
 * before. */
static const char *rule_text(const struct persist_request *q, const struct identity *id,
			     struct arena *a)
{
	char *text = arena_printf(a, "%s%s", heading(q, a, "this rule does that"), match(q, a));

	for (size_t i = 0; i < id->nr; i++)
		text = arena_printf(a, "%s, ATTR{%s}==\"%s\"", text, id->keys[i], id->values[i]);
	return arena_printf(a,
			    "%s, ATTR{driver_override}=\"%s\", RUN{builtin}+=\"kmod load %s\", RUN{program}+=\"/bin/sh -c 'echo %s >/sys/bus/%s/drivers_probe%s'\"\n",
			    text, q->driver, q->driver, q->name, q->bus, second_try(q, a));
}

/* driverctl only knows addresses: if another device is at the address, its service is not started. The rule
 * comes after that of driverctl. */
static const char *refusal_text(const struct persist_request *q, const struct identity *id,
				struct arena *a)
{
	const char *text = heading(q, a, "by driverctl");

	text = arena_printf(a, "%s# Another device at that address keeps its driver:\n", text);
	for (size_t i = 0; i < id->nr; i++)
		text = arena_printf(a, "%s%s, ATTR{%s}!=\"%s\", ENV{SYSTEMD_WANTS}=\"\"\n", text,
				    match(q, a), id->keys[i], id->values[i]);
	return text;
}

int persist_make(const struct persist_request *q, struct arena *a, struct persist_file **ret,
		 size_t *ret_nr, struct failure **reterr)
{
	struct persist_file *files = arena_array(a, 3, sizeof(*files));
	struct identity id;
	size_t nr = 0;
	int r;

	if (!is_plain(q->bus) || !is_plain(q->name) || !is_plain(q->driver) ||
	    (q->module && !is_plain(q->module)))
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
					  "%s on %s cannot be kept after a reboot: the name has characters that a udev rule cannot hold",
					  q->name, q->driver);
	r = identity_make(q, a, &id, reterr);
	if (r < 0)
		return r;
	/* The refusal first, so that there is never an override without it. */
	files[nr].path = persist_rule_path(a, q->bus, q->name);
	files[nr++].text = q->driverctl ? refusal_text(q, &id, a) : rule_text(q, &id, a);
	if (q->driverctl) {
		files[nr].path = persist_driverctl_path(a, q->bus, q->name);
		files[nr++].text = arena_printf(a, "%s\n", q->driver);
	} else if (q->module) {
		/* Loading the other driver loads this one first. */
		files[nr].path = persist_modprobe_path(a, q->bus, q->name);
		files[nr++].text =
			arena_printf(a, "%ssoftdep %s pre: %s\n",
				     heading(q, a, "a udev rule does that"), q->module, q->driver);
	}
	/* dracut includes rules and drivers of this host only in an image for this host. driverctl runs later and
	 * takes the device from any driver. */
	if (q->dracut && !q->driverctl) {
		const char *rule = files[0].path, *conf = nr > 1 ? files[1].path : NULL;

		files[nr].path = persist_dracut_path(a, q->bus, q->name);
		files[nr++].text =
			arena_printf(a, "%sadd_drivers+=\" %s \"\ninstall_items+=\" /%s %s%s\"\n",
				     heading(q, a, "also in the initramfs"), q->driver, rule,
				     conf ? "/" : "", conf ? arena_printf(a, "%s ", conf) : "");
	}
	*ret = files;
	*ret_nr = nr;
	return 0;
}
