/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/checking.h"

#include <errno.h>
#include <string.h>

#include "decode/procfs.h"
#include "facts/setup.h"
#include "facts/user.h"
#include "run/planning.h"

struct scope checking_scope(const char *unit)
{
	struct scope scope = scope_for(NEED_BOTH_VERDICTS);

	scope.host_parts |= HOST_BOOT | HOST_SETUP;
	scope.device_parts |= DEVICE_PERSIST | DEVICE_PCI;
	scope.frugal = false;
	scope.unit = unit;
	return scope;
}

struct scope checking_machine_scope(const char *unit)
{
	struct scope scope = scope_all;

	scope_add_notices(&scope);
	scope.host_parts |= HOST_BOOT | HOST_SETUP;
	scope.unit = unit;
	return scope;
}

/* ---- a user ---- */

static int assume_user(struct checking *c, struct session *s, struct failure **reterr)
{
	c->check.who = arena_printf(s->app->arena, "user %s", c->user);
	return planning_assume_user(s, c->user, reterr);
}

/* ---- a unit ---- */

struct identity {
	uint32_t uid;
	bool ipc_lock, rawio;
};

/* linux: include/uapi/linux/capability.h. */
enum { BIT_IPC_LOCK = 14, BIT_SYS_RAWIO = 17 };

/* Of the process that runs: "Uid: REAL EFFECTIVE ..." and "CapEff: HEX". */
static bool running(const struct setup_unit *u, struct identity *ret)
{
	struct span status = { u->status.raw, u->status.len }, value, word;
	uint64_t uid, caps;

	if (!fact_is(&u->status) || !status_get(status, "Uid", &value) ||
	    !parse_word(&value, &word) || !parse_word(&value, &word) ||
	    parse_u64_span(word, 10, &uid) < 0 || uid >= UINT32_MAX ||
	    !status_get(status, "CapEff", &value) || parse_u64_span(value, 16, &caps) < 0)
		return false;
	*ret = (struct identity){ (uint32_t)uid, caps >> BIT_IPC_LOCK & 1,
				  caps >> BIT_SYS_RAWIO & 1 };
	return true;
}

static int settings(const struct setup_unit *u, struct session *s, struct identity *ret,
		    struct failure **reterr)
{
	const char *ambient = u->settings.ambient ? u->settings.ambient : "";
	int r;

	*ret = (struct identity){ 0 };
	if (u->settings.user) {
		r = user_find(s->root, s->app->arena, u->settings.user, &ret->uid, reterr);
		if (r < 0)
			return r;
	}
	ret->ipc_lock = !ret->uid || strstr(ambient, "CAP_IPC_LOCK");
	ret->rawio = !ret->uid || strstr(ambient, "CAP_SYS_RAWIO");
	return 0;
}

static bool unit_limit(const struct setup_unit *u, uint64_t *ret)
{
	if (fact_is(&u->limits))
		return limits_locked((struct span){ u->limits.raw, u->limits.len }, ret) == 0;
	return u->settings.memlock && unit_limit_parse(u->settings.memlock, ret) == 0;
}

static int assume_unit(struct checking *c, struct session *s, struct failure **reterr)
{
	const struct setup_unit *u = s->host->setup->unit;
	struct arena *a = s->app->arena;
	struct identity id;
	uint64_t limit;
	int r = 0;

	c->check.who = arena_printf(a, "unit %s", u->name);
	if (!running(u, &id) && !fact_is(&u->file)) {
		s->assumptions.limit_unknown = true;
		return 0;
	}
	if (!running(u, &id))
		r = settings(u, s, &id, reterr);
	if (r >= 0)
		r = assumptions_add(&s->assumptions, a, arena_printf(a, "euid=%u", id.uid), reterr);
	if (r >= 0)
		r = assumptions_add(&s->assumptions, a,
				    id.ipc_lock ? "cap_ipc_lock=1" : "cap_ipc_lock=0", reterr);
	if (r >= 0)
		r = assumptions_add(&s->assumptions, a,
				    id.rawio ? "cap_sys_rawio=1" : "cap_sys_rawio=0", reterr);
	s->assumptions.limit_unknown = true;
	if (r >= 0 && unit_limit(u, &limit))
		r = planning_assume_limit(s, limit, reterr);
	return r;
}

/* ---- both ---- */

int checking_begin(struct checking *c, struct session *s, struct failure **reterr)
{
	int r = 0;

	if (c->user)
		r = assume_user(c, s, reterr);
	else if (c->unit)
		r = assume_unit(c, s, reterr);
	c->check.host = s->host;
	c->check.assumptions = &s->assumptions;
	c->check.kernels = &s->report.kernels;
	c->check.devices = s->devices;
	c->check.nr_devices = s->nr_devices;
	c->check.ask_use = planning_ask_use;
	c->check.use_ctx = s;
	c->check.arena = s->app->arena;
	return r;
}
