/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who asks, and what he may. */
#include <errno.h>
#include <unistd.h>

#include "sysroot/sysroot.h"
#include "facts/load.h"
#include "scene.h"

static void test_caller_from_a_capture(struct tree *x)
{
	struct host *h =
		tree_replay(x,
			    "[\"ask\",\"process:identity\",\"euid=1000 egid=1000\"]\n"
			    "[\"ask\",\"process:capabilities\",\"caps=ipc_lock,sys_rawio,unheard_of\"]\n"
			    "[\"ask\",\"process:limits\",\"soft=8388608 hard=unlimited locked=4096\"]\n");

	assert_int_equal(h->caller.euid, 1000);
	assert_int_equal(h->caller.caps, CALLER_CAP_IPC_LOCK | CALLER_CAP_SYS_RAWIO);
	assert_int_equal(h->caller.memlock_soft, 8388608);
	assert_int_equal(h->caller.memlock_locked, 4096);
	h = tree_replay(x, "[\"ask\",\"process:capabilities\",\"caps=\"]\n"
			   "[\"ask\",\"process:limits\",\"soft=unlimited hard=unlimited\"]\n");
	assert_int_equal(h->caller.caps, 0);
	assert_true(h->caller.memlock_soft == UINT64_MAX);
}

static void test_caller_absurd(struct tree *x)
{
	struct host *h = tree_replay(x, "[\"ask\",\"process:identity\",\"root\"]\n"
					"[\"ask\",\"process:capabilities\",\"all of them\"]\n"
					"[\"ask\",\"process:limits\",\"soft=lots\"]\n");

	assert_int_equal(h->caller.identity.state, FACT_FAILED);
	assert_int_equal(h->caller.caps_fact.state, FACT_FAILED);
	assert_int_equal(h->caller.memlock_fact.err, EBADMSG);
	assert_int_equal(h->caller.memlock_soft, 0);
}

static void test_caller_of_this_process(struct tree *x)
{
	struct sysroot *root = NULL;
	char link[64] = "";
	struct host *h;

	assert_int_equal(sysroot_open(NULL, &root, NULL), 0);
	h = tree_load(x, root, &(struct scope){ HOST_CALLER, 0, 0 }, NULL);
	assert_int_equal(h->caller.caps_fact.state, FACT_PRESENT);
	/* In another user namespace than the first the caller is somebody else outside. */
	if (readlink("/proc/self/ns/user", link, sizeof(link) - 1) < 0 ||
	    strcmp(link, "user:[4026531837]") == 0)
		assert_int_equal(h->caller.euid, geteuid());
	else
		assert_int_equal(h->caller.caps, 0);
	assert_int_equal(h->caller.memlock_fact.state, FACT_PRESENT);
	assert_non_null(strstr(h->caller.memlock_fact.raw, "locked="));
	sysroot_close(root);
}
