/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each rule answers yes, no and unknown: yes and unknown in a situation of its own, no where nothing
 * is wrong. A rule without a row here fails the test. */
#include "model/predict.h"
#include "fake-host.h"
#include "scene.h"

#define CONFIG                                                                        \
	"CONFIG_IOMMUFD_NOIOMMU=y CONFIG_VFIO_CONTAINER=y CONFIG_VFIO_DEVICE_CDEV=y " \
	"CONFIG_VFIO_GROUP=y CONFIG_VFIO_NOIOMMU=y"

/* Nothing is wrong: alone in its group, bound, remapped, root. */
static void good(struct scene *s)
{
	s->h = fake_host();
	s->u = fake_unit(s->h, IOMMU_KIND_INTEL, "dmar0");
	s->g = fake_group(s->h, 1);
	fake_chips(s->h, "IR-IO-APIC IR-PCI-MSI");
	s->d = fake_pci(s->h, "0000:01:00.0", s->g, s->u, NULL);
	fake_bind(s->h, s->d, "vfio-pci");
	s->d->cdev_devno = fake_present(s->h, s->d->sysfs, "511:0");
	fake_node(s->h, &s->d->cdev, "/dev/vfio/devices/vfio0", 0600, 0);
	fake_config(s->h, CONFIG);
}

static void unbound(struct scene *s)
{
	good(s);
	fake_unbind(s->h, s->d, "e1000e");
	fake_node_absent(s->h, &s->g->node, "/dev/vfio/1");
}

static struct fact unread(const char *path)
{
	return (struct fact){ .state = FACT_UNREAD, .path = path };
}

/* ---- bind ---- */

static void no_driver(struct scene *s)
{
	unbound(s);
	fake_module(s->h, MODULE_VFIO_PCI, MODULE_STATE_ABSENT);
}

static void driver_not_known(struct scene *s)
{
	unbound(s);
	s->h->modules[MODULE_VFIO_PCI].state = MODULE_STATE_UNKNOWN;
}

static void denylisted(struct scene *s)
{
	unbound(s);
	s->d->device_id = 0x0435;
}

static void without_ids(struct scene *s)
{
	unbound(s);
	s->d->has_ids = false;
}

static void bridge(struct scene *s)
{
	unbound(s);
	fake_bridge(s->h, s->d);
}

static void maybe_bridge(struct scene *s)
{
	unbound(s);
	s->d->is_bridge = TRI_UNKNOWN;
}

static void with_vfs(struct scene *s)
{
	unbound(s);
	fake_unbind(s->h, s->d, "nvme");
	s->d->sriov_numvfs = fake_present(s->h, "sriov_numvfs", "2");
	s->d->numvfs = 2;
}

static void maybe_vfs(struct scene *s)
{
	unbound(s);
	s->d->sriov_numvfs = fake_denied(s->h, "sriov_numvfs");
}

static void platform(struct scene *s, const char *modalias)
{
	good(s);
	s->d = fake_device(s->h, BUS_PLATFORM, "platform", "fe300000.dma", fake_group(s->h, 2),
			   s->u, NULL);
	s->d->modalias = fake_present(s->h, "modalias", modalias);
}

static void platform_without_reset(struct scene *s)
{
	platform(s, "of:NdmaT(null)Carm,pl330");
}

static void platform_of_acpi(struct scene *s)
{
	platform(s, "acpi:ARMH0330:");
}

static void without_group(struct scene *s)
{
	good(s);
	s->d = fake_pci(s->h, "0000:02:00.0", NULL, NULL, NULL);
}

static void maybe_group(struct scene *s)
{
	without_group(s);
	s->d->group_link = fake_denied(s->h, "iommu_group");
}

static void incoherent(struct scene *s)
{
	unbound(s);
	s->u->kind = IOMMU_KIND_DART;
}

static void maybe_coherent(struct scene *s)
{
	unbound(s);
	s->u->kind = IOMMU_KIND_SMMU_V3;
}

/* ---- nodes ---- */

static void no_container_node(struct scene *s)
{
	good(s);
	fake_node_absent(s->h, &s->h->vfio_node, "/dev/vfio/vfio");
}

static void container_node_unread(struct scene *s)
{
	good(s);
	s->h->vfio_node.stat = unread("/dev/vfio/vfio");
}

static void no_vfio(struct scene *s)
{
	good(s);
	fake_module(s->h, MODULE_VFIO, MODULE_STATE_ABSENT);
}

static void vfio_not_known(struct scene *s)
{
	good(s);
	s->h->modules[MODULE_VFIO].state = MODULE_STATE_UNKNOWN;
}

static void no_iommufd(struct scene *s)
{
	good(s);
	fake_node_absent(s->h, &s->h->iommu_node, "/dev/iommu");
}

static void iommufd_unread(struct scene *s)
{
	good(s);
	s->h->iommu_node.stat = unread("/dev/iommu");
}

static void user(struct scene *s)
{
	good(s);
	fake_user(s->h, 1000);
	fake_node(s->h, &s->g->node, "/dev/vfio/1", 0600, 0);
	fake_node(s->h, &s->h->vfio_node, "/dev/vfio/vfio", 0600, 0);
	fake_node(s->h, &s->h->iommu_node, "/dev/iommu", 0600, 0);
	fake_node(s->h, &s->d->cdev, "/dev/vfio/devices/vfio0", 0600, 0);
}

static void user_with_container(struct scene *s)
{
	user(s);
	fake_node(s->h, &s->h->vfio_node, "/dev/vfio/vfio", 0666, 0);
}

/* In a tree of files nobody knows the groups of the caller. */
static void user_of_a_tree(struct scene *s)
{
	struct node *nodes[4];

	user(s);
	nodes[0] = &s->h->vfio_node;
	nodes[1] = &s->h->iommu_node;
	nodes[2] = &s->g->node;
	nodes[3] = &s->d->cdev;
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		nodes[i]->mode = 0660;
		nodes[i]->access = unread(nodes[i]->path);
	}
}

static void members_not_listed(struct scene *s)
{
	unbound(s);
	s->g->members_list = fake_denied(s->h, "devices");
	/* Only the device itself is known, on a host driver in the view of now. */
}

static void noiommu(struct scene *s)
{
	without_group(s);
	fake_param(s->h, PARAM_VFIO_NOIOMMU, "Y");
	s->h->caller.caps &= ~(unsigned int)CALLER_CAP_SYS_RAWIO;
}

static void noiommu_for_someone(struct scene *s)
{
	noiommu(s);
	s->h->caller.caps_fact = fake_denied(s->h, "process:capabilities");
}

static void cdev_missing(struct scene *s)
{
	good(s);
	fake_node_absent(s->h, &s->d->cdev, "/dev/vfio/devices/vfio0");
}

static void cdev_unread(struct scene *s)
{
	good(s);
	s->d->cdev.stat = unread("/dev/vfio/devices/vfio0");
	s->d->cdev_devno = s->d->cdev.stat;
	s->d->vfio_dev = s->d->cdev.stat;
}

/* ---- groups ---- */

static void group_held(struct scene *s)
{
	good(s);
	s->g->node.holders = fake_present(s->h, "holders", "42 qemu");
}

static void group_maybe_held(struct scene *s)
{
	good(s);
	fake_user(s->h, 1000);
	/* The caller's own and closed to others: root may have it open all the same. */
	fake_node(s->h, &s->g->node, "/dev/vfio/1", 0600, 1000);
	s->g->node.hidden_processes = 7;
}

static void cdev_held(struct scene *s)
{
	good(s);
	s->d->cdev.holders = fake_present(s->h, "holders", "42 qemu");
	s->d->enable = fake_present(s->h, "enable", "1");
}

/* Open, but nobody knows whether it was bound to an iommufd. */
static void cdev_maybe_held(struct scene *s)
{
	cdev_held(s);
	s->d->enable = fake_denied(s->h, "enable");
}

static void sibling(struct scene *s)
{
	good(s);
	fake_pci(s->h, "0000:01:00.1", s->g, s->u, "e1000e");
}

static void sibling_on_new_driver(struct scene *s)
{
	good(s);
	fake_pci(s->h, "0000:01:00.1", s->g, s->u, "acme_vfio_pci");
}

static void direct(struct scene *s)
{
	good(s);
	fake_region(s->h, s->g, 0x1000, 0x1fff, RESV_DIRECT);
}

static void regions_unread(struct scene *s)
{
	good(s);
	s->g->regions_err = -61;
	s->u->has_cap = true;
	s->u->cap = 2 << 8 | 38 << 16;
}

static void sibling_is_bound_instead(struct scene *s)
{
	unbound(s);
	fake_bind(s->h, fake_pci(s->h, "0000:01:00.1", s->g, s->u, NULL), "vfio-pci");
	fake_unbind(s->h, s->d, NULL);
}

static void own_driver_unread(struct scene *s)
{
	sibling_is_bound_instead(s);
	s->d->driver_fact = fake_denied(s->h, "driver");
}

static void vf(struct scene *s)
{
	good(s);
	s->d->physfn_link = fake_present(s->h, "physfn", "../0000:02:00.0");
	s->d->physfn = fake_pci(s->h, "0000:02:00.0", fake_group(s->h, 2), s->u, "vfio-pci");
}

static void vf_of_unknown(struct scene *s)
{
	good(s);
	s->d->physfn_link = fake_denied(s->h, "physfn");
}

/* ---- container ---- */

static void no_type1(struct scene *s)
{
	good(s);
	fake_module(s->h, MODULE_VFIO_IOMMU_TYPE1, MODULE_STATE_ABSENT);
}

static void type1_not_known(struct scene *s)
{
	good(s);
	s->h->modules[MODULE_VFIO_IOMMU_TYPE1].state = MODULE_STATE_UNKNOWN;
}

static void two_buses(struct scene *s)
{
	good(s);
	fake_device(s->h, BUS_PLATFORM, "platform", "mock0", s->g, s->u, NULL);
}

static void bound_and_not_listed(struct scene *s)
{
	good(s);
	s->g->members_list = fake_denied(s->h, "devices");
}

static void no_iommu(struct scene *s)
{
	good(s);
	s->h->nr_iommus = 0;
	s->d->iommu = NULL;
	s->d->iommu_link = fake_absent(s->h, "iommu");
}

static void iommu_unread(struct scene *s)
{
	good(s);
	s->d->iommu = NULL;
	s->d->iommu_link = fake_denied(s->h, "iommu");
}

static void all_reserved(struct scene *s)
{
	regions_unread(s);
	s->g->regions_err = 0;
	fake_region(s->h, s->g, 0, UINT64_MAX, RESV_RESERVED);
}

static void plain_interrupts(struct scene *s)
{
	good(s);
	fake_chips(s->h, "IO-APIC PCI-MSI");
}

static void no_interrupts(struct scene *s)
{
	good(s);
	fake_chips(s->h, "");
}

static void no_entries(struct scene *s)
{
	good(s);
	fake_param(s->h, PARAM_TYPE1_DMA_ENTRY_LIMIT, "0");
}

static void entries_unread(struct scene *s)
{
	good(s);
	s->h->params[PARAM_TYPE1_DMA_ENTRY_LIMIT].value = fake_denied(s->h, "dma_entry_limit");
}

static void no_memlock(struct scene *s)
{
	good(s);
	s->h->caller.caps = 0;
	s->h->caller.memlock_soft = 4095;
}

static void memlock_unread(struct scene *s)
{
	no_memlock(s);
	s->h->caller.memlock_fact = fake_denied(s->h, "process:limits");
}

static void never_managed(struct scene *s)
{
	good(s);
	s->d->power_status = fake_present(s->h, "power/runtime_status", "unsupported");
}

/* Whether it was active when it was turned off nobody can see. */
static void managed_once(struct scene *s)
{
	never_managed(s);
	s->d->power_active_time = fake_present(s->h, "power/runtime_active_time", "4711");
}

/* ---- the table ---- */

/* ---- types of container ---- */

static void noiommu_by_type1(struct scene *s)
{
	without_group(s);
	fake_param(s->h, PARAM_VFIO_NOIOMMU, "Y");
}

static void noiommu_by_iommufd(struct scene *s)
{
	noiommu_by_type1(s);
	fake_config(s->h, CONFIG " CONFIG_IOMMUFD_VFIO_CONTAINER=y");
}

static void noiommu_by_someone(struct scene *s)
{
	noiommu_by_type1(s);
	s->h->kernel.config = fake_denied(s->h, "/proc/config.gz");
	s->h->kernel.nr_options = 0;
	fake_module(s->h, MODULE_VFIO_IOMMU_TYPE1, MODULE_STATE_UNKNOWN);
}

static void other_iommu(struct scene *s)
{
	good(s);
	s->u->kind = IOMMU_KIND_OTHER;
}

#define NOW   VIEW_NOW
#define LATER VIEW_IF_BOUND
#define C     PATH_CONTAINER
#define I     PATH_IOMMUFD

static const struct {
	const char *id;
	enum release release;
	enum view view;
	enum path_kind path;
	void (*yes)(struct scene *s);
	void (*unknown)(struct scene *s);
	void (*no)(struct scene *s); /* NULL: good() */
} rows[] = {
	{ "vfio-driver", RELEASE_6_1, LATER, C, no_driver, driver_not_known },
	{ "denylist", RELEASE_6_1, LATER, C, denylisted, without_ids },
	{ "bridge-header", RELEASE_6_1, LATER, C, bridge, maybe_bridge },
	{ "sriov-enabled", RELEASE_6_1, LATER, C, with_vfs, maybe_vfs },
	{ "platform-reset", RELEASE_6_1, LATER, C, platform_without_reset, platform_of_acpi },
	{ "no-group", RELEASE_6_1, LATER, C, without_group, maybe_group },
	{ "cache-coherency", RELEASE_6_1, LATER, C, incoherent, maybe_coherent },
	{ "container-node", RELEASE_6_1, NOW, C, no_container_node, container_node_unread },
	{ "container-access", RELEASE_6_1, NOW, C, user, user_of_a_tree },
	{ "vfio-module", RELEASE_6_1, NOW, C, no_vfio, vfio_not_known },
	{ "iommufd-node", RELEASE_6_12, NOW, I, no_iommufd, iommufd_unread },
	{ "iommufd-access", RELEASE_6_12, NOW, PATH_COMPAT, user, user_of_a_tree },
	{ "group-node", RELEASE_6_1, NOW, C, unbound, members_not_listed },
	{ "group-access", RELEASE_6_1, NOW, C, user_with_container, user_of_a_tree },
	{ "noiommu-rawio", RELEASE_6_1, LATER, PATH_NOIOMMU, noiommu, noiommu_for_someone },
	{ "cdev-node", RELEASE_6_12, NOW, I, cdev_missing, cdev_unread },
	{ "cdev-access", RELEASE_6_12, NOW, I, user, user_of_a_tree },
	{ "cdev-held", RELEASE_6_12, NOW, I, cdev_held, cdev_maybe_held },
	{ "group-held", RELEASE_6_1, NOW, C, group_held, group_maybe_held },
	{ "viability-walk", RELEASE_5_10, NOW, C, sibling, sibling_on_new_driver },
	{ "dma-ownership", RELEASE_6_1, NOW, C, sibling, sibling_on_new_driver },
	{ "rmrr", RELEASE_6_1, NOW, C, direct, regions_unread },
	{ "direct-region", RELEASE_6_12, NOW, C, direct, regions_unread },
	{ "type1-module", RELEASE_6_1, NOW, C, no_type1, type1_not_known },
	/* What later kernels know is refused by none of them, and what they do not know by all. */
	{ "container-type", RELEASE_6_13, NOW, C, good, NULL },
	{ "nesting-driver", RELEASE_6_1, NOW, C, good, other_iommu },
	{ "mixed-bus", RELEASE_5_19, NOW, C, two_buses, bound_and_not_listed },
	{ "domain-alloc", RELEASE_6_12, NOW, C, no_iommu, iommu_unread },
	{ "iova-empty", RELEASE_6_1, NOW, C, all_reserved, regions_unread },
	{ "interrupt-remapping-bus", RELEASE_5_19, NOW, C, plain_interrupts, no_interrupts },
	{ "interrupt-remapping", RELEASE_6_1, NOW, C, plain_interrupts, no_interrupts },
	{ "isolated-msi", RELEASE_6_4, NOW, C, plain_interrupts, no_interrupts },
	{ "dma-entry-limit", RELEASE_6_1, NOW, C, no_entries, entries_unread },
	{ "memlock", RELEASE_6_1, NOW, C, no_memlock, memlock_unread },
	{ "device-not-bound", RELEASE_6_1, NOW, C, sibling_is_bound_instead, own_driver_unread },
	{ "vf-token", RELEASE_6_1, NOW, C, vf, vf_of_unknown },
	{ "runtime-pm", RELEASE_6_1, NOW, C, never_managed, managed_once },
	{ "noiommu-compat", RELEASE_6_2, LATER, PATH_NOIOMMU, noiommu_by_iommufd,
	  noiommu_by_someone, noiommu_by_type1 },
	{ "vf-token-flag", RELEASE_6_12, NOW, I, good, NULL },
};

static const struct finding *find(const struct path_prediction *p, const char *id)
{
	for (size_t i = 0; i < p->nr_steps; i++)
		for (size_t k = 0; k < p->steps[i].nr_findings; k++)
			if (strcmp(p->steps[i].findings[k].rule->id, id) == 0)
				return &p->steps[i].findings[k];
	return NULL;
}

/* What rule @id says about the device of @s. A finding must carry all that a report shows of it. */
static void expect(void (*make)(struct scene *s), size_t row, enum ruling ruling)
{
	static const char *const names[] = { "unknown", "passes", "refuses" };
	struct scene s = { 0 };
	struct prediction p;
	const char *id = rows[row].id;
	struct assumptions as = { .token = rule_find(id)->token };
	enum release release = rows[row].release;

	if (rule_find(id)->type)
		as.type = ruling == RULING_PASSES ? CONTAINER_TYPE1 : CONTAINER_NESTING;
	make(&s);
	predict_device(s.h, &as, fake_kernels(s.h, RELEASE_BIT(release)), s.d, s.h->arena, &p);
	const struct finding *f = find(&p.paths[rows[row].view][rows[row].path], id);
	if (!f)
		fail_msg("%s was not asked", id);
	if (f->ruling != ruling)
		fail_msg("%s answers %s and not %s: %s", id, names[f->ruling], names[ruling],
			 f->because);
	assert_non_null(f->because);
	assert_true(strlen(f->because) > 0);
	if (ruling == RULING_REFUSES && !f->nr_evidence)
		fail_msg("%s refuses without evidence: %s", id, f->because);
	if (ruling != RULING_PASSES)
		assert_non_null(f->remedy);
	for (size_t i = 0; i < f->nr_evidence; i++)
		assert_non_null(f->evidence[i]->path);
	fake_free(s.h);
}

static void test_each_rule_says_yes(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect(rows[i].yes, i, RULING_REFUSES);
}

static void test_each_rule_says_unknown(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].unknown)
			expect(rows[i].unknown, i, RULING_UNKNOWN);
}

static void test_each_rule_says_no(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(rows[i].id, "vf-token-flag") != 0)
			expect(rows[i].no ? rows[i].no : good, i, RULING_PASSES);
}

static void test_each_rule_has_a_row(void)
{
	const struct rule *rule;
	size_t asked = 0;

	for (size_t r = 0; (rule = rule_get(r)); r++) {
		bool found = false;
		/* Those about one mapping: test-mapping.c. */
		if (rule->request)
			continue;
		asked++;
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
			found |= strcmp(rows[i].id, rule->id) == 0;
		if (!found)
			fail_msg("rule %s has no row in this test", rule->id);
	}
	assert_int_equal(asked, ARRAY_SIZE(rows));
}
