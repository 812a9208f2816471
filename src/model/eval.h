/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The questions that a rule may ask. Each question looks at the assumptions first, then at what the view
 * changes, then at the facts, and notes what it looked at as evidence. A rule sees neither the kind of
 * kernel nor the overlay: where the kernels differ, the site says so. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fact.h"
#include "base/macro.h"
#include "facts/host.h"
#include "model/action.h"
#include "model/assume.h"
#include "model/predict.h"
#include "model/rule.h"
#include "model/trait.h"

enum { EVAL_EVIDENCE_MAX = 64, EVAL_ACTIONS_MAX = 8 };

/* Assumptions that only a plan makes: the device has an IOMMU group, of which no more is known; the firmware
 * describes an IOMMU; the caller may open a node. */
#define EVAL_KEY_GROUP            ".iommu_group"
#define EVAL_KEY_FIRMWARE         ".firmware_iommu"
#define EVAL_KEY_DIRECT           ".direct_region"
#define EVAL_KEY_CONTAINER_ACCESS ".container_access"
#define EVAL_KEY_IOMMUFD_ACCESS   ".iommufd_access"
#define EVAL_KEY_GROUP_ACCESS     ".group_access"
#define EVAL_KEY_CDEV_ACCESS      ".cdev_access"

struct mapping_question;

struct eval {
	/* The question; borrowed. */
	const struct host *host;
	const struct assumptions *assumptions; /* or NULL */
	const struct device *dev;
	struct arena *arena;
	const struct kernels *kernels; /* those that may be the one, and */
	enum release release;          /* the one assumed in this walk */
	enum view view;
	enum path_kind path; /* the path walked */
	const struct rule_site *site;
	const struct mapping_question *mapping; /* the subject of a rule about requests */
	bool brief;                             /* no text for a rule that does not refuse */
	bool silent;                            /* no text at all, and no evidence */
	bool for_other; /* @dev is asked as a member, on behalf of another device of its group */
	struct model_memo *memo; /* or NULL */

	/* The answer. */
	enum ruling ruling;
	int err; /* of the site, unless the rule knows better */
	const char *because;
	const struct action *actions[EVAL_ACTIONS_MAX]; /* what may help, the best first */
	size_t nr_actions;
	const struct fact *evidence[EVAL_EVIDENCE_MAX];
	size_t nr_evidence;
	bool assumed; /* a question was answered by an assumption */
};

/* ---- answers ---- */

/* The rule refuses, does not refuse, or cannot tell; the sentence says what was seen, or what is
 * missing and how to get it. */
void eval_refuses(struct eval *e, const char *fmt, ...) vt_printf(2, 3);
void eval_passes(struct eval *e, const char *fmt, ...) vt_printf(2, 3);
void eval_unknown(struct eval *e, const char *fmt, ...) vt_printf(2, 3);
/* Notes @f as evidence, once; NULL is fine. */
void eval_cite(struct eval *e, const struct fact *f);
/* Text in the arena of the prediction; "" when no text is wanted. */
const char *eval_text(struct eval *e, const char *fmt, ...) vt_printf(2, 3);

/* ---- proposals (eval-action.c, eval-move.c) ---- */

/* Adds a copy of @action to what may help; nothing where no text is wanted. */
void eval_propose(struct eval *e, const struct action *action);
/* Adds advice whose effect the model cannot compute. */
void eval_advise(struct eval *e, enum action_kind kind, enum action_scope scope, const char *fmt,
		 ...) vt_printf(4, 5);
/* That alone, in place of all that was proposed. */
void eval_remedy(struct eval *e, const char *fmt, ...) vt_printf(2, 3);
/* 'Give @dev to the VFIO driver of its bus', with the members of the group that must move too. For a device that
 * cannot be bound because it has no group: how it gets one. */
void eval_propose_bind(struct eval *e, const struct device *dev);
/* Binds the @nr devices, the one that it is about last, to @driver, or to the VFIO driver of each one's bus. @group:
 * --group also moves exactly the others. */
void eval_propose_moves(struct eval *e, const struct device *const *moves, size_t nr,
			const char *driver, bool group);
/* Takes @member off its driver so that it does not block the group: to pci-stub, or to none. */
void eval_propose_stub(struct eval *e, const struct device *member);
/* What else than @dev to pass through, which exists only while @vmd (NULL: not known) is on its driver. */
void eval_propose_vmd(struct eval *e, const struct device *vmd, const struct device *dev);
/* How @e->dev gets an IOMMU group. */
void eval_propose_group(struct eval *e);
/* modprobe; @options ("--ignore-install ") stand before the name. */
void eval_propose_load(struct eval *e, enum module_id id, const char *options);
void eval_propose_install(struct eval *e, enum module_id id);
/* Sets a parameter to @value ("Y", "65535"): written, or given as its module is loaded, or at the next boot.
 * @what, and @weakens or NULL, are borrowed. */
void eval_propose_param(struct eval *e, enum param_id id, const char *value, const char *what,
			const char *weakens, bool insecure);
/* The next boot with @add and without @remove (either may be NULL), which has the effects @overlay. */
void eval_propose_boot(struct eval *e, const char *what, const char *add, const char *remove,
		       const struct action_effect *overlay, size_t nr);
/* Adds the effect of modprobe: module @id, what it depends on, and what modprobe loads with them, is loaded. */
void eval_add_loaded(struct eval *e, enum module_id id, struct action *action);
/* Whether the host's kernel may be older than @trait, which the one asked for has: that the host lacks it says nothing. */
bool eval_host_is_older(const struct eval *e, enum trait trait);
/* The command that unloads what @action loads. */
const char *eval_unload(struct eval *e, const struct action *action);
/* What @from proposed is proposed here, too. */
void eval_propose_again(struct eval *e, const struct eval *from);
/* @dev as a target on a command line: "0000:01:00.0", "platform:edu-dma.0"; quoted. */
const char *eval_target(struct eval *e, const struct device *dev);

/* ---- assumptions ---- */

/* The assumption @key on @dev (NULL: on the host), cited, or NULL. One for the device wins over one for its
 * group, which wins over one without a target. */
const struct assumption *eval_assumed(struct eval *e, const struct device *dev, const char *key);
enum tristate eval_assumed_bool(struct eval *e, const struct device *dev, const char *key);

/* ---- the device and its group ---- */

/* What a device means for the other members of its group. */
enum member_state {
	MEMBER_UNKNOWN = 0,
	MEMBER_FREE, /* no driver */
	MEMBER_VFIO, /* a VFIO driver */
	MEMBER_STUB, /* pci-stub */
	MEMBER_PORT, /* pcieport */
	MEMBER_HOST, /* any other driver */
};

/* The state in this view. Another member that its VFIO driver refuses stays where it is; when that is not
 * known, its state is unknown. */
enum member_state eval_member(struct eval *e, const struct device *member);
/* Whether its VFIO driver takes @member, in a view that binds this other device of the group; yes in any
 * other view. @ret_said has the reason for 'no' or 'unknown', and what was proposed. */
enum answer eval_driver_accepts(struct eval *e, const struct device *member, struct eval *ret_said);
/* The same before the view moves anything. */
enum member_state eval_member_now(struct eval *e, const struct device *member);
/* Whether the device is on a VFIO driver already, before the view moves anything. */
bool eval_bound_now(struct eval *e);
/* The driver of @dev before the view moves anything: "" when it was assumed away, NULL when none was
 * seen. */
const char *eval_driver_now(struct eval *e, const struct device *dev);
/* The driver of @dev in this view, "no driver", or "an unknown driver". */
const char *eval_driver_name(struct eval *e, const struct device *dev);
/* The name of the VFIO driver that @dev would be bound to; NULL when its bus has none. */
const char *eval_vfio_driver(const struct device *dev);
bool eval_is_pci(const struct device *dev);

/* Where a device belongs, in this view. */
enum group_kind {
	GROUP_UNKNOWN = 0,
	GROUP_NONE,
	GROUP_REAL,     /* made by an IOMMU driver */
	GROUP_NOIOMMU,  /* made by VFIO in no-IOMMU mode */
	GROUP_EMULATED, /* made by VFIO for a mediated device */
};

enum group_kind eval_group_kind(struct eval *e);
/* Members of the device's group in this view, itself included; 1 when there is no group. */
size_t eval_nr_members(const struct eval *e);
const struct device *eval_get_member(const struct eval *e, size_t i);
/* Whether eval_nr_members() is all of them. Cites the list. */
bool eval_members_complete(struct eval *e);

/* A question to a member of the group of @e->dev; the answer is below SURVEY_ANSWERS. It depends on @e->dev only in
 * what eval_member() says, and on the site. */
enum { SURVEY_ANSWERS = 8 };
typedef unsigned int member_question(struct eval *e, const struct device *member);

/* Of each answer the first member that gives it, in the order of the group, and whether others do too. */
struct survey {
	const struct device *first[SURVEY_ANSWERS];
	bool several[SURVEY_ANSWERS];
};

/* Asks all members (survey.c). In a large group it is the memo that answers for most of them, and only what is in
 * the survey is cited. */
void eval_survey(struct eval *e, member_question *ask, struct survey *ret);
/* eval_member() as a question. */
unsigned int eval_member_question(struct eval *e, const struct device *member);

/* Whether the device has an IOMMU instance: the iommu link. */
enum tristate eval_has_iommu(struct eval *e, const struct device *dev);
/* The kind of the IOMMU that serves @dev; IOMMU_KIND_OTHER when none or not known. */
enum iommu_kind eval_iommu_kind(struct eval *e, const struct device *dev);
const char *eval_iommu_name(const struct device *dev);
/* The IOMMU that will serve the device when a driver probes it, as the firmware says, or NULL. An IOMMU
 * that firmware describes makes a group only then. */
const struct iommu_unit *eval_coming_iommu(struct eval *e, const struct device *dev);
/* Whether any device of the bus of @dev has an IOMMU: the bus has iommu_ops. */
enum tristate eval_bus_has_iommu(struct eval *e, const struct device *dev);
/* Whether some process holds @node open. *@ret_who names it when yes. */
enum tristate eval_node_held(struct eval *e, const struct node *node, const char **ret_who);
/* Why the holders could not be seen. */
const char *eval_unseen_holders(struct eval *e, const struct node *node);

/* ---- kernel ---- */

enum machine { MACHINE_OTHER = 0, MACHINE_X86, MACHINE_ARM, MACHINE_S390 };

enum machine eval_machine(struct eval *e);
enum module_state eval_module(struct eval *e, enum module_id id);
/* Loaded or built in, in this view. */
enum tristate eval_module_live(struct eval *e, enum module_id id);
enum tristate eval_param(struct eval *e, enum param_id id);
/* For a module on disk that would have to be loaded with its dependencies: answers where something forbids
 * that (yes) or does something else instead (unknown), and returns true (eval-load.c). */
bool eval_load_barred(struct eval *e, enum module_id id);
/* "y", "m", "n", or NULL when not known. */
const char *eval_config(struct eval *e, const char *option);
/* Whether the kernel was built to make no group nodes. */
bool eval_built_without_groups(struct eval *e);
/* Whether @key stands on the command line; *@ret_value is its value ("" for a bare word). */
bool eval_cmdline(struct eval *e, const char *key, const char **ret_value);

/* Whether the kernel has @trait. */
enum tristate trait_holds(const struct eval *e, enum trait trait);
bool trait_lacks(const struct eval *e, enum trait trait); /* for certain */
/* What SET_IOMMU is asked for. */
enum container_type eval_container_type(const struct eval *e);
/* Whether a VF token is given with the request for the device. */
bool eval_token_given(const struct eval *e);

/* Whether the host's kernel was built to serve /dev/vfio/vfio by iommufd. */
bool eval_compat_is_built(struct eval *e);

/* Which driver answers at /dev/vfio/vfio. */
enum provider { PROVIDER_UNKNOWN = 0, PROVIDER_TYPE1, PROVIDER_IOMMUFD };

enum provider eval_container_provider(struct eval *e);

/* ---- the caller ---- */

/* The soft limit of locked memory, UINT64_MAX without one. False when it could not be read. Cites. */
bool eval_memlock(struct eval *e, uint64_t *ret);
/* vfio_iommu_type1.dma_entry_limit. False when it is not known. Cites. */
bool eval_dma_entry_limit(struct eval *e, uint64_t *ret);
/* Bytes of a page of the processor. */
uint64_t eval_page_size(struct eval *e);
enum tristate eval_caller_has(struct eval *e, enum caller_cap cap);
/* Whether open(2) for reading and writing is refused by the permissions of @node. A node that is not
 * there yet is made with @mode, owned by root. *@ret_why says what was seen. */
enum tristate eval_node_denied(struct eval *e, const struct node *node, unsigned int mode,
			       const char **ret_why);

/* ---- what IOMMU drivers answer (caps.c) ---- */

/* *@ret_why is a clause: "Intel IOMMU dmar0 answers yes". */
enum tristate eval_cache_coherency(struct eval *e, const struct device *dev, const char **ret_why);
enum tristate eval_interrupt_remapping(struct eval *e, const struct device *dev,
				       const char **ret_why);
/* The first device of the bus of e->dev with an IOMMU: of the kind that e->dev has, of any where it has none. NULL: none. */
const struct device *eval_first_served(struct eval *e);
/* What the bus answered before devices were asked. */
enum tristate eval_interrupt_remapping_bus(struct eval *e, const char **ret_why);
/* Up to 6.2: whether every MSI domain of the machine remaps. */
enum tristate eval_msi_remapped_everywhere(struct eval *e, const char **ret_why);
enum tristate eval_isolated_msi(struct eval *e, const struct device *dev, const char **ret_why);
enum tristate eval_enforce_coherency(struct eval *e, const struct device *dev,
				     const char **ret_why);
/* Whether the interrupt remapping hardware of an x86 machine is in use. */
enum tristate eval_x86_remapping(struct eval *e, const char **ret_why);
