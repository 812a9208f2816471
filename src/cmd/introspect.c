/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --introspect: what this program can do, as JSON, from the tables that do it. A test compares manual
 * pages and completions with it. Reads no file of the system. */
#include <json-c/json_object.h>
#include <string.h>

#include "model/assume.h"
#include "model/generation.h"
#include "model/predict.h"
#include "model/rule.h"
#include "bind/guard.h"
#include "report/json.h"
#include "cli/config.h"
#include "cmd/commands.h"

static void add_text(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, text ? json_object_new_string(text) : NULL);
}

static struct json_object *option_json(const struct argp_option *o)
{
	struct json_object *ret = json_object_new_object();
	char short_name[2] = { 0 };

	if (o->key > ' ' && o->key < 0x7f)
		short_name[0] = (char)o->key;
	add_text(ret, "name", o->name);
	add_text(ret, "short", short_name[0] ? short_name : NULL);
	add_text(ret, "value", o->arg);
	json_object_object_add(ret, "value_optional",
			       json_object_new_boolean(!!(o->flags & OPTION_ARG_OPTIONAL)));
	json_object_object_add(ret, "hidden",
			       json_object_new_boolean(!!(o->flags & OPTION_HIDDEN)));
	add_text(ret, "help", o->doc);
	return ret;
}

static struct json_object *options_json(const struct argp *argp, const struct argp *without,
					struct arena *a)
{
	struct json_object *ret = json_object_new_array();
	size_t nr;
	const struct argp_option **options = args_options(argp, without, a, &nr);

	for (size_t i = 0; i < nr; i++)
		json_object_array_add(ret, option_json(options[i]));
	return ret;
}

static struct json_object *fields_json(const struct field_table *table, bool columns,
				       struct arena *a)
{
	struct json_object *ret = json_object_new_array();

	for (size_t i = 0; i < table->nr; i++) {
		const struct field *f = &table->fields[i];
		struct json_object *o = json_object_new_object();

		add_text(o, "key", f->key);
		if (columns) {
			add_text(o, "name", field_column_name(a, f));
			json_object_object_add(o, "default",
					       json_object_new_boolean(!!(f->flags &
									  FIELD_DEFAULT)));
		}
		add_text(o, "help", f->help ? f->help : field_source(f)->help);
		json_object_array_add(ret, o);
	}
	return ret;
}

static struct json_object *command_json(const struct command *c, struct arena *a)
{
	struct json_object *ret = json_object_new_object();

	add_text(ret, "name", c->name);
	add_text(ret, "summary", c->summary);
	add_text(ret, "operands", c->operands);
	json_object_object_add(ret, "options", options_json(c->argp, &global_argp, a));
	json_object_object_add(ret, "columns",
			       c->columns ? fields_json(c->columns, true, a)
					  : json_object_new_array());
	return ret;
}

static void put_commands(struct json_doc *doc, struct arena *a)
{
	size_t nr;
	const struct command *const *all = commands_all(&nr);

	json_doc_array_begin(doc, "commands");
	for (size_t i = 0; i < nr; i++)
		json_doc_element(doc, command_json(all[i], a));
	json_doc_array_end(doc);
}

static void put_assumptions(struct json_doc *doc)
{
	size_t nr;
	const struct assumption_key *keys = assumption_keys(&nr);

	json_doc_array_begin(doc, "assumptions");
	for (size_t i = 0; i < nr; i++) {
		struct json_object *o = json_object_new_object();

		add_text(o, "key", keys[i].key);
		add_text(o, "values", keys[i].values);
		json_object_object_add(o, "per_device",
				       json_object_new_boolean(!!keys[i].per_device));
		add_text(o, "help", keys[i].help);
		json_doc_element(doc, o);
	}
	json_doc_array_end(doc);
}

static void put_rules(struct json_doc *doc)
{
	const struct rule *rule;

	json_doc_array_begin(doc, "rules");
	for (size_t i = 0; (rule = rule_get(i)); i++) {
		struct json_object *o = json_object_new_object();

		add_text(o, "id", rule->id);
		add_text(o, "title", rule->title);
		json_doc_element(doc, o);
	}
	json_doc_array_end(doc);
}

static void put_generations(struct json_doc *doc, struct arena *a)
{
	const struct generation *g;

	json_doc_array_begin(doc, "generations");
	for (size_t i = 0; (g = generation_get(i)); i++) {
		struct json_object *o = json_object_new_object();

		add_text(o, "name", release_name(g->first));
		add_text(o, "alias", g->alias);
		add_text(o, "kernels", releases_text(generation_releases(g), a));
		add_text(o, "what", g->what);
		json_doc_element(doc, o);
	}
	json_doc_array_end(doc);
}

static void put_releases(struct json_doc *doc)
{
	json_doc_array_begin(doc, "releases");
	for (unsigned int r = 0; r < NR_RELEASES; r++)
		json_doc_element(doc, json_object_new_string(release_name((enum release)r)));
	json_doc_array_end(doc);
}

static void put_paths(struct json_doc *doc)
{
	json_doc_array_begin(doc, "paths");
	for (unsigned int k = 0; k < NR_PATHS; k++)
		json_doc_element(doc, json_object_new_string(path_kind_name((enum path_kind)k)));
	json_doc_array_end(doc);
}

static void put_guards(struct json_doc *doc)
{
	size_t nr;
	const struct guard *const *all = guards_all(&nr);

	json_doc_array_begin(doc, "guards");
	for (size_t i = 0; i < nr; i++) {
		struct json_object *o = json_object_new_object();

		add_text(o, "name", all[i]->name);
		add_text(o, "protects", all[i]->protects);
		json_doc_element(doc, o);
	}
	json_doc_array_end(doc);
}

/* @table and all that its fields lead to, each once: table name -> keys. */
static void add_document(struct json_object *o, const struct field_table *table, struct arena *a)
{
	if (json_object_object_get_ex(o, table->name, NULL))
		return;
	json_object_object_add(o, table->name, fields_json(table, false, a));
	for (size_t i = 0; i < table->nr; i++) {
		const struct field *f = field_source(&table->fields[i]);

		if (f->fields)
			add_document(o, f->fields, a);
	}
}

static void put_documents(struct json_doc *doc, struct arena *a)
{
	struct json_object *o = json_object_new_object();
	size_t nr;
	const struct command *const *all = commands_all(&nr);

	for (size_t i = 0; i < nr; i++)
		for (size_t d = 0; all[i]->documents && all[i]->documents[d]; d++)
			add_document(o, all[i]->documents[d], a);
	json_doc_member(doc, "documents", o);
}

int introspect_print(struct app *app)
{
	struct json_doc doc;

	json_doc_begin(&doc, app->out.stream);
	json_doc_member(&doc, "schema", json_object_new_int(1));
	json_doc_member(&doc, "version", json_object_new_string(VFIOTOOL_VERSION));
	json_doc_member(&doc, "options", options_json(&global_argp, NULL, app->arena));
	put_commands(&doc, app->arena);
	put_assumptions(&doc);
	put_rules(&doc);
	put_generations(&doc, app->arena);
	put_releases(&doc);
	put_paths(&doc);
	put_guards(&doc);
	put_documents(&doc, app->arena);
	json_doc_end(&doc);
	return STATUS_OK;
}
