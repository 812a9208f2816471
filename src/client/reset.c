/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/reset.h"

#include <errno.h>

#include "uapi/abi.h"

enum {
	/* A bus has 256 functions, and what is below it up to 256 buses. */
	DEVICES_MAX = 1 << 16,
	DEVICES_FIRST = 16,
	TRIES_MAX = 4,
};

int reset_function(struct client *c, const char *object, int fd)
{
	return client_op(c, OP_DEVICE_RESET, object, fd, VT_DEVICE_RESET, NULL);
}

static enum reset_owner find_owner(const struct attachment *at, const struct reset_scope *s,
				   uint32_t id)
{
	if (s->by_devid)
		return id == UINT32_MAX ? RESET_FOREIGN : RESET_OURS;
	for (size_t i = 0; i < at->nr_groups; i++)
		if (at->groups[i].id == id)
			return RESET_OURS;
	return RESET_FOREIGN;
}

static int read_scope(struct attachment *at, const struct vt_hot_reset_info *info, size_t room,
		      struct reset_scope *ret)
{
	const struct vt_hot_reset_device *from = (const void *)(info + 1);
	struct arena *a = at->client->arena;

	if (!info->count || info->count > room)
		return -EBADMSG;
	*ret = (struct reset_scope){
		.devices = arena_array(a, info->count, sizeof(*ret->devices)),
		.nr_devices = info->count,
		.by_devid = info->flags & VT_HOT_RESET_DEV_ID,
		.owned = info->flags & VT_HOT_RESET_DEV_ID_OWNED,
	};
	for (size_t i = 0; i < ret->nr_devices; i++)
		ret->devices[i] = (struct reset_device){
			.segment = from[i].segment,
			.bus = from[i].bus,
			.devfn = from[i].devfn,
			.name = arena_printf(a, "%04x:%02x:%02x.%u", from[i].segment, from[i].bus,
					     from[i].devfn >> 3, from[i].devfn & 7U),
			.has_group = !ret->by_devid,
			.id = from[i].id,
			.owner = find_owner(at, ret, from[i].id),
		};
	return 0;
}

int reset_find_scope(struct attachment *at, const struct attached_device *d,
		     struct reset_scope *ret)
{
	struct client *c = at->client;
	size_t room = DEVICES_FIRST;

	for (unsigned int i = 0; i < TRIES_MAX; i++) {
		size_t len = sizeof(struct vt_hot_reset_info) +
			     room * sizeof(struct vt_hot_reset_device);
		struct vt_hot_reset_info *info = arena_alloc(c->arena, len);
		int r;

		info->argsz = (uint32_t)len;
		r = client_op(c, OP_DEVICE_GET_PCI_HOT_RESET_INFO, d->target->name, d->fd,
			      VT_DEVICE_GET_PCI_HOT_RESET_INFO, info);
		/* Devices that came between two requests: once more. */
		if (r == -EAGAIN)
			continue;
		if (r != -ENOSPC)
			return r < 0 ? r : read_scope(at, info, room, ret);
		if (info->count <= room || info->count > DEVICES_MAX)
			return -EBADMSG;
		room = info->count;
	}
	return -EAGAIN;
}

bool reset_scope_is_ours(const struct reset_scope *s)
{
	for (size_t i = 0; i < s->nr_devices; i++)
		if (s->devices[i].owner != RESET_OURS)
			return false;
	return s->nr_devices && (!s->by_devid || s->owned);
}

static bool is_listed(const struct reset_scope *s, unsigned int group)
{
	for (size_t i = 0; i < s->nr_devices; i++)
		if (s->devices[i].id == group)
			return true;
	return false;
}

int reset_hot(struct attachment *at, const struct attached_device *d, const struct reset_scope *s)
{
	size_t nr = s->by_devid ? 0 : at->nr_groups;
	size_t len = sizeof(struct vt_hot_reset) + nr * sizeof(int32_t);
	struct vt_hot_reset *reset;
	int32_t *fds;

	if (!reset_scope_is_ours(s))
		return -EPERM;
	reset = arena_alloc(at->client->arena, len);
	fds = (void *)(reset + 1);
	/* Each group once, and none that has nothing to do with it: more than there are devices are
	 * refused. */
	for (size_t i = 0; i < nr; i++)
		if (is_listed(s, at->groups[i].id))
			fds[reset->count++] = at->groups[i].fd;
	reset->argsz = (uint32_t)len;
	return client_op(at->client, OP_DEVICE_PCI_HOT_RESET, d->target->name, d->fd,
			 VT_DEVICE_PCI_HOT_RESET, reset);
}
