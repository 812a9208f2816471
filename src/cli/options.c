/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Option values that several commands share. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/macro.h"
#include "base/parse.h"
#include "report/suggest.h"
#include "cli/command.h"

error_t parse_fail(struct parse *p, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = arena_vprintf(p->app->arena, fmt, ap);
	va_end(ap);
	failure_set_status(&p->failure, STATUS_USAGE, -EINVAL, "%s", text);
	return EINVAL;
}

error_t parse_choice(struct parse *p, const char *what, const char *arg, const char *const *names,
		     size_t nr, unsigned int *ret)
{
	const char *list = names[0], *nearest;

	for (size_t i = 0; i < nr; i++) {
		if (!strcmp(arg, names[i])) {
			*ret = (unsigned int)i;
			return 0;
		}
		if (i)
			list = arena_join(p->app->arena, list, i + 1 < nr ? ", " : " or ", names[i],
					  NULL);
	}
	nearest = suggest_nearest(arg, (const char **)names, nr);
	if (nearest)
		return parse_fail(p, "unknown %s '%s': did you mean %s?", what, arg, nearest);
	return parse_fail(p, "unknown %s '%s': %s", what, arg, list);
}

error_t parse_path(struct parse *p, const char *arg, enum path_kind *ret)
{
	const char *names[NR_PATHS];
	unsigned int kind = 0;
	error_t err;

	for (unsigned int k = 0; k < NR_PATHS; k++)
		names[k] = path_kind_name((enum path_kind)k);
	err = parse_choice(p, "path", arg, names, NR_PATHS, &kind);
	*ret = (enum path_kind)kind;
	return err;
}

error_t parse_within(struct parse *p, const char *option, const char *arg, uint32_t min,
		     uint32_t max, uint32_t *ret)
{
	if (parse_u32(arg, 10, ret) < 0 || *ret < min || *ret > max)
		return parse_fail(p, "'--%s=%s': a number from %u to %u", option, arg, min, max);
	return 0;
}
