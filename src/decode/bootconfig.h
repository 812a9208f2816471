/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The settings of boot loaders: shell assignments (/etc/default/grub, os-release), lines that begin with a
 * keyword (systemd-boot, extlinux), and the name that a loader leaves in a variable of the firmware. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/macro.h"
#include "base/parse.h"

/* NAME=VALUE of a shell, on one line. All borrowed from the text. */
struct assignment {
	struct span name, value; /* the value without the quotes around it */
	char quote;              /* '"', '\'', or 0: none */
	bool appends;            /* NAME+=VALUE */
	/* The line is NAME, '=', one value as a whole and at most a comment: an editor of lines can change the
	 * value. Else the value is cut at the end of the line, or more than one piece. */
	bool plain;
};

/* The next line of @rest that assigns something, also after "export". False at the end. */
bool assignment_next(struct span *rest, struct assignment *ret);
/* The lines of @text that assign one of @names (@nr of them), as they are; in @a. */
char *assignments_reduce(struct span text, const char *const *names, size_t nr, struct arena *a);

/* What follows @keyword (in any case) on the next line of @rest that begins with it, without the white space
 * around it. False at the end. */
bool keyword_next(struct span *rest, const char *keyword, struct span *ret);
/* The lines of @text that begin with @keyword, as they are; in @a. */
char *keyword_reduce(struct span text, const char *keyword, struct arena *a);

/* The text of LoaderInfo as efivarfs shows it: four bytes of attributes, then UTF-16. In @a. 0, or -EBADMSG for
 * what is not printable ASCII. linux: Documentation/filesystems/efivarfs.rst. */
vt_must_check int loader_info_parse(struct span bytes, struct arena *a, const char **ret);
