/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake-host.h"

#include <stdlib.h>
#include <string.h>

#include "scene.h"

struct fact fake_present(struct host *h, const char *path, const char *raw)
{
	return (struct fact){ .state = FACT_PRESENT,
			      .path = arena_strdup(h->arena, path),
			      .raw = arena_strdup(h->arena, raw),
			      .len = strlen(raw) };
}

struct fact fake_absent(struct host *h, const char *path)
{
	return (struct fact){ .state = FACT_ABSENT,
			      .err = 2,
			      .path = arena_strdup(h->arena, path) };
}

struct fact fake_denied(struct host *h, const char *path)
{
	return (struct fact){ .state = FACT_DENIED,
			      .err = 13,
			      .path = arena_strdup(h->arena, path) };
}

/* ---- words ---- */

static int compare_words(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char **split(struct host *h, const char *text, size_t *ret_nr)
{
	const char **words = NULL;
	size_t nr = 0;

	for (const char *p = text; *p;) {
		size_t len = strcspn(p, " ");
		words = arena_grow(h->arena, words, nr, sizeof(*words));
		words[nr++] = arena_strndup(h->arena, p, len);
		p += len;
		p += strspn(p, " ");
	}
	if (nr)
		qsort(words, nr, sizeof(*words), compare_words);
	*ret_nr = nr;
	return words;
}

/* ---- the machine ---- */

void fake_module(struct host *h, enum module_id id, enum module_state state)
{
	struct module *m = &h->modules[id];
	const char *path = arena_printf(h->arena, "/sys/module/%s", m->name);

	m->state = state;
	m->kmod = fake_present(h, arena_printf(h->arena, "libkmod:%s", m->name),
			       state == MODULE_STATE_ABSENT ? "state=absent" : "state=loadable");
	m->sysfs = state == MODULE_STATE_LOADED ? fake_present(h, path, "dir 755 0 0 0:0")
						: fake_absent(h, path);
}

void fake_symbols(struct host *h, enum module_id id, const char *imports, const char *exports)
{
	struct module *m = &h->modules[id];

	m->imports = split(h, imports, &m->nr_imports);
	m->exports = split(h, exports, &m->nr_exports);
	m->symbols_known = true;
}

void fake_param(struct host *h, enum param_id id, const char *value)
{
	struct param *p = &h->params[id];
	const char *path =
		arena_printf(h->arena, "/sys/module/%s/parameters/%s", p->module, p->name);

	p->value = value ? fake_present(h, path, value) : fake_absent(h, path);
}

void fake_config(struct host *h, const char *lines)
{
	h->kernel.config = fake_present(h, "/proc/config.gz", lines);
	h->kernel.options = split(h, lines, &h->kernel.nr_options);
}

void fake_node_absent(struct host *h, struct node *node, const char *path)
{
	*node = (struct node){ .path = arena_strdup(h->arena, path),
			       .stat = fake_absent(h, path),
			       .access = fake_absent(h, path) };
}

void fake_node(struct host *h, struct node *node, const char *path, unsigned int mode,
	       unsigned int uid)
{
	bool may = !h->caller.euid || h->caller.euid == uid || (mode & 06) == 06;

	*node = (struct node){ .path = arena_strdup(h->arena, path), .mode = mode, .uid = uid };
	node->stat = fake_present(h, path, "char");
	node->access = fake_present(h, path, may ? "rw" : "-");
	node->holders = fake_present(h, path, "");
	for (size_t i = 0; i < h->nr_groups; i++)
		if (node == &h->groups[i]->node && (uid || (mode & 077)))
			h->group_nodes_given_away = true;
}

void fake_user(struct host *h, unsigned int euid)
{
	struct caller *c = &h->caller;

	c->euid = euid;
	c->identity = fake_present(h, "process:identity", "euid=1000");
	c->caps = 0;
	c->caps_fact = fake_present(h, "process:capabilities", "caps=");
	c->memlock_soft = 8 << 20;
	c->memlock_fact = fake_present(h, "process:limits", "soft=8388608 hard=8388608 locked=0");
}

static void make_modules(struct host *h)
{
	for (size_t i = 0; i < NR_MODULES; i++) {
		h->modules[i].id = (enum module_id)i;
		h->modules[i].name = module_name((enum module_id)i);
		fake_module(h, (enum module_id)i, MODULE_STATE_LOADED);
	}
}

static void make_params(struct host *h)
{
	for (size_t i = 0; i < NR_PARAMS; i++) {
		h->params[i].id = (enum param_id)i;
		h->params[i].module = module_name(param_get((enum param_id)i)->module);
		h->params[i].name = param_get((enum param_id)i)->name;
		h->params[i].configured = fake_absent(h, "libkmod:options");
		fake_param(h, (enum param_id)i, "N");
	}
	fake_param(h, PARAM_TYPE1_DMA_ENTRY_LIMIT, "65535");
	fake_param(h, PARAM_VFIO_PLATFORM_RESET_REQUIRED, "Y");
}

struct host *fake_host(void)
{
	struct arena *a = arena_new();
	struct host *h = arena_new_object(a, struct host);

	h->arena = a;
	h->source = "fake";
	make_modules(h);
	make_params(h);
	h->kernel.machine = fake_present(h, "uname:machine", "x86_64");
	h->kernel.cmdline = fake_present(h, "/proc/cmdline", "quiet");
	h->groups_list = fake_present(h, "/sys/kernel/iommu_groups", "");
	h->iommus_list = fake_present(h, "/sys/class/iommu", "");
	h->interrupts.proc = fake_present(h, "/proc/interrupts", "");
	h->firmware.has_viot = TRI_NO;
	h->caller.identity = fake_present(h, "process:identity", "euid=0");
	h->caller.caps = ~0U;
	h->caller.caps_fact = fake_present(h, "process:capabilities", "caps=all");
	h->caller.memlock_soft = UINT64_MAX;
	h->caller.memlock_fact = fake_present(h, "process:limits", "soft=unlimited");
	fake_node(h, &h->vfio_node, "/dev/vfio/vfio", 0666, 0);
	fake_node(h, &h->iommu_node, "/dev/iommu", 0660, 0);
	return h;
}

const struct kernels *fake_kernels(struct host *h, uint64_t releases)
{
	struct kernels *ret = arena_new_object(h->arena, struct kernels);

	ret->releases = releases;
	return ret;
}

void fake_free(struct host *h)
{
	arena_free(h->arena);
}

int host_setup(void **state)
{
	*state = fake_host();
	return 0;
}

int host_teardown(void **state)
{
	fake_free(*state);
	return 0;
}

void fake_chips(struct host *h, const char *chips)
{
	h->interrupts.chips = split(h, chips, &h->interrupts.nr_chips);
	h->interrupts.proc = fake_present(h, "/proc/interrupts", chips);
}

/* ---- IOMMUs, groups, devices ---- */

struct iommu_unit *fake_unit(struct host *h, enum iommu_kind kind, const char *name)
{
	struct iommu_unit *u = arena_new_object(h->arena, struct iommu_unit);
	const char *path = arena_printf(h->arena, "/sys/class/iommu/%s", name);

	u->name = arena_strdup(h->arena, name);
	u->kind = kind;
	u->kind_fact = fake_present(h, path, name);
	u->cap_fact = fake_absent(h, path);
	u->ecap_fact = fake_absent(h, path);
	h->iommus = arena_grow(h->arena, h->iommus, h->nr_iommus, sizeof(struct iommu_unit *));
	h->iommus[h->nr_iommus++] = u;
	return u;
}

struct group *fake_group(struct host *h, unsigned int id)
{
	struct group *g = arena_new_object(h->arena, struct group);
	const char *path = arena_printf(h->arena, "/sys/kernel/iommu_groups/%u", id);

	g->id = id;
	g->type = fake_present(h, path, "DMA");
	g->name = fake_absent(h, path);
	g->reserved_regions = fake_present(h, path, "");
	g->members_list = fake_present(h, path, "");
	fake_node_absent(h, &g->node, arena_printf(h->arena, "/dev/vfio/%u", id));
	fake_node_absent(h, &g->noiommu_node, arena_printf(h->arena, "/dev/vfio/noiommu-%u", id));
	h->groups = arena_grow(h->arena, h->groups, h->nr_groups, sizeof(struct group *));
	h->groups[h->nr_groups++] = g;
	return g;
}

void fake_region(struct host *h, struct group *g, uint64_t start, uint64_t last,
		 enum resv_type type)
{
	size_t at = g->nr_regions;

	g->regions = arena_grow(h->arena, g->regions, g->nr_regions++, sizeof(*g->regions));
	for (; at && g->regions[at - 1].start > start; at--)
		g->regions[at] = g->regions[at - 1];
	g->regions[at] = (struct resv_region){ .start = start, .last = last, .type = type };
}

void fake_unbind(struct host *h, struct device *dev, const char *driver)
{
	device_set_driver(dev, driver ? arena_strdup(h->arena, driver) : NULL);
	dev->driver_fact =
		driver ? fake_present(h, dev->sysfs, driver) : fake_absent(h, dev->sysfs);
}

void fake_bind(struct host *h, struct device *dev, const char *driver)
{
	fake_unbind(h, dev, driver);
	if (dev->group)
		fake_node(h, &dev->group->node, dev->group->node.path, 0600, 0);
}

static void join_group(struct host *h, struct device *dev, struct group *g)
{
	size_t at = g->nr_members;

	g->members = arena_grow(h->arena, g->members, g->nr_members++, sizeof(struct device *));
	for (; at && dev->bus == BUS_PCI && g->members[at - 1]->bus != BUS_PCI; at--)
		g->members[at] = g->members[at - 1];
	g->members[at] = dev;
}

static void add_device(struct host *h, struct device *dev)
{
	size_t at = h->nr_devices;

	h->devices = arena_grow(h->arena, h->devices, h->nr_devices++, sizeof(struct device *));
	for (; at && dev->bus == BUS_PCI && h->devices[at - 1]->bus != BUS_PCI; at--)
		h->devices[at] = h->devices[at - 1];
	h->devices[at] = dev;
}

struct device *fake_device(struct host *h, enum bus bus, const char *bus_name, const char *name,
			   struct group *group, struct iommu_unit *unit, const char *driver)
{
	struct device *d = arena_new_object(h->arena, struct device);

	d->bus = bus;
	d->bus_name = bus_name;
	d->name = arena_strdup(h->arena, name);
	d->sysfs = arena_printf(h->arena, "/sys/bus/%s/devices/%s", bus_name, name);
	d->group = group;
	d->group_link = group ? fake_present(h, d->sysfs, "group") : fake_absent(h, d->sysfs);
	d->iommu = unit;
	d->iommu_link = unit ? fake_present(h, d->sysfs, unit->name) : fake_absent(h, d->sysfs);
	d->vfio_dev = d->cdev_devno = fake_absent(h, d->sysfs);
	d->physfn_link = d->sriov_numvfs = d->bridge_fact = fake_absent(h, d->sysfs);
	d->uevent = fake_present(h, d->sysfs, "uevent");
	d->modalias = d->software_node = fake_absent(h, d->sysfs);
	d->behind_viot = TRI_NO;
	fake_unbind(h, d, driver);
	if (group)
		join_group(h, d, group);
	add_device(h, d);
	return d;
}

struct device *fake_pci(struct host *h, const char *name, struct group *group,
			struct iommu_unit *unit, const char *driver)
{
	struct device *d = fake_device(h, BUS_PCI, "pci", name, group, unit, driver);

	d->has_ids = true;
	d->vendor = 0x8086;
	d->device_id = 0x10d3;
	d->is_bridge = TRI_NO;
	return d;
}

void fake_bridge(struct host *h, struct device *dev)
{
	dev->is_bridge = TRI_YES;
	dev->bridge_fact = fake_present(h, dev->sysfs, "1");
}

void fake_irq(struct host *h, struct device *dev, unsigned int irq, const char *chip)
{
	dev->irqs = arena_grow(h->arena, dev->irqs, dev->nr_irqs, sizeof(*dev->irqs));
	dev->irqs[dev->nr_irqs++] = (struct device_irq){
		.irq = irq,
		.chip = fake_present(h, arena_printf(h->arena, "/sys/kernel/irq/%u/chip_name", irq),
				     chip),
	};
}

int scene_setup(void **state)
{
	static struct scene s;

	s = (struct scene){ 0 };
	*state = &s;
	return 0;
}

int scene_teardown(void **state)
{
	struct scene *s = *state;

	if (s->h)
		fake_free(s->h);
	return 0;
}

void scene_make(struct scene *s, enum iommu_kind kind, const char *unit, const char *driver)
{
	*s = (struct scene){ .h = fake_host() };
	s->u = fake_unit(s->h, kind, unit);
	s->g = fake_group(s->h, 1);
	s->d = fake_pci(s->h, "0000:01:00.0", s->g, s->u, driver);
	fake_config(s->h, FAKE_CONFIG);
}

struct prediction scene_predict(struct scene *s, uint64_t releases)
{
	struct prediction p;

	predict_device(s->h, &s->as, fake_kernels(s->h, releases), s->d, s->h->arena, &p);
	return p;
}

struct path_prediction scene_ask(struct scene *s, uint64_t releases, enum view view,
				 enum path_kind path)
{
	return scene_predict(s, releases).paths[view][path];
}

void scene_expect(struct scene *s, uint64_t releases, enum view view, enum path_kind path,
		  enum answer answer, enum op op, int err)
{
	struct path_prediction p = scene_ask(s, releases, view, path);

	if (p.answer != answer || p.op != op || p.err != err)
		fail_msg("%s, kernels 0x%llx: %s at %s with %s: %s", path_kind_name(path),
			 (unsigned long long)releases, answer_name(p.answer), op_name(p.op),
			 errno_name(p.err), p.because ? p.because : "");
	if (answer == ANSWER_YES) {
		assert_null(p.because);
		assert_null(p.remedy);
	} else {
		assert_non_null(p.because);
		assert_non_null(p.remedy);
		assert_non_null(p.why);
	}
}
