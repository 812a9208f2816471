/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Modules and their parameters. FAKE_MODULE is an object file that stands for a module. */
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "facts/load.h"
#include "btf-bytes.h"
#include "scene.h"

#define RELEASE "6.1.0-test"
#define MODULES "lib/modules/" RELEASE

enum { MODULE_MAX = 16384 };

static const struct scope scope = { HOST_KERNEL | HOST_MODULES | HOST_SYMBOLS | HOST_KALLSYMS,
				    DEVICE_BASE, 0 };

static void make_kernel(const struct tree *x)
{
	tree_dir(x, "sys/bus/pci/devices");
	tree_put(x, "proc/sys/kernel/osrelease", RELEASE "\n");
	tree_put(x, "proc/cmdline", "ro quiet\n");
}

/* The length of the module in @content. */
static size_t read_module(char content[static MODULE_MAX])
{
	int fd = open(FAKE_MODULE, O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, content, MODULE_MAX);

	assert_true(fd >= 0 && len > 0 && len < MODULE_MAX);
	close(fd);
	return (size_t)len;
}

static void put_module(const struct tree *x, const char *path)
{
	char content[MODULE_MAX];

	tree_put_bytes(x, path, content, read_module(content));
}

/* ---- aliases ---- */

static void put_variant(const struct tree *x, const char *name, const char *alias)
{
	static const char placeholder[] = "alias=vfio_pci:v0000FFFF";
	char content[MODULE_MAX], *at;
	size_t len = read_module(content);

	at = memmem(content, len, placeholder, sizeof(placeholder) - 1);
	assert_non_null(at);
	memset(at, 0, 80);
	snprintf(at, 80, "alias=%s", alias);
	tree_put_bytes(x, arena_printf(x->arena, MODULES "/kernel/drivers/vfio/pci/%s.ko", name),
		       content, len);
}

/* The index as a host has it; false without depmod(8). */
static bool make_index(const struct tree *x)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		execlp("depmod", "depmod", "-b", x->root, RELEASE, NULL);
		execl("/sbin/depmod", "depmod", "-b", x->root, RELEASE, NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return !WEXITSTATUS(status);
}

static void variants_are(struct tree *x, const char *config, const char *wanted)
{
	static const struct scope details = { HOST_KERNEL | HOST_MODULES,
					      DEVICE_BASE | DEVICE_DETAILS, 0 };
	static const char *const target[] = { "0000:00:04.0", NULL };
	struct host *h;

	make_kernel(x);
	tree_put(x, "sys/bus/pci/devices/0000:00:04.0/uevent",
		 "PCI_CLASS=20000\nPCI_ID=1AF4:1041\nPCI_SUBSYS_ID=1AF4:1100\n"
		 "MODALIAS=pci:v00001AF4d00001041sv00001AF4sd00001100bc02sc00i00\n");
	tree_put(x, "etc/modprobe.d/test.conf", config);
	put_variant(x, "aaa_vfio_pci", "vfio_pci:v00001AF4d*sv*sd*bc*sc*i*");
	put_variant(x, "vfio-pci", "vfio_pci:v*d*sv*sd*bc*sc*i*");
	put_variant(x, "zzz_vfio_pci", "vfio_pci:v00001AF4d00001041sv*sd*bc*sc*i*");
	put_variant(x, "other_vfio_pci", "vfio_pci:v00001AF4d00001042sv*sd*bc*sc*i*");
	if (!make_index(x))
		skip();
	h = tree_load(x, x->sysroot, &details, (const char **)target);
	assert_int_equal(h->devices[0]->vfio_alias.state, FACT_PRESENT);
	assert_string_equal(h->devices[0]->vfio_alias.raw, wanted);
}

static void test_alias_of_fewest_wildcards_first(struct tree *x)
{
	variants_are(x, "", "zzz_vfio_pci\naaa_vfio_pci\nvfio_pci");
}

static void test_alias_of_a_module_on_a_blacklist(struct tree *x)
{
	variants_are(x, "blacklist zzz_vfio_pci\n", "aaa_vfio_pci\nvfio_pci");
}

/* ---- state ---- */

static void test_module_states(struct tree *x)
{
	const struct module *m;
	struct host *h;

	make_kernel(x);
	tree_put(x, "sys/module/vfio/initstate", "live\n");
	tree_put(x, "sys/module/vfio_pci/parameters/nointxmask", "N\n");
	tree_put(x, MODULES "/modules.builtin", "kernel/drivers/iommu/virtio-iommu.ko\n");
	tree_put(x, MODULES "/kernel/drivers/vfio/mdev/mdev.ko.xz", "");
	tree_put(x, MODULES "/kernel/drivers/vfio/vfio_iommu_type1.ko.txt", "");
	h = tree_load(x, x->sysroot, &scope, NULL);
	m = h->modules;
	assert_int_equal(m[MODULE_VFIO].state, MODULE_STATE_LOADED);
	assert_int_equal(m[MODULE_VFIO_PCI].state, MODULE_STATE_BUILTIN);
	assert_int_equal(m[MODULE_VIRTIO_IOMMU].state, MODULE_STATE_BUILTIN);
	assert_int_equal(m[MODULE_MDEV].state, MODULE_STATE_LOADABLE);
	assert_string_equal(m[MODULE_MDEV].file,
			    "/" MODULES "/kernel/drivers/vfio/mdev/mdev.ko.xz");
	assert_non_null(strstr(m[MODULE_MDEV].kmod.raw, "index=none"));
	assert_int_equal(m[MODULE_VFIO_IOMMU_TYPE1].state, MODULE_STATE_ABSENT);
	assert_null(m[MODULE_VFIO_IOMMU_TYPE1].file);
}

static void test_module_without_a_directory(struct tree *x)
{
	struct host *h;

	make_kernel(x);
	h = tree_load(x, x->sysroot, &scope, NULL);
	assert_int_equal(h->modules[MODULE_VFIO].kmod.state, FACT_ABSENT);
	/* Built in, it would show itself: it has parameters. */
	assert_int_equal(h->modules[MODULE_VFIO_IOMMU_TYPE1].state, MODULE_STATE_ABSENT);
	/* This one would not. */
	assert_int_equal(h->modules[MODULE_VIRTIO_IOMMU].state, MODULE_STATE_UNKNOWN);
	tree_put(x, "boot/config-" RELEASE, "CONFIG_VIRTIO_IOMMU=y\nCONFIG_VFIO_AMBA=m\n");
	h = tree_load(x, x->sysroot, &scope, NULL);
	assert_int_equal(h->modules[MODULE_VIRTIO_IOMMU].state, MODULE_STATE_BUILTIN);
	assert_int_equal(h->modules[MODULE_VFIO_AMBA].state, MODULE_STATE_ABSENT);
	assert_int_equal(h->modules[MODULE_VFIO_CDX].state, MODULE_STATE_ABSENT);
}

/* A container has the host's /proc and /sys, and none of its module files. */
static void test_module_in_a_container(struct tree *x)
{
	struct host *h;

	make_kernel(x);
	tree_put(x, "proc/modules", "");
	h = tree_load(x, x->sysroot, &scope, NULL);
	assert_int_equal(h->modules[MODULE_VFIO_PCI].state, MODULE_STATE_ABSENT);
	tree_put(x, "proc/modules", "ext4 1069056 2 - Live 0x0000000000000000\n");
	h = tree_load(x, x->sysroot, &scope, NULL);
	assert_int_equal(h->modules[MODULE_VFIO_PCI].kmod.state, FACT_ABSENT);
	assert_int_equal(h->modules[MODULE_VFIO_PCI].state, MODULE_STATE_UNKNOWN);
	tree_put(x, "proc/config.gz", "no gzip\n");
	tree_put(x, "boot/config-" RELEASE, "CONFIG_VFIO_PCI=m\n");
	h = tree_load(x, x->sysroot, &scope, NULL);
	assert_int_equal(h->modules[MODULE_VFIO_PCI].state, MODULE_STATE_UNKNOWN);
	/* What is not mentioned was not built. */
	assert_int_equal(h->modules[MODULE_VFIO_CDX].state, MODULE_STATE_ABSENT);
}

static void test_module_of_an_unknown_release(struct tree *x)
{
	struct host *h;

	make_kernel(x);
	tree_remove(x, "proc/sys/kernel/osrelease");
	h = tree_load(x, x->sysroot, &scope, NULL);
	assert_int_equal(h->kernel.release.state, FACT_ABSENT);
	assert_int_equal(h->modules[MODULE_VFIO].kmod.state, FACT_UNREAD);
	assert_int_equal(h->modules[MODULE_VFIO].state, MODULE_STATE_UNKNOWN);
	assert_int_equal(module_imports(&h->modules[MODULE_VFIO], "iommu_capable"), TRI_UNKNOWN);
	tree_put(x, "proc/sys/kernel/osrelease", "../../../..\n");
	h = tree_load(x, x->sysroot, &scope, NULL);
	assert_int_equal(h->kernel.release.err, EBADMSG);
}

/* ---- symbols ---- */

static void test_module_symbols_of_the_file(struct tree *x)
{
	const struct module *m;
	struct host *h;

	make_kernel(x);
	put_module(x, MODULES "/kernel/drivers/vfio/vfio_iommu_type1.ko");
	put_module(x, MODULES "/kernel/drivers/vfio/vfio.ko");
	tree_put(x, "proc/kallsyms", "0 T iommu_capable\n");
	h = tree_load(x, x->sysroot, &scope, NULL);
	m = &h->modules[MODULE_VFIO_IOMMU_TYPE1];
	assert_true(m->symbols_known);
	assert_int_equal(module_imports(m, "device_iommu_capable"), TRI_YES);
	assert_int_equal(module_imports(m, "iommu_group_has_isolated_msi"), TRI_YES);
	assert_int_equal(module_imports(m, "iommu_capable"), TRI_NO);
	assert_int_equal(module_imports(m, "pin_user_pages_remote"), TRI_UNKNOWN);
	assert_int_equal(module_exports(m, "vfio_fake_export"), TRI_YES);
	assert_int_equal(module_exports(m, "vfio_iommu_nothing"), TRI_NO);
	/* The files told enough. */
	assert_int_equal(h->kernel.kallsyms.state, FACT_UNREAD);
}

static void test_module_that_is_no_module(struct tree *x)
{
	const struct module *m;
	struct host *h;

	make_kernel(x);
	tree_put(x, MODULES "/kernel/drivers/vfio/vfio_iommu_type1.ko", "this is text");
	tree_put(x, MODULES "/kernel/drivers/vfio/vfio.ko", "");
	tree_put(x, "proc/kallsyms",
		 "0000000000000000 T iommu_group_claim_dma_owner\n"
		 "0000000000000000 t iommu_capable.cold\n"
		 "garbage\n"
		 "0000000000000000 t vfio_df_ioctl_bind_iommufd\t[vfio]\n");
	h = tree_load(x, x->sysroot, &scope, NULL);
	m = &h->modules[MODULE_VFIO_IOMMU_TYPE1];
	assert_int_equal(m->symbols.state, FACT_FAILED);
	assert_false(m->symbols_known);
	assert_int_equal(module_imports(m, "iommu_capable"), TRI_UNKNOWN);
	assert_string_equal(h->kernel.kallsyms.raw,
			    "iommu_group_claim_dma_owner\nvfio_df_ioctl_bind_iommufd");
	assert_int_equal(kernel_has_symbol(&h->kernel, "iommu_group_claim_dma_owner"), TRI_YES);
	assert_int_equal(kernel_has_symbol(&h->kernel, "iommu_capable"), TRI_NO);
	assert_int_equal(kernel_has_symbol(&h->kernel, "printk"), TRI_UNKNOWN);
}

/* Over this one libkmod ends its process by an assertion. */
static void test_module_with_a_broken_header(struct tree *x)
{
	unsigned char elf[128] = { 0x7f, 'E',       'L',       'F',       2,        1,
				   1,    [40] = 64, [52] = 64, [58] = 64, [60] = 1, [62] = 9 };
	struct host *h;
	int fd;

	make_kernel(x);
	tree_put(x, MODULES "/kernel/drivers/vfio/vfio_iommu_type1.ko", "");
	fd = openat(x->fd, MODULES "/kernel/drivers/vfio/vfio_iommu_type1.ko",
		    O_WRONLY | O_CLOEXEC);
	assert_int_equal(write(fd, elf, sizeof(elf)), sizeof(elf));
	close(fd);
	h = tree_load(x, x->sysroot, &scope, NULL);
	assert_int_equal(h->modules[MODULE_VFIO_IOMMU_TYPE1].symbols.state, FACT_FAILED);
	assert_int_equal(h->modules[MODULE_VFIO_IOMMU_TYPE1].symbols.err, EBADMSG);
}

/* The kernel's own and those of its loaded modules; kallsyms waits until somebody asks. */
static void test_module_btf(struct tree *x)
{
	static const struct scope cheap = { HOST_SYMBOLS, DEVICE_BASE, 0 };
	struct btf_bytes kernel, vfio;
	struct span bytes;
	struct host *h;

	make_kernel(x);
	tree_put(x, "proc/kallsyms", "0 T iommu_capable\n");
	btf_begin(&kernel);
	btf_function(&kernel, "iommu_group_claim_dma_owner");
	btf_function(&kernel, "printk");
	bytes = btf_end(&kernel);
	tree_put_bytes(x, "sys/kernel/btf/vmlinux", bytes.s, bytes.len);
	btf_begin(&vfio);
	btf_type(&vfio, BTF_KIND_FUNC,
		 (uint32_t)kernel.nr_strings + btf_string(&vfio, "vfio_df_ioctl_bind_iommufd"), 0,
		 0);
	bytes = btf_end(&vfio);
	tree_put_bytes(x, "sys/kernel/btf/vfio", bytes.s, bytes.len);
	tree_put_bytes(x, "sys/kernel/btf/iommufd", "nonsense", 8);
	h = tree_load(x, x->sysroot, &cheap, NULL);
	assert_text(h->kernel.btf, "iommu_group_claim_dma_owner\nvfio_df_ioctl_bind_iommufd");
	assert_int_equal(kernel_has_symbol(&h->kernel, "iommu_capable"), TRI_NO);
	assert_int_equal(h->kernel.kallsyms.state, FACT_UNREAD);
	assert_true(host_wants_kallsyms(h));
	host_load_kallsyms(x->sysroot, h);
	assert_int_equal(kernel_has_symbol(&h->kernel, "iommu_capable"), TRI_YES);
	assert_false(host_wants_kallsyms(h));
	tree_put_bytes(x, "sys/kernel/btf/vmlinux", "nonsense", 8);
	h = tree_load(x, x->sysroot, &cheap, NULL);
	assert_refused(h->kernel.btf, FACT_FAILED, EBADMSG);
	assert_int_equal(kernel_has_symbol(&h->kernel, "iommu_capable"), TRI_UNKNOWN);
}

static void test_module_symbols_only_when_asked(struct tree *x)
{
	struct host *h;

	make_kernel(x);
	put_module(x, MODULES "/kernel/drivers/vfio/vfio.ko");
	h = tree_load(x, x->sysroot, &(struct scope){ HOST_MODULES, DEVICE_BASE, 0 }, NULL);
	assert_int_equal(h->modules[MODULE_VFIO].state, MODULE_STATE_LOADABLE);
	assert_int_equal(h->modules[MODULE_VFIO].symbols.state, FACT_UNREAD);
	assert_int_equal(h->kernel.btf.state, FACT_UNREAD);
	assert_int_equal(h->kernel.kallsyms.state, FACT_UNREAD);
	assert_false(host_wants_kallsyms(h));
}

/* ---- parameters ---- */

static void test_param_now_and_when_it_loads(struct tree *x)
{
	const struct param *p;
	struct host *h;

	make_kernel(x);
	tree_dir(x, MODULES);
	tree_put(x, "sys/module/iommufd/parameters/allow_unsafe_interrupts", "Y\n");
	tree_put(x, "etc/modprobe.d/a.conf",
		 "options vfio-iommu-type1 allow_unsafe_interrupts=0 dma_entry_limit=7\n"
		 "options vfio_pci disable_idle_d3\n"
		 "softdep vfio-pci pre: vfio_iommu_type1\nblacklist vfio_amba\n"
		 "install vfio_cdx /bin/false\n");
	tree_put(x, "etc/modprobe.d/b.conf",
		 "options vfio_iommu_type1 allow_unsafe_interrupts=1\n");
	tree_put(x, "proc/cmdline", "vfio-pci.disable_idle_d3=N vfio.enable_unsafe_noiommu_mode\n");
	h = tree_load(x, x->sysroot, &scope, NULL);
	p = h->params;
	assert_string_equal(p[PARAM_IOMMUFD_ALLOW_UNSAFE_INTERRUPTS].value.raw, "Y");
	assert_int_equal(p[PARAM_TYPE1_ALLOW_UNSAFE_INTERRUPTS].value.state, FACT_ABSENT);
	assert_string_equal(p[PARAM_TYPE1_ALLOW_UNSAFE_INTERRUPTS].configured.raw, "1");
	assert_string_equal(p[PARAM_TYPE1_DMA_ENTRY_LIMIT].configured.raw, "7");
	assert_string_equal(p[PARAM_VFIO_PCI_DISABLE_IDLE_D3].configured.raw, "N");
	assert_string_equal(p[PARAM_VFIO_PCI_DISABLE_IDLE_D3].configured.path, "/proc/cmdline");
	assert_string_equal(p[PARAM_VFIO_NOIOMMU].configured.raw, "Y");
	assert_int_equal(p[PARAM_VFIO_PCI_NOINTXMASK].configured.state, FACT_ABSENT);
	assert_non_null(strstr(h->modules[MODULE_VFIO_PCI].kmod.raw,
			       "softdep=pre: vfio_iommu_type1"));
	assert_non_null(strstr(h->modules[MODULE_VFIO_AMBA].kmod.raw, "blacklist=yes"));
	assert_non_null(strstr(h->modules[MODULE_VFIO_CDX].kmod.raw, "install=/bin/false"));
}

static void test_param_that_nothing_can_tell(struct tree *x)
{
	struct host *h;

	make_kernel(x);
	tree_remove(x, "proc/cmdline");
	h = tree_load(x, x->sysroot, &scope, NULL);
	assert_int_equal(h->params[PARAM_VFIO_NOIOMMU].configured.state, FACT_UNREAD);
}
