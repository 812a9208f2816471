/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel decides about one request of an address space, on each generation and path; each
 * rule about requests says yes, no, and where it can be ignorant, unknown. */
#include <errno.h>

#include "model/mapping.h"
#include "fake-host.h"
#include "scene.h"

#define RW   (MAPPING_READ | MAPPING_WRITE)
#define PAGE UINT64_C(4096)

struct situation {
	struct host *h;
	struct device *d;
	struct mapping_space s;
};

static struct iova_range vtd_ranges[] = { { 0, 0xfedfffff }, { 0xfef00000, 0x7fffffffff } };
static struct iova_range all_ranges[] = { { 0, UINT64_MAX } };

/* A VT-d of 39 bits, and room: 0x100000-0x102fff and 0x200000-0x200fff are mapped. */
static void open_scene(struct situation *sc, uint64_t releases, enum path_kind path)
{
	struct prediction p = { 0 };
	struct iommu_unit *u;
	struct group *g;

	sc->h = fake_host();
	u = fake_unit(sc->h, IOMMU_KIND_INTEL, "dmar0");
	g = fake_group(sc->h, 1);
	sc->d = fake_pci(sc->h, "0000:01:00.0", g, u, NULL);
	fake_bind(sc->h, sc->d, "vfio-pci");
	p.device = sc->d;
	p.kernels = fake_kernels(sc->h, releases);
	p.iova = (struct iova_prediction){ .answer = ANSWER_YES,
					   .ranges = vtd_ranges,
					   .nr_ranges = 2 };
	p.page_sizes = (struct page_sizes_prediction){ .answer = ANSWER_YES, .bitmap = 0x40201000 };
	mapping_space_predict(sc->h, NULL, &p, path, sc->h->arena, &sc->s);
	sc->s.path = path;
	sc->s.dirty_tracking = TRI_YES;
	assert_true(mapping_set_add(&sc->s.set, sc->h->arena, 0x100000, 3 * PAGE));
	assert_true(mapping_set_add(&sc->s.set, sc->h->arena, 0x200000, PAGE));
}

static void close_scene(struct situation *sc)
{
	mapping_space_done(&sc->s);
	fake_free(sc->h);
}

/* ---- situations ---- */

static void plain(struct situation *sc)
{
	(void)sc;
}

static void empty(struct situation *sc)
{
	(void)mapping_set_remove(&sc->s.set, 0, UINT64_MAX);
}

static void full(struct situation *sc)
{
	sc->s.avail = 0;
}

static void avail_hidden(struct situation *sc)
{
	sc->s.avail_known = false;
}

static void user(struct situation *sc)
{
	sc->h->caller.caps = 0;
	sc->h->caller.memlock_soft = 8 << 20;
	sc->s.limit.exempt = false;
	sc->s.locked = 8 << 20;
}

static void user_with_a_page(struct situation *sc)
{
	user(sc);
	sc->s.locked -= PAGE;
}

static void user_unread(struct situation *sc)
{
	user(sc);
	sc->h->caller.memlock_fact = fake_denied(sc->h, "process:limits");
}

static void caps_unread(struct situation *sc)
{
	user(sc);
	sc->h->caller.caps_fact = fake_denied(sc->h, "process:capabilities");
}

static void ranges_hidden(struct situation *sc)
{
	sc->s.ranges = (struct iova_prediction){ 0 };
}

static void alignment_hidden(struct situation *sc)
{
	sc->s.alignment = 0;
}

static void version_1(struct situation *sc)
{
	sc->s.version_1 = true;
}

static void up_to_the_top(struct situation *sc)
{
	sc->s.ranges.ranges = all_ranges;
	sc->s.ranges.nr_ranges = 1;
	assert_true(mapping_set_add(&sc->s.set, sc->h->arena, -PAGE, PAGE));
}

static void no_flag(struct situation *sc)
{
	sc->s.unmap_all = TRI_NO;
}

static void flag_hidden(struct situation *sc)
{
	sc->s.unmap_all = TRI_UNKNOWN;
}

static void no_tracking(struct situation *sc)
{
	sc->s.dirty_tracking = TRI_NO;
}

static void tracking_hidden(struct situation *sc)
{
	sc->s.dirty_tracking = TRI_UNKNOWN;
}

/* ---- the table ---- */

/* The formatter gives each member of a row a line of its own where one of them has braces. */
#define EACH(...)           \
	{                   \
		__VA_ARGS__ \
	}
#define MAP(iova, size)   EACH(MAPPING_MAP, iova, size, RW, 0, MAPPING_MEMORY_OWN)
#define UNMAP(iova, size) EACH(MAPPING_UNMAP, iova, size, 0, 0, MAPPING_MEMORY_OWN)
#define UNMAP_ALL         EACH(MAPPING_UNMAP_ALL, 0, 0, 0, 0, MAPPING_MEMORY_OWN)
#define DIRTY             EACH(MAPPING_DIRTY, 0, 0, 0, 0, MAPPING_MEMORY_OWN)

enum { OK = 0, NOT_KNOWN = -1, SOME_ERRNO = -2 };

/* What 5.10, 6.1, 6.12 and 7.3 say on a container that type1 serves, then 6.12 and 7.3 on an IOAS,
 * then on a container that iommufd serves. */
struct row {
	const char *what;
	void (*scene)(struct situation *sc);
	struct mapping_request request;
	int says[8];
};

#define ALL(err)                 BY(err, err)
#define BY(type1, iommufd)       TWO(type1, iommufd, iommufd)
#define TWO(type1, ioas, compat) EACH(type1, type1, type1, type1, ioas, ioas, compat, compat)

static const struct row rows[] = {
	{ "a free page", plain, MAP(0x300000, PAGE), ALL(OK) },
	{ "the last page of a range", plain, MAP(0xfedff000, PAGE), ALL(OK) },
	{ "the last page of the aperture", plain, MAP(0x7ffffff000, PAGE), ALL(OK) },
	{ "the first page above the aperture", plain, MAP(0x8000000000, PAGE), ALL(EINVAL) },
	{ "the MSI window", plain, MAP(0xfee00000, PAGE), ALL(EINVAL) },
	{ "over the edge of a range", plain, MAP(0xfedff000, 2 * PAGE), ALL(EINVAL) },
	{ "over what is mapped", plain, MAP(0x102000, 2 * PAGE), ALL(EEXIST) },
	{ "around what is mapped", plain, MAP(0x1ff000, 3 * PAGE), ALL(EEXIST) },
	{ "an odd IOVA", plain, MAP(0x300800, PAGE), ALL(EINVAL) },
	{ "an odd size", plain, MAP(0x300000, 0x1800), ALL(EINVAL) },
	{ "odd memory", plain, EACH(MAPPING_MAP, 0x300000, PAGE, RW, 0x200, MAPPING_MEMORY_OWN),
	  ALL(EINVAL) },
	{ "nothing", plain, MAP(0x300000, 0), ALL(EINVAL) },
	{ "neither read nor write", plain,
	  EACH(MAPPING_MAP, 0x300000, PAGE, 0, 0, MAPPING_MEMORY_OWN),
	  TWO(EINVAL, EINVAL, NOT_KNOWN) },
	{ "past 2^64", plain, MAP(-PAGE, 2 * PAGE),
	  EACH(EINVAL, EINVAL, EINVAL, EOVERFLOW, EOVERFLOW, EOVERFLOW, EOVERFLOW, EOVERFLOW) },
	{ "past 2^64 and odd", plain, MAP(-PAGE + 0x800, 2 * PAGE),
	  EACH(EINVAL, EINVAL, EINVAL, EOVERFLOW, EINVAL, EINVAL, EINVAL, EINVAL) },
	{ "2^64-1", plain, MAP(UINT64_MAX, PAGE),
	  EACH(EINVAL, EINVAL, EINVAL, EOVERFLOW, EOVERFLOW, EOVERFLOW, EINVAL, EINVAL) },
	{ "a size of nearly 2^64", plain, MAP(0, -PAGE),
	  EACH(EEXIST, EEXIST, EEXIST, EEXIST, EINVAL, EOVERFLOW, EINVAL, EOVERFLOW) },
	{ "no entries left", full, MAP(0x300000, PAGE), BY(ENOSPC, OK) },
	{ "no entries left, and mapped already", full, MAP(0x100000, PAGE), ALL(EEXIST) },
	{ "no entries left, and reserved", full, MAP(0xfee00000, PAGE), BY(ENOSPC, EINVAL) },
	{ "entries not known", avail_hidden, MAP(0x300000, PAGE), BY(NOT_KNOWN, OK) },
	{ "entries not known, and reserved", avail_hidden, MAP(0xfee00000, PAGE),
	  BY(SOME_ERRNO, EINVAL) },
	{ "exceeds the limit", user, MAP(0x300000, PAGE), ALL(ENOMEM) },
	{ "up to the limit", user_with_a_page, MAP(0x300000, PAGE), ALL(OK) },
	{ "one page beyond the limit", user_with_a_page, MAP(0x300000, 2 * PAGE), ALL(ENOMEM) },
	{ "beyond the limit, and reserved", user, MAP(0xfee00000, PAGE), ALL(EINVAL) },
	{ "a limit that was not read", user_unread, MAP(0x300000, PAGE), ALL(NOT_KNOWN) },
	{ "capabilities that were not read", caps_unread, MAP(0x300000, PAGE), ALL(NOT_KNOWN) },
	{ "no memory there", plain, EACH(MAPPING_MAP, 0x300000, PAGE, RW, 0, MAPPING_MEMORY_NONE),
	  ALL(EFAULT) },
	{ "memory that may not be written", plain,
	  EACH(MAPPING_MAP, 0x300000, PAGE, RW, 0, MAPPING_MEMORY_READ_ONLY), ALL(EFAULT) },
	{ "memory that may not be written, to be read", plain,
	  EACH(MAPPING_MAP, 0x300000, PAGE, MAPPING_READ, 0, MAPPING_MEMORY_READ_ONLY), ALL(OK) },
	{ "ranges not known", ranges_hidden, MAP(0x300000, PAGE), ALL(NOT_KNOWN) },
	{ "ranges not known, and mapped already", ranges_hidden, MAP(0x100000, PAGE),
	  BY(EEXIST, SOME_ERRNO) },
	{ "alignment not known", alignment_hidden, MAP(0x300000, PAGE), ALL(NOT_KNOWN) },
	{ "alignment not known, and odd", alignment_hidden, MAP(0x300800, PAGE),
	  BY(EINVAL, NOT_KNOWN) },
	{ "mappings up to 2^64", up_to_the_top, MAP(0x300000, PAGE),
	  EACH(NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, OK, OK, OK, OK, OK) },
	/* taking away */
	{ "one mapping", plain, UNMAP(0x200000, PAGE), ALL(OK) },
	{ "several mappings", plain, UNMAP(0x100000, 0x200000), ALL(OK) },
	{ "a part of a mapping", plain, UNMAP(0x101000, PAGE), BY(EINVAL, ENOENT) },
	{ "the end of a mapping", plain, UNMAP(0x101000, 0x10000), BY(EINVAL, ENOENT) },
	{ "the beginning of a mapping", plain, UNMAP(0xf0000, 0x11000), BY(EINVAL, ENOENT) },
	{ "where nothing is", plain, UNMAP(0x300000, PAGE),
	  EACH(OK, OK, OK, OK, ENOENT, ENOENT, NOT_KNOWN, OK) },
	{ "an odd range around a mapping", plain, UNMAP(0x1ff800, 0x2000), BY(EINVAL, OK) },
	{ "a size of 0", plain, UNMAP(0x100000, 0), ALL(EINVAL) },
	{ "a range past 2^64", plain, UNMAP(-PAGE, 2 * PAGE),
	  EACH(EINVAL, EINVAL, EINVAL, EOVERFLOW, EOVERFLOW, EOVERFLOW, EOVERFLOW, EOVERFLOW) },
	{ "at 2^64-1", plain, UNMAP(UINT64_MAX, 1),
	  EACH(EINVAL, EINVAL, EINVAL, EINVAL, EOVERFLOW, EOVERFLOW, NOT_KNOWN, OK) },
	{ "up to 2^64 with mappings", plain, UNMAP(0x200000, -UINT64_C(0x200000)),
	  EACH(NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, OK, OK, OK, OK, OK) },
	{ "everything", plain, UNMAP_ALL, EACH(EINVAL, OK, OK, OK, OK, OK, OK, OK) },
	{ "everything, without the flag", no_flag, UNMAP_ALL, BY(EINVAL, OK) },
	{ "everything, the flag not known", flag_hidden, UNMAP_ALL, BY(NOT_KNOWN, OK) },
	{ "everything of nothing", empty, UNMAP_ALL,
	  EACH(EINVAL, OK, OK, OK, OK, OK, NOT_KNOWN, OK) },
	{ "a part, version 1", version_1, UNMAP(0x101000, PAGE), ALL(OK) },
	/* dirty pages */
	{ "tracking", plain, DIRTY, EACH(OK, OK, OK, OK, OK, OK, ENOTTY, ENOTTY) },
	{ "tracking, version 1", version_1, DIRTY,
	  EACH(EACCES, EACCES, EACCES, EACCES, OK, OK, ENOTTY, ENOTTY) },
	{ "tracking by an IOMMU that cannot", no_tracking, DIRTY,
	  EACH(OK, OK, OK, OK, EOPNOTSUPP, EOPNOTSUPP, ENOTTY, ENOTTY) },
	{ "tracking by an IOMMU not known", tracking_hidden, DIRTY,
	  EACH(OK, OK, OK, OK, NOT_KNOWN, NOT_KNOWN, ENOTTY, ENOTTY) },
};

static const struct {
	enum path_kind path;
	enum release release;
} places[] = {
	{ PATH_CONTAINER, RELEASE_5_10 }, { PATH_CONTAINER, RELEASE_6_1 },
	{ PATH_CONTAINER, RELEASE_6_12 }, { PATH_CONTAINER, RELEASE_7_3 },
	{ PATH_IOMMUFD, RELEASE_6_12 },   { PATH_IOMMUFD, RELEASE_7_3 },
	{ PATH_COMPAT, RELEASE_6_12 },    { PATH_COMPAT, RELEASE_7_3 },
};

static int said(const struct mapping_prediction *p)
{
	if (p->answer == ANSWER_UNKNOWN)
		return NOT_KNOWN;
	if (p->answer == ANSWER_YES)
		return OK;
	return p->err ? p->err : SOME_ERRNO;
}

static void test_each_request_on_each_kernel(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (size_t k = 0; k < ARRAY_SIZE(places); k++) {
			struct mapping_prediction p;
			struct situation sc;

			open_scene(&sc, RELEASE_BIT(places[k].release), places[k].path);
			rows[i].scene(&sc);
			mapping_predict(&sc.s, &rows[i].request, sc.h->arena, &p);
			if (said(&p) != rows[i].says[k])
				fail_msg("%s on %s %s: %d (%s), expected %d", rows[i].what,
					 release_name(places[k].release),
					 path_kind_name(places[k].path), said(&p),
					 p.because ? p.because : "", rows[i].says[k]);
			if (p.answer != ANSWER_YES) {
				assert_non_null(p.rule);
				assert_non_null(p.because);
				assert_non_null(p.remedy);
			}
			close_scene(&sc);
		}
}

/* ---- without an address space ---- */

static void test_noiommu_has_nothing_to_map_in(void)
{
	static const struct mapping_request requests[] = { MAP(0x300000, PAGE),
							   UNMAP(0x100000, PAGE), DIRTY };

	for (unsigned int release = 0; release < NR_RELEASES; release++)
		for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
			struct mapping_prediction p;
			struct situation sc;

			open_scene(&sc, RELEASE_BIT(release), PATH_NOIOMMU);
			mapping_predict(&sc.s, &requests[i], sc.h->arena, &p);
			assert_int_equal(said(&p), ENOTTY);
			assert_string_equal(p.rule->id, "no-address-space");
			close_scene(&sc);
		}
}

static void test_candidates_that_disagree_leave_it_open(void)
{
	static const struct mapping_request past = MAP(-PAGE, 2 * PAGE),
					    around = MAP(0x300000, PAGE), tail = MAP(-PAGE, PAGE);
	struct mapping_prediction p;
	struct situation sc;

	open_scene(&sc, ONLY(6_1) | ONLY(7_3), PATH_CONTAINER);
	mapping_predict(&sc.s, &past, sc.h->arena, &p);
	assert_int_equal(said(&p), SOME_ERRNO);
	mapping_predict(&sc.s, &around, sc.h->arena, &p);
	assert_int_equal(said(&p), OK);
	up_to_the_top(&sc);
	mapping_predict(&sc.s, &around, sc.h->arena, &p);
	assert_int_equal(said(&p), NOT_KNOWN);
	mapping_predict(&sc.s, &tail, sc.h->arena, &p);
	assert_int_equal(said(&p), NOT_KNOWN);
	close_scene(&sc);
}

/* ---- how much goes away ---- */

static uint64_t unmapped(struct situation *sc, const struct mapping_request *request)
{
	struct mapping_prediction p;

	mapping_predict(&sc->s, request, sc->h->arena, &p);
	assert_int_equal(p.answer, ANSWER_YES);
	assert_true(p.bytes_known);
	mapping_apply(&sc->s, request, true);
	return p.bytes;
}

static void test_unmap_counts_bytes_of_mappings(void)
{
	static const struct mapping_request all = UNMAP_ALL, wide = UNMAP(0xf0000, 0x200000),
					    none = UNMAP(0x400000, PAGE);
	struct situation sc;

	open_scene(&sc, ONLY(6_1), PATH_CONTAINER);
	assert_int_equal(unmapped(&sc, &none), 0);
	assert_int_equal(sc.s.set.nr, 2);
	assert_int_equal(unmapped(&sc, &wide), 4 * PAGE);
	assert_int_equal(sc.s.set.nr, 0);
	assert_int_equal(unmapped(&sc, &all), 0);
	close_scene(&sc);
}

/* The first page of a mapping takes all of it, another page nothing. */
static void test_version_1_of_type1_takes_whole_mappings(void)
{
	static const struct mapping_request middle = UNMAP(0x101000, PAGE),
					    first = UNMAP(0x100000, PAGE);
	struct situation sc;

	open_scene(&sc, ONLY(6_1), PATH_CONTAINER);
	version_1(&sc);
	assert_int_equal(unmapped(&sc, &middle), 0);
	assert_int_equal(sc.s.set.nr, 2);
	assert_int_equal(unmapped(&sc, &first), 3 * PAGE);
	assert_int_equal(sc.s.set.nr, 1);
	close_scene(&sc);
}

static void test_version_1_of_iommufd_cuts(void)
{
	static const struct mapping_request middle = UNMAP(0x101000, PAGE), all = UNMAP_ALL;
	uint64_t iova, size;
	struct situation sc;

	open_scene(&sc, ONLY(7_3), PATH_COMPAT);
	version_1(&sc);
	assert_int_equal(unmapped(&sc, &middle), PAGE);
	assert_int_equal(sc.s.set.nr, 3);
	assert_true(mapping_set_find(&sc.s.set, 0x102000, 0x102000, &iova, &size));
	assert_int_equal(iova, 0x102000);
	assert_int_equal(size, PAGE);
	assert_int_equal(unmapped(&sc, &all), 3 * PAGE);
	close_scene(&sc);
}

/* iommufd has taken the lower mapping away when it finds that it would cut the upper one. */
static void test_refused_unmap_of_iommufd_has_done_a_part(void)
{
	static const struct mapping_request tail = UNMAP(0x200000, 0x101000),
					    head = UNMAP(0x101000, 0x100000);
	struct situation sc;

	open_scene(&sc, ONLY(7_3), PATH_IOMMUFD);
	assert_true(mapping_set_add(&sc.s.set, sc.h->arena, 0x300000, 2 * PAGE));
	mapping_apply(&sc.s, &head, false);
	assert_int_equal(sc.s.set.nr, 3);
	mapping_apply(&sc.s, &tail, false);
	assert_int_equal(sc.s.set.nr, 2);
	close_scene(&sc);

	open_scene(&sc, ONLY(7_3), PATH_CONTAINER);
	assert_true(mapping_set_add(&sc.s.set, sc.h->arena, 0x300000, 2 * PAGE));
	mapping_apply(&sc.s, &tail, false);
	assert_int_equal(sc.s.set.nr, 3);
	close_scene(&sc);
}

/* ---- what a mapping changes ---- */

static void test_mappings_count_against_the_limits(void)
{
	static const struct mapping_request map = MAP(0x300000, 4 * PAGE),
					    unmap = UNMAP(0x300000, 4 * PAGE);
	struct mapping_prediction p;
	struct situation sc;

	open_scene(&sc, ONLY(6_1), PATH_CONTAINER);
	user(&sc);
	sc.s.locked = 0;
	sc.s.avail = 1;
	mapping_apply(&sc.s, &map, false);
	assert_int_equal(sc.s.avail, 1);
	mapping_apply(&sc.s, &map, true);
	assert_int_equal(sc.s.locked, 4 * PAGE);
	assert_int_equal(sc.s.avail, 0);
	mapping_predict(&sc.s, &map, sc.h->arena, &p);
	assert_int_equal(said(&p), EEXIST);
	mapping_apply(&sc.s, &unmap, true);
	assert_int_equal(sc.s.locked, 0);
	assert_int_equal(sc.s.avail, 1);
	mapping_predict(&sc.s, &map, sc.h->arena, &p);
	assert_int_equal(said(&p), OK);
	close_scene(&sc);
}

/* ---- coverage ---- */

static enum answer answer_of(size_t row, size_t place, const char *id)
{
	struct mapping_prediction p;
	enum answer ret = ANSWER_NO;
	struct situation sc;

	open_scene(&sc, RELEASE_BIT(places[place].release), places[place].path);
	rows[row].scene(&sc);
	mapping_predict(&sc.s, &rows[row].request, sc.h->arena, &p);
	if (p.rule && strcmp(p.rule->id, id) == 0)
		ret = p.answer == ANSWER_NO ? ANSWER_YES : ANSWER_UNKNOWN;
	close_scene(&sc);
	return ret;
}

/* What is asked is always known; what the kernel will find is not. */
static bool always_knows(const char *id)
{
	static const char *const ids[] = { "map-maximum", "map-prot",      "map-empty",
					   "map-memory",  "dirty-version", "dirty-compat" };

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		if (strcmp(ids[i], id) == 0)
			return true;
	return false;
}

static void test_each_rule_about_requests_decides(void)
{
	const struct rule *rule;

	for (size_t r = 0; (rule = rule_get(r)); r++) {
		bool yes = false, unknown = always_knows(rule->id);

		if (!rule->request || strcmp(rule->id, "no-address-space") == 0)
			continue;
		/* Decides the errno only, and where it is ignorant another has refused. */
		unknown |= strcmp(rule->id, "map-length") == 0 ||
			   strcmp(rule->id, "map-wrap") == 0 ||
			   strcmp(rule->id, "map-memory-aligned") == 0;
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
			for (size_t k = 0; k < ARRAY_SIZE(places); k++) {
				enum answer a = answer_of(i, k, rule->id);
				yes |= a == ANSWER_YES;
				unknown |= a == ANSWER_UNKNOWN;
			}
		if (!yes)
			fail_msg("no row is refused by %s", rule->id);
		if (!unknown)
			fail_msg("no row is left open by %s", rule->id);
	}
}
