/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel in memory, as far as attaching devices goes: nodes, containers, groups, devices, an iommufd, and
 * what is mapped. It keeps the rules of the interface (who may be asked what, and when), counts what is
 * open, and lets the call that it is told to fail. What a caller gets wrong it remembers. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "uapi/abi.h"
#include "client/sys.h"

/* Answers that make no sense. */
enum fake_kernel_lie {
	FAKE_API_VERSION = 1 << 0,    /* another one */
	FAKE_INFO_LOOPS = 1 << 1,     /* a capability of IOMMU_GET_INFO is its own successor */
	FAKE_INFO_LEAVES = 1 << 2,    /* one lies outside of the answer */
	FAKE_INFO_MANY = 1 << 3,      /* more ranges than there is room for */
	FAKE_INFO_GROWS = 1 << 4,     /* never is the answer's room enough */
	FAKE_REGION_LOOPS = 1 << 5,   /* a capability of BAR0 leads to itself */
	FAKE_REGIONS_MANY = 1 << 6,   /* as many as fit in a number */
	FAKE_GROUP_IS_NONE = 1 << 7,  /* the group's node is some other file */
	FAKE_DEVICE_IS_NONE = 1 << 8, /* the device's descriptor is some other file */
	FAKE_NO_RANGES = 1 << 9,      /* nothing may be mapped */
};

enum { FAKE_MAPPED_MAX = 64, FAKE_FDS_MAX = 32, FAKE_FD_FIRST = 100, FAKE_GROUPS_MAX = 4 };

enum fake_file {
	FAKE_CLOSED = 0,
	FAKE_CONTAINER,
	FAKE_IOMMUFD,
	FAKE_GROUP,
	FAKE_DEVICE,
	FAKE_EVENTFD,
	FAKE_OTHER
};

struct fake_fd {
	enum fake_file file;
	unsigned int group;
	int space;  /* of a group or device that joined one; negative: none */
	bool iommu; /* of a container: SET_IOMMU was done */
	uint32_t ioas;
	uint64_t signals; /* of an eventfd, to be read */
};

struct fake_kernel {
	struct sys sys;
	unsigned int lies;    /* enum fake_kernel_lie */
	unsigned int fail_at; /* the number of the call that fails, from 1; 0: none does */
	int fail_with;        /* positive errno */
	unsigned int fail_times;
	unsigned int calls;           /* that may fail, so far */
	unsigned long failed_request; /* of the ioctl that failed; 0: it was another call */
	const char *failed_path;      /* of the open that failed */
	const char *failed_call;      /* the name of another call that failed */
	struct vt_irq_set failed_irqs;
	uint64_t failed_offset; /* of a read or write of a device that failed */
	struct fake_fd fds[FAKE_FDS_MAX];
	bool group_open[FAKE_GROUPS_MAX];
	struct {
		uint64_t iova, size;
	} mapped[FAKE_MAPPED_MAX];
	size_t nr_mapped, nr_memory; /* mappings; areas of memory */
	size_t wanted_at; /* so many mappings, and the kernel wants the device back; 0: never */
	int protection;   /* of the last mprotect() */
	unsigned int wanted_advice; /* the madvise() at which the device is wanted back; 0: never */
	uint64_t now_ns;
	int irqs[VT_PCI_NR_IRQS]; /* eventfds of vector 0; 0: none */
	uint8_t config[256], bar[256];
	unsigned int resets;
	/* group of function 1, which a hot reset hits too; 0: there is none */
	unsigned int neighbour;
	bool no_reset; /* of the function alone */
	bool reset_waits; /* somebody holds the device whenever it is to be reset, and then it is wanted back */
	const char *misuse; /* the first thing that a caller may not do, or NULL */
};

/* Devices "0000:01:00.0" and "0000:01:00.1" are in group 1, "0000:02:00.0" is in group 2. */
void fake_kernel_init(struct fake_kernel *k);
/* Descriptors that are open. */
size_t fake_kernel_open(const struct fake_kernel *k);
/* Nothing was misused, and nothing is left open, mapped or in memory. */
void fake_kernel_done(const struct fake_kernel *k);

/* ---- between the files of this kernel ---- */

static inline struct fake_kernel *fake_of(struct sys *s)
{
	return (struct fake_kernel *)(void *)s;
}

static inline void fake_wrong(struct fake_kernel *k, const char *what)
{
	if (!k->misuse)
		k->misuse = what;
}

/* The errno that this call fails with; 0: it does not. @call is its name, and NULL for one that tells by itself
 * which it was. */
int fake_fails(struct fake_kernel *k, const char *call);
/* The open descriptor @fd; NULL, which is a misuse. */
struct fake_fd *fake_get(struct fake_kernel *k, int fd);
int fake_new_fd(struct fake_kernel *k, enum fake_file file, unsigned int group);

/* What an open device does: its interrupts, its resets. -ENOTTY for other requests. */
int fake_device_act(struct fake_kernel *k, unsigned long request, void *arg);
int fake_eventfd(struct sys *s);
ssize_t fake_read(struct sys *s, int fd, void *buf, size_t len);
ssize_t fake_pread(struct sys *s, int fd, void *buf, size_t len, uint64_t offset);
ssize_t fake_pwrite(struct sys *s, int fd, const void *buf, size_t len, uint64_t offset);
int fake_poll(struct sys *s, struct pollfd *fds, size_t nr, int timeout_ms);
