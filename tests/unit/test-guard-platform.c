/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of the machine, by class and place. */
#include "scene.h"

/* What the guards say of a device of @class at @name, on @driver. */
static void assert_part(struct tree *x, const char *name, const char *driver, const char *class,
			const char *text)
{
	tree_card(x);
	tree_device(x, &(struct tree_device){ .name = name, .driver = driver, .class = class });
	assert_guards(x, name, text);
}

static void test_host_bridge_stays(struct tree *x)
{
	assert_part(x, "0000:00:00.0", NULL, "60000",
		    "platform yes it is a host bridge (class 060000)\n");
}

static void test_isa_bridge_stays(struct tree *x)
{
	assert_part(x, "0000:00:1f.0", "lpc_ich", "60100",
		    "platform yes it is the ISA or LPC bridge, behind which are clock, firmware and serial ports (class 060100)\n");
}

static void test_smbus_stays(struct tree *x)
{
	assert_part(x, "0000:00:1f.4", "i801_smbus", "c0500",
		    "platform yes it is the SMBus controller, which reaches memory modules and sensors (class 0c0500)\n");
}

static void test_memory_controller_stays_on_the_root_bus(struct tree *x)
{
	assert_part(x, "0000:00:14.2", NULL, "50000",
		    "platform yes it is a memory controller of the machine (class 050000)\n");
}

/* Cards with programmable logic have this class. */
static void test_card_of_the_memory_class_may_go(struct tree *x)
{
	assert_part(x, "0000:03:00.0", NULL, "58000", "");
}

/* It goes back to the host. */
static void test_part_on_a_vfio_driver_may_go_back(struct tree *x)
{
	assert_part(x, "0000:00:1f.4", "vfio-pci", "c0500", "");
}

static void test_other_bridges_are_none_of_its_parts(struct tree *x)
{
	assert_part(x, "0000:00:1c.0", "pcieport", "60400", "");
}
