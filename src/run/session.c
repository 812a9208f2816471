/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/session.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/shell.h"
#include "client/dma-test.h"
#include "run/planning.h"
#include "sysroot/confine.h"

const struct scope scope_all = {
	.host_parts = HOST_ALL,
	.device_parts = DEVICE_ALL | DEVICE_PERSIST,
	.member_parts = DEVICE_ALL,
};

const struct scope scope_places = {
	.host_parts = HOST_KERNEL | HOST_GROUPS | HOST_IOMMUS | HOST_FIRMWARE | HOST_SLOTS,
	.device_parts = DEVICE_BASE | DEVICE_IOMMU | DEVICE_PCI | DEVICE_PLACE,
	.member_parts = DEVICE_BASE | DEVICE_IOMMU | DEVICE_PCI | DEVICE_PLACE,
	.frugal = true,
};

/* The scope of a verdict: everything that is read once, and driver, group and IOMMU of each device. Its
 * interrupts only where session_widen() finds that they matter. */
static void add_verdict(struct scope *s)
{
	s->host_parts |= HOST_ALL & ~(unsigned int)HOST_GROUP_TYPES;
	s->device_parts |= DEVICE_BASE | DEVICE_IOMMU | DEVICE_PCI | DEVICE_VFIO;
	s->member_parts |= DEVICE_BASE | DEVICE_IOMMU | DEVICE_PCI | DEVICE_VFIO;
}

/* Where remapping is one switch for the whole system (x86 with VT-d, AMD-Vi or no IOMMU) /proc/interrupts
 * shows it; elsewhere the MSI controller of each device decides. Devices behind a VMD, in PCI domains of
 * more than four digits, always have their own. */
static bool interrupts_matter(const struct host *h)
{
	const struct fact *machine = &h->kernel.machine;

	for (size_t i = 0; i < h->nr_iommus; i++)
		if (h->iommus[i]->kind != IOMMU_KIND_INTEL && h->iommus[i]->kind != IOMMU_KIND_AMD)
			return true;
	/* A folder with a system's files has no machine name, but may have IOMMUs. */
	if (!h->nr_iommus && (!fact_is(machine) ||
			      (strcmp(machine->raw, "x86_64") && strcmp(machine->raw, "s390x"))))
		return true;
	for (size_t i = 0; i < h->nr_devices; i++)
		if (device_is_behind_vmd(h->devices[i]))
			return true;
	return false;
}

void scope_add_notices(struct scope *s)
{
	s->host_parts |= HOST_NOTICES;
	s->device_parts |= DEVICE_NOTICES;
}

struct scope scope_for(unsigned int needs)
{
	struct scope s = { .device_parts = DEVICE_BASE, .member_parts = DEVICE_BASE };

	if (needs & NEED_IOMMU)
		s.device_parts |= DEVICE_IOMMU;
	if (needs & NEED_PCI)
		s.device_parts |= DEVICE_PCI;
	if (needs & NEED_DETAILS)
		s.device_parts |= DEVICE_DETAILS;
	if (needs & NEED_PERSIST)
		s.device_parts |= DEVICE_PERSIST;
	if (needs & NEED_VFIO)
		s.device_parts |= DEVICE_VFIO;
	if (needs & NEED_HARDWARE)
		s.device_parts |= DEVICE_HARDWARE;
	if (needs & NEED_GROUPS)
		s.host_parts |= HOST_GROUPS | HOST_GROUP_TYPES;
	if (needs & NEED_GROUP_NODES)
		s.host_parts |= HOST_GROUPS | HOST_GROUP_NODES;
	if (needs & NEED_TREE) {
		s.host_parts |= scope_places.host_parts;
		s.device_parts |= scope_places.device_parts;
		s.member_parts |= DEVICE_PCI;
	}
	if (needs & (NEED_ANY_VERDICT | NEED_NOTICES))
		add_verdict(&s);
	if (needs & NEED_NOTICES)
		scope_add_notices(&s);
	/* Only columns about virtual functions need what a minimal load omits. */
	s.frugal = !(needs & (NEED_PCI | NEED_TREE));
	return s;
}

/* It looks like any device without a driver, but binding it blocks. */
static void say_locked(const struct session *s)
{
	for (size_t i = 0; i < s->nr_devices; i++)
		if (s->devices[i]->locked)
			log_write(LOG_LEVEL_WARNING,
				  "the kernel has %s locked: an unbind waits for the process that has it open; 'vfiotool bind --dry-run %s' names the process",
				  s->devices[i]->name,
				  shell_word(s->app->arena, s->devices[i]->name));
}

static const char *find_driver(uint16_t vendor, uint16_t device, uint32_t class_code)
{
	const struct dma_driver *e = dma_driver_find(vendor, device, class_code);

	return !e ? NULL : e->not_run ? e->not_run : e->name;
}

static int load_host(struct session *s, const struct scope *scope, struct failure **reterr)
{
	struct arena *a = s->app->arena;
	int r;

	host_free(s->host);
	s->host = NULL;
	r = host_load(s->root, scope, s->targets, s->nr_targets, &s->host, reterr);
	if (r < 0)
		return r;
	s->devices = host_select(s->host, a, s->targets, s->nr_targets, &s->nr_devices);
	s->report = (struct report){ .arena = a,
				     .scratch = s->scratch,
				     .host = s->host,
				     .ask_use = planning_ask_use,
				     .use_ctx = s,
				     .find_driver = find_driver,
				     .memo = model_memo_new(s->host->arena) };
	say_locked(s);
	return 0;
}

static int session_load(struct session *s, const struct operands *operands,
			const struct scope *scope, bool record, struct failure **reterr)
{
	struct arena *a = s->app->arena;
	int r = 0;

	s->targets = arena_array(a, operands->nr, sizeof(*s->targets));
	for (size_t i = 0; i < operands->nr; i++) {
		r = target_parse(a, operands->items[i], &s->targets[i], reterr);
		if (r < 0)
			return r;
	}
	s->nr_targets = operands->nr;
	/* A recording is still to be written. Without Landlock, the parser's own limits have to do. */
	if (!record)
		(void)confine_for_capture(s->app->sysroot);
	if (!s->root)
		r = sysroot_open(s->app->sysroot, &s->root, reterr);
	if (r < 0)
		return r;
	if (record)
		sysroot_record(s->root);
	s->names = names_new(s->root);
	s->scratch = arena_new();
	return load_host(s, scope, reterr);
}

int session_open(struct session *s, struct app *app, const struct operands *operands,
		 const struct scope *scope, struct failure **reterr)
{
	*s = (struct session){ .app = app };
	return session_load(s, operands, scope, false, reterr);
}

int session_open_at(struct session *s, struct app *app, struct sysroot *root,
		    const struct operands *operands, const struct scope *scope,
		    struct failure **reterr)
{
	*s = (struct session){ .app = app, .root = root };
	return session_load(s, operands, scope, false, reterr);
}

int session_record(struct session *s, struct app *app, const struct operands *operands,
		   const struct scope *scope, struct failure **reterr)
{
	*s = (struct session){ .app = app };
	return session_load(s, operands, scope, true, reterr);
}

int session_widen(struct session *s, const struct scope *scope, struct failure **reterr)
{
	struct scope wider = *scope;

	if (!interrupts_matter(s->host))
		return 0;
	wider.device_parts |= DEVICE_IRQS;
	wider.member_parts |= DEVICE_IRQS;
	return load_host(s, &wider, reterr);
}

void session_close(struct session *s)
{
	names_free(s->names);
	arena_free(s->scratch);
	host_free(s->host);
	sysroot_close(s->root);
}

static bool same_verdict(const struct verdict *a, const struct verdict *b)
{
	return a->kind == b->kind && a->answer == b->answer && a->op == b->op && a->err == b->err;
}

static enum release lowest(uint64_t releases)
{
	return (enum release)__builtin_ctzll(releases);
}

/* Whether some device fares differently on the kernels of @k. Where many do not, it takes less time to
 * read what would tell than to ask for all. */
static bool answers_differ(const struct session *s, const struct kernels *k)
{
	enum { DEVICES_MAX = 64 };
	struct kernels one = *k;
	struct verdict_ask ask = { .host = s->host,
				   .kernels = &one,
				   .assumptions = &s->assumptions,
				   .memo = s->report.memo,
				   .scratch = s->scratch };
	struct verdict first = { 0 }, other;

	if (!(k->releases & (k->releases - 1)))
		return false;
	for (size_t i = 0; i < NR_VIEWS * s->nr_devices; i++) {
		ask.view = (enum view)(i % NR_VIEWS);
		for (uint64_t left = k->releases; left; left &= ~kernels_alike(k, lowest(left))) {
			one.releases = left & -left;
			predict_verdict(&ask, s->devices[i / NR_VIEWS], &other);
			if (left == k->releases)
				first = other;
			if (!same_verdict(&first, &other))
				return true;
		}
		if (i == DEVICES_MAX)
			return true;
	}
	return false;
}

/* Whether /proc/kallsyms could change an answer. Without BTF the release number may be the only evidence, and
 * it is weak. */
static bool kallsyms_matter(const struct session *s)
{
	return s->app->verbose > 0 || !fact_is(&s->host->kernel.btf) ||
	       answers_differ(s, &s->report.kernel.kernels);
}

/* Which kernel decides, from evidence that is cheap, and from all where that leaves the answer open. */
static void find_generation(struct session *s)
{
	generation_find(s->host, s->app->arena, &s->report.kernel);
	if (!host_wants_kallsyms(s->host) || !kallsyms_matter(s))
		return;
	host_load_kallsyms(s->root, s->host);
	generation_find(s->host, s->app->arena, &s->report.kernel);
}

static void warn_of_release(struct session *s)
{
	const struct gen_verdict *k = &s->report.kernel;

	if (s->app->told_newer || (!k->newer && !k->older))
		return;
	s->app->told_newer = true;
	if (k->newer)
		log_write(LOG_LEVEL_WARNING,
			  "this kernel is newer than Linux %s, the last one with known rules: vfiotool answers as for that one; 'vfiotool attach' asks this kernel",
			  generation_newest());
	else
		log_write(LOG_LEVEL_WARNING,
			  "this kernel is older than Linux %s, the first one with known rules: vfiotool answers as for %s; 'vfiotool attach' asks this kernel",
			  release_name(0), releases_text(k->kernels.releases, s->app->arena));
}

/* uname -r of RHEL ends in the machine, which people leave out. */
static bool same_release(const char *asked, const char *running)
{
	const size_t len = strlen(asked);

	return !strncmp(asked, running, len) && (!running[len] || running[len] == '.');
}

int session_decide(struct session *s, const struct operands *assume, const char *kernel,
		   struct failure **reterr)
{
	struct arena *a = s->app->arena;
	int r;

	for (size_t i = 0; assume && i < assume->nr; i++) {
		r = assumptions_add(&s->assumptions, a, assume->items[i], reterr);
		if (r < 0)
			return r;
		if (!assumption_applies(s->host, &s->assumptions.items[s->assumptions.nr - 1]))
			return failure_set_status(reterr, STATUS_NO_TARGET, -ENOENT,
						  "'--assume=%s' names a device outside the targets and their groups: add it to the targets, or leave it out",
						  assume->items[i]);
	}
	s->report.assumptions = &s->assumptions;
	find_generation(s);
	s->report.kernels = s->report.kernel.kernels;
	if (!kernel) {
		warn_of_release(s);
		return 0;
	}
	s->report.asked = true;
	/* Of such a kernel the number tells little: what this host shows counts, when it is the same one. */
	if (generation_is_enterprise(kernel) && fact_is(&s->host->kernel.release) &&
	    same_release(kernel, s->host->kernel.release.raw))
		return 0;
	return generation_parse(kernel, &s->report.kernels, reterr);
}

struct device_names session_names(struct session *s, const struct device *d)
{
	struct device_names ret = { 0 };

	if (!d->has_ids)
		return ret;
	ret.vendor = names_vendor(s->names, d->vendor);
	ret.device = names_device(s->names, d->vendor, d->device_id);
	ret.class_name = names_class(s->names, d->class_code >> 8);
	return ret;
}
