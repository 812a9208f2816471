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

static void get_time(const void *row, struct value *ret)
{
	const struct host_event *e = row;
	time_t seconds = (time_t)(e->time_us / 1000000);
	struct tm tm;

	if (!gmtime_r(&seconds, &tm))
		return;
	value_set_text(ret,
		       arena_printf(ret->arena, "%04d-%02d-%02dT%02d:%02d:%02d.%06uZ",
				    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
				    tm.tm_min, tm.tm_sec, (unsigned int)(e->time_us % 1000000)));
}

static void get_id(const void *row, struct value *ret)
{
	const struct host_event *e = row;

	value_set_text(ret, arena_printf(ret->arena, "%04x:%04x", e->vendor, e->device_id));
}

static void get_group(const void *at, struct value *ret)
{
	const char *const *group = at;
	uint64_t id;

	ret->kind = VALUE_NONE;
	if (*group && !parse_u64(*group, 10, &id))
		value_set_number(ret, id);
}

static void get_mode(const void *at, struct value *ret)
{
	value_set_text(ret, arena_printf(ret->arena, "%04o", *(const unsigned int *)at));
}

#define OF_NODE FIELD_IF(struct host_event, has_mode)

static const struct field rows[] = {
	{ "time", "when it was received, UTC", FIELD_GET(get_time) },
	{ "source", "udev, kernel, or nodes", FIELD_TEXT(struct host_event, source) },
	{ "action", "add, remove, bind, unbind, change, lost, ...",
	  FIELD_TEXT(struct host_event, action) },
	{ "object", "device, driver, module, group, node or events",
	  FIELD_TEXT(struct host_event, object) },
	{ "name", "its name", FIELD_TEXT(struct host_event, name) },
	{ "bus", "bus of the device or driver", FIELD_TEXT(struct host_event, bus) },
	{ "id", "vendor and device id", FIELD_GET(get_id), FIELD_IF(struct host_event, has_ids) },
	{ "driver", "driver that the device has, or had", FIELD_TEXT(struct host_event, driver) },
	{ "group", "IOMMU group", FIELD_MEMBER(struct host_event, group, const char *, get_group) },
	{ "device", "device that a node belongs to", FIELD_TEXT(struct host_event, device) },
	{ "mode", "permissions of the node, octal",
	  FIELD_MEMBER(struct host_event, mode, unsigned int, get_mode), OF_NODE },
	{ "uid", "owner of the node", FIELD_NUMBER(struct host_event, uid), OF_NODE },
	{ "gid", "group of the node", FIELD_NUMBER(struct host_event, gid), OF_NODE },
	{ "seqnum", "the kernel's number of the event", FIELD_NUMBER(struct host_event, seqnum),
	  .flags = FIELD_NONZERO },
};
const struct field_table event_fields = FIELD_TABLE("event", rows);

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
	struct strbuf line = { .arena = a };
	struct value v = { .arena = a };
	const char *time;

	value_read(&v, &event_fields, "time", e);
	time = v.text;
	for (size_t i = 0; i < ARRAY_SIZE(shown); i++) {
		value_read(&v, &event_fields, shown[i], e);
		if ((v.kind != VALUE_TEXT && v.kind != VALUE_NUMBER) ||
		    (!strcmp(shown[i], "group") && !strcmp(e->object, "group")))
			continue;
		strbuf_printf(&line, "%s%s=%s", line.len ? " " : "", shown[i], value_text(&v, a));
	}
	fprintf(out->stream, "%.15s  %s%-6s%s  %-6s  %s", time ? time + strlen("2026-01-01T") : "?",
		sequence ? sequence : "", escape_text(a, e->action, strlen(e->action), out->utf8),
		sequence ? "\033[0m" : "", e->object,
		escape_text(a, e->name, strlen(e->name), out->utf8));
	if (line.len)
		fprintf(out->stream, "  %s",
			escape_text(a, strbuf_get(&line), line.len, out->utf8));
	fputc('\n', out->stream);
	return fflush(out->stream) ? -errno : 0;
}

int event_json(const struct output *out, const struct host_event *e, struct arena *a)
{
	struct json_object *o = json_object_new_object();
	struct json_object *members = json_from_row(&event_fields, NULL, e, a);
	const char *text;
	size_t len;
	int r;

	json_object_object_add(o, "schema", json_object_new_int(1));
	json_object_object_foreach(members, key, value)
		json_object_object_add(o, key, json_object_get(value));
	json_object_put(members);
	text = json_object_to_json_string_length(o,
						 JSON_C_TO_STRING_PLAIN |
							 JSON_C_TO_STRING_NOSLASHESCAPE,
						 &len);
	json_write(out->stream, text, len);
	fputc('\n', out->stream);
	r = fflush(out->stream) ? -errno : 0;
	json_object_put(o);
	return r;
}
