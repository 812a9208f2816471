/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the user or the unit that will use the devices may: nodes, locked memory, device filter, security modules. */
#include <string.h>

#include "model/checks.h"
#include "model/eval.h"

static struct eval eval_for(struct check *c)
{
	return (struct eval){
		.host = c->host,
		.assumptions = c->assumptions,
		.dev = c->probe,
		.arena = c->arena,
		.kernels = c->kernels,
		.release = (enum release)(63 - __builtin_clzll(c->kernels->releases)),
		.view = VIEW_IF_BOUND,
		.path = PATH_CONTAINER,
	};
}

static void cite_all(struct check *c, const struct eval *e)
{
	for (size_t i = 0; i < e->nr_evidence; i++)
		check_cite(c, e->evidence[i]);
}

static const char *who(const struct check *c)
{
	return c->who ? c->who : c->host->live ? "the caller" : "the user who took this capture";
}

/* ---- nodes ---- */

static const struct path_prediction *refused_by_permission(const struct prediction *p,
							   enum view view)
{
	const struct path_prediction *path = &p->paths[view][p->best[view]];

	return path->answer == ANSWER_NO && path->why && path->why->rule->permission ? path : NULL;
}

/* Of a device that a program can open now. False when it is none. */
static bool check_device_nodes(struct check *c, const struct device *d)
{
	const struct path_prediction *refused;
	struct prediction p;

	if (device_serves_vfio(c->host, d) != TRI_YES)
		return false;
	predict_device(c->host, c->assumptions, c->kernels, d, c->arena, &p);
	refused = refused_by_permission(&p, VIEW_NOW);
	if (!refused && p.paths[VIEW_NOW][p.best[VIEW_NOW]].answer != ANSWER_YES)
		return false;
	c->next.device = d->name;
	if (!refused) {
		check_say(c, CHECK_PASS, "%s may open the nodes for %s", who(c), d->name);
		return true;
	}
	for (size_t i = 0; i < refused->why->nr_evidence; i++)
		check_cite(c, refused->why->evidence[i]);
	check_plan(c, &d, 1);
	check_say(c, CHECK_FAIL, "%s cannot use %s: %s", who(c), d->name, refused->because);
	return true;
}

static void check_permission(struct check *c)
{
	const struct path_prediction *refused;
	const struct prediction *p;
	bool any = false;

	for (size_t i = 0; i < c->nr_devices; i++)
		any |= check_device_nodes(c, c->devices[i]);
	p = any ? NULL : check_prediction(c);
	refused = p ? refused_by_permission(p, VIEW_IF_BOUND) : NULL;
	if (!refused)
		return;
	c->next.device = c->probe->name;
	check_plan(c, &c->probe, 1);
	check_say(c, CHECK_WARN, "%s needs access to the nodes of a device: %s", who(c),
		  refused->because);
}

/* ---- locked memory ---- */

static void check_memlock(struct check *c)
{
	const struct setup_unit *unit = c->host->setup->unit;
	struct eval e;
	uint64_t limit;

	if (!check_prediction(c) || (unit && !fact_is(&unit->file) && !fact_is(&unit->limits)))
		return;
	e = eval_for(c);
	if (unit) {
		check_cite(c, fact_is(&unit->limits) ? &unit->limits : &unit->file);
	} else if (c->who) {
		check_cite(c, &c->host->setup->limits_conf);
	}
	if (eval_caller_has(&e, CALLER_CAP_IPC_LOCK) == TRI_YES) {
		cite_all(c, &e);
		check_say(c, CHECK_PASS, "%s may lock any amount of memory (CAP_IPC_LOCK)", who(c));
		return;
	}
	if (!eval_memlock(&e, &limit)) {
		check_advise(c, ACTION_LIMIT, SCOPE_SERVICE, NULL,
			     "name the unit that starts the program with --unit; its LimitMEMLOCK= counts");
		check_say(c, CHECK_UNKNOWN, "the limit of locked memory of %s is not known",
			  who(c));
		return;
	}
	cite_all(c, &e);
	if (limit == UINT64_MAX) {
		check_say(c, CHECK_PASS, "%s may lock any amount of memory", who(c));
		return;
	}
	check_advise(c, ACTION_LIMIT, SCOPE_SERVICE,
		     unit ? arena_printf(c->arena, "systemctl edit %s", unit->name) : NULL,
		     "raise it above the memory of the guest where the program is started: LimitMEMLOCK= of its unit, or memlock in /etc/security/limits.conf");
	check_say(c, CHECK_WARN, "%s may lock %llu KiB of memory: a guest with more does not start",
		  who(c), (unsigned long long)(limit >> 10));
}

/* ---- the filter of devices ---- */

static void check_filter(struct check *c)
{
	const struct setup_unit *unit = c->host->setup->unit;
	const char *group;

	if (!unit)
		return;
	check_cite(c, &unit->file);
	check_cite(c, &unit->drops);
	if (!fact_is(&unit->file)) {
		check_say(c, unit->file.state == FACT_ABSENT ? CHECK_FAIL : CHECK_UNKNOWN,
			  unit->file.state == FACT_ABSENT
				  ? "there is no unit %s in the folders of systemd"
				  : "the file of unit %s could not be read",
			  unit->name);
		return;
	}
	check_prediction(c);
	group = c->probe && c->probe->group
			? arena_printf(c->arena, "/dev/vfio/%u", c->probe->group->id)
			: "/dev/vfio/0";
	if (unit_allows(&unit->settings, "/dev/vfio/vfio", "misc") &&
	    unit_allows(&unit->settings, group, "vfio")) {
		check_say(c, CHECK_PASS, "the settings of %s let it open VFIO's nodes", unit->name);
		return;
	}
	check_advise(c, ACTION_GRANT, SCOPE_SERVICE,
		     arena_printf(c->arena, "systemctl edit %s", unit->name),
		     "set PrivateDevices=no, DeviceAllow=/dev/vfio/vfio rw and DeviceAllow=char-vfio rw in its section [Service], and restart it");
	check_say(c, CHECK_FAIL, "the device filter of %s keeps it from opening VFIO's nodes (%s)",
		  unit->name,
		  unit->settings.private_devices ? "PrivateDevices="
						 : "DevicePolicy=, DeviceAllow=");
}

/* ---- security modules ---- */

static void check_selinux(struct check *c)
{
	const struct fact *f = &c->host->setup->selinux;

	if (f->state == FACT_ABSENT)
		return;
	check_cite(c, f);
	if (!fact_is(f))
		check_say(c, CHECK_UNKNOWN, "cannot tell whether SELinux enforces a policy");
	else if (strcmp(f->raw, "1") != 0)
		check_say(c, CHECK_PASS, "SELinux does not enforce its policy");
	else
		check_say(c, CHECK_WARN,
			  "SELinux enforces a policy: libvirt labels the nodes for its machines, another program may be refused ('ausearch -m avc' shows that)");
}

/* The label of a process: "libvirtd (enforce)". */
static void check_apparmor(struct check *c)
{
	const struct setup_unit *unit = c->host->setup->unit;
	const struct fact *f = &c->host->setup->apparmor;

	if (f->state == FACT_ABSENT)
		return;
	check_cite(c, f);
	if (!fact_is(f)) {
		check_say(c, CHECK_UNKNOWN, "cannot tell whether AppArmor is on");
		return;
	}
	if (strcmp(f->raw, "Y") != 0) {
		check_say(c, CHECK_PASS, "AppArmor is off");
		return;
	}
	if (!unit || !fact_is(&unit->label)) {
		check_say(c, CHECK_PASS,
			  "AppArmor is on, and confines programs that have a profile");
		return;
	}
	check_cite(c, &unit->label);
	if (!strncmp(unit->label.raw, "unconfined", 10) || strstr(unit->label.raw, "(complain)"))
		check_say(c, CHECK_PASS, "AppArmor does not confine %s", unit->name);
	else
		check_say(c, CHECK_WARN,
			  "AppArmor confines %s (%s): its profile must allow /dev/vfio/ and /sys/kernel/iommu_groups/",
			  unit->name, unit->label.raw);
}

static const struct check_row rows[] = {
	{ "permission", "whether the user may open the nodes", check_permission },
	{ "memlock", "how much memory the user may lock", check_memlock },
	{ "cgroup-devices", "the device filter of the unit", check_filter },
	{ "selinux", "whether SELinux enforces a policy", check_selinux },
	{ "apparmor", "whether AppArmor confines the unit", check_apparmor },
};

const struct check_table checks_user = CHECK_TABLE(rows);
