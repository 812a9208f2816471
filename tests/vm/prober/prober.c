/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Says what this kernel does: asks for one thing after another, as told, and prints each answer as a line of JSON.
 * It knows no rule and predicts nothing. Static, nothing from src/: the judge compares the two.
 *
 * Each request is {"op":NAME,"errno":NAME or null,"value":N,...}. The first refusal ends a sequence. Other lines are
 * {"fact":NAME,...}. The last line is {"answer":"yes"} or {"answer":"no","op":NAME,"errno":NAME}.
 * Exit status: 0 yes, 2 no, 1 the prober itself could not go on, 64 usage.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "prober.h"

enum { CAPABILITY_IPC_LOCK = 14, CAPABILITY_SYS_RAWIO = 17 };

static __attribute__((noreturn)) void usage(void)
{
	fputs("usage: prober [OPTION...] COMMAND [DEVICE] [ARGUMENT...]\n"
	      "  bind DEVICE DRIVER         driver_override, unbind, bind, look again\n"
	      "  bind-group DEVICE DRIVER   the same, then for the other PCI endpoints of its group\n"
	      "  unbind DEVICE\n"
	      "  container DEVICE           group, container, type1, map, device\n"
	      "  noiommu DEVICE             group, container, no-IOMMU, device\n"
	      "  iommufd DEVICE             cdev, iommufd, address space, map\n"
	      "  compat DEVICE              group with an iommufd as its container\n"
	      "  hold-group DEVICE          open the group and stay in the background\n"
	      "  hold-device DEVICE         as container, then close the group and keep the device\n"
	      "  run COMMAND...             only become the caller that the options describe\n"
	      "DEVICE is a PCI address, platform:NAME or mdev:UUID.\n"
	      "options: --type N, --with DEVICE, --hold, --map-size BYTES, --iova ADDRESS, --uid N,\n"
	      "         --do REQUEST (see dma.c), --buffer KIND:BYTES, --info, --again, --token UUID,\n"
	      "         --drop-rawio, --drop-ipc-lock, --memlock BYTES, --uname26\n",
	      stderr);
	exit(64);
}

static uint64_t number(const char *text)
{
	char *end;

	errno = 0;
	uint64_t ret = strtoull(text, &end, 0);
	if (errno || !*text || *end)
		usage();
	return ret;
}

/* Who asks: false when @option is none of those. */
static bool read_caller(struct request *request, int option)
{
	switch (option) {
	case 'u':
		request->uid = (long)number(optarg);
		return true;
	case 'r':
		request->drop |= (uint64_t)1 << CAPABILITY_SYS_RAWIO;
		return true;
	case 'l':
		request->drop |= (uint64_t)1 << CAPABILITY_IPC_LOCK;
		return true;
	case 'm':
		request->memlock = number(optarg);
		request->has_memlock = true;
		return true;
	case 'n':
		request->uname26 = true;
		return true;
	default:
		return false;
	}
}

static void read_option(struct request *request, int option)
{
	switch (option) {
	case 't':
		request->type = (int)number(optarg);
		break;
	case 'w':
		if (request->nr_with == MAX_WITH)
			usage();
		request->with[request->nr_with++] = optarg;
		break;
	case 'h':
		request->hold = true;
		break;
	case 's':
		request->map_size = number(optarg);
		break;
	case 'i':
		request->iova = number(optarg);
		request->has_iova = true;
		break;
	case 'd':
		if (request->nr_todo == MAX_DO)
			usage();
		request->todo[request->nr_todo++] = optarg;
		break;
	case 'b':
		request->buffer = optarg;
		break;
	case 'k':
		request->token = optarg;
		break;
	case 'a':
		request->again = true;
		break;
	case 'I':
		request->info = true;
		break;
	default:
		if (!read_caller(request, option))
			usage();
	}
}

static int run_sysfs(const struct request *request, char **rest)
{
	if (!strcmp(request->command, "unbind"))
		return finish(unbind_device(request->device, true));
	if (!rest[0])
		usage();
	if (!strcmp(request->command, "bind"))
		return finish(bind_device(request->device, rest[0]));
	if (!strcmp(request->command, "bind-group"))
		return run_bind_group(request, rest[0]);
	usage();
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "type", required_argument, NULL, 't' },
		{ "with", required_argument, NULL, 'w' },
		{ "hold", no_argument, NULL, 'h' },
		{ "map-size", required_argument, NULL, 's' },
		{ "iova", required_argument, NULL, 'i' },
		{ "uid", required_argument, NULL, 'u' },
		{ "drop-rawio", no_argument, NULL, 'r' },
		{ "drop-ipc-lock", no_argument, NULL, 'l' },
		{ "memlock", required_argument, NULL, 'm' },
		{ "uname26", no_argument, NULL, 'n' },
		{ "do", required_argument, NULL, 'd' },
		{ "buffer", required_argument, NULL, 'b' },
		{ "token", required_argument, NULL, 'k' },
		{ "again", no_argument, NULL, 'a' },
		{ "info", no_argument, NULL, 'I' },
		{ NULL, 0, NULL, 0 },
	};
	struct request request = { .type = PR_TYPE1V2, .map_size = PAGE, .uid = -1 };
	int option;

	while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1)
		read_option(&request, option);
	if (argc - optind < 2)
		usage();
	request.command = argv[optind];
	request.device = argv[optind + 1];
	become_caller(&request);
	if (!strcmp(request.command, "run")) {
		execvp(argv[optind + 1], argv + optind + 1);
		stop("%s: %m", argv[optind + 1]);
	}
	if (!strcmp(request.command, "container"))
		return run_container(&request);
	if (!strcmp(request.command, "noiommu"))
		return run_noiommu(&request);
	if (!strcmp(request.command, "iommufd"))
		return run_iommufd(&request);
	if (!strcmp(request.command, "compat"))
		return run_compat(&request);
	if (!strcmp(request.command, "hold-group"))
		return run_hold_group(&request);
	if (!strcmp(request.command, "hold-device"))
		return run_hold_device(&request);
	return run_sysfs(&request, argv + optind + 2);
}
