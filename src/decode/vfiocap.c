/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode/vfiocap.h"

#include <errno.h>
#include <string.h>

/* id and version, two bytes each, and next. linux: include/uapi/linux/vfio.h:
 * struct vfio_info_cap_header. */
enum { HEADER = 8 };
/* Of a list of pairs: the count with four bytes that are kept free, and each of them. */
enum { PAIRS = 8, PAIR = 16 };

void vfiocap_begin(struct vfiocap_walk *w, const void *buffer, size_t len, size_t fixed,
		   uint32_t offset)
{
	*w = (struct vfiocap_walk){
		.buffer = buffer,
		.len = len,
		.fixed = fixed,
		.next = offset,
		/* The number of headers that fit without overlap: a longer chain repeats one. */
		.left = len > fixed ? (unsigned int)((len - fixed) / HEADER) : 0,
	};
}

int vfiocap_next(struct vfiocap_walk *w, struct vfiocap *ret)
{
	uint32_t at = w->next;

	if (!at)
		return 0;
	if (at < w->fixed || at > w->len || w->len - at < HEADER || !w->left)
		return -EBADMSG;
	w->left--;
	memcpy(&ret->id, w->buffer + at, sizeof(ret->id));
	memcpy(&ret->version, w->buffer + at + 2, sizeof(ret->version));
	memcpy(&w->next, w->buffer + at + 4, sizeof(w->next));
	ret->data = w->buffer + at + HEADER;
	ret->len = w->len - at - HEADER;
	return 1;
}

static int copy(const struct vfiocap *c, size_t at, void *ret, size_t size)
{
	if (at > c->len || c->len - at < size)
		return -EBADMSG;
	memcpy(ret, c->data + at, size);
	return 0;
}

int vfiocap_u32(const struct vfiocap *c, size_t at, uint32_t *ret)
{
	return copy(c, at, ret, sizeof(*ret));
}

int vfiocap_u64(const struct vfiocap *c, size_t at, uint64_t *ret)
{
	return copy(c, at, ret, sizeof(*ret));
}

int vfiocap_pairs(const struct vfiocap *c, uint32_t max, uint32_t *ret)
{
	uint32_t nr;

	if (c->len < PAIRS || vfiocap_u32(c, 0, &nr) < 0 || nr > max ||
	    nr > (c->len - PAIRS) / PAIR)
		return -EBADMSG;
	*ret = nr;
	return 0;
}

void vfiocap_pair(const struct vfiocap *c, uint32_t index, uint64_t *ret_first,
		  uint64_t *ret_second)
{
	const uint8_t *at = c->data + PAIRS + (size_t)index * PAIR;

	memcpy(ret_first, at, sizeof(*ret_first));
	memcpy(ret_second, at + sizeof(*ret_first), sizeof(*ret_second));
}
