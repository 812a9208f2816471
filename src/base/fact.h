/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A fact: one thing read from a host, with where it came from, or why it could not be read. 'Unreadable' is
 * a state of its own, so that it never turns into 'no'. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fact_state {
	FACT_UNREAD = 0, /* nobody looked: out of scope, or not in this capture */
	FACT_PRESENT,    /* raw and len are what was read */
	FACT_ABSENT,     /* the system answered that there is no such thing (ENOENT) */
	FACT_DENIED,     /* the caller may not read it (EACCES, EPERM) */
	FACT_FAILED,     /* anything else; err says what */
};

/* Kept small: a snapshot has dozens of facts for each device. */
struct fact {
	enum fact_state state : 8;
	int err : 24;     /* 0, or the positive errno of the read */
	uint32_t len;     /* bytes in raw; embedded NULs are possible */
	const char *path; /* the source: an absolute path, or the name of a question (arena) */
	/* the text, NUL-terminated, one trailing newline removed (arena), or NULL */
	const char *raw;
};

static inline bool fact_is(const struct fact *f)
{
	return f->state == FACT_PRESENT;
}

/* Whether the system gave a definite answer; 'there is none' is one. */
static inline bool fact_known(const struct fact *f)
{
	return f->state == FACT_PRESENT || f->state == FACT_ABSENT;
}

/* The state in a word, for a report: "present", "absent", "denied", "failed", "unread". */
const char *fact_state_name(enum fact_state state);
/* The state that @err, a positive errno, stands for when a path was read. */
enum fact_state fact_state_from_errno(int err);
