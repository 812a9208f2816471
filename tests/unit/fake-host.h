/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots made by hand, so that the model is tested without a reader. A new host is an x86-64
 * machine with VFIO and iommufd loaded and usable by a caller who is root; it has no device, no
 * IOMMU, no interrupt and no symbol. Everything lives in its arena. */
#pragma once

#include "facts/host.h"
#include "model/predict.h"
#include "model/trait.h"

struct host *fake_host(void);
void fake_free(struct host *h);
/* A host for the life of a test. */
int host_setup(void **state);
int host_teardown(void **state);

struct fact fake_present(struct host *h, const char *path, const char *raw);
struct fact fake_absent(struct host *h, const char *path);
struct fact fake_denied(struct host *h, const char *path);

struct iommu_unit *fake_unit(struct host *h, enum iommu_kind kind, const char *name);
struct group *fake_group(struct host *h, unsigned int id);
/* Devices of a bus come in the order of their names, PCI before the others. @group, @unit and
 * @driver may be NULL: none. */
struct device *fake_pci(struct host *h, const char *name, struct group *group,
			struct iommu_unit *unit, const char *driver);
struct device *fake_device(struct host *h, enum bus bus, const char *bus_name, const char *name,
			   struct group *group, struct iommu_unit *unit, const char *driver);
/* Bound to vfio-pci: also its group's node. */
void fake_bind(struct host *h, struct device *dev, const char *driver);
void fake_unbind(struct host *h, struct device *dev, const char *driver);
void fake_bridge(struct host *h, struct device *dev);
void fake_region(struct host *h, struct group *group, uint64_t start, uint64_t last,
		 enum resv_type type);
/* Distinct interrupt chips, separated by blanks. */
void fake_chips(struct host *h, const char *chips);
void fake_irq(struct host *h, struct device *dev, unsigned int irq, const char *chip);
void fake_module(struct host *h, enum module_id id, enum module_state state);
/* Symbols separated by blanks. */
void fake_symbols(struct host *h, enum module_id id, const char *imports, const char *exports);
void fake_param(struct host *h, enum param_id id, const char *value);
#define ONLY(r) RELEASE_BIT(RELEASE_##r)

/* A kernel that is known by its number only. */
const struct kernels *fake_kernels(struct host *h, uint64_t releases);
/* "CONFIG_X=y" separated by blanks; what is not named is not set. */
void fake_config(struct host *h, const char *lines);
void fake_node(struct host *h, struct node *node, const char *path, unsigned int mode,
	       unsigned int uid);
void fake_node_absent(struct host *h, struct node *node, const char *path);
/* An ordinary user without capabilities. */
void fake_user(struct host *h, unsigned int euid);

/* How containers, groups and device nodes are usually built in. */
#define FAKE_CONFIG "CONFIG_VFIO_CONTAINER=y CONFIG_VFIO_DEVICE_CDEV=y CONFIG_VFIO_GROUP=y"

/* A device alone in its group behind an IOMMU, and what is assumed. */
struct scene {
	struct host *h;
	struct device *d, *other;
	struct group *g;
	struct iommu_unit *u;
	struct assumptions as;
};

/* An empty scene for the life of a test, and its host where the test has made one. */
int scene_setup(void **state);
int scene_teardown(void **state);

/* 0000:01:00.0 on @driver, with FAKE_CONFIG. */
void scene_make(struct scene *s, enum iommu_kind kind, const char *unit, const char *driver);
struct prediction scene_predict(struct scene *s, uint64_t releases);
struct path_prediction scene_ask(struct scene *s, uint64_t releases, enum view view,
				 enum path_kind path);
/* Whatever is no yes has a reason and a next step. */
void scene_expect(struct scene *s, uint64_t releases, enum view view, enum path_kind path,
		  enum answer answer, enum op op, int err);
/* The same after binding, on a kernel of one release. */
#define expect_yes(s, release, path) \
	scene_expect(s, RELEASE_BIT(release), VIEW_IF_BOUND, path, ANSWER_YES, OP_NONE, 0)
#define expect_no(s, release, path, op, err) \
	scene_expect(s, RELEASE_BIT(release), VIEW_IF_BOUND, path, ANSWER_NO, op, err)
#define expect_unknown(s, release, path) \
	scene_expect(s, RELEASE_BIT(release), VIEW_IF_BOUND, path, ANSWER_UNKNOWN, OP_NONE, 0)
