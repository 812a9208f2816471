/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes a mapping away under a program.
 *
 *     thief IOVA SIZE PROGRAM ARGUMENT...
 *
 * Runs the program, takes the descriptor of its VFIO container, and unmaps the range as soon as it is there. Exit status:
 * that of the program; 99 when it ended before, or was ended by a signal. */
#include <dirent.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WRONG = 99 };

/* A copy of the descriptor of /dev/vfio/vfio that process @pid has, or -1. */
static int container_of(pid_t pid, int pidfd)
{
	char path[64], link[512], target[64];
	struct dirent *entry;
	DIR *folder;
	int ret = -1;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	folder = opendir(path);
	while (folder && ret < 0 && (entry = readdir(folder))) {
		ssize_t n;

		snprintf(link, sizeof(link), "%s/%s", path, entry->d_name);
		n = readlink(link, target, sizeof(target) - 1);
		if (n < 0)
			continue;
		target[n] = '\0';
		if (!strcmp(target, "/dev/vfio/vfio"))
			ret = (int)syscall(SYS_pidfd_getfd, pidfd, atoi(entry->d_name), 0);
	}
	if (folder)
		closedir(folder);
	return ret;
}

int main(int argc, char **argv)
{
	struct vfio_iommu_type1_dma_unmap range = { .argsz = sizeof(range) };
	int container = -1, pidfd, status;
	unsigned long long size;
	pid_t pid;

	if (argc < 4)
		return WRONG;
	range.iova = strtoull(argv[1], NULL, 0);
	size = strtoull(argv[2], NULL, 0);
	pid = fork();
	if (!pid) {
		execvp(argv[3], argv + 3);
		_exit(127);
	}
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	for (;;) {
		if (waitpid(pid, &status, WNOHANG) == pid) {
			fprintf(stderr, "thief: it ended before anything was mapped\n");
			return WRONG;
		}
		if (container < 0)
			container = container_of(pid, pidfd);
		range.size = size;
		if (container >= 0 && !ioctl(container, VFIO_IOMMU_UNMAP_DMA, &range) && range.size)
			break;
		usleep(100);
	}
	/* The container lives as long as any descriptor of it. */
	close(container);
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return WRONG;
	return WEXITSTATUS(status);
}
