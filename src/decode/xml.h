/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An XML document as a tree, in an arena. facts/xml.c makes it with libxml2. */
#pragma once

#include <stddef.h>

#include "base/arena.h"

struct xml_attribute {
	const char *name, *value; /* the name without its prefix */
};

struct xml_node {
	const char *name;  /* without its prefix */
	const char *space; /* the URI of its namespace; NULL: none */
	const char *
		text; /* what stands in it directly, without white space around it; "" for nothing */
	unsigned int line;
	struct xml_attribute *attributes;
	size_t nr_attributes;
	struct xml_node **children;
	size_t nr_children;
	struct xml_node *parent;
};

/* The value of @name, or NULL. */
const char *xml_attribute(const struct xml_node *n, const char *name);
/* The first child @name behind @after (NULL: from the first on), or NULL. */
const struct xml_node *xml_child(const struct xml_node *n, const char *name,
				 const struct xml_node *after);
