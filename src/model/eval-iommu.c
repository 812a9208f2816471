/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What IOMMU drivers and interrupt controllers answer when VFIO asks them, derived from what can be seen.
 * The answers of an IOMMU driver that is not known here are unknown. */
#include <string.h>

#include "model/eval.h"
#include "model/memo.h"

static enum tristate say(struct eval *e, const char **ret_why, enum tristate answer,
			 const char *why)
{
	(void)e;
	*ret_why = why;
	return answer;
}

/* device_iommu_capable() is false for a device without an IOMMU instance.
 * linux: drivers/iommu/iommu.c: device_iommu_capable(), since 6.0. */
static enum tristate instance_of(struct eval *e, const struct device *dev, const char **ret_why)
{
	enum tristate has = eval_has_iommu(e, dev);

	if (has == TRI_NO)
		*ret_why = eval_text(e, "%s has no IOMMU instance", dev->name);
	else if (has == TRI_UNKNOWN && dev->iommu_link.state == FACT_ABSENT)
		*ret_why =
			eval_text(e, "%s gets its IOMMU only when a driver probes it", dev->name);
	else if (has == TRI_UNKNOWN)
		*ret_why = eval_text(e, "the iommu link of %s could not be read", dev->name);
	return has;
}

static const char *unknown_driver(struct eval *e, const struct device *dev, const char *key)
{
	return eval_text(e,
			 "the answer of the driver of IOMMU %s is unknown; state it with --assume %s:%s=1",
			 eval_iommu_name(dev), dev->name, key);
}

/* ---- cache coherency ---- */

/* Before 6.1 the SMMU drivers always said yes; then it is what the firmware calls the table walk, and of the older SMMU
 * the device too. linux: drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c: arm_smmu_device_hw_probe(); arm-smmu/arm-smmu.c:
 * arm_smmu_capable(). */
static enum tristate smmu_coherency(struct eval *e, const struct device *dev, const char **ret_why)
{
	const struct firmware *fw = &e->host->firmware;
	const struct fact *source = fw->tree.state == FACT_UNREAD ? &fw->iort : &fw->tree;
	const struct iommu_unit *unit = dev->iommu ? dev->iommu : eval_coming_iommu(e, dev);
	enum tristate walk = unit->coherent;
	bool older = unit->kind == IOMMU_KIND_SMMU;

	if (trait_lacks(e, TRAIT_SMMU_COHERENCY))
		return say(e, ret_why, TRI_YES,
			   "the SMMU driver of this kernel always answers yes");
	eval_cite(e, source);
	if (walk == TRI_NO && older && dev->coherent != TRI_NO)
		walk = dev->coherent;
	if (walk == TRI_NO && trait_holds(e, TRAIT_SMMU_COHERENCY) != TRI_YES)
		walk = TRI_UNKNOWN;
	if (walk == TRI_UNKNOWN)
		*ret_why =
			eval_text(e,
				  "whether %s walks its tables coherently is not known: %s %s; say it with --assume %s:cache_coherency=1",
				  unit->name, source->path ? source->path : "the firmware",
				  source->state == FACT_DENIED ? "can be read by root only"
							       : "does not tell",
				  dev->name);
	else
		*ret_why = eval_text(e, "the firmware calls the table walks of %s %scoherent",
				     unit->name, walk == TRI_YES ? "" : "not ");
	return walk;
}

/* Before 5.19 the capability meant that non-snooped traffic can be blocked: every active unit has
 * snoop control (ecap bit 7) or runs in scalable mode (bit 43).
 * linux: drivers/iommu/intel/iommu.c: intel_iommu_capable(), domain_update_iommu_snooping(). */
static enum tristate intel_snooping(struct eval *e, const char **ret_why)
{
	enum tristate ret = TRI_YES;

	*ret_why = "every VT-d unit has snoop control";
	for (size_t i = 0; i < e->host->nr_iommus; i++) {
		const struct iommu_unit *unit = e->host->iommus[i];
		if (unit->kind != IOMMU_KIND_INTEL)
			continue;
		eval_cite(e, &unit->ecap_fact);
		if (!unit->has_ecap) {
			*ret_why = eval_text(e, "the ecap register of %s could not be read",
					     unit->name);
			ret = TRI_UNKNOWN;
		} else if (!(unit->ecap >> 7 & 1) && (unit->ecap >> 43 & 1)) {
			*ret_why = eval_text(e, "cannot tell whether %s runs in scalable mode",
					     unit->name);
			ret = TRI_UNKNOWN;
		} else if (!(unit->ecap >> 7 & 1)) {
			*ret_why = eval_text(e, "%s has no snoop control (ecap bit 7)", unit->name);
			return TRI_NO;
		}
	}
	return ret;
}

/* linux: the capable() operations, 5.10 to 7.3; section 4.1 of the table of drivers. */
enum tristate eval_cache_coherency(struct eval *e, const struct device *dev, const char **ret_why)
{
	enum tristate assumed = eval_assumed_bool(e, dev, "cache_coherency");

	if (assumed != TRI_UNKNOWN)
		return say(e, ret_why, assumed, "assumed");
	enum tristate has = instance_of(e, dev, ret_why);
	if (has != TRI_YES)
		return has;
	switch (eval_iommu_kind(e, dev)) {
	case IOMMU_KIND_INTEL:
		if (trait_lacks(e, TRAIT_COHERENCY_ENFORCED))
			return intel_snooping(e, ret_why);
		return say(e, ret_why, TRI_YES, "the Intel IOMMU driver always answers yes");
	case IOMMU_KIND_AMD:
		return say(e, ret_why, TRI_YES, "the AMD IOMMU driver always answers yes");
	case IOMMU_KIND_S390:
	case IOMMU_KIND_PAMU:
		return say(e, ret_why, TRI_YES, "the IOMMU driver always answers yes");
	case IOMMU_KIND_VIRTIO:
		/* linux: drivers/iommu/virtio-iommu.c: viommu_capable(), since 6.0 and 5.19.9. */
		if (trait_lacks(e, TRAIT_VIRTIO_COHERENT))
			return say(e, ret_why, TRI_NO, "virtio-iommu has no answer before 5.19");
		if (trait_holds(e, TRAIT_VIRTIO_COHERENT) == TRI_UNKNOWN)
			return say(e, ret_why, TRI_UNKNOWN,
				   "virtio-iommu answers yes since 5.19.9; earlier releases of 5.19 have no answer");
		return say(e, ret_why, TRI_YES, "virtio-iommu answers yes since 6.0");
	case IOMMU_KIND_SMMU:
	case IOMMU_KIND_SMMU_V3:
		return smmu_coherency(e, dev, ret_why);
	case IOMMU_KIND_DART:
	case IOMMU_KIND_RISCV:
		return say(e, ret_why, TRI_NO, "this IOMMU driver has no answer, which means no");
	default:
		*ret_why = unknown_driver(e, dev, "cache_coherency");
		return TRI_UNKNOWN;
	}
}

/* linux: arm-smmu-v3.c: arm_smmu_enforce_cache_coherency(), 6.13; drivers/acpi/arm64/iort.c:
 * iort_pci_rc_supports_canwbs(). A device tree cannot say it. */
static enum tristate smmu_enforces(struct eval *e, const struct device *dev, const char **ret_why)
{
	const struct firmware *fw = &e->host->firmware;
	enum tristate can = fact_is(&fw->tree) ? TRI_NO : dev->canwbs;

	if (can != TRI_NO && trait_holds(e, TRAIT_SMMU_ENFORCES) == TRI_NO)
		return say(e, ret_why, TRI_NO,
			   "the SMMUv3 driver of this kernel cannot enforce it");
	eval_cite(e, fact_is(&fw->tree) ? &fw->tree : &fw->iort);
	if (can == TRI_YES && trait_holds(e, TRAIT_SMMU_ENFORCES) != TRI_YES)
		return say(e, ret_why, TRI_UNKNOWN, "the SMMUv3 driver can since 6.13");
	if (can == TRI_UNKNOWN)
		return say(e, ret_why, can,
			   "it depends on CANWBS in the IORT table, which could not be read");
	return say(e, ret_why, can,
		   can == TRI_YES ? "the IORT table gives its root complex CANWBS"
				  : "the firmware gives its root complex no CANWBS");
}

/* linux: enforce_cache_coherency operations; section 4.3 of the table of drivers. */
enum tristate eval_enforce_coherency(struct eval *e, const struct device *dev, const char **ret_why)
{
	enum tristate assumed = eval_assumed_bool(e, dev, "enforce_cache_coherency");

	if (assumed != TRI_UNKNOWN)
		return say(e, ret_why, assumed, "assumed");
	if (trait_lacks(e, TRAIT_COHERENCY_ENFORCED))
		return say(e, ret_why, TRI_NO, "kernels before 5.19 enforce nothing");
	enum tristate has = instance_of(e, dev, ret_why);
	if (has != TRI_YES)
		return has;
	switch (eval_iommu_kind(e, dev)) {
	case IOMMU_KIND_AMD:
		return say(e, ret_why, TRI_YES, "the AMD IOMMU driver always enforces it");
	case IOMMU_KIND_INTEL:
		eval_cite(e, &dev->iommu->ecap_fact);
		if (!dev->iommu->has_ecap)
			return say(e, ret_why, TRI_UNKNOWN, "the ecap register could not be read");
		/* VT-d, 11.4.3: snoop control, bit 7. */
		*ret_why =
			eval_text(e, "snoop control (ecap bit 7) of %s is %s", eval_iommu_name(dev),
				  dev->iommu->ecap >> 7 & 1 ? "set" : "clear");
		return dev->iommu->ecap >> 7 & 1 ? TRI_YES : TRI_NO;
	case IOMMU_KIND_SMMU_V3:
		return smmu_enforces(e, dev, ret_why);
	case IOMMU_KIND_OTHER:
		*ret_why = unknown_driver(e, dev, "enforce_cache_coherency");
		return TRI_UNKNOWN;
	default:
		return say(e, ret_why, TRI_NO, "this IOMMU driver cannot enforce it");
	}
}

/* ---- interrupts: what is seen ---- */

static bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Chips of interrupts that go through remapping where it is on. DMAR-MSI and IOMMU-MSI are the
 * IOMMU's own. linux: arch/x86/kernel/apic/{msi,io_apic}.c, drivers/iommu/{intel,amd}. */
static bool is_remapped_chip(const char *chip)
{
	return starts_with(chip, "IR-PCI-MSI") || starts_with(chip, "IR-IO-APIC") ||
	       starts_with(chip, "IR-HPET-MSI");
}

/* Remapping is all or nothing for IO-APICs. A plain PCI-MSI alone proves nothing: a device that no
 * remapping unit serves keeps it; and so does an HPET that the firmware puts below no unit.
 * linux: intel_prepare_irq_remapping(), amd/init.c: check_ioapic_information();
 * arch/x86/kernel/hpet.c: hpet_create_irq_domain(). */
static bool is_plain_chip(const char *chip)
{
	return starts_with(chip, "IO-APIC");
}

/* Hyper-V remaps IO-APIC lines only and uses the same name for the chip.
 * linux: drivers/iommu/hyperv-iommu.c. */
static bool chip_can_lie(const struct host *h, const char *chip)
{
	const struct fact *hv = &h->firmware.hypervisor;

	return starts_with(chip, "IR-IO-APIC") && fact_is(hv) && hv->raw &&
	       strstr(hv->raw, "hyperv");
}

static enum tristate remapping_by_chips(struct eval *e, const char **ret_why)
{
	const struct interrupts *irqs = &e->host->interrupts;
	const char *plain = NULL;

	eval_cite(e, &irqs->proc);
	for (size_t i = 0; i < irqs->nr_chips; i++) {
		const char *chip = irqs->chips[i];
		if (is_remapped_chip(chip) && !chip_can_lie(e->host, chip)) {
			*ret_why = eval_text(e, "/proc/interrupts shows chip %s", chip);
			return TRI_YES;
		}
		if (is_plain_chip(chip))
			plain = chip;
	}
	if (!plain)
		return TRI_UNKNOWN;
	*ret_why = eval_text(e, "/proc/interrupts shows chip %s and no chip with remapping", plain);
	return TRI_NO;
}

static enum tristate remapping_by_domains(struct eval *e, const char **ret_why)
{
	const struct fact *f = &e->host->interrupts.domains;

	if (!fact_is(f) || !f->raw || !f->len)
		return TRI_UNKNOWN;
	eval_cite(e, f);
	if (strstr(f->raw, "INTEL-IR-") || strstr(f->raw, "AMD-IR-"))
		return say(e, ret_why, TRI_YES, "the kernel lists interrupt remapping domains");
	return say(e, ret_why, TRI_NO, "the kernel lists no interrupt remapping domain");
}

/* linux: drivers/iommu/intel/irq_remapping.c, drivers/iommu/amd/init.c. */
static enum tristate remapping_by_log(struct eval *e, const char **ret_why)
{
	const struct fact *f = &e->host->interrupts.dmesg;

	if (!fact_is(f) || !f->raw)
		return TRI_UNKNOWN;
	bool on = strstr(f->raw, "Enabled IRQ remapping") ||
		  strstr(f->raw, "Interrupt remapping enabled");
	bool off = strstr(f->raw, "Not enabling interrupt remapping") ||
		   strstr(f->raw, "Disabling interrupt remapping");
	if (on == off)
		return TRI_UNKNOWN;
	eval_cite(e, f);
	if (on)
		return say(e, ret_why, TRI_YES, "the kernel log says that it was enabled");
	return say(e, ret_why, TRI_NO, "the kernel log says that it was not enabled");
}

/* Every unit must support it (ecap bit 3). linux: drivers/iommu/intel/irq_remapping.c:
 * intel_prepare_irq_remapping(). */
static const struct iommu_unit *unit_without_remapping(const struct host *h)
{
	for (size_t i = 0; i < h->nr_iommus; i++)
		if (h->iommus[i]->kind == IOMMU_KIND_INTEL && h->iommus[i]->has_ecap &&
		    !(h->iommus[i]->ecap >> 3 & 1))
			return h->iommus[i];
	return NULL;
}

/* linux: drivers/iommu/irq_remapping.c: setup_irqremap(), setup_nointremap();
 * arch/x86/kernel/apic/apic.c: enable_IR_x2apic(), which wants IO-APICs. */
static enum tristate remapping_by_firmware(struct eval *e, const char **ret_why)
{
	const char *value = NULL;

	if ((eval_cmdline(e, "intremap", &value) && value && strstr(value, "off")) ||
	    eval_cmdline(e, "nointremap", NULL) || eval_cmdline(e, "noapic", NULL) ||
	    eval_cmdline(e, "nolapic", NULL)) {
		eval_cite(e, &e->host->kernel.cmdline);
		return say(e, ret_why, TRI_NO, "the kernel command line turns it off");
	}
	const struct iommu_unit *unit = unit_without_remapping(e->host);
	if (unit) {
		eval_cite(e, &unit->ecap_fact);
		*ret_why = eval_text(e, "%s cannot remap interrupts (ecap bit 3)", unit->name);
		return TRI_NO;
	}
	if (e->host->firmware.dmar_intr_remap == TRI_NO) {
		eval_cite(e, &e->host->firmware.dmar);
		return say(e, ret_why, TRI_NO, "the DMAR table of the firmware does not permit it");
	}
	return TRI_UNKNOWN;
}

enum tristate eval_x86_remapping(struct eval *e, const char **ret_why)
{
	enum tristate answer = remapping_by_chips(e, ret_why);

	if (answer == TRI_UNKNOWN)
		answer = remapping_by_domains(e, ret_why);
	if (answer == TRI_UNKNOWN)
		answer = remapping_by_log(e, ret_why);
	if (answer == TRI_UNKNOWN)
		answer = remapping_by_firmware(e, ret_why);
	if (answer == TRI_UNKNOWN)
		*ret_why =
			"cannot tell whether interrupt remapping is on, because no interrupt in /proc/interrupts shows it; as root, read the kernel log ('IRQ remapping') or /sys/kernel/debug/irq/domains";
	return answer;
}

/* ---- interrupt remapping as a capability, up to 6.2 ---- */

/* linux: intel_iommu_capable(), amd_iommu_capable(): the global irq_remapping_enabled; s390: true;
 * the others: false, 5.10 to 6.1. */
enum tristate eval_interrupt_remapping(struct eval *e, const struct device *dev,
				       const char **ret_why)
{
	enum tristate assumed = eval_assumed_bool(e, dev, "interrupt_remapping");

	if (assumed != TRI_UNKNOWN)
		return say(e, ret_why, assumed, "assumed");
	enum tristate has = instance_of(e, dev, ret_why);
	if (has != TRI_YES)
		return has;
	switch (eval_iommu_kind(e, dev)) {
	case IOMMU_KIND_INTEL:
	case IOMMU_KIND_AMD:
		return eval_x86_remapping(e, ret_why);
	case IOMMU_KIND_S390:
		return say(e, ret_why, TRI_YES, "the s390 IOMMU driver always answers yes");
	case IOMMU_KIND_OTHER:
		*ret_why = unknown_driver(e, dev, "interrupt_remapping");
		return TRI_UNKNOWN;
	default:
		return say(e, ret_why, TRI_NO, "this IOMMU driver always answers no");
	}
}

/* The bus has one answer for all its devices, the driver's: yes when an assumption gives it to one device,
 * no when assumptions deny it to all. */
static enum tristate bus_by_assumption(struct eval *e, const char **ret_why)
{
	size_t said_no = 0, silent = 0;

	if (!e->assumptions || !e->assumptions->nr)
		return TRI_UNKNOWN;
	for (size_t i = 0; i < e->assumptions->nr; i++) {
		const struct assumption *as = &e->assumptions->items[i];
		if (strcmp(as->key, "interrupt_remapping") != 0)
			continue;
		const struct device *dev = assumption_device(e->host, as);
		/* A device of another IOMMU driver says nothing about this one. */
		if (dev && dev->iommu && e->dev->iommu && dev->iommu->kind != e->dev->iommu->kind)
			continue;
		if (strcmp(as->value, "1") == 0) {
			e->assumed = true;
			eval_cite(e, &as->fact);
			return say(e, ret_why, TRI_YES, "assumed for a device of the bus");
		}
	}
	for (size_t i = 0; i < e->host->nr_devices; i++) {
		const struct device *dev = e->host->devices[i];
		if (!dev->iommu || dev->iommu != e->dev->iommu)
			continue;
		if (eval_assumed_bool(e, dev, "interrupt_remapping") == TRI_NO)
			said_no++;
		else
			silent++;
	}
	if (said_no && !silent)
		return say(e, ret_why, TRI_NO, "assumed for all devices of the bus");
	return TRI_UNKNOWN;
}

/* Of each bus, the first of each kind; behind the kinds, of any. */
static const struct device **find_served(const struct host *h, struct arena *a)
{
	const struct device **ret =
		arena_array(a, (size_t)NR_BUSES * (NR_IOMMU_KINDS + 1), sizeof(*ret));

	for (size_t i = h->nr_devices; i-- > 0;) {
		const struct device *d = h->devices[i];
		const struct device **row = ret + (size_t)d->bus * (NR_IOMMU_KINDS + 1);

		if (d->iommu)
			row[d->iommu->kind] = row[NR_IOMMU_KINDS] = d;
	}
	return ret;
}

const struct device *eval_first_served(struct eval *e)
{
	size_t kind = e->dev->iommu ? e->dev->iommu->kind : NR_IOMMU_KINDS;
	const struct device **served = e->memo ? e->memo->served : NULL;

	if (!served)
		served = find_served(e->host, e->memo ? e->memo->arena : e->arena);
	if (e->memo)
		e->memo->served = served;
	return served[(size_t)e->dev->bus * (NR_IOMMU_KINDS + 1) + kind];
}

enum tristate eval_interrupt_remapping_bus(struct eval *e, const char **ret_why)
{
	enum tristate assumed = bus_by_assumption(e, ret_why);
	const struct device *dev = eval_first_served(e);

	if (assumed != TRI_UNKNOWN)
		return assumed;
	if (e->view == VIEW_IF_BOUND && eval_coming_iommu(e, e->dev))
		return eval_interrupt_remapping(e, e->dev, ret_why);
	/* The operations of the bus answer, whether or not this device has an instance. */
	if (dev) {
		const struct assumptions *overlay = e->assumptions;
		enum tristate answer;

		/* An assumption about one device does not decide for the bus. */
		e->assumptions = NULL;
		answer = eval_interrupt_remapping(e, dev, ret_why);
		e->assumptions = overlay;
		return answer;
	}
	return say(e, ret_why, TRI_UNKNOWN, "no device of the bus with an IOMMU was found");
}
