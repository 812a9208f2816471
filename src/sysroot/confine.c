/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysroot/confine.h"

#include <errno.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/landlock.h>

#include "base/fd.h"
#include "base/macro.h"

/* Rights that newer ABIs added, by their bits: the headers at hand may be older than the kernel. */
enum {
	FS_REFER = 1 << 13,     /* ABI 2 */
	FS_TRUNCATE = 1 << 14,  /* ABI 3 */
	FS_IOCTL_DEV = 1 << 15, /* ABI 5 */
	NET_TCP = 3,            /* ABI 4: bind and connect */
};

/* What the kernel calls struct landlock_ruleset_attr, up to ABI 4. */
struct ruleset {
	uint64_t fs, net;
};

/* All that changes a file system, and running a program: what is not named here stays allowed. */
static struct ruleset ruleset_for(long abi)
{
	struct ruleset ret = {
		.fs = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
		      LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
		      LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
		      LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
		      LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
		      LANDLOCK_ACCESS_FS_MAKE_SYM,
	};

	ret.fs |= abi >= 2 ? FS_REFER : 0;
	ret.fs |= abi >= 3 ? FS_TRUNCATE : 0;
	ret.net = abi >= 4 ? NET_TCP : 0;
	ret.fs |= abi >= 5 ? FS_IOCTL_DEV : 0;
	return ret;
}

int confine_to_reading(void)
{
	vt_cleanup(fd_closep) int fd = -1;
	struct ruleset rules;
	long abi;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < 0)
		return -errno;
	rules = ruleset_for(abi);
	fd = (int)syscall(SYS_landlock_create_ruleset, &rules,
			  abi >= 4 ? sizeof(rules) : sizeof(rules.fs), 0);
	if (fd < 0 || syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		return -errno;
	return 0;
}

int confine_for_capture(const char *path)
{
	struct stat st;

	return path && !stat(path, &st) && S_ISREG(st.st_mode) ? confine_to_reading() : 0;
}
