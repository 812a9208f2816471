/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who asks, and what he may. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
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

/* "/." is read as a tree with the /proc of the running kernel, as a container reads its host: process 1 is the caller. */
static void test_caller_of_a_container_is_the_first_process(struct tree *x)
{
	struct sysroot *root = NULL;
	struct fact status;
	struct host *h;
	uint64_t caps;

	assert_int_equal(sysroot_open("/.", &root, NULL), 0);
	status = sysroot_read(root, x->arena, "proc/1/status", 64 << 10);
	if (status.state != FACT_PRESENT) {
		print_message("needs /proc/1/status\n");
		sysroot_close(root);
		skip();
	}
	h = tree_load(x, root, &(struct scope){ HOST_CALLER, 0, 0 }, NULL);
	assert_true(h->live);
	assert_int_equal(h->caller.identity.state, FACT_PRESENT);
	assert_non_null(strstr(status.raw, "Uid:"));
	assert_int_equal(h->caller.euid,
			 strtoul(strchr(strstr(status.raw, "Uid:") + 5, '\t'), NULL, 10));
	caps = strtoull(strstr(status.raw, "CapEff:") + 7, NULL, 16);
	assert_int_equal(h->caller.caps_fact.state, FACT_PRESENT);
	assert_int_equal(!!(h->caller.caps & CALLER_CAP_IPC_LOCK), caps >> 14 & 1);
	assert_int_equal(!!(h->caller.caps & CALLER_CAP_SYS_RAWIO), caps >> 17 & 1);
	assert_int_equal(h->caller.memlock_fact.state, FACT_PRESENT);
	sysroot_close(root);
}
