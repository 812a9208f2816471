/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/field-kinds.h"
#include "base/macro.h"
#include "report/plan.h"
#include "report/prediction-fields.h"

static void get_kind(const void *at, struct value *ret)
{
	value_set_text(ret, action_kind_name(*(const enum action_kind *)at));
}

static void get_scope(const void *at, struct value *ret)
{
	value_set_text(ret, action_scope_name(*(const enum action_scope *)at));
}

static void get_device(const void *at, struct value *ret)
{
	const struct device *dev = *(const struct device *const *)at;

	value_set_text(ret, dev ? dev->name : NULL);
}

#define FIELD_DEVICE(type, member) FIELD_MEMBER(type, member, const struct device *, get_device)

static void get_user(const void *row, struct value *ret)
{
	const struct action *a = row;

	value_set_text(ret, !a->command ? NULL : a->as_user ? "user" : "root");
}

#define ACTION_ROWS                                                                                \
	{ "do", "kind of action", FIELD_MEMBER(struct action, kind, enum action_kind, get_kind) }, \
		{ "target", "device, module, node or option that it is about",                     \
		  FIELD_TEXT(struct action, target) },                                             \
		{ "scope",                                                                         \
		  "what takes part: now, module, service, reboot, firmware, hardware or vm",       \
		  FIELD_MEMBER(struct action, scope, enum action_scope, get_scope) },              \
		{ "what", "what to do, in words", FIELD_TEXT(struct action, what) },               \
		{ "command", "the command; null where a person must act",                          \
		  FIELD_TEXT(struct action, command) },                                            \
		{ "undo", "the command that takes it back", FIELD_TEXT(struct action, undo) },     \
		{ "user", "who runs the command: root, or the user of the device",                 \
		  FIELD_GET(get_user) },                                                           \
		{ "add", "option that the kernel command line gets",                               \
		  FIELD_TEXT(struct action, add) },                                                \
		{ "remove", "option that it loses", FIELD_TEXT(struct action, remove) },           \
		{ "insecure", "whether it makes the host insecure",                                \
		  FIELD_BOOL(struct action, insecure) },                                           \
	{                                                                                          \
		"weakens", "what it makes worse", FIELD_TEXT(struct action, weakens)               \
	}

static const struct field action_rows[] = { ACTION_ROWS };
const struct field_table action_fields = FIELD_TABLE("actions", action_rows);

/* ---- what is expected ---- */

static void expected_errno(const void *row, struct value *ret)
{
	const struct plan_expected *e = row;

	value_set_errno(ret, e->answer, e->err);
}

static const struct field expected_rows[] = {
	{ "answer", "whether all targets can be attached",
	  FIELD_ANSWER(struct plan_expected, answer) },
	{ "op", "the first request that is refused", FIELD_OP(struct plan_expected, op) },
	{ "errno", "the error it is refused with", FIELD_GET(expected_errno) },
	{ "device", "the target that is refused", FIELD_DEVICE(struct plan_expected, device) },
};
static const struct field_table expected_fields = FIELD_TABLE("expected", expected_rows);

/* ---- steps ---- */

#define OF_ACTION FIELD_VIA(struct plan_step, action, struct action)
#define OF_WHY    FIELD_VIA(struct plan_step, why, struct finding)

static const struct field step_rows[] = {
	{ "do", NULL, FIELD_SAME(action_fields), OF_ACTION },
	{ "target", NULL, FIELD_SAME(action_fields), OF_ACTION },
	{ "scope", NULL, FIELD_SAME(action_fields), OF_ACTION },
	{ "what", NULL, FIELD_SAME(action_fields), OF_ACTION },
	{ "command", NULL, FIELD_SAME(action_fields), OF_ACTION },
	{ "undo", NULL, FIELD_SAME(action_fields), OF_ACTION },
	{ "user", NULL, FIELD_SAME(action_fields), OF_ACTION },
	{ "add", NULL, FIELD_SAME(action_fields), OF_ACTION },
	{ "remove", NULL, FIELD_SAME(action_fields), OF_ACTION },
	{ "insecure", NULL, FIELD_SAME(action_fields), OF_ACTION },
	{ "weakens", NULL, FIELD_SAME(action_fields), OF_ACTION },
	{ "rule", "rule that it is against", FIELD_RULE(struct finding, rule), OF_WHY },
	{ "because", "what was seen", FIELD_TEXT(struct finding, because), OF_WHY },
	{ "device", "target or group member that the rule is about",
	  FIELD_DEVICE(struct plan_step, about) },
	{ "unchecked", "whether the use of a device that it moves is not known",
	  FIELD_BOOL(struct plan_step, unchecked) },
	{ "expected", "what holds after it",
	  FIELD_PART(struct plan_step, expected, expected_fields) },
};
static const struct field_table step_fields_of_plan = FIELD_TABLE("plan_steps", step_rows);

/* ---- the rest ---- */

static const struct field use_rows[] = {
	{ "check", "the safety check of bind", FIELD_TEXT(struct plan_use, check) },
	{ "device", "the device that would have to move", FIELD_DEVICE(struct plan_use, device) },
	{ "answer", "yes: it is in use; unknown", FIELD_ANSWER(struct plan_use, answer) },
	{ "chain", "from what is in use to the device", FIELD_TEXT(struct plan_use, chain) },
	{ "remedy", "next step to take", FIELD_TEXT(struct plan_use, remedy) },
};
static const struct field_table use_fields = FIELD_TABLE("plan_uses", use_rows);

#define OF_OBSTACLE FIELD_VIA(struct plan_obstacle, why, struct finding)

static const struct field obstacle_rows[] = {
	{ "device", "the device that is refused", FIELD_DEVICE(struct plan_obstacle, device) },
	{ "rule", "rule that refuses it, or may", FIELD_RULE(struct finding, rule), OF_OBSTACLE },
	{ "because", "what was seen", FIELD_TEXT(struct finding, because), OF_OBSTACLE },
	{ "answer", "no: it refuses; unknown", FIELD_ANSWER(struct plan_obstacle, answer) },
};
static const struct field_table obstacle_fields = FIELD_TABLE("plan_obstacles", obstacle_rows);

#define OF_HELP   FIELD_VIA(struct plan_notice, action, struct action)
#define OF_NOTICE FIELD_VIA(struct plan_notice, notice, struct notice)

static void get_notice(const void *row, struct value *ret)
{
	value_set_text(ret, ((const struct notice *)row)->row->id);
}

static const struct field plan_notice_rows[] = {
	{ "notice", "its name", FIELD_GET(get_notice), OF_NOTICE },
	{ "device", "the target that it is about", FIELD_DEVICE(struct plan_notice, device) },
	{ "because", "what was seen", FIELD_TEXT(struct notice, because), OF_NOTICE },
	{ "consequence", "what follows for the user", FIELD_TEXT(struct notice, consequence),
	  OF_NOTICE },
	{ "do", NULL, FIELD_SAME(action_fields), OF_HELP },
	{ "scope", NULL, FIELD_SAME(action_fields), OF_HELP },
	{ "what", "what helps, in words; null: nothing does", FIELD_TEXT(struct action, what),
	  OF_HELP },
	{ "command", NULL, FIELD_SAME(action_fields), OF_HELP },
	{ "undo", NULL, FIELD_SAME(action_fields), OF_HELP },
};
static const struct field_table plan_notice_fields = FIELD_TABLE("plan_notices", plan_notice_rows);

static void get_targets(const void *row, struct value *ret)
{
	const struct plan *p = row;
	const char **names = arena_array(ret->arena, p->nr_devices, sizeof(*names));

	for (size_t i = 0; i < p->nr_devices; i++)
		names[i] = p->devices[i]->name;
	value_set_texts(ret, names, p->nr_devices);
}

static void get_alternatives(const void *row, struct value *ret)
{
	const struct plan *p = row;

	value_set_objects(ret, (const void *const *)p->alternatives, p->nr_alternatives);
}

static const struct field plan_rows[] = {
	{ "targets", "the devices, for one program together", FIELD_GET(get_targets) },
	{ "path", "way to the devices", FIELD_PATH(struct plan, path) },
	{ "answer", "what holds after the last step", FIELD_ANSWER(struct plan, answer) },
	{ "because", "why it is not yes", FIELD_TEXT(struct plan, because) },
	{ "now", "what holds before the first step",
	  FIELD_PART(struct plan, now, expected_fields) },
	{ "steps", "in order", FIELD_ROWS(struct plan, steps, step_fields_of_plan) },
	{ "obstacles", "every reason for a refusal that was met",
	  FIELD_ROWS(struct plan, obstacles, obstacle_fields) },
	{ "blocked", "devices that no plan moves, because they are in use",
	  FIELD_ROWS(struct plan, blocked, use_fields) },
	{ "unchecked", "what is not known of devices that are moved",
	  FIELD_ROWS(struct plan, unchecked, use_fields) },
	{ "alternatives", "what else would do, or may; insecure ones last",
	  FIELD_GET(get_alternatives), .fields = &action_fields },
	{ "notices", "what a user should know although VFIO accepts the device",
	  FIELD_ROWS(struct plan, notices, plan_notice_fields) },
	{ "predictions", "how many predictions the search took",
	  FIELD_NUMBER(struct plan, predictions) },
};
const struct field_table plan_fields = FIELD_TABLE("plans", plan_rows);
