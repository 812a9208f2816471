/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/acs-quirk.h"

#include "base/macro.h"
#include "model/group.h"

enum { ANY = 0xffff };

/* In the kernel's order: the first that answers, decides. */
static const struct acs_row rows[] = {
	{ 0x1002, 0x4385, ACS_QUIRK_AMD_SOUTHBRIDGE, RELEASE_5_10, true, 5073 },
	{ 0x1002, 0x439c, ACS_QUIRK_AMD_SOUTHBRIDGE, RELEASE_5_10, true, 5074 },
	{ 0x1002, 0x4383, ACS_QUIRK_AMD_SOUTHBRIDGE, RELEASE_5_10, true, 5075 },
	{ 0x1002, 0x439d, ACS_QUIRK_AMD_SOUTHBRIDGE, RELEASE_5_10, true, 5076 },
	{ 0x1002, 0x4384, ACS_QUIRK_AMD_SOUTHBRIDGE, RELEASE_5_10, true, 5077 },
	{ 0x1002, 0x4399, ACS_QUIRK_AMD_SOUTHBRIDGE, RELEASE_5_10, true, 5078 },
	{ 0x1022, 0x780f, ACS_QUIRK_AMD_SOUTHBRIDGE, RELEASE_5_10, true, 5079 },
	{ 0x1022, 0x7809, ACS_QUIRK_AMD_SOUTHBRIDGE, RELEASE_5_10, true, 5080 },
	{ 0x1924, 0x0903, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5081 },
	{ 0x1924, 0x0923, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5082 },
	{ 0x1924, 0x0a03, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5083 },
	{ 0x8086, 0x10c6, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5084 },
	{ 0x8086, 0x10db, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5085 },
	{ 0x8086, 0x10dd, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5086 },
	{ 0x8086, 0x10e1, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5087 },
	{ 0x8086, 0x10f1, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5088 },
	{ 0x8086, 0x10f7, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5089 },
	{ 0x8086, 0x10f8, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5090 },
	{ 0x8086, 0x10f9, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5091 },
	{ 0x8086, 0x10fa, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5092 },
	{ 0x8086, 0x10fb, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5093 },
	{ 0x8086, 0x10fc, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5094 },
	{ 0x8086, 0x1507, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5095 },
	{ 0x8086, 0x1514, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5096 },
	{ 0x8086, 0x151c, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5097 },
	{ 0x8086, 0x1529, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5098 },
	{ 0x8086, 0x152a, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5099 },
	{ 0x8086, 0x154d, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5100 },
	{ 0x8086, 0x154f, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5101 },
	{ 0x8086, 0x1551, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5102 },
	{ 0x8086, 0x1558, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5103 },
	{ 0x8086, 0x1509, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5105 },
	{ 0x8086, 0x150e, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5106 },
	{ 0x8086, 0x150f, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5107 },
	{ 0x8086, 0x1510, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5108 },
	{ 0x8086, 0x1511, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5109 },
	{ 0x8086, 0x1516, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5110 },
	{ 0x8086, 0x1527, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5111 },
	{ 0x8086, 0x10c9, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5113 },
	{ 0x8086, 0x10e6, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5114 },
	{ 0x8086, 0x10e7, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5115 },
	{ 0x8086, 0x10e8, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5116 },
	{ 0x8086, 0x150a, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5117 },
	{ 0x8086, 0x150d, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5118 },
	{ 0x8086, 0x1518, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5119 },
	{ 0x8086, 0x1526, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5120 },
	{ 0x8086, 0x10a7, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5122 },
	{ 0x8086, 0x10a9, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5123 },
	{ 0x8086, 0x10d6, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5124 },
	{ 0x8086, 0x1521, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5126 },
	{ 0x8086, 0x1522, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5127 },
	{ 0x8086, 0x1523, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5128 },
	{ 0x8086, 0x1524, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5129 },
	{ 0x8086, 0x105e, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5131 },
	{ 0x8086, 0x105f, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5132 },
	{ 0x8086, 0x1060, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5133 },
	{ 0x8086, 0x10d9, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5134 },
	{ 0x8086, 0x15b7, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5136 },
	{ 0x8086, 0x15b8, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5137 },
	{ 0x8086, ANY, ACS_QUIRK_INTEGRATED, RELEASE_5_10, true, 5138 },
	{ 0x17cb, 0x0400, ACS_QUIRK_PORT, RELEASE_5_10, true, 5140 },
	{ 0x17cb, 0x0401, ACS_QUIRK_PORT, RELEASE_5_10, true, 5141 },
	{ 0x17cb, 0x0115, ACS_QUIRK_PORT, RELEASE_6_12, false, 5143 },
	{ 0x17cb, 0x0111, ACS_QUIRK_PORT, RELEASE_7_0, false, 5145 },
	{ 0x17cb, 0x0120, ACS_QUIRK_PORT, RELEASE_7_0, false, 5147 },
	{ 0x1dbf, 0x0401, ACS_QUIRK_PORT, RELEASE_5_10, true, 5149 },
	{ 0x8086, ANY, ACS_QUIRK_PCH, RELEASE_5_10, true, 5151 },
	{ 0x8086, ANY, ACS_QUIRK_SPT, RELEASE_5_10, true, 5152 },
	{ 0x19a2, 0x0710, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5153 },
	{ 0x10df, 0x0720, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5154 },
	{ 0x177d, ANY, ACS_QUIRK_CAVIUM, RELEASE_5_10, true, 5156 },
	{ 0x177d, 0xa026, ACS_QUIRK_VENDOR, RELEASE_5_15, true, 5158 },
	{ 0x177d, 0xa059, ACS_QUIRK_VENDOR, RELEASE_5_15, true, 5159 },
	{ 0x177d, 0xa060, ACS_QUIRK_VENDOR, RELEASE_5_15, true, 5160 },
	{ 0x10e8, 0xe004, ACS_QUIRK_PORT, RELEASE_5_10, true, 5162 },
	{ 0x1def, 0xe005, ACS_QUIRK_PORT, RELEASE_5_10, true, 5164 },
	{ 0x1def, 0xe006, ACS_QUIRK_PORT, RELEASE_5_10, true, 5165 },
	{ 0x1def, 0xe007, ACS_QUIRK_PORT, RELEASE_5_10, true, 5166 },
	{ 0x1def, 0xe008, ACS_QUIRK_PORT, RELEASE_5_10, true, 5167 },
	{ 0x1def, 0xe009, ACS_QUIRK_PORT, RELEASE_5_10, true, 5168 },
	{ 0x1def, 0xe00a, ACS_QUIRK_PORT, RELEASE_5_10, true, 5169 },
	{ 0x1def, 0xe00b, ACS_QUIRK_PORT, RELEASE_5_10, true, 5170 },
	{ 0x1def, 0xe00c, ACS_QUIRK_PORT, RELEASE_5_10, true, 5171 },
	{ 0x14e4, 0x16d7, ACS_QUIRK_VENDOR, RELEASE_5_14, true, 5173 },
	{ 0x14e4, 0x1750, ACS_QUIRK_VENDOR, RELEASE_6_0, true, 5174 },
	{ 0x14e4, 0x1751, ACS_QUIRK_VENDOR, RELEASE_6_0, true, 5175 },
	{ 0x14e4, 0x1752, ACS_QUIRK_VENDOR, RELEASE_6_0, true, 5176 },
	{ 0x14e4, 0x1760, ACS_QUIRK_VENDOR, RELEASE_6_12, false, 5177 },
	{ 0x14e4, 0x1761, ACS_QUIRK_VENDOR, RELEASE_6_12, false, 5178 },
	{ 0x14e4, 0x1762, ACS_QUIRK_VENDOR, RELEASE_6_12, false, 5179 },
	{ 0x14e4, 0x1763, ACS_QUIRK_VENDOR, RELEASE_6_12, false, 5180 },
	{ 0x14e4, 0xd714, ACS_QUIRK_PORT, RELEASE_5_10, true, 5181 },
	{ 0x0014, 0x3c09, ACS_QUIRK_PORT, RELEASE_6_17, false, 5183 },
	{ 0x0014, 0x3c19, ACS_QUIRK_PORT, RELEASE_6_17, false, 5184 },
	{ 0x0014, 0x3c29, ACS_QUIRK_PORT, RELEASE_6_17, false, 5185 },
	{ 0x0014, 0x7a09, ACS_QUIRK_PORT, RELEASE_6_17, false, 5186 },
	{ 0x0014, 0x7a19, ACS_QUIRK_PORT, RELEASE_6_17, false, 5187 },
	{ 0x0014, 0x7a29, ACS_QUIRK_PORT, RELEASE_6_17, false, 5188 },
	{ 0x0014, 0x7a39, ACS_QUIRK_PORT, RELEASE_6_17, false, 5189 },
	{ 0x0014, 0x7a49, ACS_QUIRK_PORT, RELEASE_6_17, false, 5190 },
	{ 0x0014, 0x7a59, ACS_QUIRK_PORT, RELEASE_6_17, false, 5191 },
	{ 0x0014, 0x7a69, ACS_QUIRK_PORT, RELEASE_6_17, false, 5192 },
	{ 0x1c36, 0x0031, ACS_QUIRK_AMAZON, RELEASE_5_10, true, 5194 },
	{ 0x1d17, 0x3038, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5196 },
	{ 0x1d17, 0x3104, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5197 },
	{ 0x1d17, 0x9083, ACS_QUIRK_VENDOR, RELEASE_5_10, true, 5198 },
	{ 0x1957, 0x8d81, ACS_QUIRK_PORT, RELEASE_5_15, true, 5201 },
	{ 0x1957, 0x8da1, ACS_QUIRK_PORT, RELEASE_5_15, true, 5202 },
	{ 0x1957, 0x8d83, ACS_QUIRK_PORT, RELEASE_5_15, true, 5203 },
	{ 0x1957, 0x8d80, ACS_QUIRK_PORT, RELEASE_5_15, true, 5205 },
	{ 0x1957, 0x8da0, ACS_QUIRK_PORT, RELEASE_5_15, true, 5206 },
	{ 0x1957, 0x8d82, ACS_QUIRK_PORT, RELEASE_5_15, true, 5207 },
	{ 0x1957, 0x8d90, ACS_QUIRK_PORT, RELEASE_5_15, true, 5209 },
	{ 0x1957, 0x8db0, ACS_QUIRK_PORT, RELEASE_5_15, true, 5210 },
	{ 0x1957, 0x8d92, ACS_QUIRK_PORT, RELEASE_5_15, true, 5211 },
	{ 0x1957, 0x8d91, ACS_QUIRK_PORT, RELEASE_5_15, true, 5213 },
	{ 0x1957, 0x8db1, ACS_QUIRK_PORT, RELEASE_5_15, true, 5214 },
	{ 0x1957, 0x8d93, ACS_QUIRK_PORT, RELEASE_5_15, true, 5215 },
	{ 0x1957, 0x8d89, ACS_QUIRK_PORT, RELEASE_5_15, true, 5217 },
	{ 0x1957, 0x8da9, ACS_QUIRK_PORT, RELEASE_5_15, true, 5218 },
	{ 0x1957, 0x8d8b, ACS_QUIRK_PORT, RELEASE_5_15, true, 5219 },
	{ 0x1957, 0x8d88, ACS_QUIRK_PORT, RELEASE_5_15, true, 5221 },
	{ 0x1957, 0x8da8, ACS_QUIRK_PORT, RELEASE_5_15, true, 5222 },
	{ 0x1957, 0x8d8a, ACS_QUIRK_PORT, RELEASE_5_15, true, 5223 },
	{ 0x1957, 0x8d98, ACS_QUIRK_PORT, RELEASE_5_15, true, 5225 },
	{ 0x1957, 0x8db8, ACS_QUIRK_PORT, RELEASE_5_15, true, 5226 },
	{ 0x1957, 0x8d9a, ACS_QUIRK_PORT, RELEASE_5_15, true, 5227 },
	{ 0x1957, 0x8d99, ACS_QUIRK_PORT, RELEASE_5_15, true, 5229 },
	{ 0x1957, 0x8db9, ACS_QUIRK_PORT, RELEASE_5_15, true, 5230 },
	{ 0x1957, 0x8d9b, ACS_QUIRK_PORT, RELEASE_5_15, true, 5231 },
	{ 0x1d17, ANY, ACS_QUIRK_ZHAOXIN, RELEASE_5_10, true, 5233 },
	{ 0x8088, ANY, ACS_QUIRK_WANGXUN, RELEASE_6_4, true, 5235 },
};

const struct acs_row *acs_row_get(size_t index)
{
	return index < ARRAY_SIZE(rows) ? &rows[index] : NULL;
}

struct range {
	uint16_t first, last;
};

static bool is_within(uint16_t id, const struct range *ranges, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (id >= ranges[i].first && id <= ranges[i].last)
			return true;
	return false;
}

#define WITHIN(id, ranges) is_within(id, ranges, ARRAY_SIZE(ranges))

/* linux: drivers/pci/quirks.c: pci_quirk_intel_pch_acs_ids[] */
static bool is_pch_port(uint16_t id)
{
	static const struct range all[] = { { 0x3b42, 0x3b51 }, { 0x1c10, 0x1c1f },
					    { 0x1e10, 0x1e1f }, { 0x8c10, 0x8c1f },
					    { 0x9c10, 0x9c1b }, { 0x9c90, 0x9c9b },
					    { 0x8d10, 0x8d1e } };
	static const struct range even[] = { { 0x1d10, 0x1d1e }, { 0x8c90, 0x8c9e } };

	return WITHIN(id, all) || (!(id & 1) && WITHIN(id, even));
}

/* linux: drivers/pci/quirks.c: pci_quirk_intel_spt_pch_acs_match() */
static bool is_spt_port(uint16_t id)
{
	static const struct range ids[] = {
		{ 0xa110, 0xa11f }, { 0xa167, 0xa16a }, { 0xa290, 0xa29f },
		{ 0xa2e7, 0xa2ee }, { 0x9d10, 0x9d1b },
	};

	return WITHIN(id, ids);
}

static enum tristate truth(bool yes)
{
	return yes ? TRI_YES : TRI_NO;
}

/* Yes for those in @ranges; for the last @nr_late ranges only if all @releases are from @since. */
static enum tristate later(uint16_t id, const struct range *ranges, size_t nr, size_t nr_late,
			   uint64_t releases, enum release since)
{
	if (is_within(id, ranges, nr - nr_late))
		return TRI_YES;
	if (!is_within(id, ranges + nr - nr_late, nr_late))
		return TRI_NO;
	return releases & RELEASES_UNTIL(since) ? TRI_UNKNOWN : TRI_YES;
}

/* Whether the row answers, and what. */
static bool ask_row(const struct acs_subject *s, const struct acs_row *row, uint64_t releases,
		    enum tristate *ret)
{
	static const struct range cavium[] = { { 0xa000, 0xa7ff },
					       { 0xaf84, 0xaf84 },
					       { 0xb884, 0xb884 } };
	static const struct range zhaoxin[] = {
		{ 0x0710, 0x071e }, { 0x0721, 0x0721 }, { 0x0723, 0x0732 }, { 0x0733, 0x0752 }
	};
	static const struct range wangxun[] = { { 0x0100, 0x010f }, { 0x1001, 0x1001 },
						{ 0x2001, 0x2001 }, { 0x5010, 0x5010 },
						{ 0x5025, 0x5025 }, { 0x5040, 0x5040 },
						{ 0x5110, 0x5110 }, { 0x5125, 0x5125 },
						{ 0x5140, 0x5140 } };
	const bool root_port = s->is_pcie && s->type == PCIE_ROOT_PORT;

	*ret = TRI_YES;
	switch (row->quirk) {
	case ACS_QUIRK_VENDOR:
	case ACS_QUIRK_PORT:
		return true;
	case ACS_QUIRK_AMD_SOUTHBRIDGE:
		if (s->has_ivrs == TRI_UNKNOWN)
			*ret = TRI_UNKNOWN;
		return s->multifunction && s->on_root_bus && s->has_ivrs != TRI_NO;
	case ACS_QUIRK_INTEGRATED:
		return s->is_pcie && s->type == PCIE_INTEGRATED_ENDPOINT;
	case ACS_QUIRK_AMAZON:
		return root_port;
	case ACS_QUIRK_PCH:
		return root_port && is_pch_port(s->device);
	case ACS_QUIRK_SPT:
		*ret = truth(!(ACS_REQUIRED & s->acs_cap & ~s->acs_next));
		return root_port && is_spt_port(s->device) && s->has_acs;
	case ACS_QUIRK_CAVIUM:
		return root_port && WITHIN(s->device, cavium);
	case ACS_QUIRK_ZHAOXIN:
		*ret = later(s->device, zhaoxin, ARRAY_SIZE(zhaoxin), 1, releases, RELEASE_6_8);
		return root_port || (s->is_pcie && s->type == PCIE_DOWNSTREAM);
	case ACS_QUIRK_WANGXUN:
		*ret = later(s->device, wangxun, ARRAY_SIZE(wangxun), 6, releases, RELEASE_6_13);
		return true;
	case ACS_QUIRK_NONE:
	default:
		return false;
	}
}

void acs_quirk_ask(const struct acs_subject *s, uint64_t releases, struct acs_verdict *ret)
{
	*ret = (struct acs_verdict){ 0 };
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const uint64_t with = releases & RELEASES_FROM(rows[i].since);

		if (rows[i].vendor != s->vendor ||
		    (rows[i].device != ANY && rows[i].device != s->device) ||
		    !ask_row(s, &rows[i], releases, &ret->isolates))
			continue;
		ret->row = &rows[i];
		ret->perhaps = with != releases;
		return;
	}
	ret->isolates = TRI_UNKNOWN;
}
