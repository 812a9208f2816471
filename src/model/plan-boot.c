/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands of boot options, which depend on the boot loader, and of what is written to /etc. */
#include "facts/boot.h"
#include "model/plan.h"

static const char *both(struct arena *a, const char *first, const char *second)
{
	if (!first || !second)
		return first ? first : second;
	return arena_join(a, first, " && ", second, NULL);
}

/* The command that adds @add and removes @remove; NULL with a reason in *@ret_why when one of them has none. */
static const char *command_of(const struct boot *b, struct arena *a, const char *add,
			      const char *remove, const char **ret_why)
{
	const char *less = remove ? boot_option_remove(b, a, remove, ret_why) : NULL;
	const char *more = add ? boot_option_add(b, a, add, ret_why) : NULL;

	if ((remove && !less) || (add && !more))
		return NULL;
	return both(a, less, more);
}

static bool is_pending(const struct host *h, const struct action *action)
{
	if (action->remove && boot_option_is_set(h->boot, action->remove) != TRI_NO)
		return false;
	return action->add && boot_option_is_pending(h->boot, &h->kernel, action->add) == TRI_YES;
}

static void say_why_not(struct arena *a, struct action *action, const char *why)
{
	action->command = action->undo = NULL;
	action->what = arena_printf(a, "%s; no command is known for that: %s", action->what, why);
}

/* An option of a module: the initramfs may have the module, and the options that it had then. */
static void fill_file(const struct boot *b, struct arena *a, struct action *action)
{
	const char *again = b->initramfs_command;

	if (b->etc_because)
		say_why_not(a, action, b->etc_because);
	if (b->etc_because || !action->line || action->command)
		return;
	action->command =
		both(a, arena_printf(a, "echo '%s' > %s", action->line, action->file), again);
	action->undo = both(a, arena_join(a, "rm ", action->file, NULL), again);
	if (!again)
		action->what = arena_printf(a, "%s; if the initramfs has the module, make it again",
					    action->what);
}

static void fill(const struct host *h, struct arena *a, struct action *action)
{
	const char *why = NULL;

	if (action->file)
		fill_file(h->boot, a, action);
	if ((!action->add && !action->remove) || action->command)
		return;
	if (is_pending(h, action)) {
		action->what =
			arena_printf(a,
				     "reboot: %s is in the settings of the boot loader, and not active since boot",
				     action->add);
		action->add = action->remove = NULL;
		return;
	}
	action->command = command_of(h->boot, a, action->add, action->remove, &why);
	if (action->command)
		action->undo = command_of(h->boot, a, action->remove, action->add, &why);
	else if (why)
		say_why_not(a, action, why);
}

static bool needs_boot(const struct action *action)
{
	return action->add || action->remove || action->file;
}

/* Calls @see with each action that @p names. */
static void each_action(struct plan *p, void (*see)(void *ctx, const struct action **action),
			void *ctx)
{
	for (size_t k = 0; k < p->nr_steps; k++)
		see(ctx, &p->steps[k].action);
	for (size_t k = 0; k < p->nr_alternatives; k++)
		see(ctx, &p->alternatives[k]);
	for (size_t k = 0; k < p->nr_notices; k++)
		if (p->notices[k].action)
			see(ctx, &p->notices[k].action);
}

static void look_for_need(void *ctx, const struct action **action)
{
	*(bool *)ctx |= needs_boot(*action);
}

bool plans_need_boot(const struct plans *plans)
{
	bool ret = false;

	for (size_t i = 0; i < plans->nr; i++)
		each_action(&plans->items[i], look_for_need, &ret);
	return ret;
}

struct filling {
	const struct host *h;
	struct arena *a;
};

static void fill_copy(void *ctx, const struct action **action)
{
	const struct filling *f = ctx;
	struct action *copy = arena_memdup(f->a, *action, sizeof(*copy));

	fill(f->h, f->a, copy);
	*action = copy;
}

void plans_fill_boot(const struct host *h, struct arena *a, struct plans *plans)
{
	struct filling f = { h, a };

	for (size_t i = 0; h->boot && i < plans->nr; i++)
		each_action(&plans->items[i], fill_copy, &f);
}
