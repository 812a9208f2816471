/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Drivers kept over reboots: the texts, and the files. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macro.h"
#include "bind/persist.h"
#include "scene.h"

static struct persist_request card(void)
{
	return (struct persist_request){ .bus = "pci",
					 .name = "0000:01:00.0",
					 .driver = "vfio-pci",
					 .module = "e1000e",
					 .has_ids = true,
					 .vendor = 0x8086,
					 .device = 0x10d3,
					 .subvendor = 0x1af4,
					 .subdevice = 0x1100 };
}

static struct persist_file *make(struct tree *x, const struct persist_request *q, size_t nr)
{
	struct persist_file *files;
	size_t got;

	assert_int_equal(persist_make(q, x->arena, &files, &got, NULL), 0);
	assert_int_equal(got, nr);
	return files;
}

static bool is_there(const struct tree *x, const char *path)
{
	return !faccessat(x->fd, path, F_OK, 0);
}

static void assert_content(struct tree *x, const char *path, const char *text)
{
	char buf[2048];
	int fd = openat(x->fd, path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	assert_true(fd >= 0);
	len = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	assert_true(len >= 0);
	buf[len] = '\0';
	assert_string_equal(buf, text);
}

#define RULE      "etc/udev/rules.d/06-vfiotool-pci-0000:01:00.0.rules"
#define MODPROBE  "etc/modprobe.d/vfiotool-pci-0000:01:00.0.conf"
#define DRACUT    "etc/dracut.conf.d/vfiotool-pci-0000:01:00.0.conf"
#define DRIVERCTL "etc/driverctl.d/pci-0000:01:00.0"
#define CARD      "ACTION==\"add\", SUBSYSTEM==\"pci\", KERNEL==\"0000:01:00.0\", "

static void removes(struct tree *x, size_t nr)
{
	const char **paths;
	size_t got;

	assert_int_equal(persist_remove(x->fd, "pci", "0000:01:00.0", x->arena, &paths, &got, NULL),
			 0);
	assert_int_equal(got, nr);
}

static void test_persist_rule_and_softdep(struct tree *x)
{
	const struct persist_request q = card();
	struct persist_file *f = make(x, &q, 2);

	assert_string_equal(f[0].path, RULE);
	assert_string_equal(f[0].text,
			    "# pci 0000:01:00.0 is kept on vfio-pci: this rule does that, by 'vfiotool bind --persist'.\n"
			    "# 'vfiotool unbind --persist' removes this file.\n" CARD
			    "ATTR{vendor}==\"0x8086\", ATTR{device}==\"0x10d3\", ATTR{subsystem_vendor}==\"0x1af4\", ATTR{subsystem_device}==\"0x1100\", ATTR{driver_override}=\"vfio-pci\", RUN{builtin}+=\"kmod load vfio-pci\", RUN{program}+=\"/bin/sh -c 'echo 0000:01:00.0 >/sys/bus/pci/drivers_probe'\"\n");
	assert_string_equal(f[1].path, MODPROBE);
	assert_non_null(strstr(f[1].text, "\nsoftdep e1000e pre: vfio-pci\n"));
}

static void test_persist_without_another_module(struct tree *x)
{
	struct persist_request q = card();

	q.module = NULL;
	make(x, &q, 1);
}

/* A driver that has the device already: vfiotool is asked, after the override is gone. */
static void test_persist_where_another_driver_was_quicker(struct tree *x)
{
	static const char *const bad[] = { "vfiotool",
					   "/usr/bin/vfio tool",
					   "/usr/bin/%k/vfiotool",
					   "/usr/../vfiotool",
					   "/usr/bin/",
					   "/a'b",
					   "" };
	struct persist_request q = card();
	struct persist_file *f;

	q.tool = "/usr/bin/vfiotool";
	f = make(x, &q, 2);
	assert_non_null(strstr(f[0].text,
			       "RUN{program}+=\"/bin/sh -c 'echo 0000:01:00.0 >/sys/bus/pci/drivers_probe; test -e /sys/bus/pci/drivers/vfio-pci/0000:01:00.0 || test ! -e /sys/bus/pci/devices/0000:01:00.0/driver || { test -d /run/systemd/system && test -x /usr/bin/vfiotool && echo >/sys/bus/pci/devices/0000:01:00.0/driver_override && exec systemd-run --no-block --collect /usr/bin/vfiotool bind --wait 60 --driver vfio-pci pci:0000:01:00.0; }'\"\n"));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		q.tool = bad[i];
		f = make(x, &q, 2);
		assert_non_null(strstr(f[0].text, ">/sys/bus/pci/drivers_probe'\"\n"));
	}
}

/* udev would cut it, and run what is left. */
static void test_persist_of_a_long_name_has_no_second_try(struct tree *x)
{
	struct persist_request q = card();
	struct persist_file *f;
	char name[201];

	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	q.tool = "/usr/bin/vfiotool";
	q.name = name;
	f = make(x, &q, 2);
	assert_non_null(strstr(f[0].text, ">/sys/bus/pci/drivers_probe'\"\n"));
	assert_null(strstr(f[0].text, "systemd-run"));
}

static void test_persist_in_an_image_of_dracut(struct tree *x)
{
	struct persist_request q = card();
	struct persist_file *f;
	const char **paths;
	size_t nr;

	q.dracut = true;
	f = make(x, &q, 3);
	assert_string_equal(f[2].path, DRACUT);
	assert_non_null(strstr(f[2].text, "\nadd_drivers+=\" vfio-pci \"\n"
					  "install_items+=\" /" RULE " /" MODPROBE " \"\n"));
	assert_int_equal(persist_write(x->fd, f, 3, NULL), 0);
	assert_true(is_there(x, DRACUT));
	assert_int_equal(persist_find(x->fd, "pci", "0000:01:00.0", x->arena, &paths, &nr, NULL),
			 0);
	assert_int_equal(nr, 3);
	assert_string_equal(paths[0], DRACUT);
	assert_string_equal(paths[1], MODPROBE);
	assert_string_equal(paths[2], RULE);
	removes(x, 3);
	assert_false(is_there(x, DRACUT));
	removes(x, 0);
	q.module = NULL;
	f = make(x, &q, 2);
	assert_non_null(strstr(f[1].text, "install_items+=\" /" RULE " \"\n"));
	/* driverctl comes later than the initramfs, and takes what it finds. */
	q.driverctl = true;
	make(x, &q, 2);
}

static void test_persist_by_driverctl_refuses_a_stranger(struct tree *x)
{
	struct persist_request q = card();
	struct persist_file *f;

	q.driverctl = true;
	f = make(x, &q, 2);
	assert_string_equal(f[0].path, RULE);
	assert_non_null(strstr(f[0].text,
			       "\n" CARD "ATTR{vendor}!=\"0x8086\", ENV{SYSTEMD_WANTS}=\"\"\n"));
	assert_non_null(strstr(f[0].text,
			       "\n" CARD
			       "ATTR{subsystem_device}!=\"0x1100\", ENV{SYSTEMD_WANTS}=\"\"\n"));
	assert_null(strstr(f[0].text, "driver_override"));
	assert_string_equal(f[1].path, DRIVERCTL);
	assert_string_equal(f[1].text, "vfio-pci\n");
}

static void test_persist_of_another_bus(struct tree *x)
{
	struct persist_request q = { .bus = "platform",
				     .name = "edu-dma.0",
				     .driver = "vfio-platform",
				     .modalias = "of:NeduT*Cx[1]" };
	struct failure *why = NULL;
	struct persist_file *f;
	size_t nr;

	/* A bracket that closes cannot be escaped. */
	assert_int_equal(persist_make(&q, ((struct tree *)x)->arena, &f, &nr, &why), -ENODATA);
	failure_free(why);
	q.modalias = "of:NeduT*C?";
	f = make(x, &q, 1);
	assert_non_null(strstr(f[0].text, "ATTR{modalias}==\"of:NeduT[*]C[?]\", "));
}

static void refuses(struct tree *x, struct persist_request q)
{
	struct failure *why = NULL;
	struct persist_file *f;
	size_t nr;

	assert_int_equal(persist_make(&q, x->arena, &f, &nr, &why), -EINVAL);
	assert_int_equal(why->status, STATUS_USAGE);
	failure_free(why);
}

static void test_persist_refuses_what_a_rule_would_act_on(struct tree *x)
{
	static const char *const bad[] = { "",   "a\"b", "a*",   "a b",     "$(reboot)", "a'b",
					   "..", "a/b",  "a\nb", "-option", "a;b",       "%k" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct persist_request q = card();

		q.name = bad[i];
		refuses(x, q);
		q = card();
		q.driver = bad[i];
		refuses(x, q);
		q = card();
		q.module = bad[i];
		refuses(x, q);
	}
}

static void test_persist_is_written_and_taken_away(struct tree *x)
{
	const struct persist_request q = card();
	struct persist_file *f = make(x, &q, 2);

	assert_int_equal(persist_write(x->fd, f, 2, NULL), 0);
	assert_content(x, RULE, f[0].text);
	assert_content(x, MODPROBE, f[1].text);
	/* Again is no mistake. */
	assert_int_equal(persist_write(x->fd, f, 2, NULL), 0);
	removes(x, 2);
	assert_false(is_there(x, RULE));
	assert_false(is_there(x, MODPROBE));
	removes(x, 0);
}

static void test_persist_by_driverctl_is_written_and_taken_away(struct tree *x)
{
	struct persist_request q = card();

	q.driverctl = true;
	assert_int_equal(persist_write(x->fd, make(x, &q, 2), 2, NULL), 0);
	assert_content(x, DRIVERCTL, "vfio-pci\n");
	removes(x, 2);
	assert_false(is_there(x, DRIVERCTL));
	assert_false(is_there(x, RULE));
}

/* What an administrator wrote is neither replaced nor taken away. */
static void test_persist_leaves_others_alone(struct tree *x)
{
	struct persist_request q = card();
	struct failure *why = NULL;

	tree_dir(x, "etc");
	tree_dir(x, "etc/driverctl.d");
	tree_put(x, DRIVERCTL, "uio\n");
	q.driverctl = true;
	assert_int_equal(persist_write(x->fd, make(x, &q, 2), 2, &why), -EEXIST);
	assert_non_null(strstr(why->text, "/" DRIVERCTL " exists already"));
	failure_free(why);
	assert_false(is_there(x, RULE));
	removes(x, 0);
	assert_content(x, DRIVERCTL, "uio\n");
	tree_dir(x, "etc/modprobe.d");
	tree_put(x, MODPROBE, "# mine\n");
	q.driverctl = false;
	assert_int_equal(persist_write(x->fd, make(x, &q, 2), 2, NULL), -EEXIST);
	removes(x, 0);
	assert_content(x, MODPROBE, "# mine\n");
}

/* The second file cannot be written: the first does not stay. */
static void test_persist_is_whole_or_nothing(struct tree *x)
{
	const struct persist_request q = card();
	struct failure *why = NULL;

	tree_dir(x, "etc");
	tree_put(x, "etc/modprobe.d", "no directory");
	assert_int_equal(persist_write(x->fd, make(x, &q, 2), 2, &why), -ENOTDIR);
	assert_non_null(strstr(why->text, "/" MODPROBE));
	failure_free(why);
	assert_false(is_there(x, RULE));
}

static void test_persist_of_a_device_that_is_gone(struct tree *x)
{
	assert_true(persist_is_gone(x->fd, "pci", "0000:01:00.0", x->arena));
	tree_dir(x, "sys/bus");
	tree_dir(x, "sys/bus/pci");
	tree_dir(x, "sys/bus/pci/devices");
	/* Wherever it leads. */
	tree_link(x, "../../../devices/pci0000:00/0000:01:00.0",
		  "sys/bus/pci/devices/0000:01:00.0");
	assert_false(persist_is_gone(x->fd, "pci", "0000:01:00.0", x->arena));
}

/* A rule has root run it: nobody else may put another in its place. */
static void test_persist_of_a_program_that_others_may_change(struct tree *x)
{
	struct failure *why = NULL;
	const bool root = !geteuid();

	tree_put(x, "usr/sbin/vfiotool", "");
	assert_int_equal(fchmodat(x->fd, ".", 0755, 0), 0);
	assert_int_equal(persist_check_tool(x->fd, "/usr/sbin/vfiotool", NULL), root ? 0 : -EPERM);
	assert_int_equal(persist_check_tool(x->fd, "/usr/bin/vfiotool", NULL),
			 root ? -ENOENT : -EPERM);
	assert_int_equal(fchmodat(x->fd, "usr/sbin", 0775, 0), 0);
	assert_int_equal(persist_check_tool(x->fd, "/usr/sbin/vfiotool", &why), -EPERM);
	assert_non_null(strstr(why->text, root ? "may change '/usr/sbin'" : "may change '/'"));
	failure_free(why);
	assert_int_equal(fchmodat(x->fd, "usr/sbin", 01777, 0), 0);
	assert_int_equal(persist_check_tool(x->fd, "/usr/sbin/vfiotool", NULL), root ? 0 : -EPERM);
	assert_int_equal(fchmodat(x->fd, "usr/sbin/vfiotool", 0757, 0), 0);
	assert_int_equal(persist_check_tool(x->fd, "/usr/sbin/vfiotool", NULL), -EPERM);
	assert_int_equal(symlinkat("vfiotool", x->fd, "usr/sbin/link"), 0);
	assert_int_equal(persist_check_tool(x->fd, "/usr/sbin/link", NULL), -EPERM);
}

static void test_persist_tools(struct tree *x)
{
	assert_false(persist_has_driverctl(x->fd));
	assert_null(persist_initramfs(x->fd));
	tree_dir(x, "usr");
	tree_dir(x, "usr/sbin");
	tree_put(x, "usr/sbin/driverctl", "");
	tree_put(x, "usr/sbin/dracut", "");
	fchmodat(x->fd, "usr/sbin/driverctl", 0755, 0);
	fchmodat(x->fd, "usr/sbin/dracut", 0755, 0);
	assert_true(persist_has_driverctl(x->fd));
	assert_string_equal(persist_initramfs(x->fd), "dracut");
}
