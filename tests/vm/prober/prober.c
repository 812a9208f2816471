/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Says what this kernel does: asks for one thing after another, as told, and prints each answer as a line of JSON.
 * It knows no rule and predicts nothing. One file, static, nothing from src/: the judge compares the two.
 *
 * Each request is {"op":NAME,"errno":NAME or null,"value":N,...}. The first refusal ends a sequence. Other lines are
 * {"fact":NAME,...}. The last line is {"answer":"yes"} or {"answer":"no","op":NAME,"errno":NAME}.
 * Exit status: 0 yes, 2 no, 1 the prober itself could not go on, 64 usage.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "uapi.h"

#define MAX_WITH   8
#define MAX_RANGES 64
#define INFO_LIMIT (1u << 20)
#define PAGE       4096u

enum { CAPABILITY_IPC_LOCK = 14, CAPABILITY_SYS_RAWIO = 17 };

struct request {
	const char *command;
	const char *device;         /* as given: BDF, platform:NAME or mdev:UUID */
	const char *with[MAX_WITH]; /* further devices whose groups join the same container */
	unsigned nr_with;
	int type; /* VFIO_SET_IOMMU's argument */
	bool hold;
	uint64_t map_size; /* bytes */
	uint64_t iova;
	bool has_iova;
	long uid;
	bool uname26;  /* uname(2) says 2.6 and a number from now on */
	uint64_t drop; /* capability numbers as bits */
	bool has_memlock;
	uint64_t memlock; /* bytes */
};

static const char *last_op = "";
static int last_error;

static __attribute__((noreturn, format(printf, 1, 2))) void stop(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "prober: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	va_end(args);
	exit(1);
}

static const char *error_name(int error)
{
	const char *name;

	/* One number has two names; the kernel's is this one. */
	if (error == EOPNOTSUPP)
		return "EOPNOTSUPP";
	/* These two are of the kernel only, the C library has no name for the first. */
	if (error == 524)
		return "ENOTSUPP";
	name = strerrorname_np(error);
	return name ? name : "E?";
}

/* Prints the answer to one request; false when it was a refusal. @extra is the rest of the object, with its comma. */
static __attribute__((format(printf, 4, 5))) bool step(const char *op, int error, int64_t value,
						       const char *extra, ...)
{
	va_list args;

	last_op = op;
	last_error = error;
	if (error)
		printf("{\"op\":\"%s\",\"errno\":\"%s\",\"value\":%" PRId64, op, error_name(error),
		       value);
	else
		printf("{\"op\":\"%s\",\"errno\":null,\"value\":%" PRId64, op, value);
	va_start(args, extra);
	vprintf(extra, args);
	va_end(args);
	printf("}\n");
	fflush(stdout);
	return error == 0;
}

static bool plain_step(const char *op, int error, int64_t value)
{
	return step(op, error, value, "%s", "");
}

static int finish(bool yes)
{
	if (yes)
		printf("{\"answer\":\"yes\"}\n");
	else
		printf("{\"answer\":\"no\",\"op\":\"%s\",\"errno\":\"%s\"}\n", last_op,
		       error_name(last_error));
	fflush(stdout);
	return yes ? 0 : 2;
}

/* The exit status of a command that may go on holding what it opened: a child keeps the descriptors. */
static int finish_or_hold(const struct request *request, bool yes)
{
	int status = finish(yes);

	if (!yes || !request->hold)
		return status;
	pid_t child = fork();
	if (child < 0)
		stop("fork: %m");
	if (child > 0)
		return 0;
	setsid();
	/* The caller reads our output to its end: let it see one. */
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	for (;;)
		pause();
}

static int64_t ask(int fd, unsigned long number, void *argument, int *error)
{
	int64_t value = ioctl(fd, number, argument);

	*error = value < 0 ? errno : 0;
	return value;
}

static int open_step(const char *op, const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	int error = fd < 0 ? errno : 0;

	step(op, error, fd < 0 ? -1 : 0, ",\"path\":\"%s\"", path);
	return fd;
}

/* -- sysfs ------------------------------------------------------------------------------------------------------- */

static const char *const other_buses[] = { "platform", "mdev" };

/* The bus that stands before the first colon of @device; what follows is its name there. */
static const char *bus_of(const char *device)
{
	size_t len = strcspn(device, ":");

	for (size_t i = 0; i < sizeof(other_buses) / sizeof(*other_buses); i++)
		if (strlen(other_buses[i]) == len && !strncmp(device, other_buses[i], len))
			return other_buses[i];
	return "pci";
}

static const char *name_of(const char *device)
{
	const char *bus = bus_of(device);

	return strcmp(bus, "pci") ? device + strlen(bus) + 1 : device;
}

static void device_path(char *ret, size_t size, const char *device, const char *rest)
{
	snprintf(ret, size, "/sys/bus/%s/devices/%s/%s", bus_of(device), name_of(device), rest);
}

/* The last part of where a link below the device leads; empty when there is no link. */
static void device_link(char *ret, size_t size, const char *device, const char *link)
{
	char path[512], target[PATH_MAX];

	device_path(path, sizeof(path), device, link);
	ssize_t len = readlink(path, target, sizeof(target) - 1);
	if (len < 0) {
		ret[0] = '\0';
		return;
	}
	target[len] = '\0';
	const char *slash = strrchr(target, '/');
	const char *last = slash ? slash + 1 : target;
	if (strlen(last) >= size)
		stop("%s: a name of %zu bytes", path, strlen(last));
	strcpy(ret, last);
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	int error = write(fd, text, strlen(text)) < 0 ? errno : 0;
	close(fd);
	return error;
}

/* Header type of a PCI device without the multifunction bit; -1 when it is no PCI device. */
static int header_type(const char *device)
{
	char path[512];
	unsigned char byte;

	device_path(path, sizeof(path), device, "config");
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ssize_t len = pread(fd, &byte, 1, 0x0e);
	close(fd);
	return len == 1 ? byte & 0x7f : -1;
}

static bool unbind_device(const char *device, bool tell)
{
	char path[512], driver[128];
	int error;

	device_link(driver, sizeof(driver), device, "driver");
	if (!driver[0])
		return true;
	device_path(path, sizeof(path), device, "driver/unbind");
	error = write_text(path, name_of(device));
	if (tell || error)
		return step("UNBIND", error, 0, ",\"device\":\"%s\",\"driver\":\"%s\"", device,
			    driver);
	return true;
}

/* Gives @device to @driver by driver_override and bind, then looks what became of it. */
static bool bind_device(const char *device, const char *driver)
{
	char path[512], now[128];
	int error;

	device_link(now, sizeof(now), device, "driver");
	if (!strcmp(now, driver))
		return step("BIND", 0, 0, ",\"device\":\"%s\",\"driver\":\"%s\",\"already\":true",
			    device, now);
	device_path(path, sizeof(path), device, "driver_override");
	error = write_text(path, driver);
	if (error)
		return step("DRIVER_OVERRIDE", error, 0, ",\"device\":\"%s\"", device);
	if (!unbind_device(device, false))
		return false;
	snprintf(path, sizeof(path), "/sys/bus/%s/drivers/%s/bind", bus_of(device), driver);
	error = write_text(path, name_of(device));
	device_link(now, sizeof(now), device, "driver");
	/* A write that succeeds and leaves no driver is a refusal too, without a number to name it. */
	if (!error && strcmp(now, driver))
		error = ENXIO;
	return step("BIND", error, 0, ",\"device\":\"%s\",\"driver\":\"%s\"", device, now);
}

static int compare_names(const void *one, const void *other)
{
	return strcmp(one, other);
}

/* Binds the device first and then every other endpoint of its group; the device's own answer is the answer. */
static int run_bind_group(const struct request *request, const char *driver)
{
	char group[64], path[512], names[64][64];
	unsigned nr = 0;
	struct dirent *entry;

	bool yes = bind_device(request->device, driver);
	const char *op = last_op;
	int error = last_error;
	device_link(group, sizeof(group), request->device, "iommu_group");
	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%s/devices", group);
	DIR *folder = group[0] && yes ? opendir(path) : NULL;
	while (folder && (entry = readdir(folder)) && nr < 64) {
		/* Only PCI endpoints: a bridge cannot be bound, and what is on other buses has no driver here. */
		if (entry->d_name[0] != '.' && strlen(entry->d_name) < sizeof(names[0]) &&
		    strcmp(entry->d_name, name_of(request->device)) &&
		    header_type(entry->d_name) == 0)
			strcpy(names[nr++], entry->d_name);
	}
	if (folder)
		closedir(folder);
	qsort(names, nr, sizeof(names[0]), compare_names);
	for (unsigned i = 0; i < nr; i++)
		bind_device(names[i], driver);
	last_op = op;
	last_error = error;
	return finish(yes);
}

/* -- what was learned on the way --------------------------------------------------------------------------------- */

static void print_extensions(int fd, const char *when)
{
	printf("{\"fact\":\"extensions\",\"when\":\"%s\"", when);
	for (int id = 1; id <= PR_EXTENSION_LAST; id++) {
		int value = ioctl(fd, PR_CHECK_EXTENSION, (unsigned long)id);
		if (value < 0)
			printf(",\"%d\":\"%s\"", id, error_name(errno));
		else
			printf(",\"%d\":%d", id, value);
	}
	printf("}\n");
}

struct ranges {
	struct pr_iova_range range[MAX_RANGES];
	unsigned nr;
};

static void print_ranges(const struct ranges *ranges)
{
	printf("{\"fact\":\"iova_ranges\",\"ranges\":[");
	for (unsigned i = 0; i < ranges->nr; i++)
		printf("%s{\"start\":\"0x%" PRIx64 "\",\"end\":\"0x%" PRIx64 "\"}", i ? "," : "",
		       ranges->range[i].start, ranges->range[i].last);
	printf("]}\n");
}

static void read_iova_cap(const uint8_t *cap, uint32_t room, struct ranges *ranges)
{
	uint32_t nr;

	if (room < 16)
		return;
	memcpy(&nr, cap + 8, sizeof(nr));
	for (uint32_t i = 0; i < nr && i < MAX_RANGES && 16 + (i + 1) * 16 <= room; i++) {
		memcpy(&ranges->range[i], cap + 16 + i * 16, 16);
		ranges->nr = i + 1;
	}
}

/* Walks the capability chain of IOMMU_GET_INFO; offsets only ever grow, so that no chain is without an end. */
static void read_caps(const uint8_t *info, uint32_t size, uint32_t offset, struct ranges *ranges)
{
	struct pr_cap_header header;
	uint32_t previous = 0;

	while (offset > previous && offset <= size - sizeof(header)) {
		memcpy(&header, info + offset, sizeof(header));
		if (header.id == PR_CAP_IOVA_RANGE) {
			read_iova_cap(info + offset, size - offset, ranges);
		} else if (header.id == PR_CAP_DMA_AVAIL && offset + 12 <= size) {
			uint32_t avail;
			memcpy(&avail, info + offset + 8, sizeof(avail));
			printf("{\"fact\":\"dma_avail\",\"value\":%" PRIu32 "}\n", avail);
		} else if (header.id == PR_CAP_MIGRATION && offset + 32 <= size) {
			uint64_t pgsizes, bitmap;
			memcpy(&pgsizes, info + offset + 16, sizeof(pgsizes));
			memcpy(&bitmap, info + offset + 24, sizeof(bitmap));
			printf("{\"fact\":\"migration\",\"page_sizes\":\"0x%" PRIx64
			       "\",\"max_bitmap\":%" PRIu64 "}\n",
			       pgsizes, bitmap);
		} else {
			printf("{\"fact\":\"capability\",\"id\":%u}\n", header.id);
		}
		previous = offset;
		offset = header.next;
	}
}

static bool get_iommu_info(int fd, struct ranges *ranges)
{
	struct pr_iommu_info head = { .argsz = sizeof(head) };
	int error;

	ask(fd, PR_IOMMU_GET_INFO, &head, &error);
	if (error || head.argsz > INFO_LIMIT)
		return plain_step("IOMMU_GET_INFO", error ? error : E2BIG, -1);
	uint32_t size = head.argsz > sizeof(head) ? head.argsz : sizeof(head);
	uint8_t *info = calloc(1, size);
	if (!info)
		stop("out of memory");
	memcpy(info, &size, sizeof(size));
	ask(fd, PR_IOMMU_GET_INFO, info, &error);
	memcpy(&head, info, sizeof(head));
	bool yes = step("IOMMU_GET_INFO", error, 0,
			",\"flags\":%" PRIu32 ",\"page_sizes\":\"0x%" PRIx64 "\"", head.flags,
			head.pgsizes);
	if (yes && head.cap_offset)
		read_caps(info, size, head.cap_offset, ranges);
	if (yes)
		print_ranges(ranges);
	free(info);
	return yes;
}

/* An address that the ranges allow for @size bytes, not the very first page: 0 hides mistakes. */
static uint64_t usable_iova(const struct request *request, const struct ranges *ranges)
{
	if (request->has_iova)
		return request->iova;
	for (unsigned i = 0; i < ranges->nr; i++) {
		uint64_t start = (ranges->range[i].start + 0xfffff) & ~(uint64_t)0xfffff;
		if (start < 0x100000)
			start = 0x100000;
		if (start >= ranges->range[i].start && start <= ranges->range[i].last &&
		    ranges->range[i].last - start >= request->map_size - 1)
			return start;
	}
	return 0x100000;
}

static void *memory(uint64_t size)
{
	void *ret = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (ret == MAP_FAILED)
		stop("mmap of %" PRIu64 " bytes: %m", size);
	return ret;
}

static bool map_container(int fd, const struct request *request, const struct ranges *ranges)
{
	struct pr_map map = {
		.argsz = sizeof(map),
		.flags = PR_MAP_READ_WRITE,
		.vaddr = (uintptr_t)memory(request->map_size),
		.iova = usable_iova(request, ranges),
		.size = request->map_size,
	};
	struct pr_unmap unmap = { .argsz = sizeof(unmap), .iova = map.iova, .size = map.size };
	int error;

	ask(fd, PR_MAP_DMA, &map, &error);
	if (!step("MAP_DMA", error, 0, ",\"iova\":\"0x%" PRIx64 "\",\"size\":%" PRIu64, map.iova,
		  map.size))
		return false;
	ask(fd, PR_UNMAP_DMA, &unmap, &error);
	return plain_step("UNMAP_DMA", error, (int64_t)unmap.size);
}

static bool get_device_info(int fd)
{
	struct pr_device_info info = { .argsz = sizeof(info) };
	int error;

	ask(fd, PR_DEVICE_GET_INFO, &info, &error);
	return step("DEVICE_GET_INFO", error, 0,
		    ",\"flags\":%" PRIu32 ",\"regions\":%" PRIu32 ",\"irqs\":%" PRIu32, info.flags,
		    info.nr_regions, info.nr_irqs);
}

/* -- the paths --------------------------------------------------------------------------------------------------- */

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

static bool get_device(int group, const char *device, int *ret)
{
	int error;

	*ret = (int)ask(group, PR_GROUP_GET_DEVICE_FD, (void *)(uintptr_t)name_of(device), &error);
	return step("GROUP_GET_DEVICE_FD", error, error ? -1 : 0, ",\"device\":\"%s\"", device) &&
	       get_device_info(*ret);
}

static bool set_iommu(int container, int type)
{
	int error;

	ask(container, PR_SET_IOMMU, (void *)(uintptr_t)type, &error);
	return step("SET_IOMMU", error, 0, ",\"type\":%d", type);
}

/* Everything from an open container on; the same requests whoever serves it. */
static int use_container(const struct request *request, int container, const char *prefix)
{
	struct ranges ranges = { .nr = 0 };
	int group, other, device, error;

	int64_t version = ask(container, PR_GET_API_VERSION, NULL, &error);
	printf("{\"fact\":\"api_version\",\"value\":%" PRId64 "}\n", version);
	print_extensions(container, "before");
	if (!join(request->device, prefix, container, &group))
		return finish(false);
	for (unsigned i = 0; i < request->nr_with; i++)
		if (!join(request->with[i], prefix, container, &other))
			return finish(false);
	print_extensions(container, "joined");
	if (!set_iommu(container, request->type))
		return finish(false);
	print_extensions(container, "after");
	if (request->type != PR_NOIOMMU &&
	    (!get_iommu_info(container, &ranges) || !map_container(container, request, &ranges)))
		return finish(false);
	if (!get_device(group, request->device, &device))
		return finish(false);
	/* An iommufd that serves as container attaches only now: ask again what it can do. */
	print_extensions(container, "attached");
	return finish_or_hold(request,
			      request->type == PR_NOIOMMU || get_iommu_info(container, &ranges));
}

static int run_container(const struct request *request)
{
	int container = open_step("OPEN_CONTAINER", "/dev/vfio/vfio");

	return container < 0 ? finish(false) : use_container(request, container, "");
}

static int run_noiommu(struct request *request)
{
	int container = open_step("OPEN_CONTAINER", "/dev/vfio/vfio");

	request->type = PR_NOIOMMU;
	return container < 0 ? finish(false) : use_container(request, container, "noiommu-");
}

static int run_compat(const struct request *request)
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

static bool map_ioas(int iommufd, uint32_t ioas, const struct request *request,
		     const struct ranges *ranges)
{
	struct pr_ioas_map map = {
		.size = sizeof(map),
		.flags = PR_IOAS_MAP_FIXED_RW,
		.ioas_id = ioas,
		.user_va = (uintptr_t)memory(request->map_size),
		.length = request->map_size,
		.iova = usable_iova(request, ranges),
	};
	struct pr_ioas_unmap unmap = {
		.size = sizeof(unmap), .ioas_id = ioas, .iova = map.iova, .length = map.length
	};
	int error;

	ask(iommufd, PR_IOAS_MAP, &map, &error);
	if (!step("IOAS_MAP", error, 0, ",\"iova\":\"0x%" PRIx64 "\",\"size\":%" PRIu64, map.iova,
		  map.length))
		return false;
	ask(iommufd, PR_IOAS_UNMAP, &unmap, &error);
	return plain_step("IOAS_UNMAP", error, (int64_t)unmap.length);
}

static bool ioas_ranges(int iommufd, uint32_t ioas, struct ranges *ranges)
{
	struct pr_ioas_ranges query = {
		.size = sizeof(query),
		.ioas_id = ioas,
		.nr = MAX_RANGES,
		.ranges = (uintptr_t)ranges->range,
	};
	int error;

	ask(iommufd, PR_IOAS_IOVA_RANGES, &query, &error);
	ranges->nr = error || query.nr > MAX_RANGES ? 0 : query.nr;
	if (!step("IOAS_IOVA_RANGES", error, query.nr, ",\"alignment\":%" PRIu64, query.alignment))
		return false;
	print_ranges(ranges);
	return true;
}

/* Hardware information is extra: a kernel that has none to give refuses, and that ends nothing. */
static void print_hw_info(int iommufd, uint32_t devid)
{
	uint64_t data[16] = { 0 };
	struct pr_hw_info info = {
		.size = sizeof(info),
		.dev_id = devid,
		.data_len = sizeof(data),
		.data = (uintptr_t)data,
	};
	int error;

	ask(iommufd, PR_GET_HW_INFO, &info, &error);
	if (error)
		printf("{\"fact\":\"hw_info\",\"errno\":\"%s\"}\n", error_name(error));
	else
		printf("{\"fact\":\"hw_info\",\"errno\":null,\"type\":%" PRIu32
		       ",\"capabilities\":\"0x%" PRIx64 "\",\"data\":[\"0x%" PRIx64
		       "\",\"0x%" PRIx64 "\",\"0x%" PRIx64 "\"]}\n",
		       info.type, info.capabilities, data[0], data[1], data[2]);
}

static int run_iommufd(const struct request *request)
{
	struct ranges ranges = { .nr = 0 };
	struct pr_ioas_alloc ioas = { .size = sizeof(ioas) };
	int error;

	int cdev = open_cdev(request->device);
	int iommufd = cdev < 0 ? -1 : open_step("OPEN_IOMMUFD", "/dev/iommu");
	if (iommufd < 0)
		return finish(false);
	struct pr_bind bind = { .argsz = sizeof(bind), .iommufd = iommufd };
	ask(cdev, PR_BIND_IOMMUFD, &bind, &error);
	if (!plain_step("BIND_IOMMUFD", error, error ? -1 : (int64_t)bind.devid))
		return finish(false);
	ask(iommufd, PR_IOAS_ALLOC, &ioas, &error);
	if (!plain_step("IOAS_ALLOC", error, error ? -1 : (int64_t)ioas.ioas_id))
		return finish(false);
	struct pr_attach attach = { .argsz = sizeof(attach), .pt_id = ioas.ioas_id };
	ask(cdev, PR_ATTACH_IOMMUFD_PT, &attach, &error);
	if (!plain_step("ATTACH_IOMMUFD_PT", error, error ? -1 : (int64_t)attach.pt_id))
		return finish(false);
	print_hw_info(iommufd, bind.devid);
	bool yes = ioas_ranges(iommufd, ioas.ioas_id, &ranges) &&
		   map_ioas(iommufd, ioas.ioas_id, request, &ranges) && get_device_info(cdev);
	return finish_or_hold(request, yes);
}

static int run_hold_group(struct request *request)
{
	request->hold = true;
	return finish_or_hold(request, open_group(request->device, "") >= 0);
}

/* -- who asks ---------------------------------------------------------------------------------------------------- */

static void drop_capabilities(uint64_t drop)
{
	struct {
		uint32_t version;
		int pid;
	} header = { 0x20080522, 0 };
	struct {
		uint32_t effective, permitted, inheritable;
	} data[2];

	for (unsigned number = 0; number < 64; number++)
		if (drop >> number & 1 && prctl(PR_CAPBSET_DROP, number, 0, 0, 0))
			stop("dropping capability %u from the bounding set: %m", number);
	if (syscall(SYS_capget, &header, data))
		stop("capget: %m");
	for (unsigned i = 0; i < 2; i++) {
		uint32_t keep = ~(uint32_t)(drop >> (32 * i));
		data[i].effective &= keep;
		data[i].permitted &= keep;
		data[i].inheritable &= keep;
	}
	if (syscall(SYS_capset, &header, data))
		stop("capset: %m");
}

static void become_caller(const struct request *request)
{
	struct rlimit limit = { request->memlock, request->memlock };

	if (request->uname26 && personality(UNAME26) < 0)
		stop("personality: %m");
	if (request->has_memlock && setrlimit(RLIMIT_MEMLOCK, &limit))
		stop("RLIMIT_MEMLOCK: %m");
	if (request->drop)
		drop_capabilities(request->drop);
	if (request->uid >= 0) {
		gid_t gid = (gid_t)request->uid;
		if (setgroups(0, NULL) || setresgid(gid, gid, gid) ||
		    setresuid((uid_t)request->uid, (uid_t)request->uid, (uid_t)request->uid))
			stop("becoming user %ld: %m", request->uid);
	}
}

static __attribute__((noreturn)) void usage(void)
{
	fputs("usage: prober [OPTION...] COMMAND [DEVICE] [ARGUMENT...]\n"
	      "  bind DEVICE DRIVER         driver_override, unbind, bind, look again\n"
	      "  bind-group DEVICE DRIVER   the same, then for the other PCI endpoints of its "
	      "group\n"
	      "  unbind DEVICE\n"
	      "  container DEVICE           group, container, type1, map, device\n"
	      "  noiommu DEVICE             group, container, no-IOMMU, device\n"
	      "  iommufd DEVICE             cdev, iommufd, address space, map\n"
	      "  compat DEVICE              group with an iommufd as its container\n"
	      "  hold-group DEVICE          open the group and stay in the background\n"
	      "  run COMMAND...             only become the caller that the options describe\n"
	      "DEVICE is a PCI address, platform:NAME or mdev:UUID.\n"
	      "options: --type N, --with DEVICE, --hold, --map-size BYTES, --iova ADDRESS, --uid "
	      "N,\n"
	      "         --drop-rawio, --drop-ipc-lock, --memlock BYTES, --uname26\n",
	      stderr);
	exit(64);
}

static uint64_t number(const char *text)
{
	char *end;

	errno = 0;
	uint64_t ret = strtoull(text, &end, 0);
	if (errno || !*text || *end)
		usage();
	return ret;
}

static void read_option(struct request *request, int option)
{
	switch (option) {
	case 't':
		request->type = (int)number(optarg);
		break;
	case 'w':
		if (request->nr_with == MAX_WITH)
			usage();
		request->with[request->nr_with++] = optarg;
		break;
	case 'h':
		request->hold = true;
		break;
	case 's':
		request->map_size = number(optarg);
		break;
	case 'i':
		request->iova = number(optarg);
		request->has_iova = true;
		break;
	case 'u':
		request->uid = (long)number(optarg);
		break;
	case 'r':
		request->drop |= (uint64_t)1 << CAPABILITY_SYS_RAWIO;
		break;
	case 'l':
		request->drop |= (uint64_t)1 << CAPABILITY_IPC_LOCK;
		break;
	case 'm':
		request->memlock = number(optarg);
		request->has_memlock = true;
		break;
	case 'n':
		request->uname26 = true;
		break;
	default:
		usage();
	}
}

static int run_sysfs(const struct request *request, char **rest)
{
	if (!strcmp(request->command, "unbind"))
		return finish(unbind_device(request->device, true));
	if (!rest[0])
		usage();
	if (!strcmp(request->command, "bind"))
		return finish(bind_device(request->device, rest[0]));
	if (!strcmp(request->command, "bind-group"))
		return run_bind_group(request, rest[0]);
	usage();
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "type", required_argument, NULL, 't' },
		{ "with", required_argument, NULL, 'w' },
		{ "hold", no_argument, NULL, 'h' },
		{ "map-size", required_argument, NULL, 's' },
		{ "iova", required_argument, NULL, 'i' },
		{ "uid", required_argument, NULL, 'u' },
		{ "drop-rawio", no_argument, NULL, 'r' },
		{ "drop-ipc-lock", no_argument, NULL, 'l' },
		{ "memlock", required_argument, NULL, 'm' },
		{ "uname26", no_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 },
	};
	struct request request = { .type = PR_TYPE1V2, .map_size = PAGE, .uid = -1 };
	int option;

	while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1)
		read_option(&request, option);
	if (argc - optind < 2)
		usage();
	request.command = argv[optind];
	request.device = argv[optind + 1];
	become_caller(&request);
	if (!strcmp(request.command, "run")) {
		execvp(argv[optind + 1], argv + optind + 1);
		stop("%s: %m", argv[optind + 1]);
	}
	if (!strcmp(request.command, "container"))
		return run_container(&request);
	if (!strcmp(request.command, "noiommu"))
		return run_noiommu(&request);
	if (!strcmp(request.command, "iommufd"))
		return run_iommufd(&request);
	if (!strcmp(request.command, "compat"))
		return run_compat(&request);
	if (!strcmp(request.command, "hold-group"))
		return run_hold_group(&request);
	return run_sysfs(&request, argv + optind + 2);
}
