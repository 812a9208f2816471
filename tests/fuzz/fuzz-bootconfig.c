/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pieces of a settings file lie within it; what a reduction keeps is found again in it; a command for an option
 * never has a byte of the file that a shell could act on. */
#include <errno.h>
#include <string.h>

#include "decode/bootconfig.h"
#include "facts/boot.h"
#include "fuzz.h"

static void must_lie_within(struct span part, struct span whole)
{
	must(!part.len || (part.s >= whole.s && part.s + part.len <= whole.s + whole.len));
}

static size_t check_assignments(struct span text)
{
	struct span rest = text;
	struct assignment one;
	size_t nr = 0;

	while (assignment_next(&rest, &one)) {
		must_lie_within(one.name, text);
		must_lie_within(one.value, text);
		must(one.name.len > 0);
		must(!one.plain || !one.quote || !memchr(one.value.s, one.quote, one.value.len));
		must(++nr <= text.len);
	}
	return nr;
}

/* Whatever an option is, the commands are printable, or there is none and a reason. */
static void check_commands(struct arena *a, const char *option)
{
	struct boot_place places[] = {
		{ BOOT_FORM_VARIABLE, "/etc/default/grub", "X", "quiet", '"', true, false },
		{ BOOT_FORM_LINE, "/etc/kernel/cmdline", NULL, "quiet", 0, true, false },
		{ BOOT_FORM_KEYWORD, "/boot/loader/entries/*.conf", "options", "quiet", 0, true,
		  false },
	};
	struct boot b = { .loader = BOOT_LOADER_GRUB, .places = places, .nr_places = 3 };
	const char *why = NULL, *add = boot_option_add(&b, a, option, &why);

	must(!add == !!why);
	must(!add || text_is_plain(add, strlen(add)));
	must(!add == !boot_option_remove(&b, a, option, &why));
	boot_option_is_set(&b, option);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const names[] = { "ID", "GRUB_CMDLINE_LINUX" };
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct span text = { (const char *)data, len }, rest = text, value;
	const char *name = NULL, *reduced;
	int r;

	check_assignments(text);
	reduced = assignments_reduce(text, names, 2, a);
	must(strlen(reduced) <= len + 1);
	must(check_assignments((struct span){ reduced, strlen(reduced) }) <= len);
	while (keyword_next(&rest, "options", &value))
		must_lie_within(value, text);
	must(strlen(keyword_reduce(text, "options", a)) <= len + 1);
	r = loader_info_parse(text, a, &name);
	must(r == 0 || r == -EBADMSG);
	must(r < 0 || (*name && text_is_plain(name, strlen(name))));
	check_commands(a, arena_strndup(a, text.s, len));
	return 0;
}
