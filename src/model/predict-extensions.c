/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers that are not refusals. Candidates that disagree make an answer unknown. */
#include "model/predict-extensions.h"

#include <string.h>

#include "model/iova.h"

/* ---- the representative ---- */

static unsigned int differs_from_first(struct eval *e, const struct device *member)
{
	const struct device *first = eval_get_member(e, 0);

	return member->iommu != first->iommu || strcmp(member->bus_name, first->bus_name) != 0;
}

/* linux: vfio_iommu_type1.c: vfio_iommu_domain_alloc() takes the first entry of the group's list:
 * the device that joined first. sysfs lists by name. */
static void find_representative(struct walk *w, struct prediction *ret)
{
	struct survey members;
	struct eval e;

	walk_ask(w, &e);
	const struct device *first = eval_get_member(&e, 0);
	if (!w->dev->group) {
		ret->representative = w->dev;
		ret->representative_because = "the device has no group yet";
		return;
	}
	if (!eval_members_complete(&e)) {
		ret->representative_because = "the devices of the group could not be listed";
		return;
	}
	eval_survey(&e, differs_from_first, &members);
	if (members.first[true]) {
		ret->representative_because =
			eval_text(&e,
				  "the kernel asks the device that joined the group first; sysfs does not show which, and %s and %s differ in bus or IOMMU",
				  first->name, members.first[true]->name);
		return;
	}
	ret->representative = first;
	ret->representative_because =
		eval_nr_members(&e) == 1
			? "the only device of its group"
			: "all devices of the group share bus and IOMMU, so it does not matter which one the kernel asks";
}

/* ---- capabilities ---- */

typedef enum tristate capability_question(struct eval *e, const struct device *dev,
					  const char **ret_why);

static struct capability_answer ask_known(struct walk *w, capability_question *question)
{
	struct capability_answer ret = { 0 };
	uint64_t left = w->kernels->releases;
	bool first = true;

	while (walk_next(w, &left)) {
		struct eval e;
		const char *why = "";
		walk_ask(w, &e);
		enum tristate t = question(&e, w->dev, &why);
		enum answer answer = t == TRI_YES  ? ANSWER_YES
				     : t == TRI_NO ? ANSWER_NO
						   : ANSWER_UNKNOWN;
		w->assumed |= e.assumed;
		if (first) {
			ret.answer = answer;
			ret.because = why;
			ret.evidence = arena_memdup(w->arena, e.evidence,
						    e.nr_evidence * sizeof(*e.evidence));
			ret.nr_evidence = e.nr_evidence;
			first = false;
		} else if (answer != ret.answer) {
			ret.answer = ANSWER_UNKNOWN;
			ret.because = "the possible kernels answer differently";
		}
	}
	return ret;
}

/* ---- extensions ---- */

/* linux: include/uapi/linux/vfio.h. */
enum {
	EXT_TYPE1 = 1,
	EXT_SPAPR_TCE = 2,
	EXT_TYPE1V2 = 3,
	EXT_DMA_CC = 4,
	EXT_EEH = 5,
	EXT_NESTING = 6,
	EXT_SPAPR_TCE_V2 = 7,
	EXT_NOIOMMU = 8,
	EXT_UNMAP_ALL = 9,
	EXT_UPDATE_VADDR = 10,
};

static enum answer to_answer(enum tristate t)
{
	return t == TRI_YES ? ANSWER_YES : t == TRI_NO ? ANSWER_NO : ANSWER_UNKNOWN;
}

/* What DMA_CC says of one member: to 5.18 whether IOMMU_CACHE is used. */
static unsigned int is_coherent(struct eval *e, const struct device *member)
{
	const char *why;

	return trait_lacks(e, TRAIT_COHERENCY_ENFORCED) ? eval_cache_coherency(e, member, &why)
							: eval_enforce_coherency(e, member, &why);
}

static enum tristate dma_cc(struct eval *e)
{
	enum group_kind kind = eval_group_kind(e);
	struct survey members;

	/* A container with mediated devices only has no domain that could lack it. */
	if (kind == GROUP_EMULATED)
		return TRI_YES;
	if (kind != GROUP_REAL)
		return TRI_UNKNOWN;
	eval_survey(e, is_coherent, &members);
	if (members.first[TRI_NO])
		return TRI_NO;
	return members.first[TRI_UNKNOWN] || !eval_members_complete(e) ? TRI_UNKNOWN : TRI_YES;
}

/* Of a mediated device the later kernels say no. */
static void update_vaddr(struct eval *e, struct extension_prediction *ret)
{
	const enum tristate has = trait_holds(e, TRAIT_UNMAP_ALL);
	const enum tristate late = trait_holds(e, TRAIT_UPDATE_VADDR_AFTER);

	ret->before = has == TRI_NO || late == TRI_YES ? ANSWER_NO
		      : late == TRI_NO                 ? to_answer(has)
						       : ANSWER_UNKNOWN;
	ret->after = eval_group_kind(e) == GROUP_EMULATED ? ret->before : to_answer(has);
	if (late == TRI_UNKNOWN)
		ret->because = "stable releases of this kernel changed the answer";
}

/* Whether a kernel of this trait answers no. */
static enum answer until(const struct eval *e, enum trait trait)
{
	enum tristate has = trait_holds(e, trait);

	return has == TRI_YES ? ANSWER_NO : has == TRI_NO ? ANSWER_YES : ANSWER_UNKNOWN;
}

static const struct {
	unsigned int id;
	const char *name;
} extensions[] = {
	{ EXT_TYPE1, "TYPE1_IOMMU" },
	{ EXT_SPAPR_TCE, "SPAPR_TCE_IOMMU" },
	{ EXT_TYPE1V2, "TYPE1v2_IOMMU" },
	{ EXT_DMA_CC, "DMA_CC_IOMMU" },
	{ EXT_EEH, "EEH" },
	{ EXT_NESTING, "TYPE1_NESTING_IOMMU" },
	{ EXT_SPAPR_TCE_V2, "SPAPR_TCE_v2_IOMMU" },
	{ EXT_NOIOMMU, "NOIOMMU_IOMMU" },
	{ EXT_UNMAP_ALL, "UNMAP_ALL" },
	{ EXT_UPDATE_VADDR, "UPDATE_VADDR" },
};

/* linux: drivers/iommu/iommufd/vfio_compat.c: iommufd_vfio_check_extension(). */
static void compat_extension(struct eval *e, struct extension_prediction *ret)
{
	bool noiommu = eval_group_kind(e) == GROUP_NOIOMMU;

	switch (ret->id) {
	case EXT_TYPE1:
	case EXT_TYPE1V2:
	case EXT_UNMAP_ALL:
		ret->before = ANSWER_YES;
		ret->after = noiommu ? ANSWER_NO : ANSWER_YES;
		break;
	case EXT_DMA_CC:
		ret->before = ANSWER_UNKNOWN;
		/* Without a table it says yes, and a table comes with the device's descriptor. */
		ret->after = dma_cc(e) == TRI_YES ? ANSWER_YES : ANSWER_UNKNOWN;
		ret->because =
			"iommufd answers ENODEV before a group joins, and from its page tables after a device is opened";
		break;
	case EXT_NOIOMMU:
		ret->before = fact_is(&e->host->params[PARAM_VFIO_NOIOMMU].value) ? ANSWER_YES
										  : ANSWER_UNKNOWN;
		ret->after = ret->before;
		break;
	default:
		break;
	}
}

static void predict_extension(struct eval *e, struct extension_prediction *ret)
{
	ret->before = ret->after = ANSWER_NO;
	switch (eval_container_provider(e)) {
	case PROVIDER_IOMMUFD:
		compat_extension(e, ret);
		return;
	case PROVIDER_UNKNOWN:
		ret->before = ret->after = ANSWER_UNKNOWN;
		ret->because = "cannot tell whether type1 or iommufd provides /dev/vfio/vfio";
		return;
	default:
		break;
	}
	switch (ret->id) {
	case EXT_TYPE1:
	case EXT_TYPE1V2:
		ret->before = ret->after = ANSWER_YES;
		break;
	case EXT_DMA_CC:
		ret->after = to_answer(dma_cc(e));
		if (ret->after == ANSWER_UNKNOWN)
			ret->because =
				"cannot tell whether the domain of the group enforces coherency";
		break;
	case EXT_NESTING:
		ret->before = ret->after = until(e, TRAIT_WITHOUT_NESTING);
		break;
	case EXT_NOIOMMU:
		ret->before = to_answer(eval_param(e, PARAM_VFIO_NOIOMMU));
		break;
	case EXT_UNMAP_ALL:
		ret->before = ret->after = to_answer(trait_holds(e, TRAIT_UNMAP_ALL));
		break;
	case EXT_UPDATE_VADDR:
		update_vaddr(e, ret);
		break;
	default:
		break; /* powerpc */
	}
	/* Only its own backend takes such a group. linux: vfio_noiommu_ioctl(). */
	if (eval_group_kind(e) == GROUP_NOIOMMU)
		ret->after = ret->id == EXT_NOIOMMU ? ANSWER_YES : ANSWER_NO;
}

static void predict_extensions(struct walk *w, struct prediction *ret)
{
	ret->nr_extensions = ARRAY_SIZE(extensions);
	ret->extensions = arena_array(w->arena, ret->nr_extensions, sizeof(*ret->extensions));
	for (size_t i = 0; i < ret->nr_extensions; i++) {
		struct extension_prediction *to = &ret->extensions[i];
		uint64_t left = w->kernels->releases;
		bool first = true;
		while (walk_next(w, &left)) {
			struct extension_prediction one = { .id = extensions[i].id,
							    .name = extensions[i].name };
			struct eval e;
			walk_ask(w, &e);
			predict_extension(&e, &one);
			w->assumed |= e.assumed;
			if (first)
				*to = one;
			if (one.before != to->before)
				to->before = ANSWER_UNKNOWN;
			if (one.after != to->after)
				to->after = ANSWER_UNKNOWN;
			first = false;
		}
	}
}

/* ---- addresses ---- */

static bool same_ranges(const struct iova_prediction *a, const struct iova_prediction *b)
{
	if (a->answer != b->answer || a->nr_ranges != b->nr_ranges)
		return false;
	for (size_t i = 0; i < a->nr_ranges; i++)
		if (a->ranges[i].start != b->ranges[i].start ||
		    a->ranges[i].last != b->ranges[i].last)
			return false;
	return true;
}

static void predict_addresses(struct walk *w, struct prediction *ret)
{
	static const char differ[] = "the possible kernels answer differently";
	uint64_t left = w->kernels->releases;
	bool first = true;

	while (walk_next(w, &left)) {
		struct iova_prediction iova;
		struct page_sizes_prediction sizes;
		struct eval e;
		walk_ask(w, &e);
		iova_predict(&e, &iova);
		page_sizes_predict(&e, &sizes);
		w->assumed |= e.assumed;
		if (first) {
			ret->iova = iova;
			ret->page_sizes = sizes;
		}
		first = false;
		if (!same_ranges(&iova, &ret->iova))
			ret->iova = (struct iova_prediction){ .because = differ };
		if (sizes.answer != ret->page_sizes.answer ||
		    sizes.bitmap != ret->page_sizes.bitmap)
			ret->page_sizes = (struct page_sizes_prediction){ .because = differ };
	}
}

void details_predict(struct walk *w, struct prediction *ret)
{
	find_representative(w, ret);
	ret->capabilities = (struct capabilities){
		.cache_coherency = ask_known(w, eval_cache_coherency),
		.interrupt_remapping = ask_known(w, eval_interrupt_remapping),
		.isolated_msi = ask_known(w, eval_isolated_msi),
		.enforce_cache_coherency = ask_known(w, eval_enforce_coherency),
	};
	predict_addresses(w, ret);
	predict_extensions(w, ret);
}
