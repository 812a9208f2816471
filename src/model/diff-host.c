/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What changed about a host besides its devices. */
#include <inttypes.h>
#include <string.h>

#include "base/macro.h"
#include "base/parse.h"
#include "base/strmap.h"
#include "decode/cmdline.h"
#include "model/diff-internal.h"

/* ---- facts that stand for themselves ---- */

#define HOST_FACT(kind_, subject_, member)                                                  \
	{                                                                                   \
		.kind = (kind_), .subject = (subject_), .at = offsetof(struct host, member) \
	}

static const struct {
	enum change_kind kind;
	const char *subject;
	size_t at;
} host_facts[] = {
	HOST_FACT(CHANGE_KERNEL, "release", kernel.release),
	HOST_FACT(CHANGE_KERNEL, "machine", kernel.machine),
	HOST_FACT(CHANGE_KERNEL, "lockdown", kernel.lockdown),
	HOST_FACT(CHANGE_KERNEL, "modules_disabled", kernel.modules_disabled),
	HOST_FACT(CHANGE_KERNEL, "page size", kernel.page_size),
	HOST_FACT(CHANGE_FIRMWARE, "processor", firmware.cpu_vendor),
	HOST_FACT(CHANGE_FIRMWARE, "hypervisor", firmware.hypervisor),
	HOST_FACT(CHANGE_FIRMWARE, "ACPI tables", firmware.tables),
	HOST_FACT(CHANGE_CALLER, "user", caller.identity),
	HOST_FACT(CHANGE_CALLER, "capabilities", caller.caps_fact),
	HOST_FACT(CHANGE_CALLER, "locked memory", caller.memlock_fact),
};

static void diff_facts(struct differ *x)
{
	for (size_t i = 0; i < ARRAY_SIZE(host_facts); i++)
		diff_fact(x, host_facts[i].kind, host_facts[i].subject, NULL,
			  (const struct fact *)((const char *)x->a->host + host_facts[i].at),
			  (const struct fact *)((const char *)x->b->host + host_facts[i].at));
}

/* Tables that people do not read: only that they are others. */
static void diff_table(struct differ *x, const char *name, const struct fact *a,
		       const struct fact *b)
{
	if (x->whole && fact_known(a)) {
		diff_value(x, CHANGE_FIRMWARE, name, NULL,
			   fact_is(a) ? arena_printf(x->arena, "%u bytes, checksum %016" PRIx64,
						     a->len, diff_checksum(a->raw, a->len))
				      : NULL,
			   a);
		return;
	}
	if (!fact_is(a) || !fact_is(b)) {
		x->ret->nr_uncompared += fact_is(a) != fact_is(b);
		return;
	}
	if (a->len != b->len || memcmp(a->raw, b->raw, a->len) != 0)
		diff_add(x, CHANGE_FIRMWARE, name, "content",
			 arena_printf(x->arena, "%u bytes", a->len),
			 arena_printf(x->arena, "%u other bytes", b->len));
}

static void diff_firmware(struct differ *x)
{
	const struct firmware *a = &x->a->host->firmware, *b = &x->b->host->firmware;

	diff_table(x, "DMAR", &a->dmar, &b->dmar);
	diff_table(x, "IVRS", &a->ivrs, &b->ivrs);
	diff_table(x, "VIOT", &a->viot, &b->viot);
	diff_table(x, "IORT", &a->iort, &b->iort);
	diff_table(x, "MADT", &a->madt, &b->madt);
	diff_table(x, "device tree", &a->tree, &b->tree);
}

/* ---- boot options, options of the configuration ---- */

struct option {
	const char *key,
		*text; /* text: all that the line says of the key, "console=tty0 console=ttyS0" */
	bool seen;     /* on the other side as well */
};

struct options {
	struct strmap by_key;
	struct option **items;
	size_t nr;
};

/* Which file was booted: the release says it. */
static bool names_an_image(struct span key)
{
	return span_equals(key, "BOOT_IMAGE") || span_equals(key, "initrd");
}

static struct option *option_of(struct options *o, struct span key, struct arena *a)
{
	struct option *ret = strmap_find_span(&o->by_key, key);

	if (ret)
		return ret;
	ret = arena_new_object(a, struct option);
	ret->key = arena_strndup(a, key.s, key.len);
	strmap_add(&o->by_key, ret->key, ret);
	o->items = arena_grow(a, o->items, o->nr, sizeof(*o->items));
	o->items[o->nr++] = ret;
	return ret;
}

static void options_read(struct options *ret, const struct fact *f, struct arena *a)
{
	struct span rest = { f->raw, f->len }, key, value;
	bool has_value;

	*ret = (struct options){ .by_key.arena = a };
	while (cmdline_next(&rest, &key, &value, &has_value)) {
		struct option *o;

		/* What follows is for init. */
		if (span_equals(key, "--"))
			break;
		if (names_an_image(key))
			continue;
		o = option_of(ret, key, a);
		o->text = arena_join(a, o->text ? o->text : "", o->text ? " " : "", o->key,
				     has_value ? "=" : "",
				     has_value ? arena_strndup(a, value.s, value.len) : "", NULL);
	}
}

static void diff_options(struct differ *x, const char *what, const struct fact *a,
			 const struct fact *b)
{
	struct options before, after;

	if (!fact_is(a) || !fact_is(b)) {
		x->ret->nr_uncompared += fact_is(a) != fact_is(b);
		return;
	}
	options_read(&before, a, x->arena);
	if (x->whole) {
		diff_value(x, CHANGE_KERNEL, what, NULL, "known", a);
		for (size_t i = 0; i < before.nr; i++)
			diff_value(x, CHANGE_KERNEL, what, before.items[i]->key,
				   diff_short(x, before.items[i]->text,
					      strlen(before.items[i]->text)),
				   a);
		return;
	}
	options_read(&after, b, x->arena);
	for (size_t i = 0; i < before.nr; i++) {
		const struct option *o = before.items[i];
		struct option *other = strmap_find(&after.by_key, o->key);

		if (other)
			other->seen = true;
		if (!other || strcmp(o->text, other->text) != 0)
			diff_add(x, CHANGE_KERNEL, what, NULL, o->text, other ? other->text : NULL);
	}
	for (size_t i = 0; i < after.nr; i++)
		if (!after.items[i]->seen)
			diff_add(x, CHANGE_KERNEL, what, NULL, NULL, after.items[i]->text);
}

static void diff_kernel(struct differ *x)
{
	const uint64_t a = x->a->kernel->kernels.releases, b = x->b->kernel->kernels.releases;

	diff_options(x, DIFF_BOOT_OPTION, &x->a->host->kernel.cmdline, &x->b->host->kernel.cmdline);
	diff_options(x, "configuration", &x->a->host->kernel.config, &x->b->host->kernel.config);
	if (x->whole || a != b)
		diff_add(x, CHANGE_KERNEL, DIFF_DECIDES, NULL, releases_text(a, x->arena),
			 releases_text(b, x->arena));
}

/* ---- modules, IOMMUs, nodes ---- */

static void diff_modules(struct differ *x)
{
	static const char *const states[] = {
		[MODULE_STATE_ABSENT] = "absent",
		[MODULE_STATE_LOADABLE] = "not loaded",
		[MODULE_STATE_BUILTIN] = "built in",
		[MODULE_STATE_LOADED] = "loaded",
	};

	for (unsigned int i = 0; i < NR_MODULES; i++)
		diff_known(x, CHANGE_MODULE, module_name((enum module_id)i), NULL,
			   x->a->host->modules[i].state, x->b->host->modules[i].state, states);
	for (unsigned int i = 0; i < NR_PARAMS; i++) {
		const struct param *a = &x->a->host->params[i], *b = &x->b->host->params[i];
		const char *name = arena_join(x->arena, a->module, ".", a->name, NULL);

		/* Without its module there is no value, which the module's own line says. */
		if (x->whole ? fact_is(&a->value) : fact_is(&a->value) == fact_is(&b->value))
			diff_fact(x, CHANGE_MODULE, name, "now", &a->value, &b->value);
		diff_fact(x, CHANGE_MODULE, name, "configured", &a->configured, &b->configured);
	}
}

static const struct iommu_unit *find_unit(const struct host *h, const char *name)
{
	for (size_t i = 0; i < h->nr_iommus; i++)
		if (!strcmp(h->iommus[i]->name, name))
			return h->iommus[i];
	return NULL;
}

static void diff_iommus(struct differ *x)
{
	const struct host *a = x->a->host, *b = x->b->host;

	for (size_t i = 0; i < a->nr_iommus; i++) {
		const struct iommu_unit *ua = a->iommus[i], *ub = find_unit(b, ua->name);

		if (x->whole)
			diff_value(x, CHANGE_IOMMU, ua->name, NULL, "there", &ua->kind_fact);
		if (!ub) {
			diff_add(x, CHANGE_IOMMU, ua->name, NULL, "there", NULL);
			continue;
		}
		diff_fact(x, CHANGE_IOMMU, ua->name, "version", &ua->version, &ub->version);
		diff_fact(x, CHANGE_IOMMU, ua->name, "cap", &ua->cap_fact, &ub->cap_fact);
		diff_fact(x, CHANGE_IOMMU, ua->name, "ecap", &ua->ecap_fact, &ub->ecap_fact);
		diff_fact(x, CHANGE_IOMMU, ua->name, "features", &ua->features, &ub->features);
	}
	for (size_t i = 0; i < b->nr_iommus; i++)
		if (!find_unit(a, b->iommus[i]->name))
			diff_add(x, CHANGE_IOMMU, b->iommus[i]->name, NULL, NULL, "there");
}

/* Of x86: a device may have no line of its own yet, but the IO-APIC has. Other machines have no such switch. */
static const char *remapping_text(const struct host *h)
{
	const struct interrupts *irqs = &h->interrupts;

	if (!fact_is(&irqs->proc) || !fact_is(&h->kernel.machine) ||
	    strcmp(h->kernel.machine.raw, "x86_64") != 0)
		return NULL;
	for (size_t i = 0; i < irqs->nr_chips; i++)
		if (!strncmp(irqs->chips[i], "IR-", 3))
			return "on";
	return "off";
}

static void diff_remapping(struct differ *x)
{
	static const char subject[] = "interrupt remapping";
	const char *a = remapping_text(x->a->host), *b = remapping_text(x->b->host);

	if (!a || (!b && !x->whole))
		x->ret->nr_uncompared += !a != !b;
	else if (x->whole)
		diff_value(x, CHANGE_IOMMU, subject, NULL, a, &x->a->host->interrupts.proc);
	else if (strcmp(a, b) != 0)
		diff_add(x, CHANGE_IOMMU, subject, NULL, a, b);
}

void diff_host(struct differ *x)
{
	const struct host *a = x->a->host, *b = x->b->host;

	diff_facts(x);
	diff_firmware(x);
	diff_kernel(x);
	diff_modules(x);
	diff_iommus(x);
	diff_remapping(x);
	diff_fact(x, CHANGE_NODE, "/dev/vfio/vfio", NULL, &a->vfio_node.stat, &b->vfio_node.stat);
	diff_fact(x, CHANGE_NODE, "/dev/iommu", NULL, &a->iommu_node.stat, &b->iommu_node.stat);
}
