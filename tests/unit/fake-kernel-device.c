/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an open device of the kernel in memory does: signals, resets, its registers. */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "uapi/abi.h"
#include "fake-kernel.h"

/* ---- interrupts ---- */

static int set_eventfds(struct fake_kernel *k, const struct vt_irq_set *set)
{
	const int32_t *fds = (const void *)(set + 1);

	if (set->count != 1 || set->start)
		return -EINVAL;
	if (fds[0] >= 0) {
		const struct fake_fd *f = fake_get(k, fds[0]);

		if (!f || f->file != FAKE_EVENTFD)
			return -EINVAL;
		/* linux: drivers/vfio/pci/vfio_pci_intrs.c: one kind of the three at a time. */
		for (uint32_t i = 0; i <= VT_PCI_MSIX && set->index <= VT_PCI_MSIX; i++)
			if (k->irqs[i])
				return -EINVAL;
	}
	k->irqs[set->index] = fds[0] < 0 ? 0 : fds[0];
	return 0;
}

static int set_irqs(struct fake_kernel *k, const struct vt_irq_set *set)
{
	if (set->index >= VT_PCI_NR_IRQS || !(set->flags & VT_IRQ_SET_ACTION_TRIGGER))
		return -EINVAL;
	if (set->flags & VT_IRQ_SET_DATA_EVENTFD)
		return set_eventfds(k, set);
	if (!set->count) {
		k->irqs[set->index] = 0;
		return 0;
	}
	if (!k->irqs[set->index])
		return -EINVAL;
	fake_get(k, k->irqs[set->index])->signals += set->count;
	return 0;
}

int fake_eventfd(struct sys *s)
{
	struct fake_kernel *k = fake_of(s);
	int err = fake_fails(k, "eventfd");

	return err ? err : fake_new_fd(k, FAKE_EVENTFD, 0);
}

ssize_t fake_read(struct sys *s, int fd, void *buf, size_t len)
{
	struct fake_kernel *k = fake_of(s);
	int err = fake_fails(k, "read");
	struct fake_fd *f = fake_get(k, fd);

	if (err)
		return err;
	if (!f || f->file != FAKE_EVENTFD || len != sizeof(f->signals))
		return -EINVAL;
	if (!f->signals)
		return -EAGAIN;
	memcpy(buf, &f->signals, len);
	f->signals = 0;
	return (ssize_t)len;
}

int fake_poll(struct sys *s, struct pollfd *fds, size_t nr, int timeout_ms)
{
	struct fake_kernel *k = fake_of(s);
	int err = fake_fails(k, "poll"), ready = 0;

	if (err)
		return err;
	for (size_t i = 0; i < nr; i++) {
		const struct fake_fd *f = fds[i].fd < 0 ? NULL : fake_get(k, fds[i].fd);

		fds[i].revents = f && f->signals ? POLLIN : 0;
		ready += fds[i].revents != 0;
	}
	if (!ready)
		k->now_ns += (uint64_t)timeout_ms * 1000000;
	return ready;
}

/* ---- resets ---- */

/* linux: drivers/vfio/pci/vfio_pci_core.c: vfio_pci_ioctl_get_pci_hot_reset_info(): by ids where the device was
 * opened by itself, since 6.5. */
static bool tells_ids(const struct fake_kernel *k)
{
	for (size_t i = 0; i < ARRAY_SIZE(k->group_open); i++)
		if (k->group_open[i])
			return false;
	return true;
}

/* The neighbour is in the same group, or in one that nobody here has. */
static int tell_scope(const struct fake_kernel *k, struct vt_hot_reset_info *info)
{
	struct vt_hot_reset_device *to = (void *)(info + 1);
	uint32_t nr = k->neighbour ? 2 : 1;

	info->count = nr;
	if (info->argsz < sizeof(*info) + nr * sizeof(*to))
		return -ENOSPC;
	to[0] = (struct vt_hot_reset_device){ .id = 1, .bus = 1, .devfn = 0 };
	if (tells_ids(k)) {
		info->flags = VT_HOT_RESET_DEV_ID | VT_HOT_RESET_DEV_ID_OWNED;
		to[0].id = 3;
	}
	if (k->neighbour)
		to[1] = (struct vt_hot_reset_device){ .id = k->neighbour, .bus = 1, .devfn = 1 };
	return 0;
}

static int reset(struct fake_kernel *k, const struct vt_hot_reset *hot)
{
	const int32_t *fds = hot ? (const void *)(hot + 1) : NULL;

	for (uint32_t i = 0; hot && i < hot->count; i++) {
		const struct fake_fd *f = fake_get(k, fds[i]);

		if (!f || f->file != FAKE_GROUP)
			fake_wrong(k, "a hot reset with what is no group");
	}
	if (k->neighbour > 1)
		fake_wrong(k, "a hot reset that hits what is not ours");
	if (k->reset_waits) {
		if (k->irqs[VT_PCI_REQ])
			fake_get(k, k->irqs[VT_PCI_REQ])->signals++;
		return -EAGAIN;
	}
	k->resets++;
	return 0;
}

int fake_device_act(struct fake_kernel *k, unsigned long request, void *arg)
{
	switch (request) {
	case VT_DEVICE_SET_IRQS:
		return set_irqs(k, arg);
	case VT_DEVICE_RESET:
		return k->no_reset ? -EINVAL : reset(k, NULL);
	case VT_DEVICE_GET_PCI_HOT_RESET_INFO:
		return tell_scope(k, arg);
	case VT_DEVICE_PCI_HOT_RESET:
		return reset(k, arg);
	default:
		return -ENOTTY;
	}
}

/* ---- registers ---- */

/* The bytes at @offset of the descriptor, if all @len are in a region. */
static uint8_t *find_bytes(struct fake_kernel *k, uint64_t offset, size_t len)
{
	uint64_t region = offset >> 40, at = offset & ((UINT64_C(1) << 40) - 1);

	if (region == VT_PCI_CONFIG && at <= sizeof(k->config) && len <= sizeof(k->config) - at)
		return k->config + at;
	if (!region && at <= sizeof(k->bar) && len <= sizeof(k->bar) - at)
		return k->bar + at;
	fake_wrong(k, "bytes outside of a region");
	return NULL;
}

ssize_t fake_pread(struct sys *s, int fd, void *buf, size_t len, uint64_t offset)
{
	struct fake_kernel *k = fake_of(s);
	int err = fake_fails(k, "pread");
	const struct fake_fd *f = fake_get(k, fd);
	const uint8_t *from = find_bytes(k, offset, len);

	if (err) {
		k->failed_offset = offset;
		return err;
	}
	if (!f || f->file != FAKE_DEVICE || !from)
		return -EINVAL;
	memcpy(buf, from, len);
	return (ssize_t)len;
}

ssize_t fake_pwrite(struct sys *s, int fd, const void *buf, size_t len, uint64_t offset)
{
	struct fake_kernel *k = fake_of(s);
	int err = fake_fails(k, "pwrite");
	const struct fake_fd *f = fake_get(k, fd);
	uint8_t *to = find_bytes(k, offset, len);

	if (err) {
		k->failed_offset = offset;
		return err;
	}
	if (!f || f->file != FAKE_DEVICE || !to)
		return -EINVAL;
	memcpy(to, buf, len);
	return (ssize_t)len;
}
