/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --version: the program and its libraries. Reads no file of the system. */
#include <json-c/json_c_version.h>
#include <stdio.h>

#include "report/versions.h"
#include "cli/config.h"
#include "cmd/commands.h"

int version_print(struct app *app)
{
	FILE *out = app->out.stream;

	fprintf(out, "vfiotool %s\n", VFIOTOOL_VERSION);
	fprintf(out,
		"libraries: json-c %s, libcap-ng %s, libkmod %s, libmnl %s, libmount %s, libpci %s, libsmartcols %s, libudev %s\n",
		json_c_version(), LIBCAPNG_VERSION, LIBKMOD_VERSION, LIBMNL_VERSION,
		LIBMOUNT_VERSION, LIBPCI_VERSION, versions_smartcols(), LIBUDEV_VERSION);
	return STATUS_OK;
}
