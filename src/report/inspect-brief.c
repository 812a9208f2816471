/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a reader of an inspection came for, in a screen: may the device be attached now, would it be after binding, and if
 * not, why, and what to do. And the host in one line. */
#include <string.h>

#include "base/macro.h"
#include "base/strbuf.h"
#include "report/field-kinds.h"
#include "report/inspect-text.h"
#include "report/iommu.h"
#include "report/notice.h"
#include "report/plan.h"
#include "report/prediction-fields.h"
#include "report/prose.h"

enum { LABEL_WIDTH = 7, MEMBERS_SHOWN = 4 };

/* ---- the host ---- */

/* Whether the firmware describes an IOMMU that the kernel does not use. */
static const char *unused_iommu(const struct firmware *fw)
{
	if (fw->has_dmar == TRI_YES)
		return "Intel VT-d off";
	if (fw->has_ivrs == TRI_YES)
		return "AMD-Vi off";
	if (fw->has_viot == TRI_YES)
		return "virtio-iommu not in use";
	return fw->has_dmar == TRI_NO && fw->has_ivrs == TRI_NO ? "no IOMMU" : "no IOMMU in use";
}

static const char *iommu_text(const struct host *h)
{
	if (h->nr_iommus)
		return arena_printf(h->arena, "%s on", iommu_kind_text(h->iommus[0]->kind));
	return fact_known(&h->iommus_list) ? unused_iommu(&h->firmware) : "IOMMU unknown";
}

/* Remapping on x86, elsewhere what the kernel asks for in its place. NULL when there is no device to ask about. */
static const char *interrupts_text(const struct report *r, struct arena *a)
{
	static const char *const words[] = {
		[ANSWER_UNKNOWN] = "unknown", [ANSWER_NO] = "off", [ANSWER_YES] = "on"
	};
	const struct host *h = r->host;
	bool x86 = h->nr_iommus &&
		   (h->iommus[0]->kind == IOMMU_KIND_INTEL || h->iommus[0]->kind == IOMMU_KIND_AMD);
	struct prediction p;

	for (size_t i = 0; i < h->nr_devices; i++) {
		if (!h->devices[i]->iommu)
			continue;
		predict_device(h, r->assumptions, &r->kernels, h->devices[i], a, &p);
		return x86 ? arena_printf(a, "interrupt remapping %s",
					  words[p.capabilities.interrupt_remapping.answer])
			   : arena_printf(a, "isolated MSI %s",
					  words[p.capabilities.isolated_msi.answer]);
	}
	return NULL;
}

void inspect_text_host(const struct inspect_text *t)
{
	static const char *const states[] = {
		[MODULE_STATE_UNKNOWN] = "unknown",   [MODULE_STATE_ABSENT] = "missing",
		[MODULE_STATE_LOADABLE] = "loadable", [MODULE_STATE_BUILTIN] = "built in",
		[MODULE_STATE_LOADED] = "loaded",
	};
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	const struct report *r = t->report;
	const struct fact *release = &r->host->kernel.release;
	const char *interrupts = interrupts_text(r, a);
	struct prose p = { .out = t->out };

	prose_text(&p, STYLE_NONE, "%s%s%s, vfio-pci %s, Linux %s (rules of %s)",
		   iommu_text(r->host), interrupts ? ", " : "", interrupts ? interrupts : "",
		   states[r->host->modules[MODULE_VFIO_PCI].state],
		   fact_is(release) ? fact_describe(release, 64, a) : "of unknown release",
		   releases_text(r->kernel.kernels.releases, a));
	prose_blank(&p);
	inspect_text_limits(t);
}

/* ---- a device ---- */

static const char *group_text(const struct device *d, struct arena *a)
{
	const struct group *g = d->group;
	struct strbuf ret = { .arena = a };
	size_t nr = 0;

	if (!g)
		return d->group_link.state == FACT_ABSENT ? "no IOMMU group"
							  : "IOMMU group unknown";
	strbuf_printf(&ret, "group %u", g->id);
	if (!fact_is(&g->members_list))
		strbuf_printf(&ret, " (its other devices are unknown)");
	for (size_t i = 0; fact_is(&g->members_list) && i < g->nr_members; i++) {
		if (g->members[i] == d)
			continue;
		if (nr == MEMBERS_SHOWN) {
			strbuf_printf(&ret, " and %zu more", g->nr_members - 1 - nr);
			break;
		}
		strbuf_printf(&ret, "%s%s", nr++ ? ", " : " with ", g->members[i]->name);
	}
	return strbuf_get(&ret);
}

static void put_device(const struct prose *p, const struct device *d, struct arena *a)
{
	const char *driver = inspect_driver_text(d, a);

	prose_text(p, STYLE_NONE, "%s%s%s, %s%s%s%s%s",
		   d->driver_fact.state == FACT_ABSENT ? "" : "driver ", driver,
		   fact_is(&d->cdev_devno) ? arena_printf(a, " (%s)", d->cdev_name) : "",
		   group_text(d, a), d->iommu ? ", IOMMU " : "", d->iommu ? d->iommu->name : "",
		   d->iommu ? arena_printf(a, " (%s)", iommu_kind_text(d->iommu->kind)) : "",
		   d->physfn ? arena_printf(a, ", VF of %s", d->physfn->name) : "");
}

/* The names of paths for a person. */
static const char *path_text(enum path_kind kind)
{
	static const char *const texts[NR_PATHS] = {
		[PATH_CONTAINER] = "VFIO container",
		[PATH_IOMMUFD] = "iommufd",
		[PATH_COMPAT] = "VFIO container through iommufd",
		[PATH_NOIOMMU] = "no-IOMMU mode",
	};

	return texts[kind];
}

static bool ends_alike(const struct path_prediction *a, const struct path_prediction *b)
{
	return a->answer == b->answer && a->op == b->op && a->err == b->err;
}

/* "GROUP_SET_CONTAINER EPERM, because ..." */
static const char *refusal_text(const struct path_prediction *p, bool told, struct arena *a)
{
	struct strbuf ret = { .arena = a };

	if (p->answer == ANSWER_NO && p->op != OP_NONE)
		strbuf_printf(&ret, "%s%s%s", op_name(p->op), p->err ? " " : "",
			      p->err ? errno_name(p->err) : "");
	if (told)
		strbuf_item(&ret, ", ", "for the same reason");
	else if (p->because)
		strbuf_printf(&ret, "%s%s", ret.len ? ", because " : "", p->because);
	return strbuf_get(&ret);
}

/* Whether a path before the first @nr of @shown has the same reason. */
static bool is_told(const struct path_prediction *const *shown, size_t nr,
		    const struct path_prediction *path)
{
	for (size_t i = 0; i < nr && path->because; i++)
		if (shown[i]->because && !strcmp(shown[i]->because, path->because))
			return true;
	return false;
}

/* The names of @first and the paths behind it that end like it; these are taken out of @left. */
static const char *take_alike(const struct path_prediction *paths, unsigned int first,
			      bool left[NR_PATHS], struct arena *a)
{
	struct strbuf names = { .arena = a };

	strbuf_item(&names, ", ", "%s", path_text(paths[first].kind));
	left[first] = false;
	for (unsigned int k = 0; k < NR_PATHS; k++) {
		if (!left[k] || !ends_alike(&paths[first], &paths[k]))
			continue;
		left[k] = false;
		strbuf_item(&names, ", ", "%s", path_text(paths[k].kind));
	}
	return strbuf_get(&names);
}

/* The paths of one view, those that end alike together, the best first. */
static void put_view(const struct prose *p, const char *label, const struct prediction *d,
		     enum view view, struct arena *a)
{
	const struct path_prediction *paths = d->paths[view], *shown[NR_PATHS];
	bool left[NR_PATHS];
	size_t nr = 0;

	for (unsigned int k = 0; k < NR_PATHS; k++)
		left[k] = paths[k].offered;
	for (unsigned int n = 0; n <= NR_PATHS; n++) {
		unsigned int k = n ? n - 1 : d->best[view];
		const char *names, *answer = answer_name(paths[k].answer);

		if (!left[k])
			continue;
		names = take_alike(paths, k, left, a);
		if (paths[k].answer == ANSWER_YES)
			prose_label(p, nr ? "" : label, STYLE_YES, "%s: %s", answer, names);
		else
			prose_label(p, nr ? "" : label, answer_style(paths[k].answer),
				    "%s by %s: %s", answer, names,
				    refusal_text(&paths[k], is_told(shown, nr, &paths[k]), a));
		shown[nr++] = &paths[k];
	}
	if (!nr)
		prose_label(p, label, STYLE_NO, "no: this kernel offers no path to it");
}

static bool views_agree(const struct prediction *d)
{
	for (unsigned int k = 0; k < NR_PATHS; k++) {
		const struct path_prediction *now = &d->paths[VIEW_NOW][k];
		const struct path_prediction *bound = &d->paths[VIEW_IF_BOUND][k];

		if (now->offered != bound->offered || (now->offered && !ends_alike(now, bound)))
			return false;
	}
	return true;
}

/* What the reference rules would answer, where that is another answer. */
static void put_reference(const struct prose *p, const struct inspection *i, struct arena *a)
{
	const struct path_prediction *ours =
		&i->running.paths[VIEW_IF_BOUND][i->running.best[VIEW_IF_BOUND]];
	const struct path_prediction *theirs = &i->patched.paths[VIEW_IF_BOUND][ours->kind];
	const struct finding *why = predict_difference(ours, theirs);

	if (!ours->offered || !theirs->offered || ours->answer == theirs->answer || !why)
		return;
	prose_label(p, "", STYLE_DIM, "Linux %s would answer %s after binding (%s)",
		    releases_text(kernels_reference.releases, a), answer_name(theirs->answer),
		    why->rule->id);
}

void inspect_text_brief(const struct inspect_text *t, const struct inspection *i)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	const struct prediction *d = &i->running;
	struct prose p = { .out = t->out }, body;

	prose_device(&p, i->row.device->name, device_names_text(&i->row.names, a));
	body = prose_indented(&p, 2);
	put_device(&body, i->row.device, a);
	body.label_width = 16;
	inspect_text_settings(&body, i->row.device, a);
	body.label_width = LABEL_WIDTH;
	prose_blank(&p);
	put_view(&body, "Now", d, VIEW_NOW, a);
	if (views_agree(d))
		prose_label(&body, "After", STYLE_NONE,
			    "the same, with its group bound to a VFIO driver");
	else
		put_view(&body, "After", d, VIEW_IF_BOUND, a);
	put_reference(&body, i, a);
	if (d->assumed)
		prose_label(&body, "", STYLE_UNKNOWN, "These answers depend on what was assumed.");
	if (i->plan)
		plan_print_brief(&body, i->plan);
	notice_text(&body, &i->notices, false);
}
