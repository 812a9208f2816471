/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel of a few functions with one device in it, behind an IOMMU; both can be told to do their work
 * badly. Each fake-NAME.c is the model of a device. Time passes only where somebody waits. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "client/space.h"
#include "client/sys.h"

/* What is wrong with the device or with what stands between it and memory. */
enum fake_fault {
	FAKE_LOSES_COMPLETIONS = 1 << 0,
	FAKE_WRONG_BYTES = 1 << 1,
	FAKE_WRITES_BEHIND = 1 << 2, /* the page behind the one it was told, too */
	FAKE_GONE = 1 << 3,          /* all ones from the first transfer on */
	FAKE_UNMAPS_LATE = 1 << 4,   /* an old mapping stays in reach */
	FAKE_IGNORES_READ_ONLY = 1 << 5,
	FAKE_NO_IOMMU = 1 << 6,   /* addresses are physical ones */
	FAKE_HALF_IOMMU = 1 << 7, /* what is not mapped is taken for a physical address */
	FAKE_KEEPS_PINNED = 1 << 8,
	FAKE_NARROW = 1 << 9,       /* cuts addresses to 28 bits */
	FAKE_HIGH_MEMORY = 1 << 10, /* the process's memory lies above 4 GiB */
	FAKE_HIDDEN_PFN = 1 << 11,
	FAKE_LOG_DENIED = 1 << 12,
	FAKE_NO_INTERRUPT = 1 << 13,
	FAKE_ENABLED = 1 << 14,        /* somebody uses it */
	FAKE_FAILS_UNMAPPED = 1 << 15, /* a transfer to what is not mapped is told as an error */
	FAKE_REFUSES_MAP = 1 << 16,
	FAKE_REFUSES_READ_ONLY = 1 << 17,
	FAKE_DEAF = 1 << 18, /* does nothing, and says that it is done */
	FAKE_OTHER_ID = 1 << 19,
	FAKE_STILL_READS = 1 << 20, /* an old mapping stays in reach for reading */
	FAKE_ALL_ONES = 1 << 21,    /* of all registers */
	FAKE_SMALL_BAR = 1 << 22,   /* too small for its registers */
	FAKE_STORM = 1 << 23,       /* a thousand interrupts for one */
	FAKE_EMPTY = 1 << 24,       /* no codec, no disk */
	FAKE_BYPASSES = 1 << 25,    /* the IOMMU, as it says */
	FAKE_LEFT = 1 << 26,        /* runs, and is not master of the bus */
	FAKE_UNMAPPABLE = 1 << 27,  /* no BAR can be mapped */
	FAKE_REFUSES = 1 << 28,     /* what it is asked, with an error */
	FAKE_PAST_IOMMU = 1 << 29,  /* the peer is in reach at its address on the bus */
	FAKE_MAPS_NO_BAR = 1 << 30, /* as iommufd does not */
};

enum {
	FAKE_MAPPINGS_MAX = 64,
	FAKE_DEVICE_FD = 100,
	FAKE_SPACE_FD = 101,
	FAKE_PEER_FD = 102,
	FAKE_EVENTS_MAX = 16
};

/* Where on the bus BAR 2 of the peer is, a device that is nothing but memory. */
#define FAKE_PEER_BUS UINT64_C(0xe0000000)

struct fake_mapping {
	uint64_t iova, size;
	uint8_t *memory;
	unsigned int prot;
	bool dead; /* unmapped */
};

struct fake_device;

/* What is behind BAR @bar. A register is read in full; the caller takes of it what it asked for. */
struct fake_model {
	uint16_t vendor, device;
	uint32_t class_code;
	uint32_t irq_index, bar;
	unsigned int transfers;               /* at most, of what it is asked once */
	void (*start)(struct fake_device *f); /* may be NULL */
	/* Adds to its config space; may be NULL. */
	void (*config)(const struct fake_device *f, uint8_t *bytes);
	/* Whether as master of the bus it would move data; may be NULL. */
	bool (*runs)(const struct fake_device *f);
	uint64_t (*read)(struct fake_device *f, uint64_t offset);
	void (*write)(struct fake_device *f, uint64_t offset, uint64_t value);
	/* 64 bytes in one write to the beginning of BAR 2; NULL: there is none. */
	void (*submit)(struct fake_device *f, const uint8_t *bytes);
};

struct fake_device {
	struct sys sys;
	const struct fake_model *model;
	unsigned int faults;            /* enum fake_fault */
	const struct fake_device *peer; /* its mappings are in reach, too; NULL: none */
	struct fake_mapping mappings[FAKE_MAPPINGS_MAX];
	size_t nr_mappings;
	uint8_t *memory; /* the last anonymous mmap() */
	uint8_t *portal; /* the mapped BAR 2 */
	uint8_t *window; /* the mapped page of the peer's */
	uint8_t peer_memory[4096];
	uint16_t peer_command;
	size_t memory_size;
	uint64_t now_ns;
	uint16_t command, command_seen; /* of its config space; all bits that ever were */
	uint16_t control;               /* its Device Control register: may not snoop */
	unsigned int resets, open_fds, transfers, held, writes;
	char log[512];                    /* the next record of the kernel's log */
	int irq_eventfd, req_eventfd;     /* -1: none */
	uint64_t events[FAKE_EVENTS_MAX]; /* of eventfds, waiting to be read */
	unsigned int nr_eventfds;
	unsigned int asked_back;     /* after so many transfers; 0: never */
	unsigned int calls, fail_at; /* the fail_at-th call that can fail does; 0: none */
	int fail_errno;              /* positive */
	/* edu */
	uint8_t buffer[4096];
	uint64_t source, target;
	uint32_t count, dma_command, liveness;
	/* NVMe */
	uint32_t cc, csts, aqa, sq_head, cq_tail, cq_phase;
	uint64_t asq, acq;
	unsigned int identified; /* times, that it was asked what it is */
	/* Other models */
	uint8_t registers[0x10000];
	uint64_t words[8];
};

extern const struct fake_model fake_ahci, fake_dsa, fake_edu, fake_hda, fake_ioat, fake_nvme,
	fake_xhci;
extern const struct fake_model fake_e1000, fake_igb, fake_virtio_net, fake_virtio_blk,
	fake_virtio_rng, fake_virtio_scsi;

/* An address space as VT-d gives it, with a hole where interrupts are. */
extern const struct space_info fake_space;

void fake_device_init(struct fake_device *f, const struct fake_model *model, unsigned int faults);
/* Mappings that were not taken away again. */
size_t fake_device_mapped(const struct fake_device *f);

/* For the models. */
bool fake_has(const struct fake_device *f, unsigned int fault);
/* A transfer of the device. 0, or -EIO when the address is out of reach. */
int fake_dma(struct fake_device *f, uint64_t address, void *bytes, size_t len, bool write);
/* The same in the driver's own pages, where bytes are never wrong: no fault is about them. */
int fake_own_dma(struct fake_device *f, uint64_t address, void *bytes, size_t len, bool write);
void fake_raise(struct fake_device *f);

/* Registers of 1, 2, 4 and 8 bytes. */
static inline uint32_t fake_get_part(const struct fake_device *f, size_t offset, size_t width)
{
	uint32_t value = 0;

	memcpy(&value, f->registers + offset, width);
	return value;
}

static inline void fake_set_part(struct fake_device *f, size_t offset, size_t width, uint32_t value)
{
	memcpy(f->registers + offset, &value, width);
}

static inline uint32_t fake_get(const struct fake_device *f, size_t offset)
{
	return fake_get_part(f, offset, 4);
}

static inline void fake_set(struct fake_device *f, size_t offset, uint32_t value)
{
	fake_set_part(f, offset, 4, value);
}

static inline uint64_t fake_get64(const struct fake_device *f, size_t offset)
{
	return fake_get(f, offset) | (uint64_t)fake_get(f, offset + 4) << 32;
}
