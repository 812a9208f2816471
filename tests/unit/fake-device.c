/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake-device.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "uapi/abi.h"

static struct space_range ranges[] = { { 0, 0xfedfffff }, { 0xfef00000, 0x7fffffffff } };

const struct space_info fake_space = {
	.page_sizes = 0x40201000,
	.page_sizes_exact = true,
	.alignment = 4096,
	.ranges = ranges,
	.nr_ranges = 2,
	.has_ranges = true,
};

enum {
	KMSG_FD = 110,
	PAGEMAP_FD,
	STATUS_FD,
	HOLD_FD,
	EVENT_FD = 200,
	PAGE = 4096,
	REGION_SHIFT = 40
};

#define LOW_MEMORY  UINT64_C(0x08000000)
#define HIGH_MEMORY UINT64_C(0x210000000)

static struct fake_device *fake(struct sys *s)
{
	return (struct fake_device *)(void *)s;
}

/* Whether this call is the one that fails. */
static bool fails(struct fake_device *f)
{
	return ++f->calls == f->fail_at;
}

static void signal_eventfd(struct fake_device *f, int fd)
{
	if (fd >= EVENT_FD && fd < EVENT_FD + FAKE_EVENTS_MAX)
		f->events[fd - EVENT_FD]++;
}

bool fake_has(const struct fake_device *f, unsigned int fault)
{
	return f->faults & fault;
}

static uint64_t physical_base(const struct fake_device *f)
{
	return fake_has(f, FAKE_HIGH_MEMORY) ? HIGH_MEMORY : LOW_MEMORY;
}

/* ---- the IOMMU ---- */

static uint8_t *physical(const struct fake_device *f, uint64_t address, size_t len)
{
	uint64_t at = address - physical_base(f);

	return address >= physical_base(f) && at < f->memory_size && len <= f->memory_size - at
		       ? f->memory + at
		       : NULL;
}

static bool allowed(const struct fake_device *f, const struct fake_mapping *m, unsigned int prot)
{
	if (m->dead && !fake_has(f, FAKE_UNMAPS_LATE) &&
	    !(fake_has(f, FAKE_STILL_READS) && prot == VT_MAP_READ))
		return false;
	return m->prot & prot || (prot == VT_MAP_WRITE && fake_has(f, FAKE_IGNORES_READ_ONLY));
}

/* The newest mapping counts. */
static uint8_t *find(const struct fake_device *f, uint64_t address, size_t len, unsigned int prot)
{
	for (size_t i = f->nr_mappings; i--;) {
		const struct fake_mapping *m = &f->mappings[i];

		if (address >= m->iova && address - m->iova < m->size &&
		    len <= m->size - (address - m->iova) && allowed(f, m, prot))
			return m->memory + (address - m->iova);
	}
	return NULL;
}

/* The memory that the device gets at @address, or NULL. */
static uint8_t *translate(struct fake_device *f, uint64_t address, size_t len, unsigned int prot)
{
	uint8_t *at;

	if (fake_has(f, FAKE_NARROW))
		address &= (UINT64_C(1) << 28) - 1;
	if (fake_has(f, FAKE_NO_IOMMU))
		return physical(f, address, len);
	at = find(f, address, len, prot);
	if (!at && f->peer)
		at = find(f->peer, address, len, prot);
	if (at)
		return at;
	if (fake_has(f, FAKE_PAST_IOMMU) && f->window && address >= FAKE_PEER_BUS &&
	    address - FAKE_PEER_BUS < PAGE)
		return f->window + (address - FAKE_PEER_BUS);
	snprintf(f->log, sizeof(f->log),
		 "3,77,1000,-;DMAR: [DMA %s NO_PASID] Request device [00:04.0] fault addr 0x%llx [fault reason 0x05] PTE Write access is not set\n SUBSYSTEM=pci\n",
		 prot == VT_MAP_WRITE ? "Write" : "Read", (unsigned long long)address);
	return fake_has(f, FAKE_HALF_IOMMU) ? physical(f, address, len) : NULL;
}

int fake_dma(struct fake_device *f, uint64_t address, void *bytes, size_t len, bool write)
{
	uint8_t *at = translate(f, address, len, write ? VT_MAP_WRITE : VT_MAP_READ);

	/* The processor might not see it. */
	if (f->control & 0x800)
		__builtin_trap();
	f->transfers++;
	if (f->transfers == f->asked_back)
		signal_eventfd(f, f->req_eventfd);
	if (fake_has(f, FAKE_DEAF))
		return 0;
	if (!at)
		return -EIO;
	if (!write) {
		memcpy(bytes, at, len);
		return 0;
	}
	memcpy(at, bytes, len);
	if (fake_has(f, FAKE_WRONG_BYTES))
		at[len / 2] ^= 0x10;
	if (fake_has(f, FAKE_WRITES_BEHIND))
		memcpy(at + PAGE, bytes, len < 16 ? len : 16);
	return 0;
}

int fake_own_dma(struct fake_device *f, uint64_t address, void *bytes, size_t len, bool write)
{
	unsigned int faults = f->faults;
	int r;

	f->faults &= ~(unsigned int)(FAKE_WRONG_BYTES | FAKE_WRITES_BEHIND);
	r = fake_dma(f, address, bytes, len, write);
	f->faults = faults;
	return r;
}

static int do_map(struct fake_device *f, const struct vt_map_dma *map)
{
	if (fake_has(f, FAKE_REFUSES_MAP))
		return -ENOMEM;
	if (fake_has(f, FAKE_MAPS_NO_BAR) && map->vaddr == (uintptr_t)f->window)
		return -EFAULT;
	if (fake_has(f, FAKE_REFUSES_READ_ONLY) && map->flags == VT_MAP_READ)
		return -EOPNOTSUPP;
	for (size_t i = 0; i < f->nr_mappings; i++)
		if (!f->mappings[i].dead && f->mappings[i].iova == map->iova)
			return -EEXIST;
	if (f->nr_mappings == FAKE_MAPPINGS_MAX)
		return -ENOSPC;
	f->mappings[f->nr_mappings++] = (struct fake_mapping){
		.iova = map->iova,
		.size = map->size,
		.memory = (uint8_t *)(uintptr_t)map->vaddr, /* NOLINT */
		.prot = map->flags,
	};
	return 0;
}

static int do_unmap(struct fake_device *f, struct vt_unmap_dma *unmap)
{
	uint64_t done = 0;

	for (size_t i = 0; i < f->nr_mappings; i++) {
		struct fake_mapping *m = &f->mappings[i];

		if (!m->dead && m->iova == unmap->iova && m->size == unmap->size) {
			m->dead = true;
			done = m->size;
		}
	}
	unmap->size = done;
	return 0;
}

size_t fake_device_mapped(const struct fake_device *f)
{
	size_t ret = 0;

	for (size_t i = 0; i < f->nr_mappings; i++)
		ret += !f->mappings[i].dead;
	return ret;
}

/* ---- interrupts ---- */

void fake_raise(struct fake_device *f)
{
	for (unsigned int i = 0; i < (fake_has(f, FAKE_STORM) ? 1000 : 1); i++)
		if (!fake_has(f, FAKE_NO_INTERRUPT))
			signal_eventfd(f, f->irq_eventfd);
}

static int do_set_irqs(struct fake_device *f, const struct vt_irq_set *set)
{
	int *slot = set->index == VT_PCI_REQ ? &f->req_eventfd : &f->irq_eventfd;
	int32_t fd;

	if (set->flags == (VT_IRQ_SET_DATA_EVENTFD | VT_IRQ_SET_ACTION_TRIGGER)) {
		memcpy(&fd, set + 1, sizeof(fd));
		*slot = fd;
	} else if (set->flags == (VT_IRQ_SET_DATA_NONE | VT_IRQ_SET_ACTION_TRIGGER)) {
		if (set->count)
			signal_eventfd(f, *slot);
		else
			*slot = -1;
	} else {
		return -EINVAL;
	}
	return 0;
}

/* ---- system calls ---- */

static ssize_t config_access(struct fake_device *f, uint64_t offset, void *buf, const void *in,
			     size_t len)
{
	uint8_t bytes[256] = { 0 };
	uint16_t before = f->command;

	memcpy(bytes, &f->model->vendor, 2);
	memcpy(bytes + 2, &f->model->device, 2);
	memcpy(bytes + 4, &f->command, 2);
	memcpy(bytes + 0x2c, "\xf4\x1a", 2);
	/* PCI Express, behind another capability. */
	bytes[6] = 1 << 4;
	bytes[0x34] = 0x60;
	memcpy(bytes + 0x60, "\x01\x70", 2);
	bytes[0x70] = 0x10;
	memcpy(bytes + 0x78, &f->control, 2);
	if (f->model->config)
		f->model->config(f, bytes);
	if (offset + len > sizeof(bytes))
		return -EINVAL;
	if (buf)
		memcpy(buf, bytes + offset, len);
	else if (offset == 4 && len == 2)
		memcpy(&f->command, in, 2);
	else if (offset == 0x78 && len == 2)
		memcpy(&f->control, in, 2);
	/* Nobody knows where it would write to. */
	if (f->command & 4 && !(before & 4) && f->model->runs && f->model->runs(f))
		__builtin_trap();
	f->command_seen |= f->command;
	return (ssize_t)len;
}

static ssize_t peer_access(struct fake_device *f, uint64_t offset, void *buf, const void *in,
			   size_t len)
{
	uint32_t bar = FAKE_PEER_BUS | 0xc;
	uint8_t bytes[64] = { 0 };

	memcpy(bytes + 4, &f->peer_command, 2);
	memcpy(bytes + 0x18, &bar, 4);
	if (offset + len > sizeof(bytes))
		return -EINVAL;
	if (buf)
		memcpy(buf, bytes + offset, len);
	else if (offset == 4 && len == 2)
		memcpy(&f->peer_command, in, 2);
	return (ssize_t)len;
}

static bool is_gone(const struct fake_device *f)
{
	return fake_has(f, FAKE_ALL_ONES) || (fake_has(f, FAKE_GONE) && f->transfers);
}

static ssize_t fake_pread(struct sys *s, int fd, void *buf, size_t len, uint64_t offset)
{
	struct fake_device *f = fake(s);
	uint64_t at = offset & ((UINT64_C(1) << REGION_SHIFT) - 1), value;

	if (fails(f))
		return -f->fail_errno;
	if (fd == PAGEMAP_FD) {
		uint64_t vaddr = offset / 8 * PAGE, base = (uintptr_t)f->memory;

		value = UINT64_C(1) << 63;
		if (!fake_has(f, FAKE_HIDDEN_PFN))
			value |= (vaddr - base + physical_base(f)) / PAGE;
		memcpy(buf, &value, sizeof(value));
		return 8;
	}
	if (fd == FAKE_PEER_FD)
		return peer_access(f, at, buf, NULL, len);
	if (fd != FAKE_DEVICE_FD)
		return -EBADF;
	if (offset >> REGION_SHIFT == VT_PCI_CONFIG)
		return config_access(f, at, buf, NULL, len);
	value = is_gone(f) ? UINT64_MAX : f->model->read(f, at);
	memcpy(buf, &value, len);
	return (ssize_t)len;
}

static ssize_t fake_pwrite(struct sys *s, int fd, const void *buf, size_t len, uint64_t offset)
{
	struct fake_device *f = fake(s);
	uint64_t at = offset & ((UINT64_C(1) << REGION_SHIFT) - 1), value = 0;

	if (fails(f))
		return -f->fail_errno;
	if (fd == FAKE_PEER_FD)
		return peer_access(f, at, NULL, buf, len);
	if (fd != FAKE_DEVICE_FD)
		return -EBADF;
	if (offset >> REGION_SHIFT == VT_PCI_CONFIG)
		return config_access(f, at, NULL, buf, len);
	memcpy(&value, buf, len);
	f->writes++;
	if (!is_gone(f))
		f->model->write(f, at, value);
	return (ssize_t)len;
}

static int fake_ioctl(struct sys *s, int fd, unsigned long request, void *arg)
{
	struct fake_device *f = fake(s);
	struct vt_region_info *region = arg;
	struct vt_irq_info *irq = arg;

	if (fails(f))
		return -f->fail_errno;
	if (fd == FAKE_SPACE_FD)
		return request == VT_MAP_DMA     ? do_map(f, arg)
		       : request == VT_UNMAP_DMA ? do_unmap(f, arg)
						 : -ENOTTY;
	switch (request) {
	case VT_DEVICE_GET_REGION_INFO:
		region->flags = VT_REGION_READ | VT_REGION_WRITE;
		region->offset = (uint64_t)region->index << REGION_SHIFT;
		if (fd == FAKE_PEER_FD) {
			region->flags |= fake_has(f, FAKE_UNMAPPABLE) ? 0 : VT_REGION_MMAP;
			region->size = region->index == VT_PCI_CONFIG ? 256 : 0x100000;
			return 0;
		}
		if (region->index == VT_PCI_BAR0 + 2 && f->model->submit) {
			if (!fake_has(f, FAKE_UNMAPPABLE))
				region->flags |= VT_REGION_MMAP;
			region->size = PAGE;
			return 0;
		}
		region->size = region->index == VT_PCI_CONFIG   ? 256
			       : region->index != f->model->bar ? 0
			       : fake_has(f, FAKE_SMALL_BAR)    ? 0x20
								: 0x100000;
		return 0;
	case VT_DEVICE_GET_IRQ_INFO:
		irq->flags = VT_IRQ_EVENTFD | VT_IRQ_NORESIZE;
		irq->count = irq->index == f->model->irq_index;
		return 0;
	case VT_DEVICE_SET_IRQS:
		return do_set_irqs(f, arg);
	case VT_DEVICE_RESET:
		f->resets++;
		return 0;
	default:
		return -ENOTTY;
	}
}

static int fake_open(struct sys *s, const char *path, int flags)
{
	struct fake_device *f = fake(s);

	(void)flags;
	if (fails(f))
		return -f->fail_errno;
	if (!strcmp(path, "/dev/kmsg") && fake_has(f, FAKE_LOG_DENIED))
		return -EPERM;
	f->open_fds++;
	return !strcmp(path, "/dev/kmsg")            ? KMSG_FD
	       : !strcmp(path, "/proc/self/pagemap") ? PAGEMAP_FD
	       : !strcmp(path, "/proc/self/status")  ? STATUS_FD
						     : -ENOENT;
}

static int fake_close(struct sys *s, int fd)
{
	(void)fd;
	fake(s)->open_fds--;
	return 0;
}

static ssize_t fake_read(struct sys *s, int fd, void *buf, size_t len)
{
	struct fake_device *f = fake(s);
	size_t kib = 4 * fake_device_mapped(f);
	char text[512];
	size_t n;

	if (fails(f))
		return -f->fail_errno;
	if (fd >= EVENT_FD) {
		if (!f->events[fd - EVENT_FD])
			return -EAGAIN;
		memcpy(buf, &f->events[fd - EVENT_FD], 8);
		f->events[fd - EVENT_FD] = 0;
		return 8;
	}
	if (fd == KMSG_FD) {
		snprintf(text, sizeof(text), "%s", f->log);
		f->log[0] = '\0';
	} else {
		if (fake_has(f, FAKE_KEEPS_PINNED))
			kib = f->nr_mappings;
		snprintf(text, sizeof(text), "Name:\ttest\nVmLck:\t%8zu kB\nVmPin:\t       0 kB\n",
			 kib);
	}
	n = strlen(text);
	if (!n)
		return -EAGAIN;
	memcpy(buf, text, n < len ? n : len);
	return (ssize_t)(n < len ? n : len);
}

static int fake_mmap(struct sys *s, size_t len, int prot, int flags, int fd, uint64_t offset,
		     void **ret)
{
	struct fake_device *f = fake(s);

	if (fails(f))
		return -f->fail_errno;
	if (fd >= 0 && fd != FAKE_PEER_FD &&
	    (!f->model->submit || offset >> REGION_SHIFT != VT_PCI_BAR0 + 2))
		return -ENODEV;
	*ret = mmap(NULL, len, prot, fd < 0 ? flags : MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (*ret == MAP_FAILED)
		return -ENOMEM;
	if (fd == FAKE_PEER_FD) {
		/* The kernel would refuse it to a device that does not decode its memory. */
		if (!(f->peer_command & 2) || len != PAGE)
			__builtin_trap();
		f->window = memcpy(*ret, f->peer_memory, PAGE);
		return 0;
	}
	if (fd >= 0) {
		f->portal = *ret;
		return 0;
	}
	f->memory = *ret;
	f->memory_size = len;
	return 0;
}

static int fake_munmap(struct sys *s, void *addr, size_t len)
{
	struct fake_device *f = fake(s);

	if (addr == f->window) {
		memcpy(f->peer_memory, f->window, PAGE);
		f->window = NULL;
	} else if (addr == f->portal)
		f->portal = NULL;
	else
		f->memory_size = 0;
	return munmap(addr, len);
}

static int fake_eventfd(struct sys *s)
{
	struct fake_device *f = fake(s);

	if (fails(f))
		return -f->fail_errno;
	if (f->nr_eventfds == FAKE_EVENTS_MAX)
		return -EMFILE;
	f->open_fds++;
	return EVENT_FD + (int)f->nr_eventfds++;
}

static int fake_poll(struct sys *s, struct pollfd *fds, size_t nr, int timeout_ms)
{
	struct fake_device *f = fake(s);

	for (size_t i = 0; i < nr; i++) {
		bool ready = fds[i].fd >= EVENT_FD ? f->events[fds[i].fd - EVENT_FD] != 0
						   : fds[i].fd == KMSG_FD && f->log[0];

		fds[i].revents = ready ? POLLIN : 0;
		if (ready)
			return 1;
	}
	f->now_ns += (uint64_t)timeout_ms * 1000000U;
	return 0;
}

static uint64_t fake_now_ns(struct sys *s)
{
	return fake(s)->now_ns += 1000;
}

static int fake_hold_pages(struct sys *s, void *addr, size_t len, int ret[2])
{
	struct fake_device *f = fake(s);

	(void)addr;
	if (fails(f))
		return -f->fail_errno;
	if (len > HOLD_PAGES_MAX * PAGE)
		return -ENOSPC;
	f->held++;
	f->open_fds += 2;
	ret[0] = ret[1] = HOLD_FD;
	return 0;
}

static int fake_submit(struct sys *s, volatile void *to, const void *from)
{
	struct fake_device *f = fake(s);

	if (fails(f))
		return -f->fail_errno;
	/* What a processor would fault for. */
	if (to != f->portal || (uintptr_t)from % SUBMIT_SIZE)
		__builtin_trap();
	if (!is_gone(f))
		f->model->submit(f, from);
	return 0;
}

static const struct sys_ops fake_ops = {
	.open = fake_open,
	.close = fake_close,
	.ioctl = fake_ioctl,
	.mmap = fake_mmap,
	.munmap = fake_munmap,
	.read = fake_read,
	.pread = fake_pread,
	.pwrite = fake_pwrite,
	.eventfd = fake_eventfd,
	.poll = fake_poll,
	.now_ns = fake_now_ns,
	.hold_pages = fake_hold_pages,
	.submit = fake_submit,
};

void fake_device_init(struct fake_device *f, const struct fake_model *model, unsigned int faults)
{
	*f = (struct fake_device){
		.sys = { .ops = &fake_ops },
		.model = model,
		.faults = faults,
		.irq_eventfd = -1,
		.req_eventfd = -1,
	};
	if (faults & FAKE_ENABLED)
		f->command = 6;
	f->control = model->config ? 0 : 0x810;
	if (model->start)
		model->start(f);
}
