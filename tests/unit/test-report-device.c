/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "base/macro.h"
#include "report/device.h"
#include "fake-host.h"
#include "scene.h"

/* The text of column @key of @row. */
static const char *cell(const struct device_row *row, const char *key)
{
	const struct field *f = field_find(&device_fields, key, strlen(key));
	struct value v;

	assert_non_null(f);
	field_read(f, row, row->report->arena, &v);
	return value_text(&v, row->report->arena);
}

struct fixture {
	struct host *host;
	struct report report;
	struct device_row row;
};

static void begin(struct fixture *f)
{
	struct host *h = fake_host();
	struct group *g = fake_group(h, 7);

	f->host = h;
	f->report = (struct report){ .arena = h->arena, .host = h };
	f->row = (struct device_row){
		.report = &f->report,
		.device = fake_pci(h, "0000:01:00.0", g, fake_unit(h, IOMMU_KIND_INTEL, "dmar0"),
				   "e1000e"),
		.group = g,
	};
}

static void end(struct fixture *f)
{
	fake_free(f->host);
}

static void test_device_row_tells_what_is(const struct fixture *f)
{
	assert_string_equal(cell(&f->row, "address"), "0000:01:00.0");
	assert_string_equal(cell(&f->row, "group"), "7");
	assert_string_equal(cell(&f->row, "bus"), "pci");
	assert_string_equal(cell(&f->row, "driver"), "e1000e");
	assert_string_equal(cell(&f->row, "iommu"), "dmar0");
}

static void test_device_row_none_is_not_unknown(struct fixture *f)
{
	struct device *d = fake_pci(f->host, "0000:02:00.0", NULL, NULL, NULL);

	f->row.device = d;
	f->row.group = NULL;
	assert_string_equal(cell(&f->row, "driver"), "-");
	assert_string_equal(cell(&f->row, "group"), "-");
	assert_string_equal(cell(&f->row, "type"), "-");
	d->driver_fact = fake_denied(f->host, "/sys/x/uevent");
	d->group_link = fake_denied(f->host, "/sys/x/iommu_group");
	d->iommu_link = fake_denied(f->host, "/sys/x/iommu");
	assert_string_equal(cell(&f->row, "driver"), "?");
	assert_string_equal(cell(&f->row, "group"), "?");
	assert_string_equal(cell(&f->row, "type"), "?");
	assert_string_equal(cell(&f->row, "iommu"), "?");
}

static void test_tree_tells_what_isolates(struct fixture *f)
{
	struct group_node n = { .device = f->row.device,
				.config_known = true,
				.config = { .header_type = 1, .pcie = PCIGROUP_PRESENT },
				.type = PCIE_DOWNSTREAM,
				.acs = { .isolates = TRI_NO } };

	f->row.node = &n;
	assert_string_equal(cell(&f->row, "kind"), "downstream port");
	assert_string_equal(cell(&f->row, "isolates"), "no");
	n.acs.isolates = TRI_UNKNOWN;
	assert_string_equal(cell(&f->row, "isolates"), "?");
	/* An endpoint of one function has nothing to keep apart. */
	n.config.header_type = 0;
	n.type = PCIE_ENDPOINT;
	assert_string_equal(cell(&f->row, "kind"), "endpoint");
	assert_string_equal(cell(&f->row, "isolates"), "-");
}

static void test_row_of_a_root_bus_has_an_address(struct fixture *f)
{
	f->row.device = NULL;
	f->row.group = NULL;
	f->row.bus = "bus 0000:00";
	assert_string_equal(cell(&f->row, "address"), "bus 0000:00");
	assert_string_equal(cell(&f->row, "group"), "-");
	assert_string_equal(cell(&f->row, "kind"), "-");
	assert_string_equal(cell(&f->row, "isolates"), "-");
	assert_string_equal(cell(&f->row, "slot"), "-");
	assert_string_equal(cell(&f->row, "driver"), "-");
	assert_string_equal(cell(&f->row, "verdict"), "-");
	/* No column may trip over a row without a device. */
	for (size_t i = 0; i < device_fields.nr; i++)
		assert_non_null(cell(&f->row, device_fields.fields[i].key));
}

static void test_holders_hidden_is_not_nobody(struct fixture *f)
{
	struct node *n = &f->row.device->group->node;

	fake_node(f->host, n, "/dev/vfio/7", 0600, 0);
	n->holders = fake_present(f->host, "/proc/*/fd", "");
	n->hidden_processes = 3;
	assert_string_equal(cell(&f->row, "holders"), "?");
	n->hidden_processes = 0;
	assert_string_equal(cell(&f->row, "holders"), "-");
	n->holders = fake_present(f->host, "/proc/*/fd", "12 qemu\n13 dpdk");
	assert_string_equal(cell(&f->row, "holders"), "12 qemu,13 dpdk");
}

static const char *only_audio(uint16_t vendor, uint16_t device, uint32_t class_code)
{
	return class_code == 0x040300 ? "hda" : NULL;
}

static void test_a_gpu_is_proven_through_its_audio_function(struct fixture *f)
{
	struct group *g = f->row.device->group;
	struct device *gpu = fake_pci(f->host, "0000:03:00.0", g, NULL, NULL);
	struct device *audio = fake_pci(f->host, "0000:03:00.1", g, NULL, NULL);
	struct device *other =
		fake_pci(f->host, "0000:04:00.0", fake_group(f->host, 8), NULL, NULL);

	gpu->has_ids = audio->has_ids = other->has_ids = true;
	gpu->class_code = 0x030000;
	audio->class_code = 0x040300;
	f->row.device = gpu;
	assert_string_equal(cell(&f->row, "proof"), "-");
	f->report.find_driver = only_audio;
	assert_string_equal(cell(&f->row, "proof"), "through 0000:03:00.1 (hda)");
	f->row.device = audio;
	assert_string_equal(cell(&f->row, "proof"), "hda");
	f->row.device = other;
	assert_string_equal(cell(&f->row, "proof"), "-");
	other->has_ids = false;
	assert_string_equal(cell(&f->row, "proof"), "?");
	/* The bridge above a card is not proven through it. */
	fake_bridge(f->host, gpu);
	f->row.device = gpu;
	assert_string_equal(cell(&f->row, "proof"), "-");
}

static void test_verdict_comes_with_its_reason(struct fixture *f)
{
	const struct rule rule = { .id = "group-viable" };
	const struct verdict p = { .kind = PATH_CONTAINER,
				   .answer = ANSWER_NO,
				   .op = OP_GROUP_SET_CONTAINER,
				   .err = EPERM,
				   .rule = &rule,
				   .because = "a sibling" };

	f->row.verdict[VIEW_NOW] = &p;
	assert_string_equal(cell(&f->row, "NOW"), "no");
	assert_string_equal(cell(&f->row, "op"), "GROUP_SET_CONTAINER");
	assert_string_equal(cell(&f->row, "errno"), "EPERM");
	assert_string_equal(cell(&f->row, "rule"), "group-viable");
	assert_string_equal(cell(&f->row, "because"), "a sibling");
	assert_string_equal(cell(&f->row, "AFTER"), "-");
	assert_string_equal(cell(&f->row, "op_bound"), "-");
	f->row.verdict[VIEW_NOW] = NULL;
	f->row.verdict[VIEW_IF_BOUND] = &p;
	assert_string_equal(cell(&f->row, "verdict_now"), "-");
	assert_string_equal(cell(&f->row, "because"), "-");
	assert_string_equal(cell(&f->row, "verdict"), "no");
	assert_string_equal(cell(&f->row, "op_bound"), "GROUP_SET_CONTAINER");
	assert_string_equal(cell(&f->row, "because_bound"), "a sibling");
}

static void test_why_is_the_first_that_is_not_yes(struct fixture *f)
{
	static const struct rule first = { .id = "group-node-missing" },
				 second = { .id = "denylist" };
	const struct verdict yes = { .answer = ANSWER_YES };
	const struct verdict no = { .answer = ANSWER_NO, .rule = &first };
	const struct verdict unknown = { .answer = ANSWER_UNKNOWN, .rule = &second };

	f->row.verdict[VIEW_NOW] = f->row.verdict[VIEW_IF_BOUND] = &yes;
	assert_string_equal(cell(&f->row, "why"), "-");
	f->row.verdict[VIEW_IF_BOUND] = &unknown;
	assert_string_equal(cell(&f->row, "why"), "denylist");
	f->row.verdict[VIEW_NOW] = &no;
	assert_string_equal(cell(&f->row, "why"), "group-node-missing");
}
