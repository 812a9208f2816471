/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prove for several devices: what is mapped in their common address space is in reach of each; what is mapped
 * in the address space of another one only is in reach of none. Each device is asked about the next one and the
 * last about the first, in both directions. One that moves no data may have a BAR that others have to write to. */
#include <errno.h>

#include "base/macro.h"
#include "uapi/abi.h"
#include "client/proof-pair.h"
#include "client/proof-peer.h"
#include "report/prediction-fields.h"
#include "cmd/prove.h"

struct several {
	struct attached *ac;
	const struct prove_args *args;
	const struct dma_driver **drivers; /* of the devices; NULL: it has a BAR of plain memory */
	struct proof_claim_view *rows;     /* at most two claims of two devices for each pair */
	size_t nr_pairs, nr_rows;
	const char *untried;                     /* why a claim could not be tried */
	unsigned int answers[CLAIM_UNKNOWN + 1]; /* how many claims have each */
};

static const struct device *device_at(const struct several *s, size_t i)
{
	return s->ac->session.devices[i % s->ac->session.nr_devices];
}

static unsigned int bar_of(const struct device *d)
{
	return d->has_ids ? proof_peer_bar(d->vendor, d->device_id) : DMA_TEST_BARS;
}

/* The first device that can neither move data nor be written to; without any that moves data, the first. */
static const struct device *find_drivers(struct several *s, struct proof_view *v)
{
	size_t nr = s->ac->session.nr_devices;
	const struct device *ret = NULL;

	s->drivers = arena_array(s->ac->arena, nr, sizeof(*s->drivers));
	for (size_t i = 0; i < nr; i++) {
		const struct device *d = device_at(s, i);
		const struct dma_driver *e =
			d->has_ids ? dma_driver_find(d->vendor, d->device_id, d->class_code) : NULL;

		s->drivers[i] = e;
		if (!e) {
			ret = ret || bar_of(d) < DMA_TEST_BARS ? ret : d;
			continue;
		}
		v->not_run |= e->not_run != NULL;
		v->driver = v->driver ? arena_printf(s->ac->arena, "%s, %s", v->driver, e->name)
				      : e->name;
	}
	return ret || v->driver ? ret : device_at(s, 0);
}

static struct proof_request make_request(const struct several *s, size_t i, int fd,
					 struct space *space, const struct space_info *info)
{
	i %= s->ac->session.nr_devices;
	return (struct proof_request){
		.client = &s->ac->client,
		.space = space,
		.info = info,
		.object = device_at(s, i)->name,
		.fd = fd,
		.driver = s->drivers[i],
		.page_size = s->ac->request.page_size,
		.address_bits = s->args->address_bits,
		.seed = sys_live()->ops->now_ns(sys_live()) + i,
		.resettable = s->ac->view.devices[i].info.flags & VT_DEVICE_RESET_FLAG,
	};
}

static void add_row(struct several *s, const char *name, const struct device *a, const char *title,
		    const struct device *b, const struct claim *claim)
{
	s->answers[claim->answer]++;
	s->rows[s->nr_rows++] =
		prove_claim_view(claim, name,
				 arena_printf(s->ac->arena, "%s %s %s", a->name, title, b->name));
}

/* The two directions of pair @i. */
static void add_rows(struct several *s, size_t i, const char *name, const char *title,
		     const struct claim claims[2])
{
	for (unsigned int k = 0; k < 2; k++)
		add_row(s, name, device_at(s, i + k), title, device_at(s, i + !k), &claims[k]);
}

/* @a has to write to the BAR of @b. */
static int prove_peer(struct several *s, size_t a, size_t b, struct failure **reterr)
{
	struct attachment *at = &s->ac->attachment;
	size_t nr = at->nr_devices;
	const struct proof_request request =
		make_request(s, a, at->devices[a % nr].fd, &at->space, &at->info);
	const struct proof_peer peer = {
		.object = device_at(s, b)->name,
		.fd = at->devices[b % nr].fd,
		.bar = bar_of(device_at(s, b)),
	};
	struct claim claims[NR_PEER_CLAIMS];
	int r = proof_peer(&request, &peer, claims, reterr);

	for (unsigned int i = 0; i < NR_PEER_CLAIMS; i++) {
		add_row(s, peer_claim_name((enum peer_claim)i), device_at(s, a),
			peer_claim_title((enum peer_claim)i), device_at(s, b), &claims[i]);
		s->rows[s->nr_rows - 1].about_reach = i != PEER_MAPPED;
		if (claims[i].answer == CLAIM_UNTRIED)
			s->untried = "Not proven: the kernel does not map a BAR on this path.";
	}
	return r;
}

static int prove_shared(struct several *s, size_t i, struct failure **reterr)
{
	struct attachment *at = &s->ac->attachment;
	size_t next = (i + 1) % at->nr_devices;
	const struct proof_request requests[2] = {
		make_request(s, i, at->devices[i].fd, &at->space, &at->info),
		make_request(s, next, at->devices[next].fd, &at->space, &at->info),
	};
	struct claim claims[2];
	int r;

	if (!s->drivers[i] != !s->drivers[next])
		return s->drivers[i] ? prove_peer(s, i, next, reterr)
				     : prove_peer(s, next, i, reterr);
	if (!s->drivers[i])
		return 0;
	r = proof_pair_shared(requests, claims, reterr);

	add_rows(s, i, "shared", "reaches what is mapped in their address space for", claims);
	return r;
}

/* Each in an address space of its own; *@nr of @at are to be closed. 1 when the kernel refuses, with the claims
 * answered. */
static int attach_pair(struct several *s, size_t i, struct attachment at[2], size_t *nr,
		       struct claim claims[2], struct failure **reterr)
{
	struct attached *ac = s->ac;

	for (*nr = 0; *nr < 2; (*nr)++) {
		struct attach_request request = ac->request;
		size_t which = (i + *nr) % ac->request.nr_targets;
		int r;

		request.targets = &ac->request.targets[which];
		request.nr_targets = 1;
		request.no_map = true;
		r = attachment_open(&ac->client, &request, &at[*nr], reterr);
		if (!r)
			continue;
		claims[0] = claims[1] = (struct claim){
			.answer = CLAIM_UNKNOWN,
			.evidence =
				arena_printf(ac->arena,
					     "%s cannot be attached to an address space of its own: %s was refused with %s",
					     device_at(s, which)->name, op_name(at[*nr].refused),
					     errno_name(r)),
		};
		r = at[*nr].refused == OP_NONE ? r : 1;
		(*nr)++;
		return r;
	}
	return 0;
}

static int prove_apart(struct several *s, size_t i, struct failure **reterr)
{
	static const char title[] = "cannot reach what is mapped only for";
	const struct device *a = device_at(s, i), *b = device_at(s, i + 1);
	struct claim claims[2] = { 0 };
	struct attachment at[2];
	size_t nr, next = (i + 1) % s->ac->session.nr_devices;
	int r;

	if (!s->drivers[i] || !s->drivers[next])
		return 0;
	if (a->group && a->group == b->group) {
		claims[0].evidence = claims[1].evidence =
			arena_printf(s->ac->arena,
				     "they share IOMMU group %u, and the kernel keeps a group in one address space",
				     a->group->id);
		s->untried =
			"Not proven: devices of one IOMMU group cannot be kept apart from each other.";
		add_rows(s, i, "apart", title, claims);
		return 0;
	}
	r = attach_pair(s, i, at, &nr, claims, reterr);
	if (!r) {
		const struct proof_request requests[2] = {
			make_request(s, i, at[0].devices[0].fd, &at[0].space, &at[0].info),
			make_request(s, i + 1, at[1].devices[0].fd, &at[1].space, &at[1].info),
		};

		r = proof_pair_apart(requests, claims, reterr);
	}
	while (nr)
		attachment_close(&at[--nr]);
	add_rows(s, i, "apart", title, claims);
	s->rows[s->nr_rows - 1].about_reach = s->rows[s->nr_rows - 2].about_reach = true;
	return r < 0 ? r : 0;
}

static void conclude(const struct several *s, struct proof_view *v)
{
	v->claims = s->rows;
	v->nr_claims = s->nr_rows;
	v->answer = s->answers[CLAIM_NO]                                     ? ANSWER_NO
		    : s->answers[CLAIM_UNKNOWN] || s->answers[CLAIM_UNTRIED] ? ANSWER_UNKNOWN
									     : ANSWER_YES;
	if (v->answer == ANSWER_YES)
		v->because =
			"Proven: each device reaches what is mapped for it, and nothing that is mapped for another device only.";
	else if (v->answer == ANSWER_NO)
		v->because = "Not proven: a claim does not hold.";
	else if (s->answers[CLAIM_UNKNOWN])
		v->because = "Not proven: the required tests could not be run.";
	else
		v->because = s->untried;
}

int prove_several(struct attached *ac, const struct prove_args *args, struct proof_view *v,
		  struct failure **reterr)
{
	size_t nr = ac->session.nr_devices;
	struct several s = { .ac = ac, .args = args, .nr_pairs = nr == 2 ? 1 : nr };
	const struct device *without = find_drivers(&s, v);
	int r = 0;

	if (without)
		return failure_set_status(reterr, STATUS_UNKNOWN, -ENOTSUP,
					  "%s: there is no DMA test driver for it: leave it out; vfiotool-prove(8) lists the devices that have one",
					  without->name);
	if (v->untranslated)
		return failure_set_status(reterr, STATUS_NO, -EXDEV,
					  "without an IOMMU every device reaches all memory, and nothing keeps devices apart: name one device to see what it reaches");
	s.rows = arena_array(ac->arena, 4 * s.nr_pairs, sizeof(*s.rows));
	ac->client.silent = true;
	for (size_t i = 0; !r && i < s.nr_pairs; i++)
		r = prove_shared(&s, i, reterr);
	/* Their groups are free again, for other address spaces. */
	attached_detach(ac);
	for (size_t i = 0; !r && i < s.nr_pairs; i++)
		r = prove_apart(&s, i, reterr);
	conclude(&s, v);
	if (r < 0)
		v->answer = v->answer == ANSWER_NO ? ANSWER_NO : ANSWER_UNKNOWN;
	return r;
}
