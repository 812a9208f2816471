/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices brought into one address space, along one path, step by step as the model predicts it:
 *
 *   container  OPEN_CONTAINER, each OPEN_GROUP, each GROUP_SET_CONTAINER, SET_IOMMU, MAP_DMA, each
 *              GROUP_GET_DEVICE_FD
 *   compat     the same with OPEN_IOMMUFD instead of OPEN_CONTAINER
 *   iommufd    each OPEN_CDEV, OPEN_IOMMUFD, each BIND_IOMMUFD, IOAS_ALLOC, each ATTACH_IOMMUFD_PT,
 *              IOAS_MAP
 *   noiommu    as container, without a mapping
 *
 * All groups join before SET_IOMMU, so that a refused attach always shows there. The mapping is one
 * page of the tool's own memory, taken away again at once. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "client/client.h"
#include "client/space.h"

/* What is to be attached: names from the snapshot, borrowed for the life of the attachment. */
struct attach_target {
	const char *name;       /* "0000:01:00.0" */
	unsigned int group;     /* its number */
	const char *group_node; /* "/dev/vfio/12", "/dev/vfio/noiommu-3"; NULL for iommufd */
	const char *cdev_node;  /* "/dev/vfio/devices/vfio0"; NULL where there is none */
	const char *vf_token;   /* a UUID, or NULL */
};

struct attach_request {
	enum path_kind path;
	const struct attach_target *targets;
	size_t nr_targets;
	unsigned int type; /* for SET_IOMMU; 0: TYPE1v2, NOIOMMU in no-IOMMU mode */
	size_t page_size;  /* bytes, of the processor */
	bool no_map;       /* leave the first mapping out */
	/* CHECK_EXTENSION ids to ask once the groups have joined, and once more at the end; not for
	 * iommufd. */
	const unsigned int *extensions;
	size_t nr_extensions;
};

struct attached_group {
	unsigned int id;
	const char *object; /* "group:12" */
	int fd;
	uint32_t status; /* VT_GROUP_VIABLE, VT_GROUP_CONTAINER_SET, as before joining */
};

struct attached_device {
	const struct attach_target *target;
	struct attached_group *group; /* NULL for iommufd */
	int fd;                       /* negative until it is open */
	uint32_t devid;               /* iommufd */
	uint32_t hwpt_id;             /* iommufd: the table that ATTACH_IOMMUFD_PT chose */
};

struct attachment {
	struct client *client;
	struct space space;
	struct attached_group *groups;
	size_t nr_groups;
	struct attached_device *devices; /* in the order of the targets */
	size_t nr_devices;
	struct space_info info; /* once the space was set up */
	int info_err;           /* negative errno of it, or 0 */
	/* What they said, a number or a negative errno; as many as were asked. */
	int *before, *after;
	enum op refused; /* the op that ended it, OP_NONE when all went well */
	int refused_err; /* positive errno */
	const char *refused_object;
};

/* Goes as far as the kernel lets it. 0 when all devices are attached; else the negative errno of the
 * refused request, which @ret names. The caller closes @ret in either case. Other failures (no memory to
 * map, a container of another API version: -EPROTO) come with *@reterr and without ret->refused. */
int attachment_open(struct client *c, const struct attach_request *request, struct attachment *ret,
		    struct failure **reterr);
/* Gives everything back, in the reverse order: devices, groups, space. */
void attachment_close(struct attachment *at);
/* The 16 bytes of a UUID ("8-4-4-4-12" hex digits), or -EINVAL. */
int attach_parse_token(const char *text, uint8_t ret[16]);
