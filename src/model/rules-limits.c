/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why nothing can be mapped: the limits of the container and of the caller. */
#include <errno.h>
#include <string.h>

#include "base/parse.h"
#include "model/rules.h"

enum { ROOM = 64 << 20 }; /* bytes */

static const struct rule_site dma_entry_limit_sites[] = {
	{ ALWAYS, C, OP_MAP_DMA, ENOSPC, 10, "drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_map()" },
};

/* linux: vfio_iommu_type1.c: vfio_dma_do_map(): dma_avail. */
static void rule_dma_entry_limit(struct eval *e)
{
	const struct param *p = &e->host->params[PARAM_TYPE1_DMA_ENTRY_LIMIT];
	const struct assumption *as = eval_assumed(e, NULL, "dma_entry_limit");
	uint64_t limit = param_get(PARAM_TYPE1_DMA_ENTRY_LIMIT)->by_default;

	eval_cite(e, &p->value);
	if (as) {
		if (parse_u64(as->value, 10, &limit) < 0)
			limit = 0;
	} else if (fact_is(&p->value) && p->value.raw && parse_u64(p->value.raw, 10, &limit) < 0) {
		eval_unknown(e, "vfio_iommu_type1.dma_entry_limit is not a number: %s",
			     p->value.raw);
		return;
	} else if (!fact_known(&p->value)) {
		eval_unknown(e, "vfio_iommu_type1.dma_entry_limit could not be read");
		return;
	}
	if (limit) {
		eval_passes(e, "a container may hold %llu mappings", (unsigned long long)limit);
		return;
	}
	eval_refuses(e,
		     "vfio_iommu_type1.dma_entry_limit is 0, so a container cannot have a mapping");
	eval_propose_param(e, PARAM_TYPE1_DMA_ENTRY_LIMIT, "65535", "allow mappings", NULL, false);
}

/* One page must fit. linux: vfio_iommu_type1.c: vfio_lock_acct(); iommufd/pages.c:
 * incr_user_locked_vm(), which counts what all processes of the user have locked. */
/* iommufd charges the user, not the process: linux: drivers/iommu/iommufd/pages.c: incr_user_locked_vm(),
 * struct user_struct locked_vm, which nothing shows. One more page is refused only when the user's other
 * processes have used up the limit; those that hold iommufd open may have. */
static void user_may_lock(struct eval *e, uint64_t soft)
{
	const struct fact *holders = &e->host->iommu_node.holders;

	eval_cite(e, holders);
	if (fact_is(holders) && holders->len) {
		eval_unknown(e,
			     "the user may lock %llu bytes in all processes together; process %.*s has /dev/iommu open and may have locked some of them",
			     (unsigned long long)soft, (int)strcspn(holders->raw, "\n"),
			     holders->raw);
		eval_remedy(e,
			    "raise the limit (ulimit -l, LimitMEMLOCK=) above the total that the user maps");
		return;
	}
	eval_passes(e,
		    "the user may lock %llu bytes in all processes together; locked memory of io_uring and perf is not visible",
		    (unsigned long long)soft);
}

/* What the mappings need, with room for what a program maps besides. */
static void propose_limit(struct eval *e, uint64_t bytes)
{
	const struct caller *caller = &e->host->caller;
	const struct assumption *as = eval_assumed(e, NULL, "euid");
	unsigned long long kib =
		(bytes + (e->assumptions && e->assumptions->memory ? ROOM : 0) + 1023) / 1024;
	const char *user = as ? as->value : eval_text(e, "%u", caller->euid);
	struct action action = { .kind = ACTION_LIMIT, .target = user };

	if (e->silent)
		return;
	if (!as && caller->memlock_hard >= kib * 1024) {
		action.as_user = true;
		action.what =
			"raise the limit of locked memory in the shell that starts the program (LimitMEMLOCK= of a service)";
		action.command = eval_text(e, "ulimit -l %llu", kib);
	} else {
		const char *folder = "/etc/security/limits.d";
		const char *path = eval_text(e, "%s/vfiotool-%s.conf", folder, user);

		action.scope = SCOPE_SERVICE;
		action.file = path;
		action.what =
			eval_text(e,
				  "raise the limit of locked memory of user %s, from the next login on (LimitMEMLOCK= of a service; ulimit -l %llu)",
				  user, kib);
		action.command = eval_text(e, "mkdir -p %s && echo ':%s - memlock %llu' > %s",
					   folder, user, kib, path);
		action.undo = eval_text(e, "rm %s", path);
	}
	action_add_effect(&action, NULL, "memlock", eval_text(e, "%llu", kib * 1024));
	eval_propose(e, &action);
}

/* The limit of another user is only set where it is known how much is needed. */
static void propose_limit_of_other(struct eval *e, uint64_t need)
{
	if (e->assumptions->memory)
		propose_limit(e, need);
	else
		eval_remedy(e, "say with --memory how much memory the user will map");
}

static const struct rule_site memlock_sites[] = {
	{ ALWAYS, C, OP_MAP_DMA, ENOMEM, 20, "drivers/vfio/vfio_iommu_type1.c: vfio_lock_acct()" },
	{ FROM(CDEV), I, OP_IOAS_MAP, ENOMEM, 20,
	  "drivers/iommu/iommufd/pages.c: incr_user_locked_vm()" },
};

/* The caller of a capture is not the reader's. */
static const char *locker(const struct eval *e)
{
	return e->host->live ? "the caller" : "the user who took this capture";
}

static void rule_memlock(struct eval *e)
{
	const struct caller *caller = &e->host->caller;
	uint64_t soft, locked = fact_is(&caller->memlock_fact) ? caller->memlock_locked : 0;
	uint64_t page = eval_page_size(e);
	uint64_t need =
		e->assumptions && e->assumptions->memory > page ? e->assumptions->memory : page;
	uint64_t pages = need / page + (need % page != 0);

	if (eval_group_kind(e) == GROUP_EMULATED) {
		eval_passes(e, "mapping pins nothing for a mediated device");
		return;
	}
	enum tristate exempt = eval_caller_has(e, CALLER_CAP_IPC_LOCK);
	if (exempt == TRI_YES) {
		eval_passes(e, "the caller has CAP_IPC_LOCK");
		return;
	}
	if (!eval_memlock(e, &soft)) {
		eval_unknown(e, "the limit of locked memory of %s could not be read", locker(e));
		if (e->assumptions && e->assumptions->limit_unknown)
			propose_limit_of_other(e, need);
		return;
	}
	if (e->site->op == OP_IOAS_MAP)
		locked = 0;
	if (e->site->op == OP_IOAS_MAP && soft != UINT64_MAX && soft / page >= pages) {
		user_may_lock(e, soft);
		return;
	}
	if (soft == UINT64_MAX ||
	    (soft / page > locked / page && soft / page - locked / page >= pages)) {
		eval_passes(e, "the caller may lock %llu bytes", (unsigned long long)soft);
		return;
	}
	if (exempt == TRI_UNKNOWN)
		eval_unknown(e, "%s may lock %llu bytes; cannot tell whether it has CAP_IPC_LOCK",
			     locker(e), (unsigned long long)soft);
	else
		eval_refuses(e, "%s may lock %llu bytes and has locked %llu: %s can be mapped",
			     locker(e), (unsigned long long)soft, (unsigned long long)locked,
			     need > page ? "less than that is asked for" : "not one page");
	propose_limit(e, locked + need);
}

static const struct rule rules[] = {
	{ "dma-entry-limit", "the container cannot have a mapping", SITES(dma_entry_limit_sites),
	  rule_dma_entry_limit, "raise vfio_iommu_type1.dma_entry_limit" },
	{ "memlock", "the caller may not lock the memory", SITES(memlock_sites), rule_memlock,
	  "raise the limit of locked memory" },
};

const struct rule_table rules_limits = RULE_TABLE(rules);
