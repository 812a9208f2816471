/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who asks: user, capabilities, limits, and the name that the kernel tells. */
#include <grp.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "prober.h"

static void drop_capabilities(uint64_t drop)
{
	struct {
		uint32_t version;
		int pid;
	} header = { 0x20080522, 0 };
	struct {
		uint32_t effective, permitted, inheritable;
	} data[2];

	for (unsigned number = 0; number < 64; number++)
		if (drop >> number & 1 && prctl(PR_CAPBSET_DROP, number, 0, 0, 0))
			stop("dropping capability %u from the bounding set: %m", number);
	if (syscall(SYS_capget, &header, data))
		stop("capget: %m");
	for (unsigned i = 0; i < 2; i++) {
		uint32_t keep = ~(uint32_t)(drop >> (32 * i));
		data[i].effective &= keep;
		data[i].permitted &= keep;
		data[i].inheritable &= keep;
	}
	if (syscall(SYS_capset, &header, data))
		stop("capset: %m");
}

void become_caller(const struct request *request)
{
	struct rlimit limit = { request->memlock, request->memlock };

	if (request->uname26 && personality(UNAME26) < 0)
		stop("personality: %m");
	if (request->has_memlock && setrlimit(RLIMIT_MEMLOCK, &limit))
		stop("RLIMIT_MEMLOCK: %m");
	if (request->drop)
		drop_capabilities(request->drop);
	if (request->uid >= 0) {
		gid_t gid = (gid_t)request->uid;
		if (setgroups(0, NULL) || setresgid(gid, gid, gid) ||
		    setresuid((uid_t)request->uid, (uid_t)request->uid, (uid_t)request->uid))
			stop("becoming user %ld: %m", request->uid);
	}
}
