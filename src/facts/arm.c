/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which message-interrupt controllers an Arm machine has, which of them each device reaches, and what the
 * firmware says about its SMMUs. The source is the device tree, which every user may read, or the ACPI
 * tables MADT and IORT. */
#include <errno.h>
#include <string.h>

#include "decode/acpi-arm.h"
#include "decode/devicetree.h"
#include "decode/pciaddr.h"
#include "decode/uevent.h"
#include "facts/loader.h"

#define TREE_ROOT "sys/firmware/devicetree/base"

enum {
	TREE_DEPTH_MAX = 32,
	TREE_NODES_MAX = 1 << 16,
	PROPERTY_MAX = 64 << 10,
	TABLE_MAX = 1 << 20,
	BUSES_MAX = 4096,
};

/* Properties that show a node's part in message interrupts or IOMMUs. */
enum property {
	MSI_CONTROLLER = 1 << 0,
	MSI_PARENT = 1 << 1,
	MSI_MAP = 1 << 2,
	DEVICE_TYPE = 1 << 3,
	IOMMU_CELLS = 1 << 4,
	IOMMUS = 1 << 13,
	INTERESTING = (1 << 5) - 1 + IOMMUS,
	COHERENT = 1 << 5,
	NOT_COHERENT = 1 << 6,
	STATUS = 1 << 7,
	PHANDLE = 1 << 8,
	PRE_ITS = 1 << 9,
	MSI_MAP_MASK = 1 << 10,
	COMPATIBLE = 1 << 11,
	OTHER = 1 << 12,
	IOMMU_MAP = 1 << 14,
	IOMMU_MAP_MASK = 1 << 15,
	CELLS = PHANDLE | MSI_PARENT | MSI_MAP | MSI_MAP_MASK | IOMMUS | IOMMU_MAP | IOMMU_MAP_MASK,
};

static const struct {
	const char *name;
	enum property property;
} properties[] = {
	{ "msi-controller", MSI_CONTROLLER },
	{ "msi-parent", MSI_PARENT },
	{ "msi-map", MSI_MAP },
	{ "msi-map-mask", MSI_MAP_MASK },
	{ "device_type", DEVICE_TYPE },
	{ "#iommu-cells", IOMMU_CELLS },
	{ "iommus", IOMMUS },
	{ "iommu-map", IOMMU_MAP },
	{ "iommu-map-mask", IOMMU_MAP_MASK },
	{ "dma-coherent", COHERENT },
	{ "dma-noncoherent", NOT_COHERENT },
	{ "status", STATUS },
	{ "phandle", PHANDLE },
	{ "socionext,synquacer-pre-its", PRE_ITS },
	{ "compatible", COMPATIBLE },
	/* Most nodes have these properties: known names need not be tried as nodes. */
	{ "name", OTHER },
	{ "reg", OTHER },
	{ "ranges", OTHER },
	{ "interrupts", OTHER },
	{ "clocks", OTHER },
	{ "clock-names", OTHER },
	{ "resets", OTHER },
	{ "power-domains", OTHER },
	{ "pinctrl-0", OTHER },
	{ "pinctrl-names", OTHER },
};

static enum property property_of(struct span name)
{
	for (size_t i = 0; i < ARRAY_SIZE(properties); i++)
		if (span_equals(name, properties[i].name))
			return properties[i].property;
	return memchr(name.s, '#', name.len) ? OTHER : 0;
}

struct walk {
	struct sysroot *root;
	struct arena *scratch;
	struct strbuf *out;
	size_t nr_nodes;
};

struct inherited {
	bool disabled, coherent;
};

static struct fact read_property(struct walk *w, const char *node, const char *name)
{
	return sysroot_read(w->root, w->scratch,
			    arena_printf(w->scratch, TREE_ROOT "%s/%s", node, name), PROPERTY_MAX);
}

static bool property_begins(struct walk *w, const char *node, const char *name, const char *text)
{
	struct fact f = read_property(w, node, name);

	return fact_is(&f) && f.len >= strlen(text) && !memcmp(f.raw, text, strlen(text));
}

/* Names as one word: their ends become semicolons; bytes that could break the line become question marks. */
static void put_names(struct walk *w, const char *word, struct span text)
{
	while (text.len && !text.s[text.len - 1])
		text.len--;
	strbuf_printf(w->out, " %s=", word);
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.s[i];
		bool plain = c > ' ' && c < 0x7f;

		strbuf_printf(w->out, "%c", c ? (plain ? c : '?') : ';');
	}
}

/* Cells are big-endian; the reader drops a newline at the end. */
static void put_cells(struct walk *w, const char *node, const char *name)
{
	struct fact f = read_property(w, node, name);
	struct span cells = fact_describe(&f);

	strbuf_printf(w->out, " %s=", name);
	for (size_t i = 0; i < cells.len; i += 4) {
		uint32_t value = 0;

		for (size_t k = i; k < i + 4; k++)
			value = value << 8 | (k < cells.len ? (unsigned char)cells.s[k] : '\n');
		strbuf_printf(w->out, "%s%x", i ? "." : "", value);
	}
}

static void put_node(struct walk *w, const char *node, unsigned int has, struct inherited in)
{
	struct fact names = read_property(w, node, "compatible");
	bool pci = has & DEVICE_TYPE && property_begins(w, node, "device_type", "pci");

	if (!(has & INTERESTING & ~DEVICE_TYPE) && !pci)
		return;
	strbuf_printf(w->out, "%s%s", w->out->len ? "\n" : "", node);
	if (has & COMPATIBLE)
		put_names(w, "compatible", fact_describe(&names));
	strbuf_printf(w->out, "%s%s%s%s%s%s", has & MSI_CONTROLLER ? " msi-controller" : "",
		      pci ? " pci" : "", has & IOMMU_CELLS ? " iommu" : "",
		      has & PRE_ITS ? " pre-its" : "", in.disabled ? " disabled" : "",
		      in.coherent ? " coherent" : "");
	for (size_t i = 0; i < ARRAY_SIZE(properties); i++)
		if (has & properties[i].property & CELLS)
			put_cells(w, node, properties[i].name);
}

static bool path_is_plain(const char *path)
{
	return text_is_plain(path, strlen(path)) && !strpbrk(path, " \t\n");
}

/* A name that is not a known property is tried as a node: listing it shows whether it is one. */
static void visit(struct walk *w, const char *node, unsigned int depth, struct inherited in)
{
	struct fact names =
		sysroot_list(w->root, w->scratch, arena_printf(w->scratch, TREE_ROOT "%s", node));
	struct span rest = fact_describe(&names), name;
	unsigned int has = 0;

	if (!fact_is(&names) || !path_is_plain(node) || w->nr_nodes++ == TREE_NODES_MAX)
		return;
	while (parse_line(&rest, &name))
		has |= property_of(name);
	in.coherent = (in.coherent || has & COHERENT) && !(has & NOT_COHERENT);
	in.disabled |= has & STATUS && !property_begins(w, node, "status", "ok");
	if (*node)
		put_node(w, node, has, in);
	rest = fact_describe(&names);
	while (depth < TREE_DEPTH_MAX && parse_line(&rest, &name))
		if (!property_of(name))
			visit(w, arena_printf(w->scratch, "%s/%.*s", node, (int)name.len, name.s),
			      depth + 1, in);
}

/* The node that a link of sysfs leads to, or NULL. */
static const char *node_of_link(const struct fact *link)
{
	static const char base[] = "firmware/devicetree/base/";
	const char *found = fact_is(link) ? strstr(link->raw, base) : NULL;

	return found && path_is_plain(found) ? found + sizeof(base) - 2 : NULL;
}

static void put_buses(struct walk *w)
{
	struct fact names = sysroot_list(w->root, w->scratch, "sys/class/pci_bus");
	struct span rest = fact_describe(&names), name;

	for (size_t i = 0; i < BUSES_MAX && parse_line(&rest, &name); i++) {
		struct fact link =
			sysroot_read_link(w->root, w->scratch,
					  arena_printf(w->scratch, "sys/class/pci_bus/%.*s/of_node",
						       (int)name.len, name.s));
		const char *node = node_of_link(&link);

		if (node && name_is_file(name))
			strbuf_printf(w->out, "\nbus %.*s %s", (int)name.len, name.s, node);
	}
}

static void ask_tree(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	struct arena *scratch = arena_new();
	struct strbuf out = { .arena = a };
	struct walk w = { .root = root, .scratch = scratch, .out = &out };
	struct fact compatible = read_property(&w, "", "compatible");

	(void)ctx;
	/* A machine with ACPI has a tree too, with what its boot loader said. */
	ret->state = compatible.state;
	ret->err = compatible.err;
	if (fact_is(&compatible)) {
		visit(&w, "", 0, (struct inherited){ 0 });
		put_buses(&w);
		*ret = fact_derived(a, ret->path, (struct span){ strbuf_get(&out), out.len });
	}
	arena_free(scratch);
}

/* ---- what it means ---- */

static bool pci_place(const struct device *d, struct pciaddr *ret)
{
	return d->bus == BUS_PCI &&
	       pciaddr_parse((struct span){ d->name, strlen(d->name) }, ret) == 0;
}

static uint32_t requester(const struct pciaddr *addr)
{
	return (uint32_t)addr->bus << 8 | (uint32_t)addr->device << 3 | addr->function;
}

static void tree_device(struct loader *l, const struct devicetree *dt, struct device *d)
{
	/* A node that says nothing about messages and IOMMUs is not in the text. */
	static const struct devicetree_node silent;
	const struct devicetree_node *node, *msi, *iommu;
	struct pciaddr addr;
	struct span path;

	if (pci_place(d, &addr)) {
		node = devicetree_host(dt, addr.domain, addr.bus);
		if (!node)
			return;
		msi = devicetree_msi_of_pci(dt, node, requester(&addr));
		iommu = devicetree_iommu_of_pci(dt, node, requester(&addr));
	} else if ((d->bus == BUS_PLATFORM || d->bus == BUS_AMBA) &&
		   uevent_get(fact_describe(&d->uevent), "OF_FULLNAME", &path)) {
		node = devicetree_find(dt, path);
		node = node ? node : &silent;
		msi = devicetree_msi_of(dt, node);
		iommu = devicetree_iommu_of(dt, node);
	} else {
		return;
	}
	if (node != &silent)
		d->coherent = node->coherent ? TRI_YES : TRI_NO;
	d->behind_smmu = iommu ? TRI_YES : TRI_NO;
	for (size_t i = 0; iommu && i < l->h->nr_iommus; i++)
		if (l->h->iommus[i]->tree_node && !strcmp(l->h->iommus[i]->tree_node, iommu->path))
			d->coming = l->h->iommus[i];
	d->msi = MSI_NONE;
	if (msi) {
		d->msi = devicetree_isolates(msi) ? MSI_ITS : MSI_PLAIN;
		d->msi_name = arena_strdup(l->a, msi->path);
	}
}

static void tree_unit(struct loader *l, const struct devicetree *dt, struct iommu_unit *u)
{
	const char *dir = arena_printf(l->a, "/sys/class/iommu/%s", u->name);
	struct fact link = read_link_at(l, dir, "device/of_node");
	const char *path = node_of_link(&link);
	const struct devicetree_node *node =
		path ? devicetree_find(dt, (struct span){ path, strlen(path) }) : NULL;

	if (!node)
		return;
	u->tree_node = node->path;
	u->coherent = node->coherent ? TRI_YES : TRI_NO;
}

static void load_tree(struct loader *l, struct firmware *fw)
{
	const struct devicetree_node *plain, *doubtful;
	struct msi_controllers *msi = &fw->msi;
	struct host *h = l->h;
	struct devicetree dt;

	if (devicetree_parse(fact_describe(&fw->tree), l->a, &dt) < 0) {
		fw->tree.state = FACT_FAILED;
		fw->tree.err = EBADMSG;
		return;
	}
	msi->known = true;
	msi->source = &fw->tree;
	for (size_t i = 0; i < dt.nr_nodes; i++)
		msi->nr_its += devicetree_isolates(&dt.nodes[i]);
	devicetree_plain_msi(&dt, &plain, &doubtful);
	msi->plain = plain ? plain->path : NULL;
	msi->doubtful = doubtful ? doubtful->path : NULL;
	for (size_t i = 0; i < h->nr_iommus; i++)
		tree_unit(l, &dt, h->iommus[i]);
	for (size_t i = 0; i < h->nr_devices; i++)
		tree_device(l, &dt, h->devices[i]);
}

/* An ITS counts that the MADT has too: the IORT may name one that is not there. */
static bool reaches_its(const struct acpi_iort *iort, const struct acpi_madt *madt,
			const struct acpi_iort_root *root, uint32_t rid)
{
	uint32_t id;

	if (!acpi_iort_its(iort, root, rid, &id))
		return false;
	for (size_t i = 0; i < madt->nr_its; i++)
		if (madt->its[i] == id)
			return true;
	return false;
}

/* The name of an SMMU ends with its address. linux: arm-smmu-v3.c: arm_smmu_device_probe(), "smmu3.%pa". */
static bool is_at(const struct iommu_unit *u, uint64_t base)
{
	const char *text = strstr(u->name, ".0x");
	uint64_t value;

	return text && parse_u64(text + 1, 16, &value) == 0 && value == base;
}

static void iort_device(struct loader *l, const struct acpi_iort *iort,
			const struct acpi_madt *madt, struct device *d)
{
	const struct msi_controllers *msi = &l->h->firmware.msi;
	const struct acpi_iort_smmu *smmu;
	const struct acpi_iort_root *root;
	struct pciaddr addr;

	if (!pci_place(d, &addr))
		return;
	root = acpi_iort_root(iort, addr.domain);
	d->canwbs = root && root->canwbs ? TRI_YES : TRI_NO;
	smmu = root ? acpi_iort_smmu_of(iort, root, requester(&addr)) : NULL;
	d->behind_smmu = smmu ? TRI_YES : TRI_NO;
	for (size_t i = 0; smmu && i < l->h->nr_iommus; i++)
		if (is_at(l->h->iommus[i], smmu->base))
			d->coming = l->h->iommus[i];
	if (root && reaches_its(iort, madt, root, requester(&addr)))
		d->msi = MSI_ITS;
	else if (msi->known)
		/* GICv2m serves every device that no other controller serves. linux: irq-gic-v2m.c:
		 * gicv2m_get_fwnode(). */
		d->msi = msi->plain ? MSI_PLAIN : MSI_NONE;
	d->msi_name = d->msi == MSI_PLAIN ? msi->plain : NULL;
}

static void iort_unit(const struct acpi_iort *iort, struct iommu_unit *u)
{
	for (size_t i = 0; i < iort->nr_smmus; i++)
		if (is_at(u, iort->smmus[i].base))
			u->coherent = iort->smmus[i].coherent ? TRI_YES : TRI_NO;
}

static void load_madt(struct loader *l, struct firmware *fw, struct acpi_madt *ret)
{
	struct msi_controllers *msi = &fw->msi;

	msi->source = &fw->madt;
	if (!fact_is(&fw->madt))
		return;
	if (acpi_madt_parse(fact_describe(&fw->madt), l->a, ret) < 0) {
		fw->madt.state = FACT_FAILED;
		fw->madt.err = EBADMSG;
		return;
	}
	msi->known = true;
	msi->nr_its = ret->nr_its;
	/* linux: drivers/irqchip/irq-gic-v3.c: gic_init_bases(): without LPIs, GICv2m. */
	if (ret->nr_msi_frames && !ret->nr_its)
		msi->plain = "GICv2m";
	else if (ret->nr_msi_frames)
		msi->doubtful = "GICv2m";
	/* linux: drivers/pci/controller/pci-hyperv.c: hv_pcie_init_irq_domain(). */
	if (fact_is(&fw->hypervisor) && !strcmp(fw->hypervisor.raw, "hyperv"))
		msi->doubtful = "the PCI bus of Hyper-V";
}

static void load_iort(struct loader *l, struct firmware *fw, const struct acpi_madt *madt)
{
	struct host *h = l->h;
	struct acpi_iort iort = { 0 };

	/* Without an IORT nothing leads to an ITS. */
	if (!fact_is(&fw->iort) && fw->iort.state != FACT_ABSENT)
		return;
	if (fact_is(&fw->iort) && acpi_iort_parse(fact_describe(&fw->iort), l->a, &iort) < 0) {
		fw->iort.state = FACT_FAILED;
		fw->iort.err = EBADMSG;
		return;
	}
	for (size_t i = 0; i < h->nr_devices; i++)
		iort_device(l, &iort, madt, h->devices[i]);
	for (size_t i = 0; i < h->nr_iommus; i++)
		iort_unit(&iort, h->iommus[i]);
}

static struct fact read_table(struct loader *l, const char *name)
{
	return sysroot_read(l->root, l->a, arena_printf(l->a, "sys/firmware/acpi/tables/%s", name),
			    TABLE_MAX);
}

void arm_load(struct loader *l)
{
	struct firmware *fw = &l->h->firmware;
	const struct fact *machine = &l->h->kernel.machine;
	struct acpi_madt madt = { 0 };

	/* A tree does not tell what machine it is of. */
	if (fact_is(machine) ? strcmp(machine->raw, "aarch64") != 0
			     : fw->has_iort == TRI_NO && fw->tables.state != FACT_ABSENT)
		return;
	if (fw->tables.state != FACT_ABSENT) {
		fw->madt = read_table(l, "APIC");
		fw->iort = read_table(l, "IORT");
		load_madt(l, fw, &madt);
		load_iort(l, fw, &madt);
		return;
	}
	fw->tree = sysroot_ask(l->root, l->a, "/" TREE_ROOT, true, ask_tree, NULL);
	if (fact_is(&fw->tree))
		load_tree(l, fw);
}
