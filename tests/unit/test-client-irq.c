/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupts against a kernel of a few lines, each of whose calls can be made to fail. */
#include <errno.h>

#include "base/macro.h"
#include "uapi/abi.h"
#include "client/irq.h"
#include "scene.h"

enum { FD_FIRST = 10, FDS_MAX = 64, DEVICE_FD = 5, VECTORS = 8 };

struct kernel {
	struct sys sys;
	bool open[FDS_MAX];
	uint64_t counters[FDS_MAX];
	unsigned int nr_open, nr_eventfds;
	int wired[VT_PCI_NR_IRQS][VECTORS]; /* eventfd, or -1 */
	uint32_t active;                    /* INTx, MSI or MSI-X; VT_PCI_NR_IRQS: none */
	uint32_t available;                 /* vectors that the host can give */
	int loses;                          /* a vector whose signals get lost, or -1 */
	unsigned int calls, fails_at;       /* the call that fails, counted from 1 */
	int err;
	unsigned int eventfds_max;
	uint64_t now;
	int release; /* an eventfd that is signalled while somebody waits, or -1 */
};

static bool fails(struct kernel *k)
{
	return ++k->calls == k->fails_at;
}

static int fake_eventfd(struct sys *s)
{
	struct kernel *k = (struct kernel *)s;

	if (fails(k))
		return -k->err;
	if (k->nr_eventfds >= k->eventfds_max)
		return -EMFILE;
	k->open[k->nr_eventfds] = true;
	k->nr_open++;
	return FD_FIRST + (int)k->nr_eventfds++;
}

static int fake_close(struct sys *s, int fd)
{
	struct kernel *k = (struct kernel *)s;

	assert_in_range(fd, FD_FIRST, FD_FIRST + FDS_MAX - 1);
	assert_true(k->open[fd - FD_FIRST]);
	k->open[fd - FD_FIRST] = false;
	k->nr_open--;
	return 0;
}

static void signal_vector(struct kernel *k, uint32_t index, uint32_t vector)
{
	int fd = k->wired[index][vector];

	if (fd >= 0 && (int)vector != k->loses)
		k->counters[fd - FD_FIRST]++;
}

static bool is_single(uint32_t index)
{
	return index == VT_PCI_ERR || index == VT_PCI_REQ;
}

static int wire(struct kernel *k, const struct vt_irq_set *set, const int32_t *fds)
{
	if (!is_single(set->index)) {
		if (k->active != VT_PCI_NR_IRQS && k->active != set->index)
			return -EINVAL;
		if (set->count > k->available)
			return (int)k->available;
		k->active = set->index;
	}
	for (uint32_t i = 0; i < set->count; i++) {
		assert_true(fds[i] < 0 || k->open[fds[i] - FD_FIRST]);
		k->wired[set->index][set->start + i] = fds[i];
	}
	return 0;
}

static int fake_ioctl(struct sys *s, int fd, unsigned long request, void *arg)
{
	struct kernel *k = (struct kernel *)s;
	const struct vt_irq_set *set = arg;

	assert_int_equal(fd, DEVICE_FD);
	assert_int_equal(request, VT_DEVICE_SET_IRQS);
	if (fails(k))
		return -k->err;
	if (set->index >= VT_PCI_NR_IRQS || set->start + set->count > VECTORS)
		return -EINVAL;
	if (set->flags & (VT_IRQ_SET_ACTION_MASK | VT_IRQ_SET_ACTION_UNMASK))
		return set->index == VT_PCI_INTX ? 0 : -ENOTTY;
	if (set->flags & VT_IRQ_SET_DATA_EVENTFD)
		return wire(k, set, (const void *)(set + 1));
	if (!set->count) {
		assert_int_equal(k->active, set->index);
		memset(k->wired[set->index], -1, sizeof(k->wired[set->index]));
		k->active = VT_PCI_NR_IRQS;
		return 0;
	}
	for (uint32_t i = 0; i < set->count; i++)
		signal_vector(k, set->index, set->start + i);
	return 0;
}

static ssize_t fake_read(struct sys *s, int fd, void *buf, size_t len)
{
	struct kernel *k = (struct kernel *)s;
	uint64_t *counter = &k->counters[fd - FD_FIRST];

	if (fails(k))
		return -k->err;
	assert_int_equal(len, 8);
	if (!*counter)
		return -EAGAIN;
	memcpy(buf, counter, sizeof(*counter));
	*counter = 0;
	return 8;
}

static int fake_poll(struct sys *s, struct pollfd *fds, size_t nr, int timeout_ms)
{
	struct kernel *k = (struct kernel *)s;
	int ready = 0;

	if (fails(k))
		return -k->err;
	for (size_t i = 0; i < nr; i++) {
		bool now = fds[i].fd >= 0 &&
			   (fds[i].fd == k->release || k->counters[fds[i].fd - FD_FIRST]);

		fds[i].revents = now ? POLLIN : 0;
		ready += now;
	}
	if (!ready)
		k->now += (uint64_t)timeout_ms * 1000000;
	return ready;
}

static uint64_t fake_now(struct sys *s)
{
	return ((struct kernel *)s)->now += 1000;
}

static const struct sys_ops ops = {
	.close = fake_close,
	.ioctl = fake_ioctl,
	.read = fake_read,
	.eventfd = fake_eventfd,
	.poll = fake_poll,
	.now_ns = fake_now,
};

struct fixture {
	struct kernel kernel;
	struct arena *arena;
	struct client client;
	struct irq irq;
};

static void begin(struct fixture *f)
{
	*f = (struct fixture){
		.kernel = { .sys = { .ops = &ops },
			    .active = VT_PCI_NR_IRQS,
			    .available = VECTORS,
			    .loses = -1,
			    .eventfds_max = FDS_MAX,
			    .release = -1 },
		.arena = arena_new(),
	};
	memset(f->kernel.wired, -1, sizeof(f->kernel.wired));
	client_init(&f->client, &f->kernel.sys, f->arena);
}

/* Nothing is left behind, whatever happened. */
static void end(struct fixture *f)
{
	irq_close(&f->irq);
	assert_int_equal(f->kernel.nr_open, 0);
	arena_free(f->arena);
}

static int open_msix(struct fixture *f, size_t nr)
{
	return irq_open(&f->client, "0000:01:00.0", DEVICE_FD, VT_PCI_MSIX, nr, &f->irq);
}

static void test_irq_each_vector_reaches_its_own_eventfd(void)
{
	struct fixture f;

	begin(&f);
	assert_int_equal(open_msix(&f, 4), 0);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(irq_trigger(&f.irq, i, 1), 0);
		assert_int_equal(irq_wait(&f.irq, i, 1, 1, 100, -1), 0);
		assert_int_equal(irq_total(&f.irq), i + 1);
		assert_int_equal(f.irq.vectors[i].count, 1);
		assert_int_not_equal(f.irq.vectors[i].arrived_ns, 0);
	}
	assert_int_equal(irq_trigger(&f.irq, 0, 4), 0);
	assert_int_equal(irq_wait(&f.irq, 0, 4, 2, 100, -1), 0);
	assert_int_equal(irq_total(&f.irq), 8);
	end(&f);
	assert_int_equal(f.kernel.active, VT_PCI_NR_IRQS);
}

static void test_irq_lost_signal_is_a_timeout(struct fixture *f)
{
	uint64_t start;

	f->kernel.loses = 1;
	assert_int_equal(open_msix(f, 2), 0);
	assert_int_equal(irq_trigger(&f->irq, 0, 2), 0);
	start = f->kernel.now;
	assert_int_equal(irq_wait(&f->irq, 0, 2, 1, 50, -1), -ETIMEDOUT);
	assert_true(f->kernel.now - start >= 50000000);
	assert_int_equal(f->irq.vectors[0].count, 1);
	assert_int_equal(f->irq.vectors[1].count, 0);
}

static void test_irq_fewer_vectors_set_nothing_up(struct fixture *f)
{
	f->kernel.available = 3;
	assert_int_equal(open_msix(f, 5), 3);
	assert_int_equal(f->kernel.nr_open, 0);
	assert_false(f->irq.active);
	assert_int_equal(open_msix(f, 3), 0);
}

static void test_irq_one_kind_at_a_time(struct fixture *f)
{
	struct irq other;

	assert_int_equal(open_msix(f, 2), 0);
	assert_int_equal(irq_open(&f->client, "0000:01:00.0", DEVICE_FD, VT_PCI_MSI, 1, &other),
			 -EINVAL);
	assert_int_equal(irq_open(&f->client, "0000:01:00.0", DEVICE_FD, VT_PCI_REQ, 1, &other), 0);
	irq_close(&other);
	assert_int_equal(f->kernel.wired[VT_PCI_REQ][0], -1);
	assert_int_equal(f->kernel.active, VT_PCI_MSIX);
}

static void test_irq_release_ends_a_wait(struct fixture *f)
{
	struct irq release;

	assert_int_equal(irq_open(&f->client, "0000:01:00.0", DEVICE_FD, VT_PCI_REQ, 1, &release),
			 0);
	assert_int_equal(open_msix(f, 1), 0);
	f->kernel.release = release.vectors[0].eventfd;
	assert_int_equal(irq_wait(&f->irq, 0, 1, 1, 100, release.vectors[0].eventfd), -ECANCELED);
	irq_close(&release);
}

static void test_irq_only_intx_is_unmasked(struct fixture *f)
{
	assert_int_equal(open_msix(f, 1), 0);
	assert_int_equal(irq_unmask(&f->irq), -ENOTTY);
	irq_close(&f->irq);
	assert_int_equal(irq_open(&f->client, "0000:01:00.0", DEVICE_FD, VT_PCI_INTX, 1, &f->irq),
			 0);
	assert_int_equal(irq_unmask(&f->irq), 0);
}

static void test_irq_absurd_numbers(struct fixture *f)
{
	assert_int_equal(open_msix(f, IRQ_VECTORS_MAX + 1), -E2BIG);
	assert_int_equal(open_msix(f, VECTORS + 1), -EINVAL);
	assert_int_equal(open_msix(f, 2), 0);
	assert_int_equal(irq_wait(&f->irq, 1, 2, 1, 1, -1), -ERANGE);
	assert_int_equal(irq_wait(&f->irq, SIZE_MAX, 2, 1, 1, -1), -ERANGE);
}

static void test_irq_no_descriptor_left(struct fixture *f)
{
	f->kernel.eventfds_max = 2;
	assert_int_equal(open_msix(f, 4), -EMFILE);
	assert_int_equal(f->kernel.nr_open, 0);
}

static int good_run(struct fixture *f)
{
	int r = open_msix(f, 2);

	if (!r)
		r = irq_trigger(&f->irq, 0, 2);
	if (!r)
		r = irq_wait(&f->irq, 0, 2, 1, 10, -1);
	return r;
}

/* Every call of a good run fails in turn; only an interrupted one is made again. */
static void test_irq_each_call_fails(void)
{
	static const int errs[] = { EINVAL, ENODEV, ENOMEM, EIO };
	unsigned int calls;
	struct fixture f;

	begin(&f);
	assert_int_equal(good_run(&f), 0);
	calls = f.kernel.calls;
	end(&f);
	assert_true(calls >= 6);
	for (unsigned int at = 1; at <= calls; at++) {
		for (size_t i = 0; i < ARRAY_SIZE(errs); i++) {
			begin(&f);
			f.kernel.fails_at = at;
			f.kernel.err = errs[i];
			assert_int_equal(good_run(&f), -errs[i]);
			end(&f);
		}
	}
}

static void test_irq_interrupted_calls_are_made_again(void)
{
	struct fixture f;

	/* The eventfds are the first two: they are not interrupted. */
	for (unsigned int at = 3; at <= 7; at++) {
		begin(&f);
		f.kernel.fails_at = at;
		f.kernel.err = EINTR;
		assert_int_equal(good_run(&f), 0);
		end(&f);
	}
}

static void test_irq_teardown_of_a_device_that_is_gone(struct fixture *f)
{
	assert_int_equal(open_msix(f, 2), 0);
	f->kernel.fails_at = f->kernel.calls + 1;
	f->kernel.err = ENODEV;
	irq_close(&f->irq);
	assert_int_equal(client_last(&f->client)->err, ENODEV);
}
