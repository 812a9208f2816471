/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode/kconfig.h"
#include "scene.h"

static void test_kconfig_keeps_the_named_options(void)
{
	static const char *const names[] = { "CONFIG_VFIO", "CONFIG_IOMMUFD", "CONFIG_CMDLINE" };
	const char *text = "#\n# Linux/x86 6.12.0 Kernel Configuration\n#\nCONFIG_VFIO=m\n"
			   "CONFIG_VFIO_PCI=m\n# CONFIG_IOMMUFD is not set\n"
			   "CONFIG_CMDLINE=\"a=b # CONFIG_VFIO is not set\"\n";

	assert_string_equal(kconfig_reduce(span_of(text), names, 3, scene_arena),
			    "CONFIG_VFIO=m\nCONFIG_IOMMUFD=n\n"
			    "CONFIG_CMDLINE=\"a=b # CONFIG_VFIO is not set\"\n");
	assert_string_equal(kconfig_reduce(span_of("CONFIG_OTHER=y\n"), names, 3, scene_arena), "");
	assert_null(kconfig_reduce(span_of("this is no configuration\n"), names, 3, scene_arena));
	assert_null(kconfig_reduce(span_of(""), names, 3, scene_arena));
	assert_null(kconfig_reduce(span_of("# CONFIG_ is not set"), names, 3, scene_arena));
}
