/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the hardware of a PCI function is: only read where it is shown. A device that sleeps is not woken: neither its link
 * nor its configuration space is read. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "facts/loader.h"

/* The kernel shows an ordinary user the header only, and then nothing is known. */
static void ask_ability(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	struct config_file file = { .fd = sysroot_open_file(root, ctx) };
	struct pciability p;
	int r;

	if (file.fd < 0) {
		ret->err = -file.fd;
		ret->state = fact_state_from_errno(-file.fd);
		return;
	}
	r = pciability_read(config_read_register, &file, config_read_start(&file), &p);
	close(file.fd);
	if (!r && p.size <= PCIGROUP_HEADER)
		r = -EACCES;
	if (r < 0) {
		ret->err = -r;
		ret->state = fact_state_from_errno(-r);
		return;
	}
	ret->state = FACT_PRESENT;
	ret->raw = pciability_format(&p, a);
	ret->len = (uint32_t)strlen(ret->raw);
}

static void load_ability(struct loader *l, struct device *d)
{
	char *path = arena_join(l->a, d->sysfs + strspn(d->sysfs, "/"), "/config", NULL);
	struct fact *f = &d->ability_fact;

	*f = sysroot_ask(l->root, l->a, arena_join(l->a, "abilities:", d->name, NULL), true,
			 ask_ability, path);
	if (fact_is(f) && pciability_parse(fact_describe(f), &d->ability) < 0) {
		f->state = FACT_FAILED;
		f->err = EBADMSG;
	}
}

static bool says(const struct fact *f, const char *word)
{
	return fact_is(f) && !strcmp(f->raw, word);
}

/* The attribute power_state: since 5.11. */
static bool is_asleep(const struct device *d)
{
	return says(&d->power_state, "D3hot") || says(&d->power_state, "D3cold") ||
	       says(&d->power_status, "suspended") || says(&d->power_status, "suspending");
}

void hardware_load(struct loader *l, struct device *d)
{
	if (d->bus != BUS_PCI)
		return;
	power_load(l, d);
	if (d->power_state.state == FACT_UNREAD)
		d->power_state = read_at(l, d->sysfs, "power_state");
	if (d->resource.state == FACT_UNREAD)
		d->resource = read_at(l, d->sysfs, "resource");
	d->asleep = is_asleep(d);
	if (d->asleep)
		return;
	d->link_speed = read_at(l, d->sysfs, "current_link_speed");
	d->link_width = read_at(l, d->sysfs, "current_link_width");
	d->link_speed_max = read_at(l, d->sysfs, "max_link_speed");
	d->link_width_max = read_at(l, d->sysfs, "max_link_width");
	load_ability(l, d);
}
