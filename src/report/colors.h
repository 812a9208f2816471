/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Colours: which escape sequence a style has, and what terminal-colors.d(5) files say about it. Pure text;
 * cmd/ reads the files and the environment. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "report/field.h"

struct color_scheme {
	const char *sequences[NR_STYLES]; /* "\033[32m", or NULL for the default look */
};

/* The name of a style in a scheme file: "yes" "no" "unknown" "heading" "name" "dim" "remedy". */
void color_scheme_default(struct color_scheme *ret);
/* Applies the lines of a scheme file: "NAME SEQUENCE", SEQUENCE a colour's name, "1;32", or escapes
 * (\e \033...). Lines that are not understood are left out, as terminal-colors.d(5) has it. Strings
 * go to @a. */
void color_scheme_apply(struct color_scheme *scheme, struct arena *a, const char *text);

/* The names under which terminal-colors.d may say something of @type ("enable", "disable", "scheme") to
 * @program on @term (NULL: no terminal known), the more specific first. How many, at most
 * COLOR_FILE_NAMES; strings in @a. */
enum { COLOR_FILE_NAMES = 4 };
size_t color_file_names(struct arena *a, const char *program, const char *term, const char *type,
			const char *ret[COLOR_FILE_NAMES]);
