/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ways to a device: container, no-IOMMU, iommufd, and a container that iommufd serves. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "prober.h"

/* Opens the group of @device: @prefix is "" or "noiommu-". Without a group there is no node to name. */
static int open_group(const char *device, const char *prefix)
{
	char group[64], path[128];

	device_link(group, sizeof(group), device, "iommu_group");
	if (!group[0]) {
		step("OPEN_GROUP", ENOENT, -1, ",\"device\":\"%s\",\"group\":null", device);
		return -1;
	}
	snprintf(path, sizeof(path), "/dev/vfio/%s%s", prefix, group);
	return open_step("OPEN_GROUP", path);
}

static bool group_status(int fd)
{
	struct pr_group_status status = { .argsz = sizeof(status) };
	int error;

	ask(fd, PR_GROUP_GET_STATUS, &status, &error);
	return step("GROUP_GET_STATUS", error, status.flags, ",\"viable\":%s",
		    status.flags & 1 ? "true" : "false");
}

static bool join(const char *device, const char *prefix, int container, int *ret)
{
	int error;

	*ret = open_group(device, prefix);
	if (*ret < 0 || !group_status(*ret))
		return false;
	ask(*ret, PR_GROUP_SET_CONTAINER, &container, &error);
	return step("GROUP_SET_CONTAINER", error, 0, ",\"device\":\"%s\"", device);
}

static bool get_device(const struct request *request, int group, const char *device)
{
	char name[256];
	int error;

	snprintf(name, sizeof(name), request->token ? "%s vf_token=%s" : "%s", name_of(device),
		 request->token);
	int fd = (int)ask(group, PR_GROUP_GET_DEVICE_FD, name, &error);
	return step("GROUP_GET_DEVICE_FD", error, error ? -1 : 0, ",\"device\":\"%s\"", device) &&
	       get_device_info(fd, request->info);
}

static bool set_iommu(int container, int type)
{
	int error;

	ask(container, PR_SET_IOMMU, (void *)(uintptr_t)type, &error);
	return step("SET_IOMMU", error, 0, ",\"type\":%d", type);
}

/* The device whose number is @i: 0 is the one asked for, then the others. */
static const char *device_at(const struct request *request, unsigned i)
{
	return i ? request->with[i - 1] : request->device;
}

/* Joins the group of each device, once only if two share it and nobody asked for more. */
static bool join_all(const struct request *request, const char *prefix, int container, int *groups)
{
	char group[64], other[64];

	for (unsigned i = 0; i <= request->nr_with; i++) {
		groups[i] = -1;
		device_link(group, sizeof(group), device_at(request, i), "iommu_group");
		for (unsigned j = 0; j < i && !request->again; j++) {
			device_link(other, sizeof(other), device_at(request, j), "iommu_group");
			if (!strcmp(group, other))
				groups[i] = groups[j];
		}
		if (groups[i] < 0 && !join(device_at(request, i), prefix, container, &groups[i]))
			return false;
	}
	return true;
}

/* Everything from an open container on; the same requests whoever serves it. */
static int use_container(const struct request *request, int container, const char *prefix)
{
	struct ranges ranges = { .nr = 0 };
	struct space space = { .fd = container };
	int groups[MAX_WITH + 1], error;
	bool mapped = request->type != PR_NOIOMMU;

	int64_t version = ask(container, PR_GET_API_VERSION, NULL, &error);
	printf("{\"fact\":\"api_version\",\"value\":%" PRId64 "}\n", version);
	print_extensions(container, "before");
	if (!join_all(request, prefix, container, groups))
		return finish(false);
	print_extensions(container, "joined");
	if (!set_iommu(container, request->type))
		return finish(false);
	print_extensions(container, "after");
	if (mapped && (!get_iommu_info(container, &ranges) || !map_once(&space, request, &ranges)))
		return finish(false);
	for (unsigned i = 0; i <= request->nr_with; i++)
		if (!get_device(request, groups[i], device_at(request, i)))
			return finish(false);
	/* An iommufd that serves as container attaches only now: ask again what it can do. */
	print_extensions(container, "attached");
	if (mapped && !get_iommu_info(container, &ranges))
		return finish(false);
	do_requests(&space, request, &ranges);
	for (unsigned i = 0; request->let_go && i <= request->nr_with; i++)
		close(groups[i]);
	return finish_or_hold(request, true);
}

int run_container(const struct request *request)
{
	int container = open_step("OPEN_CONTAINER", "/dev/vfio/vfio");

	return container < 0 ? finish(false) : use_container(request, container, "");
}

int run_noiommu(struct request *request)
{
	int container = open_step("OPEN_CONTAINER", "/dev/vfio/vfio");

	request->type = PR_NOIOMMU;
	return container < 0 ? finish(false) : use_container(request, container, "noiommu-");
}

int run_compat(const struct request *request)
{
	int iommufd = open_step("OPEN_IOMMUFD", "/dev/iommu");

	return iommufd < 0 ? finish(false) : use_container(request, iommufd, "");
}

/* Opens the device's own node; its name is that of the only folder in vfio-dev. */
static int open_cdev(const char *device)
{
	char path[512], node[384];
	struct dirent *entry;
	bool found = false;

	device_path(path, sizeof(path), device, "vfio-dev");
	DIR *folder = opendir(path);
	while (folder && !found && (entry = readdir(folder))) {
		found = entry->d_name[0] != '.';
		if (found)
			snprintf(node, sizeof(node), "/dev/vfio/devices/%s", entry->d_name);
	}
	if (folder)
		closedir(folder);
	if (found)
		return open_step("OPEN_CDEV", node);
	step("OPEN_CDEV", ENOENT, -1, ",\"path\":null");
	return -1;
}

/* The 16 bytes of @text, in its order: pairs of hexadecimal digits with dashes between some. */
static void read_token(const char *text, unsigned char token[16])
{
	unsigned n = 0;

	for (const char *from = text; *from && n < 16; from += 2) {
		char pair[3] = { 0 };

		from += *from == '-';
		memcpy(pair, from, from[0] ? 2 : 1);
		token[n++] = (unsigned char)strtoul(pair, NULL, 16);
		if (!pair[1])
			break;
	}
	if (n != 16)
		stop("%s: no token", text);
}

/* Opens a device's own node and gives it to @iommufd, which is opened with the first one. */
static bool bind_cdev(const struct request *request, const char *device, int *iommufd,
		      int *ret_cdev, uint32_t *ret_id)
{
	unsigned char token[16];
	int error, cdev = open_cdev(device);

	if (cdev >= 0 && *iommufd < 0)
		*iommufd = open_step("OPEN_IOMMUFD", "/dev/iommu");
	if (cdev < 0 || *iommufd < 0)
		return false;
	struct pr_bind bind = { .argsz = PR_BIND_PLAIN, .iommufd = *iommufd };
	if (request->token) {
		read_token(request->token, token);
		bind.argsz = sizeof(bind);
		bind.flags = PR_BIND_TOKEN;
		bind.token = (uintptr_t)token;
	}
	ask(cdev, PR_BIND_IOMMUFD, &bind, &error);
	*ret_cdev = cdev;
	*ret_id = bind.devid;
	return plain_step("BIND_IOMMUFD", error, error ? -1 : (int64_t)bind.devid);
}

static bool attach_cdev(int cdev, uint32_t ioas)
{
	struct pr_attach attach = { .argsz = sizeof(attach), .pt_id = ioas };
	int error;

	ask(cdev, PR_ATTACH_IOMMUFD_PT, &attach, &error);
	return plain_step("ATTACH_IOMMUFD_PT", error, error ? -1 : (int64_t)attach.pt_id);
}

int run_iommufd(const struct request *request)
{
	struct ranges ranges = { .nr = 0 };
	struct pr_ioas_alloc ioas = { .size = sizeof(ioas) };
	int error, cdev, other, iommufd = -1;
	uint32_t id;

	if (!bind_cdev(request, request->device, &iommufd, &cdev, &id))
		return finish(false);
	ask(iommufd, PR_IOAS_ALLOC, &ioas, &error);
	if (!plain_step("IOAS_ALLOC", error, error ? -1 : (int64_t)ioas.ioas_id) ||
	    !attach_cdev(cdev, ioas.ioas_id))
		return finish(false);
	print_hw_info(iommufd, id);
	for (unsigned i = 0; i < request->nr_with; i++)
		if (!bind_cdev(request, request->with[i], &iommufd, &other, &id) ||
		    !attach_cdev(other, ioas.ioas_id) || !get_device_info(other, request->info))
			return finish(false);
	struct space space = { .fd = iommufd, .is_ioas = true, .ioas = ioas.ioas_id };
	bool yes = ioas_ranges(iommufd, ioas.ioas_id, &ranges) &&
		   map_once(&space, request, &ranges) && get_device_info(cdev, request->info);
	if (yes)
		do_requests(&space, request, &ranges);
	return finish_or_hold(request, yes);
}

int run_hold_group(struct request *request)
{
	request->hold = true;
	return finish_or_hold(request, open_group(request->device, "") >= 0);
}

int run_hold_device(struct request *request)
{
	request->hold = request->let_go = true;
	return run_container(request);
}
