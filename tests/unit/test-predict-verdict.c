/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The short way to an answer is the same answer. */
#include "model/predict.h"
#include "fake-host.h"
#include "scene.h"

/* What list and -q ask, against what inspect asks. */
static void expect_agreement(struct host *h, const struct assumptions *as, uint64_t releases,
			     const struct device *d, enum view view)
{
	const struct kernels *kernels = fake_kernels(h, releases);
	vt_cleanup(arena_freep) struct arena *scratch = arena_new();
	struct verdict_ask ask = { .host = h,
				   .assumptions = as,
				   .kernels = kernels,
				   .view = view,
				   .texts = h->arena,
				   .scratch = scratch };
	const struct path_prediction *whole;
	struct verdict brief, silent;
	struct prediction p;

	predict_device(h, as, kernels, d, h->arena, &p);
	whole = &p.paths[view][p.best[view]];
	predict_verdict(&ask, d, &brief);
	assert_int_equal(brief.kind, p.best[view]);
	assert_int_equal(brief.answer, whole->answer);
	assert_int_equal(brief.op, whole->op);
	assert_int_equal(brief.err, whole->err);
	assert_ptr_equal(brief.rule, whole->why ? whole->why->rule : NULL);
	assert_string_equal(brief.because ? brief.because : "",
			    whole->because ? whole->because : "");
	assert_string_equal(brief.remedy ? brief.remedy : "", whole->remedy ? whole->remedy : "");
	ask.texts = NULL;
	predict_verdict(&ask, d, &silent);
	assert_int_equal(silent.kind, brief.kind);
	assert_int_equal(silent.answer, brief.answer);
	assert_int_equal(silent.op, brief.op);
	assert_int_equal(silent.err, brief.err);
	assert_ptr_equal(silent.rule, brief.rule);
	assert_null(silent.because);
	assert_null(silent.remedy);
}

static void expect_agreement_everywhere(struct host *h, const struct assumptions *as)
{
	for (size_t i = 0; i < h->nr_devices; i++)
		for (unsigned int v = 0; v < NR_VIEWS; v++) {
			for (unsigned int g = 0; g < NR_RELEASES; g++)
				expect_agreement(h, as, RELEASE_BIT(g), h->devices[i],
						 (enum view)v);
			expect_agreement(h, as, RELEASES_ALL, h->devices[i], (enum view)v);
			expect_agreement(h, as, ONLY(6_12) | ONLY(7_3), h->devices[i],
					 (enum view)v);
		}
}

/* A machine with most of what makes a rule answer: a function alone, two in one group with a driver,
 * one on VFIO with a node, a bridge, one without a group, one with a direct region, a platform device. */
static void make_host(struct host *h)
{
	struct iommu_unit *u = fake_unit(h, IOMMU_KIND_INTEL, "dmar0");
	struct group *g[5];
	struct device *d;

	for (unsigned int i = 0; i < 5; i++) {
		g[i] = fake_group(h, i);
		fake_region(h, g[i], 0xfee00000, 0xfeefffff, RESV_MSI);
	}
	fake_chips(h, "IR-IO-APIC IR-PCI-MSI DMAR-MSI");
	fake_pci(h, "0000:01:00.0", g[0], u, NULL);
	fake_pci(h, "0000:02:00.0", g[1], u, "e1000e");
	fake_pci(h, "0000:02:00.1", g[1], u, "ahci");
	d = fake_pci(h, "0000:03:00.0", g[2], u, NULL);
	fake_bind(h, d, "vfio-pci");
	d = fake_pci(h, "0000:04:00.0", g[3], u, "pcieport");
	fake_bridge(h, d);
	fake_pci(h, "0000:05:00.0", NULL, NULL, NULL);
	fake_pci(h, "0000:06:00.0", g[4], u, "xhci_hcd");
	fake_region(h, g[4], 0x1000, 0x1fff, RESV_DIRECT);
	fake_device(h, BUS_PLATFORM, "platform", "edu-dma.0", g[0], u, NULL);
	fake_config(h, FAKE_CONFIG);
}

static void test_verdict_agrees_with_the_whole(struct host *h)
{
	make_host(h);
	expect_agreement_everywhere(h, NULL);
}

static void test_verdict_agrees_for_a_user(struct host *h)
{
	make_host(h);
	fake_user(h, 1000);
	expect_agreement_everywhere(h, NULL);
}

static void test_verdict_agrees_without_modules_and_remapping(struct host *h)
{
	make_host(h);
	fake_chips(h, "IO-APIC PCI-MSI");
	fake_module(h, MODULE_VFIO_IOMMU_TYPE1, MODULE_STATE_ABSENT);
	fake_module(h, MODULE_IOMMUFD, MODULE_STATE_ABSENT);
	fake_module(h, MODULE_VFIO_PCI, MODULE_STATE_UNKNOWN);
	expect_agreement_everywhere(h, NULL);
}

static void test_verdict_agrees_with_assumptions(struct host *h)
{
	static const char *const texts[] = { "0000:02:00.1:driver=vfio-pci",
					     "module.vfio_pci=absent",
					     "0000:01:00.0:interrupt_remapping=0", "euid=1000" };
	struct assumptions as = { 0 };

	make_host(h);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(assumptions_add(&as, h->arena, texts[i], NULL), 0);
		expect_agreement_everywhere(h, &as);
	}
}

/* Every site of every rule is found, once for each of its releases, in order. */
static void test_rules_at_has_every_site(void)
{
	const struct kernels all = { .releases = RELEASES_ALL };
	size_t nr_sites = 0, nr_found = 0;
	const struct rule *rule;

	for (size_t r = 0; (rule = rule_get(r)); r++)
		for (size_t s = 0; s < rule->nr_sites; s++)
			nr_sites += (size_t)__builtin_popcountll(site_releases(&rule->sites[s]));
	for (unsigned int g = 0; g < NR_RELEASES; g++)
		for (unsigned int op = 0; op < NR_OPS; op++) {
			struct rule_at at[RULE_SITES_MAX];
			size_t nr = rules_at(&all, (enum release)g, (enum op)op, at);

			assert_in_range(nr, 0, RULE_SITES_MAX);
			for (size_t i = 0; i < nr; i++) {
				assert_int_equal(at[i].site->op, op);
				assert_true(site_releases(at[i].site) & RELEASE_BIT(g));
				assert_in_range(at[i].site - at[i].rule->sites, 0,
						at[i].rule->nr_sites - 1);
				assert_true(!i || at[i - 1].site->order <= at[i].site->order);
			}
			nr_found += nr;
		}
	assert_int_equal(nr_found, nr_sites);
}
