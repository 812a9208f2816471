/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether what a message said still holds: the rules and notices that explain it are asked again. */
#include <errno.h>
#include <string.h>

#include "base/shell.h"
#include "facts/setup.h"
#include "model/mapping.h"
#include "model/symptom.h"
#include "model/walk.h"

typedef unsigned long long ull;

/* What one rule says on every path and step where it stands. */
struct rule_now {
	const struct rule *rule;
	bool refuses, unsure, passes;
	const char *
		because; /* of the first refusal, else of the first doubt, else of the first pass */
	const char *missing; /* why the node that it is about cannot be there at all */
	enum op op;
	int err;
};

static struct walk walk_of(const struct symptom_ask *ask, struct arena *a, enum path_kind path)
{
	return (struct walk){ .host = ask->host,
			      .assumptions = ask->assumptions,
			      .dev = ask->device,
			      .arena = a,
			      .kernels = ask->kernels,
			      .path = path };
}

static void note(struct rule_now *ret, const struct step *step, const struct finding *f)
{
	bool first = f->ruling == RULING_REFUSES   ? !ret->refuses
		     : f->ruling == RULING_UNKNOWN ? !ret->refuses && !ret->unsure
						   : !ret->because;

	ret->passes |= f->ruling == RULING_PASSES;
	if (first)
		ret->because = f->because;
	if (f->ruling == RULING_REFUSES && !ret->refuses) {
		ret->op = step->op;
		ret->err = f->err;
	}
	ret->refuses |= f->ruling == RULING_REFUSES;
	ret->unsure |= f->ruling == RULING_UNKNOWN;
}

/* Asks the rule at @op on every kernel that may be the one. BIND is a step after a decision to bind only. */
static void ask_at(struct walk *w, enum op op, struct rule_now *ret)
{
	uint64_t left = w->kernels->releases;
	struct step step;

	w->view = op == OP_BIND ? VIEW_IF_BOUND : VIEW_NOW;
	while (walk_next(w, &left)) {
		walk_request(w, op, &step);
		for (size_t i = 0; i < step.nr_findings; i++)
			if (step.findings[i].rule == ret->rule)
				note(ret, &step, &step.findings[i]);
	}
}

static bool is_asked_for(const struct symptom *s, enum op op)
{
	if (!symptom_is_general(s))
		return true;
	for (size_t i = 0; i < SYMPTOM_OPS_MAX; i++)
		if (s->ops[i] == op)
			return true;
	return false;
}

/* Whether @rule is that a node does not exist, on @path. */
static bool opens_on(const struct rule *rule, enum path_kind path)
{
	for (size_t i = 0; i < rule->nr_sites; i++) {
		const struct rule_site *site = &rule->sites[i];

		if (site->paths & 1U << path && site->err == ENOENT &&
		    (site->op == OP_OPEN_CDEV || site->op == OP_OPEN_IOMMUFD ||
		     site->op == OP_OPEN_GROUP))
			return true;
	}
	return false;
}

static void ask_rule(const struct symptom_ask *ask, const struct rule *rule, struct arena *a,
		     struct rule_now *ret)
{
	*ret = (struct rule_now){ .rule = rule };
	for (unsigned int k = 0; k < NR_PATHS; k++) {
		struct walk w = walk_of(ask, a, (enum path_kind)k);

		uint64_t first = w.kernels->releases, asked = 0;

		walk_next(&w, &first);
		if (walk_missing(&w)) {
			if (opens_on(rule, w.path))
				ret->missing = walk_missing(&w);
			continue;
		}
		for (size_t i = 0; i < rule->nr_sites; i++) {
			enum op op = rule->sites[i].op;

			if (asked & UINT64_C(1) << op || !is_asked_for(ask->symptom, op))
				continue;
			asked |= UINT64_C(1) << op;
			ask_at(&w, op, ret);
		}
	}
	/* Kernels or paths that disagree: one of them may have spoken. */
	if (ret->refuses && ret->passes && ask->kernels->releases & (ask->kernels->releases - 1)) {
		ret->refuses = false;
		ret->unsure = true;
	}
}

/* ---- one mapping ---- */

/* The rule that refuses the mapping of the message, on the container's way. */
static bool ask_mapping(const struct symptom_ask *ask, struct arena *a, struct rule_now *ret)
{
	const struct symptom_request *q = ask->request;
	const struct mapping_request request = {
		.ask = MAPPING_MAP,
		.iova = q->iova,
		.size = q->has_size ? q->size : 4096,
		.prot = MAPPING_READ | MAPPING_WRITE,
	};
	struct mapping_prediction m;
	struct mapping_space space;
	struct prediction p;

	if (!q->has_iova)
		return false;
	predict_device(ask->host, ask->assumptions, ask->kernels, ask->device, a, &p);
	mapping_space_predict(ask->host, ask->assumptions, &p, PATH_CONTAINER, a, &space);
	mapping_predict(&space, &request, a, &m);
	mapping_space_done(&space);
	*ret = (struct rule_now){ .rule = m.rule,
				  .refuses = m.answer == ANSWER_NO,
				  .unsure = m.answer == ANSWER_UNKNOWN,
				  .passes = m.answer == ANSWER_YES,
				  .because = m.because,
				  .op = m.op,
				  .err = m.err };
	return true;
}

/* ---- an access that the IOMMU stopped ---- */

static const char *region_text(const struct group *g, uint64_t address, struct arena *a)
{
	for (size_t i = 0; g && i < g->nr_regions; i++) {
		const struct resv_region *r = &g->regions[i];

		if (address < r->start || address > r->last)
			continue;
		if (r->type == RESV_MSI)
			return arena_printf(a,
					    "0x%llx is where devices send interrupts: an interrupt that was not set up, or not remapped",
					    (ull)address);
		if (r->type == RESV_DIRECT || r->type == RESV_DIRECT_RELAXABLE)
			return arena_printf(a,
					    "0x%llx is memory that the firmware reserves for the device (0x%llx-0x%llx): the firmware still uses it, for management or USB",
					    (ull)address, (ull)r->start, (ull)r->last);
		return arena_printf(a, "0x%llx is in the reserved region 0x%llx-0x%llx (%s)",
				    (ull)address, (ull)r->start, (ull)r->last, r->type_text);
	}
	return NULL;
}

/* What the address is on this host. */
static const char *fault_text(const struct symptom_ask *ask, struct arena *a)
{
	const uint64_t address = ask->request->iova;
	const char *text = region_text(ask->device->group, address, a);
	struct prediction p;

	if (text)
		return text;
	predict_device(ask->host, ask->assumptions, ask->kernels, ask->device, a, &p);
	for (size_t i = 0; i < p.iova.nr_ranges; i++)
		if (address >= p.iova.ranges[i].start && address <= p.iova.ranges[i].last)
			return arena_printf(a,
					    "0x%llx can be mapped on this host: nothing was mapped there, or not for this kind of access",
					    (ull)address);
	if (p.iova.answer == ANSWER_YES)
		return arena_printf(a,
				    "0x%llx is outside of what this IOMMU can map: often the memory of another device, or an address that lost bits",
				    (ull)address);
	return arena_printf(a, "whether 0x%llx can be mapped on this host is not known: %s",
			    (ull)address, p.iova.because);
}

static void judge_fault(const struct symptom_ask *ask, struct arena *a, struct symptom_answer *ret)
{
	ret->now = SYMPTOM_NOW_UNKNOWN;
	ret->seen =
		ask->request->has_iova
			? fault_text(ask, a)
			: "the message has no address; whether it happens again only the kernel log shows";
}

/* ---- the group ---- */

static void judge_spaces(const struct symptom_ask *ask, struct arena *a, struct symptom_answer *ret)
{
	const struct group *g = ask->device->group;
	size_t endpoints = 0;

	if (!g || !fact_is(&g->members_list)) {
		ret->seen = "the devices of its group are not known";
		return;
	}
	for (size_t i = 0; i < g->nr_members; i++)
		endpoints += g->members[i]->is_bridge != TRI_YES;
	ret->now = endpoints > 1 ? SYMPTOM_NOW_STILL : SYMPTOM_NOW_GONE;
	ret->seen = endpoints > 1 ? arena_printf(a, "group %u has %zu devices", g->id, endpoints)
				  : arena_printf(a, "it is the only device of group %u", g->id);
}

/* ---- the address ---- */

static void judge_address(const struct symptom_ask *ask, struct arena *a,
			  struct symptom_answer *ret)
{
	ret->now = SYMPTOM_NOW_GONE;
	ret->seen = arena_printf(a, "this host has a device %s", ask->device->name);
}

/* ---- notices ---- */

static bool find_notice(const struct symptom_ask *ask, struct arena *a, struct symptom_answer *ret)
{
	const struct symptom *s = ask->symptom;
	struct notices found;

	if (!s->notices[0])
		return false;
	notices_find(ask->host, ask->assumptions, ask->kernels, ask->device, a, &found);
	for (size_t k = 0; s->notices[k]; k++)
		for (size_t i = 0; i < found.nr; i++)
			if (!strcmp(found.items[i].row->id, s->notices[k])) {
				ret->notice = &found.items[i];
				ret->now = SYMPTOM_NOW_STILL;
				ret->seen = ret->notice->because;
				return true;
			}
	return false;
}

/* ---- all of them ---- */

static void take_refusal(const struct rule_now *now, struct symptom_answer *ret)
{
	if (ret->now != SYMPTOM_NOW_STILL) {
		ret->now = SYMPTOM_NOW_STILL;
		ret->seen = now->because;
		ret->nr_rules = 0;
		ret->op = now->op;
		ret->err = now->err;
	}
	ret->rules[ret->nr_rules++] = now->rule;
}

static const char nothing_seen[] = "nothing that would cause it is seen";

static void judge_rules(const struct symptom_ask *ask, struct arena *a, struct symptom_answer *ret)
{
	const struct rule *rules[SYMPTOM_RULES_MAX];
	size_t nr = ret->nr_rules, asked = 0, passed = 0;
	const char *doubt = NULL, *pass = NULL;
	bool of_program = ask->symptom->flags & SYMPTOM_OF_PROGRAM;

	memcpy(rules, ret->rules, sizeof(rules));
	for (size_t i = 0; i < nr; i++) {
		struct rule_now now;

		if (!rules[i]->request)
			ask_rule(ask, rules[i], a, &now);
		else if (!ask_mapping(ask, a, &now) || (now.refuses && now.rule != rules[i]))
			now = (struct rule_now){ .unsure = true };
		now.rule = rules[i];
		/* This kernel may not have the rule at all. */
		asked += now.refuses || now.unsure || now.passes;
		of_program |= rules[i]->permission;
		if (now.missing && !now.refuses && !now.unsure && !now.passes) {
			now.refuses = true;
			now.because =
				arena_printf(a, "this kernel has no such node: %s", now.missing);
		}
		/* A mapping that succeeds has no reason. */
		if (now.passes && (!pass || !now.because || strcmp(pass, now.because) != 0))
			pass = passed || !now.because ? nothing_seen : now.because;
		if (now.refuses)
			take_refusal(&now, ret);
		else if (now.unsure)
			doubt = doubt ? doubt : now.because;
		else
			passed += now.passes;
	}
	if (ret->now == SYMPTOM_NOW_STILL)
		return;
	if (asked && passed == asked && !of_program) {
		ret->now = SYMPTOM_NOW_GONE;
		ret->seen = pass;
	} else if (asked && passed == asked) {
		ret->seen =
			"nothing refuses it to you; what refuses the program's user is not known";
	} else {
		ret->seen = doubt ? doubt : "the message alone does not tell enough";
	}
}

static bool opens_node(const struct symptom *s)
{
	static const enum op opens[] = { OP_OPEN_CONTAINER, OP_OPEN_GROUP, OP_OPEN_CDEV,
					 OP_OPEN_IOMMUFD };

	for (size_t i = 0; i < ARRAY_SIZE(s->ops) && s->ops[i] != OP_NONE; i++)
		for (size_t k = 0; k < ARRAY_SIZE(opens); k++)
			if (s->ops[i] == opens[k])
				return true;
	return false;
}

/* The unit that wrote the message has its own /dev and its own filter, whatever can be opened outside of it. */
static void judge_unit(const struct symptom_ask *ask, struct arena *a, struct symptom_answer *ret)
{
	const struct setup_unit *unit = ask->host->setup ? ask->host->setup->unit : NULL;

	if (!unit || ret->now == SYMPTOM_NOW_STILL || !opens_node(ask->symptom) ||
	    !fact_is(&unit->file))
		return;
	if (unit_allows(&unit->settings, "/dev/vfio/vfio", "misc") &&
	    unit_allows(&unit->settings, "/dev/vfio/0", "vfio"))
		return;
	ret->now = SYMPTOM_NOW_STILL;
	ret->seen =
		arena_printf(a,
			     "the settings of %s keep it from VFIO's nodes (%s): set PrivateDevices=no, DeviceAllow=/dev/vfio/vfio rw and DeviceAllow=char-vfio rw with systemctl edit %s",
			     unit->name,
			     unit->settings.private_devices ? "PrivateDevices="
							    : "DevicePolicy=, DeviceAllow=",
			     shell_word(a, unit->name));
}

void symptom_judge(const struct symptom_ask *ask, struct arena *a, struct symptom_answer *ret)
{
	const struct symptom *s = ask->symptom;

	*ret = (struct symptom_answer){ 0 };
	ret->nr_rules = symptom_rules(s, ask->request->err, ret->rules);
	if (ret->nr_rules)
		judge_rules(ask, a, ret);
	else if (s->flags & SYMPTOM_FAULT)
		judge_fault(ask, a, ret);
	else if (s->flags & SYMPTOM_SPACES)
		judge_spaces(ask, a, ret);
	else if (s->flags & SYMPTOM_ADDRESS)
		judge_address(ask, a, ret);
	judge_unit(ask, a, ret);
	if (ret->now != SYMPTOM_NOW_STILL)
		find_notice(ask, a, ret);
	if (!ret->seen)
		ret->seen = "this cannot be seen from outside of the program";
}
