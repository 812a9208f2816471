/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/attach.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "uapi/abi.h"

/* Notes that the kernel refused, with the request that it refused. */
static int refused(struct attachment *at, int r)
{
	const struct outcome *o = client_last(at->client);

	at->refused = o->op;
	at->refused_err = o->err;
	at->refused_object = o->object;
	return r;
}

/* ---- groups ---- */

static struct attached_group *find_group(struct attachment *at, unsigned int id)
{
	for (size_t i = 0; i < at->nr_groups; i++)
		if (at->groups[i].id == id)
			return &at->groups[i];
	return NULL;
}

static int open_group(struct attachment *at, const struct attach_target *target,
		      struct attached_group **ret)
{
	struct client *c = at->client;
	struct attached_group *g = &at->groups[at->nr_groups];
	struct vt_group_status status = { .argsz = sizeof(status) };
	int r;

	*g = (struct attached_group){
		.id = target->group,
		.object = arena_printf(c->arena, "group:%u", target->group),
		.fd = -EBADF,
	};
	g->fd = client_open(c, OP_OPEN_GROUP, g->object, target->group_node);
	if (g->fd < 0)
		return refused(at, g->fd);
	at->nr_groups++;
	r = client_op(c, OP_GROUP_GET_STATUS, g->object, g->fd, VT_GROUP_GET_STATUS, &status);
	if (r < 0)
		return refused(at, r);
	g->status = status.flags;
	*ret = g;
	return 0;
}

static int join_groups(struct attachment *at)
{
	for (size_t i = 0; i < at->nr_devices; i++) {
		struct attached_device *d = &at->devices[i];
		int r;

		d->group = find_group(at, d->target->group);
		if (d->group)
			continue;
		r = open_group(at, d->target, &d->group);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < at->nr_groups; i++) {
		struct attached_group *g = &at->groups[i];
		int32_t fd = at->space.fd;
		int r = client_op(at->client, OP_GROUP_SET_CONTAINER, g->object, g->fd,
				  VT_GROUP_SET_CONTAINER, &fd);

		if (r < 0)
			return refused(at, r);
	}
	return 0;
}

static int get_device_fds(struct attachment *at)
{
	struct client *c = at->client;

	for (size_t i = 0; i < at->nr_devices; i++) {
		struct attached_device *d = &at->devices[i];
		const struct attach_target *t = d->target;
		/* linux: drivers/vfio/pci/vfio_pci_core.c: vfio_pci_core_match(). */
		char *name =
			t->vf_token ? arena_join(c->arena, t->name, " vf_token=", t->vf_token, NULL)
				    : arena_strdup(c->arena, t->name);

		d->fd = client_op(c, OP_GROUP_GET_DEVICE_FD, t->name, d->group->fd,
				  VT_GROUP_GET_DEVICE_FD, name);
		if (d->fd < 0)
			return refused(at, d->fd);
	}
	return 0;
}

/* ---- the first mapping ---- */

/* The first page of the first range with room that is not page 0: this exposes a device that reads address
 * 0 by mistake. */
static int choose_iova(const struct space_info *info, uint64_t size, uint64_t *ret)
{
	if (!info->has_ranges) {
		*ret = size;
		return 0;
	}
	for (size_t i = 0; i < info->nr_ranges; i++) {
		const struct space_range *r = &info->ranges[i];
		uint64_t start = r->start < size ? size : (r->start + size - 1) & ~(size - 1);

		if (start >= r->start && start <= r->last && r->last - start >= size - 1) {
			*ret = start;
			return 0;
		}
	}
	return -ENOSPC;
}

static int map_page(struct attachment *at, size_t page, struct failure **reterr)
{
	struct sys *sys = at->client->sys;
	uint64_t size = at->info.alignment > page ? at->info.alignment : page, iova;
	void *memory;
	int r;

	if (size > UINT64_C(1) << 30 || choose_iova(&at->info, size, &iova) < 0)
		return failure_set(reterr, -ENOSPC,
				   "no IOVA for a mapping of %#llx bytes: see the ranges that 'vfiotool inspect' tells",
				   (unsigned long long)size);
	r = sys->ops->mmap(sys, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0,
			   &memory);
	if (r < 0)
		return client_failure(reterr, r, "no memory for a mapping of %#llx bytes",
				      (unsigned long long)size);
	/* The pages are there before the kernel is asked for the mapping: so the time of the mapping does
	 * not include their first use. */
	for (uint64_t i = 0; i < size; i += page)
		((volatile unsigned char *)memory)[i] = 0;
	r = space_map(&at->space, iova, memory, size, VT_MAP_READ | VT_MAP_WRITE);
	if (r < 0)
		refused(at, r);
	else if ((r = space_unmap(&at->space, iova, size, NULL)) < 0)
		refused(at, r);
	sys->ops->munmap(sys, memory, size);
	return r;
}

/* ---- paths ---- */

static int open_space(struct attachment *at, const struct attach_request *request,
		      struct failure **reterr)
{
	int r = space_open(at->client, request->path, &at->space);

	if (r < 0)
		return refused(at, r);
	if (request->path == PATH_IOMMUFD)
		return 0;
	r = client_op(at->client, OP_GET_API_VERSION, space_object(&at->space), at->space.fd,
		      VT_GET_API_VERSION, NULL);
	if (r < 0)
		return refused(at, r);
	if (r != VT_API_VERSION)
		return failure_set(reterr, -EPROTO,
				   "%s: VFIO API version %d, and the tool speaks %d: nothing was attached; a newer vfiotool may speak it",
				   space_object(&at->space), r, VT_API_VERSION);
	return 0;
}

static int finish_info(struct attachment *at, struct failure **reterr)
{
	at->info_err = space_info(&at->space, &at->info);
	if (at->info_err == -EBADMSG)
		return failure_set(reterr, -EBADMSG,
				   "%s: the kernel's description of the address space is not understood: its capabilities loop or leave the answer",
				   space_object(&at->space));
	return at->info_err < 0 ? refused(at, at->info_err) : 0;
}

/* Answers, not steps: they are not recorded. */
static void ask_extensions(struct attachment *at, const struct attach_request *request, int *ret)
{
	struct client *c = at->client;
	size_t nr_outcomes = c->nr_outcomes;

	c->silent = true;
	for (size_t i = 0; i < request->nr_extensions; i++)
		ret[i] = space_check_extension(&at->space, request->extensions[i]);
	c->silent = false;
	c->nr_outcomes = nr_outcomes;
}

static int run_container(struct attachment *at, const struct attach_request *request, size_t page,
			 struct failure **reterr)
{
	bool noiommu = request->path == PATH_NOIOMMU;
	unsigned int type = request->type ? request->type
			    : noiommu     ? VT_NOIOMMU_IOMMU
					  : VT_TYPE1v2_IOMMU;
	int r = open_space(at, request, reterr);

	if (r < 0)
		return r;
	r = join_groups(at);
	if (r < 0)
		return r;
	ask_extensions(at, request, at->before);
	r = space_set_iommu(&at->space, type);
	if (r < 0)
		return refused(at, r);
	if (!noiommu)
		r = finish_info(at, reterr);
	if (!r && !noiommu && !request->no_map)
		r = map_page(at, page, reterr);
	if (!r)
		r = get_device_fds(at);
	if (r < 0)
		return r;
	ask_extensions(at, request, at->after);
	/* A container that iommufd serves knows its ranges only when a device is open. */
	return noiommu ? 0 : finish_info(at, reterr);
}

static int bind_device(struct attachment *at, struct attached_device *d)
{
	struct vt_bind_iommufd bind = { .argsz = VT_BIND_SIZE_6_6, .iommufd = at->space.fd };
	uint8_t token[16];
	int r;

	if (d->target->vf_token) {
		r = attach_parse_token(d->target->vf_token, token);
		if (r < 0)
			return r;
		bind.argsz = sizeof(bind);
		bind.flags = VT_BIND_TOKEN;
		bind.token = (uintptr_t)token;
	}
	r = client_op(at->client, OP_BIND_IOMMUFD, d->target->name, d->fd, VT_DEVICE_BIND_IOMMUFD,
		      &bind);
	if (r < 0)
		return refused(at, r);
	d->devid = bind.devid;
	return 0;
}

static int attach_device(struct attachment *at, struct attached_device *d)
{
	struct vt_attach_pt attach = { .argsz = sizeof(attach), .pt_id = at->space.ioas_id };
	int r = client_op(at->client, OP_ATTACH_IOMMUFD_PT, d->target->name, d->fd,
			  VT_DEVICE_ATTACH_IOMMUFD_PT, &attach);

	if (r < 0)
		return refused(at, r);
	d->hwpt_id = attach.pt_id;
	return 0;
}

static int run_iommufd(struct attachment *at, const struct attach_request *request, size_t page,
		       struct failure **reterr)
{
	int r;

	for (size_t i = 0; i < at->nr_devices; i++) {
		struct attached_device *d = &at->devices[i];

		d->fd = client_open(at->client, OP_OPEN_CDEV, d->target->name,
				    d->target->cdev_node);
		if (d->fd < 0)
			return refused(at, d->fd);
	}
	r = open_space(at, request, reterr);
	for (size_t i = 0; !r && i < at->nr_devices; i++)
		r = bind_device(at, &at->devices[i]);
	if (r < 0)
		return r;
	r = space_alloc_ioas(&at->space);
	if (r < 0)
		return refused(at, r);
	for (size_t i = 0; !r && i < at->nr_devices; i++)
		r = attach_device(at, &at->devices[i]);
	if (r < 0)
		return r;
	r = finish_info(at, reterr);
	return r || request->no_map ? r : map_page(at, page, reterr);
}

int attachment_open(struct client *c, const struct attach_request *request, struct attachment *ret,
		    struct failure **reterr)
{
	struct attachment *at = ret;

	*at = (struct attachment){
		.client = c,
		.space = { .client = c, .path = request->path, .fd = -EBADF },
		.groups = arena_array(c->arena, request->nr_targets, sizeof(*at->groups)),
		.devices = arena_array(c->arena, request->nr_targets, sizeof(*at->devices)),
		.nr_devices = request->nr_targets,
		.before = arena_array(c->arena, request->nr_extensions, sizeof(*at->before)),
		.after = arena_array(c->arena, request->nr_extensions, sizeof(*at->after)),
	};
	for (size_t i = 0; i < at->nr_devices; i++)
		at->devices[i] = (struct attached_device){
			.target = &request->targets[i],
			.fd = -EBADF,
		};
	return request->path == PATH_IOMMUFD
		       ? run_iommufd(at, request, request->page_size, reterr)
		       : run_container(at, request, request->page_size, reterr);
}

void attachment_close(struct attachment *at)
{
	for (size_t i = at->nr_devices; i--;)
		client_close(at->client, &at->devices[i].fd);
	for (size_t i = at->nr_groups; i--;)
		client_close(at->client, &at->groups[i].fd);
	space_close(&at->space);
}
