/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a prediction and a kernel to the exit status and the report: good runs, every call failing in turn,
 * predicted refusals, and answers that make no sense. */
#include <errno.h>
#include <stdlib.h>

#include "base/macro.h"
#include "uapi/abi.h"
#include "run/attach-hold.h"
#include "fake-attached.h"
#include "scene.h"

/* Numbers of calls on path container; those from SET_IOMMU on come behind one for each extension. */
enum { OPEN_GROUP_CALL = 3, SET_IOMMU_CALL = 6, GET_DEVICE_FD_CALL = 11 };

struct trial {
	struct host *host;
	struct group *group;
	struct iommu_unit *unit;
	struct device *devices[2];
	size_t nr;
	struct fake_kernel kernel;
	struct app app;
	struct assumptions assumptions;
	struct attached_options options;
	struct attached ac;
	struct failure *why;
	int r;
	char *text; /* of the report */
};

static void begin(struct trial *t)
{
	*t = (struct trial){ .host = fake_host() };
	t->devices[t->nr++] = fake_acting_device(t->host);
	t->group = t->devices[0]->group;
	t->unit = t->devices[0]->iommu;
	fake_kernel_init(&t->kernel);
}

static void predict(struct trial *t, enum path_kind path)
{
	t->app.arena = arena_new();
	t->ac.session.assumptions = t->assumptions;
	fake_acting_open(&t->ac, &t->app, &t->options, t->host, t->devices, t->nr, path,
			 &t->kernel);
}

static void call_fails(struct trial *t, unsigned int call, int err)
{
	predict(t, PATH_CONTAINER);
	t->kernel.fail_at = call + (unsigned int)t->ac.predictions[0].nr_extensions;
	t->kernel.fail_with = err;
	arena_free(t->app.arena);
}

static void write_report(struct trial *t)
{
	struct output out = { .width = 100 };
	char *to;
	size_t len;

	out.stream = open_memstream(&t->text, &len);
	assert_non_null(out.stream);
	assert_int_equal(attach_text(&out, &t->ac.view, &t->why), 0);
	fclose(out.stream);
	/* Where lines break is somebody else's test. */
	to = t->text;
	for (const char *from = t->text; *from; from++)
		if (!strchr(" \n", *from) || (to > t->text && to[-1] != ' '))
			*to++ = *from == '\n' ? ' ' : *from;
	*to = '\0';
}

/* The exit status. */
static int attach(struct trial *t, enum path_kind path)
{
	predict(t, path);
	t->r = attached_attach(&t->ac, &t->why);
	if (t->r < 0)
		return (int)t->why->status;
	write_report(t);
	return attached_status(&t->ac);
}

static void end(struct trial *t)
{
	attached_detach(&t->ac);
	fake_kernel_done(&t->kernel);
	free(t->text);
	failure_free(t->why);
	arena_free(t->app.arena);
	fake_free(t->host);
}

static void assert_says(const struct trial *t, const char *text)
{
	if (!strstr(t->text, text))
		fail_msg("'%s' is missing in:\n%s", text, t->text);
}

/* ---- as predicted ---- */

static void test_acting_attached_as_predicted(struct trial *t)
{
	assert_int_equal(attach(t, PATH_CONTAINER), STATUS_OK);
	assert_true(t->ac.view.attached);
	assert_int_equal(t->ac.view.match, MATCH_YES);
	assert_null(t->ac.view.refused);
	assert_says(t, "Path container: asked for.");
	assert_says(t, "Attached, as predicted.");
	assert_says(t, "BAR0 128K");
	assert_says(t, "0xfef00000");
}

static void test_acting_refused_as_predicted(struct trial *t)
{
	fake_chips(t->host, "IO-APIC PCI-MSI DMAR-MSI");
	call_fails(t, SET_IOMMU_CALL, EPERM);
	assert_int_equal(attach(t, PATH_CONTAINER), STATUS_NO);
	assert_int_equal(t->ac.view.refused->op, OP_SET_IOMMU);
	assert_int_equal(t->ac.view.match, MATCH_YES);
	assert_says(t, "Refused at SET_IOMMU of container with EPERM, as predicted.");
	assert_says(t, "allow_unsafe_interrupts");
}

/* The prediction was no, and the kernel lets it: a difference, however welcome. */
static void test_acting_attached_against_the_prediction(struct trial *t)
{
	fake_chips(t->host, "IO-APIC PCI-MSI DMAR-MSI");
	assert_int_equal(attach(t, PATH_CONTAINER), STATUS_DIFFER);
	assert_true(t->ac.view.attached);
	assert_says(t, "SET_IOMMU of container: predicted EPERM, the kernel said ok.");
	assert_says(t, "vfiotool capture FILE");
}

/* Another errno than the one that was predicted. */
static void test_acting_refused_otherwise(struct trial *t)
{
	fake_chips(t->host, "IO-APIC PCI-MSI DMAR-MSI");
	call_fails(t, SET_IOMMU_CALL, EINVAL);
	assert_int_equal(attach(t, PATH_CONTAINER), STATUS_DIFFER);
	assert_says(t, "SET_IOMMU of container: predicted EPERM, the kernel said EINVAL.");
}

/* Open either way: what the kernel says is the answer. */
static void test_acting_unknown_is_decided_by_the_kernel(void)
{
	struct trial t;

	begin(&t);
	fake_chips(t.host, "");
	assert_int_equal(attach(&t, PATH_CONTAINER), STATUS_OK);
	assert_int_equal(t.ac.view.match, MATCH_OPEN);
	assert_says(&t, "The prediction had left that open");
	end(&t);
	begin(&t);
	fake_chips(t.host, "");
	call_fails(&t, SET_IOMMU_CALL, EPERM);
	assert_int_equal(attach(&t, PATH_CONTAINER), STATUS_NO);
	assert_says(&t, "Refused at SET_IOMMU of container with EPERM.");
	end(&t);
}

/* ---- on a driver of the host ---- */

static void test_acting_host_driver_is_named_with_the_way_out(struct trial *t)
{
	fake_unbind(t->host, t->devices[0], "e1000e");
	fake_node_absent(t->host, &t->group->node, "/dev/vfio/1");
	t->devices[0]->vfio_dev =
		fake_absent(t->host, "/sys/bus/pci/devices/0000:01:00.0/vfio-dev");
	t->kernel.fail_at = OPEN_GROUP_CALL;
	t->kernel.fail_with = ENOENT;
	assert_int_equal(attach(t, PATH_CONTAINER), STATUS_NO);
	assert_says(t, "Refused at OPEN_GROUP of group:1 with ENOENT, as predicted.");
	assert_says(t, "bind 0000:01:00.0");
}

/* The node is there, and not for this user: VFIO was not asked. */
static void test_acting_node_of_another_user(struct trial *t)
{
	fake_user(t->host, 1000);
	fake_node(t->host, &t->group->node, "/dev/vfio/1", 0600, 0);
	t->kernel.fail_at = OPEN_GROUP_CALL;
	t->kernel.fail_with = EACCES;
	assert_int_equal(attach(t, PATH_CONTAINER), STATUS_DENIED);
	assert_says(t, "Refused at OPEN_GROUP of group:1 with EACCES, as predicted.");
}

/* ---- tokens ---- */

static void attach_with_token(struct trial *t, int err, int want)
{
	t->options.vf_token = "12345678-9abc-def0-1234-56789abcdef0";
	if (err)
		call_fails(t, GET_DEVICE_FD_CALL, err);
	assert_int_equal(attach(t, PATH_CONTAINER), want);
}

static void test_acting_token_that_nobody_asked_for(void)
{
	struct trial t;

	begin(&t);
	t.devices[0]->physfn_link = fake_absent(t.host, "physfn");
	t.devices[0]->sriov_numvfs = fake_absent(t.host, "sriov_numvfs");
	attach_with_token(&t, EINVAL, STATUS_NO);
	assert_int_equal(t.kernel.failed_request, VT_GROUP_GET_DEVICE_FD);
	assert_says(&t,
		    "Refused at GROUP_GET_DEVICE_FD of 0000:01:00.0 with EINVAL, as predicted.");
	assert_says(&t, "leave out --vf-token");
	end(&t);
	begin(&t);
	t.devices[0]->physfn_link = fake_absent(t.host, "physfn");
	t.devices[0]->sriov_numvfs = fake_absent(t.host, "sriov_numvfs");
	attach_with_token(&t, 0, STATUS_DIFFER);
	end(&t);
}

/* Whether it is the right one only the kernel knows. */
static void test_acting_token_of_a_virtual_function(void)
{
	struct trial t;

	for (int i = 0; i < 2; i++) {
		begin(&t);
		t.devices[0]->physfn_link = fake_present(t.host, "physfn", "0000:02:00.0");
		t.devices[0]->physfn =
			fake_pci(t.host, "0000:02:00.0", fake_group(t.host, 2), t.unit, NULL);
		fake_bind(t.host, t.devices[0]->physfn, "vfio-pci");
		attach_with_token(&t, i ? EACCES : 0, i ? STATUS_NO : STATUS_OK);
		assert_int_equal(t.ac.view.match, MATCH_OPEN);
		end(&t);
	}
}

/* ---- a space that is not as predicted ---- */

static void test_acting_other_ranges_are_a_difference(void)
{
	struct trial t;

	begin(&t);
	assert_int_equal(assumptions_add(&t.assumptions, t.host->arena, "aperture=0-0x7fffffffff",
					 NULL),
			 0);
	assert_int_equal(attach(&t, PATH_CONTAINER), STATUS_OK);
	assert_null(t.ac.view.space_difference);
	end(&t);
	begin(&t);
	assert_int_equal(assumptions_add(&t.assumptions, t.host->arena, "aperture=0-0xffffffffffff",
					 NULL),
			 0);
	assert_int_equal(attach(&t, PATH_CONTAINER), STATUS_DIFFER);
	assert_says(&t,
		    "IOVA ranges: predicted 0x0-0xfedfffff, 0xfef00000-0xffffffffffff; the kernel reports 0x0-0xfedfffff, 0xfef00000-0x7fffffffff.");
	assert_says(&t, "vfiotool capture FILE");
	end(&t);
}

/* ---- every call fails in turn ---- */

static unsigned int calls_of(enum path_kind path)
{
	struct trial t;
	unsigned int ret;

	begin(&t);
	assert_int_equal(attach(&t, path), STATUS_OK);
	ret = t.kernel.calls;
	end(&t);
	return ret;
}

/* Regions, interrupts and extensions are asked for what they say: a refusal is an answer. */
static bool decides_nothing(const struct trial *t)
{
	return t->kernel.failed_request == VT_CHECK_EXTENSION ||
	       t->kernel.failed_request == VT_DEVICE_GET_REGION_INFO ||
	       t->kernel.failed_request == VT_DEVICE_GET_IRQ_INFO;
}

static void check_status(const struct trial *t, int status, int err)
{
	const struct comparison *last;

	if (decides_nothing(t)) {
		assert_true(status == STATUS_OK || status == STATUS_DIFFER);
		return;
	}
	if (!t->kernel.failed_request && !t->kernel.failed_path) {
		assert_int_equal(t->r, -err);
		return;
	}
	/* It was predicted to succeed. */
	assert_int_equal(status, STATUS_DIFFER);
	last = &t->ac.view.rows[t->ac.view.nr_rows - 1];
	assert_int_equal(last->outcome->err, err);
	assert_int_equal(last->match, MATCH_NO);
	assert_says(t, op_name(last->op));
	assert_says(t, errno_name(err));
	assert_says(t, "vfiotool capture FILE");
}

static void test_acting_every_call_fails_in_turn(void)
{
	static const int errnos[] = { EPERM, ENODEV, EBUSY, EINVAL, ENOMEM, EACCES };
	static const enum path_kind paths[] = { PATH_CONTAINER, PATH_IOMMUFD, PATH_COMPAT };

	for (size_t p = 0; p < ARRAY_SIZE(paths); p++) {
		unsigned int calls = calls_of(paths[p]);

		for (unsigned int n = 1; n <= calls; n++)
			for (size_t i = 0; i < ARRAY_SIZE(errnos); i++) {
				struct trial t;
				int status;

				begin(&t);
				t.kernel.fail_at = n;
				t.kernel.fail_with = errnos[i];
				status = attach(&t, paths[p]);
				check_status(&t, status, errnos[i]);
				end(&t);
			}
	}
}

/* ---- nonsense ---- */

static void test_acting_nonsense_is_a_failure(void)
{
	static const struct {
		unsigned int lie;
		const char *text;
	} all[] = {
		{ FAKE_REGION_LOOPS, "0000:01:00.0: the kernel's description of region 0" },
		{ FAKE_REGIONS_MANY, "more than any device has" },
		{ FAKE_INFO_LOOPS, "its capabilities loop" },
		{ FAKE_API_VERSION, "VFIO API version 1" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct trial t;

		begin(&t);
		t.kernel.lies = all[i].lie;
		assert_int_equal(attach(&t, PATH_CONTAINER), STATUS_FAILED);
		if (!strstr(t.why->text, all[i].text))
			fail_msg("'%s' does not say '%s'", t.why->text, all[i].text);
		end(&t);
	}
}

/* ---- given to a program ---- */

static void test_hold_names_are_what_libsystemd_takes_apart(struct arena *a)
{
	static const char *const names[] = { "container", "group:12", "device:0000:01:00.0",
					     "a\\b" };

	assert_string_equal(hold_join_names(names, 4, a),
			    "container:group\\:12:device\\:0000\\:01\\:00.0:a\\\\b");
	assert_string_equal(hold_join_names(names, 1, a), "container");
	assert_string_equal(hold_join_names(names, 0, a), "");
}

static void test_hold_descriptors_in_order(struct trial *t)
{
	const char *names[8];
	int fds[8];

	assert_int_equal(attach(t, PATH_CONTAINER), STATUS_OK);
	assert_int_equal(hold_descriptors_max(&t->ac.attachment), 3);
	assert_int_equal(hold_descriptors(&t->ac.attachment, t->app.arena, fds, names), 3);
	assert_string_equal(names[0], "container");
	assert_string_equal(names[1], "group:1");
	assert_string_equal(names[2], "device:0000:01:00.0");
	assert_int_equal(fds[0], t->ac.attachment.space.fd);
	assert_int_equal(fds[2], t->ac.attachment.devices[0].fd);
}
