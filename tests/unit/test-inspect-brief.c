/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inspections in short, of predictions made by hand. */
#include <errno.h>
#include <stdlib.h>

#include "report/inspect-text.h"
#include "fake-host.h"
#include "scene.h"

struct fixture {
	struct host *h;
	struct report report;
	struct inspection i;
	struct group *g;
	struct device *d;
};

static void begin(struct fixture *f)
{
	f->h = fake_host();
	f->g = fake_group(f->h, 7);
	f->d = fake_pci(f->h, "0000:01:00.0", f->g, fake_unit(f->h, IOMMU_KIND_INTEL, "dmar0"),
			"vfio-pci");
	f->report = (struct report){ .arena = f->h->arena, .host = f->h };
	f->i.report = &f->report;
	f->i.row = (struct device_row){ .report = &f->report, .device = f->d, .group = f->g };
}

static void end(struct fixture *f)
{
	fake_free(f->h);
}

static void set_path(struct prediction *p, enum view view, enum path_kind kind, enum answer answer,
		     enum op op, int err, const char *because)
{
	p->paths[view][kind] = (struct path_prediction){ .kind = kind,
							 .offered = true,
							 .answer = answer,
							 .op = op,
							 .err = err,
							 .because = because };
}

static void assert_says(const struct fixture *f, const char *text)
{
	struct output out = { .width = 80 };
	struct inspect_text t = { .out = &out, .report = &f->report };
	char *have = NULL;
	size_t len;

	out.stream = open_memstream(&have, &len);
	inspect_text_brief(&t, &f->i);
	fclose(out.stream);
	assert_string_equal(have, text);
	free(have);
}

static void test_brief_of_yes(struct fixture *f)
{
	for (enum view v = VIEW_NOW; v < NR_VIEWS; v++) {
		set_path(&f->i.running, v, PATH_CONTAINER, ANSWER_YES, OP_NONE, 0, NULL);
		set_path(&f->i.running, v, PATH_IOMMUFD, ANSWER_YES, OP_NONE, 0, NULL);
	}
	assert_says(f, "0000:01:00.0\n"
		       "  driver vfio-pci, group 7, IOMMU dmar0 (Intel VT-d)\n"
		       "\n"
		       "  Now    yes: VFIO container, iommufd\n"
		       "  After  the same, with its group bound to a VFIO driver\n");
}

static void test_brief_gives_a_reason_once(struct fixture *f)
{
	static const char why[] = "a sibling is on e1000";

	set_path(&f->i.running, VIEW_NOW, PATH_CONTAINER, ANSWER_NO, OP_GROUP_SET_CONTAINER, EPERM,
		 why);
	set_path(&f->i.running, VIEW_NOW, PATH_IOMMUFD, ANSWER_NO, OP_BIND_IOMMUFD, EPERM, why);
	set_path(&f->i.running, VIEW_IF_BOUND, PATH_CONTAINER, ANSWER_YES, OP_NONE, 0, NULL);
	set_path(&f->i.running, VIEW_IF_BOUND, PATH_IOMMUFD, ANSWER_UNKNOWN, OP_NONE, 0,
		 "nobody knows");
	assert_says(f,
		    "0000:01:00.0\n"
		    "  driver vfio-pci, group 7, IOMMU dmar0 (Intel VT-d)\n"
		    "\n"
		    "  Now    no by VFIO container: GROUP_SET_CONTAINER EPERM, because a sibling is\n"
		    "         on e1000\n"
		    "         no by iommufd: BIND_IOMMUFD EPERM, for the same reason\n"
		    "  After  yes: VFIO container\n"
		    "         unknown by iommufd: nobody knows\n");
}

static const struct action bind_it = { .kind = ACTION_BIND,
				       .what = "bind 0000:01:00.0 to vfio-pci",
				       .command = "vfiotool bind 0000:01:00.0" };

/* Refused now, and @plan for it; what follows the answers is @text. */
static void assert_plan(struct fixture *f, const struct plan *plan, const char *text)
{
	const struct device *devices[] = { f->d };
	struct plan with = *plan;

	with.devices = devices;
	with.nr_devices = 1;
	with.now.answer = ANSWER_NO;
	f->i.plan = &with;
	set_path(&f->i.running, VIEW_NOW, PATH_CONTAINER, ANSWER_NO, OP_OPEN_GROUP, ENOENT,
		 "not bound");
	set_path(&f->i.running, VIEW_IF_BOUND, PATH_CONTAINER, ANSWER_YES, OP_NONE, 0, NULL);
	assert_says(f,
		    arena_join(f->h->arena,
			       "0000:01:00.0\n"
			       "  driver vfio-pci, group 7, IOMMU dmar0 (Intel VT-d)\n"
			       "\n"
			       "  Now    no by VFIO container: OPEN_GROUP ENOENT, because not bound\n"
			       "  After  yes: VFIO container\n"
			       "\n",
			       text, NULL));
}

static void test_brief_has_the_steps(struct fixture *f)
{
	struct plan_step steps[] = { { .action = &bind_it } };

	assert_plan(f, &(struct plan){ .answer = ANSWER_YES, .steps = steps, .nr_steps = 1 },
		    "  Plan   yes, 1 step\n"
		    "         1  Bind 0000:01:00.0 to vfio-pci:\n"
		    "            vfiotool bind 0000:01:00.0\n");
}

static void test_brief_leaves_a_long_plan_to_plan(struct fixture *f)
{
	struct plan_step steps[5];

	for (size_t i = 0; i < 5; i++)
		steps[i] = (struct plan_step){ .action = &bind_it };
	assert_plan(f,
		    &(struct plan){ .answer = ANSWER_UNKNOWN,
				    .because = "the groups are not known before a reboot",
				    .steps = steps,
				    .nr_steps = 5 },
		    "  Plan   unknown, 5 steps: the groups are not known before a reboot\n"
		    "         vfiotool plan 0000:01:00.0\n");
}

static void test_brief_without_a_plan_has_the_use(struct fixture *f)
{
	struct plan_use uses[] = { { .check = "disk",
				     .device = f->d,
				     .answer = ANSWER_YES,
				     .chain = "/ <- nvme0n1p2" },
				   { .check = "session",
				     .device = f->d,
				     .answer = ANSWER_UNKNOWN,
				     .chain = "denied",
				     .remedy = "run as root" } };
	static const struct action slot = { .kind = ACTION_HARDWARE, .what = "use another slot" };
	const struct action *others[] = { &slot };

	assert_plan(f,
		    &(struct plan){ .answer = ANSWER_NO,
				    .because = "it is in use",
				    .blocked = uses,
				    .nr_blocked = 2,
				    .alternatives = others,
				    .nr_alternatives = 1 },
		    "  Plan   none: it is in use\n"
		    "         0000:01:00.0 is in use (disk): / <- nvme0n1p2\n"
		    "         To know more: run as root\n"
		    "         This may help: use another slot\n");
}

static void test_brief_of_a_large_group(struct fixture *f)
{
	for (unsigned int i = 1; i < 8; i++)
		fake_pci(f->h, arena_printf(f->h->arena, "0000:01:00.%u", i), f->g, NULL, NULL);
	set_path(&f->i.running, VIEW_NOW, PATH_CONTAINER, ANSWER_YES, OP_NONE, 0, NULL);
	set_path(&f->i.running, VIEW_IF_BOUND, PATH_CONTAINER, ANSWER_YES, OP_NONE, 0, NULL);
	assert_says(f, "0000:01:00.0\n"
		       "  driver vfio-pci, group 7 with 0000:01:00.1, 0000:01:00.2, 0000:01:00.3,\n"
		       "  0000:01:00.4 and 3 more, IOMMU dmar0 (Intel VT-d)\n"
		       "\n"
		       "  Now    yes: VFIO container\n"
		       "  After  the same, with its group bound to a VFIO driver\n");
}

static void test_brief_of_what_is_not_there(struct fixture *f)
{
	f->d->group = NULL;
	f->d->group_link = fake_absent(f->h, "/sys/x/iommu_group");
	f->d->iommu = NULL;
	f->d->driver = NULL;
	f->d->driver_fact = fake_denied(f->h, "/sys/x/uevent");
	assert_says(f, "0000:01:00.0\n"
		       "  driver denied (EACCES), no IOMMU group\n"
		       "\n"
		       "  Now    no: this kernel offers no path to it\n"
		       "  After  the same, with its group bound to a VFIO driver\n");
}
