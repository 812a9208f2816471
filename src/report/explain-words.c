/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Groups in words. */
#include <string.h>

#include "base/macro.h"
#include "report/explain.h"

const char *explain_kind(const struct group_node *n)
{
	if (n->is_vf)
		return "virtual function";
	if (!n->config_known || n->config.gone || n->config.pcie == PCIGROUP_UNREAD)
		return group_is_bridge(n) ? "bridge" : "device";
	if (n->config.pcie == PCIGROUP_NONE)
		return group_is_bridge(n) ? "conventional PCI bridge" : "conventional PCI device";
	switch (n->type) {
	case PCIE_ROOT_PORT:
		return "root port";
	case PCIE_UPSTREAM:
		return "upstream port of a switch";
	case PCIE_DOWNSTREAM:
		return "downstream port of a switch";
	case PCIE_TO_PCI:
		return "bridge from PCI Express to PCI";
	case PCI_TO_PCIE:
		return "bridge from PCI to PCI Express";
	case PCIE_INTEGRATED_ENDPOINT:
		return "integrated endpoint";
	case PCIE_EVENT_COLLECTOR:
		return "event collector";
	default:
		return group_is_bridge(n) ? "bridge" : "endpoint";
	}
}

const char *explain_kind_short(const struct group_node *n)
{
	static const char *const words[][2] = {
		{ "upstream port of a switch", "upstream port" },
		{ "downstream port of a switch", "downstream port" },
		{ "bridge from PCI Express to PCI", "PCIe-to-PCI" },
		{ "bridge from PCI to PCI Express", "PCI-to-PCIe" },
		{ "conventional PCI bridge", "PCI bridge" },
		{ "conventional PCI device", "PCI device" },
		{ "virtual function", "VF" },
	};
	const char *kind = explain_kind(n);

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(kind, words[i][0]))
			return words[i][1];
	return kind;
}

static const char *unread_text(const struct group_node *n, struct arena *a)
{
	const struct pci_place *place = n->device->place;

	if (!place || place->config.state == FACT_UNREAD) {
		if (place && place->asleep)
			return arena_printf(a,
					    "%s is in a sleep state (%s), and vfiotool does not wake it",
					    n->name, place->power.raw ? place->power.raw : "D3");
		return arena_printf(a, "this host's record has no configuration space of %s",
				    n->name);
	}
	if (!fact_is(&place->config))
		return arena_printf(a, "the configuration space of %s cannot be read (%s)", n->name,
				    place->config.err ? strerror(place->config.err)
						      : fact_state_name(place->config.state));
	if (n->config.gone)
		return arena_printf(a, "%s does not answer: its configuration space is all ones",
				    n->name);
	if (n->config.size <= PCIGROUP_HEADER)
		return arena_printf(a,
				    "only root may read the capabilities of %s: run vfiotool explain as root",
				    n->name);
	return arena_printf(a, "the list of capabilities of %s is broken", n->name);
}

static const char *row_text(const struct acs_row *row, struct arena *a)
{
	return arena_printf(a,
			    "row %04x:%s of the kernel's table (drivers/pci/quirks.c, line %u of Linux 6.12)",
			    row->vendor,
			    row->device == 0xffff ? "*" : arena_printf(a, "%04x", row->device),
			    row->line);
}

const char *explain_acs(const struct group_node *n, struct arena *a)
{
	switch (n->acs.reason) {
	case ACS_BECAUSE_QUIRK:
		return arena_printf(a, "%s says %s", row_text(n->acs.row, a),
				    n->acs.isolates == TRI_YES ? "that it isolates"
							       : "that it does not");
	case ACS_BECAUSE_CONVENTIONAL:
		return "conventional PCI has no ACS";
	case ACS_BECAUSE_KIND:
		return "its kind has no ACS";
	case ACS_BECAUSE_NO_CAPABILITY:
		return "it has no ACS capability";
	case ACS_BECAUSE_BITS:
		return arena_printf(a, "its ACS control register lacks %s",
				    acs_bits_text(n->acs.missing, a));
	case ACS_BECAUSE_ENABLED:
		return arena_printf(a, "ACS is on (%s)",
				    acs_bits_text(n->config.acs_ctrl & ACS_REQUIRED, a));
	case ACS_BECAUSE_SINGLE:
		return "it has only one function";
	case ACS_BECAUSE_UNNEEDED:
		return "nothing is asked of its kind";
	case ACS_BECAUSE_OVERRIDE:
		return "pcie_acs_override= makes a kernel with that patch believe it";
	case ACS_BECAUSE_KERNEL:
		return arena_printf(a, "only some of the possible kernels have %s",
				    row_text(n->acs.row, a));
	case ACS_BECAUSE_FIRMWARE:
		return arena_printf(a,
				    "%s asks for an IVRS table, and vfiotool cannot see the firmware's tables",
				    row_text(n->acs.row, a));
	case ACS_BECAUSE_UNREAD:
		return unread_text(n, a);
	case ACS_BECAUSE_NONE:
	default:
		return "not known";
	}
}

const char *explain_doubt(const struct group_node *n, struct arena *a)
{
	const struct group_node *about = n->doubtful;

	switch (n->doubt) {
	case GROUP_DOUBT_CONFIG:
		return unread_text(about, a);
	case GROUP_DOUBT_KERNEL:
		return arena_printf(a, "the kernels that this one may be treat %s differently",
				    about->name);
	case GROUP_DOUBT_PLACE:
		if (about->bridge)
			return arena_printf(a,
					    "the bridge %s says that bus %02x is behind it, not that of %s",
					    about->bridge->name, about->bridge->config.secondary,
					    about->name);
		if (about->device->place && about->device->place->path.state == FACT_UNREAD)
			return "this capture lacks what explain asks: record a new one with 'vfiotool capture', as root";
		return arena_printf(a, "the place of %s in the tree of buses is not known",
				    about->name);
	case GROUP_DOUBT_ALIAS:
		return arena_printf(a,
				    "%s uses the addresses that its own registers name, which vfiotool does not read",
				    about->name);
	case GROUP_DOUBT_FIRMWARE:
		return arena_printf(a, "of %s, %s", about->name, explain_acs(about, a));
	case GROUP_DOUBT_NONE:
	default:
		return "not known";
	}
}

static const char *path_text(const struct group_node *n, struct arena *a)
{
	const struct group_node *cause = n->cause;

	if (cause == n->joined)
		return arena_printf(a,
				    "%s %s does not isolate: %s; what is behind it is in its group",
				    explain_kind(cause), cause->name, explain_acs(cause, a));
	return arena_printf(a,
			    "%s %s does not isolate: %s; so %s, with what is behind it, is in one group too",
			    explain_kind(cause), cause->name, explain_acs(cause, a),
			    n->joined->name);
}

static const char *function_text(const struct group_node *n, struct arena *a)
{
	const struct group_node *other = n->cause;
	const char *mine = explain_acs(n, a), *its = explain_acs(other, a);

	if (!strcmp(mine, its))
		return arena_printf(a,
				    "%s and %s are functions of one device, and neither isolates: %s",
				    other->name, n->name, mine);
	return arena_printf(a,
			    "%s and %s are functions of one device, and neither isolates: of the first, %s; of the second, %s",
			    other->name, n->name, its, mine);
}

struct explain_hop explain_hop(const struct group_node *n, struct arena *a)
{
	const struct group_node *cause = n->cause;
	struct explain_hop ret = { .device = cause ? cause->name : n->name };

	if (cause && cause->acs.missing)
		ret.bits = acs_bits_text(cause->acs.missing, a);
	switch (n->link) {
	case GROUP_LINK_DMA:
		ret.kind = "dma";
		ret.text = arena_printf(a, "the VMD controller %s does the DMA of %s", cause->name,
					n->name);
		break;
	case GROUP_LINK_BRIDGE:
		ret.kind = "bridge";
		ret.text =
			arena_printf(a,
				     "%s %s: all behind it share one requester id, so the IOMMU cannot tell them apart",
				     explain_kind(cause), cause->name);
		break;
	case GROUP_LINK_PATH:
		ret.kind = "path";
		ret.text = path_text(n, a);
		break;
	case GROUP_LINK_FUNCTION:
		ret.kind = "function";
		ret.text = function_text(n, a);
		break;
	case GROUP_LINK_ALIAS:
		ret.kind = "alias";
		ret.text =
			arena_printf(a,
				     "%s sends requests with the address of another function of its bus (a known defect of its model)",
				     cause->name);
		break;
	case GROUP_LINK_NONE:
	default:
		ret.kind = "none";
		ret.text = arena_printf(a, "%s has a group of its own", n->name);
		break;
	}
	return ret;
}
