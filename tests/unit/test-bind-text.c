/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "base/macro.h"
#include "report/bind.h"
#include "scene.h"

static void test_dry_run_loads_a_module_once(void)
{
	static const struct bind_step steps[] = { { .path = "/sys/a", .text = "vfio-pci" },
						  { .path = "/sys/b", .text = "" } };
	static const struct bind_move moves[] = {
		{ .bus = "pci", .name = "a", .module = "vfio_pci", .result = BIND_THERE },
		{ .bus = "pci", .name = "b", .module = "vfio_pci" },
		{ .bus = "pci", .name = "c", .module = "vfio_pci" },
		{ .bus = "platform", .name = "d", .module = "vfio_platform" },
	};
	const struct bind_view v = { .command = "bind",
				     .dry_run = true,
				     .steps = steps,
				     .nr_steps = ARRAY_SIZE(steps),
				     .moves = moves,
				     .nr_moves = ARRAY_SIZE(moves) };
	static const char wanted[] = "modprobe vfio_pci\nmodprobe vfio_platform\n"
				     "echo vfio-pci > /sys/a\necho > /sys/b\n";
	struct output out = { 0 };
	char *text = NULL;
	size_t len = 0;

	out.stream = open_memstream(&text, &len);
	assert_int_equal(bind_text(&out, &v, NULL), 0);
	fclose(out.stream);
	assert_ptr_equal(strstr(text, wanted), text);
	free(text);
}
