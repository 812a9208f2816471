/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "decode/devicetree.h"
#include "scene.h"

#define GIC  "/intc compatible=arm,gic-v3 phandle=1\n"
#define ITS  "/intc/its compatible=arm,gic-v3-its msi-controller phandle=2\n"
#define SMMU "/smmuv3 compatible=arm,smmu-v3 iommu coherent phandle=3\n"
#define HOST \
	"/pcie compatible=pci-host-ecam-generic pci coherent msi-map=0.2.0.100 iommu-map=0.3.0.10000\n"

static struct devicetree parse(const char *text)
{
	struct devicetree dt;

	assert_int_equal(devicetree_parse(span_of(text), scene_arena, &dt), 0);
	return dt;
}

static void assert_path(const struct devicetree_node *node, const char *path)
{
	if (!path) {
		assert_null(node);
		return;
	}
	assert_non_null(node);
	assert_string_equal(node->path, path);
}

static void assert_plain(const char *text, const char *plain, const char *doubtful)
{
	const struct devicetree_node *p, *d;
	struct devicetree dt = parse(text);

	devicetree_plain_msi(&dt, &p, &d);
	assert_path(p, plain);
	assert_path(d, doubtful);
}

static void test_maps(void)
{
	struct devicetree dt = parse(GIC ITS SMMU HOST "bus 0000:00 /pcie\nbus 0000:01 /pcie/port");
	const struct devicetree_node *host = devicetree_host(&dt, 0, 5);

	assert_path(host, "/pcie");
	assert_null(devicetree_host(&dt, 1, 0));
	assert_path(devicetree_msi_of_pci(&dt, host, 0xff), "/intc/its");
	assert_path(devicetree_msi_of_pci(&dt, host, 0x100), NULL);
	assert_path(devicetree_iommu_of_pci(&dt, host, 0x100), "/smmuv3");
	assert_true(devicetree_isolates(devicetree_msi_of_pci(&dt, host, 0)));
	assert_true(host->coherent);
}

static void test_parents(void)
{
	struct devicetree dt =
		parse(ITS SMMU
		      "/pcie compatible=x pci msi-parent=2 msi-map=0.9.0.1 msi-map-mask=ff00\n"
		      "/own compatible=x pci msi-controller phandle=4\n"
		      "/uart msi-parent=2.1f iommus=3.100\n/none iommus=77");
	const struct devicetree_node *pcie = &dt.nodes[2], *uart = &dt.nodes[4];

	/* A map that leads nowhere leaves the parent. */
	assert_path(devicetree_msi_of_pci(&dt, pcie, 0x2f), "/intc/its");
	assert_path(devicetree_iommu_of_pci(&dt, pcie, 0), NULL);
	assert_path(devicetree_msi_of_pci(&dt, &dt.nodes[3], 0), "/own");
	assert_path(devicetree_msi_of(&dt, uart), "/intc/its");
	assert_path(devicetree_iommu_of(&dt, uart), "/smmuv3");
	assert_path(devicetree_iommu_of(&dt, &dt.nodes[5]), NULL);
}

static void test_an_its_that_does_not_isolate(void)
{
	struct devicetree dt = parse("/a compatible=arm,gic-v3-its msi-controller disabled\n"
				     "/b compatible=arm,gic-v3-its\n"
				     "/c compatible=arm,gic-v3-its msi-controller pre-its\n"
				     "/d compatible=x;arm,gic-v5-its msi-controller");

	for (size_t i = 0; i < 3; i++)
		assert_false(devicetree_isolates(&dt.nodes[i]));
	assert_true(devicetree_isolates(&dt.nodes[3]));
}

static void test_what_has_messages_of_its_own(void)
{
	assert_plain(GIC ITS HOST, NULL, NULL);
	assert_plain("/v2m compatible=arm,gic-v2m-frame msi-controller disabled\n" HOST, "/v2m",
		     NULL);
	assert_plain(ITS "/v2m compatible=arm,gic-v2m-frame msi-controller\n", NULL, "/v2m");
	assert_plain("/its compatible=arm,gic-v3-its msi-controller pre-its\n", "/its", NULL);
	assert_plain(ITS "/msi compatible=fsl,ls-scfg-msi msi-controller\n", NULL, "/msi");
	assert_plain(ITS "/msi compatible=fsl,ls-scfg-msi msi-controller disabled\n", NULL, NULL);
	/* Host bridges: with a controller built in, or led to one. */
	assert_plain(ITS "/pcie compatible=rockchip,rk3568-pcie;snps,dw-pcie pci\n", NULL, "/pcie");
	assert_plain(ITS "/pcie compatible=fsl,lx2160a-pcie;snps,dw-pcie pci msi-map=0.2.0.1\n",
		     NULL, NULL);
	assert_plain(ITS "/pcie compatible=nvidia,tegra194-pcie pci msi-map=0.2.0.1\n", NULL,
		     "/pcie");
}

static void test_damaged(void)
{
	static const char *const bad[] = { "/a phandle=x", "/a msi-map=0.1.100000000",
					   "bus 0000:100 /a", "bus zz:00 /a", "/a iommus=1..2" };
	struct devicetree dt;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(devicetree_parse((struct span){ bad[i], strlen(bad[i]) },
						  scene_arena, &dt),
				 -EBADMSG);
	/* Words that nobody knows, and half an entry. */
	dt = parse("/a what=1 pci msi-map=0.1.0\nnonsense\n\n");
	assert_int_equal(dt.nr_nodes, 1);
	assert_null(devicetree_msi_of_pci(&dt, &dt.nodes[0], 0));
}
