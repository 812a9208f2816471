/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The questions of rules about the kernel, its modules and nodes, and the caller. */
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "base/shell.h"
#include "model/eval.h"
#include "model/generation.h"

enum machine eval_machine(struct eval *e)
{
	const struct fact *f = &e->host->kernel.machine;

	if (!fact_is(f) || !f->raw)
		return MACHINE_OTHER;
	if (strcmp(f->raw, "x86_64") == 0 ||
	    (f->raw[0] == 'i' && f->len == 4 && strcmp(f->raw + 2, "86") == 0))
		return MACHINE_X86;
	if (strncmp(f->raw, "aarch64", 7) == 0 || strncmp(f->raw, "arm", 3) == 0)
		return MACHINE_ARM;
	return strncmp(f->raw, "s390", 4) == 0 ? MACHINE_S390 : MACHINE_OTHER;
}

static const struct {
	const char *word;
	enum module_state state;
} state_words[] = {
	{ "loaded", MODULE_STATE_LOADED },
	{ "loadable", MODULE_STATE_LOADABLE },
	{ "builtin", MODULE_STATE_BUILTIN },
	{ "absent", MODULE_STATE_ABSENT },
};

static const struct fact *module_fact(const struct module *m)
{
	return m->sysfs.state == FACT_PRESENT || m->kmod.state == FACT_UNREAD ? &m->sysfs
									      : &m->kmod;
}

bool eval_host_is_older(const struct eval *e, enum trait trait)
{
	const struct fact *release = &e->host->kernel.release;

	return e->kernels->asked && trait_holds(e, trait) == TRI_YES && fact_is(release) &&
	       release->raw && generation_may_lack(release->raw, trait);
}

enum module_state eval_module(struct eval *e, enum module_id id)
{
	const struct module *m = &e->host->modules[id];
	enum module_state state = m->state;
	const struct assumption *as = NULL;

	if (e->assumptions && e->assumptions->nr)
		as = eval_assumed(e, NULL, module_key(id));
	if (as) {
		for (size_t i = 0; i < ARRAY_SIZE(state_words); i++)
			if (strcmp(state_words[i].word, as->value) == 0)
				state = state_words[i].state;
	} else {
		eval_cite(e, module_fact(m));
		if (id == MODULE_IOMMUFD && state == MODULE_STATE_ABSENT &&
		    eval_host_is_older(e, TRAIT_IOMMUFD)) {
			eval_cite(e, &e->host->kernel.release);
			return MODULE_STATE_UNKNOWN;
		}
	}
	if (e->view == VIEW_IF_BOUND && state == MODULE_STATE_LOADABLE)
		return MODULE_STATE_LOADED;
	return state;
}

enum tristate eval_module_live(struct eval *e, enum module_id id)
{
	switch (eval_module(e, id)) {
	case MODULE_STATE_LOADED:
	case MODULE_STATE_BUILTIN:
		return TRI_YES;
	case MODULE_STATE_LOADABLE:
	case MODULE_STATE_ABSENT:
		return TRI_NO;
	default:
		return TRI_UNKNOWN;
	}
}

/* ---- parameters ---- */

/* linux: lib/kstrtox.c: kstrtobool(). */
static enum tristate parse_bool(const struct fact *f)
{
	if (!f->raw || !f->len)
		return TRI_UNKNOWN;
	if (strchr("yYtT1", f->raw[0]) || strcasecmp(f->raw, "on") == 0)
		return TRI_YES;
	if (strchr("nNfF0", f->raw[0]) || strcasecmp(f->raw, "off") == 0)
		return TRI_NO;
	return TRI_UNKNOWN;
}

/* A parameter of a module that is not there yet has what its configuration says, or its default. */
static enum tristate param_later(struct eval *e, const struct param *p, enum tristate by_default)
{
	eval_cite(e, &p->configured);
	if (fact_is(&p->configured))
		return parse_bool(&p->configured);
	return by_default;
}

enum tristate eval_param(struct eval *e, enum param_id id)
{
	const struct param *p = &e->host->params[id];
	const struct param_row *row = param_get(id);
	enum tristate by_default = row->by_default ? TRI_YES : TRI_NO;
	enum tristate assumed = row->key ? eval_assumed_bool(e, NULL, row->key) : TRI_UNKNOWN;

	if (assumed != TRI_UNKNOWN)
		return assumed;
	eval_cite(e, &p->value);
	if (fact_is(&p->value))
		return parse_bool(&p->value);
	if (p->value.state != FACT_ABSENT)
		return TRI_UNKNOWN;
	/* No file although the module is there: the kernel was built without it. */
	const struct module *m = &e->host->modules[row->module];
	if (m->state == MODULE_STATE_LOADED || m->state == MODULE_STATE_BUILTIN)
		return by_default;
	if (id == PARAM_VFIO_NOIOMMU) {
		const char *built = eval_config(e, "CONFIG_VFIO_NOIOMMU");
		if (built && *built == 'n')
			return TRI_NO;
	}
	return param_later(e, p, by_default);
}

const char *eval_config(struct eval *e, const char *option)
{
	static const struct {
		const char *option;
		enum trait with;
	} later[] = {
		{ "CONFIG_IOMMUFD", TRAIT_IOMMUFD },
		{ "CONFIG_IOMMUFD_NOIOMMU", TRAIT_NOIOMMU_CDEV },
		{ "CONFIG_IOMMUFD_VFIO_CONTAINER", TRAIT_IOMMUFD },
		{ "CONFIG_VFIO_CONTAINER", TRAIT_IOMMUFD },
		{ "CONFIG_VFIO_DEVICE_CDEV", TRAIT_CDEV },
		{ "CONFIG_VFIO_GROUP", TRAIT_CDEV },
	};
	const char *value = kernel_config(&e->host->kernel, option);

	for (size_t i = 0; value && *value == 'n' && i < ARRAY_SIZE(later); i++)
		if (!strcmp(option, later[i].option) && eval_host_is_older(e, later[i].with))
			return NULL;
	if (value)
		eval_cite(e, &e->host->kernel.config);
	return value;
}

/* VFIO_GROUP can only be turned off where VFIO_DEVICE_CDEV is on; kernels older than both have
 * neither and always make groups. linux: drivers/vfio/Kconfig, since 6.6. */
bool eval_built_without_groups(struct eval *e)
{
	const char *cdev = eval_config(e, "CONFIG_VFIO_DEVICE_CDEV");
	const char *group = eval_config(e, "CONFIG_VFIO_GROUP");

	return !trait_lacks(e, TRAIT_CDEV) && cdev && *cdev == 'y' && group && *group == 'n';
}

bool eval_cmdline(struct eval *e, const char *key, const char **ret_value)
{
	const char *value = kernel_cmdline(&e->host->kernel, e->arena, key);

	if (ret_value)
		*ret_value = value;
	return value != NULL;
}

enum container_type eval_container_type(const struct eval *e)
{
	return e->assumptions ? e->assumptions->type : CONTAINER_DEFAULT;
}

bool eval_token_given(const struct eval *e)
{
	return e->assumptions && e->assumptions->token;
}

bool eval_compat_is_built(struct eval *e)
{
	static const char option[] = "CONFIG_IOMMUFD_VFIO_CONTAINER";
	const char *compat = kernel_config(&e->host->kernel, option);

	return compat && *compat == 'y' && eval_config(e, option);
}

/* linux: drivers/vfio/Kconfig: VFIO_CONTAINER; drivers/iommu/iommufd/Kconfig:
 * IOMMUFD_VFIO_CONTAINER, which depends on !VFIO_CONTAINER; since 6.2. */
enum provider eval_container_provider(struct eval *e)
{
	if (trait_lacks(e, TRAIT_IOMMUFD))
		return PROVIDER_TYPE1;
	const char *compat = eval_config(e, "CONFIG_IOMMUFD_VFIO_CONTAINER");
	if (compat && *compat == 'y')
		return PROVIDER_IOMMUFD;
	const char *native = eval_config(e, "CONFIG_VFIO_CONTAINER");
	if (native && *native == 'y')
		return PROVIDER_TYPE1;
	enum module_state type1 = eval_module(e, MODULE_VFIO_IOMMU_TYPE1);
	if (type1 != MODULE_STATE_UNKNOWN && type1 != MODULE_STATE_ABSENT)
		return PROVIDER_TYPE1;
	if (module_exports(&e->host->modules[MODULE_VFIO], "vfio_register_iommu_driver") == TRI_YES)
		return PROVIDER_TYPE1;
	/* Without iommufd no other driver could. */
	return eval_module(e, MODULE_IOMMUFD) == MODULE_STATE_ABSENT ? PROVIDER_TYPE1
								     : PROVIDER_UNKNOWN;
}

/* ---- the caller ---- */

static const char *cap_key(enum caller_cap cap)
{
	switch (cap) {
	case CALLER_CAP_SYS_RAWIO:
		return "cap_sys_rawio";
	case CALLER_CAP_IPC_LOCK:
		return "cap_ipc_lock";
	default:
		return NULL;
	}
}

enum tristate eval_caller_has(struct eval *e, enum caller_cap cap)
{
	const char *key = cap_key(cap);
	enum tristate assumed = key ? eval_assumed_bool(e, NULL, key) : TRI_UNKNOWN;

	if (assumed != TRI_UNKNOWN)
		return assumed;
	const struct assumption *euid = eval_assumed(e, NULL, "euid");
	if (euid)
		return strcmp(euid->value, "0") == 0 ? TRI_YES : TRI_NO;
	eval_cite(e, &e->host->caller.caps_fact);
	if (!fact_is(&e->host->caller.caps_fact))
		return TRI_UNKNOWN;
	return e->host->caller.caps & cap ? TRI_YES : TRI_NO;
}

/* The caller's user, or -1 when it is not known. */
static int64_t caller_euid(struct eval *e)
{
	const struct assumption *as = eval_assumed(e, NULL, "euid");
	uint64_t value;

	if (as && parse_u64(as->value, 10, &value) == 0)
		return (int64_t)value;
	eval_cite(e, &e->host->caller.identity);
	return fact_is(&e->host->caller.identity) ? (int64_t)e->host->caller.euid : -1;
}

/* Whether permission bits alone keep @euid from reading and writing. */
static enum tristate mode_denies(unsigned int mode, unsigned int owner, int64_t euid)
{
	if (euid == (int64_t)owner)
		return (mode & 0600) == 0600 ? TRI_NO : TRI_YES;
	if ((mode & 06) == 06)
		return TRI_NO;
	/* The caller's groups and access lists are not part of the question. */
	return (mode & 060) == 060 ? TRI_UNKNOWN : TRI_YES;
}

static enum tristate future_node_denied(struct eval *e, const struct node *node, unsigned int mode,
					const char **ret_why)
{
	const char *path = node->path ? node->path : "the new node";
	int64_t euid = caller_euid(e);

	*ret_why = eval_text(e, "%s will belong to root with mode %04o", path, mode);
	if ((mode & 06) == 06 || euid == 0 ||
	    (!eval_assumed(e, NULL, "euid") &&
	     eval_caller_has(e, CALLER_CAP_DAC_OVERRIDE) == TRI_YES))
		return TRI_NO;
	if (euid < 0) {
		*ret_why = "the user id of the caller is unknown";
		return TRI_UNKNOWN;
	}
	if (e->host->group_nodes_given_away) {
		*ret_why =
			eval_text(e,
				  "a udev rule of this host gives group nodes to users, and may do the same for %s",
				  path);
		return TRI_UNKNOWN;
	}
	return TRI_YES;
}

enum tristate eval_node_denied(struct eval *e, const struct node *node, unsigned int mode,
			       const char **ret_why)
{
	if (!fact_is(&node->stat))
		return future_node_denied(e, node, mode, ret_why);
	eval_cite(e, &node->stat);
	const struct assumption *euid = eval_assumed(e, NULL, "euid");
	*ret_why = eval_text(e, "%s has mode %04o and belongs to user %u", node->path, node->mode,
			     node->uid);
	if (!euid && fact_is(&node->access)) {
		eval_cite(e, &node->access);
		return node->access.raw && strcmp(node->access.raw, "rw") == 0 ? TRI_NO : TRI_YES;
	}
	int64_t who = caller_euid(e);
	if (who == 0 || (!euid && eval_caller_has(e, CALLER_CAP_DAC_OVERRIDE) == TRI_YES))
		return TRI_NO;
	if (who < 0)
		return TRI_UNKNOWN;
	return mode_denies(node->mode, node->uid, who);
}

/* ---- limits ---- */

bool eval_memlock(struct eval *e, uint64_t *ret)
{
	const struct assumption *as = eval_assumed(e, NULL, "memlock");
	const struct caller *caller = &e->host->caller;

	if (!as && e->assumptions && e->assumptions->limit_unknown)
		return false;
	if (as && strcmp(as->value, "unlimited") == 0) {
		*ret = UINT64_MAX;
		return true;
	}
	if (as)
		return parse_u64(as->value, 10, ret) == 0;
	eval_cite(e, &caller->memlock_fact);
	*ret = caller->memlock_soft;
	return fact_is(&caller->memlock_fact);
}

bool eval_dma_entry_limit(struct eval *e, uint64_t *ret)
{
	const struct param *p = &e->host->params[PARAM_TYPE1_DMA_ENTRY_LIMIT];
	const struct assumption *as = eval_assumed(e, NULL, "dma_entry_limit");

	eval_cite(e, &p->value);
	if (as)
		return parse_u64(as->value, 10, ret) == 0;
	/* The module's own default, when it is yet to be loaded. */
	*ret = 65535;
	if (fact_is(&p->value) && p->value.raw)
		return parse_u64(p->value.raw, 10, ret) == 0;
	return fact_known(&p->value);
}

uint64_t eval_page_size(struct eval *e)
{
	const struct fact *size = &e->host->kernel.page_size;
	uint64_t ret;

	if (fact_is(size) && size->raw && parse_u64(size->raw, 10, &ret) == 0 && ret)
		return ret;
	return 4096;
}
