/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Evidence of interrupt remapping and of isolated message interrupts. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode/procfs.h"
#include "facts/loader.h"

enum {
	INTERRUPTS_FILE_MAX = 64 << 20,
	INTERRUPTS_BUFFER = 32 << 10,
	KMSG_RECORDS_MAX = 1 << 17,
	KMSG_KEPT_MAX = 64,
	/* One read gives one record, and fails when it does not fit.
	 * linux: include/linux/printk.h: PRINTK_MESSAGE_MAX. */
	KMSG_RECORD_MAX = 16 << 10,
};

static void refuse(struct fact *f, int err)
{
	f->err = err;
	f->state = fact_state_from_errno(err);
}

/* The file has a line for each interrupt and a column for each CPU; only the distinct chips are kept. */
static void ask_interrupts(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	int err = 0;
	FILE *in = sysroot_stream(root, "proc/interrupts", &err);
	struct arena *scratch = arena_new();
	struct chips chips = { .arena = scratch, .names = { .arena = scratch } };
	char buffer[INTERRUPTS_BUFFER], *line = NULL;
	size_t size = 0, all = 0;
	ssize_t len;

	(void)ctx;
	if (!in) {
		refuse(ret, err);
		arena_free(scratch);
		return;
	}
	setvbuf(in, buffer, _IOFBF, sizeof(buffer));
	while (all < INTERRUPTS_FILE_MAX && (len = getline(&line, &size, in)) > 0) {
		all += (size_t)len;
		if (line[len - 1] == '\n')
			len--;
		if (!chips_line(&chips, (struct span){ line, (size_t)len }))
			break;
	}
	if (ferror(in))
		refuse(ret, errno);
	else if (!chips.nr_cpus)
		refuse(ret, EBADMSG);
	else
		*ret = fact_derived(a, ret->path,
				    (struct span){ strbuf_get(&chips.names),
						   chips.names.len - !!chips.names.len });
	free(line);
	fclose(in);
	arena_free(scratch);
}

bool message_matters(const char *message)
{
	static const char *const parts[] = {
		"DMAR-IR:",          "nterrupt remapping",
		"IRQ remapping",     "southbridge IOAPIC",
		"not in IVRS table", "IOMMUFD is providing",
		"vfio-noiommu",      "coherent table walk",
		"COHACC overridden", "vfio_iommu_type1_attach_group",
		"1:1 IOMMU mapping", "SPIs implemented",
		"ITS [mem",          "No ITS available",
		"-bit (features 0x",
	};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (strstr(message, parts[i]))
			return true;
	return false;
}

/* The log, one record a read: "6,339,5140900,-;text". It never waits; a record that was overwritten
 * meanwhile is skipped. linux: Documentation/ABI/testing/dev-kmsg. */
static void ask_kmsg(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	int err = 0;
	FILE *in = sysroot_stream(root, "dev/kmsg", &err);
	struct strbuf out = { .arena = a };
	/* The C library takes a size only together with a buffer. */
	char record[KMSG_RECORD_MAX];
	size_t size = 0, kept = 0;
	char *line = NULL;

	(void)ctx;
	if (!in) {
		refuse(ret, err);
		return;
	}
	setvbuf(in, record, _IOFBF, sizeof(record));
	for (size_t i = 0; i < KMSG_RECORDS_MAX && kept < KMSG_KEPT_MAX; i++) {
		const char *message;

		errno = 0;
		if (getline(&line, &size, in) <= 0) {
			if (!ferror(in) || errno != EPIPE)
				break;
			clearerr(in);
			continue;
		}
		message = line[0] == ' ' ? NULL : strchr(line, ';');
		if (!message || !message_matters(message))
			continue;
		strbuf_printf(&out, "%s%.*s", out.len ? "\n" : "", (int)strcspn(message + 1, "\n"),
			      message + 1);
		kept++;
	}
	if (ferror(in) && errno != EAGAIN && !out.len)
		refuse(ret, errno);
	else
		*ret = fact_derived(a, ret->path, (struct span){ strbuf_get(&out), out.len });
	free(line);
	fclose(in);
}

void interrupts_load(struct loader *l)
{
	struct interrupts *in = &l->h->interrupts;
	struct span rest, line;

	in->proc = sysroot_ask(l->root, l->a, "/proc/interrupts", true, ask_interrupts, NULL);
	rest = fact_describe(&in->proc);
	while (parse_line(&rest, &line)) {
		in->chips = arena_grow(l->a, in->chips, in->nr_chips, sizeof(char *));
		in->chips[in->nr_chips++] = arena_strndup(l->a, line.s, line.len);
	}
	in->domains = sysroot_list(l->root, l->a, "sys/kernel/debug/irq/domains");
	in->dmesg = sysroot_ask(l->root, l->a, "/dev/kmsg", false, ask_kmsg, NULL);
}
