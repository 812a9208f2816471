/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parses assumptions and finds the one that answers a question. */
#include "model/assume.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/parse.h"
#include "base/strbuf.h"

static const struct assumption_key keys[] = {
#define X(id, module_id, module, name, by_default, key, values, writable) \
	{ key, values, "parameter of " #module, 0 },
	PARAM_ASSUMED_LIST(X)
#undef X
		{ "module.NAME", "loaded|loadable|builtin|absent", "state of a module", 0 },
	{ "memlock", "BYTES|unlimited", "the caller's limit of locked memory", 0 },
	{ "euid", "NUMBER", "the caller's user", 0 },
	{ "cap_sys_rawio", "0|1", "a capability of the caller", 0 },
	{ "cap_ipc_lock", "0|1", "a capability of the caller", 0 },
	{ "driver", "NAME|none", "the driver of a device", 1 },
	{ "cache_coherency", "0|1", "what the IOMMU answers for a device", 1 },
	{ "interrupt_remapping", "0|1", "what the IOMMU answers for a device, up to 6.2", 1 },
	{ "isolated_msi", "0|1", "whether a device has isolated MSI, from 6.3", 1 },
	{ "enforce_cache_coherency", "0|1", "whether a device's domain enforces coherency", 1 },
	{ "numvfs", "NUMBER", "virtual functions that a device has enabled", 1 },
	{ "vf_token", "0|1", "whether the caller gives the right VF token", 1 },
	{ "aperture", "START-LAST", "first and last IOVA of the domain of a device", 1 },
	{ "page_sizes", "MASK", "page sizes of the domain of a device", 1 },
	{ "held", "0|1", "whether a process holds the group of a device", 1 },
};

const char *module_key(enum module_id id)
{
	static const char *const module_keys[NR_MODULES] = {
#define X(module_id, name) [MODULE_##module_id] = "module." #name,
		MODULE_LIST(X)
#undef X
	};

	return module_keys[id];
}

const struct assumption_key *assumption_keys(size_t *nr)
{
	*nr = ARRAY_SIZE(keys);
	return keys;
}

static const struct assumption_key *find_key(const char *text)
{
	if (strncmp(text, "module.", 7) == 0) {
		if (module_find(text + 7) == NR_MODULES)
			return NULL;
		text = "module.NAME";
	}
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strcmp(keys[i].key, text) == 0)
			return &keys[i];
	return NULL;
}

static int unknown_key(struct arena *a, const char *key, struct failure **reterr)
{
	struct strbuf list = { .arena = a };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		strbuf_item(&list, " ", "%s", keys[i].key);
	return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
				  "unknown assumption '%s'; use one of: %s", key, list.s);
}

static bool is_choice(const char *value, const char *choices)
{
	size_t len = strlen(value);

	for (const char *p = choices; *p; p += strcspn(p, "|"), p += *p == '|')
		if (strcspn(p, "|") == len && strncmp(p, value, len) == 0)
			return true;
	return false;
}

static bool is_range(struct arena *a, const char *value)
{
	const char *dash = strchr(value, '-');
	uint64_t start, last;

	return dash && parse_u64(arena_strndup(a, value, (size_t)(dash - value)), 0, &start) == 0 &&
	       parse_u64(dash + 1, 0, &last) == 0 && start <= last;
}

static bool value_is_good(struct arena *a, const struct assumption_key *key, const char *value)
{
	uint64_t number;

	if (strcmp(key->values, "NAME|none") == 0)
		return *value != '\0';
	if (strcmp(key->values, "START-LAST") == 0)
		return is_range(a, value);
	if (strcmp(key->values, "MASK") == 0)
		return parse_u64(value, 0, &number) == 0 && number;
	if (strcmp(key->values, "NUMBER") == 0)
		return parse_u64(value, 10, &number) == 0;
	if (strcmp(key->values, "BYTES|unlimited") == 0)
		return strcmp(value, "unlimited") == 0 || parse_u64(value, 10, &number) == 0;
	return is_choice(value, key->values);
}

/* "01:00.0" means domain 0000, as everywhere in the tool; "pci:" in front may be left out. */
static const char *canonical_target(struct arena *a, const char *text)
{
	char *name = arena_strdup(a, strncmp(text, "pci:", 4) == 0 ? text + 4 : text);
	size_t len = strlen(name);

	if (len == 7 && name[2] == ':' && name[5] == '.')
		name = arena_printf(a, "0000:%s", name);
	if (len >= 7 && strchr(name, '.') && !strchr(name, '/') && isxdigit((unsigned char)name[0]))
		for (char *p = name; *p; p++)
			*p = (char)tolower((unsigned char)*p);
	return name;
}

static bool same_target(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static int refuse_contradiction(const struct assumptions *as, const struct assumption *new,
				const char *text, struct failure **reterr)
{
	for (size_t i = 0; i < as->nr; i++) {
		const struct assumption *old = &as->items[i];
		if (strcmp(old->key, new->key) == 0 && same_target(old->target, new->target) &&
		    strcmp(old->value, new->value) != 0)
			return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
						  "assumption '%s' contradicts '%s': leave one of them out",
						  text, old->fact.raw);
	}
	return 0;
}

int assumptions_add(struct assumptions *as, struct arena *a, const char *text,
		    struct failure **reterr)
{
	const char *equals = strchr(text, '=');

	if (!equals || equals == text)
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
					  "assumption '%s' is not [TARGET:]KEY=VALUE, for example 0000:01:00.0:driver=none",
					  text);
	const char *left = arena_strndup(a, text, (size_t)(equals - text));
	const char *colon = strrchr(left, ':');
	const char *name = colon ? colon + 1 : left;
	const struct assumption_key *key = find_key(name);
	if (!key)
		return unknown_key(a, name, reterr);
	if (colon && !key->per_device)
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
					  "assumption '%s' applies to the whole host and takes no target: write %s=VALUE",
					  name, name);
	if (colon == left)
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
					  "assumption '%s' has an empty target: name a device before the colon, or leave the colon out",
					  text);
	if (!value_is_good(a, key, equals + 1))
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
					  "assumption '%s' takes %s, not '%s'", name, key->values,
					  equals + 1);
	struct assumption new = {
		.target =
			colon ? canonical_target(a, arena_strndup(a, left, (size_t)(colon - left)))
			      : NULL,
		.key = name,
		.value = arena_strdup(a, equals + 1),
		.fact = { .state = FACT_PRESENT, .path = "assumption" },
	};
	new.fact.raw = arena_strdup(a, text);
	new.fact.len = strlen(text);
	int err = refuse_contradiction(as, &new, text, reterr);
	if (err)
		return err;
	as->items = arena_grow(a, as->items, as->nr, sizeof(*as->items));
	as->items[as->nr++] = new;
	return 0;
}

/* ---- finding ---- */

static bool names_device(const char *target, const struct device *dev)
{
	size_t bus = strlen(dev->bus_name ? dev->bus_name : "");

	if (strcmp(target, dev->name) == 0)
		return true;
	return bus && strncmp(target, dev->bus_name, bus) == 0 && target[bus] == ':' &&
	       strcmp(target + bus + 1, dev->name) == 0;
}

static bool names_group(const char *target, const struct device *dev)
{
	uint32_t id;

	return dev->group && strncmp(target, "group:", 6) == 0 &&
	       parse_u32(target + 6, 10, &id) == 0 && id == dev->group->id;
}

/* How closely @as names @dev: 3 the device, 2 its group, 1 everything, 0 something else. */
static int closeness(const struct assumption *as, const struct device *dev)
{
	if (!as->target)
		return 1;
	if (!dev)
		return 0;
	return names_device(as->target, dev) ? 3 : names_group(as->target, dev) ? 2 : 0;
}

const struct assumption *assumptions_find(const struct assumptions *as, const struct device *dev,
					  const char *key)
{
	const struct assumption *best = NULL;
	int best_closeness = 0;

	for (size_t i = 0; i < as->nr; i++) {
		if (strcmp(as->items[i].key, key) != 0)
			continue;
		int c = closeness(&as->items[i], dev);
		if (c && c >= best_closeness) {
			best = &as->items[i];
			best_closeness = c;
		}
	}
	return best;
}

bool assumption_applies(const struct host *h, const struct assumption *as)
{
	for (size_t i = 0; as->target && i < h->nr_devices; i++)
		if (closeness(as, h->devices[i]))
			return true;
	return !as->target;
}

const struct device *assumption_device(const struct host *h, const struct assumption *as)
{
	for (size_t i = 0; as->target && i < h->nr_devices; i++)
		if (names_device(as->target, h->devices[i]))
			return h->devices[i];
	return NULL;
}
