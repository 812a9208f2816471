/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel tells on the way: extensions, address ranges, hardware, the device itself. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "prober.h"

void print_extensions(int fd, const char *when)
{
	printf("{\"fact\":\"extensions\",\"when\":\"%s\"", when);
	for (int id = 1; id <= PR_EXTENSION_LAST; id++) {
		int value = ioctl(fd, PR_CHECK_EXTENSION, (unsigned long)id);
		if (value < 0)
			printf(",\"%d\":\"%s\"", id, error_name(errno));
		else
			printf(",\"%d\":%d", id, value);
	}
	printf("}\n");
}

static void print_ranges(const struct ranges *ranges)
{
	printf("{\"fact\":\"iova_ranges\",\"ranges\":[");
	for (unsigned i = 0; i < ranges->nr; i++)
		printf("%s{\"start\":\"0x%" PRIx64 "\",\"end\":\"0x%" PRIx64 "\"}", i ? "," : "",
		       ranges->range[i].start, ranges->range[i].last);
	printf("]}\n");
}

static void read_iova_cap(const uint8_t *cap, uint32_t room, struct ranges *ranges)
{
	uint32_t nr;

	if (room < 16)
		return;
	memcpy(&nr, cap + 8, sizeof(nr));
	for (uint32_t i = 0; i < nr && i < MAX_RANGES && 16 + (i + 1) * 16 <= room; i++) {
		memcpy(&ranges->range[i], cap + 16 + i * 16, 16);
		ranges->nr = i + 1;
	}
}

/* Walks the capability chain of IOMMU_GET_INFO; offsets only ever grow, so that no chain is without an end. */
static void read_caps(const uint8_t *info, uint32_t size, uint32_t offset, struct ranges *ranges)
{
	struct pr_cap_header header;
	uint32_t previous = 0;

	while (offset > previous && offset <= size - sizeof(header)) {
		memcpy(&header, info + offset, sizeof(header));
		if (header.id == PR_CAP_IOVA_RANGE) {
			read_iova_cap(info + offset, size - offset, ranges);
		} else if (header.id == PR_CAP_DMA_AVAIL && offset + 12 <= size) {
			uint32_t avail;
			memcpy(&avail, info + offset + 8, sizeof(avail));
			printf("{\"fact\":\"dma_avail\",\"value\":%" PRIu32 "}\n", avail);
		} else if (header.id == PR_CAP_MIGRATION && offset + 32 <= size) {
			uint64_t pgsizes, bitmap;
			memcpy(&pgsizes, info + offset + 16, sizeof(pgsizes));
			memcpy(&bitmap, info + offset + 24, sizeof(bitmap));
			printf("{\"fact\":\"migration\",\"page_sizes\":\"0x%" PRIx64
			       "\",\"max_bitmap\":%" PRIu64 "}\n",
			       pgsizes, bitmap);
		} else {
			printf("{\"fact\":\"capability\",\"id\":%u}\n", header.id);
		}
		previous = offset;
		offset = header.next;
	}
}

bool get_iommu_info(int fd, struct ranges *ranges)
{
	struct pr_iommu_info head = { .argsz = sizeof(head) };
	int error;

	ask(fd, PR_IOMMU_GET_INFO, &head, &error);
	if (error || head.argsz > INFO_LIMIT)
		return plain_step("IOMMU_GET_INFO", error ? error : E2BIG, -1);
	uint32_t size = head.argsz > sizeof(head) ? head.argsz : sizeof(head);
	uint8_t *info = calloc(1, size);
	if (!info)
		stop("out of memory");
	memcpy(info, &size, sizeof(size));
	ask(fd, PR_IOMMU_GET_INFO, info, &error);
	memcpy(&head, info, sizeof(head));
	bool yes = step("IOMMU_GET_INFO", error, 0,
			",\"flags\":%" PRIu32 ",\"page_sizes\":\"0x%" PRIx64 "\"", head.flags,
			head.pgsizes);
	if (yes && head.cap_offset)
		read_caps(info, size, head.cap_offset, ranges);
	if (yes)
		print_ranges(ranges);
	free(info);
	return yes;
}

/* Regions and interrupts by index, and what a reset of its bus would take along. */
static void print_parts(int fd, const struct pr_device_info *info)
{
	int error;

	for (uint32_t i = 0; i < info->nr_regions && i < 64; i++) {
		struct pr_region_info region = { .argsz = sizeof(region), .index = i };
		ask(fd, PR_GET_REGION_INFO, &region, &error);
		printf("{\"fact\":\"region\",\"index\":%" PRIu32
		       ",\"errno\":\"%s\",\"flags\":%" PRIu32 ",\"size\":%" PRIu64
		       ",\"argsz\":%" PRIu32 "}\n",
		       i, error ? error_name(error) : "", region.flags, region.size, region.argsz);
	}
	for (uint32_t i = 0; i < info->nr_irqs && i < 64; i++) {
		struct pr_irq_info irq = { .argsz = sizeof(irq), .index = i };
		ask(fd, PR_GET_IRQ_INFO, &irq, &error);
		printf("{\"fact\":\"irq\",\"index\":%" PRIu32 ",\"errno\":\"%s\",\"flags\":%" PRIu32
		       ",\"count\":%" PRIu32 "}\n",
		       i, error ? error_name(error) : "", irq.flags, irq.count);
	}
	struct pr_hot_reset_info reset = { .argsz = sizeof(reset) };
	ask(fd, PR_GET_HOT_RESET_INFO, &reset, &error);
	printf("{\"fact\":\"hot_reset\",\"errno\":\"%s\",\"flags\":%" PRIu32 ",\"devices\":[",
	       error ? error_name(error) : "", reset.flags);
	for (uint32_t i = 0; !error && i < reset.nr && i < 32; i++)
		printf("%s[%" PRIu32 ",\"%04x:%02x:%02x.%x\"]", i ? "," : "", reset.device[i].id,
		       reset.device[i].segment, reset.device[i].bus, reset.device[i].devfn >> 3,
		       reset.device[i].devfn & 7);
	printf("]}\n");
}

bool get_device_info(int fd, bool all)
{
	struct pr_device_info info = { .argsz = sizeof(info) };
	int error;

	ask(fd, PR_DEVICE_GET_INFO, &info, &error);
	bool yes = step("DEVICE_GET_INFO", error, 0,
			",\"flags\":%" PRIu32 ",\"regions\":%" PRIu32 ",\"irqs\":%" PRIu32,
			info.flags, info.nr_regions, info.nr_irqs);
	if (yes && all)
		print_parts(fd, &info);
	return yes;
}

bool ioas_ranges(int iommufd, uint32_t ioas, struct ranges *ranges)
{
	struct pr_ioas_ranges query = {
		.size = sizeof(query),
		.ioas_id = ioas,
		.nr = MAX_RANGES,
		.ranges = (uintptr_t)ranges->range,
	};
	int error;

	ask(iommufd, PR_IOAS_IOVA_RANGES, &query, &error);
	ranges->nr = error || query.nr > MAX_RANGES ? 0 : query.nr;
	if (!step("IOAS_IOVA_RANGES", error, query.nr, ",\"alignment\":%" PRIu64, query.alignment))
		return false;
	print_ranges(ranges);
	return true;
}

/* Hardware information is extra: a kernel that has none to give refuses, and that ends nothing. */
void print_hw_info(int iommufd, uint32_t devid)
{
	uint64_t data[16] = { 0 };
	struct pr_hw_info info = {
		.size = sizeof(info),
		.dev_id = devid,
		.data_len = sizeof(data),
		.data = (uintptr_t)data,
	};
	int error;

	ask(iommufd, PR_GET_HW_INFO, &info, &error);
	if (error)
		printf("{\"fact\":\"hw_info\",\"errno\":\"%s\"}\n", error_name(error));
	else
		printf("{\"fact\":\"hw_info\",\"errno\":null,\"type\":%" PRIu32
		       ",\"capabilities\":\"0x%" PRIx64 "\",\"data\":[\"0x%" PRIx64
		       "\",\"0x%" PRIx64 "\",\"0x%" PRIx64 "\"]}\n",
		       info.type, info.capabilities, data[0], data[1], data[2]);
}
