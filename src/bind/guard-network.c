/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network interfaces of a device, with the bonds, bridges and VLANs on them, their traffic, and the
 * caller's own SSH connection. */
#include <net/if.h>
#include <string.h>

#include "base/parse.h"
#include "base/shell.h"
#include "facts/in-use.h"
#include "bind/guard.h"

enum { DEPTH_MAX = 16 };

struct look {
	struct guard_check *c;
	const struct in_use *u;
	bool up; /* some interface of the device is */
	bool session;
};

static void say_addresses(struct look *k, const struct in_use_link *link, const char *chain)
{
	const struct in_use *u = k->u;

	for (size_t i = 0; i < u->nr_addresses; i++)
		if (u->addresses[i].index == link->index && link->flags & IFF_UP)
			guard_found(k->c, ANSWER_YES, "address %s <- %s", u->addresses[i].address,
				    chain)
				->remedy = arena_printf(k->c->arena, "ip address flush dev %s",
							shell_word(k->c->arena, link->name));
	for (size_t i = 0; i < u->nr_routes; i++)
		if (u->routes[i].index == link->index)
			guard_found(k->c, ANSWER_YES, "route %s <- %s", u->routes[i].destination,
				    chain)
				->remedy = arena_printf(k->c->arena, "ip link set %s down",
							shell_word(k->c->arena, link->name));
}

/* Compares the address of a server with that of an interface, without what follows '/' or '%'. */
static bool address_equals(const char *with_prefix, const char *server)
{
	size_t x = strcspn(with_prefix, "/%"), y = strcspn(server, "%");

	if (!strncmp(server, "::ffff:", 7) && strchr(server, '.')) {
		server += 7;
		y -= 7;
	}
	return x == y && !strncmp(with_prefix, server, x);
}

static void say_session(struct look *k, const struct in_use_link *link, const char *chain)
{
	for (size_t i = 0; k->u->ssh_server && i < k->u->nr_addresses; i++)
		if (k->u->addresses[i].index == link->index &&
		    address_equals(k->u->addresses[i].address, k->u->ssh_server))
			guard_found(k->c, ANSWER_YES, "your SSH connection, to %s <- %s",
				    k->u->ssh_server, chain)
				->remedy = "log in through another network, or on the console";
}

static bool stands_on(const struct in_use_link *upper, const struct in_use_link *link)
{
	return upper != link && (upper->index == link->master || upper->lower == link->index);
}

/* A port of Open vSwitch works even if the interface of the switch is down. */
static bool upper_works(const struct in_use_link *upper, const struct in_use_link *link)
{
	return upper->flags & IFF_UP ||
	       (link->flags & IFF_UP && upper->kind && !strcmp(upper->kind, "openvswitch"));
}

static void look_link(struct look *k, const struct in_use_link *link, const char *chain,
		      unsigned int depth)
{
	if (k->session)
		say_session(k, link, chain);
	else
		say_addresses(k, link, chain);
	for (size_t i = 0; depth < DEPTH_MAX && i < k->u->nr_links; i++) {
		const struct in_use_link *upper = &k->u->links[i];

		if (!stands_on(upper, link))
			continue;
		if (!k->session && upper_works(upper, link))
			guard_found(k->c, ANSWER_YES, "%s (%s) <- %s", upper->name,
				    upper->kind ? upper->kind : "interface", chain)
				->remedy = arena_printf(k->c->arena, "ip link set %s down",
							shell_word(k->c->arena, upper->name));
		look_link(k, upper, arena_printf(k->c->arena, "%s <- %s", upper->name, chain),
			  depth + 1);
	}
}

/* Every interface of the device, or of a device behind it. */
static void look_links(struct look *k, const struct in_use_device *d)
{
	for (size_t i = 0; i < k->u->nr_links; i++) {
		const struct in_use_link *link = &k->u->links[i];

		if (!in_use_is_below(d, link->path))
			continue;
		k->up |= (link->flags & IFF_UP) != 0;
		look_link(k, link,
			  arena_printf(k->c->arena, "%s <- %s", link->name, k->c->device->name), 0);
	}
}

static bool is_seen(const struct in_use *u, const struct in_use_device *d, const char *name)
{
	for (size_t i = 0; i < u->nr_links; i++)
		if (in_use_is_below(d, u->links[i].path) && !strcmp(u->links[i].name, name))
			return true;
	return false;
}

/* Interfaces in sysfs but not in rtnetlink. */
static void say_unseen(struct look *k, const struct in_use_device *d)
{
	struct span rest = { fact_is(&d->net_dir) ? d->net_dir.raw : "",
			     fact_is(&d->net_dir) ? d->net_dir.len : 0 },
		    line;

	if (d->net_elsewhere)
		guard_found(k->c, ANSWER_YES, "its interface is in another network namespace <- %s",
			    k->c->device->name)
			->remedy = "ip -all netns exec ip link";
	while (parse_line(&rest, &line)) {
		char *name = arena_strndup(k->c->arena, line.s, line.len);

		if (!is_seen(k->u, d, name))
			guard_found(k->c, ANSWER_UNKNOWN,
				    "interface %s is in another network namespace: its use cannot be seen",
				    name);
	}
}

static bool has_interface(const struct guard_check *c, const struct in_use_device *d)
{
	/* PCI Code and ID Assignment Specification: base class 2 is a network controller. */
	return fact_is(&d->net_dir) || (c->device->has_ids && c->device->class_code >> 16 == 2 &&
					fact_is(&c->device->driver_fact));
}

static void check_network(struct guard_check *c)
{
	const struct in_use_device *d = guard_usage(c);
	struct look k = { .c = c, .u = c->host->usage };

	if (!d)
		return;
	look_links(&k, d);
	if (fact_is(&k.u->links_fact))
		say_unseen(&k, d);
	if (!has_interface(c, d))
		return;
	if (!fact_is(&k.u->links_fact))
		guard_unread(c, &k.u->links_fact, "which network interfaces there are");
	if (!fact_is(&k.u->addresses_fact))
		guard_unread(c, &k.u->addresses_fact, "the addresses of its interface");
	if (!fact_is(&k.u->routes_fact))
		guard_unread(c, &k.u->routes_fact, "the routes over its interface");
}

static bool is_on_some_link(const struct in_use *u)
{
	for (size_t i = 0; i < u->nr_addresses; i++)
		if (address_equals(u->addresses[i].address, u->ssh_server))
			return true;
	return false;
}

static void check_session(struct guard_check *c)
{
	const struct in_use_device *d = guard_usage(c);
	struct look k = { .c = c, .u = c->host->usage, .session = true };

	if (!d)
		return;
	look_links(&k, d);
	if (!k.up)
		return;
	if (!fact_is(&k.u->ssh))
		guard_unread(c, &k.u->ssh, "whether this is an SSH session");
	else if (!strncmp(k.u->ssh.raw, "hidden ", 7))
		guard_found(c, ANSWER_UNKNOWN,
			    "cannot tell whether this is an SSH session: no permission to inspect process %s",
			    k.u->ssh.raw + strlen("hidden "));
	else if (k.u->ssh_server && !is_on_some_link(k.u))
		guard_found(c, ANSWER_UNKNOWN,
			    "this SSH session goes to %s, an address of no interface here",
			    k.u->ssh_server);
}

const struct guard guard_network = {
	.name = "network",
	.protects =
		"network interface that is up with an address or route, or in a bond, bridge or VLAN",
	.check = check_network,
};

const struct guard guard_session = {
	.name = "session",
	.protects = "the network of your own SSH session",
	.check = check_session,
};
