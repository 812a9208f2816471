/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guard may be called a guard in a comment; who it is
 * told to is no matter. */
static const char *const sentences[] = {
	"there is no IOMMU, and this is no bridge",
	"the device is told as gone, made anew, called so",
	"as things are nothing moves by itself, so often, whoever asks",
	"it rests: process 1 is closed to you, which cannot be told of late",
	"not one yet: what is taken along is nobody's",
	"Path container once bound stands for the group",
	"The patched kernel has no exerciser: the guard stands in the way, in nobody's way, of the compat container",
	"guard", "exerciser",
	"%s: one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
	"fifteen sixteen seventeen eighteen nineteen twenty 21 22 23 24: 25. Not more",
};
