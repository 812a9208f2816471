/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of decode/iommureg.h. Bits also in linux: drivers/iommu/intel/iommu.h, drivers/iommu/amd/amd_iommu_types.h,
 * drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.h, include/uapi/linux/virtio_iommu.h. */
#include "decode/iommureg.h"

#include "base/macro.h"

#define FLAG(name, shift)                     \
	{                                     \
		name, shift, 1, IOMMUREG_FLAG \
	}
#define BITS(name, shift, bits, format)              \
	{                                            \
		name, shift, bits, IOMMUREG_##format \
	}

static const struct iommureg_field intel_cap[] = {
	BITS("ND", 0, 3, NUMBER),
	FLAG("AFL", 3),
	FLAG("RWBF", 4),
	FLAG("PLMR", 5),
	FLAG("PHMR", 6),
	FLAG("CM", 7),
	BITS("SAGAW", 8, 5, HEX),
	BITS("MGAW", 16, 6, LESS_ONE),
	FLAG("ZLR", 22),
	FLAG("ISOCH", 23),
	BITS("FRO", 24, 10, HEX),
	BITS("SSLPS", 34, 4, HEX),
	FLAG("PSI", 39),
	BITS("NFR", 40, 8, LESS_ONE),
	BITS("MAMV", 48, 6, NUMBER),
	FLAG("DWD", 54),
	FLAG("DRD", 55),
	FLAG("FS1GP", 56),
	FLAG("PI", 59),
	FLAG("FS5LP", 60),
	FLAG("ECMDS", 61),
	FLAG("ESIRTPS", 62),
	FLAG("ESRTPS", 63),
};

static const struct iommureg_field intel_ecap[] = {
	FLAG("C", 0),
	FLAG("QI", 1),
	FLAG("DT", 2),
	FLAG("IR", 3),
	FLAG("EIM", 4),
	FLAG("PT", 6),
	FLAG("SC", 7),
	BITS("IRO", 8, 10, HEX),
	BITS("MHMV", 20, 4, NUMBER),
	FLAG("MTS", 25),
	FLAG("NEST", 26),
	FLAG("PRS", 29),
	FLAG("ERS", 30),
	FLAG("SRS", 31),
	FLAG("NWFS", 33),
	FLAG("EAFS", 34),
	BITS("PSS", 35, 5, LESS_ONE),
	FLAG("PASID", 40),
	FLAG("DIT", 41),
	FLAG("PDS", 42),
	FLAG("SMTS", 43),
	FLAG("VCS", 44),
	FLAG("SSADS", 45),
	FLAG("SSTS", 46),
	FLAG("FSTS", 47),
	FLAG("SMPWCS", 48),
	FLAG("RPS", 49),
	FLAG("PMS", 51),
};

static const struct iommureg_field amd_cap[] = {
	BITS("CapId", 0, 8, HEX),      BITS("CapPtr", 8, 8, HEX), BITS("CapType", 16, 3, NUMBER),
	BITS("CapRev", 19, 5, NUMBER), FLAG("IotlbSup", 24),      FLAG("HtTunnel", 25),
	FLAG("NpCache", 26),           FLAG("EFRSup", 27),        FLAG("CapExt", 28),
};

static const struct iommureg_field amd_efr[] = {
	FLAG("PreFSup", 0),
	FLAG("PPRSup", 1),
	FLAG("XTSup", 2),
	FLAG("NXSup", 3),
	FLAG("GTSup", 4),
	FLAG("GAPPISup", 5),
	FLAG("IASup", 6),
	FLAG("GASup", 7),
	FLAG("HESup", 8),
	FLAG("PCSup", 9),
	BITS("HATS", 10, 2, NUMBER),
	BITS("GATS", 12, 2, NUMBER),
	BITS("GLXSup", 14, 2, NUMBER),
	BITS("SmiFSup", 16, 2, NUMBER),
	BITS("SmiFRC", 18, 3, NUMBER),
	BITS("GAMSup", 21, 3, NUMBER),
	BITS("DualPprLogSup", 24, 2, NUMBER),
	BITS("DualEventLogSup", 28, 2, NUMBER),
	FLAG("SATSSup", 31),
	BITS("PASmax", 32, 5, LESS_ONE),
	FLAG("USSup", 37),
	BITS("DevTblSegSup", 38, 2, NUMBER),
	FLAG("PprOvrflwEarlySup", 40),
	FLAG("PPRAutoRspSup", 41),
	BITS("MarcSup", 42, 2, NUMBER),
	FLAG("BlkStopMrkSup", 44),
	FLAG("PerfOptSup", 45),
	FLAG("MsiCapMmioSup", 46),
	FLAG("GIOSup", 48),
	FLAG("HASup", 49),
	FLAG("EPHSup", 50),
	FLAG("AttrFWSup", 51),
	FLAG("HDSup", 52),
	FLAG("InvIotlbTypeSup", 54),
	FLAG("vIommuSup", 55),
	FLAG("GAUpdateDisSup", 61),
	FLAG("ForcePhyDestSup", 62),
	FLAG("SNPSup", 63),
};

static const struct iommureg_field amd_efr2[] = {
	FLAG("SevSnpIoSup", 1),
	FLAG("GCR3TRPMode", 3),
	BITS("SNPAVICSup", 5, 3, NUMBER),
	FLAG("HTRangeIgnore", 11),
};

static const struct iommureg_field smmu_idr0[] = {
	FLAG("S2P", 0),
	FLAG("S1P", 1),
	BITS("TTF", 2, 2, NUMBER),
	FLAG("COHACC", 4),
	FLAG("BTM", 5),
	BITS("HTTU", 6, 2, NUMBER),
	FLAG("DORMHINT", 8),
	FLAG("Hyp", 9),
	FLAG("ATS", 10),
	FLAG("NS1ATS", 11),
	FLAG("ASID16", 12),
	FLAG("MSI", 13),
	FLAG("SEV", 14),
	FLAG("ATOS", 15),
	FLAG("PRI", 16),
	FLAG("VMW", 17),
	FLAG("VMID16", 18),
	FLAG("CD2L", 19),
	FLAG("VATOS", 20),
	BITS("TTENDIAN", 21, 2, NUMBER),
	FLAG("ATSRECERR", 23),
	BITS("STALL_MODEL", 24, 2, NUMBER),
	FLAG("TERM_MODEL", 26),
	BITS("ST_LEVEL", 27, 2, NUMBER),
	FLAG("RME_IMPL", 30),
};

static const struct iommureg_field smmu_idr1[] = {
	BITS("SIDSIZE", 0, 6, NUMBER),
	BITS("SSIDSIZE", 6, 5, NUMBER),
	BITS("PRIQS", 11, 5, NUMBER),
	BITS("EVENTQS", 16, 5, NUMBER),
	BITS("CMDQS", 21, 5, NUMBER),
	FLAG("ATTR_PERMS_OVR", 26),
	FLAG("ATTR_TYPES_OVR", 27),
	FLAG("REL", 28),
	FLAG("QUEUES_PRESET", 29),
	FLAG("TABLES_PRESET", 30),
	FLAG("ECMDQ", 31),
};

static const struct iommureg_field smmu_idr2[] = { BITS("BA_VATOS", 0, 10, HEX) };

static const struct iommureg_field smmu_idr3[] = {
	FLAG("HAD", 2),   FLAG("PBHA", 3),    FLAG("XNX", 4),
	FLAG("PPS", 5),   FLAG("MPAM", 7),    FLAG("FWB", 8),
	FLAG("STT", 9),   FLAG("RIL", 10),    BITS("BBML", 11, 2, NUMBER),
	FLAG("E0PD", 13), FLAG("PTWNNC", 14), FLAG("DPT", 15),
};

static const struct iommureg_field smmu_idr4[] = { BITS("IMPDEF", 0, 32, HEX) };

static const struct iommureg_field smmu_idr5[] = {
	BITS("OAS", 0, 3, NUMBER), FLAG("GRAN4K", 4),          FLAG("GRAN16K", 5),
	FLAG("GRAN64K", 6),        BITS("VAX", 10, 2, NUMBER), BITS("STALL_MAX", 16, 16, NUMBER),
};

static const struct iommureg_field smmu_iidr[] = {
	BITS("Implementer", 0, 12, HEX),
	BITS("Revision", 12, 4, NUMBER),
	BITS("Variant", 16, 4, NUMBER),
	BITS("ProductID", 20, 12, HEX),
};

static const struct iommureg_field smmu_aidr[] = {
	BITS("ArchMinorRev", 0, 4, NUMBER),
	BITS("ArchMajorRev", 4, 4, NUMBER),
};

static const struct iommureg_field virtio_features[] = {
	FLAG("VIRTIO_IOMMU_F_INPUT_RANGE", 0),
	FLAG("VIRTIO_IOMMU_F_DOMAIN_RANGE", 1),
	FLAG("VIRTIO_IOMMU_F_MAP_UNMAP", 2),
	FLAG("VIRTIO_IOMMU_F_BYPASS", 3),
	FLAG("VIRTIO_IOMMU_F_PROBE", 4),
	FLAG("VIRTIO_IOMMU_F_MMIO", 5),
	FLAG("VIRTIO_IOMMU_F_BYPASS_CONFIG", 6),
	FLAG("VIRTIO_F_INDIRECT_DESC", 28),
	FLAG("VIRTIO_F_EVENT_IDX", 29),
	FLAG("VIRTIO_F_VERSION_1", 32),
	FLAG("VIRTIO_F_ACCESS_PLATFORM", 33),
	FLAG("VIRTIO_F_RING_PACKED", 34),
	FLAG("VIRTIO_F_IN_ORDER", 35),
	FLAG("VIRTIO_F_ORDER_PLATFORM", 36),
	FLAG("VIRTIO_F_SR_IOV", 37),
	FLAG("VIRTIO_F_NOTIFICATION_DATA", 38),
	FLAG("VIRTIO_F_NOTIF_CONFIG_DATA", 39),
	FLAG("VIRTIO_F_RING_RESET", 40),
	FLAG("VIRTIO_F_ADMIN_VQ", 41),
};

#define REGISTER(name, section, digits, fields)                   \
	{                                                         \
		name, section, digits, fields, ARRAY_SIZE(fields) \
	}

const struct iommureg *iommureg_get(enum iommureg_kind kind)
{
	static const struct iommureg registers[NR_IOMMUREGS] = {
		[IOMMUREG_INTEL_CAP] = REGISTER("CAP", "VT-d 11.4.2", 16, intel_cap),
		[IOMMUREG_INTEL_ECAP] = REGISTER("ECAP", "VT-d 11.4.3", 16, intel_ecap),
		[IOMMUREG_AMD_CAP] = REGISTER("CAP", "AMD IOMMU 3.2.1", 8, amd_cap),
		[IOMMUREG_AMD_EFR] = REGISTER("EFR", "AMD IOMMU 3.4.2, offset 0x30", 16, amd_efr),
		[IOMMUREG_AMD_EFR2] =
			REGISTER("EFR2", "AMD IOMMU 3.4.2, offset 0x1a0", 16, amd_efr2),
		[IOMMUREG_SMMU_IDR0] = REGISTER("IDR0", "SMMUv3 6.3.1", 8, smmu_idr0),
		[IOMMUREG_SMMU_IDR1] = REGISTER("IDR1", "SMMUv3 6.3.2", 8, smmu_idr1),
		[IOMMUREG_SMMU_IDR2] = REGISTER("IDR2", "SMMUv3 6.3.3", 8, smmu_idr2),
		[IOMMUREG_SMMU_IDR3] = REGISTER("IDR3", "SMMUv3 6.3.4", 8, smmu_idr3),
		[IOMMUREG_SMMU_IDR4] = REGISTER("IDR4", "SMMUv3 6.3.5", 8, smmu_idr4),
		[IOMMUREG_SMMU_IDR5] = REGISTER("IDR5", "SMMUv3 6.3.6", 8, smmu_idr5),
		[IOMMUREG_SMMU_IIDR] = REGISTER("IIDR", "SMMUv3 6.3.7", 8, smmu_iidr),
		[IOMMUREG_SMMU_AIDR] = REGISTER("AIDR", "SMMUv3 6.3.8", 8, smmu_aidr),
		[IOMMUREG_VIRTIO_FEATURES] =
			REGISTER("features", "virtio 5.13.3 and 6", 16, virtio_features),
	};

	return &registers[kind];
}

static uint64_t mask_of(const struct iommureg_field *f)
{
	return ((UINT64_C(1) << f->bits) - 1) << f->shift;
}

uint64_t iommureg_field(const struct iommureg_field *f, uint64_t value)
{
	return ((value & mask_of(f)) >> f->shift) + (f->format == IOMMUREG_LESS_ONE);
}

uint64_t iommureg_unnamed(const struct iommureg *r, uint64_t value)
{
	for (size_t i = 0; i < r->nr; i++)
		value &= ~mask_of(&r->fields[i]);
	return value;
}

/* ---- what a user asks first ---- */

/* VT-d 11.4.2: bits 1 to 3 of SAGAW: tables of 3, 4 and 5 levels for 39, 48 and 57 bits. */
void iommureg_sum_intel(uint64_t cap, uint64_t ecap, struct iommureg_summary *ret)
{
	const unsigned int sagaw = (unsigned int)(cap >> 8 & 0x1f);
	const unsigned int mgaw = (unsigned int)(cap >> 16 & 0x3f) + 1;

	*ret = (struct iommureg_summary){
		.address_bits = mgaw,
		.caching_known = true,
		.caching = cap >> 7 & 1,
		.pasid_known = true,
		.pasid_bits = ecap >> 40 & 1 ? (unsigned int)(ecap >> 35 & 0x1f) + 1 : 0,
	};
	for (unsigned int bit = 1; bit <= 3; bit++)
		if (sagaw >> bit & 1)
			ret->levels = bit + 2;
	if (ret->levels && ret->levels * 9 + 12 < mgaw)
		ret->address_bits = ret->levels * 9 + 12;
}

/* EFR.HATS: 0, 1 and 2 are 4, 5 and 6 levels, 6 of which translate 64 bits. */
void iommureg_sum_amd(uint32_t cap, uint64_t efr, struct iommureg_summary *ret)
{
	enum { CAP_ID = 0x0f };
	const unsigned int hats = (unsigned int)(efr >> 10 & 3);

	*ret = (struct iommureg_summary){
		.levels = hats < 3 ? hats + 4 : 0,
		.address_bits = hats == 2  ? 64
				: hats < 2 ? hats * 9 + 48
					   : 0,
		.pasid_known = true,
		.pasid_bits = efr >> 4 & 1 ? (unsigned int)(efr >> 32 & 0x1f) + 1 : 0,
		.caching_known = (cap & 0xff) == CAP_ID,
		.caching = cap >> 26 & 1,
	};
}

/* SMMUv3 6.3.6: VAX; 6.3.2: SSIDSIZE. Only where the tables of AArch64 are there (TTF bit 1). */
void iommureg_sum_smmu(const uint32_t idr[6], struct iommureg_summary *ret)
{
	const bool aarch64 = idr[0] >> 3 & 1;

	*ret = (struct iommureg_summary){
		.address_bits = !aarch64                  ? 0
				: (idr[5] >> 10 & 3) == 1 ? 52
							  : 48,
		.pasid_known = true,
		.pasid_bits = idr[1] >> 6 & 0x1f,
	};
}
