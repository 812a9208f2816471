/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names for runs of releases, and which releases this kernel may be. */
#include "model/generation.h"

#include <errno.h>
#include <string.h>

#include "base/parse.h"
#include "base/strbuf.h"

/* Each reaches to the next; the last has no end. */
static const struct generation generations[] = {
	{ RELEASE_5_10, NULL,
	  "GROUP_GET_DEVICE_FD checks the group for host drivers, the bus is asked for capabilities, a bind write has one errno" },
	{ RELEASE_5_14, NULL, "a bind write returns the probe's errno" },
	{ RELEASE_5_19, "unpatched",
	  "DMA ownership at GROUP_SET_CONTAINER, coherency check at bind; interrupt remapping is still asked per bus, one bus per group" },
	{ RELEASE_6_0, "patched",
	  "the kernel asks one device on behalf of the group, devices are asked for capabilities" },
	{ RELEASE_6_2, NULL, "as 6.0, with iommufd, which can also provide /dev/vfio/vfio" },
	{ RELEASE_6_3, NULL, "every device of the group must have isolated MSI" },
	{ RELEASE_6_6, NULL, "device nodes (cdev); a direct region refuses DMA ownership" },
	{ RELEASE_6_11, NULL, "the errno of the domain allocation instead of EIO" },
	{ RELEASE_6_19, NULL, "generic page tables, a VF token at BIND_IOMMUFD, DMA buffers" },
};

const struct generation *generation_get(size_t index)
{
	return index < ARRAY_SIZE(generations) ? &generations[index] : NULL;
}

size_t generation_count(void)
{
	return ARRAY_SIZE(generations);
}

uint64_t generation_releases(const struct generation *g)
{
	const struct generation *next = generation_get((size_t)(g - generations) + 1);

	return RELEASES_FROM(g->first) & (next ? RELEASES_UNTIL(next->first) : RELEASES_ALL);
}

const struct kernels kernels_reference = {
	.releases = RELEASE_BIT(RELEASE_6_0) | RELEASE_BIT(RELEASE_6_1), .asked = true
};

static const char *run_text(enum release first, enum release last, struct arena *a)
{
	if (first == last)
		return release_name(first);
	if (last == NR_RELEASES - 1)
		return arena_printf(a, "%s and later", release_name(first));
	return arena_printf(a, "%s - %s", release_name(first), release_name(last));
}

const char *releases_text(uint64_t releases, struct arena *a)
{
	struct strbuf ret = { .arena = a };

	for (unsigned int r = 0, last; r < NR_RELEASES; r = last + 1) {
		last = r;
		if (!(releases & RELEASE_BIT(r)))
			continue;
		while (last + 1 < NR_RELEASES && releases & RELEASE_BIT(last + 1))
			last++;
		strbuf_item(&ret, ", ", "%s", run_text((enum release)r, (enum release)last, a));
	}
	return ret.s ? ret.s : "none";
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

/* ---- what a number tells ---- */

/* "6.1.0-18-amd64" begins with two numbers and a dot between. */
static bool parse_number(const char *text, unsigned int *ret_major, unsigned int *ret_minor)
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
	*ret_major = (unsigned int)a;
	*ret_minor = (unsigned int)b;
	return true;
}

static bool has_digit_after(const char *text, const char *mark)
{
	const char *at = strstr(text, mark);

	return at && at[strlen(mark)] >= '0' && at[strlen(mark)] <= '9';
}

/* RHEL and its kin ("5.14.0-427.13.1.el9_4.x86_64"), SLES ("6.4.0-150600.23-default",
 * "6.12.0-160000.5-default"), openEuler ("5.10.0-153.12.0.92.oe2203sp2"): such kernels keep the number
 * that they began with and take whole subsystems of later ones. Those of elrepo only follow the name. */
static bool is_enterprise(const char *text)
{
	const char *sle = strstr(text, "-15");

	if (strstr(text, ".elrepo"))
		return false;
	if (!sle)
		sle = strstr(text, "-16");
	return has_digit_after(text, ".el") || has_digit_after(text, ".oe") ||
	       (sle && strspn(sle + 1, "0123456789") == 6 && sle[7] == '.');
}

/* "6.1.12" is the twelfth stable release, and "6.1.0-rc3" or "6.1.0-custom" none; of "6.1.0-18-amd64" a
 * distribution hides which it is. */
static bool parse_sublevel(const char *text, unsigned int *ret)
{
	const char *at = strchr(strchr(text, '.') + 1, '.');
	size_t len = at ? strspn(at + 1, "0123456789") : 0;
	uint64_t value;

	if (!len || parse_u64_span((struct span){ at + 1, len }, 10, &value) < 0 || value > 999)
		return false;
	*ret = (unsigned int)value;
	at += 1 + len;
	return value || *at != '-' || at[1] < '0' || at[1] > '9';
}

/* Traits that came into stable kernels: the sublevel decides. */
static void note_sublevel(struct kernels *k, enum release release, unsigned int sublevel)
{
	for (enum trait t = TRAIT_NONE + 1; t < NR_TRAITS; t++) {
		const struct trait_info *info = trait_get(t);

		if (!(info->maybe & RELEASE_BIT(release)) || !info->in_stable)
			continue;
		if (sublevel <= info->stable_without)
			k->lacks |= TRAIT_BIT(t);
		else if (info->stable_with && sublevel >= info->stable_with)
			k->holds |= TRAIT_BIT(t);
	}
}

/* The releases that the number leaves possible. */
struct number {
	bool older, newer; /* than what the rules were read for */
	struct kernels kernels;
};

/* The traits that came into the kernel itself after @first and that an enterprise kernel may have taken,
 * whatever its modules show. */
static uint64_t traits_taken_later(enum release first)
{
	uint64_t ret = 0;

	for (enum trait t = TRAIT_NONE + 1; t < NR_TRAITS; t++)
		if (!trait_get(t)->in_vfio && trait_get(t)->since > first)
			ret |= TRAIT_BIT(t);
	return ret;
}

static bool number_of(const char *text, struct number *ret)
{
	unsigned int major, minor, last_major, last_minor, sublevel;
	enum release release = 0;

	*ret = (struct number){ 0 };
	if (!parse_number(text, &major, &minor) ||
	    !parse_number(release_name(NR_RELEASES - 1), &last_major, &last_minor))
		return false;
	ret->older = !release_find(major, minor, &release);
	ret->newer = major > last_major || (major == last_major && minor > last_minor);
	ret->kernels.releases = RELEASE_BIT(release);
	if (!is_enterprise(text)) {
		if (parse_sublevel(text, &sublevel) && release_is(release, major, minor))
			note_sublevel(&ret->kernels, release, sublevel);
		return true;
	}
	ret->kernels.releases = RELEASES_FROM(release);
	ret->kernels.open = traits_taken_later(release);
	return true;
}

static int refuse_older(const char *text, struct failure **reterr)
{
	return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
				  "kernel '%s' is older than Linux %s, the first that vfiotool has rules for",
				  text, release_name(0));
}

static int refuse_newer(const char *text, struct failure **reterr)
{
	const char *newest = generation_newest();

	return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
				  "the rules of Linux %s are unknown, because vfiotool knows them up to %s; use --kernel %s for those",
				  text, newest, newest);
}

const char *generation_newest(void)
{
	return release_name(NR_RELEASES - 1);
}

int generation_parse(const char *text, struct kernels *ret, struct failure **reterr)
{
	struct number number;

	for (size_t g = 0; g < ARRAY_SIZE(generations); g++)
		if (generations[g].alias && !strcmp(text, generations[g].alias)) {
			*ret = (struct kernels){ generation_releases(&generations[g]),
						 .asked = true };
			return 0;
		}
	if (!number_of(text, &number))
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
					  "unknown kernel '%s': give a release like 6.1, 'patched' or 'unpatched'",
					  text);
	if (number.newer)
		return refuse_newer(text, reterr);
	if (number.older && !is_enterprise(text))
		return refuse_older(text, reterr);
	*ret = number.kernels;
	ret->asked = true;
	return 0;
}

bool generation_may_lack(const char *release, enum trait trait)
{
	struct number number;

	return number_of(release, &number) && !number.newer &&
	       (number.older || !kernels_all_have(&number.kernels, trait));
}

bool generation_is_enterprise(const char *release)
{
	return is_enterprise(release);
}

/* ---- evidence ---- */

struct finder {
	const struct host *host;
	struct arena *arena;
	struct gen_verdict *ret;
};

/* All from the highest of @a to the lowest of @b. */
static uint64_t between(uint64_t a, uint64_t b)
{
	uint64_t from = UINT64_C(1) << (63 - __builtin_clzll(a));
	uint64_t to = b & -b;

	return ((to << 1) - 1) & ~(from - 1);
}

/* Two pieces of evidence that are equally strong and exclude each other: a kernel with parts of
 * several, as enterprise kernels are. It is one of the two or decides like something between. */
static uint64_t reconcile(uint64_t a, uint64_t b)
{
	if (a < (b & -b))
		return a | between(a, b);
	if (b < (a & -a))
		return a | between(b, a);
	return a | b;
}

static void add_evidence(struct finder *f, enum gen_basis basis, uint64_t releases,
			 const struct fact *fact, const char *value)
{
	struct gen_verdict *v = f->ret;
	uint64_t *candidates = &v->kernels.releases;
	uint64_t left = *candidates & releases;

	if (!left && basis == GEN_BASIS_SYMBOLS && v->basis == basis)
		left = reconcile(*candidates, releases);
	v->evidence = arena_grow(f->arena, v->evidence, v->nr_evidence, sizeof(*v->evidence));
	v->evidence[v->nr_evidence++] = (struct gen_evidence){
		.fact = fact,
		.value = value,
		.releases = releases,
		.basis = basis,
		.used = left != 0,
	};
	if (!left)
		return;
	if (left != *candidates || v->basis == GEN_BASIS_NONE)
		v->basis = v->basis > basis ? v->basis : basis;
	*candidates = left;
}

static const char *clue_text(const struct finder *f, const struct clue *c, bool seen)
{
	const char *name = f->host->modules[c->module].name;
	const char *verb = c->side == CLUE_IMPORT ? "import" : "export";

	if (c->side == CLUE_NAME)
		return arena_printf(f->arena, "the kernel has %s%s", seen ? "" : "no ", c->symbol);
	if (seen)
		return arena_printf(f->arena, "%s %ss %s", name, verb, c->symbol);
	return arena_printf(f->arena, "%s does not %s %s", name, verb, c->symbol);
}

static void note_traits(struct finder *f, const struct clue *c, bool seen)
{
	struct kernels *k = &f->ret->kernels;

	k->holds |= TRAIT_BIT(seen ? c->since : c->absent_since);
	k->lacks |= TRAIT_BIT(seen ? c->until : c->absent_until);
}

/* Of the modules, or of the kernel's @names, which are those that BTF or /proc/kallsyms had. */
static void use_clues(struct finder *f, enum gen_basis basis, const struct fact *names)
{
	const struct clue *c;

	for (size_t i = 0; (c = clue_get(i)); i++) {
		const struct module *m = &f->host->modules[c->module];
		enum tristate seen = TRI_UNKNOWN;

		if ((c->side == CLUE_NAME) == (names != NULL))
			seen = names ? clue_seen_by_name(c, names) : clue_seen(c, m);
		uint64_t releases = clue_releases(c, seen == TRI_YES);
		if (seen == TRI_UNKNOWN || releases == RELEASES_ALL)
			continue;
		add_evidence(f, basis, releases, names ? names : &m->kmod,
			     clue_text(f, c, seen == TRI_YES));
		if (c->proves)
			note_traits(f, c, seen == TRI_YES);
	}
}

/* ---- shape ---- */

#define FROM(r)  RELEASES_FROM(RELEASE_##r)
#define UNTIL(r) RELEASES_UNTIL(RELEASE_##r)

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
		add_evidence(f, GEN_BASIS_SHAPE, FROM(5_15), module_fact(core),
			     "module vfio_pci_core exists");
	/* The option is one of VFIO's own since 6.2: to be built in says nothing, to be a file does. */
	if (module_exists(virqfd) &&
	    (virqfd->state != MODULE_STATE_BUILTIN || fact_is(&virqfd->sysfs) ||
	     (fact_is(&virqfd->kmod) && strstr(virqfd->kmod.raw, "state=builtin"))))
		add_evidence(f, GEN_BASIS_SHAPE, UNTIL(6_2), module_fact(virqfd),
			     "vfio_virqfd is a separate module");
	/* Built in, neither of them is listed for certain. */
	if (virqfd->state == MODULE_STATE_ABSENT && core->symbols_known)
		add_evidence(f, GEN_BASIS_SHAPE, FROM(6_2), module_fact(virqfd),
			     "vfio_virqfd is not a separate module");
	if (core->state == MODULE_STATE_ABSENT && modules[MODULE_VFIO_PCI].symbols_known)
		add_evidence(f, GEN_BASIS_SHAPE, UNTIL(5_15), module_fact(core),
			     "vfio_pci_core is not a separate module");
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
				     "a VFIO device has a device node (cdev)");
		}
		if (fact_is(&dev->vfio_dev) && dev->vfio_dev.len && !seen_dir) {
			seen_dir = true;
			add_evidence(f, GEN_BASIS_SHAPE, FROM(6_1), &dev->vfio_dev,
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
			     arena_printf(f->arena, "interrupt chip %s belongs to one device",
					  chip));
		return;
	}
}

static void use_version(struct finder *f)
{
	const struct fact *release = &f->host->kernel.release;
	struct gen_verdict *v = f->ret;
	const uint64_t before = v->kernels.releases;
	struct number n;

	if (!fact_is(release) || !release->raw || !number_of(release->raw, &n))
		return;
	add_evidence(f, GEN_BASIS_VERSION, n.kernels.releases, release,
		     n.newer ? arena_printf(f->arena,
					    "the release is called %s, which is newer than %s, up to where the rules were read",
					    release->raw, generation_newest())
		     : n.older
			     ? arena_printf(f->arena,
					    "the release is called %s, which is older than %s, from where the rules were read",
					    release->raw, release_name(0))
			     : arena_printf(f->arena, "the release is called %s", release->raw));
	/* A number that the evidence contradicts is only a name. */
	const bool used = v->evidence[v->nr_evidence - 1].used;
	v->newer = n.newer && used;
	v->older = n.older && used;
	v->by_number = v->kernels.releases != before;
	if (!used)
		return;
	v->kernels.open = n.kernels.open;
	v->kernels.holds |= n.kernels.holds & ~v->kernels.lacks;
	v->kernels.lacks |= n.kernels.lacks & ~v->kernels.holds;
}

void generation_find(const struct host *h, struct arena *a, struct gen_verdict *ret)
{
	struct finder f = { .host = h, .arena = a, .ret = ret };

	*ret = (struct gen_verdict){ .kernels.releases = RELEASES_ALL };
	use_clues(&f, GEN_BASIS_SYMBOLS, NULL);
	use_clues(&f, GEN_BASIS_BTF, &h->kernel.btf);
	use_clues(&f, GEN_BASIS_KALLSYMS, &h->kernel.kallsyms);
	use_module_shape(&f);
	use_device_shape(&f);
	use_interrupt_shape(&f);
	use_version(&f);
}
