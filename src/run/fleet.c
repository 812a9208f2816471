/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/fleet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/macro.h"
#include "base/strmap.h"
#include "sysroot/dirents.h"
#include "run/pool.h"
#include "run/session.h"

/* ---- the files ---- */

static int add_source(struct fleet_run *run, const char *path, const struct stat *st,
		      struct failure **reterr)
{
	struct arena *a = run->app->arena;

	if (run->nr_sources == FLEET_SOURCES_MAX)
		return failure_set(reterr, -E2BIG,
				   "there are more than %d files: compare them in parts",
				   FLEET_SOURCES_MAX);
	run->sources = arena_grow(a, run->sources, run->nr_sources, sizeof(*run->sources));
	run->sources[run->nr_sources++] =
		(struct fleet_source){ .path = path, .dev = st->st_dev, .ino = st->st_ino };
	if (!S_ISREG(st->st_mode))
		run->sources[run->nr_sources - 1].unread = "it is not a file";
	return 0;
}

static int add_folder(struct fleet_run *run, const char *path, unsigned int depth,
		      struct failure **reterr);

/* A link in a folder may lead anywhere: it is named, not followed. */
static int add_entry(struct fleet_run *run, int folder, const char *path, const char *name,
		     unsigned int depth, struct failure **reterr)
{
	struct stat st;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0
				       : failure_set(reterr, -errno, "cannot look at '%s': %s",
						     path, strerror(errno));
	return S_ISDIR(st.st_mode) ? add_folder(run, path, depth + 1, reterr)
				   : add_source(run, path, &st, reterr);
}

static int add_folder(struct fleet_run *run, const char *path, unsigned int depth,
		      struct failure **reterr)
{
	vt_cleanup(fd_closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct arena *a = run->app->arena;
	struct span rest, line;
	struct fact names;
	int r = fd < 0 ? -errno : dirents_read(fd, a, &names);

	if (r < 0)
		return failure_set(reterr, r, "cannot read the folder '%s': %s", path,
				   strerror(-r));
	if (depth > FLEET_DEPTH_MAX)
		return failure_set(reterr, -ELOOP,
				   "'%s' is more than %d folders deep: name it alone", path,
				   FLEET_DEPTH_MAX);
	rest = (struct span){ names.raw, names.len };
	while (r >= 0 && parse_line(&rest, &line)) {
		const char *name = arena_strndup(a, line.s, line.len);
		const bool ends = path[strlen(path) - 1] == '/';

		r = add_entry(run, fd, arena_join(a, path, ends ? "" : "/", name, NULL), name,
			      depth, reterr);
	}
	return r;
}

static int by_path(const void *left, const void *right)
{
	return strcmp(((const struct fleet_source *)left)->path,
		      ((const struct fleet_source *)right)->path);
}

/* The same file, by another name or named twice, is one host. */
static void find_same_files(struct fleet_run *run)
{
	struct arena *a = run->app->arena;
	struct strmap seen = { .arena = a };

	for (size_t i = 0; i < run->nr_sources; i++) {
		struct fleet_source *s = &run->sources[i], *first;
		const char *id = arena_printf(a, "%ju %ju", (uintmax_t)s->dev, (uintmax_t)s->ino);

		first = strmap_find(&seen, id);
		if (!first)
			strmap_add(&seen, id, s);
		else if (!s->unread)
			s->unread = arena_join(a, "it is the same file as ", first->path, NULL);
	}
}

int fleet_find(struct fleet_run *run, const struct operands *operands, struct failure **reterr)
{
	int r = 0;

	for (size_t i = 0; i < operands->nr && r >= 0; i++) {
		const char *path = operands->items[i];
		struct stat st;

		if (!*path || stat(path, &st) < 0)
			return failure_set_status(reterr, STATUS_NO_TARGET,
						  *path ? -errno : -ENOENT,
						  "cannot read '%s': %s; name captures, or a folder of them",
						  path, strerror(*path ? errno : ENOENT));
		r = S_ISDIR(st.st_mode) ? add_folder(run, path, 0, reterr)
					: add_source(run, path, &st, reterr);
	}
	if (r < 0)
		return r;
	if (run->nr_sources)
		qsort(run->sources, run->nr_sources, sizeof(*run->sources), by_path);
	find_same_files(run);
	return 0;
}

/* ---- one host, in a worker ---- */

/* Opens the capture @path and decides who decides there. */
static int open_host(struct session *s, struct app *app, const char *path, struct failure **reterr)
{
	const struct operands none = { 0 };
	struct sysroot *root = NULL;
	struct scope scope = scope_all;
	int r = sysroot_open(path, &root, reterr);

	if (r < 0)
		return r;
	app->sysroot = NULL;
	r = session_open_at(s, app, root, &none, &scope, reterr);
	return r < 0 ? r : session_decide(s, NULL, NULL, reterr);
}

static struct diff_side side_of(const struct session *s)
{
	return (struct diff_side){ .host = s->host,
				   .assumptions = &s->assumptions,
				   .kernel = &s->report.kernel,
				   .memo = s->report.memo,
				   .scratch = s->scratch };
}

struct content {
	uint64_t size, checksum;
};

/* Of a file that was read a moment ago: it differs where it changed meanwhile. */
static struct content content_of(const char *path)
{
	vt_cleanup(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct content ret = { 0 };
	uint64_t sum = 0, words[4096];
	ssize_t n;

	while (fd >= 0 && (n = read(fd, words, sizeof(words))) > 0) {
		memset((char *)words + n, 0, sizeof(words) - (size_t)n);
		for (size_t i = 0; i < ((size_t)n + 7) / 8; i++)
			sum = (sum ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15) + (sum >> 29);
		ret.size += (uint64_t)n;
	}
	ret.checksum = sum;
	return ret;
}

/* "+", the content, and what the host says; or "-" and why it says nothing. */
static void survey(void *ctx, size_t index, struct strbuf *ret)
{
	const struct fleet_run *run = ctx;
	const struct fleet_source *source = &run->sources[index];
	vt_cleanup(failure_freep) struct failure *why = NULL;
	struct app app = *run->app;
	struct content content;
	struct session s = { 0 };
	struct diff_side side;
	struct diff diff;

	if (source->unread) {
		strbuf_printf(ret, "-%s", source->unread);
		return;
	}
	app.arena = ret->arena;
	if (open_host(&s, &app, source->path, &why) < 0) {
		strbuf_printf(ret, "-%s", why->text);
	} else {
		content = content_of(source->path);
		side = side_of(&s);
		diff_survey(&side, ret->arena, &diff);
		strbuf_add(ret, "+", 1);
		strbuf_add(ret, (const char *)&content, sizeof(content));
		fleet_write(&diff, ret);
	}
	session_close(&s);
}

static void count_done(struct fleet_run *run)
{
	run->nr_done++;
	if (run->progress)
		run->progress(run->nr_done, run->nr_sources);
}

static void refuse(void *ctx, size_t index, const char *why)
{
	struct fleet_run *run = ctx;

	run->sources[index].unread = arena_strdup(run->app->arena, why);
	count_done(run);
}

static void accept(void *ctx, size_t index, struct span answer)
{
	struct fleet_run *run = ctx;
	struct fleet_source *s = &run->sources[index];
	struct content content;
	int r = -EBADMSG;

	if (answer.len && *answer.s == '-') {
		refuse(ctx, index, arena_strndup(run->app->arena, answer.s + 1, answer.len - 1));
		return;
	}
	if (!s->answered && answer.len > sizeof(content)) {
		memcpy(&content, answer.s + 1, sizeof(content));
		answer.s += 1 + sizeof(content);
		answer.len -= 1 + sizeof(content);
		r = fleet_take(run->fleet, index, answer);
	}
	if (r < 0) {
		refuse(ctx, index,
		       r == -E2BIG ? "it holds too many facts"
				   : "the process that read it gave no answer");
		return;
	}
	s->answered = true;
	s->size = content.size;
	s->checksum = content.checksum;
	count_done(run);
}

static int by_content(const void *left, const void *right)
{
	const struct fleet_source *l = *(const struct fleet_source *const *)left;
	const struct fleet_source *r = *(const struct fleet_source *const *)right;

	if (l->size != r->size)
		return l->size < r->size ? -1 : 1;
	if (l->checksum != r->checksum)
		return l->checksum < r->checksum ? -1 : 1;
	return l < r ? -1 : l > r;
}

static void find_same_content(struct fleet_run *run)
{
	struct fleet_source **all =
		arena_array(run->app->arena, run->nr_sources, sizeof(struct fleet_source *));
	size_t nr = 0;

	for (size_t i = 0; i < run->nr_sources; i++)
		if (run->sources[i].answered)
			all[nr++] = &run->sources[i];
	if (nr)
		qsort(all, nr, sizeof(struct fleet_source *), by_content);
	for (size_t i = 1; i < nr; i++)
		if (all[i]->size == all[i - 1]->size && all[i]->checksum == all[i - 1]->checksum)
			all[i]->same = all[i - 1]->same ? all[i - 1]->same : all[i - 1];
}

/* ---- which fact the rules look at, in a worker ---- */

static const struct device *find_device(const struct session *s, const char *name)
{
	for (size_t i = 0; i < s->host->nr_devices; i++)
		if (!strcmp(s->host->devices[i]->name, name))
			return s->host->devices[i];
	return NULL;
}

static void add_paths(struct strmap *paths, const struct finding *why)
{
	for (size_t i = 0; why && i < why->nr_evidence; i++)
		if (why->evidence[i]->path && !strmap_find(paths, why->evidence[i]->path))
			strmap_add(paths, why->evidence[i]->path, paths);
}

/* How far the device gets on its best path, and why no further: the later end passes what refuses the earlier one. */
static size_t find_end(struct session *s, const struct fleet_answer *x, struct arena *a,
		       const struct finding **ret)
{
	const unsigned int view = strcmp(x->view, DIFF_NOW) ? VIEW_IF_BOUND : VIEW_NOW;
	const struct device *d = find_device(s, x->device);
	const struct path_prediction *path;
	struct prediction p;

	*ret = NULL;
	if (!d)
		return SIZE_MAX;
	predict_device(s->host, &s->assumptions, &s->report.kernels, d, a, &p);
	path = &p.paths[view][p.best[view]];
	*ret = path->why;
	return path->answer == ANSWER_YES ? SIZE_MAX : path->nr_steps;
}

/* What the rule looks at that refuses the first device that is answered otherwise: of the one that gets less far. */
static void find_evidence(struct session *s, const struct fleet_group *g, struct arena *a,
			  struct strmap *paths)
{
	const struct finding *why[2];
	size_t steps[2], i = 0;

	while (i < g->nr_answers && !g->answers[i].view)
		i++;
	if (i == g->nr_answers)
		return;
	for (size_t side = 0; side < 2; side++)
		steps[side] = find_end(&s[side], &g->answers[i], a, &why[side]);
	for (size_t side = 0; side < 2; side++)
		if (steps[side] <= steps[!side])
			add_paths(paths, why[side]);
}

static void write_cited(struct session *s, const struct strmap *paths, struct strbuf *ret)
{
	const struct diff_side side = side_of(s);
	struct diff diff;
	size_t nr = 0;

	diff_survey(&side, ret->arena, &diff);
	for (size_t i = 0; i < diff.nr; i++)
		if (diff.items[i].fact && diff.items[i].fact->path &&
		    strmap_find(paths, diff.items[i].fact->path))
			diff.items[nr++] = diff.items[i];
	diff.nr = nr;
	fleet_write(&diff, ret);
}

static bool same_answer(struct session *s, const struct device *d, const struct kernels *k,
			struct session *t, const struct device *e, enum view view)
{
	const struct device *devices[] = { d, e };
	struct session *const sessions[] = { s, t };
	const struct kernels *const kernels[] = { k, &t->report.kernels };
	struct verdict v[2];

	for (size_t i = 0; i < 2; i++)
		predict_verdict(&(struct verdict_ask){ .host = sessions[i]->host,
						       .assumptions = &sessions[i]->assumptions,
						       .kernels = kernels[i],
						       .view = view,
						       .scratch = sessions[i]->scratch },
				devices[i], &v[i]);
	return v[0].answer == v[1].answer && v[0].op == v[1].op && v[0].err == v[1].err;
}

/* Whether the kernel of @t makes the devices of @s answer as those of @t, all that @g names. */
static bool kernel_explains(struct session *s, struct session *t, const struct fleet_group *g)
{
	if (s->report.kernels.releases == t->report.kernels.releases || !g->nr_answers)
		return false;
	for (size_t i = 0; i < g->nr_answers; i++) {
		const struct device *d = find_device(s, g->answers[i].device);
		const struct device *e = find_device(t, g->answers[i].device);
		const char *view = g->answers[i].view;

		if (!d || !e || !view ||
		    !same_answer(s, d, &t->report.kernels, t, e,
				 strcmp(view, DIFF_NOW) ? VIEW_IF_BOUND : VIEW_NOW))
			return false;
	}
	return true;
}

/* "+", "k" where the kernel explains it, and what the rules look at on either side; nothing where that cannot be had. */
static void cite(void *ctx, size_t index, struct strbuf *ret)
{
	const struct fleet_run *run = ctx;
	const struct fleet_group *g = &run->groups[index];
	struct app apps[2] = { *run->app, *run->app };
	const size_t hosts[2] = { g->hosts[0], g->reference ? g->reference->hosts[0] : 0 };
	struct strmap paths = { .arena = ret->arena };
	struct session s[2] = { 0 };
	bool opened = g->reference && g->nr_candidates > 1;

	for (size_t i = 0; i < 2 && opened; i++) {
		apps[i].arena = ret->arena;
		opened = open_host(&s[i], &apps[i], run->sources[hosts[i]].path, NULL) >= 0;
	}
	if (opened) {
		find_evidence(s, g, ret->arena, &paths);
		strbuf_add(ret, kernel_explains(&s[0], &s[1], g) ? "k" : "-", 1);
		write_cited(&s[0], &paths, ret);
		write_cited(&s[1], &paths, ret);
	}
	session_close(&s[0]);
	session_close(&s[1]);
}

static void accept_cited(void *ctx, size_t index, struct span answer)
{
	struct fleet_run *run = ctx;

	if (answer.len)
		(void)fleet_cite(run->fleet, &run->groups[index],
				 (struct span){ answer.s + 1, answer.len - 1 }, *answer.s == 'k');
}

/* The facts stay as they are known without it. */
static void miss_cited(void *ctx vt_unused, size_t index vt_unused, const char *why vt_unused)
{
}

int fleet_compare(struct fleet_run *run, struct failure **reterr)
{
	struct pool pool = { .nr_jobs = run->nr_sources,
			     .nr_workers = run->nr_workers,
			     .ctx = run,
			     .work = survey,
			     .answered = accept,
			     .died = refuse };
	int r;

	if (pool.nr_workers > pool.nr_jobs)
		pool.nr_workers = pool.nr_jobs;
	run->fleet = fleet_new(run->app->arena, run->nr_sources);
	r = pool_run(&pool, reterr);
	if (r < 0)
		return r;
	for (size_t i = 0; i < run->nr_sources; i++)
		if (!run->sources[i].answered && !run->sources[i].unread)
			run->sources[i].unread = "it was not read";
	find_same_content(run);
	run->groups = fleet_groups(run->fleet, &run->nr_groups);
	pool.nr_jobs = run->nr_groups;
	pool.work = cite;
	pool.answered = accept_cited;
	pool.died = miss_cited;
	if (pool.nr_workers > pool.nr_jobs)
		pool.nr_workers = pool.nr_jobs;
	return pool.nr_jobs > 1 ? pool_run(&pool, reterr) : 0;
}
