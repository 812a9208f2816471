/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit files as people write them, and the limits of processes and users. */
#include <errno.h>

#include "decode/unit.h"
#include "scene.h"

static struct unit_settings parse(struct arena *a, const char *text)
{
	struct unit_settings s = { 0 };

	unit_parse(span_of(text), a, &s);
	return s;
}

static void test_settings(struct arena *a)
{
	struct unit_settings s =
		parse(a, "[Unit]\nUser=no\n# User=no\n[Service]\n ; x\nUser = qemu \n"
			 "LimitMEMLOCK=64M:infinity\nPrivateDevices=no\n[Install]\nUser=no\n");

	assert_string_equal(s.user, "qemu");
	assert_string_equal(s.memlock, "64M:infinity");
	assert_string_equal(s.private_devices, "no");
	assert_null(s.device_policy);
}

static void test_lines_go_on(struct arena *a)
{
	struct unit_settings s =
		parse(a, "[Service]\nAmbientCapabilities=CAP_A \\\n# between\nCAP_B\nUser=x\n");

	assert_string_equal(s.ambient, "CAP_A  CAP_B");
	assert_string_equal(s.user, "x");
	s = parse(a, "[Service]\nUser=x\\");
	assert_string_equal(s.user, "x");
}

static void test_later_files_win(struct arena *a)
{
	struct unit_settings s = parse(a, "[Service]\nUser=a\nDeviceAllow=/dev/null rw\n");

	unit_parse(span_of("[Service]\nUser=\nDeviceAllow=\nDeviceAllow=char-vfio\n"), a, &s);
	assert_null(s.user);
	assert_int_equal(s.nr_allows, 1);
	assert_string_equal(s.allows[0], "char-vfio");
}

static void test_limits_of_units(void)
{
	uint64_t limit;

	assert_int_equal(unit_limit_parse("64K", &limit), 0);
	assert_int_equal(limit, 65536);
	assert_int_equal(unit_limit_parse("1G:2G", &limit), 0);
	assert_int_equal(limit, 1 << 30);
	assert_int_equal(unit_limit_parse("infinity", &limit), 0);
	assert_true(limit == UINT64_MAX);
	assert_int_equal(unit_limit_parse("lots", &limit), -EINVAL);
	assert_int_equal(unit_limit_parse("", &limit), -EINVAL);
}

static bool allows(struct arena *a, const char *text)
{
	struct unit_settings s = parse(a, arena_join(a, "[Service]\n", text, NULL));

	return unit_allows(&s, "/dev/vfio/12", "vfio");
}

static void test_device_filter(struct arena *a)
{
	assert_true(allows(a, ""));
	assert_true(allows(a, "DevicePolicy=auto"));
	assert_false(allows(a, "DevicePolicy=closed"));
	assert_false(allows(a, "DeviceAllow=/dev/null rw"));
	assert_true(allows(a, "DevicePolicy=strict\nDeviceAllow=/dev/vfio/12 rw"));
	assert_false(allows(a, "DevicePolicy=strict\nDeviceAllow=/dev/vfio/1 rw"));
	assert_true(allows(a, "DeviceAllow=char-vfio rwm"));
	assert_true(allows(a, "DeviceAllow=char-vf* rwm"));
	assert_true(allows(a, "DeviceAllow=char-*"));
	assert_false(allows(a, "DeviceAllow=char-misc rw"));
	assert_false(allows(a, "DeviceAllow=char-vfio\nPrivateDevices=yes"));
}

static void test_limits_of_processes(void)
{
	uint64_t limit;

	assert_int_equal(limits_locked(span_of("Max cpu time  unlimited  unlimited  seconds\n"
					       "Max locked memory         8388608              unlimited      bytes\n"),
				       &limit),
			 0);
	assert_int_equal(limit, 8388608);
	assert_int_equal(limits_locked(span_of("Max locked memory  unlimited  unlimited  bytes"),
				       &limit),
			 0);
	assert_true(limit == UINT64_MAX);
	assert_int_equal(limits_locked(span_of("Max locked memory  many"), &limit), -EBADMSG);
	assert_int_equal(limits_locked(span_of("Max open files 1"), &limit), -ENODATA);
}

static void test_limits_of_users(void)
{
	static const char text[] =
		"# x soft memlock 1\n* - memlock 64\n@kvm - memlock unlimited\nqemu hard memlock 1\n"
		"qemu soft memlock 128\n* soft memlock 256\n:2000 - memlock -1\n100:200 - memlock 512\n";
	uint64_t limit;

	assert_true(limits_conf_locked(span_of(text), "qemu", 64055, &limit));
	assert_int_equal(limit, 128 << 10);
	/* One of the group has another. */
	assert_false(limits_conf_locked(span_of(text), "other", 1, &limit));
	assert_true(limits_conf_locked(span_of("* - memlock 64\n* soft memlock 256\n"), "other", 1,
				       &limit));
	assert_int_equal(limit, 256 << 10);
	assert_true(limits_conf_locked(span_of(text), "2000", 2000, &limit));
	assert_true(limit == UINT64_MAX);
	assert_true(limits_conf_locked(span_of(text), "y", 150, &limit));
	assert_int_equal(limit, 512 << 10);
	assert_false(limits_conf_locked(span_of("qemu - nofile 1\n"), "qemu", 1, &limit));
	assert_false(limits_conf_locked(span_of("qemu - memlock many\n"), "qemu", 1, &limit));
}
