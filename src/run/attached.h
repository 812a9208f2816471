/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands that act on a device share: from targets to a snapshot and its predictions, the choice
 * of a path, the attachment, and the comparison of prediction and kernel. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "client/attach.h"
#include "client/client.h"
#include "report/attach.h"
#include "report/prediction-fields.h"
#include "report/json.h"
#include "run/session.h"

/* Options of every acting command; zeroed is the default. */
struct attached_options {
	struct operands targets;
	bool has_path; /* --path was given */
	enum path_kind path;
	const char *vf_token; /* --vf-token, or NULL */
	unsigned int type;    /* for SET_IOMMU; 0: TYPE1v2 */
	bool no_map;          /* without the first mapping */
	bool load;            /* load the modules that the path wants first */
	bool json;
	bool only_predicts; /* nothing is attached: a capture serves, too */
	bool single;        /* exactly one device is wanted */
	unsigned int parts; /* of the devices, beside what a prediction needs: enum device_part */
};

struct attached {
	struct session session;
	const struct attached_options *options; /* borrowed */
	struct arena *arena;                    /* the app's */
	struct prediction *predictions;         /* one for each of session.devices */
	enum path_kind path;
	const char *path_because;
	struct sys *sys; /* NULL: the live one */
	struct client client;
	struct attach_request request;
	bool opened; /* the kernel was asked; attachment is to be closed */
	struct attachment attachment;
	int result; /* 0: attached; a negative errno: refused, see view */
	struct extension_answer *extensions;
	struct attach_view view;
};

/* Those options, and the global ones, as the children of a command's argp. What the command parses into
 * begins with a struct attached_options. */
extern const struct argp_child attached_children[];

/* Loads, predicts, chooses the path; only reads. 0, or a negative errno: no target (STATUS_NO_TARGET),
 * --sysroot (STATUS_USAGE), and so on. To be closed in either case. */
int attached_open(struct attached *ac, struct app *app, const struct attached_options *o,
		  struct failure **reterr);
/* Attaches. 0 also when the kernel refuses (see ac->view); a negative errno with *@reterr when the tool
 * could not go on. */
int attached_attach(struct attached *ac, struct failure **reterr);
/* Asks what changes nothing of each attached device, for the report. */
void attached_probe(struct attached *ac);
/* Whether the devices can be used: attached, and each has a description. A missing description is a
 * refusal. */
bool attached_is_ready(const struct attached *ac);
/* The exit status of the view: STATUS_OK, STATUS_NO, STATUS_DENIED, STATUS_DIFFER. */
int attached_status(const struct attached *ac);
/* What every document of an attached device begins with: tables of fields. */
#define ATTACHED_DOCUMENT &kernel_fields, &attach_fields
/* Begins the JSON document of a command in @to: the common members, and the array of devices, which the
 * caller fills and ends. */
void attached_json_begin(const struct attached *ac, FILE *to, struct json_doc *doc);
/* Releases everything. */
void attached_detach(struct attached *ac);
void attached_close(struct attached *ac);
/* Opens, has @work do what the command does with @args, which begin with the options, and closes. What
 * @work returns, an exit status or a negative errno. */
int attached_run(struct app *app, const struct attached_options *args,
		 int (*work)(struct attached *ac, const void *args, struct failure **reterr),
		 struct failure **reterr);
