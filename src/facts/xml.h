/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads XML with libxml2, which is loaded when it is first needed: no other command pays for it. */
#pragma once

#include "base/arena.h"
#include "base/failure.h"
#include "base/parse.h"
#include "decode/xml.h"

/* The root element of @text, in @a. Nothing outside of @text is read: a document with a DOCTYPE, which could define
 * entities, is refused. 0; -EBADMSG with "line N: ..." in @reterr; -E2BIG past the limits of decode/vm.h; -ENOPKG without
 * the library. */
int xml_read(struct span text, struct arena *a, const char *name, struct xml_node **ret,
	     struct failure **reterr);
