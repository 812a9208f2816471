/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the command, runs it, prints its failure once and ends with its status. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "report/suggest.h"
#include "cmd/commands.h"

static int unknown_command(const char *name, struct arena *a, struct failure **reterr)
{
	const char **names, *nearest;
	size_t nr;
	const struct command *const *all = commands_all(&nr);

	names = arena_array(a, nr, sizeof(*names));
	for (size_t i = 0; i < nr; i++)
		names[i] = all[i]->name;
	nearest = suggest_nearest(name, names, nr);
	if (nearest)
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
					  "unknown command '%s': did you mean '%s'?", name,
					  nearest);
	return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
				  "unknown command '%s': --help lists the commands", name);
}

/* Options of @argp in @argv (a program's or a command's name first). */
static int parse_options(const struct argp *argp, int argc, char **argv, struct parse *p,
			 struct failure **reterr)
{
	const unsigned int flags = ARGP_NO_HELP | ARGP_NO_ERRS | ARGP_NO_EXIT;
	error_t err = argp_parse(argp, argc, argv, flags, NULL, p);

	if (!err)
		return 0;
	*reterr = p->failure;
	if (*reterr)
		return -EINVAL;
	return failure_set_status(reterr, STATUS_USAGE, -(int)err,
				  "cannot parse the options of '%s': see --help", argv[0]);
}

static int run_asked(struct app *app, const struct parse *p, struct failure **reterr)
{
	switch (p->asked) {
	case OPT_VERSION:
		return version_print(app);
	case OPT_INTROSPECT:
		return introspect_print(app);
	case OPT_COMPLETE:
		return complete_print(app, p->complete, reterr);
	default:
		help_print(app, p->command, p->asked == OPT_USAGE);
		return STATUS_OK;
	}
}

/* argp would move operands across --, so the program to run is removed before argp looks. */
static int cut_program(struct parse *p, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--")) {
			p->program = argv + i + 1;
			argv[i] = NULL;
			return i;
		}
	return argc;
}

/* The command and its options; the default command is list. */
static int parse_command(struct parse *p, int argc, char **argv, struct failure **reterr)
{
	static char *plain[] = { (char *)"list", NULL };
	int r;

	if (!argc) {
		argv = plain;
		argc = 1;
	}
	if (!strcmp(argv[0], "version")) {
		p->asked = OPT_VERSION;
		return 0;
	}
	/* The rest is as if --help stood behind it. */
	if (!strcmp(argv[0], "help")) {
		p->asked = OPT_HELP;
		if (argc == 1)
			return 0;
		argv++;
		argc--;
	}
	p->command = command_find(argv[0]);
	if (!p->command)
		return unknown_command(argv[0], p->app->arena, reterr);
	p->args = arena_alloc(p->app->arena, p->command->args_size);
	if (p->command->runs)
		argc = cut_program(p, argc, argv);
	r = args_check(p->command->argp, argc, argv, false, reterr);
	return r < 0 ? r : parse_options(p->command->argp, argc, argv, p, reterr);
}

static int run(struct app *app, int argc, char **argv, struct failure **reterr)
{
	struct parse p = { .app = app };
	int at, r;

	at = args_check(&global_argp, argc, argv, true, reterr);
	if (at < 0)
		return at;
	r = parse_options(&global_argp, at, argv, &p, reterr);
	if (r < 0)
		return r;
	if (at < argc && !strcmp(argv[at], "--"))
		at++;
	if (!p.asked)
		r = parse_command(&p, argc - at, argv + at, reterr);
	if (r < 0)
		return r;
	log_set_level(app->quiet     ? LOG_LEVEL_ERROR
		      : app->verbose ? LOG_LEVEL_INFO
				     : LOG_LEVEL_WARNING);
	terminal_setup(app);
	return p.asked ? run_asked(app, &p, reterr) : p.command->run(app, p.args, reterr);
}

/* A file opened later must not become a standard stream that the caller closed: a write to that has to
 * fail. */
static void occupy_standard_streams(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
			_exit(STATUS_FAILED);
}

/*
 * Whether the whole answer was written. stdio does not keep why an earlier write failed: one more, of an answer that is torn
 * already, fails for the same reason.
 */
static int finish_output(struct failure **reterr)
{
	int failed = ferror(stdout), err;

	if (failed) {
		clearerr(stdout);
		fputc('\n', stdout);
	}
	errno = 0;
	if (!fflush(stdout) && !failed)
		return 0;
	err = errno ? errno : EIO;
	return answer_lost(err, reterr);
}

int main(int argc, char **argv)
{
	struct app app = { 0 };
	struct failure *failure = NULL;
	int r, status;

	occupy_standard_streams();
	/* A file that reaches its limit (RLIMIT_FSIZE) is an error like a full disk, and what was begun is removed. */
	sigaction(SIGXFSZ, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
	/* Only LC_CTYPE: numbers, messages and sorting stay the same everywhere. */
	setlocale(LC_CTYPE, "");
	argp_err_exit_status = STATUS_USAGE;
	app.arena = arena_new();
	r = run(&app, argc, argv, &failure);
	status = r < 0 ? (int)failure->status : r;
	if (finish_output(&failure) < 0 && r >= 0)
		status = STATUS_FAILED;
	if (failure)
		log_write(LOG_LEVEL_ERROR, "%s", failure->text);
	failure_free(failure);
	arena_free(app.arena);
	return status;
}
