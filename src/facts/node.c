/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device nodes: what they are, what the caller may do, who holds them. A node is never opened: that would
 * load modules, and claim what other programs want. */
#include <errno.h>
#include <string.h>

#include "decode/procfs.h"
#include "facts/loader.h"
#include "facts/process.h"

enum { HOLDERS_MAX = 65536 };

void node_load(struct loader *l, struct node *n, const char *path)
{
	struct stat_text st;

	n->path = arena_strdup(l->a, path);
	n->stat = sysroot_stat(l->root, l->a, path + 1);
	if (!fact_is(&n->stat))
		return;
	n->access = sysroot_access(l->root, l->a, path + 1);
	if (stat_text_parse(fact_describe(&n->stat), &st) < 0) {
		n->stat.state = FACT_FAILED;
		n->stat.err = EBADMSG;
		return;
	}
	n->mode = st.mode;
	n->uid = st.uid;
	n->gid = st.gid;
	n->major = st.major;
	n->minor = st.minor;
}

/* The names of @list in @set, so that thousands of groups can ask. */
static void names_index(struct loader *l, const struct fact *list, struct strmap *set)
{
	struct span rest = fact_describe(list), line;

	set->arena = l->a;
	while (parse_line(&rest, &line)) {
		char *name = arena_strndup(l->a, line.s, line.len);

		if (!strmap_find(set, name))
			strmap_add(set, name, name);
	}
}

bool node_is_listed(struct loader *l, const char *dir, const char *name, struct node_names *names)
{
	if (names->list.state == FACT_UNREAD) {
		names->list = sysroot_list(l->root, l->a, dir + 1);
		names_index(l, &names->list, &names->set);
	}
	return strmap_find(&names->set, name);
}

void node_load_listed(struct loader *l, struct node *n, const char *dir, const char *name,
		      struct node_names *names)
{
	const char *path = arena_join(l->a, dir, "/", name, NULL);

	/* One listing spares a question for each of thousands of groups that have no node; for one
	 * device the nodes of the others do not matter. A capture may hold only the listing. */
	if (l->all || sysroot_kind(l->root) == SYSROOT_CAPTURE)
		node_is_listed(l, dir, name, names);
	if (fact_known(&names->list) && !strmap_find(&names->set, name)) {
		n->path = path;
		n->stat = (struct fact){ .state = FACT_ABSENT, .err = ENOENT, .path = path };
		return;
	}
	node_load(l, n, path);
	l->some_node |= fact_is(&n->stat);
}

/* A process may call itself anything; one line stays one line. */
static const char *comm_plain(struct arena *a, const struct fact *comm)
{
	char *ret = fact_is(comm) ? arena_memdup(a, comm->raw, comm->len) : NULL;

	for (size_t i = 0; ret && i < comm->len; i++)
		if (ret[i] < 0x20 || ret[i] == 0x7f)
			ret[i] = '?';
	return ret ? ret : "?";
}

/* The key of a VFIO device's own descriptor, which has no node and mostly does not name the device. linux:
 * drivers/vfio/group.c: vfio_device_open_file(). */
static const char device_word[] = "vfio-device";

/* The nodes that matter, by "MAJOR:MINOR". */
static const char *node_key(struct arena *a, uint32_t major, uint32_t minor)
{
	return arena_printf(a, "%u:%u", major, minor);
}

/* The one of @nodes that a descriptor refers to, or NULL; the name that the process sees does not matter.
 * Only a path begins with a slash: the other names are the kernel's. */
static const char *held_node(struct sysroot *root, struct arena *a, const struct strmap *nodes,
			     const char *pid, struct span fd)
{
	struct fact link =
		sysroot_read_link(root, a,
				  arena_printf(a, "proc/%s/fd/%.*s", pid, (int)fd.len, fd.s));
	struct stat_text st;

	if (!fact_is(&link))
		return NULL;
	if (!strcmp(link.raw, "anon_inode:[vfio-device]"))
		return device_word;
	if ((*link.raw != '/' && *link.raw != '(') || !process_fd_stat(root, a, pid, fd, &st) ||
	    !span_equals(st.type, "char"))
		return NULL;
	return strmap_find(nodes, node_key(a, st.major, st.minor));
}

/* Adds "NODE PID COMM" for each descriptor of one process that is a VFIO or iommufd node, or a device's. */
static int scan_process(struct sysroot *root, struct arena *scratch, void *ctx, const char *pid,
			struct strbuf *out)
{
	const char *dir = arena_printf(scratch, "proc/%s/fd", pid);
	struct fact fds = sysroot_list(root, scratch, dir), comm = { .state = FACT_UNREAD };
	struct span rest = fact_describe(&fds), line;

	if (!fact_is(&fds))
		return fds.state == FACT_DENIED ? -EACCES : 0;
	while (parse_line(&rest, &line)) {
		const char *node = held_node(root, scratch, ctx, pid, line);

		if (!node)
			continue;
		if (comm.state == FACT_UNREAD)
			comm = sysroot_read(root, scratch,
					    arena_printf(scratch, "proc/%s/comm", pid),
					    SYSROOT_ATTRIBUTE_MAX);
		strbuf_printf(out, "%s %s %s\n", node, pid, comm_plain(scratch, &comm));
	}
	return 0;
}

static void ask_holders(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	process_ask_all(root, a, scan_process, ctx, ret);
}

/* Cuts the lines that begin with @name out of the answer about all nodes; *ret_hidden: processes that
 * could not be looked at. */
static struct fact holders_of(struct loader *l, const char *name, const struct fact *all,
			      unsigned int *ret_hidden)
{
	struct strbuf out = { .arena = l->a };
	struct span rest = fact_describe(all), line, word;
	uint64_t hidden = 0;
	size_t nr = 0;

	if (!fact_is(all))
		return (struct fact){ .state = all->state, .err = all->err, .path = all->path };
	while (nr < HOLDERS_MAX && parse_line(&rest, &line)) {
		if (!parse_word(&line, &word))
			continue;
		if (span_equals(word, "hidden") && parse_word(&line, &word) &&
		    !parse_u64_span(word, 10, &hidden) && hidden <= UINT32_MAX) {
			*ret_hidden = (unsigned int)hidden;
			continue;
		}
		if (!span_equals(word, name) || line.len < 2)
			continue;
		strbuf_printf(&out, "%s%.*s", out.len ? "\n" : "", (int)line.len - 1, line.s + 1);
		nr++;
	}
	return fact_derived(l->a, all->path, (struct span){ strbuf_get(&out), out.len });
}

static void node_set_holders(struct loader *l, struct node *n, const struct fact *all)
{
	if (n->path && fact_is(&n->stat))
		n->holders = holders_of(l, n->path, all, &n->hidden_processes);
}

static void node_index(struct loader *l, struct strmap *nodes, const struct node *n)
{
	const char *key;

	if (!n->path || !fact_is(&n->stat))
		return;
	key = node_key(l->a, n->major, n->minor);
	if (!strmap_find(nodes, key))
		strmap_add(nodes, key, (void *)n->path);
}

static void nodes_index(struct loader *l, struct strmap *nodes)
{
	nodes->arena = l->a;
	node_index(l, nodes, &l->h->vfio_node);
	node_index(l, nodes, &l->h->iommu_node);
	for (size_t i = 0; i < l->h->nr_groups; i++) {
		node_index(l, nodes, &l->h->groups[i]->node);
		node_index(l, nodes, &l->h->groups[i]->noiommu_node);
	}
	for (size_t i = 0; i < l->h->nr_devices; i++)
		node_index(l, nodes, &l->h->devices[i]->cdev);
}

void holders_load(struct loader *l)
{
	struct strmap nodes = { 0 };
	unsigned int hidden = 0;
	struct fact all;

	if (!l->some_node)
		return;
	nodes_index(l, &nodes);
	all = sysroot_ask(l->root, l->a, "/proc/*/fd", l->h->live, ask_holders, &nodes);
	node_set_holders(l, &l->h->vfio_node, &all);
	node_set_holders(l, &l->h->iommu_node, &all);
	l->h->device_holders = holders_of(l, device_word, &all, &hidden);
	for (size_t i = 0; i < l->h->nr_groups; i++) {
		node_set_holders(l, &l->h->groups[i]->node, &all);
		node_set_holders(l, &l->h->groups[i]->noiommu_node, &all);
	}
	for (size_t i = 0; i < l->h->nr_devices; i++)
		node_set_holders(l, &l->h->devices[i]->cdev, &all);
}
