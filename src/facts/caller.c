/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The caller: ids, capabilities, limits. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cap-ng.h>

#include "decode/cmdline.h"
#include "decode/procfs.h"
#include "decode/unit.h"
#include "facts/loader.h"

enum { STATUS_FILE_MAX = 64 << 10 };

static const struct {
	const char *name;
	unsigned int bit;
	unsigned int number;
} caller_caps[] = {
	{ "sys_rawio", CALLER_CAP_SYS_RAWIO, CAP_SYS_RAWIO },
	{ "sys_admin", CALLER_CAP_SYS_ADMIN, CAP_SYS_ADMIN },
	{ "ipc_lock", CALLER_CAP_IPC_LOCK, CAP_IPC_LOCK },
	{ "sys_resource", CALLER_CAP_SYS_RESOURCE, CAP_SYS_RESOURCE },
	{ "sys_module", CALLER_CAP_SYS_MODULE, CAP_SYS_MODULE },
	{ "dac_override", CALLER_CAP_DAC_OVERRIDE, CAP_DAC_OVERRIDE },
	{ "sys_ptrace", CALLER_CAP_SYS_PTRACE, CAP_SYS_PTRACE },
};

static void answer(struct fact *ret, const char *raw)
{
	ret->state = FACT_PRESENT;
	ret->raw = raw;
	ret->len = strlen(raw);
}

/* Whether the caller is in a user namespace of its own, as in a rootless container: there it may have all
 * capabilities, and none of those that the drivers ask for, which count in the first one only. linux:
 * kernel/capability.c: capable(); include/linux/proc_ns.h: PROC_USER_INIT_INO. */
static bool is_apart(struct sysroot *root, struct arena *a)
{
	static const char first[] = "user:[4026531837]";
	struct fact link = sysroot_read_link(root, a, "proc/self/ns/user");

	return fact_is(&link) && strcmp(link.raw, first) != 0;
}

/* The caller's uid outside the namespace: the lines of uid_map say "inside outside count". */
static unsigned int outside_uid(struct sysroot *root, struct arena *a)
{
	enum { UID_MAP_MAX = 64 << 10, NOBODY = 65534 };
	struct fact map = sysroot_read(root, a, "proc/self/uid_map", UID_MAP_MAX);
	struct span rest = fact_describe(&map), line;
	unsigned int uid = geteuid();

	while (parse_line(&rest, &line)) {
		uint64_t value[3];
		struct span word;
		size_t nr = 0;

		while (nr < ARRAY_SIZE(value) && parse_word(&line, &word) &&
		       parse_u64_span(word, 10, &value[nr]) == 0)
			nr++;
		if (nr == ARRAY_SIZE(value) && uid >= value[0] && uid - value[0] < value[2])
			return (unsigned int)(value[1] + (uid - value[0]));
	}
	return NOBODY;
}

static void ask_identity(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	(void)ctx;
	answer(ret, arena_printf(a, "euid=%u egid=%u",
				 is_apart(root, a) ? outside_uid(root, a) : geteuid(), getegid()));
}

static void ask_capabilities(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	struct strbuf out = { .arena = a };

	(void)ctx;
	if (is_apart(root, a)) {
		answer(ret, "caps=");
		return;
	}
	if (capng_get_caps_process() < 0) {
		ret->state = FACT_FAILED;
		ret->err = EIO;
		return;
	}
	strbuf_printf(&out, "caps=");
	for (size_t i = 0; i < ARRAY_SIZE(caller_caps); i++)
		if (capng_have_capability(CAPNG_EFFECTIVE, caller_caps[i].number))
			strbuf_printf(&out, "%s%s", out.len > 5 ? "," : "", caller_caps[i].name);
	answer(ret, strbuf_get(&out));
}

static const char *limit_text(struct arena *a, rlim_t limit)
{
	return limit == RLIM_INFINITY ? "unlimited" : arena_printf(a, "%" PRIu64, (uint64_t)limit);
}

static void ask_limits(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	struct fact status = sysroot_read(root, a, "proc/self/status", STATUS_FILE_MAX);
	uint64_t locked = 0;
	struct rlimit limit;

	(void)ctx;
	if (getrlimit(RLIMIT_MEMLOCK, &limit) < 0) {
		ret->state = FACT_FAILED;
		ret->err = errno;
		return;
	}
	answer(ret, arena_printf(a, "soft=%s hard=%s", limit_text(a, limit.rlim_cur),
				 limit_text(a, limit.rlim_max)));
	if (!status_get_bytes(fact_describe(&status), "VmLck", &locked))
		answer(ret, arena_printf(a, "%s locked=%" PRIu64, ret->raw, locked));
}

/* A container asks for its host, not for itself: the caller is the host's first process, and it is root. */
static const char init_status[] = "proc/1/status";

/* The second of the four ids of "Uid:	REAL EFFECTIVE SAVED FS". */
static bool effective_id(struct span status, const char *name, uint64_t *ret)
{
	struct span ids, word;

	return status_get(status, name, &ids) && parse_word(&ids, &word) &&
	       parse_word(&ids, &word) && !parse_u64_span(word, 10, ret);
}

/* linux: fs/proc/array.c: task_state(). */
static void ask_init_identity(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	struct fact status = sysroot_read(root, a, init_status, STATUS_FILE_MAX);
	uint64_t uid, gid;

	(void)ctx;
	if (effective_id(fact_describe(&status), "Uid", &uid) &&
	    effective_id(fact_describe(&status), "Gid", &gid))
		answer(ret, arena_printf(a, "euid=%" PRIu64 " egid=%" PRIu64, uid, gid));
}

/* linux: fs/proc/array.c: task_cap(). */
static void ask_init_capabilities(struct sysroot *root, struct arena *a, void *ctx,
				  struct fact *ret)
{
	struct fact status = sysroot_read(root, a, init_status, STATUS_FILE_MAX);
	struct strbuf out = { .arena = a };
	struct span mask;
	uint64_t caps;

	(void)ctx;
	if (!status_get(fact_describe(&status), "CapEff", &mask) ||
	    parse_u64_span(mask, 16, &caps) < 0)
		return;
	strbuf_printf(&out, "caps=");
	for (size_t i = 0; i < ARRAY_SIZE(caller_caps); i++)
		if (caps >> caller_caps[i].number & 1)
			strbuf_printf(&out, "%s%s", out.len > 5 ? "," : "", caller_caps[i].name);
	answer(ret, strbuf_get(&out));
}

static void ask_init_limits(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	struct fact limits = sysroot_read(root, a, "proc/1/limits", STATUS_FILE_MAX);
	uint64_t soft;

	(void)ctx;
	if (!limits_locked(fact_describe(&limits), &soft))
		answer(ret, arena_printf(a, "soft=%s", limit_text(a, soft)));
}

/* The value of @key in "key=value key=value". */
static bool pair_get(const struct fact *f, const char *key, struct span *ret)
{
	bool has_value;

	return cmdline_find(fact_describe(f), key, ret, &has_value) && has_value;
}

/* The number after @key, "unlimited" being the largest. When there is none: false, and the fact is not an
 * answer. */
static bool pair_number(struct fact *f, const char *key, uint64_t *ret)
{
	struct span value;

	if (pair_get(f, key, &value)) {
		if (!parse_u64_span(value, 10, ret))
			return true;
		*ret = UINT64_MAX;
		if (span_equals(value, "unlimited"))
			return true;
	}
	*ret = 0;
	f->state = FACT_FAILED;
	f->err = EBADMSG;
	return false;
}

static void fill_capabilities(struct caller *c)
{
	struct span list, name;

	if (!pair_get(&c->caps_fact, "caps", &list)) {
		c->caps_fact.state = FACT_FAILED;
		c->caps_fact.err = EBADMSG;
		return;
	}
	while (parse_item(&list, &name))
		for (size_t i = 0; i < ARRAY_SIZE(caller_caps); i++)
			if (span_equals(name, caller_caps[i].name))
				c->caps |= caller_caps[i].bit;
}

void caller_load(struct loader *l)
{
	bool here = sysroot_kind(l->root) == SYSROOT_LIVE;
	struct caller *c = &l->h->caller;
	struct span locked;
	uint64_t euid;

	c->identity = sysroot_ask(l->root, l->a, "process:identity", l->h->live,
				  here ? ask_identity : ask_init_identity, NULL);
	c->caps_fact = sysroot_ask(l->root, l->a, "process:capabilities", l->h->live,
				   here ? ask_capabilities : ask_init_capabilities, NULL);
	c->memlock_fact = sysroot_ask(l->root, l->a, "process:limits", l->h->live,
				      here ? ask_limits : ask_init_limits, NULL);
	if (fact_is(&c->identity) && pair_number(&c->identity, "euid", &euid))
		c->euid = (unsigned int)euid;
	if (fact_is(&c->caps_fact))
		fill_capabilities(c);
	if (fact_is(&c->memlock_fact) && pair_get(&c->memlock_fact, "hard", &locked))
		(void)pair_number(&c->memlock_fact, "hard", &c->memlock_hard);
	/* The limit is always reported, the locked bytes are not. */
	if (fact_is(&c->memlock_fact) && pair_number(&c->memlock_fact, "soft", &c->memlock_soft) &&
	    pair_get(&c->memlock_fact, "locked", &locked))
		(void)pair_number(&c->memlock_fact, "locked", &c->memlock_locked);
}
