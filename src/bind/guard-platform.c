/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of the machine itself. The firmware and the kernel use them whether or not a driver has them, and no guest can:
 * a guest that resets or reprograms one can stop the host. */
#include <string.h>

#include "bind/guard.h"

static const struct part {
	struct {
		uint32_t code;
		unsigned int shift; /* of the class code that is compared */
	} class;
	bool on_root_bus; /* only as a part of the root complex: cards have this class, too */
	const char *what;
} parts[] = {
	{ { 0x0600, 8 }, false, "a host bridge" },
	{ { 0x0601, 8 },
	  false,
	  "the ISA or LPC bridge, behind which are clock, firmware and serial ports" },
	{ { 0x0c05, 8 }, false, "the SMBus controller, which reaches memory modules and sensors" },
	{ { 0x05, 16 }, true, "a memory controller of the machine" },
};

static bool is_on_root_bus(const struct device *d)
{
	const char *colon = strchr(d->name, ':');

	return colon && !strncmp(colon, ":00:", 4);
}

static void check(struct guard_check *c)
{
	const struct device *d = c->device;

	if (!d->has_ids || (d->driver && driver_is_vfio(d->driver)))
		return;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (d->class_code >> parts[i].class.shift == parts[i].class.code &&
		    (!parts[i].on_root_bus || is_on_root_bus(d)))
			guard_found(c, ANSWER_YES, "it is %s (class %06x)", parts[i].what,
				    d->class_code)
				->remedy = "leave it to the host";
}

const struct guard guard_platform = {
	.name = "platform",
	.protects =
		"a host bridge, an ISA or LPC bridge, an SMBus or a memory controller of the machine",
	.check = check,
};
