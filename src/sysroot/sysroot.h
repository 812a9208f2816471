/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All reads of a host's file system pass through here. Everything is read below a root: the live system, a
 * directory tree that looks like one, or a capture, a file with the answers of the same calls elsewhere.
 * Every answer is a fact; recording keeps each answer, so that a capture holds exactly what was read. Paths
 * are relative to the root, without a leading slash ("sys/class/iommu"); the facts name them with one.
 * Nothing here writes to a host. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/fact.h"
#include "base/failure.h"

enum sysroot_kind { SYSROOT_LIVE, SYSROOT_TREE, SYSROOT_CAPTURE };

struct sysroot;

/* The limit that an attribute of sysfs never passes (one page), the one for larger files, and that of
 * a stream in a tree, which may be one line without an end. */
enum {
	SYSROOT_ATTRIBUTE_MAX = 4096,
	SYSROOT_FILE_MAX = 4 << 20,
	SYSROOT_STREAM_MAX = 64 << 20,
};

/* Opens @path: NULL is the live system, a directory is a tree, a file is a capture (a table of answers:
 * none of its paths is opened). The caller closes *@ret. 0, or the errno of the open, -EBADMSG for a file
 * that is not a capture (the line in @reterr), -E2BIG past the limits. */
int sysroot_open(const char *path, struct sysroot **ret, struct failure **reterr);
void sysroot_close(struct sysroot *root);
/* Reading pauses: closes the descriptors that wait for it. */
void sysroot_rest(struct sysroot *root);
enum sysroot_kind sysroot_kind(const struct sysroot *root);
/* Whether the kernel of @root is the running one: of the live system, and of a tree whose /proc is a mount of procfs, as
 * a container sees the host that it runs on. linux: fs/proc/root.c: proc_fill_super() (PROC_SUPER_MAGIC). */
bool sysroot_same_kernel(struct sysroot *root);
/* "/" for the live system, else the path it was opened by. Borrowed. */
const char *sysroot_name(const struct sysroot *root);

/* The content of a file of at most @limit bytes. Longer: FACT_FAILED with EFBIG. A directory:
 * FACT_FAILED with EISDIR. One trailing newline is removed. */
struct fact sysroot_read(struct sysroot *root, struct arena *a, const char *path, size_t limit);
/* The same of an attribute that the kernel reads with its device locked (uevent, driver_override,
 * sriov_numvfs): FACT_FAILED with ETIMEDOUT when it does not answer, since the lock may be held for ever. */
struct fact sysroot_read_locked(struct sysroot *root, struct arena *a, const char *path);
/* Many such reads will follow: starts what they need of the live system while this process is still small. */
void sysroot_expect_locked(struct sysroot *root);
/* The target of a symbolic link, as written. EINVAL when the path is not a link. */
struct fact sysroot_read_link(struct sysroot *root, struct arena *a, const char *path);
/* The names in a directory, sorted bytewise, one a line. */
struct fact sysroot_list(struct sysroot *root, struct arena *a, const char *path);
/* What a path is, links followed: "TYPE MODE UID GID MAJOR:MINOR", TYPE one of file dir char block
 * fifo socket, MODE octal permission bits, MAJOR:MINOR of a device node, else 0:0. */
struct fact sysroot_stat(struct sysroot *root, struct arena *a, const char *path);
/* Which of "rw" the caller's effective ids may do with a path: "rw", "r", "w" or "-", by access(2).
 * FACT_UNREAD in a tree: the ids of this host say nothing about the files of another. */
struct fact sysroot_access(struct sysroot *root, struct arena *a, const char *path);
/* An open stream for files too large to keep (kallsyms), or NULL with *@err set to a positive errno:
 * ENOTSUP on a capture, EFBIG for a file of a tree past SYSROOT_STREAM_MAX. Not recorded: use it
 * inside an asker. The caller closes it. */
FILE *sysroot_stream(struct sysroot *root, const char *path, int *err);
/* A descriptor of a file of which a few bytes matter, as a configuration space; else as sysroot_stream(). The
 * caller closes it. A negative errno on failure. */
int sysroot_open_file(struct sysroot *root, const char *path);
/* EMFILE or ENFILE where an answer is missing for want of a descriptor, else 0. */
int sysroot_starved(const struct sysroot *root);
/* An absolute path of @path below a live or tree root, for libraries that open files themselves (libkmod).
 * In a tree, every link on the way is resolved below the root; what is below the result is not checked.
 * NULL on a capture, or when @path leads nowhere in a tree. */
const char *sysroot_host_path(struct sysroot *root, struct arena *a, const char *path);

/* A question that no single file answers: a library, the process itself, a large file reduced to
 * the few words that matter. Live (and in a tree when @in_tree) @ask is called and fills state, err,
 * raw and len of @ret (in @a); in a capture the recorded answer to @key is given. @key names the
 * question and becomes the fact's path, for example "libkmod:vfio_pci" or "process:limits"; for a file
 * reduced to what matters it is the file's own path. What @ask reads is not recorded, its answer is. */
typedef void sysroot_asker(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret);
struct fact sysroot_ask(struct sysroot *root, struct arena *a, const char *key, bool in_tree,
			sysroot_asker *ask, void *ctx);

/* Keeps every answer from now on, until sysroot_close(). Only one recording at a time. */
void sysroot_record(struct sysroot *root);
/* Writes what was recorded as a capture, in the order of the questions, each once. 0, or the
 * negative errno of the write. */
int sysroot_write_capture(struct sysroot *root, FILE *out);
