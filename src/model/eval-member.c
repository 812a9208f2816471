/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The questions of rules about the drivers of a device and of the other group members: now, and after the
 * view has moved them. */
#include <string.h>

#include "model/eval.h"
#include "model/rule.h"

static const enum member_state state_of_kind[] = {
	[DRIVER_HOST] = MEMBER_HOST,          [DRIVER_VFIO] = MEMBER_VFIO,
	[DRIVER_MAYBE_VFIO] = MEMBER_UNKNOWN, [DRIVER_STUB] = MEMBER_STUB,
	[DRIVER_PORT] = MEMBER_PORT,
};

static enum member_state classify_driver(const char *name)
{
	return *name ? state_of_kind[driver_kind(name)] : MEMBER_FREE;
}

/* The driver that the device has now: what the kernel made of the device counts, not the name. */
static enum member_state classify_device(struct eval *e, const struct device *dev)
{
	enum member_state by_name = *dev->driver ? state_of_kind[dev->driver_kind] : MEMBER_FREE;
	enum tristate serves;

	if (by_name != MEMBER_HOST && by_name != MEMBER_UNKNOWN)
		return by_name;
	if (dev->bus == BUS_MDEV)
		return MEMBER_VFIO;
	serves = device_serves_vfio(e->host, dev);
	if (serves == TRI_NO)
		return by_name;
	if (dev->vfio_dev.len) {
		eval_cite(e, &dev->vfio_dev);
	} else if (dev->group) {
		eval_cite(e, &dev->group->node.stat);
		eval_cite(e, &dev->group->node.holders);
	}
	return serves == TRI_YES ? MEMBER_VFIO : MEMBER_UNKNOWN;
}

const char *eval_vfio_driver(const struct device *dev)
{
	const struct driver_row *d = driver_of_bus(dev->bus);

	return d ? d->name : NULL;
}

/* Whether the view wants @dev on a VFIO driver: the device itself, and each member with a host
 * driver that a VFIO driver could take the place of. Bridges stay: vfio-pci refuses them. */
static bool view_wants(const struct eval *e, const struct device *dev, enum member_state now)
{
	if (e->view != VIEW_IF_BOUND || now == MEMBER_VFIO || !eval_vfio_driver(dev))
		return false;
	if (dev == e->dev && !e->for_other)
		return true;
	/* A physical function or a VMD cannot go to VFIO before what it carries, @e->dev among it, is
	 * gone: it stays where it is. */
	if (!dev->group || dev->group != e->dev->group || device_carries(dev, e->dev))
		return false;
	return (now == MEMBER_HOST || now == MEMBER_UNKNOWN) && dev->is_bridge != TRI_YES;
}

/* One rule of the bind, asked as if @member were the target; none of them looks at the driver of
 * another device. True when it has the answer: the first refusal, or the first doubt so far. */
static bool ask_of_member(struct eval *e, const struct device *member, const struct rule_at *at,
			  struct eval *ret)
{
	*ret = (struct eval){
		.host = e->host,
		.assumptions = e->assumptions,
		.dev = member,
		.arena = e->arena,
		.kernels = e->kernels,
		.release = e->release,
		.view = e->view,
		.path = e->path,
		.memo = e->memo,
		.site = at->site,
		.brief = true,
		.silent = e->silent,
		.err = at->site->err,
	};
	at->rule->evaluate(ret);
	e->assumed |= ret->assumed;
	if (!ret->nr_actions && ret->ruling != RULING_PASSES)
		eval_remedy(ret, "%s", at->rule->remedy);
	if (!at->sure && ret->ruling == RULING_REFUSES)
		ret->ruling = RULING_UNKNOWN;
	return ret->ruling != RULING_PASSES;
}

/* Whether its VFIO driver takes @member, another device of the group that the view binds: by the same rules
 * as for a target. */
static enum answer taken(struct eval *e, const struct device *member, struct eval *doubt)
{
	struct eval said;
	enum answer ret = ANSWER_YES;
	struct rule_at buf[RULE_SITES_MAX];
	size_t nr;
	const struct rule_at *at = rules_known(e->memo, e->kernels, e->release, OP_BIND, buf, &nr);

	for (size_t i = 0; i < nr && ret != ANSWER_NO; i++) {
		if (!(at[i].site->paths & (1U << e->path)) ||
		    !ask_of_member(e, member, &at[i], &said))
			continue;
		if (said.ruling == RULING_UNKNOWN && ret == ANSWER_UNKNOWN)
			continue;
		ret = said.ruling == RULING_REFUSES ? ANSWER_NO : ANSWER_UNKNOWN;
		*doubt = said;
	}
	if (ret == ANSWER_YES)
		return ret;
	for (size_t i = 0; i < doubt->nr_evidence; i++)
		eval_cite(e, doubt->evidence[i]);
	return ret;
}

enum answer eval_driver_accepts(struct eval *e, const struct device *member, struct eval *ret_said)
{
	if (member == e->dev || !view_wants(e, member, eval_member_now(e, member)))
		return ANSWER_YES;
	return taken(e, member, ret_said);
}

enum member_state eval_member_now(struct eval *e, const struct device *dev)
{
	const struct assumption *as = eval_assumed(e, dev, "driver");

	if (as)
		return classify_driver(strcmp(as->value, "none") == 0 ? "" : as->value);
	eval_cite(e, &dev->driver_fact);
	/* The link goes first, and the driver when no process uses the device any more: until then it
	 * counts. linux: drivers/base/dd.c: __device_release_driver(). */
	if (dev->driver_fact.state == FACT_ABSENT)
		return dev->locked ? MEMBER_UNKNOWN : MEMBER_FREE;
	if (!fact_is(&dev->driver_fact) || !dev->driver)
		return MEMBER_UNKNOWN;
	return classify_device(e, dev);
}

enum member_state eval_member(struct eval *e, const struct device *member)
{
	enum member_state now = eval_member_now(e, member);
	struct eval said;

	if (!view_wants(e, member, now))
		return now;
	/* Whether the target itself is taken is what the path begins with. */
	if (member == e->dev && !e->for_other)
		return MEMBER_VFIO;
	switch (taken(e, member, &said)) {
	case ANSWER_YES:
		return MEMBER_VFIO;
	case ANSWER_NO:
		return now;
	default:
		return MEMBER_UNKNOWN;
	}
}

unsigned int eval_member_question(struct eval *e, const struct device *member)
{
	return eval_member(e, member);
}

bool eval_bound_now(struct eval *e)
{
	return eval_member_now(e, e->dev) == MEMBER_VFIO;
}

const char *eval_driver_now(struct eval *e, const struct device *dev)
{
	const struct assumption *as = eval_assumed(e, dev, "driver");

	if (as)
		return strcmp(as->value, "none") == 0 ? "" : as->value;
	eval_cite(e, &dev->driver_fact);
	return dev->driver;
}

const char *eval_driver_name(struct eval *e, const struct device *dev)
{
	if (dev == e->dev && view_wants(e, dev, eval_member_now(e, dev)))
		return eval_vfio_driver(dev);
	const struct assumption *as = eval_assumed(e, dev, "driver");
	if (as)
		return strcmp(as->value, "none") == 0 ? "no driver" : as->value;
	if (dev->driver)
		return dev->driver;
	return dev->driver_fact.state == FACT_ABSENT ? "no driver" : "an unknown driver";
}
