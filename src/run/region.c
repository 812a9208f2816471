/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/region.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/macro.h"
#include "uapi/abi.h"
#include "uapi/op.h"
#include "client/irq.h"

enum {
	REGIONS_MAX = 1 << 10, /* more are an invalid answer */
	CHUNK = 1 << 16,       /* bytes of one read */
	COMMAND = 0x04,        /* of the configuration space */
	COMMAND_IO = 1 << 0,
	COMMAND_MEMORY = 1 << 1,
	BASE_ADDRESS = 0x10,
	BASE_ADDRESS_IO = 1 << 0,
	CAP_PM = 0x01,
	CAP_MSIX = 0x11,
	MSIX_ENTRY = 16, /* bytes of the table, for each vector */
};

/* ---- what there is ---- */

static int read_regions(struct region_work *w, struct failure **reterr)
{
	uint32_t nr = w->info.nr_regions > REGIONS_MAX ? REGIONS_MAX : w->info.nr_regions;
	int r;

	w->regions = arena_array(w->arena, nr, sizeof(*w->regions));
	for (uint32_t i = 0; i < nr; i++) {
		r = device_region_get(w->client, w->object, w->fd, i, &w->regions[w->nr_regions]);
		/* VGA, where the kernel has no support for it. */
		if (r == -EINVAL)
			continue;
		if (r < 0)
			return client_failure(reterr, r, "%s: the kernel does not describe %s",
					      w->object, region_index_text(i, w->arena));
		w->nr_regions++;
	}
	return 0;
}

static const struct region_info *find_region(const struct region_work *w, uint32_t index)
{
	for (size_t i = 0; i < w->nr_regions; i++)
		if (w->regions[i].index == index)
			return &w->regions[i];
	return NULL;
}

static struct region open_region(const struct region_work *w, const struct region_info *info)
{
	return (struct region){
		.client = w->client, .object = w->object, .fd = w->fd, .info = *info
	};
}

static void read_config(struct region_work *w)
{
	const struct region_info *info = find_region(w, VT_PCI_CONFIG);
	struct region region;
	uint8_t *bytes;
	ssize_t n;

	w->config_err = -ENOENT;
	if (!(w->info.flags & VT_DEVICE_PCI) || !info || !info->size)
		return;
	region = open_region(w, info);
	bytes = arena_alloc(w->arena, PCICONFIG_MAX);
	n = region_pread(&region, 0, bytes,
			 info->size < PCICONFIG_MAX ? (size_t)info->size : PCICONFIG_MAX);
	w->config_err = n < 0 ? (int)n : 0;
	w->config = (struct pciconfig){ .bytes = bytes, .len = n < 0 ? 0 : (size_t)n };
	pciconfig_find_caps(&w->config, w->arena, &w->caps);
}

int region_work_begin(struct region_work *w, struct failure **reterr)
{
	int r = device_info_get(w->client, w->object, w->fd, &w->info);

	if (r < 0)
		return client_failure(reterr, r, "%s: the kernel does not describe it", w->object);
	r = read_regions(w, reterr);
	if (r < 0)
		return r;
	read_config(w);
	return 0;
}

/* ---- rows ---- */

/* Where the MSI-X table lies: false without one. */
static bool find_msix(const struct region_work *w, uint32_t *bar, uint64_t *offset, uint64_t *size)
{
	for (size_t i = 0; i < w->caps.nr; i++) {
		const struct pciconfig_cap *cap = &w->caps.items[i];
		uint32_t flags, table;

		if (cap->extended || cap->id != CAP_MSIX ||
		    !pciconfig_read(&w->config, cap->offset + 2U, 2, &flags) ||
		    !pciconfig_read(&w->config, cap->offset + 4U, 4, &table))
			continue;
		*bar = table & 7;
		*offset = table & ~UINT32_C(7);
		*size = ((flags & 0x7ff) + UINT64_C(1)) * MSIX_ENTRY;
		return true;
	}
	return false;
}

struct region_row *region_work_rows(const struct region_work *w, size_t *nr)
{
	struct region_row *rows = arena_array(w->arena, w->nr_regions, sizeof(*rows));
	uint64_t offset, size;
	uint32_t bar = UINT32_MAX;

	if (!find_msix(w, &bar, &offset, &size))
		bar = UINT32_MAX;
	for (size_t i = 0; i < w->nr_regions; i++) {
		const struct region_info *info = &w->regions[i];

		rows[i] = (struct region_row){
			.info = info,
			.name = region_index_text(info->index, w->arena),
		};
		if (info->index == bar && info->size)
			rows[i].contents =
				arena_printf(w->arena, "MSI-X table %#" PRIx64 "-%#" PRIx64, offset,
					     offset + size - 1);
	}
	*nr = w->nr_regions;
	return rows;
}

static struct config_field_row *field_rows(const struct region_work *w, size_t base,
					   const struct pciconfig_field *fields, size_t nr,
					   size_t *ret_nr)
{
	struct config_field_row *rows = arena_array(w->arena, nr, sizeof(*rows));

	*ret_nr = 0;
	for (size_t i = 0; i < nr; i++) {
		const struct pciconfig_field *f = &fields[i];
		struct config_field_row *row = &rows[*ret_nr];

		if (!pciconfig_get(&w->config, base, f, &row->value))
			continue;
		row->name = f->name;
		row->offset = (uint32_t)(base + f->offset);
		row->width = f->width;
		row->digits = f->format == PCICONFIG_HEX    ? (f->bits + 3) / 4
			      : f->format == PCICONFIG_FLAG ? -1
							    : 0;
		if (f->format == PCICONFIG_POWER)
			row->value = UINT32_C(1) << row->value;
		if (f->format == PCICONFIG_LESS_ONE)
			row->value++;
		(*ret_nr)++;
	}
	return rows;
}

/* What the database knows of the ids. */
static void name_ids(struct config_row *c, struct config_field_row *rows, struct names *names)
{
	uint16_t vendor = 0;

	for (size_t i = 0; i < c->nr_fields; i++) {
		struct config_field_row *f = &rows[i];

		if (!strcmp(f->name, "VENDOR_ID")) {
			vendor = (uint16_t)f->value;
			f->meaning = names_vendor(names, vendor);
		} else if (!strcmp(f->name, "DEVICE_ID")) {
			f->meaning = names_device(names, vendor, (uint16_t)f->value);
		} else if (!strcmp(f->name, "CLASS_DEVICE")) {
			f->meaning = names_class(names, f->value);
		} else if (!strcmp(f->name, "SUBSYSTEM_VENDOR_ID")) {
			f->meaning = names_vendor(names, (uint16_t)f->value);
		}
	}
}

struct config_row *region_work_config(const struct region_work *w, struct names *names)
{
	struct config_row *ret = arena_new_object(w->arena, struct config_row);
	struct config_cap_row *caps = arena_array(w->arena, w->caps.nr, sizeof(*caps));
	const struct pciconfig_field *fields;
	struct config_field_row *rows;
	size_t nr;

	ret->size = (uint32_t)w->config.len;
	ret->header_type = pciconfig_header_type(&w->config);
	ret->broken = w->caps.broken;
	fields = pciconfig_header_fields(ret->header_type, &nr);
	rows = field_rows(w, 0, fields, nr, &ret->nr_fields);
	ret->fields = rows;
	name_ids(ret, rows, names);
	for (size_t i = 0; i < w->caps.nr; i++) {
		const struct pciconfig_cap *cap = &w->caps.items[i];

		caps[i] = (struct config_cap_row){
			.name = cap->name,
			.title = cap->title,
			.id = cap->id,
			.offset = cap->offset,
			.version = cap->version,
			.extended = cap->extended,
		};
		fields = pciconfig_cap_fields(cap->extended, cap->id, &nr);
		caps[i].fields = field_rows(w, cap->offset, fields, nr, &caps[i].nr_fields);
	}
	ret->caps = caps;
	ret->nr_caps = w->caps.nr;
	return ret;
}

/* ---- decoding ---- */

bool region_work_needs_decode(const struct region_work *w, uint32_t index, uint16_t *ret)
{
	uint32_t command, bar = 0;

	if (index > VT_PCI_ROM || !pciconfig_read(&w->config, COMMAND, 2, &command))
		return false;
	if (index < VT_PCI_ROM)
		pciconfig_read(&w->config, BASE_ADDRESS + index * 4, 4, &bar);
	*ret = bar & BASE_ADDRESS_IO ? COMMAND_IO : COMMAND_MEMORY;
	return !(command & *ret);
}

int region_work_decode(struct region_work *w, uint16_t bits, bool on, struct failure **reterr)
{
	struct region region = open_region(w, find_region(w, VT_PCI_CONFIG));
	uint64_t command;
	int r = region_get(&region, COMMAND, 2, &command);

	if (!r)
		r = region_put(&region, COMMAND, 2,
			       on ? command | bits : command & ~(uint64_t)bits);
	if (r < 0)
		return client_failure(reterr, r, "%s: the command register cannot be changed",
				      w->object);
	read_config(w);
	return 0;
}

/* ---- reading ---- */

static int refuse(struct failure **reterr, int err, const char *what)
{
	return failure_set_status(reterr, STATUS_NO, err, "%s", what);
}

/* Whether @len bytes at @offset of region @index exist and the device answers there; else @advice. */
static int check_range(const struct region_work *w, uint32_t index, uint64_t offset, uint64_t len,
		       const char *advice, struct failure **reterr)
{
	const struct region_info *info = find_region(w, index);
	const char *name = region_index_text(index, w->arena);
	uint16_t bits;

	if (!info || !info->size)
		return failure_set_status(reterr, STATUS_NO_TARGET, -ENOENT,
					  "%s has no %s: 'vfiotool regions %s' lists what it has",
					  w->object, name, w->object);
	if (offset >= info->size || len > info->size - offset)
		return failure_set_status(reterr, STATUS_USAGE, -ERANGE,
					  "%s: %s has %#" PRIx64
					  " bytes: there is nothing at %#" PRIx64 " to %#" PRIx64
					  ", %s",
					  w->object, name, info->size, offset,
					  offset + (len ? len - 1 : 0), advice);
	if (region_work_needs_decode(w, index, &bits))
		return refuse(reterr, -EIO,
			      arena_printf(w->arena,
					   "%s: %s does not answer, because decoding of %s is off in the command register: --decode turns it on for this run",
					   w->object, name,
					   bits == COMMAND_IO ? "I/O ports" : "memory"));
	return 0;
}

int region_work_check_dump(const struct region_work *w, uint32_t index, uint64_t offset,
			   uint64_t *len, struct failure **reterr)
{
	const struct region_info *info = find_region(w, index);
	int r;

	if (info && !*len && offset < info->size)
		*len = info->size - offset;
	r = check_range(w, index, offset, *len, "select with --offset and --length", reterr);
	if (r < 0)
		return r;
	if (!(info->flags & VT_REGION_READ))
		return refuse(reterr, -EINVAL,
			      arena_printf(w->arena,
					   "%s: the kernel does not allow reading %s: 'vfiotool regions %s' shows what can be read",
					   w->object, region_index_text(index, w->arena),
					   w->object));
	return 0;
}

/* Bytes of one request: the kernel splits it into the widest accesses, but most registers need one width.
 * At an unaligned offset less, up to the next aligned one. */
static size_t access_size(const struct region_work *w, uint32_t index, uint64_t offset, size_t len)
{
	size_t width = w->width ? w->width : 4;

	if (index >= VT_PCI_ROM)
		return len;
	while (offset % width)
		width /= 2;
	while (width > len)
		width /= 2;
	return width;
}

/* The power state of a device that does not answer because it sleeps, else NULL. linux:
 * drivers/vfio/pci/vfio_pci_config.c: __vfio_pci_memory_enabled(). */
static const char *find_sleep(const struct region_work *w)
{
	static const char *const states[] = { NULL, "D1", "D2", "D3" };

	for (size_t i = 0; i < w->caps.nr; i++) {
		const struct pciconfig_cap *cap = &w->caps.items[i];
		uint32_t control;

		if (!cap->extended && cap->id == CAP_PM &&
		    pciconfig_read(&w->config, cap->offset + 4U, 2, &control))
			return states[control & 3];
	}
	return NULL;
}

/* All of @len bytes at @offset, or a failure. */
static int read_bytes(const struct region_work *w, uint32_t index, uint64_t offset, uint8_t *bytes,
		      size_t len, struct failure **reterr)
{
	struct region region = open_region(w, find_region(w, index));
	uint64_t start = w->client->sys->ops->now_ns(w->client->sys);
	size_t done = 0;
	ssize_t n = 1;

	while (done < len && n > 0) {
		n = region_pread(&region, offset + done, bytes + done,
				 access_size(w, index, offset + done, len - done));
		if (n > 0)
			done += (size_t)n;
	}
	client_record(w->client, OP_REGION_READ, w->object, n < 0 ? (int)n : 0,
		      w->client->sys->ops->now_ns(w->client->sys) - start);
	if (done == len)
		return 0;
	if (n == 0)
		n = -EIO;
	if (n == -EIO && index <= VT_PCI_ROM && find_sleep(w))
		return failure_set_status(reterr, STATUS_NO, -EIO,
					  "%s: %s does not answer, because the device is in power state %s (EIO): write 0 to CTRL_STATE of its capability PM",
					  w->object, region_index_text(index, w->arena),
					  find_sleep(w));
	return client_failure(reterr, (int)n, "%s: cannot read %s at %#" PRIx64, w->object,
			      region_index_text(index, w->arena), offset + done);
}

int region_work_dump(const struct region_work *w, uint32_t index, uint64_t offset, uint64_t len,
		     struct dump_row *ret, struct failure **reterr)
{
	uint8_t *bytes = arena_alloc(w->arena, len);
	int r = read_bytes(w, index, offset, bytes, len, reterr);

	if (r < 0)
		return r;
	*ret = (struct dump_row){
		.region = region_index_text(index, w->arena),
		.offset = offset,
		.bytes = bytes,
		.len = len,
	};
	return 0;
}

static int copy_chunk(const struct region_work *w, uint32_t index, uint64_t offset, size_t len,
		      uint8_t *bytes, FILE *out, struct failure **reterr)
{
	int r = read_bytes(w, index, offset, bytes, len, reterr);

	if (r < 0)
		return r;
	if (fwrite(bytes, 1, len, out) != len)
		return failure_set(reterr, errno ? -errno : -EIO, "cannot write the output: %s; %s",
				   strerror(errno), failure_write_advice(errno));
	return 0;
}

/* A large BAR takes minutes, and an unplug should not wait for it. */
static int check_wanted(const struct region_work *w, struct irq *release, uint64_t done,
			struct failure **reterr)
{
	(void)irq_collect(release);
	if (!irq_total(release))
		return 0;
	return failure_set(reterr, -ECANCELED,
			   "%s: the kernel asks for it back: released at once, with %" PRIu64
			   " bytes copied",
			   w->object, done);
}

int region_work_copy(const struct region_work *w, uint32_t index, uint64_t offset, uint64_t len,
		     FILE *out, struct failure **reterr)
{
	uint8_t *bytes = arena_alloc(w->arena, CHUNK);
	bool silent = w->client->silent;
	struct irq release;
	uint64_t done = 0;
	int r = 0;

	/* Copy it even when REQ could not be connected. */
	w->client->silent = true;
	(void)irq_open(w->client, w->object, w->fd, VT_PCI_REQ, 1, &release);
	w->client->silent = silent;
	while (!r && done < len) {
		size_t some = len - done < CHUNK ? (size_t)(len - done) : CHUNK;

		r = copy_chunk(w, index, offset + done, some, bytes, out, reterr);
		done += some;
		if (!r && done < len)
			r = check_wanted(w, &release, done, reterr);
	}
	irq_close(&release);
	return r;
}

/* ---- writing ---- */

static const char *danger_text(enum pciconfig_danger danger)
{
	switch (danger) {
	case PCICONFIG_ADDRESS:
		return "which sets the addresses of the device";
	case PCICONFIG_DECODE:
		return "which turns decoding and DMA on or off";
	case PCICONFIG_SIGNAL:
		return "which the kernel uses for interrupts";
	case PCICONFIG_SLEEP:
		return "which changes the power state";
	case PCICONFIG_RESETS:
		return "which can reset the device";
	default:
		return "which is vendor-specific";
	}
}

static int check_config_store(const struct region_work *w, const struct region_store *s,
			      struct failure **reterr)
{
	const struct pciconfig_cap *cap;
	const struct pciconfig_field *field =
		pciconfig_danger(&w->config, &w->caps, s->offset, s->width, &cap);

	if (!field)
		return 0;
	return failure_set_status(reterr, STATUS_GUARDED, -EPERM,
				  "%s: '--write=%s' would change %s%s%s, %s: --force writes it anyway",
				  w->object, s->text, cap && cap->name ? cap->name : "",
				  cap && cap->name ? "." : "", field->name,
				  danger_text(field->danger));
}

int region_work_check_store(const struct region_work *w, const struct region_store *s, bool force,
			    struct failure **reterr)
{
	const struct region_info *info = find_region(w, s->region);
	uint64_t offset, size;
	uint32_t bar;
	int r = check_range(w, s->region, s->offset, s->width, "give --write an offset inside it",
			    reterr);

	if (r < 0)
		return r;
	if (!(info->flags & VT_REGION_WRITE))
		return refuse(reterr, -EINVAL,
			      arena_printf(w->arena,
					   "%s: the kernel does not allow writing %s: 'vfiotool regions %s' shows what can be written",
					   w->object, region_index_text(s->region, w->arena),
					   w->object));
	/* linux: drivers/vfio/pci/vfio_pci_rdwr.c: vfio_pci_bar_rw(). */
	if (find_msix(w, &bar, &offset, &size) && bar == s->region && s->offset < offset + size &&
	    s->offset + s->width > offset)
		return refuse(reterr, -EINVAL,
			      arena_printf(w->arena,
					   "%s: '--write=%s' is in the MSI-X table, where the kernel drops writes: 'vfiotool irq' sets up vectors",
					   w->object, s->text));
	if (s->region == VT_PCI_CONFIG && s->width > 4)
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
					  "'--write=%s': a register of the configuration space has 1, 2 or 4 bytes",
					  s->text);
	if (s->region != VT_PCI_CONFIG || force)
		return 0;
	/* Where its capabilities lie decides what is dangerous. */
	if (w->config_err < 0)
		return failure_set_status(reterr, STATUS_GUARDED, -EPERM,
					  "%s: cannot tell what '--write=%s' would change, because the configuration space cannot be read (%s); --force writes anyway",
					  w->object, s->text, errno_name(w->config_err));
	return check_config_store(w, s, reterr);
}

int region_work_store(struct region_work *w, const struct region_store *s, struct write_row *ret,
		      struct failure **reterr)
{
	struct region region = open_region(w, find_region(w, s->region));
	/* Reading a register of the device may change it. */
	bool look = s->region == VT_PCI_CONFIG;
	uint64_t start;
	int r;

	*ret = (struct write_row){
		.region = region_index_text(s->region, w->arena),
		.offset = s->offset,
		.value = s->value,
		.width = s->width,
	};
	ret->has_before = look && !region_get(&region, s->offset, s->width, &ret->before);
	start = w->client->sys->ops->now_ns(w->client->sys);
	r = region_put(&region, s->offset, s->width, s->value);
	client_record(w->client, OP_REGION_WRITE, w->object, r,
		      w->client->sys->ops->now_ns(w->client->sys) - start);
	if (r < 0)
		return client_failure(reterr, r, "%s: '--write=%s' failed", w->object, s->text);
	ret->has_after = look && !region_get(&region, s->offset, s->width, &ret->after);
	if (look)
		read_config(w);
	return 0;
}
