/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Output settings from the terminal and the environment (width, characters, colours), and whether the
 * output was written. */
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/macro.h"
#include "base/parse.h"
#include "report/colors.h"
#include "cli/command.h"

enum { WIDTH_MAX = 10000, WIDTH_DEFAULT = 80, SCHEME_SIZE_MAX = 64 * 1024 };

/* COLUMNS applies to a pipe as well; without it a pipe has no width limit. */
static size_t output_width(bool tty)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size = { 0 };
	uint64_t width;

	if (columns && !parse_u64(columns, 10, &width) && width > 0)
		return width < WIDTH_MAX ? width : WIDTH_MAX;
	if (!tty)
		return 0;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col > 0)
		return size.ws_col;
	return WIDTH_DEFAULT;
}

/* util-linux reads one folder: the user's when there is one, else the system's. */
static int open_colors_dir(struct arena *a)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME"), *path = NULL;
	int fd = -1;

	if (config && *config)
		path = arena_printf(a, "%s/terminal-colors.d", config);
	else if (home && *home)
		path = arena_printf(a, "%s/.config/terminal-colors.d", home);
	if (path)
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fd = open("/etc/terminal-colors.d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd;
}

/* The rank of the most specific file of @type that exists: 4 to 1, or 0. Opens it into *@ret_fd. */
static size_t find_colors_file(int dir, struct arena *a, const char *term, const char *type,
			       int *ret_fd)
{
	const char *names[COLOR_FILE_NAMES];
	size_t nr = color_file_names(a, "vfiotool", term, type, names);

	for (size_t i = 0; i < nr; i++) {
		int fd = openat(dir, names[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

		if (fd < 0)
			continue;
		if (ret_fd)
			*ret_fd = fd;
		else
			close(fd);
		return nr - i;
	}
	return 0;
}

static void read_scheme(int dir, struct arena *a, const char *term, struct color_scheme *scheme)
{
	vt_cleanup(fd_closep) int fd = -EBADF;
	char *text = arena_alloc(a, SCHEME_SIZE_MAX + 1);
	ssize_t len;

	if (!find_colors_file(dir, a, term, "scheme", &fd))
		return;
	len = read(fd, text, SCHEME_SIZE_MAX);
	if (len <= 0)
		return;
	text[len] = '\0';
	color_scheme_apply(scheme, a, text);
}

static bool wants_color(enum color_mode mode, bool tty, int dir, const char *term, struct arena *a)
{
	const char *no_color = getenv("NO_COLOR");

	if (mode != COLOR_AUTO)
		return mode == COLOR_ALWAYS;
	if (!tty || !term || !*term || !strcmp(term, "dumb") || (no_color && *no_color))
		return false;
	return dir < 0 || find_colors_file(dir, a, term, "disable", NULL) <=
				  find_colors_file(dir, a, term, "enable", NULL);
}

void terminal_setup(struct app *app)
{
	vt_cleanup(fd_closep) int dir = -EBADF;
	const char *term = getenv("TERM");
	bool tty = isatty(STDOUT_FILENO) == 1;

	app->out = (struct output){
		.stream = stdout,
		.headings = true,
		.utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8"),
		.width = output_width(tty),
	};
	if (app->color == COLOR_NEVER || (app->color == COLOR_AUTO && !tty))
		return;
	dir = open_colors_dir(app->arena);
	app->out.color = wants_color(app->color, tty, dir, term, app->arena);
	color_scheme_default(&app->out.scheme);
	if (app->out.color && dir >= 0)
		read_scheme(dir, app->arena, term, &app->out.scheme);
}

int answer_lost(int err, struct failure **reterr)
{
	return failure_set_status(reterr, STATUS_FAILED, -err,
				  "cannot write the answer to standard output: %s; %s",
				  strerror(err), failure_write_advice(err));
}

int answer_flush(const struct app *app, struct failure **reterr)
{
	return fflush(app->out.stream) ? answer_lost(errno, reterr) : 0;
}
