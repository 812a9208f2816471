/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode/account.h"
#include "scene.h"

static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
			     "broken\n"
			     "libvirt-qemu:x:64055:108::/var/lib/libvirt:/usr/sbin/nologin\n"
			     "late:x:4294967295:0::/:/bin/sh\n";

static void test_account_by_name_and_by_number(void)
{
	struct account one;

	assert_true(account_find(span_of(passwd), "libvirt-qemu", &one));
	assert_int_equal(one.uid, 64055);
	assert_true(account_find(span_of(passwd), "64055", &one));
	assert_true(span_equals(one.name, "libvirt-qemu"));
	assert_false(account_find(span_of(passwd), "libvirt", &one));
	assert_false(account_find(span_of(passwd), "late", &one));
	assert_false(account_find(span_of(""), "root", &one));
}
