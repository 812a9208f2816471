/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The driver that a device gets at each boot, by driverctl's directory or a rule of bind/persist.c, and
 * whether that entry is for this device or for one that had its address before. */
#include <string.h>

#include "facts/loader.h"

#define RULES     "etc/udev/rules.d"
#define DRIVERCTL "etc/driverctl.d"

static bool is_listed(const struct fact *list, const char *name)
{
	struct span rest = fact_describe(list), line;

	while (parse_line(&rest, &line))
		if (span_equals(line, name))
			return true;
	return false;
}

/* A file of a directory whose list is at hand; ABSENT where that does not have it. */
static struct fact read_listed(struct loader *l, const struct fact *list, const char *dir,
			       const char *name)
{
	if (!fact_is(list))
		return *list;
	if (!is_listed(list, name))
		return (struct fact){ .state = FACT_ABSENT, .path = list->path };
	return read_at(l, dir, name);
}

/* The value that @d has for a key of a rule, or NULL when such keys are not ours. */
static const char *value_of(struct loader *l, const struct device *d, struct span key)
{
	const struct {
		const char *key;
		uint16_t id;
	} ids[] = {
		{ "vendor", d->vendor },
		{ "device", d->device_id },
		{ "subsystem_vendor", d->subvendor },
		{ "subsystem_device", d->subdevice },
	};

	if (span_equals(key, "modalias"))
		return fact_is(&d->modalias) ? d->modalias.raw : NULL;
	for (size_t i = 0; d->has_ids && i < sizeof(ids) / sizeof(*ids); i++)
		if (span_equals(key, ids[i].key))
			return arena_printf(l->a, "0x%04x", ids[i].id);
	return NULL;
}

/* Whether a pattern without any wildcard but "[x]", which stands for x, is @text. */
static bool matches(struct span pattern, const char *text)
{
	for (; pattern.len; text++) {
		size_t n = pattern.len > 2 && pattern.s[0] == '[' && pattern.s[2] == ']' ? 3 : 1;

		if (*text != pattern.s[n / 2])
			return false;
		pattern.s += n;
		pattern.len -= n;
	}
	return !*text;
}

/* Whether @d meets all conditions of the rule, also those that exclude other devices. */
static bool is_about(struct loader *l, const struct device *d, const struct fact *rule)
{
	static const char attribute[] = "ATTR{";

	for (const char *at = rule->raw; (at = strstr(at, attribute));) {
		struct span key = { at + strlen(attribute), 0 }, value;
		const char *have;

		key.len = strcspn(key.s, "}\n");
		at = key.s + key.len;
		if (strncmp(at, "}==\"", 4) != 0 && strncmp(at, "}!=\"", 4) != 0)
			continue;
		at += 4;
		value = (struct span){ at, strcspn(at, "\"\n") };
		have = value_of(l, d, key);
		if (have && !matches(value, have))
			return false;
	}
	return true;
}

/* The driver that a rule sets; UNREAD when it sets none, as the one beside driverctl's file. */
static struct fact driver_set(struct loader *l, const struct fact *rule)
{
	static const char key[] = "ATTR{driver_override}=\"";
	const char *at = fact_is(rule) ? strstr(rule->raw, key) : NULL;

	if (!at)
		return (struct fact){ 0 };
	at += strlen(key);
	return fact_derived(l->a, rule->path, (struct span){ at, strcspn(at, "\"\n") });
}

void persist_load(struct loader *l, struct device *d)
{
	struct fact override, rule, set;

	if (l->rules.state == FACT_UNREAD) {
		l->driverctl = sysroot_list(l->root, l->a, DRIVERCTL);
		l->rules = sysroot_list(l->root, l->a, RULES);
	}
	override = read_listed(l, &l->driverctl, DRIVERCTL,
			       arena_join(l->a, d->bus_name, "-", d->name, NULL));
	rule = read_listed(l, &l->rules, RULES,
			   arena_join(l->a, "06-vfiotool-", d->bus_name, "-", d->name, ".rules",
				      NULL));
	set = driver_set(l, &rule);
	/* driverctl takes an empty file for none. */
	d->persist = override;
	if (override.state == FACT_ABSENT || (fact_is(&override) && !override.len))
		d->persist = set;
	/* driverctl sets no driver: then the rule sets none either, or it could not be read. */
	if (d->persist.state == FACT_UNREAD && override.state != FACT_UNREAD)
		d->persist = fact_is(&rule)
				     ? (struct fact){ .state = FACT_ABSENT, .path = rule.path }
				     : rule;
	if (!fact_is(&d->persist) || !fact_is(&rule) || is_about(l, d, &rule))
		return;
	d->persist_stranger = d->persist;
	d->persist = (struct fact){ .state = FACT_ABSENT, .path = rule.path };
}
