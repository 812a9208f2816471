/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The transport of virtio devices on PCI as since version 1.0, and one split virtqueue, with indirect
 * descriptors for every other request where the device has them. Sections are those of Virtual I/O Device
 * (VIRTIO) Version 1.2. */
#include "client/dma-test-virtio.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "base/macro.h"

/* PCI Local Bus 3.0, 6.7, and 4.1.4: the capabilities that say where the structures are. */
enum {
	CONFIG_STATUS = 0x06,
	STATUS_HAS_LIST = 1 << 4,
	CONFIG_LIST = 0x34,
	CAPABILITY_VENDOR = 0x09,
	CAPABILITIES_MAX = 48,
	CAP_TYPE = 3,
	CAP_BAR = 4,
	CAP_OFFSET = 8,
	CAP_MULTIPLIER = 16,
	TYPE_COMMON = 1,
	TYPE_NOTIFY = 2,
	TYPE_ISR = 3,
	TYPE_DEVICE = 4,
};

/* 4.1.4.3: the common configuration. */
enum {
	COMMON_OFFERED_SELECT = 0x00,
	COMMON_OFFERED = 0x04,
	COMMON_ACCEPTED_SELECT = 0x08,
	COMMON_ACCEPTED = 0x0c,
	COMMON_CONFIG_VECTOR = 0x10,
	COMMON_STATUS = 0x14,
	COMMON_QUEUE = 0x16,
	COMMON_QUEUE_SIZE = 0x18,
	COMMON_QUEUE_VECTOR = 0x1a,
	COMMON_QUEUE_ENABLE = 0x1c,
	COMMON_QUEUE_NOTIFY = 0x1e,
	COMMON_QUEUE_DESCRIPTORS = 0x20,
	COMMON_QUEUE_AVAILABLE = 0x28,
	COMMON_QUEUE_USED = 0x30,
	NO_VECTOR = 0xffff,
};

/* 2.1: the device's status. */
enum {
	STATUS_ACKNOWLEDGE = 1,
	STATUS_DRIVER = 2,
	STATUS_DRIVER_OK = 4,
	STATUS_FEATURES_OK = 8,
	STATUS_NEEDS_RESET = 0x40,
};

/* 6: features of no type: in the first word, and in the second. */
enum {
	LOW_INDIRECT = 1 << 28,
	HIGH_VERSION_1 = 1 << 0,
	HIGH_ACCESS_PLATFORM = 1 << 1,
	HIGH_ORDER_PLATFORM = 1 << 4,
};

/* 2.7: split virtqueues. */
enum {
	DESCRIPTOR_SIZE = 16,
	DESCRIPTOR_NEXT = 1,
	DESCRIPTOR_WRITE = 2,
	DESCRIPTOR_INDIRECT = 4,
	TABLE_SIZE = 64,
	NO_INTERRUPT = 1,
	SIZE_MAX_USED = 32, /* descriptors: as many as there is room for */
	RESET_TIMEOUT_MS = 1000,
	REQUEST_TIMEOUT_MS = 2000,
};

static void set_le16(uint8_t *p, unsigned int value)
{
	uint16_t raw = htole16((uint16_t)value);

	memcpy(p, &raw, sizeof(raw));
}

static uint16_t get_le16(const uint8_t *p)
{
	return le16toh(*(const volatile uint16_t *)(const void *)p);
}

/* ---- registers ---- */

static int get(struct dma_test *x, const struct virtio_place *place, uint32_t offset,
	       unsigned int width, uint32_t *ret)
{
	int r = dma_test_use(x, place->bar);

	return r < 0 ? r : dma_test_get(x, (uint64_t)place->offset + offset, width, ret);
}

static int put(struct dma_test *x, const struct virtio_place *place, uint64_t offset,
	       unsigned int width, uint32_t value)
{
	int r = dma_test_use(x, place->bar);

	return r < 0 ? r : dma_test_put(x, place->offset + offset, width, value);
}

int virtio_get_config(struct dma_test *x, uint32_t offset, uint32_t *ret)
{
	struct virtio *v = x->state;

	if (!v->device.found) {
		x->said = "it has no configuration of its type";
		return -ENOTSUP;
	}
	return get(x, &v->device, offset, 4, ret);
}

/* ---- where things are ---- */

static int config_get(struct dma_test *x, uint64_t offset, unsigned int width, uint32_t *ret)
{
	uint64_t value = 0;
	int r = region_get(&x->config, offset, width, &value);

	*ret = (uint32_t)value;
	return r;
}

/* The first structure of each type counts, 4.1.4. */
static int note_place(struct dma_test *x, uint32_t at)
{
	struct virtio *v = x->state;
	uint32_t type = 0, bar = 0, offset = 0;
	struct virtio_place *const places[] = {
		[TYPE_COMMON] = &v->common,
		[TYPE_NOTIFY] = &v->notify,
		[TYPE_ISR] = &v->isr,
		[TYPE_DEVICE] = &v->device,
	};
	struct virtio_place *place;
	int r = config_get(x, at + CAP_TYPE, 1, &type);

	if (!r)
		r = config_get(x, at + CAP_BAR, 1, &bar);
	if (!r)
		r = config_get(x, at + CAP_OFFSET, 4, &offset);
	place = type < ARRAY_SIZE(places) ? places[type] : NULL;
	if (r < 0 || !place || place->found || bar >= DMA_TEST_BARS)
		return r;
	*place = (struct virtio_place){ .found = true, .bar = bar, .offset = offset };
	return type == TYPE_NOTIFY ? config_get(x, at + CAP_MULTIPLIER, 4, &v->notify_multiplier)
				   : 0;
}

static int find_places(struct dma_test *x)
{
	uint32_t at = 0, id = 0;
	int r = config_get(x, CONFIG_STATUS, 2, &id);

	if (!r && id & STATUS_HAS_LIST)
		r = config_get(x, CONFIG_LIST, 1, &at);
	for (unsigned int i = 0; !r && at >= 0x40 && i < CAPABILITIES_MAX; i++) {
		at &= 0xfc;
		r = config_get(x, at, 1, &id);
		if (!r && id == CAPABILITY_VENDOR)
			r = note_place(x, at);
		if (!r)
			r = config_get(x, at + 1, 1, &at);
	}
	return r;
}

int virtio_probe(struct dma_test *x, struct failure **reterr)
{
	struct virtio *v = x->state;
	uint32_t status;
	int r = find_places(x);

	if (r < 0)
		return client_failure(reterr, r, "%s: cannot read its capabilities", x->object);
	if (!v->common.found || !v->notify.found)
		return failure_set_status(reterr, STATUS_NO, -EXDEV,
					  "%s: it has the interface of virtio before version 1.0 only, which does not use the IOMMU; in QEMU, start it with disable-legacy=on,iommu_platform=on",
					  x->object);
	r = get(x, &v->common, COMMON_STATUS, 1, &status);
	if (r < 0)
		return dma_test_failure(x, r, reterr);
	if (dma_test_is_master(x) && status & STATUS_DRIVER_OK)
		return failure_set(reterr, -EBUSY,
				   "%s: a driver runs the device (status %#x), so something may be using it: end that, or reset the device first",
				   x->object, status);
	return 0;
}

/* ---- setup ---- */

static int add_status(struct dma_test *x, uint32_t status)
{
	struct virtio *v = x->state;

	return put(x, &v->common, COMMON_STATUS, 1, status);
}

static int device_reset(struct dma_test *x)
{
	struct virtio *v = x->state;
	int r = put(x, &v->common, COMMON_STATUS, 1, 0);

	return r < 0 ? r
		     : dma_test_wait(x, (uint64_t)v->common.offset + COMMON_STATUS, 1, 0xff, 0,
				     RESET_TIMEOUT_MS, "the device's reset (status 0)");
}

static int get_features(struct dma_test *x, uint32_t *low, uint32_t *high)
{
	struct virtio *v = x->state;
	int r = put(x, &v->common, COMMON_OFFERED_SELECT, 4, 1);

	if (!r)
		r = get(x, &v->common, COMMON_OFFERED, 4, high);
	if (!r)
		r = put(x, &v->common, COMMON_OFFERED_SELECT, 4, 0);
	if (!r)
		r = get(x, &v->common, COMMON_OFFERED, 4, low);
	return r;
}

static int accept(struct dma_test *x, uint32_t low, uint32_t high)
{
	struct virtio *v = x->state;
	uint32_t status = STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK;
	int r = put(x, &v->common, COMMON_ACCEPTED_SELECT, 4, 0);

	if (!r)
		r = put(x, &v->common, COMMON_ACCEPTED, 4, low);
	if (!r)
		r = put(x, &v->common, COMMON_ACCEPTED_SELECT, 4, 1);
	if (!r)
		r = put(x, &v->common, COMMON_ACCEPTED, 4, high);
	if (!r)
		r = add_status(x, status);
	if (!r)
		r = get(x, &v->common, COMMON_STATUS, 1, &status);
	if (!r && !(status & STATUS_FEATURES_OK)) {
		x->said = "the device does not accept the features that the test needs";
		r = -EREMOTEIO;
	}
	return r;
}

/* 3.1.1, steps 1 to 6. Without VIRTIO_F_ACCESS_PLATFORM a device takes addresses for physical ones (6.1), so
 * it must not be given one that means something else. */
static int negotiate(struct dma_test *x, const struct virtio_wants *wants, struct failure **reterr)
{
	struct virtio *v = x->state;
	uint32_t low = 0, high = 0;
	int r = device_reset(x);

	if (!r)
		r = add_status(x, STATUS_ACKNOWLEDGE);
	if (!r)
		r = add_status(x, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
	if (!r)
		r = get_features(x, &low, &high);
	if (r < 0)
		return r;
	if (!x->untranslated && !(high & HIGH_ACCESS_PLATFORM))
		return failure_set_status(reterr, STATUS_NO, -EXDEV,
					  "%s: the device does not offer VIRTIO_F_ACCESS_PLATFORM, so it uses physical addresses and bypasses the IOMMU: no DMA was tried. In QEMU, start it with disable-legacy=on,iommu_platform=on",
					  x->object);
	if (!(high & HIGH_VERSION_1) || (low & wants->features) != wants->features) {
		x->said =
			arena_printf(x->client->arena,
				     "it offers features %#010x%08x, and the test needs %#010x%08x",
				     high, low, HIGH_VERSION_1, wants->features);
		return -ENOTSUP;
	}
	v->has_indirect = low & LOW_INDIRECT;
	return accept(x, low & (wants->features | LOW_INDIRECT),
		      high & (HIGH_VERSION_1 | HIGH_ACCESS_PLATFORM | HIGH_ORDER_PLATFORM));
}

static int put64(struct dma_test *x, uint32_t offset, uint64_t value)
{
	struct virtio *v = x->state;
	int r = put(x, &v->common, offset, 4, (uint32_t)value);

	return r < 0 ? r : put(x, &v->common, offset + 4, 4, (uint32_t)(value >> 32));
}

static int enable_queue(struct dma_test *x)
{
	struct virtio *v = x->state;
	int r = put(x, &v->common, COMMON_QUEUE_SIZE, 2, v->size);

	if (!r)
		r = put(x, &v->common, COMMON_CONFIG_VECTOR, 2, NO_VECTOR);
	if (!r)
		r = put(x, &v->common, COMMON_QUEUE_VECTOR, 2, 0);
	if (!r)
		r = put64(x, COMMON_QUEUE_DESCRIPTORS, x->own[0].iova + VIRTIO_DESCRIPTORS);
	if (!r)
		r = put64(x, COMMON_QUEUE_AVAILABLE, x->own[0].iova + VIRTIO_AVAILABLE);
	if (!r)
		r = put64(x, COMMON_QUEUE_USED, x->own[1].iova + VIRTIO_USED);
	if (!r)
		r = get(x, &v->common, COMMON_QUEUE_NOTIFY, 2, &v->notify_offset);
	if (!r)
		r = put(x, &v->common, COMMON_QUEUE_ENABLE, 2, 1);
	if (!r)
		r = add_status(x, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK |
					  STATUS_DRIVER_OK);
	return r;
}

static int set_up_queue(struct dma_test *x, const struct virtio_wants *wants)
{
	struct virtio *v = x->state;
	uint32_t size = 0;
	int r = put(x, &v->common, COMMON_QUEUE, 2, wants->queue);

	if (!r)
		r = get(x, &v->common, COMMON_QUEUE_SIZE, 2, &size);
	if (!r && size < wants->size) {
		x->said = arena_printf(x->client->arena,
				       "its queue %u has %u descriptors, and the test needs %u",
				       wants->queue, size, wants->size);
		r = -ENOTSUP;
	}
	if (r < 0)
		return r;
	v->queue = wants->queue;
	v->size = size < SIZE_MAX_USED ? size : SIZE_MAX_USED;
	v->next = 0;
	memset(x->own[0].memory, 0, VIRTIO_REQUESTS);
	memset(x->own[1].memory, 0, VIRTIO_ANSWERS);
	/* What never was an answer. */
	memset(x->own[1].memory + VIRTIO_ANSWERS, 0xff, VIRTIO_SCRATCH - VIRTIO_ANSWERS);
	set_le16(x->own[0].memory + VIRTIO_AVAILABLE, NO_INTERRUPT);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return enable_queue(x);
}

int virtio_init(struct dma_test *x, const struct virtio_wants *wants, struct failure **reterr)
{
	int r = negotiate(x, wants, reterr);

	if (!r)
		r = set_up_queue(x, wants);
	return r < 0 ? dma_test_failure(x, r, reterr) : 0;
}

/* ---- requests ---- */

static void describe(uint8_t *table, unsigned int i, const struct virtio_piece *piece,
		     unsigned int flags, unsigned int next)
{
	uint8_t *d = table + (size_t)i * DESCRIPTOR_SIZE;

	dma_test_set_le64(d, piece->iova);
	dma_test_set_le32(d + 8, piece->len);
	set_le16(d + 12, flags | (piece->writable ? DESCRIPTOR_WRITE : 0U));
	set_le16(d + 14, next);
}

/* 2.7.5: one chain; its first descriptor. */
static unsigned int write_chain(struct dma_test *x, const struct virtio_piece *pieces,
				unsigned int nr, unsigned int chain)
{
	struct virtio *v = x->state;
	uint8_t *descriptors = x->own[0].memory + VIRTIO_DESCRIPTORS;
	unsigned int table_at = VIRTIO_TABLES + chain * TABLE_SIZE;
	unsigned int base = v->indirect ? 0 : chain * nr;
	uint8_t *table = v->indirect ? x->own[0].memory + table_at : descriptors;
	const struct virtio_piece all = { x->own[0].iova + table_at, nr * DESCRIPTOR_SIZE, false };

	for (unsigned int i = 0; i < nr; i++)
		describe(table, base + i, &pieces[i], i + 1 < nr ? DESCRIPTOR_NEXT : 0,
			 base + i + 1);
	if (!v->indirect)
		return base;
	describe(descriptors, chain, &all, DESCRIPTOR_INDIRECT, 0);
	return chain;
}

/* 2.7.8: each chain must be there once. */
static int take_used(struct dma_test *x, unsigned int step, unsigned int nr_chains)
{
	struct virtio *v = x->state;
	uint32_t seen = 0;

	v->written = 0;
	for (unsigned int i = 0; i < nr_chains; i++) {
		const uint8_t *element =
			x->own[1].memory + VIRTIO_USED + 4 + (size_t)((v->next + i) % v->size) * 8;
		uint32_t id = dma_test_le32(element);

		if (id % step || id / step >= nr_chains || seen & 1U << id / step) {
			x->said =
				arena_printf(x->client->arena,
					     "the device returned descriptor %u, which it was not given",
					     id);
			return -EIO;
		}
		seen |= 1U << id / step;
		v->written += dma_test_le32(element + 4);
	}
	v->next = (uint16_t)(v->next + nr_chains);
	x->said = arena_printf(x->client->arena,
			       "the device returned its %s descriptors, %u bytes written",
			       v->indirect ? "indirect" : "direct", v->written);
	return 0;
}

static int wait_used(struct dma_test *x, unsigned int nr_chains)
{
	struct virtio *v = x->state;
	struct sys *sys = x->client->sys;
	uint64_t end = sys->ops->now_ns(sys) + (uint64_t)REQUEST_TIMEOUT_MS * 1000000U;
	const uint8_t *index = x->own[1].memory + VIRTIO_USED + 2;

	for (;;) {
		bool late = sys->ops->now_ns(sys) >= end;
		uint32_t status = 0;
		int r;

		if (get_le16(index) == (uint16_t)(v->next + nr_chains))
			return 0;
		r = get(x, &v->common, COMMON_STATUS, 1, &status);
		if (r < 0)
			return r;
		if (status & STATUS_NEEDS_RESET) {
			x->said = "the device says that it failed (DEVICE_NEEDS_RESET)";
			return -EIO;
		}
		if (late)
			break;
		dma_test_pause(x, 1);
	}
	x->said = arena_printf(x->client->arena, "the device returned no descriptor within %u ms",
			       REQUEST_TIMEOUT_MS);
	return -ETIMEDOUT;
}

int virtio_request(struct dma_test *x, const struct virtio_piece *pieces, unsigned int nr,
		   unsigned int nr_chains)
{
	struct virtio *v = x->state;
	uint8_t *available = x->own[0].memory + VIRTIO_AVAILABLE;
	int r;

	v->indirect = v->has_indirect && !v->indirect;
	for (unsigned int i = 0; i < nr_chains; i++)
		set_le16(available + 4 + (size_t)((v->next + i) % v->size) * 2,
			 write_chain(x, pieces + (size_t)i * nr, nr, i));
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	set_le16(available + 2, v->next + nr_chains);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	r = put(x, &v->notify, (uint64_t)v->notify_offset * v->notify_multiplier, 2, v->queue);
	if (!r)
		r = wait_used(x, nr_chains);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return r < 0 ? r : take_used(x, v->indirect ? 1 : nr, nr_chains);
}

int virtio_interrupt(struct dma_test *x, uint64_t scratch)
{
	uint8_t *flags = x->own[0].memory + VIRTIO_AVAILABLE;
	int r;

	set_le16(flags, 0);
	r = x->kind->store(x, scratch);
	set_le16(flags, NO_INTERRUPT);
	return r;
}

/* 4.1.4.5: a read takes INTx back. */
void virtio_acknowledge(struct dma_test *x)
{
	struct virtio *v = x->state;
	uint32_t value;

	if (v->isr.found)
		(void)get(x, &v->isr, 0, 1, &value);
}

void virtio_quiesce(struct dma_test *x)
{
	(void)device_reset(x);
}
