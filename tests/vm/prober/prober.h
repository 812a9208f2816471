/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the prober share: what was asked for, and how requests and answers are told. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "uapi.h"

#define MAX_WITH   8
#define MAX_DO     64
#define MAX_RANGES 64
#define INFO_LIMIT (1u << 20)
#define PAGE       ((uint64_t)sysconf(_SC_PAGESIZE))

struct request {
	const char *command;
	const char *device;         /* as given: BDF, platform:NAME or mdev:UUID */
	const char *with[MAX_WITH]; /* further devices in the same container or address space */
	unsigned nr_with;
	const char *todo[MAX_DO]; /* requests to make once attached, see dma.c */
	unsigned nr_todo;
	const char *buffer; /* what memory those map: KIND:BYTES */
	const char *token;  /* UUID that a virtual function wants */
	bool again;         /* open the group of each --with device once more, though it is open */
	bool info;          /* tell regions, interrupts and reset too */
	int type;           /* VFIO_SET_IOMMU's argument */
	bool hold;
	bool let_go;       /* of the groups, once the devices are open */
	uint64_t map_size; /* bytes */
	uint64_t iova;
	bool has_iova;
	long uid;
	bool uname26;  /* uname(2) says 2.6 and a number from now on */
	uint64_t drop; /* capability numbers as bits */
	bool has_memlock;
	uint64_t memlock; /* bytes */
};

struct ranges {
	struct pr_iova_range range[MAX_RANGES];
	unsigned nr;
};

/* Where mappings go: a container, or an address space of an iommufd. */
struct space {
	int fd;
	bool is_ioas;
	uint32_t ioas;
};

extern const char *last_op;
extern int last_error;

__attribute__((noreturn, format(printf, 1, 2))) void stop(const char *format, ...);
const char *error_name(int error);
__attribute__((format(printf, 4, 5))) bool step(const char *op, int error, int64_t value,
						const char *extra, ...);
bool plain_step(const char *op, int error, int64_t value);
int finish(bool yes);
int finish_or_hold(const struct request *request, bool yes);
int64_t ask(int fd, unsigned long number, void *argument, int *error);
int open_step(const char *op, const char *path);

const char *bus_of(const char *device);
const char *name_of(const char *device);
void device_path(char *ret, size_t size, const char *device, const char *rest);
void device_link(char *ret, size_t size, const char *device, const char *link);
bool unbind_device(const char *device, bool tell);
bool bind_device(const char *device, const char *driver);
int run_bind_group(const struct request *request, const char *driver);

void print_extensions(int fd, const char *when);
bool get_iommu_info(int fd, struct ranges *ranges);
bool ioas_ranges(int iommufd, uint32_t ioas, struct ranges *ranges);
void print_hw_info(int iommufd, uint32_t devid);
bool get_device_info(int fd, bool all);

bool map_once(const struct space *space, const struct request *request,
	      const struct ranges *ranges);
void do_requests(const struct space *space, const struct request *request,
		 const struct ranges *ranges);
void print_locked(const char *when);

int run_container(const struct request *request);
int run_noiommu(struct request *request);
int run_compat(const struct request *request);
int run_iommufd(const struct request *request);
int run_hold_group(struct request *request);
int run_hold_device(struct request *request);

void become_caller(const struct request *request);
