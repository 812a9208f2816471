/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/dma-test.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "uapi/abi.h"

/* PCI Local Bus 3.0, 6.1, 6.2 and 6.7; PCI Express Base 6.0, 7.5.3. */
enum {
	CONFIG_VENDOR = 0x00,
	CONFIG_COMMAND = 0x04,
	CONFIG_STATUS = 0x06,
	CONFIG_SUBVENDOR = 0x2c,
	CONFIG_CAPABILITIES = 0x34,
	STATUS_CAPABILITIES = 1 << 4,
	CAPABILITIES_MAX = 48,
	CAPABILITY_EXPRESS = 0x10,
	EXPRESS_CONTROL = 8,
	CONTROL_NO_SNOOP = 1 << 11,
	COMMAND_MEMORY = 1 << 1,
	COMMAND_MASTER = 1 << 2,
	COMMAND_NO_INTX = 1 << 10,
	VENDOR_NONE = 0xffff,
};

enum { REGISTERS_MAPPED = 0x4000, POLL_MS = 2 };

static const struct dma_driver *const drivers[] = {
	&dma_driver_ahci,        &dma_driver_dsa,        &dma_driver_e1000,
	&dma_driver_e1000e,      &dma_driver_edu,        &dma_driver_hda,
	&dma_driver_igb,         &dma_driver_ioat,       &dma_driver_nvme,
	&dma_driver_virtio_blk,  &dma_driver_virtio_net, &dma_driver_virtio_rng,
	&dma_driver_virtio_scsi, &dma_driver_xhci,
};

const struct dma_driver *dma_driver_find(uint16_t vendor, uint16_t device, uint32_t class_code)
{
	const struct dma_driver *ret = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++) {
		const struct dma_driver *e = drivers[i];
		const uint16_t *id = e->devices;

		if ((e->vendor && e->vendor != vendor) ||
		    (e->class_code ^ class_code) & e->class_mask)
			continue;
		while (id && *id && *id != device)
			id++;
		if (id && *id)
			return e;
		if (!id && !ret)
			ret = e;
	}
	return ret;
}

static int get16(const struct region *r, uint64_t offset, uint16_t *ret)
{
	uint64_t value;
	int err = region_get(r, offset, 2, &value);

	if (!err)
		*ret = (uint16_t)value;
	return err;
}

static int open_config(struct dma_test *x, struct failure **reterr)
{
	int r = region_open(x->client, x->object, x->fd, VT_PCI_CONFIG, &x->config);

	if (r < 0)
		return client_failure(reterr, r, "%s: cannot open its config space", x->object);
	x->has_config = true;
	r = get16(&x->config, CONFIG_VENDOR, &x->vendor);
	if (!r)
		r = get16(&x->config, CONFIG_SUBVENDOR, &x->subvendor);
	if (!r)
		r = get16(&x->config, CONFIG_COMMAND, &x->command);
	if (!r && x->vendor == VENDOR_NONE)
		r = -ENODEV;
	if (r < 0)
		return client_failure(reterr, r, "%s: cannot read its config space%s", x->object,
				      r == -ENODEV ? ", which is all ones" : "");
	return 0;
}

int dma_test_begin(struct dma_test *x, struct failure **reterr)
{
	int r = open_config(x, reterr);

	if (r < 0)
		return r;
	if (!(x->command & COMMAND_MEMORY)) {
		x->touched = true;
		r = region_put(&x->config, CONFIG_COMMAND, 2, x->command | COMMAND_MEMORY);
	}
	if (r < 0)
		return client_failure(reterr, r, "%s: cannot let it decode its registers",
				      x->object);
	r = x->kind->bar < DMA_TEST_BARS ? dma_test_use(x, x->kind->bar) : 0;
	if (r < 0)
		return client_failure(reterr, r, "%s: %s", x->object, x->said);
	x->own_pages = x->kind->own_pages;
	x->state = x->kind->state_size ? arena_alloc(x->client->arena, x->kind->state_size) : NULL;
	return x->kind->probe(x, reterr);
}

int dma_test_let_intx(struct dma_test *x, bool let)
{
	unsigned int command = x->command | COMMAND_MEMORY | COMMAND_MASTER;

	x->intx = let;
	x->touched = true;
	return region_put(&x->config, CONFIG_COMMAND, 2,
			  let ? command & ~(unsigned int)COMMAND_NO_INTX
			      : command | COMMAND_NO_INTX);
}

/* Where its PCI Express capability is, or 0. */
static int find_express(struct dma_test *x, uint64_t *ret)
{
	uint16_t status = 0, at = 0, entry = 0;
	int r = get16(&x->config, CONFIG_STATUS, &status);

	*ret = 0;
	if (!r && status & STATUS_CAPABILITIES)
		r = get16(&x->config, CONFIG_CAPABILITIES, &at);
	at &= 0xfc;
	for (unsigned int i = 0; !r && at >= 0x40 && i < CAPABILITIES_MAX; i++) {
		r = get16(&x->config, at, &entry);
		if (!r && (entry & 0xff) == CAPABILITY_EXPRESS) {
			*ret = at;
			break;
		}
		at = entry >> 8 & 0xfc;
	}
	return r;
}

/* A write that does not look into the processor's caches is not seen there, and would look as if the device had
 * not written. linux: drivers/vfio/pci/vfio_pci_config.c: init_pci_cap_exp_perm() lets it through. */
static int make_snoop(struct dma_test *x)
{
	uint64_t at;
	int r = find_express(x, &at);

	if (r < 0 || !at)
		return r;
	r = get16(&x->config, at + EXPRESS_CONTROL, &x->control);
	if (r < 0 || !(x->control & CONTROL_NO_SNOOP))
		return r;
	x->control_at = at + EXPRESS_CONTROL;
	return region_put(&x->config, x->control_at, 2,
			  x->control & ~(unsigned int)CONTROL_NO_SNOOP);
}

int dma_test_start(struct dma_test *x, struct failure **reterr)
{
	int r = make_snoop(x);

	if (r < 0)
		return client_failure(reterr, r, "%s: cannot change its Device Control register",
				      x->object);
	x->kind->quiesce(x);
	r = dma_test_let_intx(x, x->intx);
	if (r < 0)
		return client_failure(reterr, r, "%s: cannot make it master of the bus", x->object);
	x->started = true;
	return x->kind->init(x, reterr);
}

void dma_test_end(struct dma_test *x)
{
	if (x->started)
		x->kind->quiesce(x);
	if (x->touched)
		(void)region_put(&x->config, CONFIG_COMMAND, 2, x->command);
	if (x->control_at)
		(void)region_put(&x->config, x->control_at, 2, x->control);
	x->control_at = 0;
	for (size_t i = 0; i < DMA_TEST_BARS; i++)
		if (x->has_bar[i])
			region_close(&x->bars[i]);
	if (x->has_config)
		region_close(&x->config);
	x->started = x->touched = x->has_config = false;
	memset(x->has_bar, 0, sizeof(x->has_bar));
}

bool dma_test_is_master(const struct dma_test *x)
{
	return x->command & COMMAND_MASTER;
}

int dma_test_use(struct dma_test *x, unsigned int bar)
{
	int r = -EINVAL;

	if (bar < DMA_TEST_BARS)
		r = x->has_bar[bar] ? 0
				    : region_open(x->client, x->object, x->fd, VT_PCI_BAR0 + bar,
						  &x->bars[bar]);
	if (r < 0) {
		x->said = arena_printf(x->client->arena, "cannot open its registers (BAR %u)", bar);
		return r;
	}
	x->registers = &x->bars[bar];
	/* A refused mapping does no harm: every access then goes through the descriptor. */
	if (!x->has_bar[bar])
		(void)region_map(x->registers, 0, REGISTERS_MAPPED, x->page_size);
	x->has_bar[bar] = true;
	return 0;
}

static const char *beyond(const struct dma_test *x, uint64_t offset)
{
	return arena_printf(x->client->arena,
			    "register %#llx lies beyond the %llu bytes of its registers (BAR %u)",
			    (unsigned long long)offset, (unsigned long long)x->registers->info.size,
			    x->registers->info.index - VT_PCI_BAR0);
}

int dma_test_get(struct dma_test *x, uint64_t offset, unsigned int width, uint32_t *ret)
{
	uint64_t value;
	int r = region_get(x->registers, offset, width, &value);

	if (!r && value == UINT32_MAX >> (32 - 8 * width))
		r = -ENODEV;
	if (r == -EIO) /* not the device's own word */
		r = -EREMOTEIO;
	if (r == -ENODEV)
		x->said = "it answers all ones, so it is gone";
	else if (r == -ERANGE)
		x->said = beyond(x, offset);
	else if (r < 0)
		x->said = arena_printf(x->client->arena, "register %#llx cannot be read: %s",
				       (unsigned long long)offset, strerror(-r));
	if (!r)
		*ret = (uint32_t)value;
	return r;
}

int dma_test_put(struct dma_test *x, uint64_t offset, unsigned int width, uint32_t value)
{
	int r = region_put(x->registers, offset, width, value);

	if (r == -ERANGE)
		x->said = beyond(x, offset);
	else if (r < 0)
		x->said = arena_printf(x->client->arena, "register %#llx cannot be written: %s",
				       (unsigned long long)offset, strerror(-r));
	return r == -EIO ? -EREMOTEIO : r;
}

int dma_test_put64(struct dma_test *x, uint64_t offset, uint64_t value)
{
	int r;

	if (!region_mapped(x->registers, offset, 8)) {
		if (value <= UINT32_MAX)
			return dma_test_put32(x, offset, (uint32_t)value);
		/* linux: drivers/vfio/pci/vfio_pci_rdwr.c: vfio_pci_core_do_io_rw(): cut in two. */
		x->said =
			arena_printf(x->client->arena,
				     "address %#llx does not fit a register that cannot be mapped",
				     (unsigned long long)value);
		return -ERANGE;
	}
	r = region_put(x->registers, offset, 8, value);
	if (r < 0)
		x->said = arena_printf(x->client->arena, "register %#llx cannot be written: %s",
				       (unsigned long long)offset, strerror(-r));
	return r == -EIO ? -EREMOTEIO : r;
}

int dma_test_submit(struct dma_test *x, unsigned int bar, const void *from)
{
	struct region *registers = x->registers;
	struct arena *a = x->client->arena;
	struct sys *sys = x->client->sys;
	int r = dma_test_use(x, bar);

	if (!r) {
		volatile void *to = region_mapped(x->registers, 0, SUBMIT_SIZE);

		x->registers = registers;
		r = to ? sys->ops->submit(sys, to, from) : -ENXIO;
		x->said =
			r == -ENXIO
				? arena_printf(a,
					       "BAR %u cannot be mapped, and commands need a write of 64 bytes",
					       bar)
			: r == -EOPNOTSUPP
				? "the processor has no write of 64 bytes (MOVDIR64B), which commands need"
				: arena_printf(a, "BAR %u cannot be written: %s", bar,
					       strerror(-r));
	}
	return r == -EIO ? -EREMOTEIO : r;
}

int dma_test_failure(const struct dma_test *x, int r, struct failure **reterr)
{
	return r == -ENOTSUP ? failure_set_status(reterr, STATUS_UNKNOWN, r,
						  "%s: %s: it cannot be proven", x->object, x->said)
			     : failure_set(reterr, r, "%s: %s", x->object, x->said);
}

void dma_test_pause(struct dma_test *x, unsigned int ms)
{
	struct sys *sys = x->client->sys;

	(void)sys->ops->poll(sys, NULL, 0, (int)ms);
}

int dma_test_wait(struct dma_test *x, uint64_t offset, unsigned int width, uint32_t mask,
		  uint32_t want, unsigned int timeout_ms, const char *what)
{
	struct sys *sys = x->client->sys;
	uint64_t end = sys->ops->now_ns(sys) + (uint64_t)timeout_ms * 1000000U;

	for (;;) {
		/* The time first: a process that was not scheduled for long still asks once more. */
		bool late = sys->ops->now_ns(sys) >= end;
		uint32_t value;
		int r = dma_test_get(x, offset, width, &value);

		if (r < 0 || (value & mask) == want)
			return r;
		if (late)
			break;
		dma_test_pause(x, POLL_MS);
	}
	x->said = arena_printf(x->client->arena, "%s took longer than %u ms", what, timeout_ms);
	return -ETIMEDOUT;
}

uint32_t dma_test_le32(const uint8_t *p)
{
	/* The device may change it at any time. */
	return le32toh(*(const volatile uint32_t *)(const void *)p);
}

void dma_test_set_le32(uint8_t *p, uint32_t value)
{
	value = htole32(value);
	memcpy(p, &value, sizeof(value));
}

void dma_test_set_le64(uint8_t *p, uint64_t value)
{
	value = htole64(value);
	memcpy(p, &value, sizeof(value));
}
