/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The readers of facts/in-use.h. Nothing outside facts/ includes it. */
#pragma once

#include "facts/in-use.h"
#include "facts/loader.h"

/* ---- loaders ---- */

void in_use_load_blocks(struct loader *l, struct in_use *u);
void in_use_load_processes(struct loader *l, struct in_use *u);
void in_use_load_network(struct loader *l, struct in_use *u);
void in_use_load_consoles(struct loader *l, struct in_use *u);

/* ---- helpers ---- */

/* The path below the root that a link in directory @dir leads to, or NULL. */
const char *in_use_follow(struct loader *l, const char *dir, const struct fact *link);
/* "8:1" to its numbers; false when the text has another form. */
bool in_use_devno(struct span text, uint32_t *major, uint32_t *minor);
/* The next word of @line as a number below 2^32; false when there is none. */
bool in_use_number(struct span *line, unsigned int *ret);
/* The next word of @line, in @a; NULL at the end. */
const char *in_use_word(struct arena *a, struct span *line);
/* Cuts "hidden N" off the first line of an answer. */
bool in_use_hidden(struct span *rest, unsigned int *ret);
