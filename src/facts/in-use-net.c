/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network interfaces, their addresses and routes, as rtnetlink reports them. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "facts/in-use-load.h"

enum { LINKS_MAX = 65536, ATTRIBUTES_MAX = 128 };

struct dump {
	struct arena *arena; /* of out and scratch */
	struct strbuf *out;
};

struct attributes {
	const struct nlattr *by_type[ATTRIBUTES_MAX];
};

static int keep_attribute(const struct nlattr *attr, void *data)
{
	struct attributes *all = data;
	unsigned int type = mnl_attr_get_type(attr);

	if (type < ATTRIBUTES_MAX)
		all->by_type[type] = attr;
	return MNL_CB_OK;
}

static unsigned int attribute_u32(const struct attributes *all, unsigned int type)
{
	const struct nlattr *attr = all->by_type[type];

	return attr && mnl_attr_get_payload_len(attr) >= 4 ? mnl_attr_get_u32(attr) : 0;
}

/* One dump of @type; each message goes to @each. 0, or a negative errno. */
static int dump_all(uint16_t type, mnl_cb_t each, struct dump *d)
{
	char buf[16384] __attribute__((aligned(8)));
	struct nlmsghdr *request = mnl_nlmsg_put_header(buf);
	struct mnl_socket *socket;
	struct rtgenmsg *general;
	const unsigned int seq = 1;
	ssize_t len;
	int r = -EIO;

	request->nlmsg_type = type;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->nlmsg_seq = seq;
	general = mnl_nlmsg_put_extra_header(request, sizeof(*general));
	general->rtgen_family = AF_UNSPEC;
	socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!socket)
		return -errno;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(socket, request, request->nlmsg_len) < 0) {
		r = -errno;
		mnl_socket_close(socket);
		return r;
	}
	for (r = MNL_CB_OK; r > MNL_CB_STOP;) {
		len = mnl_socket_recvfrom(socket, buf, sizeof(buf));
		r = len < 0 ? -1
			    : mnl_cb_run(buf, (size_t)len, seq, mnl_socket_get_portid(socket), each,
					 d);
	}
	r = r < 0 ? -errno : 0;
	mnl_socket_close(socket);
	return r;
}

static void answer(int r, struct arena *a, const struct strbuf *out, struct fact *ret)
{
	const char *text = strbuf_get(out);

	if (r < 0) {
		ret->state = fact_state_from_errno(-r);
		ret->err = -r;
		return;
	}
	*ret = fact_derived(a, ret->path, (struct span){ text, out->len ? out->len - 1 : 0 });
}

/* The "kind" in the nest of IFLA_LINKINFO: "vlan". */
static const char *link_kind(struct arena *a, const struct nlattr *info)
{
	struct attributes all = { 0 };
	const struct nlattr *kind;

	if (!info || mnl_attr_parse_nested(info, keep_attribute, &all) < 0)
		return "-";
	kind = all.by_type[IFLA_INFO_KIND];
	return kind ? arena_strndup(a, mnl_attr_get_payload(kind), mnl_attr_get_payload_len(kind))
		    : "-";
}

static int add_link(const struct nlmsghdr *message, void *data)
{
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(message);
	struct attributes all = { 0 };
	struct dump *d = data;
	const struct nlattr *name;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*link) ||
	    mnl_attr_parse(message, sizeof(*link), keep_attribute, &all) < 0)
		return MNL_CB_ERROR;
	name = all.by_type[IFLA_IFNAME];
	/* With IFLA_LINK_NETNSID the number below is one of another namespace. */
	strbuf_printf(d->out, "%d %s %u %u %u %s\n", link->ifi_index,
		      name ? arena_strndup(d->arena, mnl_attr_get_payload(name),
					   mnl_attr_get_payload_len(name))
			   : "?",
		      link->ifi_flags, attribute_u32(&all, IFLA_MASTER),
		      all.by_type[IFLA_LINK_NETNSID] ? 0 : attribute_u32(&all, IFLA_LINK),
		      link_kind(d->arena, all.by_type[IFLA_LINKINFO]));
	return MNL_CB_OK;
}

/* An address of @family in @attr; NULL when @attr is not one. */
static const char *address_text(struct arena *a, int family, const struct nlattr *attr)
{
	char text[INET6_ADDRSTRLEN];
	size_t wanted = family == AF_INET ? 4 : 16;

	if ((family != AF_INET && family != AF_INET6) || !attr ||
	    mnl_attr_get_payload_len(attr) < wanted ||
	    !inet_ntop(family, mnl_attr_get_payload(attr), text, sizeof(text)))
		return NULL;
	return arena_strdup(a, text);
}

static int add_address(const struct nlmsghdr *message, void *data)
{
	const struct ifaddrmsg *address = mnl_nlmsg_get_payload(message);
	struct attributes all = { 0 };
	struct dump *d = data;
	const char *text;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*address) ||
	    mnl_attr_parse(message, sizeof(*address), keep_attribute, &all) < 0)
		return MNL_CB_ERROR;
	/* The own end of a point-to-point link is the local one. */
	text = address_text(d->arena, address->ifa_family,
			    all.by_type[IFA_LOCAL] ? all.by_type[IFA_LOCAL]
						   : all.by_type[IFA_ADDRESS]);
	if (text)
		strbuf_printf(d->out, "%u %s/%u\n", address->ifa_index, text,
			      address->ifa_prefixlen);
	return MNL_CB_OK;
}

static void add_hops(struct dump *d, const struct nlattr *multipath, const char *destination)
{
	const struct rtnexthop *hop = mnl_attr_get_payload(multipath);
	size_t left = mnl_attr_get_payload_len(multipath);

	while (left >= sizeof(*hop) && hop->rtnh_len >= sizeof(*hop) && hop->rtnh_len <= left) {
		size_t step = MNL_ALIGN(hop->rtnh_len);

		strbuf_printf(d->out, "%d %s\n", hop->rtnh_ifindex, destination);
		if (step >= left)
			return;
		left -= step;
		hop = (const struct rtnexthop *)((const char *)hop + step);
	}
}

static int add_route(const struct nlmsghdr *message, void *data)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(message);
	struct attributes all = { 0 };
	struct dump *d = data;
	const char *destination;
	unsigned int table;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*route) ||
	    mnl_attr_parse(message, sizeof(*route), keep_attribute, &all) < 0)
		return MNL_CB_ERROR;
	table = attribute_u32(&all, RTA_TABLE);
	table = table ? table : route->rtm_table;
	/* The routes to one's own addresses are no more than these, nor are cached ones. */
	if (table == RT_TABLE_LOCAL || route->rtm_type != RTN_UNICAST ||
	    route->rtm_flags & RTM_F_CLONED)
		return MNL_CB_OK;
	destination = address_text(d->arena, route->rtm_family, all.by_type[RTA_DST]);
	destination = !route->rtm_dst_len || !destination
			      ? "default"
			      : arena_printf(d->arena, "%s/%u", destination, route->rtm_dst_len);
	if (attribute_u32(&all, RTA_OIF))
		strbuf_printf(d->out, "%u %s\n", attribute_u32(&all, RTA_OIF), destination);
	if (all.by_type[RTA_MULTIPATH])
		add_hops(d, all.by_type[RTA_MULTIPATH], destination);
	return MNL_CB_OK;
}

static void ask(uint16_t type, mnl_cb_t each, struct arena *a, struct fact *ret)
{
	struct arena *scratch = arena_new();
	struct strbuf out = { .arena = scratch };
	struct dump d = { .arena = scratch, .out = &out };

	answer(dump_all(type, each, &d), a, &out, ret);
	arena_free(scratch);
}

/* "INDEX NAME FLAGS MASTER LOWER KIND", "INDEX ADDRESS/LENGTH", "INDEX DESTINATION" lines. */
static void ask_links(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	(void)root;
	(void)ctx;
	ask(RTM_GETLINK, add_link, a, ret);
}

static void ask_addresses(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	(void)root;
	(void)ctx;
	ask(RTM_GETADDR, add_address, a, ret);
}

static void ask_routes(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	(void)root;
	(void)ctx;
	ask(RTM_GETROUTE, add_route, a, ret);
}

/* ---- into the snapshot ---- */

static bool is_index(struct loader *l, const char *path, unsigned int index)
{
	struct fact f = read_at(l, path, "ifindex");
	uint64_t number;

	return fact_is(&f) && !parse_u64_span(fact_describe(&f), 10, &number) && number == index;
}

static void load_links(struct loader *l, struct in_use *u)
{
	struct span rest = fact_describe(&u->links_fact), line;

	while (u->nr_links < LINKS_MAX && parse_line(&rest, &line)) {
		struct in_use_link k = { 0 };
		struct fact link;

		if (!in_use_number(&line, &k.index))
			continue;
		k.name = in_use_word(l->a, &line);
		if (!k.name || !in_use_number(&line, &k.flags) ||
		    !in_use_number(&line, &k.master) || !in_use_number(&line, &k.lower))
			continue;
		k.kind = in_use_word(l->a, &line);
		if (k.kind && !strcmp(k.kind, "-"))
			k.kind = NULL;
		link = read_link_at(l, "sys/class/net", k.name);
		k.path = in_use_follow(l, "sys/class/net", &link);
		/* sysfs may have been mounted in another network namespace than the caller's. */
		if (k.path && !is_index(l, k.path, k.index))
			k.path = NULL;
		u->links = arena_grow(l->a, u->links, u->nr_links, sizeof(*u->links));
		u->links[u->nr_links++] = k;
	}
}

void in_use_load_network(struct loader *l, struct in_use *u)
{
	struct span rest, line;

	u->links_fact = sysroot_ask(l->root, l->a, "rtnetlink:links", false, ask_links, NULL);
	u->addresses_fact =
		sysroot_ask(l->root, l->a, "rtnetlink:addresses", false, ask_addresses, NULL);
	u->routes_fact = sysroot_ask(l->root, l->a, "rtnetlink:routes", false, ask_routes, NULL);
	load_links(l, u);
	rest = fact_describe(&u->addresses_fact);
	while (u->nr_addresses < LINKS_MAX && parse_line(&rest, &line)) {
		struct in_use_address one = { 0 };

		if (!in_use_number(&line, &one.index))
			continue;
		one.address = in_use_word(l->a, &line);
		u->addresses =
			arena_grow(l->a, u->addresses, u->nr_addresses, sizeof(*u->addresses));
		u->addresses[u->nr_addresses] = one;
		u->nr_addresses += one.address != NULL;
	}
	rest = fact_describe(&u->routes_fact);
	while (u->nr_routes < LINKS_MAX && parse_line(&rest, &line)) {
		struct in_use_route one = { 0 };

		if (!in_use_number(&line, &one.index))
			continue;
		one.destination = in_use_word(l->a, &line);
		u->routes = arena_grow(l->a, u->routes, u->nr_routes, sizeof(*u->routes));
		u->routes[u->nr_routes] = one;
		u->nr_routes += one.destination != NULL;
	}
}
