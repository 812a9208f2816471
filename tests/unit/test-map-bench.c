/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ranks of measured times, and the table and CSV of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/map-bench.h"
#include "scene.h"

static void test_quantiles(void)
{
	uint64_t times[200];
	struct map_quantiles q;

	for (size_t i = 0; i < 200; i++)
		times[i] = i + 1;
	q = map_quantiles_of(times, 1);
	assert_true(q.p50 == 1 && q.p90 == 1 && q.p99 == 1);
	q = map_quantiles_of(times, 3);
	assert_true(q.p50 == 2 && q.p90 == 3 && q.p99 == 3);
	q = map_quantiles_of(times, 10);
	assert_true(q.p50 == 5 && q.p90 == 9 && q.p99 == 10);
	q = map_quantiles_of(times, 100);
	assert_true(q.p50 == 50 && q.p90 == 90 && q.p99 == 99);
	q = map_quantiles_of(times, 200);
	assert_true(q.p50 == 100 && q.p90 == 180 && q.p99 == 198);
}

static char *print(const struct map_bench_report *m, enum output_format format)
{
	struct output out = { .width = 120, .format = format, .headings = true };
	struct failure *why = NULL;
	/* Static: as a variable of the function gcc takes what the stream allocates for it when it optimises. */
	static char *text;
	size_t len;

	out.stream = open_memstream(&text, &len);
	assert_non_null(out.stream);
	assert_int_equal(map_bench_print(m, &out, &why), 0);
	fclose(out.stream);
	return text;
}

static void test_table_and_csv(void)
{
	struct map_cost_row rows[] = {
		{ "container", "4K", 65536, 100, { 12345, 20000, 30000 }, { 1000, 2000, 3000 }, 0 },
		{ "iommufd", "2M", 2 << 20, 0, { 0 }, { 0 }, 12 },
	};
	struct map_bench_report m = { .address = "0000:01:00.0",
				      .rows = rows,
				      .nr_rows = 2,
				      .known = true,
				      .returned = true };
	char *text = print(&m, FORMAT_TABLE);

	assert_non_null(strstr(text, "12.3 us"));
	assert_non_null(strstr(text, "64K"));
	assert_non_null(strstr(text, "ENOMEM"));
	assert_non_null(strstr(text, "as before."));
	free(text);
	text = print(&m, FORMAT_CSV);
	assert_non_null(strstr(text, "PATH,PAGES,SIZE,ROUNDS,MAP_P50_NS,MAP_P90_NS,MAP_P99_NS"));
	assert_non_null(strstr(text, "container,4K,65536,100,12345,20000,30000,1000,2000,3000,"));
	assert_non_null(strstr(text, "iommufd,2M,2097152,0,"));
	free(text);
	m.returned = false;
	m.missing = "1G (no such pages are free)";
	text = print(&m, FORMAT_TABLE);
	assert_non_null(strstr(text, "not as before."));
	assert_non_null(strstr(text, "Left out: 1G"));
	free(text);
	m.known = false;
	text = print(&m, FORMAT_TABLE);
	assert_non_null(strstr(text, "could not be read"));
	free(text);
}
