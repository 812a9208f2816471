/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which kernels decide alike, and which of them this one may be. */
#include "model/generation.h"

#include <errno.h>
#include <string.h>

#include "base/parse.h"

static const struct generation generations[NR_GENS] = {
	[GEN_5_10] = { "5.10", NULL, "up to 5.13",
		       "the group is walked for host drivers at GROUP_GET_DEVICE_FD, the bus is asked for capabilities, the bind write knows one errno",
		       5, 10 },
	[GEN_5_14] = { "5.14", NULL, "5.14 - 5.18", "the bind write returns the probe's errno", 5,
		       14 },
	[GEN_5_19] = { "5.19", "unpatched", "5.19",
		       "DMA ownership at GROUP_SET_CONTAINER, coherency asked at bind; still the bus is asked for interrupt remapping and must be one",
		       5, 19 },
	[GEN_6_0] = { "6.0", "patched", "6.0 - 6.1",
		      "a representative device stands for the group, devices are asked for capabilities",
		      6, 0 },
	[GEN_6_2] = { "6.2", NULL, "6.2", "as 6.0, with iommufd and its compat container", 6, 2 },
	[GEN_6_3] = { "6.3", NULL, "6.3 - 6.5", "every device of the group must have isolated MSI",
		      6, 3 },
	[GEN_6_6] = { "6.6", NULL, "6.6 - 6.10",
		      "device nodes, and direct regions refuse DMA ownership", 6, 6 },
	[GEN_6_11] = { "6.11", NULL, "6.11 - 6.18",
		       "the domain allocation's own errno instead of EIO", 6, 11 },
	[GEN_7_0] = { "7.0", NULL, "6.19 and later",
		      "ranges past the end are EOVERFLOW, nesting is gone, no-IOMMU device nodes",
		      7, 0 },
};

const struct generation *generation_get(enum gen gen)
{
	return &generations[gen];
}

const char *gen_basis_name(enum gen_basis basis)
{
	static const char *const names[] = {
		[GEN_BASIS_NONE] = "none",   [GEN_BASIS_VERSION] = "version",
		[GEN_BASIS_SHAPE] = "shape", [GEN_BASIS_KALLSYMS] = "kallsyms",
		[GEN_BASIS_BTF] = "btf",     [GEN_BASIS_SYMBOLS] = "symbols",
	};

	return names[basis];
}

/* ---- versions ---- */

/* "6.1.0-18-amd64" begins with two numbers and a dot between. */
static bool parse_release(const char *text, uint32_t *ret_major, uint32_t *ret_minor)
{
	size_t major = strspn(text, "0123456789");
	const char *rest = text + major;

	if (!major || *rest != '.')
		return false;
	size_t minor = strspn(rest + 1, "0123456789");
	uint64_t a, b;
	if (!minor || parse_u64_span((struct span){ text, major }, 10, &a) < 0 ||
	    parse_u64_span((struct span){ rest + 1, minor }, 10, &b) < 0 || a > 999 || b > 999)
		return false;
	char next = rest[1 + minor];
	if (next && !strchr(".-+_~", next))
		return false;
	*ret_major = (uint32_t)a;
	*ret_minor = (uint32_t)b;
	return true;
}

static enum gen gen_of_version(uint32_t major, uint32_t minor)
{
	enum gen ret = GEN_5_10;

	/* What makes the last generation came between 6.18 and 6.19. */
	if (major == 6 && minor >= 19)
		return GEN_7_0;
	for (unsigned int g = 0; g < NR_GENS; g++)
		if (major > generations[g].first_major ||
		    (major == generations[g].first_major && minor >= generations[g].first_minor))
			ret = (enum gen)g;
	return ret;
}

static bool is_beyond(uint32_t major, uint32_t minor)
{
	uint32_t newest_major = 0, newest_minor = 0;

	return parse_release(GENERATION_NEWEST, &newest_major, &newest_minor) &&
	       (major > newest_major || (major == newest_major && minor > newest_minor));
}

/* The generations that a version leaves possible. */
static uint32_t gens_of_version(uint32_t major, uint32_t minor)
{
	uint32_t gens = GEN_BIT(gen_of_version(major, minor));

	if (major == 6 && minor >= 18)
		gens = GEN_BIT(GEN_6_11) | GEN_BIT(GEN_7_0);
	return gens;
}

int generation_parse(const char *text, enum gen *ret, struct failure **reterr)
{
	uint32_t major, minor;

	for (unsigned int g = 0; g < NR_GENS; g++) {
		const struct generation *gen = &generations[g];
		if (strcmp(text, gen->name) == 0 || (gen->alias && strcmp(text, gen->alias) == 0)) {
			*ret = (enum gen)g;
			return 0;
		}
	}
	if (parse_release(text, &major, &minor) && is_beyond(major, minor))
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
					  "nothing is known of Linux %s: the rules were read up to %s; --kernel %s asks what that decides",
					  text, GENERATION_NEWEST, GENERATION_NEWEST);
	if (parse_release(text, &major, &minor) && major >= 4) {
		*ret = gen_of_version(major, minor);
		return 0;
	}
	return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
				  "unknown kernel '%s': give a release like 6.1, 'patched', 'unpatched', or one of 5.10 5.14 5.19 6.0 6.2 6.3 6.6 6.11 7.0",
				  text);
}

/* ---- evidence ---- */

struct finder {
	const struct host *host;
	struct arena *arena;
	struct gen_verdict *ret;
};

/* All from the highest of @a to the lowest of @b. */
static uint32_t between(uint32_t a, uint32_t b)
{
	uint32_t from = UINT32_C(1) << (31 - __builtin_clz(a));
	uint32_t to = b & -b;

	return ((to << 1) - 1) & ~(from - 1);
}

/* Two pieces of evidence that are equally strong and exclude each other: a kernel with parts of
 * several, as enterprise kernels are. It is one of the two or decides like something between. */
static uint32_t reconcile(uint32_t a, uint32_t b)
{
	if (a < (b & -b))
		return a | between(a, b);
	if (b < (a & -a))
		return a | between(b, a);
	return a | b;
}

static void add_evidence(struct finder *f, enum gen_basis basis, uint32_t gens,
			 const struct fact *fact, const char *value)
{
	struct gen_verdict *v = f->ret;
	uint32_t left = v->candidates & gens;

	if (!left && basis == GEN_BASIS_SYMBOLS && v->basis == basis)
		left = reconcile(v->candidates, gens);
	v->evidence = arena_grow(f->arena, v->evidence, v->nr_evidence, sizeof(*v->evidence));
	v->evidence[v->nr_evidence++] = (struct gen_evidence){
		.fact = fact,
		.value = value,
		.gens = gens,
		.basis = basis,
		.used = left != 0,
	};
	if (!left)
		return;
	if (left != v->candidates || v->basis == GEN_BASIS_NONE)
		v->basis = v->basis > basis ? v->basis : basis;
	v->candidates = left;
}

enum side { IMPORT, EXPORT };

/* What the presence of a symbol, or its absence from a module whose symbols are known, leaves
 * possible. 0: says nothing. Read in 5.10, 6.1, 6.12 and 7.3; the releases between from the kernel's
 * history. */
struct clue {
	enum module_id module;
	enum side side;
	const char *symbol;
	uint32_t if_present, if_absent;
};

#define FROM(g)  GENS_FROM(GEN_##g)
#define UNTIL(g) GENS_UNTIL(GEN_##g)

static const struct clue clues[] = {
	{ MODULE_VFIO_IOMMU_TYPE1, IMPORT, "iommu_capable", UNTIL(6_0), FROM(6_0) },
	{ MODULE_VFIO_IOMMU_TYPE1, IMPORT, "irq_domain_check_msi_remap", UNTIL(6_3), 0 },
	{ MODULE_VFIO_IOMMU_TYPE1, IMPORT, "device_iommu_capable", FROM(6_0) & UNTIL(6_3), 0 },
	{ MODULE_VFIO_IOMMU_TYPE1, IMPORT, "iommu_group_has_isolated_msi", FROM(6_3), UNTIL(6_3) },
	{ MODULE_VFIO_IOMMU_TYPE1, IMPORT, "iommu_domain_alloc", UNTIL(6_11), FROM(6_11) },
	{ MODULE_VFIO_IOMMU_TYPE1, IMPORT, "iommu_paging_domain_alloc", GEN_BIT(GEN_6_11), 0 },
	{ MODULE_VFIO_IOMMU_TYPE1, IMPORT, "iommu_paging_domain_alloc_flags", FROM(6_11), 0 },
	{ MODULE_VFIO_IOMMU_TYPE1, IMPORT, "iommu_enable_nesting", UNTIL(7_0), 0 },
	{ MODULE_VFIO, IMPORT, "iommu_group_claim_dma_owner", FROM(5_19), 0 },
	{ MODULE_VFIO, IMPORT, "iommu_capable", GEN_BIT(GEN_5_19), 0 },
	{ MODULE_VFIO, IMPORT, "device_iommu_capable", FROM(6_0), UNTIL(6_0) },
	{ MODULE_VFIO, EXPORT, "vfio_add_group_dev", UNTIL(5_14), 0 },
	{ MODULE_VFIO, EXPORT, "vfio_virqfd_enable", FROM(6_2), 0 },
	{ MODULE_VFIO, EXPORT, "vfio_find_device_in_devset", FROM(6_6), UNTIL(6_6) },
	{ MODULE_VFIO_PCI, IMPORT, "vfio_pci_core_register_device", FROM(5_14), 0 },
	{ MODULE_VFIO_PCI_CORE, IMPORT, "dma_buf_export", FROM(7_0), 0 },
};

static void use_clue(struct finder *f, const struct clue *c)
{
	const struct module *m = &f->host->modules[c->module];
	enum tristate has =
		c->side == IMPORT ? module_imports(m, c->symbol) : module_exports(m, c->symbol);
	const char *verb = c->side == IMPORT ? "import" : "export";

	if (has == TRI_YES && c->if_present)
		add_evidence(f, GEN_BASIS_SYMBOLS, c->if_present, &m->kmod,
			     arena_printf(f->arena, "%s %ss %s", m->name, verb, c->symbol));
	else if (has == TRI_NO && c->if_absent)
		add_evidence(f, GEN_BASIS_SYMBOLS, c->if_absent, &m->kmod,
			     arena_printf(f->arena, "%s does not %s %s", m->name, verb, c->symbol));
}

/* An address space owner is claimed by the container code of vfio, which can be left out. */
static void use_ownership_clue(struct finder *f)
{
	const struct module *m = &f->host->modules[MODULE_VFIO];

	if (module_exports(m, "vfio_register_iommu_driver") == TRI_YES &&
	    module_imports(m, "iommu_group_claim_dma_owner") == TRI_NO)
		add_evidence(f, GEN_BASIS_SYMBOLS, UNTIL(5_19), &m->kmod,
			     "vfio does not import iommu_group_claim_dma_owner");
}

/* ---- the functions of the kernel ---- */

/* Names of the kernel itself, whether or not VFIO is loaded. Absence says little: a function may be
 * inlined or left out. */
static const struct {
	const char *name;
	uint32_t if_present;
} names[] = {
	{ "iommu_group_has_isolated_msi", FROM(6_3) },
	{ "irq_domain_check_msi_remap", UNTIL(6_3) },
	/* 5.19 had the first for thunderbolt, 6.0 still the second; VFIO's imports tell more. */
	{ "device_iommu_capable", FROM(5_19) },
	{ "iommu_capable", UNTIL(6_2) },
	/* Went in 5.13, within the first; in 6.2 with the interrupt domains of devices. */
	{ "iommu_domain_set_attr", UNTIL(5_14) },
	{ "msi_domain_alloc_irqs_descs_locked", UNTIL(6_2) },
	{ "iommu_group_claim_dma_owner", FROM(5_19) },
	{ "iommufd_device_bind", FROM(6_2) },
	{ "vfio_df_ioctl_bind_iommufd", FROM(6_6) },
	{ "vfio_find_device_in_devset", FROM(6_6) },
	{ "iommu_paging_domain_alloc", GEN_BIT(GEN_6_11) },
	{ "iommu_paging_domain_alloc_flags", FROM(6_11) },
	{ "iommu_enable_nesting", UNTIL(7_0) },
	{ "vfio_pci_core_register_device", FROM(5_14) },
	{ "vfio_add_group_dev", UNTIL(5_14) },
	{ "vfio_pci_core_feature_dma_buf", FROM(7_0) },
	{ "vfio_pci_core_get_dmabuf_phys", FROM(7_0) },
	{ "iopt_alloc_dmabuf_pages", FROM(7_0) },
	{ "iommufd_device_is_noiommu", FROM(7_0) },
	/* The generic page tables of 6.19. */
	{ "pt_iommu_amdv1_init", FROM(7_0) },
	{ "pt_iommu_vtdss_init", FROM(7_0) },
};

/* Pairs in which the absence of a name is telling, because another is there that calls it: the missing one
 * is exported by drivers/iommu/iommu.c, which is never a module. */
static const struct {
	const char *caller, *missing;
	uint32_t gens;
} absences[] = {
	{ "vfio_iommu_type1_attach_group", "iommu_group_has_isolated_msi", UNTIL(6_3) },
	{ "vfio_iommu_type1_attach_group", "iommu_group_claim_dma_owner", UNTIL(5_19) },
	{ "vfio_iommu_type1_attach_group", "device_iommu_capable", UNTIL(6_0) },
	/* Both of drivers/iommu/iommu.c, both exported. */
	{ "iommu_capable", "iommu_group_claim_dma_owner", UNTIL(5_19) },
	/* The bus lost its question in 6.1. */
	{ "device_iommu_capable", "iommu_capable", FROM(6_0) },
	{ "iommu_group_has_isolated_msi", "iommu_paging_domain_alloc_flags", UNTIL(7_0) },
};

/* @found is what BTF or /proc/kallsyms had of them. */
static void use_names(struct finder *f, enum gen_basis basis, const struct fact *found)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (symbols_have(found, names[i].name) == TRI_YES)
			add_evidence(f, basis, names[i].if_present, found,
				     arena_printf(f->arena, "the kernel has %s", names[i].name));
	for (size_t i = 0; i < ARRAY_SIZE(absences); i++)
		if (symbols_have(found, absences[i].caller) == TRI_YES &&
		    symbols_have(found, absences[i].missing) == TRI_NO)
			add_evidence(f, basis, absences[i].gens, found,
				     arena_printf(f->arena, "the kernel has no %s",
						  absences[i].missing));
}

/* ---- shape ---- */

static bool module_exists(const struct module *m)
{
	return m->state != MODULE_STATE_UNKNOWN && m->state != MODULE_STATE_ABSENT;
}

static const struct fact *module_fact(const struct module *m)
{
	return m->kmod.state != FACT_UNREAD ? &m->kmod : &m->sysfs;
}

/* linux: drivers/vfio/Kconfig: VFIO_VIRQFD is a module of its own to 6.1; VFIO_PCI_CORE since
 * 5.15; iommufd since 6.2. */
static void use_module_shape(struct finder *f)
{
	const struct module *modules = f->host->modules;
	const struct module *virqfd = &modules[MODULE_VFIO_VIRQFD];
	const struct module *core = &modules[MODULE_VFIO_PCI_CORE];

	if (module_exists(&modules[MODULE_IOMMUFD]))
		add_evidence(f, GEN_BASIS_SHAPE, FROM(6_2), module_fact(&modules[MODULE_IOMMUFD]),
			     "module iommufd exists");
	if (module_exists(core))
		add_evidence(f, GEN_BASIS_SHAPE, FROM(5_14), module_fact(core),
			     "module vfio_pci_core exists");
	/* The option is one of VFIO's own since 6.2: to be built in says nothing, to be a file does. */
	if (module_exists(virqfd) &&
	    (virqfd->state != MODULE_STATE_BUILTIN || fact_is(&virqfd->sysfs) ||
	     (fact_is(&virqfd->kmod) && strstr(virqfd->kmod.raw, "state=builtin"))))
		add_evidence(f, GEN_BASIS_SHAPE, UNTIL(6_2), module_fact(virqfd),
			     "vfio_virqfd is a module of its own");
	/* Built in, neither of them is listed for certain. */
	if (virqfd->state == MODULE_STATE_ABSENT && core->symbols_known)
		add_evidence(f, GEN_BASIS_SHAPE, FROM(6_2), module_fact(virqfd),
			     "vfio_virqfd is no module of its own");
	if (core->state == MODULE_STATE_ABSENT && modules[MODULE_VFIO_PCI].symbols_known)
		add_evidence(f, GEN_BASIS_SHAPE, GEN_BIT(GEN_5_10) | GEN_BIT(GEN_5_14),
			     module_fact(core), "vfio_pci_core is no module of its own");
}

static void use_device_shape(struct finder *f)
{
	const struct host *h = f->host;
	bool seen_dir = false, seen_cdev = false;

	for (size_t i = 0; i < h->nr_devices && !(seen_dir && seen_cdev); i++) {
		const struct device *dev = h->devices[i];
		if (fact_is(&dev->cdev_devno) && !seen_cdev) {
			seen_cdev = true;
			add_evidence(f, GEN_BASIS_SHAPE, FROM(6_6), &dev->cdev_devno,
				     "a VFIO device has a node of its own");
		}
		if (fact_is(&dev->vfio_dev) && dev->vfio_dev.len && !seen_dir) {
			seen_dir = true;
			add_evidence(f, GEN_BASIS_SHAPE, FROM(6_0), &dev->vfio_dev,
				     "a VFIO device has a vfio-dev directory");
		}
	}
	if (fact_is(&h->iommu_node.stat))
		add_evidence(f, GEN_BASIS_SHAPE, FROM(6_2), &h->iommu_node.stat,
			     "/dev/iommu exists");
}

/* linux: arch/x86/kernel/apic/msi.c: since 6.2 the chip's name ends in the device's. */
static void use_interrupt_shape(struct finder *f)
{
	const struct interrupts *irqs = &f->host->interrupts;

	for (size_t i = 0; i < irqs->nr_chips; i++) {
		const char *chip = irqs->chips[i];
		const char *msi = strstr(chip, "PCI-MSI");
		if (!msi || strncmp(chip, "ITS", 3) == 0 || !strpbrk(msi + 7, "-"))
			continue;
		if (strncmp(msi + 7, "-", 1) != 0 && strncmp(msi + 7, "X-", 2) != 0)
			continue;
		/* "PCI-MSI-edge" is the flow of older kernels, not a device. */
		if (!strchr(msi + 7, ':'))
			continue;
		add_evidence(f, GEN_BASIS_SHAPE, FROM(6_2), &irqs->proc,
			     arena_printf(f->arena, "interrupt chip %s is one device's own", chip));
		return;
	}
}

/* "5.14.0-427.13.1.el9_4.x86_64", "6.4.0-150600.23-default": such kernels keep the number that they
 * began with and take whole subsystems of later ones. */
static bool is_enterprise(const char *release)
{
	const char *el = strstr(release, ".el"), *sle = strstr(release, "-150");

	return (el && el[3] >= '0' && el[3] <= '9') ||
	       (sle && strspn(sle + 1, "0123456789") == 6 && sle[7] == '.');
}

static void use_version(struct finder *f)
{
	const struct fact *release = &f->host->kernel.release;
	uint32_t major, minor;

	if (!fact_is(release) || !release->raw || !parse_release(release->raw, &major, &minor))
		return;
	uint32_t gens = gens_of_version(major, minor);
	if (is_enterprise(release->raw))
		gens = GENS_ALL & ~(GEN_BIT(gen_of_version(major, minor)) - 1);
	const uint32_t before = f->ret->candidates;
	const bool beyond = is_beyond(major, minor);
	add_evidence(f, GEN_BASIS_VERSION, gens, release,
		     arena_printf(f->arena, "the release is called %s%s", release->raw,
				  beyond ? ", which is newer than " GENERATION_NEWEST
					   ", up to where the rules were read"
					 : ""));
	/* A number that the evidence contradicts is only a name. */
	f->ret->beyond = beyond && f->ret->evidence[f->ret->nr_evidence - 1].used;
	f->ret->by_number = f->ret->candidates != before;
}

void generation_find(const struct host *h, struct arena *a, struct gen_verdict *ret)
{
	struct finder f = { .host = h, .arena = a, .ret = ret };

	*ret = (struct gen_verdict){ .candidates = GENS_ALL };
	for (size_t i = 0; i < ARRAY_SIZE(clues); i++)
		use_clue(&f, &clues[i]);
	use_ownership_clue(&f);
	use_names(&f, GEN_BASIS_BTF, &h->kernel.btf);
	use_names(&f, GEN_BASIS_KALLSYMS, &h->kernel.kallsyms);
	use_module_shape(&f);
	use_device_shape(&f);
	use_interrupt_shape(&f);
	use_version(&f);
}
