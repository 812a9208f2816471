/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a group gets no address space: no backend, no such type, mixed buses, no domain, no addresses. */
#include <errno.h>
#include <string.h>

#include "model/iova.h"
#include "model/rules.h"

static const struct rule_site type1_module_sites[] = {
	{ ALWAYS, C, OP_SET_IOMMU, ENODEV, 0, "drivers/vfio/container.c: vfio_ioctl_set_iommu()" },
};

/* linux: drivers/vfio/vfio.c, container.c: vfio_ioctl_set_iommu(). */
static void rule_type1_module(struct eval *e)
{
	enum module_state state = eval_module(e, MODULE_VFIO_IOMMU_TYPE1);

	if (e->view == VIEW_IF_BOUND && eval_load_barred(e, MODULE_VFIO_IOMMU_TYPE1))
		return;
	switch (state) {
	case MODULE_STATE_LOADED:
	case MODULE_STATE_BUILTIN:
		eval_passes(e, "vfio_iommu_type1 is there");
		return;
	case MODULE_STATE_LOADABLE:
		eval_refuses(e,
			     "module vfio_iommu_type1 is not loaded; vfio-pci loads it only through a soft dependency of modprobe");
		eval_propose_load(e, MODULE_VFIO_IOMMU_TYPE1, "");
		return;
	case MODULE_STATE_ABSENT:
		if (eval_container_provider(e) == PROVIDER_UNKNOWN) {
			eval_unknown(e,
				     "this kernel has no vfio_iommu_type1; cannot tell whether iommufd provides /dev/vfio/vfio instead (CONFIG_IOMMUFD_VFIO_CONTAINER)");
			return;
		}
		if (trait_lacks(e, TRAIT_IOMMUFD) && eval_compat_is_built(e)) {
			eval_passes(e,
				    "iommufd replaces type1 here, but a kernel of that age needs type1");
			return;
		}
		eval_refuses(e, "this kernel has no module vfio_iommu_type1");
		eval_propose_install(e, MODULE_VFIO_IOMMU_TYPE1);
		return;
	default:
		eval_unknown(e, "cannot tell whether module vfio_iommu_type1 exists");
	}
}

static const struct rule_site container_type_sites[] = {
	{ ALWAYS, N, OP_SET_IOMMU, ENODEV, 5,
	  "drivers/vfio/container.c: vfio_iommu_driver_allowed()" },
	{ FROM(WITHOUT_NESTING), C, OP_SET_IOMMU, ENODEV, 5,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_type1_check_extension()" },
	{ FROM(IOMMUFD), X, OP_SET_IOMMU, EINVAL, 5,
	  "drivers/iommu/iommufd/vfio_compat.c: iommufd_vfio_set_iommu()" },
};

static void rule_container_type(struct eval *e)
{
	if (e->path == PATH_NOIOMMU) {
		eval_cite(e, &e->host->params[PARAM_VFIO_NOIOMMU].value);
		eval_refuses(e, "a group in no-IOMMU mode accepts only the no-IOMMU type");
		eval_remedy(e, "leave out --type");
		return;
	}
	if (eval_container_type(e) != CONTAINER_NESTING) {
		eval_passes(e, "both versions of type1 exist");
		return;
	}
	if (e->site->paths & (1U << PATH_COMPAT)) {
		eval_cite(e, &e->host->iommu_node.stat);
		eval_refuses(e, "iommufd provides the container and has no nesting type");
		eval_remedy(e, "leave out --type=nesting: nested tables are allocated in iommufd");
		return;
	}
	eval_module(e, MODULE_VFIO_IOMMU_TYPE1);
	eval_refuses(e, "type1 has no nesting type since Linux 6.13");
	eval_remedy(e, "leave out --type=nesting: nested tables are allocated in iommufd");
}

/* To 5.13 certain; then the driver lost its check, and in 5.18 the whole of it.
 * linux: drivers/iommu/intel/iommu.c: intel_iommu_domain_set_attr(), nested_mode_support(): every
 * unit is in scalable mode and has nested translation (ecap bit 26). */
static void intel_nesting(struct eval *e)
{
	if (trait_holds(e, TRAIT_VTD_WITHOUT_NESTING) == TRI_YES) {
		eval_refuses(e, "the driver of VT-d has no nesting since Linux 5.18");
		return;
	}
	for (size_t i = 0; i < e->host->nr_iommus && trait_lacks(e, TRAIT_NESTING_BY_DRIVER); i++) {
		const struct iommu_unit *unit = e->host->iommus[i];

		if (unit->kind != IOMMU_KIND_INTEL)
			continue;
		eval_cite(e, &unit->ecap_fact);
		if (iova_may_be_scalable(e, unit) && (!unit->has_ecap || (unit->ecap >> 26 & 1)))
			continue;
		e->err = ENODEV;
		eval_refuses(e,
			     "%s is not in scalable mode, or has no nested translation (ecap bit 26)",
			     unit->name);
		return;
	}
	eval_unknown(e,
		     "whether the driver of VT-d accepts nesting: it wants scalable mode and nested translation, and releases differ");
}

static const struct rule_site nesting_driver_sites[] = {
	{ UNTIL(NESTING_BY_DRIVER), C, OP_SET_IOMMU, EINVAL, 30,
	  "drivers/iommu/iommu.c: iommu_domain_set_attr()" },
	{ SPAN(NESTING_BY_DRIVER, WITHOUT_NESTING), C, OP_SET_IOMMU, EINVAL, 30,
	  "drivers/iommu/iommu.c: iommu_enable_nesting()" },
};

static void rule_nesting_driver(struct eval *e)
{
	if (eval_container_type(e) != CONTAINER_NESTING) {
		eval_passes(e, "the nesting type is not asked for");
		return;
	}
	if (!rule_has_real_group(e))
		return;
	switch (eval_iommu_kind(e, e->dev)) {
	case IOMMU_KIND_INTEL:
		intel_nesting(e);
		break;
	case IOMMU_KIND_SMMU:
	case IOMMU_KIND_SMMU_V3:
		eval_passes(e, "the driver of SMMUs has the nesting type");
		break;
	case IOMMU_KIND_AMD:
	case IOMMU_KIND_VIRTIO:
	case IOMMU_KIND_S390:
	case IOMMU_KIND_DART:
	case IOMMU_KIND_RISCV:
		eval_refuses(e, "the driver of IOMMU %s has no nesting, only that of SMMUs does",
			     eval_iommu_name(e->dev));
		break;
	default:
		eval_unknown(e, "the answers of the driver of IOMMU %s are unknown",
			     eval_iommu_name(e->dev));
	}
	if (e->ruling != RULING_PASSES)
		eval_remedy(e, "leave out --type=nesting");
}

static const struct rule_site mixed_bus_sites[] = {
	{ UNTIL(DEVICE_CAPABLE), C, OP_SET_IOMMU, EINVAL, 10,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_bus_type()" },
};

static unsigned int is_on_other_bus(struct eval *e, const struct device *member)
{
	return strcmp(eval_get_member(e, 0)->bus_name, member->bus_name) ? TRI_YES : TRI_NO;
}

/* linux: drivers/vfio/vfio_iommu_type1.c: vfio_bus_type(), to 5.19. */
static void rule_mixed_bus(struct eval *e)
{
	const struct device *first = eval_get_member(e, 0), *member;
	struct survey members;

	if (!rule_has_real_group(e))
		return;
	eval_survey(e, is_on_other_bus, &members);
	member = members.first[TRI_YES];
	if (member) {
		eval_members_complete(e);
		/* Neither is a PCI device, and one could not be followed to its bus. */
		if (member->bus == BUS_OTHER && first->bus != BUS_PCI &&
		    !strcmp(member->bus_name, "unknown")) {
			eval_unknown(e, "the bus of %s, a member of the group, could not be read",
				     member->name);
			return;
		}
		eval_refuses(e,
			     "%s is on bus %s and %s on bus %s, and this kernel requires one bus per group",
			     first->name, first->bus_name, member->name, member->bus_name);
		eval_remedy(e, "use Linux 6.0 or later, which asks devices and not buses");
		return;
	}
	if (eval_members_complete(e))
		eval_passes(e, "all devices of the group are on bus %s", first->bus_name);
	else
		eval_unknown(e, "the devices of the group of %s could not be listed", e->dev->name);
}

/* The bus has one answer for all its devices, and none when two drivers serve them; answers then. */
static bool drivers_compete(struct eval *e)
{
	const struct iommu_unit *own = e->dev->iommu;

	if (e->site->err != EIO || trait_holds(e, TRAIT_DRIVERS_COEXIST) != TRI_YES || !own)
		return false;
	for (size_t i = 0; i < e->host->nr_devices; i++) {
		const struct device *other = e->host->devices[i];

		if (other->bus != e->dev->bus || !other->iommu || other->iommu->kind == own->kind)
			continue;
		eval_cite(e, &other->iommu_link);
		eval_refuses(e,
			     "IOMMUs of two drivers, %s and %s, serve bus %s, and this kernel gives none of its devices a domain then",
			     own->name, other->iommu->name, e->dev->bus_name);
		eval_remedy(e, "turn one of the IOMMUs off, or use a kernel from 6.11 on");
		return true;
	}
	return false;
}

static const struct rule_site domain_alloc_sites[] = {
	{ UNTIL(DOMAIN_ERRNO), C, OP_SET_IOMMU, EIO, 20,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_type1_attach_group()" },
	{ FROM(DOMAIN_ERRNO), C, OP_SET_IOMMU, ENODEV, 20,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_domain_alloc()" },
};

static unsigned int gives_domain(struct eval *e, const struct device *member)
{
	enum tristate has = eval_has_iommu(e, member);

	/* The bus has iommu_ops as soon as one of its devices has an IOMMU. */
	return has == TRI_NO && e->site->err == EIO ? eval_bus_has_iommu(e, member) : has;
}

/* The domain comes from the device that joined the group first, whichever that is; until 5.19 from
 * the bus. linux: vfio_iommu_type1.c: vfio_iommu_domain_alloc(). */
static void rule_domain_alloc(struct eval *e)
{
	struct survey members;

	if (!rule_has_real_group(e) || drivers_compete(e))
		return;
	eval_survey(e, gives_domain, &members);
	const struct device *unsure = members.first[TRI_UNKNOWN];
	const struct device *lacks = unsure ? unsure : members.first[TRI_NO];
	if (!lacks) {
		eval_passes(e, "an IOMMU gives the group its domain");
	} else if (!members.first[TRI_YES] && !unsure) {
		eval_refuses(e,
			     "no device of the group of %s has an IOMMU that could give it a domain",
			     e->dev->name);
		eval_remedy(e, "look in the kernel log why the IOMMU driver rejected %s",
			    lacks->name);
	} else {
		eval_unknown(e,
			     "cannot tell whether the device that the kernel asks on behalf of the group has an IOMMU; %s may have none",
			     lacks->name);
	}
}

static const struct rule_site iova_empty_sites[] = {
	{ ALWAYS, C, OP_SET_IOMMU, EINVAL, 50,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_resv_exclude()" },
};

/* linux: vfio_iommu_type1.c: vfio_iommu_resv_exclude() makes -EINVAL of an empty list. */
static void rule_iova_empty(struct eval *e)
{
	struct iova_prediction iova;

	if (!rule_has_real_group(e))
		return;
	if (e->dev->group)
		eval_cite(e, &e->dev->group->reserved_regions);
	/* Where nothing is reserved it does not matter what the IOMMU can reach. */
	bool free = e->silent && e->dev->group && !e->dev->group->regions_err &&
		    !e->dev->group->nr_regions;
	if (!free)
		iova_predict(e, &iova);
	if (free || (iova.answer == ANSWER_YES ? iova.nr_ranges : iova_lowest_is_free(e))) {
		eval_passes(e, "the reserved regions leave addresses to map");
	} else if (iova.answer == ANSWER_YES) {
		eval_refuses(e, "the reserved regions of the group of %s leave no address to map",
			     e->dev->name);
		eval_remedy(e,
			    "no setting helps: the firmware reserves all that the IOMMU can reach");
	} else {
		eval_unknown(e, "cannot tell whether an address is left to map: %s", iova.because);
	}
}

static const struct rule_site noiommu_compat_sites[] = {
	{ SPAN(IOMMUFD, COMPAT_NOIOMMU), N, OP_SET_IOMMU, EINVAL, 10,
	  "drivers/iommu/iommufd/vfio_compat.c: iommufd_vfio_set_iommu()" },
};

static void rule_noiommu_compat(struct eval *e)
{
	switch (eval_container_provider(e)) {
	case PROVIDER_TYPE1:
		eval_passes(e, "iommufd does not serve /dev/vfio/vfio");
		return;
	case PROVIDER_IOMMUFD:
		eval_refuses(e,
			     "iommufd serves /dev/vfio/vfio, and takes no group of no-IOMMU mode in this kernel");
		break;
	default:
		eval_unknown(e, "cannot tell whether type1 or iommufd provides /dev/vfio/vfio");
	}
	eval_remedy(e, "use a kernel from 6.3 on, or one built with CONFIG_VFIO_CONTAINER");
}

static const struct rule rules[] = {
	{ "type1-module", "the container has no backend: vfio_iommu_type1 is missing",
	  SITES(type1_module_sites), rule_type1_module, "modprobe vfio_iommu_type1" },
	{ "container-type", "the container has no such type", SITES(container_type_sites),
	  rule_container_type, "ask for another type", .type = true },
	{ "nesting-driver", "the IOMMU driver has no nesting type", SITES(nesting_driver_sites),
	  rule_nesting_driver, "leave out the nesting type", .type = true },
	{ "mixed-bus", "the group spans two buses", SITES(mixed_bus_sites), rule_mixed_bus,
	  "use Linux 6.0 or later" },
	{ "domain-alloc", "no IOMMU gives the group a domain", SITES(domain_alloc_sites),
	  rule_domain_alloc, "look into the kernel log" },
	{ "iova-empty", "no address is left to map", SITES(iova_empty_sites), rule_iova_empty,
	  "no setting helps" },
	{ "noiommu-compat", "iommufd behind the container takes no no-IOMMU group",
	  SITES(noiommu_compat_sites), rule_noiommu_compat, "use a kernel from 6.3 on" },
};

const struct rule_table rules_container = RULE_TABLE(rules);
