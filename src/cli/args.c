/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks the words of a command line against the option tables before argp parses them: argp's own
 * messages take two lines and suggest nothing. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "report/suggest.h"
#include "cli/command.h"

static bool is_end(const struct argp_option *o)
{
	return !o->name && !o->key && !o->doc && !o->group;
}

static void collect(const struct argp *argp, const struct argp *without, struct arena *a,
		    const struct argp_option ***ret, size_t *nr)
{
	for (const struct argp_option *o = argp->options; o && !is_end(o); o++) {
		if (!o->name && !o->key)
			continue;
		*ret = arena_grow(a, *ret, *nr, sizeof(**ret));
		(*ret)[(*nr)++] = o;
	}
	for (const struct argp_child *c = argp->children; c && c->argp; c++)
		if (c->argp != without)
			collect(c->argp, without, a, ret, nr);
}

const struct argp_option **args_options(const struct argp *argp, const struct argp *without,
					struct arena *a, size_t *ret_nr)
{
	const struct argp_option **ret = NULL;

	*ret_nr = 0;
	collect(argp, without, a, &ret, ret_nr);
	return ret;
}

struct args {
	const struct argp_option **options;
	size_t nr;
	struct arena *a;
};

/* An alias takes the argument of the option before it. */
static const struct argp_option *principal(const struct args *args, size_t i)
{
	while (i && args->options[i]->flags & OPTION_ALIAS)
		i--;
	return args->options[i];
}

static int unknown_long(const struct args *args, const char *name, struct failure **reterr)
{
	const char **names = arena_array(args->a, args->nr, sizeof(*names)), *nearest;
	size_t nr = 0;

	for (size_t i = 0; i < args->nr; i++)
		if (args->options[i]->name && !(args->options[i]->flags & OPTION_HIDDEN))
			names[nr++] = args->options[i]->name;
	nearest = suggest_nearest(name, names, nr);
	if (nearest)
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
					  "unknown option '--%s': did you mean --%s?", name,
					  nearest);
	return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
				  "unknown option '--%s': --help lists the options", name);
}

/* The option named @name (without dashes or value), or the only one that begins with @name. */
static int find_long(const struct args *args, const char *name, const struct argp_option **ret,
		     struct failure **reterr)
{
	size_t len = strlen(name), found = 0;

	for (size_t i = 0; i < args->nr; i++) {
		const struct argp_option *o = args->options[i];

		if (!o->name || strncmp(o->name, name, len))
			continue;
		*ret = principal(args, i);
		if (!o->name[len])
			return 0;
		found++;
	}
	if (!found || !len)
		return unknown_long(args, name, reterr);
	if (found > 1)
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
					  "option '--%s' is ambiguous: write it out in full", name);
	return 0;
}

static int check_long(const struct args *args, int argc, char **argv, int *i,
		      struct failure **reterr)
{
	const char *word = argv[*i] + 2, *equals = strchr(word, '=');
	const char *name = equals ? arena_strndup(args->a, word, (size_t)(equals - word)) : word;
	const struct argp_option *o = NULL;
	int r = find_long(args, name, &o, reterr);

	if (r < 0)
		return r;
	if (equals && !o->arg)
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
					  "option '--%s' takes no value: remove the value", name);
	if (equals || !o->arg || o->flags & OPTION_ARG_OPTIONAL)
		return 0;
	(*i)++;
	if (*i >= argc)
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
					  "option '--%s' needs a value: --%s=%s", name, name,
					  o->arg);
	return 0;
}

static const struct argp_option *find_short(const struct args *args, char c)
{
	for (size_t i = 0; i < args->nr; i++)
		if (args->options[i]->key == c)
			return principal(args, i);
	return NULL;
}

static int check_short(const struct args *args, int argc, char **argv, int *i,
		       struct failure **reterr)
{
	const char *word = argv[*i] + 1;

	for (; *word; word++) {
		const struct argp_option *o = find_short(args, *word);

		if (!o)
			return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
						  isgraph((unsigned char)*word)
							  ? "unknown option '-%c': --help lists the options"
							  : "unknown option '-\\x%02x': --help lists the options",
						  (unsigned char)*word);
		if (!o->arg || o->flags & OPTION_ARG_OPTIONAL)
			continue;
		if (word[1])
			return 0;
		(*i)++;
		if (*i >= argc)
			return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
						  "option '-%c' needs a value: -%c %s", *word,
						  *word, o->arg);
		return 0;
	}
	return 0;
}

int args_check(const struct argp *argp, int argc, char **argv, bool in_order,
	       struct failure **reterr)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct args args = { .a = a };
	int r;

	args.options = args_options(argp, NULL, a, &args.nr);
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];

		if (word[0] != '-' || !word[1]) {
			if (in_order)
				return i;
			continue;
		}
		if (!strcmp(word, "--"))
			return in_order ? i : argc;
		r = word[1] == '-' ? check_long(&args, argc, argv, &i, reterr)
				   : check_short(&args, argc, argv, &i, reterr);
		if (r < 0)
			return r;
	}
	return argc;
}
