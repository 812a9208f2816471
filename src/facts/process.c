/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/process.h"

#include <fcntl.h>
#include <string.h>

#include "facts/loader.h"

bool process_is_pid(struct span name)
{
	uint64_t value;

	return !parse_u64_span(name, 10, &value);
}

void process_answer(struct arena *a, struct fact *ret, const struct strbuf *out,
		    unsigned int hidden)
{
	ret->raw = arena_printf(a, "hidden %u\n%s", hidden, strbuf_get(out));
	ret->len = (uint32_t)strlen(ret->raw) - 1;
	*ret = fact_derived(a, ret->path, fact_describe(ret));
}

bool process_fd_flags(struct sysroot *root, struct arena *a, const char *pid, struct span fd,
		      unsigned int *ret)
{
	struct fact info =
		sysroot_read(root, a,
			     arena_printf(a, "proc/%s/fdinfo/%.*s", pid, (int)fd.len, fd.s),
			     SYSROOT_ATTRIBUTE_MAX);
	struct span value;
	uint64_t flags;

	if (!fact_is(&info) || !status_get(fact_describe(&info), "flags", &value) ||
	    parse_u64_span(value, 8, &flags) < 0)
		return false;
	*ret = (unsigned int)flags;
	return true;
}

bool process_fd_stat(struct sysroot *root, struct arena *a, const char *pid, struct span fd,
		     struct stat_text *ret)
{
	struct fact stat =
		sysroot_stat(root, a, arena_printf(a, "proc/%s/fd/%.*s", pid, (int)fd.len, fd.s));
	unsigned int flags;

	if (!fact_is(&stat) || stat_text_parse(fact_describe(&stat), ret) < 0)
		return false;
	if (!span_equals(ret->type, "char") && !span_equals(ret->type, "block"))
		return true;
	return !process_fd_flags(root, a, pid, fd, &flags) || !(flags & O_PATH);
}

void process_ask_all(struct sysroot *root, struct arena *a, process_look *look, void *ctx,
		     struct fact *ret)
{
	struct arena *scratch = arena_new();
	struct strbuf out = { .arena = scratch };
	struct fact pids = sysroot_list(root, scratch, "proc");
	struct span rest = fact_describe(&pids), line;
	unsigned int hidden = 0;

	*ret = (struct fact){ .state = pids.state, .err = pids.err, .path = ret->path };
	while (parse_line(&rest, &line)) {
		struct arena *own;

		if (!process_is_pid(line))
			continue;
		own = arena_new();
		if (look(root, own, ctx, arena_strndup(own, line.s, line.len), &out) < 0)
			hidden++;
		arena_free(own);
	}
	if (fact_is(ret))
		process_answer(a, ret, &out, hidden);
	arena_free(scratch);
}
