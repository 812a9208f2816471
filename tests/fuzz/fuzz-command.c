/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A command line and the capture that it is asked of: the first line has the words, the rest is the capture, and behind a line
 * "===" another one; BEFORE and AFTER name both. Whatever they say, the command ends with a documented status, says why it
 * fails, and prints nothing that a terminal or a shell acts on. */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/macro.h"
#include "base/utf8.h"
#include "sysroot/confine.h"
#include "cmd/commands.h"
#include "fuzz-sysroot.h"

enum { WORDS_MAX = 32 };

/* The fuzzer itself still has to write. */
int confine_to_reading(void)
{
	return 0;
}

int confine_for_capture(const char *path)
{
	(void)path;
	return 0;
}

/* Those that only read, and of which a capture can be asked. */
static bool is_asked(const struct command *c)
{
	return c == &command_list || c == &command_inspect || c == &command_plan ||
	       c == &command_explain || c == &command_bind || c == &command_map ||
	       c == &command_rules || c == &command_diff;
}

/* Text that is cut out in place; not those options that name files of this machine. */
static int cut_words(char *line, char **argv)
{
	int nr = 0;
	char *rest = NULL;

	for (char *w = strtok_r(line, " \t", &rest); w && nr < WORDS_MAX;
	     w = strtok_r(NULL, " \t", &rest))
		argv[nr++] = w;
	argv[nr] = NULL;
	return nr;
}

/* What a shell takes as it stands: words of harmless letters and of quoted ones. */
static void must_be_harmless(const char *line, size_t len)
{
	static const char harmless[] =
		" abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		"_@%+=:,./->\\$";
	bool quoted = false;

	for (size_t i = 0; i < len; i++) {
		if (line[i] == '\'')
			quoted = !quoted || (i && line[i - 1] == '\\');
		else
			must(quoted || strchr(harmless, line[i]));
		/* Nothing but what is quoted follows these. */
		if (!quoted && (line[i] == '$' || line[i] == '\\'))
			must(i + 1 < len && line[i + 1] == '\'');
		if (line[i] == '\\' && !quoted)
			i++;
	}
	must(!quoted);
}

static void check_lines(const char *text, size_t len, bool shell)
{
	uint32_t c;

	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_decode(text + i, len - i, &c);
		must(n && (!utf8_acts(c) || c == '\n' || c == '\t'));
	}
	while (shell && len) {
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) : len;

		if ((n > 5 && !memcmp(text, "echo ", 5)) ||
		    (n > 9 && !memcmp(text, "modprobe ", 9)))
			must_be_harmless(text, n);
		text += n + (end != NULL);
		len -= n + (end != NULL);
	}
}

static int run(struct app *app, struct parse *p, struct failure **reterr)
{
	if (p->asked == OPT_COMPLETE)
		return complete_print(app, p->complete, reterr);
	if (p->asked)
		return 0;
	return p->command->run(app, p->args, reterr);
}

static void command(struct app *app, int argc, char **argv, const char *root)
{
	struct parse p = { .app = app, .command = argc ? command_find(argv[0]) : NULL };
	vt_cleanup(failure_freep) struct failure *why = NULL;
	char *text = NULL;
	size_t len = 0;
	int r;

	/* A diff of one file only, and all else without one, would be of this host. */
	if (!p.command || !is_asked(p.command) || (p.command == &command_diff) != !root)
		return;
	p.args = arena_alloc(app->arena, p.command->args_size);
	r = args_check(p.command->argp, argc, argv, false, &why);
	must(r >= 0 || (why && why->status == STATUS_USAGE));
	if (r < 0 || argp_parse(p.command->argp, argc, argv,
				ARGP_NO_HELP | ARGP_NO_ERRS | ARGP_NO_EXIT, NULL, &p)) {
		failure_free(p.failure);
		return;
	}
	app->sysroot = root;
	app->out = (struct output){ .stream = open_memstream(&text, &len),
				    .headings = true,
				    .utf8 = app->verbose > 0,
				    .width = app->quiet ? 0 : 80 };
	must(app->out.stream != NULL);
	r = run(app, &p, &why);
	fclose(app->out.stream);
	must((r < 0) == (why != NULL));
	must(r <= STATUS_GUARDED);
	check_lines(text, len, p.command == &command_bind);
	if (r >= 0 && len && *text == '{')
		must(fuzz_is_json(text, len));
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char between[] = "\n===\n";
	const uint8_t *end = len ? memchr(data, '\n', len) : NULL, *other;
	const uint8_t *first = end ? end + 1 : data;
	size_t head = end ? (size_t)(end - data) : len, rest = end ? len - head - 1 : 0;
	struct app app = { .arena = arena_new() };
	char before[FUZZ_PATH], after[FUZZ_PATH], *argv[WORDS_MAX + 1],
		*line = arena_memdup(app.arena, data, head);
	int argc = cut_words(line, argv), named = 0, fds[2];

	log_set_level(LOG_LEVEL_ERROR);
	other = rest ? memmem(first, rest, between, strlen(between)) : NULL;
	fds[0] = fuzz_file(first, other ? (size_t)(other - first) + 1 : rest, before);
	fds[1] = other ? fuzz_file(other + 5, rest - (size_t)(other + 5 - first), after)
		       : fuzz_file(first, rest, after);
	for (int i = 0; i < argc; i++) {
		bool is_before = !strcmp(argv[i], "BEFORE"), is_after = !strcmp(argv[i], "AFTER");

		argv[i] = is_before ? before : is_after ? after : argv[i];
		named |= is_before | is_after << 1;
	}
	command(&app, argc, argv, named == 3 ? NULL : before);
	close(fds[0]);
	close(fds[1]);
	arena_free(app.arena);
	return 0;
}
