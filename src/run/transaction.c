/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/transaction.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/macro.h"
#include "base/parse.h"
#include "facts/driver.h"
#include "facts/in-use.h"
#include "client/load.h"
#include "report/json.h"
#include "report/suggest.h"
#include "run/planning.h"
#include "cli/config.h"

/* Not in the table of guards: a refusal that the model predicts. */
static const char predicted_name[] = "predicted";

enum { WRITE_MS_MIN = 1000 };

/* ---- options ---- */

static error_t check_guard(struct parse *p, struct transaction_options *o, const char *name)
{
	size_t nr;
	const struct guard *const *all = guards_all(&nr);
	const char **names = arena_array(p->app->arena, nr + 1, sizeof(*names));
	const char *nearest;

	for (size_t i = 0; i < nr; i++)
		names[i] = all[i]->name;
	names[nr] = predicted_name;
	for (size_t i = 0; i <= nr; i++)
		if (!strcmp(names[i], name)) {
			operands_add(&o->force, p->app, names[i]);
			return 0;
		}
	nearest = suggest_nearest(name, names, nr + 1);
	return parse_fail(p, "no safety check has the name '%s'%s%s%s", name,
			  nearest ? ": did you mean " : ": vfiotool-bind(8) lists them",
			  nearest ? nearest : "", nearest ? "?" : "");
}

static error_t parse_force(struct parse *p, struct transaction_options *o, const char *arg)
{
	for (;;) {
		size_t len = strcspn(arg, ",");
		error_t r = check_guard(p, o, arena_strndup(p->app->arena, arg, len));

		if (r || !arg[len])
			return r;
		arg += len + 1;
	}
}

static error_t parse_wait(struct parse *p, struct transaction_options *o, const char *arg)
{
	uint32_t seconds;

	if (parse_u32(arg, 10, &seconds) < 0 || seconds > 86400)
		return parse_fail(p, "--wait=%s must be a number of seconds up to 86400", arg);
	o->wait_ms = seconds * 1000 + 1;
	return 0;
}

error_t transaction_parse(int key, char *arg, struct parse *p, struct transaction_options *o)
{
	switch (key) {
	case ARGP_KEY_ARG:
		operands_add(&o->targets, p->app, arg);
		return 0;
	case OPT_BIND_DRY_RUN:
		o->dry_run = true;
		return 0;
	case OPT_BIND_WAIT:
		return parse_wait(p, o, arg);
	case OPT_BIND_JOURNAL:
		if (*arg != '/')
			return parse_fail(p, "--journal=%s must be an absolute path", arg);
		o->journal = arg;
		return 0;
	case OPT_BIND_FORCE:
		return parse_force(p, o, arg);
	case 'J':
		o->json = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- beginning and end ---- */

/* Whether the command only reads the snapshot, which may then be of another host. */
static bool replays(const struct transaction *b)
{
	return b->options->dry_run && !b->options->persist && !strcmp(b->command, "bind");
}

void transaction_init(struct transaction *b, struct app *app, const char *command,
		      const struct transaction_options *o)
{
	*b = (struct transaction){
		.options = o,
		.command = command,
		.arena = app->arena,
		.app = app,
		.journal = { .dir_fd = -EBADF, .fd = -EBADF, .lock_fd = -EBADF },
		.system = { .ops = &bind_system_live, .root_fd = -EBADF, .lock_fd = -EBADF },
	};
	locked_reader_init(&b->system.apart);
	b->view.command = command;
	b->view.dry_run = o->dry_run;
	b->system.deadline_ms = o->wait_ms ? o->wait_ms : BINDING_WAIT_MS;
	/* Even with --wait=0 the kernel gets time for each write. */
	if (b->system.deadline_ms < WRITE_MS_MIN)
		b->system.deadline_ms = WRITE_MS_MIN;
	b->apply = (struct bind_apply){
		.system = &b->system,
		.journal = &b->journal,
		.arena = b->arena,
	};
}

int transaction_open(struct transaction *b, struct app *app, const char *command,
		     const struct transaction_options *o, struct failure **reterr)
{
	transaction_init(b, app, command, o);
	if (app->sysroot && !replays(b))
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
					  "--sysroot=%s: only devices of this host can be moved; 'vfiotool bind --dry-run' works with --sysroot, but without --persist",
					  app->sysroot);
	b->system.root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (b->system.root_fd < 0)
		return failure_set(reterr, -errno, "cannot open /: %s; %s", strerror(errno),
				   failure_room_advice(errno));
	return 0;
}

int transaction_load(struct transaction *b, const struct operands *targets, struct failure **reterr)
{
	struct scope scope = scope_all;
	int r;

	scope.host_parts |= HOST_USAGE;

	if (b->opened)
		session_close(&b->session);
	b->opened = true;
	r = session_open(&b->session, b->app, targets, &scope, reterr);
	if (r >= 0)
		r = session_decide(&b->session, NULL, NULL, reterr);
	if (r < 0)
		return r;
	if (b->session.host->usage->blocks_list.state == FACT_UNREAD)
		log_write(LOG_LEVEL_WARNING,
			  "'%s' does not record what is in use, so the safety checks answer unknown: 'vfiotool capture --in-use' records it",
			  sysroot_name(b->session.root));
	b->request = (struct bind_request){
		.host = b->session.host,
		.assumptions = &b->session.assumptions,
		.kernels = &b->session.report.kernels,
		.memo = b->session.report.memo,
		.devices = b->session.devices,
		.nr_devices = b->session.nr_devices,
		.driver = b->options->driver,
		.group = b->options->group,
	};
	return 0;
}

static const char *journal_who(struct transaction *b)
{
	const char *text = b->command;

	for (size_t i = 0; i < b->options->targets.nr && strlen(text) < 120; i++)
		text = arena_join(b->arena, text, " ", b->options->targets.items[i], NULL);
	return text;
}

static void warn_unreadable(const struct journal *j)
{
	if (j->nr_unreadable)
		log_write(LOG_LEVEL_WARNING,
			  "the journal '%s/journal' has %u invalid line%s, which vfiotool ignores: check with 'vfiotool list' which devices are on a VFIO driver, and remove the line%s",
			  j->dir, j->nr_unreadable, j->nr_unreadable == 1 ? "" : "s",
			  j->nr_unreadable == 1 ? "" : "s");
}

int transaction_lock(struct transaction *b, struct failure **reterr)
{
	const char *dir = b->options->journal ? b->options->journal : JOURNAL_DIR, *boot = NULL;
	struct failure *why = NULL;
	int r;

	/* The journal belongs to this host as well. */
	if (b->app->sysroot && replays(b))
		return 0;
	r = b->system.ops->read(&b->system, "/proc/sys/kernel/random/boot_id", b->arena, &boot);
	if (r < 0)
		return failure_set(reterr, r,
				   "cannot read /proc/sys/kernel/random/boot_id, which the journal needs: %s; mount /proc",
				   strerror(-r));
	if (!b->options->dry_run) {
		r = journal_open(&b->journal, dir, boot, journal_who(b),
				 b->options->wait_ms ? b->options->wait_ms : BINDING_WAIT_MS,
				 b->arena, reterr);
		b->system.lock_fd = b->journal.lock_fd;
		if (r >= 0)
			warn_unreadable(&b->journal);
		return r;
	}
	r = journal_read(&b->journal, dir, boot, b->arena, &why);
	/* A dry run without permission to read the journal ignores it. */
	if (r == -EACCES && !b->needs_journal) {
		log_write(LOG_LEVEL_WARNING, "%s: vfiotool ignores it", why->text);
		r = 0;
	} else if (r < 0) {
		failure_set(reterr, r, "%s", why->text);
	} else {
		warn_unreadable(&b->journal);
	}
	failure_free(why);
	return r;
}

void transaction_close(struct transaction *b)
{
	locked_reader_done(&b->system.apart);
	journal_close(&b->journal);
	if (b->opened)
		session_close(&b->session);
	if (b->system.root_fd >= 0)
		close(b->system.root_fd);
}

/* ---- refusals ---- */

static bool is_forced(const struct transaction *b, const char *name)
{
	for (size_t i = 0; i < b->options->force.nr; i++)
		if (!strcmp(b->options->force.items[i], name))
			return true;
	return false;
}

int transaction_check_permission(struct transaction *b, struct failure **reterr)
{
	for (size_t i = 0; i < b->session.nr_devices; i++) {
		const struct device *d = b->session.devices[i];
		const struct bind_move probe = { .bus = d->bus_name,
						 .name = d->name,
						 .to_override = "?" };
		int err = 0;
		const char *path = bind_apply_denied(&b->system, &probe, b->arena, &err);

		if (path)
			return failure_set_status(reterr,
						  err == EROFS ? STATUS_FAILED : STATUS_DENIED,
						  -err, "%s cannot be written: %s; %s", path,
						  strerror(err),
						  err == EROFS
							  ? "sysfs is mounted read-only, as in a container: change drivers on the host"
							  : "run as root: only root may write to sysfs");
	}
	return 0;
}

static bool loses_driver(const struct bind_move *m)
{
	/* The display that the firmware set up, for example, is used without any driver. */
	if (!m->from)
		return m->result == BIND_PLANNED && m->to && driver_is_vfio(m->to);
	return m->result == BIND_PLANNED && (m->any || !m->to || strcmp(m->from, m->to));
}

/* A device without a driver may still be locked. */
static size_t ask_about(struct transaction *b, struct bind_move *m)
{
	bool loses = loses_driver(m);
	struct guard_finding *found = NULL;
	size_t nr = 0, kept = 0;

	guards_check(b->session.root, b->session.host, m->device, b->arena, &found, &nr);
	for (size_t i = 0; i < nr; i++)
		if (!is_forced(b, found[i].guard->name) &&
		    (loses || found[i].guard == &guard_locked))
			found[kept++] = found[i];
	m->findings = found;
	m->nr_findings = kept;
	return kept;
}

/* Cannot be overridden: a host driver that binds, or may have to return, into a group in use. */
static size_t ask_deadly(struct transaction *b, struct bind_move *m)
{
	const char *who = NULL;
	bool deadly = (m->to || m->any) &&
		      bind_is_deadly(&b->request, m->device, m->any ? NULL : m->to, b->arena, &who);

	if (!deadly && m->from)
		deadly = bind_is_deadly(&b->request, m->device, m->from, b->arena, &who);
	if (!deadly)
		return 0;
	m->result = BIND_LEFT;
	m->because =
		arena_printf(b->arena,
			     "its group %u is in use (%s); a kernel before 5.19 crashes when a host driver binds in such a group",
			     m->device->group->id, who);
	m->remedy = "end that process first; this safety check cannot be overridden";
	return 1;
}

const char *transaction_advice(struct transaction *b, const struct finding *why)
{
	const struct plan_request q =
		planning_request(&b->session, b->session.devices, b->session.nr_devices);
	struct plans plans;
	const char *text = NULL;

	planning_make(&b->session, &q, false, b->arena, &plans);
	for (size_t i = 0; !text && i < plans.nr; i++)
		text = plan_text(&plans.items[i], b->arena);
	if (text)
		return text;
	return why->remedy ? why->remedy : why->rule->remedy;
}

static size_t ask_prediction(struct transaction *b, struct bind_move *m)
{
	const struct step *s = m->predicted;

	if (!s || s->answer != ANSWER_NO || is_forced(b, predicted_name))
		return 0;
	m->result = BIND_LEFT;
	m->because = arena_printf(b->arena, "the kernel would refuse the bind (%s): %s",
				  s->err ? errno_name(s->err) : "unknown errno", s->why->because);
	m->remedy = transaction_advice(b, s->why);
	return 1;
}

size_t transaction_ask_guards(struct transaction *b)
{
	size_t refused = 0;

	for (size_t i = 0; i < b->plan.nr_moves; i++) {
		struct bind_move *m = &b->plan.moves[i];

		if (m->result != BIND_PLANNED || !m->device)
			continue;
		refused += ask_about(b, m);
		refused += ask_deadly(b, m);
		if (m->result == BIND_PLANNED)
			refused += ask_prediction(b, m);
	}
	return refused;
}

/* ---- drivers ---- */

/* Whether bus @bus has @driver. */
static bool transaction_driver_exists(struct transaction *b, const char *bus, const char *driver)
{
	return driver_exists(b->session.root, b->arena, bus,
			     (struct span){ driver, strlen(driver) });
}

static void take_driver(struct bind_move *m, const char *driver)
{
	bool overridden = m->to_override && !strcmp(m->to_override, m->to);

	m->to = driver;
	if (overridden)
		m->to_override = driver;
}

/* Finds the driver that @m goes to, loading its module where that is needed and @load is true. 0, or a
 * negative errno with what is missing. */
static int transaction_find_driver(struct transaction *b, struct bind_move *m, bool load,
				   struct failure **reterr)
{
	const char *module = m->module ? m->module : m->to, *driver;
	struct failure *why = NULL;
	int r = 0;

	if (strchr(m->to, '/'))
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
					  "'%s' is not a driver name: use a name from /sys/bus/*/drivers",
					  m->to);
	if (transaction_driver_exists(b, m->bus, m->to)) {
		m->module = NULL;
		return 0;
	}
	if (!load) {
		m->module = module;
		return 0;
	}
	r = client_load_module(module, &why);
	driver = r < 0 ? NULL : driver_of_module(b->session.root, b->arena, m->bus, module);
	if (driver)
		take_driver(m, driver);
	if (r >= 0 && !transaction_driver_exists(b, m->bus, m->to))
		r = failure_set(reterr, -ENOENT,
				"module %s is loaded but has no driver '%s' for bus %s: name an existing driver with --driver",
				module, m->to, m->bus);
	else if (r < 0)
		failure_set_status(reterr, why->status, r, "there is no driver '%s' on bus %s: %s",
				   m->to, m->bus, why->text);
	failure_free(why);
	return r;
}

/* A module may have another name than its driver: then load it by the alias of the device, as udev does. */
static bool load_by_alias(struct transaction *b, const struct bind_move *m)
{
	const struct fact *alias = m->device ? &m->device->modalias : NULL;
	struct failure *why = NULL;

	if (!alias || !fact_is(alias) || !alias->len)
		return false;
	client_load_module(alias->raw, &why);
	failure_free(why);
	return transaction_driver_exists(b, m->bus, m->to);
}

/* Loads the old driver again if it was unloaded. If that fails, the bus chooses another. */
static void find_way_back(struct transaction *b, struct bind_move *m, bool load)
{
	struct failure *why = NULL;

	if (transaction_find_driver(b, m, load, &why) >= 0)
		return;
	if (!load_by_alias(b, m)) {
		m->because = arena_strdup(b->arena, why->text);
		m->to = NULL;
		m->any = true;
	}
	failure_free(why);
}

int transaction_find_drivers(struct transaction *b, bool load, struct failure **reterr)
{
	for (size_t i = 0; i < b->plan.nr_moves; i++) {
		struct bind_move *m = &b->plan.moves[i];
		int r = 0;

		if (m->result != BIND_PLANNED || !m->to || m->any)
			continue;
		if (m->back)
			find_way_back(b, m, load);
		else
			r = transaction_find_driver(b, m, load, reterr);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- the report ---- */

void transaction_plan_steps(struct transaction *b)
{
	struct bind_step *steps = NULL;
	size_t nr = 0, add;

	for (size_t i = 0; i < b->plan.nr_moves; i++) {
		const struct bind_step *of;

		if (b->plan.moves[i].result != BIND_PLANNED)
			continue;
		of = bind_move_steps(&b->plan.moves[i], b->arena, &add);
		for (size_t k = 0; k < add; k++) {
			steps = arena_grow(b->arena, steps, nr, sizeof(*steps));
			steps[nr++] = of[k];
		}
	}
	b->apply.steps = steps;
	b->apply.nr_steps = nr;
}

static void print_json(struct transaction *b)
{
	struct json_doc doc;

	json_doc_begin(&doc, b->app->out.stream);
	json_doc_member(&doc, "schema", json_object_new_int(1));
	json_doc_member(&doc, "vfiotool", json_object_new_string(VFIOTOOL_VERSION));
	json_doc_row(&doc, &bind_fields, &b->view);
	json_doc_array_begin(&doc, "devices");
	for (size_t i = 0; i < b->view.nr_moves; i++)
		json_doc_element(&doc, json_from_row(&bind_move_fields, NULL, &b->view.moves[i],
						     b->arena));
	json_doc_array_end(&doc);
	json_doc_end(&doc);
}

int transaction_print(struct transaction *b, int status, struct failure **reterr)
{
	int r = 0;

	b->view.steps = b->apply.steps;
	b->view.nr_steps = b->apply.nr_steps;
	b->view.moves = b->plan.moves;
	b->view.nr_moves = b->plan.nr_moves;
	if (b->app->quiet)
		return status;
	if (b->options->json)
		print_json(b);
	else
		r = bind_text(&b->app->out, &b->view, reterr);
	return r < 0 ? r : status;
}

void transaction_hold_signals(bool hold)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}
