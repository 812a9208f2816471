/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a program gets the interrupt line of a device: shared or not, maskable or not, known or not. */
#include <errno.h>

#include "model/intx.h"
#include "fake-host.h"
#include "scene.h"

static struct device *card(struct host *h, uint16_t vendor, uint16_t id)
{
	struct device *d = fake_pci(h, "0000:01:00.0", fake_group(h, 1), NULL, "vfio-pci");

	d->has_ids = true;
	d->vendor = vendor;
	d->device_id = id;
	return d;
}

static void expect(struct host *h, struct device *d, const char *actions, enum answer answer)
{
	struct intx_prediction p;

	d->irq_actions = fake_present(h, "/sys/kernel/irq/16/actions", actions);
	p = intx_predict(d, h->arena);
	assert_int_equal(p.answer, answer);
	assert_int_equal(p.err, answer == ANSWER_NO ? EBUSY : 0);
	assert_true((answer == ANSWER_NO) == (p.because != NULL));
}

static void test_intx_of_a_device_that_masks(void)
{
	struct host *h = fake_host();
	struct device *d = card(h, 0x8086, 0x100e);

	expect(h, d, "", ANSWER_YES);
	/* The other may not share it. */
	expect(h, d, "i801_smbus", ANSWER_UNKNOWN);
	/* It has the line itself. */
	expect(h, d, "vfio-intx(0000:01:00.0)", ANSWER_YES);
	fake_param(h, PARAM_VFIO_PCI_NOINTXMASK, "Y");
	/* It may have been changed since vfio-pci was loaded, and counts as it was then. */
	expect(h, d, "i801_smbus,uhci_hcd:usb1", ANSWER_UNKNOWN);
	expect(h, d, "", ANSWER_YES);
	fake_free(h);
}

static void test_intx_of_a_device_that_cannot_mask(void)
{
	struct host *h = fake_host();
	struct device *d = card(h, 0x10ec, 0x8169);
	struct span user;

	expect(h, d, "i801_smbus", ANSWER_NO);
	expect(h, d, "", ANSWER_YES);
	d->irq_actions = fake_denied(h, "/sys/kernel/irq/16/actions");
	assert_int_equal(intx_predict(d, h->arena).answer, ANSWER_UNKNOWN);
	assert_int_equal(intx_line_user(d, &user), TRI_UNKNOWN);
	d->irq_actions = fake_present(h, "/sys/kernel/irq/16/actions", "uhci_hcd:usb1,i801_smbus");
	assert_int_equal(intx_line_user(d, &user), TRI_YES);
	assert_true(span_equals(user, "uhci_hcd:usb1"));
	fake_free(h);
}
