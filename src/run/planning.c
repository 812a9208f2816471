/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/planning.h"

#include <string.h>

#include "bind/guard.h"
#include "facts/in-use.h"

/* Whether this capture says nothing about the use of devices. */
static bool is_unrecorded(const struct host *h)
{
	return h->usage->blocks_list.state == FACT_UNREAD;
}

static const struct plan_use *ask_use(void *ctx, const struct device *dev, struct arena *a,
				      size_t *ret_nr)
{
	struct session *s = ctx;
	struct guard_finding *found = NULL;
	struct plan_use *ret;

	if (!s->host->usage)
		host_load_usage(s->root, s->host);
	if (is_unrecorded(s->host)) {
		ret = arena_new_object(a, struct plan_use);
		*ret = (struct plan_use){
			.check = "use",
			.device = dev,
			.answer = ANSWER_UNKNOWN,
			.chain = "this capture does not record what the host uses it for",
			.remedy = "capture that host again with --in-use",
		};
		*ret_nr = 1;
		return ret;
	}
	guards_check(s->root, s->host, dev, a, &found, ret_nr);
	ret = arena_array(a, *ret_nr, sizeof(*ret));
	for (size_t i = 0; i < *ret_nr; i++)
		ret[i] = (struct plan_use){
			.check = found[i].guard->name,
			.device = dev,
			.answer = found[i].answer,
			.chain = found[i].evidence,
			.remedy = found[i].remedy ? found[i].remedy
				  : found[i].answer == ANSWER_UNKNOWN
					  ? "run as root"
					  : "stop using it on this host",
		};
	return ret;
}

struct plan_request planning_request(struct session *s, struct device *const *devices, size_t nr)
{
	return (struct plan_request){
		.host = s->host,
		.assumptions = &s->assumptions,
		.kernels = &s->report.kernels,
		.devices = (const struct device *const *)devices,
		.nr_devices = nr,
		.ask_use = ask_use,
		.ctx = s,
	};
}

void planning_make(struct session *s, const struct plan_request *q, struct arena *a,
		   struct plans *ret)
{
	plan_make(q, a, ret);
	if (!plans_need_boot(ret))
		return;
	host_load_boot(s->root, s->host);
	plans_fill_boot(s->host, a, ret);
}
