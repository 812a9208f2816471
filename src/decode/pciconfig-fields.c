/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of decode/pciconfig.h. Offsets and bits: linux: include/uapi/linux/pci_regs.h and the
 * specifications it names; names: those that libpci has for them. */
#include "base/macro.h"
#include "decode/pciconfig.h"

/* A whole register of @width bytes. */
#define WHOLE(name, offset, width, format, danger)                                        \
	{                                                                                 \
		name, offset, width, 0, (width)*8, PCICONFIG_##format, PCICONFIG_##danger \
	}
/* Bits of it. */
#define BITS(name, offset, width, shift, bits, format, danger)                           \
	{                                                                                \
		name, offset, width, shift, bits, PCICONFIG_##format, PCICONFIG_##danger \
	}
#define FLAG(name, offset, width, shift, danger)                                  \
	{                                                                         \
		name, offset, width, shift, 1, PCICONFIG_FLAG, PCICONFIG_##danger \
	}

#define COMMON_HEADER                                                                           \
	WHOLE("VENDOR_ID", 0x00, 2, HEX, HARMLESS), WHOLE("DEVICE_ID", 0x02, 2, HEX, HARMLESS), \
		WHOLE("COMMAND", 0x04, 2, HEX, DECODE), FLAG("COMMAND_IO", 0x04, 2, 0, DECODE), \
		FLAG("COMMAND_MEMORY", 0x04, 2, 1, DECODE),                                     \
		FLAG("COMMAND_MASTER", 0x04, 2, 2, DECODE),                                     \
		FLAG("COMMAND_DISABLE_INTx", 0x04, 2, 10, DECODE),                              \
		WHOLE("STATUS", 0x06, 2, HEX, HARMLESS),                                        \
		FLAG("STATUS_INTx", 0x06, 2, 3, HARMLESS),                                      \
		FLAG("STATUS_CAP_LIST", 0x06, 2, 4, HARMLESS),                                  \
		WHOLE("REVISION_ID", 0x08, 1, HEX, HARMLESS),                                   \
		WHOLE("CLASS_PROG", 0x09, 1, HEX, HARMLESS),                                    \
		WHOLE("CLASS_DEVICE", 0x0a, 2, HEX, HARMLESS),                                  \
		WHOLE("CACHE_LINE_SIZE", 0x0c, 1, HEX, HARMLESS),                               \
		WHOLE("LATENCY_TIMER", 0x0d, 1, HEX, HARMLESS),                                 \
		WHOLE("HEADER_TYPE", 0x0e, 1, HEX, HARMLESS), WHOLE("BIST", 0x0f, 1, HEX, RESETS)

static const struct pciconfig_field device_header[] = {
	COMMON_HEADER,
	WHOLE("BASE_ADDRESS_0", 0x10, 4, HEX, ADDRESS),
	WHOLE("BASE_ADDRESS_1", 0x14, 4, HEX, ADDRESS),
	WHOLE("BASE_ADDRESS_2", 0x18, 4, HEX, ADDRESS),
	WHOLE("BASE_ADDRESS_3", 0x1c, 4, HEX, ADDRESS),
	WHOLE("BASE_ADDRESS_4", 0x20, 4, HEX, ADDRESS),
	WHOLE("BASE_ADDRESS_5", 0x24, 4, HEX, ADDRESS),
	WHOLE("CARDBUS_CIS", 0x28, 4, HEX, HARMLESS),
	WHOLE("SUBSYSTEM_VENDOR_ID", 0x2c, 2, HEX, HARMLESS),
	WHOLE("SUBSYSTEM_ID", 0x2e, 2, HEX, HARMLESS),
	WHOLE("ROM_ADDRESS", 0x30, 4, HEX, ADDRESS),
	WHOLE("CAPABILITY_LIST", 0x34, 1, HEX, HARMLESS),
	WHOLE("INTERRUPT_LINE", 0x3c, 1, HEX, HARMLESS),
	WHOLE("INTERRUPT_PIN", 0x3d, 1, HEX, HARMLESS),
	WHOLE("MIN_GNT", 0x3e, 1, HEX, HARMLESS),
	WHOLE("MAX_LAT", 0x3f, 1, HEX, HARMLESS),
};

static const struct pciconfig_field bridge_header[] = {
	COMMON_HEADER,
	WHOLE("BASE_ADDRESS_0", 0x10, 4, HEX, ADDRESS),
	WHOLE("BASE_ADDRESS_1", 0x14, 4, HEX, ADDRESS),
	WHOLE("PRIMARY_BUS", 0x18, 1, HEX, ADDRESS),
	WHOLE("SECONDARY_BUS", 0x19, 1, HEX, ADDRESS),
	WHOLE("SUBORDINATE_BUS", 0x1a, 1, HEX, ADDRESS),
	WHOLE("IO_BASE", 0x1c, 1, HEX, ADDRESS),
	WHOLE("IO_LIMIT", 0x1d, 1, HEX, ADDRESS),
	WHOLE("SEC_STATUS", 0x1e, 2, HEX, HARMLESS),
	WHOLE("MEMORY_BASE", 0x20, 2, HEX, ADDRESS),
	WHOLE("MEMORY_LIMIT", 0x22, 2, HEX, ADDRESS),
	WHOLE("PREF_MEMORY_BASE", 0x24, 2, HEX, ADDRESS),
	WHOLE("PREF_MEMORY_LIMIT", 0x26, 2, HEX, ADDRESS),
	WHOLE("PREF_BASE_UPPER32", 0x28, 4, HEX, ADDRESS),
	WHOLE("PREF_LIMIT_UPPER32", 0x2c, 4, HEX, ADDRESS),
	WHOLE("CAPABILITY_LIST", 0x34, 1, HEX, HARMLESS),
	WHOLE("ROM_ADDRESS1", 0x38, 4, HEX, ADDRESS),
	WHOLE("INTERRUPT_LINE", 0x3c, 1, HEX, HARMLESS),
	WHOLE("INTERRUPT_PIN", 0x3d, 1, HEX, HARMLESS),
	WHOLE("BRIDGE_CONTROL", 0x3e, 2, HEX, RESETS),
};

static const struct pciconfig_field other_header[] = { COMMON_HEADER };

const struct pciconfig_field *pciconfig_header_fields(unsigned int type, size_t *nr)
{
	switch (type) {
	case 0:
		*nr = ARRAY_SIZE(device_header);
		return device_header;
	case 1:
		*nr = ARRAY_SIZE(bridge_header);
		return bridge_header;
	default:
		*nr = ARRAY_SIZE(other_header);
		return other_header;
	}
}

static const struct pciconfig_field pm[] = {
	BITS("VER", 2, 2, 0, 3, DECIMAL, HARMLESS),
	BITS("PME_SUPPORT", 2, 2, 11, 5, HEX, HARMLESS),
	BITS("CTRL_STATE", 4, 2, 0, 2, DECIMAL, SLEEP),
	FLAG("CTRL_NO_SOFT_RST", 4, 2, 3, HARMLESS),
	FLAG("CTRL_PME_ENABLE", 4, 2, 8, HARMLESS),
	FLAG("CTRL_PME_STATUS", 4, 2, 15, HARMLESS),
};

static const struct pciconfig_field vpd[] = {
	BITS("ADDR", 2, 2, 0, 15, HEX, HARMLESS),
	FLAG("ADDR_F", 2, 2, 15, HARMLESS),
};

static const struct pciconfig_field msi[] = {
	FLAG("FLAGS_ENABLE", 2, 2, 0, SIGNAL),
	BITS("FLAGS_QMASK", 2, 2, 1, 3, POWER, HARMLESS),
	BITS("FLAGS_QSIZE", 2, 2, 4, 3, POWER, SIGNAL),
	FLAG("FLAGS_64BIT", 2, 2, 7, HARMLESS),
	FLAG("FLAGS_MASK_BIT", 2, 2, 8, HARMLESS),
	WHOLE("ADDRESS_LO", 4, 4, HEX, SIGNAL),
};

static const struct pciconfig_field vendor[] = {
	WHOLE("LENGTH", 2, 1, DECIMAL, HARMLESS),
	WHOLE("DATA", 3, 1, HEX, VENDOR),
};

static const struct pciconfig_field ssvid[] = {
	WHOLE("VENDOR", 4, 2, HEX, HARMLESS),
	WHOLE("DEVICE", 6, 2, HEX, HARMLESS),
};

static const struct pciconfig_field express[] = {
	BITS("FLAGS_VERS", 2, 2, 0, 4, DECIMAL, HARMLESS),
	BITS("FLAGS_TYPE", 2, 2, 4, 4, HEX, HARMLESS),
	BITS("FLAGS_IRQ", 2, 2, 9, 5, DECIMAL, HARMLESS),
	BITS("DEVCAP_PAYLOAD", 4, 4, 0, 3, DECIMAL, HARMLESS),
	FLAG("DEVCAP_FLRESET", 4, 4, 28, HARMLESS),
	BITS("DEVCTL_PAYLOAD", 8, 2, 5, 3, DECIMAL, HARMLESS),
	BITS("DEVCTL_READRQ", 8, 2, 12, 3, DECIMAL, HARMLESS),
	FLAG("DEVCTL_BCRE", 8, 2, 15, RESETS),
	WHOLE("DEVSTA", 10, 2, HEX, HARMLESS),
	BITS("LNKCAP_SPEED", 12, 4, 0, 4, DECIMAL, HARMLESS),
	BITS("LNKCAP_WIDTH", 12, 4, 4, 6, DECIMAL, HARMLESS),
	BITS("LNKSTA_SPEED", 18, 2, 0, 4, DECIMAL, HARMLESS),
	BITS("LNKSTA_WIDTH", 18, 2, 4, 6, DECIMAL, HARMLESS),
};

static const struct pciconfig_field msix[] = {
	BITS("TABSIZE", 2, 2, 0, 11, LESS_ONE, HARMLESS),
	FLAG("MASK", 2, 2, 14, SIGNAL),
	FLAG("ENABLE", 2, 2, 15, SIGNAL),
	BITS("TABLE_BIR", 4, 4, 0, 3, DECIMAL, HARMLESS),
	WHOLE("TABLE", 4, 4, HEX, HARMLESS),
	BITS("PBA_BIR", 8, 4, 0, 3, DECIMAL, HARMLESS),
	WHOLE("PBA", 8, 4, HEX, HARMLESS),
};

static const struct pciconfig_field af[] = {
	FLAG("CAP_TP", 3, 1, 0, HARMLESS),
	FLAG("CAP_FLR", 3, 1, 1, HARMLESS),
	FLAG("CTRL_FLR", 4, 1, 0, RESETS),
};

static const struct pciconfig_field aer[] = {
	WHOLE("UNCOR_STATUS", 4, 4, HEX, HARMLESS), WHOLE("UNCOR_MASK", 8, 4, HEX, HARMLESS),
	WHOLE("UNCOR_SEVER", 12, 4, HEX, HARMLESS), WHOLE("COR_STATUS", 16, 4, HEX, HARMLESS),
	WHOLE("COR_MASK", 20, 4, HEX, HARMLESS),
};

static const struct pciconfig_field dsn[] = {
	WHOLE("LOWER", 4, 4, HEX, HARMLESS),
	WHOLE("UPPER", 8, 4, HEX, HARMLESS),
};

static const struct pciconfig_field evndr[] = {
	BITS("ID", 4, 4, 0, 16, HEX, HARMLESS),
	BITS("REV", 4, 4, 16, 4, DECIMAL, HARMLESS),
	BITS("LEN", 4, 4, 20, 12, DECIMAL, HARMLESS),
};

static const struct pciconfig_field acs[] = {
	WHOLE("CAP", 4, 2, HEX, HARMLESS),
	WHOLE("CTRL", 6, 2, HEX, HARMLESS),
};

static const struct pciconfig_field ari[] = {
	BITS("CAP_NFN", 4, 2, 8, 8, HEX, HARMLESS),
};

static const struct pciconfig_field ats[] = {
	BITS("CAP_IQD", 4, 2, 0, 5, DECIMAL, HARMLESS),
	FLAG("CTRL_ENABLE", 6, 2, 15, HARMLESS),
};

static const struct pciconfig_field sriov[] = {
	FLAG("CTRL_VFE", 8, 2, 0, DECODE),
	FLAG("CTRL_MSE", 8, 2, 3, DECODE),
	WHOLE("INITIALVF", 12, 2, DECIMAL, HARMLESS),
	WHOLE("TOTALVF", 14, 2, DECIMAL, HARMLESS),
	WHOLE("NUMVF", 16, 2, DECIMAL, DECODE),
	WHOLE("OFFSET", 20, 2, DECIMAL, HARMLESS),
	WHOLE("STRIDE", 22, 2, DECIMAL, HARMLESS),
	WHOLE("DID", 26, 2, HEX, HARMLESS),
};

static const struct pciconfig_field pasid[] = {
	BITS("CAP_WIDTH", 4, 2, 8, 5, DECIMAL, HARMLESS),
	FLAG("CTRL_ENABLE", 6, 2, 0, HARMLESS),
};

static const struct pciconfig_field dvsec[] = {
	BITS("VENDOR", 4, 4, 0, 16, HEX, HARMLESS),
	BITS("LEN", 4, 4, 20, 12, DECIMAL, HARMLESS),
	WHOLE("ID", 8, 2, HEX, HARMLESS),
};

struct cap_kind {
	uint16_t id;
	const char *name, *title;
	const struct pciconfig_field *fields;
	size_t nr;
};

#define KIND(id, name, title, fields)                       \
	{                                                   \
		id, name, title, fields, ARRAY_SIZE(fields) \
	}
#define BARE(id, name, title)         \
	{                             \
		id, name, title, 0, 0 \
	}

static const struct cap_kind legacy_kinds[] = {
	BARE(0x00, "NULL", "Null Capability"),
	KIND(0x01, "PM", "Power Management", pm),
	BARE(0x02, "AGP", "Accelerated Graphics Port"),
	KIND(0x03, "VPD", "Vital Product Data", vpd),
	BARE(0x04, "SLOTID", "Slot Identification"),
	KIND(0x05, "MSI", "Message Signaled Interrupts", msi),
	BARE(0x06, "CHSWP", "CompactPCI Hot Swap"),
	BARE(0x07, "PCIX", "PCI-X"),
	BARE(0x08, "HT", "HyperTransport"),
	KIND(0x09, "VNDR", "Vendor specific", vendor),
	BARE(0x0a, "DBG", "Debug port"),
	BARE(0x0b, "CCRC", "CompactPCI central resource control"),
	BARE(0x0c, "HOTPLUG", "Hot-plug controller"),
	KIND(0x0d, "SSVID", "Subsystem ids of a bridge", ssvid),
	BARE(0x0e, "AGP3", "AGP 8x"),
	BARE(0x0f, "SECURE", "Secure device"),
	KIND(0x10, "EXP", "PCI Express", express),
	KIND(0x11, "MSIX", "MSI-X", msix),
	BARE(0x12, "SATA", "SATA host bus adapter"),
	KIND(0x13, "AF", "Advanced Features", af),
	BARE(0x14, "EA", "Enhanced Allocation"),
};

static const struct cap_kind extended_kinds[] = {
	KIND(0x01, "AER", "Advanced Error Reporting", aer),
	BARE(0x02, "VC", "Virtual Channel"),
	KIND(0x03, "DSN", "Device Serial Number", dsn),
	BARE(0x04, "PB", "Power Budgeting"),
	BARE(0x05, "RCLINK", "Root Complex Link Declaration"),
	BARE(0x06, "RCILINK", "Root Complex Internal Link Control"),
	BARE(0x07, "RCEC", "Root Complex Event Collector"),
	BARE(0x08, "MFVC", "Multi-Function Virtual Channel"),
	BARE(0x09, "VC2", "Virtual Channel, second id"),
	BARE(0x0a, "RCRB", "Root Complex Register Block"),
	KIND(0x0b, "VNDR", "Vendor specific", evndr),
	KIND(0x0d, "ACS", "Access Control Services", acs),
	KIND(0x0e, "ARI", "Alternative Routing-ID", ari),
	KIND(0x0f, "ATS", "Address Translation Services", ats),
	KIND(0x10, "SRIOV", "Single Root I/O Virtualization", sriov),
	BARE(0x11, "MRIOV", "Multi-Root I/O Virtualization"),
	BARE(0x12, "MCAST", "Multicast"),
	BARE(0x13, "PRI", "Page Request Interface"),
	BARE(0x15, "REBAR", "Resizable BAR"),
	BARE(0x16, "DPA", "Dynamic Power Allocation"),
	BARE(0x17, "TPH", "Processing hints"),
	BARE(0x18, "LTR", "Latency Tolerance Reporting"),
	BARE(0x19, "SECPCI", "Secondary PCI Express"),
	BARE(0x1a, "PMUX", "Protocol multiplexing"),
	KIND(0x1b, "PASID", "Process Address Space ID", pasid),
	BARE(0x1c, "LNR", "LN Requester"),
	BARE(0x1d, "DPC", "Downstream Port Containment"),
	BARE(0x1e, "L1PM", "L1 PM Substates"),
	BARE(0x1f, "PTM", "Precision Time Measurement"),
	BARE(0x20, "M_PCIE", "PCIe over M-PHY"),
	BARE(0x21, "FRS", "FRS Queueing"),
	BARE(0x22, "RTR", "Readiness Time Reporting"),
	KIND(0x23, "DVSEC", "Designated Vendor-Specific", dvsec),
	BARE(0x24, "VF_REBAR", "VF Resizable BAR"),
	BARE(0x25, "DLNK", "Data Link Feature"),
	BARE(0x26, "16GT", "Physical Layer 16.0 GT/s"),
	BARE(0x27, "LMR", "Lane Margining at the Receiver"),
	BARE(0x28, "HIER_ID", "Hierarchy ID"),
	BARE(0x29, "NPEM", "Native PCIe Enclosure Management"),
	BARE(0x2e, "DOE", "Data Object Exchange"),
};

static const struct cap_kind *find_kind(bool extended, uint16_t id)
{
	const struct cap_kind *kinds = extended ? extended_kinds : legacy_kinds;
	size_t nr = extended ? ARRAY_SIZE(extended_kinds) : ARRAY_SIZE(legacy_kinds);

	for (size_t i = 0; i < nr; i++)
		if (kinds[i].id == id)
			return &kinds[i];
	return NULL;
}

const char *pciconfig_cap_name(bool extended, uint16_t id, const char **ret_title)
{
	const struct cap_kind *kind = find_kind(extended, id);

	*ret_title = kind ? kind->title : NULL;
	return kind ? kind->name : NULL;
}

const struct pciconfig_field *pciconfig_cap_fields(bool extended, uint16_t id, size_t *nr)
{
	const struct cap_kind *kind = find_kind(extended, id);

	*nr = kind ? kind->nr : 0;
	return kind ? kind->fields : NULL;
}
