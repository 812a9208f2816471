/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What makes a device VFIO's: not the name of its driver, but what the kernel made of it. */
#include "fake-host.h"
#include "scene.h"

/* A function on a driver that has no VFIO in its name, and nothing known of what it made. */
static struct device *vendor(struct scene *s, const char *driver)
{
	if (s->h)
		fake_free(s->h);
	s->h = fake_host();
	s->g = fake_group(s->h, 7);
	s->d = fake_pci(s->h, "0000:01:00.4", s->g, NULL, driver);
	return s->d;
}

/* The same, and what its folder vfio-dev lists; NULL: it has none. */
static void vendor_with(struct scene *s, const char *driver, const char *listed)
{
	vendor(s, driver);
	s->d->vfio_dev =
		listed ? fake_present(s->h, "vfio-dev", listed) : fake_absent(s->h, "vfio-dev");
}

static void expect(struct scene *s, enum tristate want)
{
	assert_int_equal(device_serves_vfio(s->h, s->d), want);
}

static void has_node(struct scene *s)
{
	fake_node(s->h, &s->g->node, "/dev/vfio/7", 0600, 0);
}

static void test_folder_below_the_device_tells(struct scene *s)
{
	vendor_with(s, "nvidia", "vfio0");
	expect(s, TRI_YES);
	vendor_with(s, "made_up_vfio", "vfio0");
	expect(s, TRI_YES);
}

static void test_no_folder_tells_where_the_class_is(struct scene *s)
{
	vendor_with(s, "nvidia", NULL);
	s->h->vfio_class = fake_present(s->h, "/sys/class/vfio-dev", "vfio0");
	has_node(s);
	expect(s, TRI_NO);
	/* Such a driver may manage the DMA of its devices without making one. */
	vendor_with(s, "made_up_vfio", NULL);
	s->h->vfio_class = fake_present(s->h, "/sys/class/vfio-dev", "");
	expect(s, TRI_UNKNOWN);
}

/* Before 6.1 there is no folder, and a capture may not have looked. */
static void test_node_of_the_group_tells(struct scene *s)
{
	vendor(s, "nvidia");
	has_node(s);
	expect(s, TRI_YES);
	vendor_with(s, "nvidia", NULL);
	s->h->vfio_class = fake_absent(s->h, "/sys/class/vfio-dev");
	has_node(s);
	expect(s, TRI_YES);
	vendor(s, "nvidia");
	fake_node_absent(s->h, &s->g->node, "/dev/vfio/7");
	expect(s, TRI_NO);
}

static void test_node_that_another_member_made(struct scene *s)
{
	vendor(s, "snd_hda_intel");
	has_node(s);
	fake_pci(s->h, "0000:01:00.5", s->g, NULL, "vfio-pci");
	expect(s, TRI_NO);
	vendor(s, "snd_hda_intel");
	has_node(s);
	fake_pci(s->h, "0000:01:00.5", s->g, NULL, "nvidia")->vfio_dev =
		fake_present(s->h, "vfio-dev", "vfio0");
	expect(s, TRI_NO);
	/* Either of them may have. */
	vendor(s, "snd_hda_intel");
	has_node(s);
	fake_pci(s->h, "0000:01:00.5", s->g, NULL, "nvidia");
	expect(s, TRI_UNKNOWN);
	/* Neither a stub nor a driver of ports does. */
	vendor(s, "nvidia");
	has_node(s);
	fake_pci(s->h, "0000:01:00.5", s->g, NULL, "pci-stub");
	fake_pci(s->h, "0000:01:00.6", s->g, NULL, "pcieport");
	expect(s, TRI_YES);
}

/* To 5.18 a node outlives its device while it is open. */
static void test_node_that_is_open_proves_nothing(struct scene *s)
{
	vendor(s, "nvidia");
	has_node(s);
	s->g->node.holders = fake_present(s->h, "/proc/*/fd", "812 qemu");
	expect(s, TRI_UNKNOWN);
	vendor(s, "nvidia");
	has_node(s);
	s->g->node.hidden_processes = 3;
	expect(s, TRI_UNKNOWN);
	vendor(s, "nvidia");
	has_node(s);
	s->g->node.holders = (struct fact){ .state = FACT_UNREAD };
	expect(s, TRI_UNKNOWN);
}

static void test_names_tell_where_nothing_else_does(struct scene *s)
{
	vendor(s, "vfio-pci");
	expect(s, TRI_YES);
	vendor(s, "e1000e");
	expect(s, TRI_NO);
	vendor(s, "made_up_vfio");
	expect(s, TRI_UNKNOWN);
	vendor(s, "pci-stub");
	expect(s, TRI_NO);
	vendor(s, NULL);
	expect(s, TRI_NO);
	/* The kernel has it locked: it may still have a driver. */
	vendor(s, NULL)->locked = true;
	expect(s, TRI_UNKNOWN);
	vendor(s, NULL);
	s->d->driver_fact = fake_denied(s->h, "uevent");
	expect(s, TRI_UNKNOWN);
}

static void test_vmd_carries_what_is_behind_it(struct scene *s)
{
	struct device *child;

	vendor(s, "vmd");
	child = fake_pci(s->h, "10000:01:00.0", s->g, NULL, "nvme");
	assert_true(device_is_vmd(s->d));
	assert_true(device_is_behind_vmd(child));
	assert_false(device_is_behind_vmd(s->d));
	assert_true(device_carries(s->d, child));
	assert_false(device_carries(child, s->d));
	child->group = NULL;
	assert_false(device_carries(s->d, child));
}
