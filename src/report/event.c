/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/event.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <json-c/linkhash.h>

#include "base/macro.h"
#include "base/strbuf.h"
#include "report/escape.h"
#include "report/json.h"

static void get_time(const void *row, struct arena *a, struct value *ret)
{
	const struct host_event *e = row;
	time_t seconds = (time_t)(e->time_us / 1000000);
	struct tm tm;

	if (!gmtime_r(&seconds, &tm))
		return;
	value_set_text(ret,
		       arena_printf(a, "%04d-%02d-%02dT%02d:%02d:%02d.%06uZ", tm.tm_year + 1900,
				    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
				    (unsigned int)(e->time_us % 1000000)));
}

#define GET_TEXT(member)                                                                        \
	static void get_##member(const void *row, struct arena *a vt_unused, struct value *ret) \
	{                                                                                       \
		value_set_text(ret, ((const struct host_event *)row)->member);                  \
	}

GET_TEXT(source)
GET_TEXT(action)
GET_TEXT(object)
GET_TEXT(name)
GET_TEXT(bus)
GET_TEXT(driver)
GET_TEXT(device)

static void get_id(const void *row, struct arena *a, struct value *ret)
{
	const struct host_event *e = row;

	value_set_text(ret,
		       e->has_ids ? arena_printf(a, "%04x:%04x", e->vendor, e->device_id) : NULL);
}

static void get_group(const void *row, struct arena *a vt_unused, struct value *ret)
{
	const struct host_event *e = row;
	uint64_t id;

	ret->kind = VALUE_NONE;
	if (e->group && !parse_u64(e->group, 10, &id))
		value_set_number(ret, id);
}

static void get_mode(const void *row, struct arena *a, struct value *ret)
{
	const struct host_event *e = row;

	value_set_text(ret, e->has_mode ? arena_printf(a, "%04o", e->mode) : NULL);
}

static void get_number(struct value *ret, bool has, uint64_t number)
{
	ret->kind = VALUE_NONE;
	if (has)
		value_set_number(ret, number);
}

static void get_uid(const void *row, struct arena *a vt_unused, struct value *ret)
{
	const struct host_event *e = row;

	get_number(ret, e->has_mode, e->uid);
}

static void get_gid(const void *row, struct arena *a vt_unused, struct value *ret)
{
	const struct host_event *e = row;

	get_number(ret, e->has_mode, e->gid);
}

static void get_seqnum(const void *row, struct arena *a vt_unused, struct value *ret)
{
	const struct host_event *e = row;

	get_number(ret, e->seqnum != 0, e->seqnum);
}

const struct field_table *event_fields(void)
{
	static const struct field fields[] = {
		{ "time", 0, 0, "when it was received, UTC", get_time },
		{ "source", 0, 0, "udev, kernel, or nodes", get_source },
		{ "action", 0, 0, "add, remove, bind, unbind, change, lost, ...", get_action },
		{ "object", 0, 0, "device, driver, module, group, node or events", get_object },
		{ "name", 0, 0, "its name", get_name },
		{ "bus", 0, 0, "bus of the device or driver", get_bus },
		{ "id", 0, 0, "vendor and device id", get_id },
		{ "driver", 0, 0, "driver that the device has, or had", get_driver },
		{ "group", 0, 0, "IOMMU group", get_group },
		{ "device", 0, 0, "device that a node belongs to", get_device },
		{ "mode", 0, 0, "permissions of the node, octal", get_mode },
		{ "uid", 0, 0, "owner of the node", get_uid },
		{ "gid", 0, 0, "group of the node", get_gid },
		{ "seqnum", 0, 0, "the kernel's number of the event", get_seqnum },
	};
	static const struct field_table table = FIELD_TABLE("event", fields);

	return &table;
}

static enum style action_style(const char *action)
{
	if (!strcmp(action, "add") || !strcmp(action, "bind"))
		return STYLE_YES;
	if (!strcmp(action, "remove") || !strcmp(action, "unbind"))
		return STYLE_NO;
	return !strcmp(action, "lost") ? STYLE_UNKNOWN : STYLE_NONE;
}

/* "21:05:07.123456  bind    device 0000:01:00.0  driver=vfio-pci group=12". */
int event_text(const struct output *out, const struct host_event *e, struct arena *a)
{
	static const char *const shown[] = {
		"id", "driver", "group", "device", "mode", "uid", "gid"
	};
	const char *sequence = out->color ? out->scheme.sequences[action_style(e->action)] : NULL;
	const struct field_table *table = event_fields();
	struct strbuf line = { .arena = a };
	struct value time = { 0 };

	get_time(e, a, &time);
	for (size_t i = 0; i < ARRAY_SIZE(shown); i++) {
		const struct field *f = field_find(table, shown[i], strlen(shown[i]));
		struct value v = { 0 };

		f->get(e, a, &v);
		if ((v.kind != VALUE_TEXT && v.kind != VALUE_NUMBER) ||
		    (!strcmp(shown[i], "group") && !strcmp(e->object, "group")))
			continue;
		strbuf_printf(&line, "%s%s=%s", line.len ? " " : "", shown[i], value_text(&v, a));
	}
	fprintf(out->stream, "%.15s  %s%-6s%s  %-6s  %s",
		time.text ? time.text + strlen("2026-01-01T") : "?", sequence ? sequence : "",
		text_escape(a, e->action, strlen(e->action), out->utf8), sequence ? "\033[0m" : "",
		e->object, text_escape(a, e->name, strlen(e->name), out->utf8));
	if (line.len)
		fprintf(out->stream, "  %s",
			text_escape(a, strbuf_get(&line), line.len, out->utf8));
	fputc('\n', out->stream);
	return fflush(out->stream) ? -errno : 0;
}

int event_json(const struct output *out, const struct host_event *e, struct arena *a)
{
	struct json_object *o = json_object_new_object();
	struct json_object *members = json_from_row(event_fields(), NULL, e, a);
	int r;

	json_object_object_add(o, "schema", json_object_new_int(1));
	json_object_object_foreach(members, key, value)
		json_object_object_add(o, key, json_object_get(value));
	json_object_put(members);
	fprintf(out->stream, "%s\n",
		json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
							  JSON_C_TO_STRING_NOSLASHESCAPE));
	r = fflush(out->stream) ? -errno : 0;
	json_object_put(o);
	return r;
}
