/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/xml.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/xmlerror.h>

#include "base/macro.h"
#include "base/strbuf.h"
#include "decode/vm.h"

enum { NODES_MAX = 100000, CHUNK = 64 << 10, TEXT_KEPT = 4096 };

/* The functions that are used, by their own types. */
struct library {
	__typeof__(&xmlCreatePushParserCtxt) create;
	__typeof__(&xmlCtxtUseOptions) options;
	__typeof__(&xmlParseChunk) parse;
	__typeof__(&xmlStopParser) stop;
	__typeof__(&xmlCtxtGetLastError) error;
	__typeof__(&xmlFreeParserCtxt) free;
};

struct build {
	const struct library *lib;
	xmlParserCtxtPtr ctxt;
	struct arena *a;
	struct xml_node *root, *at;
	struct strbuf text; /* of the element that is open */
	size_t nr_nodes, depth;
	const char *refusal; /* why it was stopped; static */
	unsigned int line;
};

/* The library and its data stay until the program ends. */
static const struct library *library(void)
{
	static struct library lib;
	void *handle =
		lib.create ? NULL : dlopen("libxml2.so.2", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

	if (lib.create || !handle)
		return lib.create ? &lib : NULL;
	lib.options = (__typeof__(lib.options))dlsym(handle, "xmlCtxtUseOptions");
	lib.parse = (__typeof__(lib.parse))dlsym(handle, "xmlParseChunk");
	lib.stop = (__typeof__(lib.stop))dlsym(handle, "xmlStopParser");
	lib.error = (__typeof__(lib.error))dlsym(handle, "xmlCtxtGetLastError");
	lib.free = (__typeof__(lib.free))dlsym(handle, "xmlFreeParserCtxt");
	if (lib.options && lib.parse && lib.stop && lib.error && lib.free)
		lib.create = (__typeof__(lib.create))dlsym(handle, "xmlCreatePushParserCtxt");
	return lib.create ? &lib : NULL;
}

static unsigned int line_of(const struct build *b)
{
	const int line = b->ctxt->input ? b->ctxt->input->line : 0;

	return line > 0 ? (unsigned int)line : 1;
}

static void refuse(struct build *b, const char *why)
{
	if (!b->refusal) {
		b->refusal = why;
		b->line = line_of(b);
	}
	b->lib->stop(b->ctxt);
}

static const char *copy(struct build *b, const xmlChar *s)
{
	return s ? arena_strdup(b->a, (const char *)s) : NULL;
}

static void on_start(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
		     int nr_spaces, const xmlChar **spaces, int nr, int nr_defaulted,
		     const xmlChar **attributes)
{
	enum { PARTS = 5 }; /* name, prefix, URI, value, its end */
	struct build *b = ctx;
	struct xml_node *n;

	(void)prefix;
	(void)nr_spaces;
	(void)spaces;
	(void)nr_defaulted;
	if (b->refusal)
		return;
	if (++b->nr_nodes > NODES_MAX || ++b->depth > VM_DEPTH_MAX) {
		refuse(b, b->depth > VM_DEPTH_MAX ? "elements are nested too deeply"
						  : "too many elements");
		return;
	}
	n = arena_new_object(b->a, struct xml_node);
	*n = (struct xml_node){ .name = copy(b, name),
				.space = copy(b, uri),
				.text = "",
				.line = line_of(b),
				.parent = b->at };
	n->attributes = arena_array(b->a, (size_t)nr, sizeof(*n->attributes));
	for (int i = 0; i < nr; i++) {
		const xmlChar **part = attributes + (size_t)i * PARTS;

		n->attributes[n->nr_attributes++] = (struct xml_attribute){
			copy(b, part[0]),
			arena_strndup(b->a, (const char *)part[3], (size_t)(part[4] - part[3])),
		};
	}
	if (b->at) {
		b->at->children = arena_grow(b->a, b->at->children, b->at->nr_children, sizeof(n));
		b->at->children[b->at->nr_children++] = n;
	} else {
		b->root = n;
	}
	b->at = n;
	b->text = (struct strbuf){ .arena = b->a };
}

static void on_end(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct build *b = ctx;
	struct span text;

	(void)name;
	(void)prefix;
	(void)uri;
	if (b->refusal || !b->at)
		return;
	text = span_strip((struct span){ strbuf_get(&b->text), b->text.len });
	if (text.len && !b->at->nr_children)
		b->at->text = arena_strndup(b->a, text.s, text.len);
	b->text = (struct strbuf){ .arena = b->a };
	b->at = b->at->parent;
	b->depth--;
}

static void on_text(void *ctx, const xmlChar *s, int len)
{
	struct build *b = ctx;

	if (b->refusal || !b->at || b->text.len + (size_t)len > TEXT_KEPT)
		return;
	strbuf_add(&b->text, (const char *)s, (size_t)len);
}

static void on_doctype(void *ctx, const xmlChar *name, const xmlChar *external,
		       const xmlChar *system)
{
	(void)name;
	(void)external;
	(void)system;
	refuse(ctx, "a DOCTYPE is not accepted: libvirt writes none, and it could define entities");
}

static void on_error(void *ctx, xmlErrorPtr error)
{
	(void)ctx;
	(void)error;
}

static int parse(struct build *b, struct span text)
{
	int err = 0;

	for (size_t at = 0; !err && !b->refusal && at < text.len; at += CHUNK) {
		const size_t len = text.len - at < CHUNK ? text.len - at : CHUNK;

		err = b->lib->parse(b->ctxt, text.s + at, (int)len, 0);
	}
	if (!err && !b->refusal)
		err = b->lib->parse(b->ctxt, NULL, 0, 1);
	return err;
}

/* The message without the newline at its end. */
static const char *message(struct build *b, unsigned int *ret_line)
{
	const xmlError *e = b->lib->error(b->ctxt);
	struct span text = { e && e->message ? e->message : "not XML", 0 };

	text.len = strcspn(text.s, "\n");
	*ret_line = e && e->line > 0 ? (unsigned int)e->line : 1;
	return arena_strndup(b->a, text.s, text.len);
}

int xml_read(struct span text, struct arena *a, const char *name, struct xml_node **ret,
	     struct failure **reterr)
{
	xmlSAXHandler sax = { .initialized = XML_SAX2_MAGIC,
			      .startElementNs = on_start,
			      .endElementNs = on_end,
			      .characters = on_text,
			      .cdataBlock = on_text,
			      .internalSubset = on_doctype,
			      .serror = (xmlStructuredErrorFunc)on_error };
	struct build b = { .lib = library(), .a = a, .text = { .arena = a } };
	const char *why;
	int err;

	if (!b.lib)
		return failure_set(reterr, -ENOPKG,
				   "cannot read XML: install libxml2 (libxml2.so.2)");
	if (text.len > VM_TEXT_MAX)
		return failure_set(reterr, -E2BIG, "%s is larger than %d bytes", name, VM_TEXT_MAX);
	b.ctxt = b.lib->create(&sax, &b, NULL, 0, NULL);
	if (!b.ctxt)
		return failure_set(reterr, -ENOMEM, "cannot read %s: out of memory", name);
	b.lib->options(b.ctxt, XML_PARSE_NONET);
	err = parse(&b, text);
	why = b.refusal ? b.refusal : err ? message(&b, &b.line) : NULL;
	b.lib->free(b.ctxt);
	if (!why && b.root) {
		*ret = b.root;
		return 0;
	}
	return failure_set(reterr, -EBADMSG, "%s:%u: %s", name, b.line, why ? why : "no element");
}
