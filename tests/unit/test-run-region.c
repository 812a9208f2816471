/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The regions command's work on a device of a few lines: BAR0 of registers, BAR3 with an MSI-X table, a
 * configuration space. Mapped is never read, and what is refused is not asked. */
#include <errno.h>
#include <stdlib.h>

#include "base/macro.h"
#include "uapi/abi.h"
#include "run/region.h"
#include "scene.h"

enum { DEVICE_FD = 5, SHIFT = 40 };

struct device {
	struct sys sys;
	uint8_t config[256], bar0[64], bar3[256];
	unsigned int writes;
	size_t widest; /* bytes of one access to a BAR */
	unsigned int calls, fails_at;
	int err;
	struct arena *arena;
	struct client client;
	struct region_work work;
};

static uint8_t *memory_of(struct device *d, uint32_t index, uint64_t *size)
{
	*size = index == VT_PCI_CONFIG ? sizeof(d->config)
		: index == 0           ? sizeof(d->bar0)
		: index == 3           ? sizeof(d->bar3)
				       : 0;
	return index == VT_PCI_CONFIG ? d->config : index == 0 ? d->bar0 : d->bar3;
}

static int fake_ioctl(struct sys *s, int fd, unsigned long request, void *arg)
{
	struct device *d = (struct device *)s;
	struct vt_device_info *device = arg;
	struct vt_region_info *region = arg;

	assert_int_equal(fd, DEVICE_FD);
	if (++d->calls == d->fails_at)
		return -d->err;
	if (request == VT_DEVICE_GET_INFO) {
		device->flags = VT_DEVICE_PCI | VT_DEVICE_RESET_FLAG;
		device->num_regions = VT_PCI_NR_REGIONS;
		return 0;
	}
	assert_int_equal(request, VT_DEVICE_GET_REGION_INFO);
	if (region->index == VT_PCI_VGA)
		return -EINVAL;
	memory_of(d, region->index, &region->size);
	region->offset = (uint64_t)region->index << SHIFT;
	region->flags = region->size ? VT_REGION_READ | VT_REGION_WRITE : 0;
	return 0;
}

/* As the kernel: nothing answers while decoding is off or the device sleeps. */
static bool is_silent(const struct device *d, uint32_t index)
{
	return index != VT_PCI_CONFIG && (!(d->config[4] & 2) || d->config[0x44] & 3);
}

static ssize_t move(struct sys *s, void *to, const void *from, size_t len, uint64_t offset)
{
	struct device *d = (struct device *)s;
	uint32_t index = (uint32_t)(offset >> SHIFT);
	uint64_t size, at = offset & ((UINT64_C(1) << SHIFT) - 1);
	uint8_t *memory = memory_of(d, index, &size);

	if (++d->calls == d->fails_at)
		return -d->err;
	if (is_silent(d, index))
		return -EIO;
	assert_true(at <= size && len <= size - at);
	if (index != VT_PCI_CONFIG && len > d->widest)
		d->widest = len;
	memcpy(to ? to : memory + at, from ? from : memory + at, len);
	d->writes += !to;
	return (ssize_t)len;
}

static ssize_t fake_pread(struct sys *s, int fd, void *buf, size_t len, uint64_t offset)
{
	assert_int_equal(fd, DEVICE_FD);
	return move(s, buf, NULL, len, offset);
}

static ssize_t fake_pwrite(struct sys *s, int fd, const void *buf, size_t len, uint64_t offset)
{
	assert_int_equal(fd, DEVICE_FD);
	return move(s, NULL, buf, len, offset);
}

static uint64_t fake_now(struct sys *s)
{
	(void)s;
	return 0;
}

static const struct sys_ops ops = {
	.ioctl = fake_ioctl,
	.pread = fake_pread,
	.pwrite = fake_pwrite,
	.now_ns = fake_now,
};

static void put(struct device *d, size_t at, unsigned int width, uint32_t value)
{
	for (unsigned int i = 0; i < width; i++)
		d->config[at + i] = (uint8_t)(value >> (8 * i));
}

/* Power management at 0x40; MSI-X at 0x50 with four vectors at 0x40 of BAR3. */
static void begin(struct device *d)
{
	*d = (struct device){ .sys = { .ops = &ops }, .arena = arena_new() };
	put(d, 0x00, 4, 0x10d38086);
	put(d, 0x04, 2, 0x0003);
	put(d, 0x06, 2, 0x0010);
	put(d, 0x34, 1, 0x40);
	put(d, 0x40, 2, 0x5001);
	put(d, 0x50, 2, 0x0011);
	put(d, 0x52, 2, 0x0003);
	put(d, 0x54, 4, 0x00000043);
	for (size_t i = 0; i < sizeof(d->bar0); i++)
		d->bar0[i] = (uint8_t)i;
	client_init(&d->client, &d->sys, d->arena);
	d->work = (struct region_work){
		.client = &d->client, .object = "0000:01:00.0", .fd = DEVICE_FD, .arena = d->arena
	};
}

static void end(struct device *d)
{
	arena_free(d->arena);
}

/* The status a failure has; it names @words. */
static int status_of(int r, struct failure *failure, const char *words)
{
	int ret;

	assert_true(r < 0);
	assert_non_null(failure);
	if (!strstr(failure->text, words))
		fail_msg("'%s' does not say '%s'", failure->text, words);
	ret = (int)failure->status;
	failure_free(failure);
	return ret;
}

static int refused_store(struct device *d, const char *text, const char *words)
{
	struct failure *failure = NULL;
	struct region_store store;
	int r;

	assert_int_equal(region_store_parse(text, &store, &failure), 0);
	r = region_work_check_store(&d->work, &store, false, &failure);
	return status_of(r, failure, words);
}

static int refused_dump(struct device *d, uint32_t index, uint64_t offset, uint64_t len,
			const char *words)
{
	struct failure *failure = NULL;
	int r = region_work_check_dump(&d->work, index, offset, &len, &failure);

	return status_of(r, failure, words);
}

static void test_region_work_rows(struct device *d)
{
	const struct region_row *rows;
	size_t nr;

	assert_int_equal(region_work_begin(&d->work, NULL), 0);
	rows = region_work_rows(&d->work, &nr);
	assert_int_equal(nr, 8);
	assert_string_equal(rows[3].name, "BAR3");
	assert_string_equal(rows[3].contents, "MSI-X table 0x40-0x7f");
	assert_null(rows[0].contents);
}

static void test_region_work_dump_by_register(struct device *d)
{
	struct dump_row dump;
	uint64_t len = 0;

	assert_int_equal(region_work_begin(&d->work, NULL), 0);
	assert_int_equal(region_work_check_dump(&d->work, 0, 3, &len, NULL), 0);
	assert_int_equal(len, sizeof(d->bar0) - 3);
	assert_int_equal(region_work_dump(&d->work, 0, 3, len, &dump, NULL), 0);
	assert_memory_equal(dump.bytes, d->bar0 + 3, len);
	assert_int_equal(d->widest, 4);
	d->work.width = 1;
	d->widest = 0;
	assert_int_equal(region_work_dump(&d->work, 0, 0, 8, &dump, NULL), 0);
	assert_int_equal(d->widest, 1);
}

static void test_region_work_dumps_that_cannot_be(struct device *d)
{
	assert_int_equal(region_work_begin(&d->work, NULL), 0);
	assert_int_equal(refused_dump(d, 1, 0, 4, "has no BAR1"), STATUS_NO_TARGET);
	assert_int_equal(refused_dump(d, 99, 0, 4, "has no region99"), STATUS_NO_TARGET);
	assert_int_equal(refused_dump(d, 0, 64, 1, "has 0x40 bytes"), STATUS_USAGE);
	assert_int_equal(refused_dump(d, 0, 60, 5, "there is nothing at"), STATUS_USAGE);
	assert_int_equal(refused_dump(d, 0, UINT64_MAX, 2, "there is nothing at"), STATUS_USAGE);
	assert_int_equal(refused_dump(d, 0, 1, UINT64_MAX, "there is nothing at"), STATUS_USAGE);
}

static void test_region_work_decoding_is_off(struct device *d)
{
	uint16_t bits = 0;

	put(d, 0x04, 2, 0x0100);
	assert_int_equal(region_work_begin(&d->work, NULL), 0);
	assert_int_equal(refused_dump(d, 0, 0, 4, "--decode"), STATUS_NO);
	assert_true(region_work_needs_decode(&d->work, 0, &bits));
	assert_int_equal(region_work_decode(&d->work, bits, true, NULL), 0);
	assert_int_equal(d->config[4] | d->config[5] << 8, 0x0102);
	assert_false(region_work_needs_decode(&d->work, 0, &bits));
	assert_int_equal(region_work_decode(&d->work, bits, false, NULL), 0);
	assert_int_equal(d->config[4] | d->config[5] << 8, 0x0100);
}

static void test_region_work_asleep(struct device *d)
{
	struct failure *failure = NULL;
	struct dump_row dump;
	int r;

	put(d, 0x44, 2, 3);
	assert_int_equal(region_work_begin(&d->work, NULL), 0);
	r = region_work_dump(&d->work, 0, 0, 4, &dump, &failure);
	assert_int_equal(status_of(r, failure, "power state D3"), STATUS_NO);
}

static void test_region_work_writes_that_are_guarded(struct device *d)
{
	struct region_store store;

	assert_int_equal(region_work_begin(&d->work, NULL), 0);
	assert_int_equal(refused_store(d, "config+COMMAND=7", "would change COMMAND"),
			 STATUS_GUARDED);
	assert_int_equal(refused_store(d, "config+0x10=0", "BASE_ADDRESS_0"), STATUS_GUARDED);
	assert_int_equal(refused_store(d, "config+0x44=3:2", "PM.CTRL_STATE"), STATUS_GUARDED);
	assert_int_equal(refused_store(d, "config+0x52=0x8000:2", "MSIX."), STATUS_GUARDED);
	assert_int_equal(refused_store(d, "config+0=0:8", "1, 2 or 4"), STATUS_USAGE);
	assert_int_equal(refused_store(d, "BAR3+0x40=1", "MSI-X table"), STATUS_NO);
	assert_int_equal(refused_store(d, "BAR3+0x7c=1", "MSI-X table"), STATUS_NO);
	assert_int_equal(refused_store(d, "BAR0+0x40=1", "0x40 to 0x43, give --write an offset"),
			 STATUS_USAGE);
	assert_int_equal(d->writes, 0);
	assert_int_equal(region_store_parse("BAR3+0x80=1", &store, NULL), 0);
	assert_int_equal(region_work_check_store(&d->work, &store, false, NULL), 0);
	assert_int_equal(region_store_parse("config+COMMAND=7", &store, NULL), 0);
	assert_int_equal(region_work_check_store(&d->work, &store, true, NULL), 0);
}

static void test_region_work_writes(struct device *d)
{
	struct region_store store;
	struct write_row row;

	assert_int_equal(region_work_begin(&d->work, NULL), 0);
	assert_int_equal(region_store_parse("config+CACHE_LINE_SIZE=16", &store, NULL), 0);
	assert_int_equal(store.width, 1);
	assert_int_equal(region_work_store(&d->work, &store, &row, NULL), 0);
	assert_true(row.has_before && row.has_after);
	assert_int_equal(row.after, 16);
	assert_int_equal(d->config[0x0c], 16);
	/* A register of the device is not read: that may change it. */
	assert_int_equal(region_store_parse("bar0+8=0x11223344:l", &store, NULL), 0);
	assert_int_equal(region_work_store(&d->work, &store, &row, NULL), 0);
	assert_false(row.has_before || row.has_after);
	assert_int_equal(d->bar0[8], 0x44);
	assert_int_equal(d->bar0[11], 0x11);
}

/* Each call fails in turn: the list is there, or a line says why not. */
static void test_region_work_each_call_fails(void)
{
	static const int errs[] = { ENODEV, EIO, ENOMEM };
	unsigned int calls;
	struct device d;

	begin(&d);
	assert_int_equal(region_work_begin(&d.work, NULL), 0);
	calls = d.calls;
	end(&d);
	for (unsigned int at = 1; at <= calls; at++) {
		for (size_t i = 0; i < ARRAY_SIZE(errs); i++) {
			struct failure *failure = NULL;
			int r;

			begin(&d);
			d.fails_at = at;
			d.err = errs[i];
			r = region_work_begin(&d.work, &failure);
			/* The configuration space comes last, and a list is one without it. */
			if (at == calls)
				assert_int_equal(d.work.config_err, -errs[i]);
			else
				assert_int_equal(status_of(r, failure, "0000:01:00.0"),
						 STATUS_FAILED);
			end(&d);
		}
	}
}
