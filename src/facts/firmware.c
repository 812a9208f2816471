/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the firmware says about IOMMUs, and what kind of machine this is. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode/acpi.h"
#include "decode/pciaddr.h"
#include "decode/procfs.h"
#include "facts/loader.h"

enum {
	TABLE_MAX = 1 << 20,
	CPUINFO_LINES_MAX = 64,
};

static enum tristate list_has(const struct fact *names, const struct fact *all, const char *name)
{
	struct span rest = fact_describe(names), line;

	/* Without ACPI there is no such directory, and no such table; but containers hide all of
	 * /sys/firmware behind an empty directory. */
	if (names->state == FACT_ABSENT)
		return fact_is(all) && !all->len ? TRI_UNKNOWN : TRI_NO;
	if (!fact_is(names))
		return TRI_UNKNOWN;
	while (parse_line(&rest, &line))
		if (span_equals(line, name))
			return TRI_YES;
	return TRI_NO;
}

static struct fact load_table(struct loader *l, enum tristate has, const char *name)
{
	const char *path = arena_printf(l->a, "sys/firmware/acpi/tables/%s", name);

	if (has == TRI_NO)
		return (struct fact){
			.state = FACT_ABSENT,
			.err = ENOENT,
			.path = arena_printf(l->a, "/%s", path),
		};
	return sysroot_read(l->root, l->a, path, TABLE_MAX);
}

static void load_dmar(struct loader *l, struct firmware *fw)
{
	struct acpi_dmar dmar;

	if (!fact_is(&fw->dmar))
		return;
	if (acpi_dmar_parse(fact_describe(&fw->dmar), l->a, &dmar) < 0) {
		fw->dmar.err = EBADMSG;
		fw->dmar.state = FACT_FAILED;
		return;
	}
	fw->dmar_intr_remap = dmar.flags & ACPI_DMAR_INTR_REMAP ? TRI_YES : TRI_NO;
	fw->without_rmrr = !dmar.nr_rmrrs;
}

static void load_ivrs(struct loader *l, struct firmware *fw)
{
	struct acpi_ivrs ivrs;

	if (!fact_is(&fw->ivrs) || acpi_ivrs_parse(fact_describe(&fw->ivrs), l->a, &ivrs))
		return;
	fw->without_ivmd = !ivrs.nr_ivmds;
	fw->has_ivrs_efr = true;
	fw->ivrs_efr = acpi_ivrs_efr(&ivrs);
}

static enum tristate behind_viot(const struct fact *viot, const struct device *d)
{
	struct pciaddr addr;
	bool covers;

	if (d->bus != BUS_PCI ||
	    pciaddr_parse((struct span){ d->name, strlen(d->name) }, &addr) < 0)
		return TRI_UNKNOWN;
	if (addr.domain > UINT16_MAX)
		return TRI_NO;
	if (!fact_is(viot) ||
	    acpi_viot_covers(fact_describe(viot), (uint16_t)addr.domain,
			     (uint16_t)(addr.bus << 8 | addr.device << 3 | addr.function),
			     &covers) < 0)
		return TRI_UNKNOWN;
	return covers ? TRI_YES : TRI_NO;
}

/* Which devices a virtio-iommu translates for, once a driver probes them. */
static void load_behind_viot(struct loader *l, const struct firmware *fw)
{
	for (size_t i = 0; i < l->h->nr_devices; i++) {
		struct device *d = l->h->devices[i];

		d->behind_viot = fw->has_viot == TRI_NO ? TRI_NO : behind_viot(&fw->viot, d);
	}
}

/* The value of the first line that has one of @ctx, names up to NULL. The first lines are about the first CPU; a large
 * machine has a thousand more. */
static void ask_cpu(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	const char *const *names = ctx;
	int err = 0;
	FILE *in = sysroot_stream(root, "proc/cpuinfo", &err);
	struct span value;
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	if (!in) {
		ret->err = err;
		ret->state = fact_state_from_errno(err);
		return;
	}
	*ret = (struct fact){ .state = FACT_ABSENT, .path = ret->path };
	for (size_t i = 0; i < CPUINFO_LINES_MAX && !fact_is(ret); i++) {
		len = getline(&line, &size, in);
		if (len <= 0)
			break;
		for (size_t n = 0; names[n]; n++)
			if (status_get((struct span){ line, (size_t)len }, names[n], &value))
				*ret = fact_derived(a, ret->path, value);
	}
	free(line);
	fclose(in);
}

/* linux: arch/x86/kernel/cpu/proc.c: show_cpuinfo(); X86_FEATURE_HYPERVISOR is CPUID.1:ECX[31], which each hypervisor sets. */
static void ask_hypervisor_flag(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	static const char *const names[] = { "flags", NULL };
	struct fact flags = { .path = ret->path };
	struct span rest, word;

	(void)ctx;
	ask_cpu(root, a, (void *)names, &flags);
	rest = fact_describe(&flags);
	*ret = flags;
	if (!fact_is(&flags))
		return;
	ret->state = FACT_ABSENT;
	while (parse_word(&rest, &word))
		if (span_equals(word, "hypervisor"))
			*ret = fact_derived(a, ret->path,
					    (struct span){ HYPERVISOR_UNNAMED,
							   strlen(HYPERVISOR_UNNAMED) });
}

/* Which hypervisor this is a guest of, as far as its own files name it. */
static void load_named_hypervisor(struct loader *l, struct firmware *fw)
{
	static const struct {
		const char *vendor, *product, *name;
	} guests[] = {
		{ "QEMU", NULL, "qemu" },
		{ "Microsoft Corporation", "Virtual Machine", "hyperv" },
		{ "VMware, Inc.", NULL, "vmware" },
		{ "innotek GmbH", NULL, "oracle" },
		{ "Amazon EC2", NULL, "amazon" },
		{ "Google", "Google Compute Engine", "google" },
		{ "Xen", NULL, "xen" },
	};
	struct fact vendor, product;

	fw->hypervisor = read_at(l, "sys/hypervisor", "type");
	if (fact_is(&fw->hypervisor))
		return;
	vendor = read_at(l, "sys/class/dmi/id", "sys_vendor");
	product = read_at(l, "sys/class/dmi/id", "product_name");
	fw->hypervisor =
		(struct fact){ .state = vendor.state, .err = vendor.err, .path = vendor.path };
	if (!fact_is(&vendor))
		return;
	fw->hypervisor.state = FACT_ABSENT;
	/* A bare-metal machine of Amazon: "c7g.metal", "m5.metal-48xl". */
	if (!strcmp(vendor.raw, "Amazon EC2") && fact_is(&product) && strstr(product.raw, ".metal"))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(guests); i++)
		if (!strcmp(vendor.raw, guests[i].vendor) &&
		    (!guests[i].product ||
		     (fact_is(&product) && !strcmp(product.raw, guests[i].product))))
			fw->hypervisor = fact_derived(l->a, vendor.path,
						      (struct span){ guests[i].name,
								     strlen(guests[i].name) });
}

/* Microvms have no DMI, and clouds write names of their own there. */
static void load_hypervisor(struct loader *l, struct firmware *fw)
{
	struct fact flag;

	load_named_hypervisor(l, fw);
	if (fact_is(&fw->hypervisor))
		return;
	flag = sysroot_ask(l->root, l->a, "cpuinfo:hypervisor", true, ask_hypervisor_flag, NULL);
	if (fact_is(&flag))
		fw->hypervisor = flag;
}

void firmware_load(struct loader *l)
{
	static const char *const vendor_names[] = { "vendor_id", "CPU implementer", NULL };
	struct firmware *fw = &l->h->firmware;

	struct fact all = { .state = FACT_UNREAD };

	fw->tables = sysroot_list(l->root, l->a, "sys/firmware/acpi/tables");
	if (fw->tables.state == FACT_ABSENT)
		all = sysroot_list(l->root, l->a, "sys/firmware");
	fw->has_dmar = list_has(&fw->tables, &all, "DMAR");
	fw->has_ivrs = list_has(&fw->tables, &all, "IVRS");
	fw->has_iort = list_has(&fw->tables, &all, "IORT");
	fw->has_viot = list_has(&fw->tables, &all, "VIOT");
	fw->dmar = load_table(l, fw->has_dmar, "DMAR");
	fw->ivrs = load_table(l, fw->has_ivrs, "IVRS");
	fw->viot = load_table(l, fw->has_viot, "VIOT");
	load_dmar(l, fw);
	load_ivrs(l, fw);
	load_behind_viot(l, fw);
	fw->cpu_vendor =
		sysroot_ask(l->root, l->a, "/proc/cpuinfo", true, ask_cpu, (void *)vendor_names);
	load_hypervisor(l, fw);
	arm_load(l);
}
