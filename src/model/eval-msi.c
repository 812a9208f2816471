/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether message interrupts are isolated: the MSI domains of the machine, up to 6.2, and of a device, from 6.3. */
#include <string.h>

#include "model/eval.h"

static enum tristate say(const char **ret_why, enum tristate answer, const char *why)
{
	*ret_why = why;
	return answer;
}

static bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* ---- an Arm machine: what is seen, then what its firmware says ---- */

/* Chips of MSI domains that check nothing. GICv2m and MBI, and the MSI controllers of PCIe host bridges,
 * call theirs plainly MSI to 6.2; an ITS has its own name. linux: drivers/irqchip/irq-gic-v2m.c,
 * irq-gic-v3-mbi.c; drivers/pci/controller/. */
static bool is_unguarded_chip(const char *chip)
{
	return starts_with(chip, "GICv2m") || starts_with(chip, "MBI") ||
	       starts_with(chip, "PCI-MSI") || strcmp(chip, "MSI") == 0 ||
	       strcmp(chip, "pMSI") == 0;
}

/* Every MSI domain of an Arm machine has a chip with MSI in its name, and only those of an ITS begin with it. linux:
 * drivers/irqchip/irq-gic-its-msi-parent.c, drivers/irqchip/irq-gic-v5-its.c. */
static bool is_its_chip(const char *chip)
{
	return starts_with(chip, "ITS-") || starts_with(chip, "GICv5-ITS-");
}

static const char *plain_chip(const struct interrupts *irqs)
{
	for (size_t i = 0; i < irqs->nr_chips; i++)
		if (is_unguarded_chip(irqs->chips[i]) ||
		    (strstr(irqs->chips[i], "MSI") && !is_its_chip(irqs->chips[i])))
			return irqs->chips[i];
	return NULL;
}

static const char *firmware_missing(struct eval *e)
{
	const struct fact *source = e->host->firmware.msi.source;

	eval_cite(e, source);
	if (!source)
		return "neither ACPI tables nor a device tree tell which MSI controllers there are";
	return eval_text(e, "%s tells which MSI controllers there are, and could not be read%s",
			 source->path, source->state == FACT_DENIED ? "; root can" : "");
}

/* The kernel sets no ITS up that it cannot use. linux: drivers/irqchip/irq-gic-v3.c: gic_init_bases(), gicv3_nolpi_cfg(). */
static enum tristate its_is_used(struct eval *e, const char **ret_why)
{
	const struct interrupts *irqs = &e->host->interrupts;
	const char *value, *log = fact_is(&irqs->dmesg) ? irqs->dmesg.raw : NULL;

	for (size_t i = 0; i < irqs->nr_chips; i++)
		if (is_its_chip(irqs->chips[i])) {
			eval_cite(e, &irqs->proc);
			return TRI_YES;
		}
	if (eval_cmdline(e, "irqchip.gicv3_nolpi", &value) && value && strchr("1yYoO", *value) &&
	    strcmp(value, "off") != 0)
		return say(ret_why, TRI_NO, "the kernel command line has irqchip.gicv3_nolpi");
	if (!log || (!strstr(log, "SPIs implemented") && !strstr(log, "ITS [mem")))
		return TRI_UNKNOWN;
	eval_cite(e, &irqs->dmesg);
	if (strstr(log, "ITS [mem") && !strstr(log, "No ITS available"))
		return TRI_YES;
	return say(ret_why, TRI_NO, "the kernel log shows no ITS in use");
}

/* Without any MSI domain there is nothing that does not remap. */
static enum tristate remapped_everywhere_on_arm(struct eval *e, const char **ret_why)
{
	const struct interrupts *irqs = &e->host->interrupts;
	const struct msi_controllers *msi = &e->host->firmware.msi;
	const char *chip = plain_chip(irqs);

	eval_cite(e, &irqs->proc);
	if (chip) {
		*ret_why =
			eval_text(e, "/proc/interrupts shows chip %s, which does not remap", chip);
		return TRI_NO;
	}
	if (!msi->known)
		return say(ret_why, TRI_UNKNOWN, firmware_missing(e));
	eval_cite(e, msi->source);
	if (msi->plain) {
		*ret_why =
			eval_text(e, "the firmware lists MSI controller %s, which does not remap",
				  msi->plain);
		return TRI_NO;
	}
	if (msi->doubtful) {
		*ret_why = eval_text(e, "whether %s has an MSI controller of its own is not known",
				     msi->doubtful);
		return TRI_UNKNOWN;
	}
	return say(ret_why, TRI_YES,
		   msi->nr_its ? "every MSI controller that the firmware lists is an ITS"
			       : "the firmware lists no MSI controller");
}

static enum tristate isolation_on_arm(struct eval *e, const struct device *dev,
				      const char **ret_why)
{
	const struct firmware *fw = &e->host->firmware;
	const char *why = "";

	if (dev->msi != MSI_UNKNOWN)
		eval_cite(e, fact_is(&fw->iort) ? &fw->iort : fw->msi.source);
	switch (dev->msi) {
	case MSI_ITS:
		if (its_is_used(e, &why) != TRI_NO) {
			*ret_why = eval_text(e, "an ITS isolates the message interrupts of %s",
					     dev->name);
			return TRI_YES;
		}
		*ret_why = eval_text(e, "%s has no MSI domain: %s", dev->name, why);
		return TRI_NO;
	case MSI_PLAIN:
		*ret_why =
			eval_text(e,
				  "the message interrupts of %s go to %s, which does not isolate them",
				  dev->name, dev->msi_name);
		return TRI_NO;
	case MSI_NONE:
		*ret_why = eval_text(e, "%s has no MSI domain", dev->name);
		return TRI_NO;
	default:
		*ret_why =
			eval_text(e, "which MSI controller serves %s is not known: %s", dev->name,
				  fw->msi.known ? "the firmware does not name it"
						: firmware_missing(e));
		return TRI_UNKNOWN;
	}
}

/* ---- MSI remapping of the whole machine, up to 6.2 ---- */

/* linux: kernel/irq/irqdomain.c: irq_domain_check_msi_remap(): walks all domains; one MSI domain
 * that does not remap makes it false. x86 always has a plain PCI-MSI domain. */
enum tristate eval_msi_remapped_everywhere(struct eval *e, const char **ret_why)
{
	switch (eval_machine(e)) {
	case MACHINE_X86:
		if (eval_cmdline(e, "nolapic", NULL) || eval_cmdline(e, "disableapic", NULL))
			return say(ret_why, TRI_UNKNOWN,
				   "without a local APIC this machine may have no MSI domain");
		return say(ret_why, TRI_NO, "x86 has MSI domains that do not remap");
	case MACHINE_S390:
		return say(ret_why, TRI_UNKNOWN, "the MSI domains of s390 are unknown");
	case MACHINE_ARM:
		return remapped_everywhere_on_arm(e, ret_why);
	default:
		return say(ret_why, TRI_UNKNOWN, "the MSI domains of this machine are not known");
	}
}

/* ---- isolated MSI, from 6.3 ---- */

/* linux: kernel/irq/msi.c: msi_device_has_isolated_msi(): the device's own MSI domain and those
 * above it. The chip of one of its interrupts tells which domain that is: of a VMD "VMD-MSI", since
 * 6.17 "VMD-PCI-MSI" with the device's name. */
static enum tristate isolation_by_own_chip(struct eval *e, const struct device *dev,
					   const char **ret_why)
{
	for (size_t i = 0; i < dev->nr_irqs; i++) {
		const struct fact *f = &dev->irqs[i].chip;
		if (!fact_is(f) || !f->raw)
			continue;
		enum tristate answer = TRI_UNKNOWN;
		/* An ITS behind a translator of the board has the same chip. */
		if (starts_with(f->raw, "IR-PCI-MSI") ||
		    (is_its_chip(f->raw) && dev->msi != MSI_PLAIN))
			answer = TRI_YES;
		else if (starts_with(f->raw, "VMD-") || is_unguarded_chip(f->raw))
			answer = TRI_NO;
		if (answer == TRI_UNKNOWN)
			continue;
		eval_cite(e, f);
		*ret_why = eval_text(e, "interrupt %u of %s is served by chip %s", dev->irqs[i].irq,
				     dev->name, f->raw);
		return answer;
	}
	return TRI_UNKNOWN;
}

/* Children of a VMD live in PCI domains from 0x10000 on and may have its MSI domain.
 * linux: drivers/pci/controller/vmd.c: vmd_find_free_domain(). */
static bool may_be_vmd_child(const struct device *dev)
{
	const char *colon = strchr(dev->name, ':');

	return colon && colon - dev->name > 4;
}

static enum tristate isolation_on_x86(struct eval *e, const struct device *dev,
				      const char **ret_why)
{
	enum iommu_kind kind = eval_iommu_kind(e, dev);

	if (kind == IOMMU_KIND_OTHER && dev->iommu) {
		*ret_why =
			eval_text(e,
				  "the unknown driver of IOMMU %s may have given %s its own MSI domain; state it with --assume %s:isolated_msi=1",
				  eval_iommu_name(dev), dev->name, dev->name);
		return TRI_UNKNOWN;
	}
	if (dev->bus != BUS_PCI) {
		*ret_why = eval_text(e, "%s is not a PCI device and has no MSI domain", dev->name);
		return TRI_NO;
	}
	enum tristate on = eval_x86_remapping(e, ret_why);
	if (on != TRI_YES)
		return on;
	/* The remapping drivers give their domain to the devices that they translate for. */
	if (kind != IOMMU_KIND_INTEL && kind != IOMMU_KIND_AMD) {
		*ret_why =
			eval_text(e, "interrupt remapping is on, but %s is not behind its hardware",
				  dev->name);
		return TRI_UNKNOWN;
	}
	if (may_be_vmd_child(dev)) {
		*ret_why =
			eval_text(e,
				  "%s may be behind a VMD with its own MSI domain; enable MSI on it and check its interrupt chip",
				  dev->name);
		return TRI_UNKNOWN;
	}
	return TRI_YES;
}

enum tristate eval_isolated_msi(struct eval *e, const struct device *dev, const char **ret_why)
{
	enum tristate answer = eval_assumed_bool(e, dev, "isolated_msi");

	if (answer != TRI_UNKNOWN)
		return say(ret_why, answer, "assumed");
	/* linux: arch/s390/include/asm/msi.h: arch_is_isolated_msi(); the chip there is called PCI-MSI
	 * too (arch/s390/pci/pci_irq.c: zpci_irq_chip). */
	if (eval_machine(e) == MACHINE_S390)
		return say(ret_why, TRI_YES, "s390 isolates all interrupts");
	answer = isolation_by_own_chip(e, dev, ret_why);
	if (answer != TRI_UNKNOWN)
		return answer;
	switch (eval_machine(e)) {
	case MACHINE_X86:
		return isolation_on_x86(e, dev, ret_why);
	case MACHINE_ARM:
		return isolation_on_arm(e, dev, ret_why);
	default:
		*ret_why =
			eval_text(e,
				  "cannot tell which MSI controller serves %s; enable MSI on it and check its interrupt chip in /sys/kernel/irq",
				  dev->name);
		return TRI_UNKNOWN;
	}
}
