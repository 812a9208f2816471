/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode/kconfig.h"

#include <string.h>

#include "base/strbuf.h"

/* The option that @line is about, with its value; false when it is another line. */
static bool kconfig_line(struct span line, struct span *name, struct span *value)
{
	static const char unset[] = " is not set";
	const size_t len = sizeof(unset) - 1;
	const char *eq;

	if (line.len > 2 + 7 + len && !memcmp(line.s, "# CONFIG_", 9) &&
	    !memcmp(line.s + line.len - len, unset, len)) {
		*name = (struct span){ line.s + 2, line.len - 2 - len };
		*value = (struct span){ "n", 1 };
		return true;
	}
	eq = line.len > 7 && !memcmp(line.s, "CONFIG_", 7) ? memchr(line.s, '=', line.len) : NULL;
	if (!eq)
		return false;
	*name = (struct span){ line.s, (size_t)(eq - line.s) };
	*value = (struct span){ eq + 1, line.len - name->len - 1 };
	return text_is_plain(value->s, value->len);
}

char *kconfig_reduce(struct span text, const char *const *names, size_t nr, struct arena *a)
{
	struct strbuf out = { .arena = a };
	struct span line, name, value;
	bool seen = false;

	while (parse_line(&text, &line)) {
		if (!kconfig_line(line, &name, &value))
			continue;
		seen = true;
		for (size_t i = 0; i < nr; i++) {
			if (!span_equals(name, names[i]))
				continue;
			strbuf_printf(&out, "%s=", names[i]);
			strbuf_add_span(&out, value);
			strbuf_add(&out, "\n", 1);
		}
	}
	return seen ? arena_strdup(a, strbuf_get(&out)) : NULL;
}
