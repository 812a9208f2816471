/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The small texts of procfs: command line, configuration, interrupts, status. */
#include <errno.h>
#include <string.h>

#include "decode/cmdline.h"
#include "decode/iomem.h"
#include "decode/kconfig.h"
#include "decode/procfs.h"
#include "decode/smaps.h"
#include "fuzz.h"

static void must_lie_within(struct span part, struct span whole)
{
	must(!part.len || (part.s >= whole.s && part.s + part.len <= whole.s + whole.len));
}

static void check_cmdline(struct span text)
{
	struct span rest = text, key, value;
	size_t nr = 0;
	bool has_value;

	while (cmdline_next(&rest, &key, &value, &has_value)) {
		must_lie_within(key, text);
		if (has_value)
			must_lie_within(value, text);
		must(++nr <= text.len);
	}
	if (cmdline_find(text, "iommu", &value, &has_value) && has_value)
		must_lie_within(value, text);
	cmdline_name_equals(text, "vfio-pci");
}

static void check_iomem(struct span text)
{
	struct span rest = text;
	struct iomem_line line;
	size_t nr = 0;

	while (iomem_next(&rest, &line)) {
		must_lie_within(line.name, text);
		must_lie_within(line.range, text);
		must(++nr <= text.len);
	}
}

static void check_reduced(const char *reduced, struct span text)
{
	must(!reduced || strlen(reduced) <= 2 * text.len + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const options[] = { "CONFIG_VFIO", "CONFIG_IOMMUFD", "CONFIG_VFIO_PCI" };
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct span text = { (const char *)data, len }, value;
	struct stat_text st;
	struct smaps_sum sum;
	uint64_t bytes;
	int r;

	check_cmdline(text);
	check_iomem(text);
	check_reduced(kconfig_reduce(text, options, ARRAY_SIZE(options), a), text);
	check_reduced(interrupts_reduce(text, a), text);
	if (status_get(text, "vendor_id", &value))
		must_lie_within(value, text);
	r = status_get_bytes(text, "VmLck", &bytes);
	must(r == 0 || r == -ENODATA || r == -EBADMSG);
	r = smaps_sum(text, 0x7f0000000000, 0x200000, &sum);
	must(r == 0 || r == -ENODATA || r == -EBADMSG);
	must(r < 0 || sum.page);
	r = stat_text_parse(text, &st);
	must(r == 0 || r == -EBADMSG);
	must(r < 0 || st.mode <= 07777);
	return 0;
}
