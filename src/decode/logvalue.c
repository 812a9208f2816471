/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode/logvalue.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "uapi/op.h"

static size_t run_of(const char *s, const char *end, size_t max, const char *extra)
{
	size_t len = 0;

	while (s + len < end && len < max && s[len] &&
	       (isxdigit((unsigned char)s[len]) || strchr(extra, s[len])))
		len++;
	return len;
}

const char *logvalue_number(const char *s, const char *end, uint32_t *ret)
{
	uint64_t value;
	size_t len = 0;

	while (s + len < end && len < 10 && isdigit((unsigned char)s[len]))
		len++;
	if (parse_u64_span((struct span){ s, len }, 10, &value) < 0 || value > UINT32_MAX)
		return NULL;
	*ret = (uint32_t)value;
	return s + len;
}

const char *logvalue_hex(const char *s, const char *end, uint64_t *ret)
{
	size_t len;

	if (end - s > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X'))
		s += 2;
	len = run_of(s, end, 17, "");
	if (len > 16 || parse_u64_span((struct span){ s, len }, 16, ret) < 0)
		return NULL;
	return s + len;
}

const char *logvalue_address(const char *s, const char *end, struct pciaddr *ret)
{
	/* "00000000:00:00.0" and what may stand behind it. */
	size_t len = run_of(s, end, 20, ":.");

	for (; len; len--)
		if (pciaddr_parse((struct span){ s, len }, ret) == 0)
			return s + len;
	return NULL;
}

/* glibc: string/strerror.c, in the locale C. */
static const struct {
	int err;
	const char *text;
} texts[] = {
	{ EPERM, "Operation not permitted" },
	{ ENOENT, "No such file or directory" },
	{ EIO, "Input/output error" },
	{ EIO, "I/O error" },
	{ ENXIO, "No such device or address" },
	{ E2BIG, "Argument list too long" },
	{ EBADF, "Bad file descriptor" },
	{ EAGAIN, "Resource temporarily unavailable" },
	{ ENOMEM, "Cannot allocate memory" },
	{ ENOMEM, "Out of memory" },
	{ EACCES, "Permission denied" },
	{ EFAULT, "Bad address" },
	{ EBUSY, "Device or resource busy" },
	{ EBUSY, "Resource busy" },
	{ EEXIST, "File exists" },
	{ ENODEV, "No such device" },
	{ ENOTDIR, "Not a directory" },
	{ EINVAL, "Invalid argument" },
	{ EMFILE, "Too many open files" },
	{ ENOTTY, "Inappropriate ioctl for device" },
	{ ENOTTY, "Not a tty" },
	{ ENOSPC, "No space left on device" },
	{ ERANGE, "Numerical result out of range" },
	{ ENOSYS, "Function not implemented" },
	{ EOVERFLOW, "Value too large for defined data type" },
	{ EMSGSIZE, "Message too long" },
	{ EOPNOTSUPP, "Operation not supported" },
	{ ETIMEDOUT, "Connection timed out" },
};

static const char *errno_text(const char *s, const char *end, int *ret)
{
	size_t best = 0;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		size_t len = strlen(texts[i].text);

		if (len <= best || len > (size_t)(end - s) || strncasecmp(s, texts[i].text, len))
			continue;
		best = len;
		*ret = texts[i].err;
	}
	return best ? s + best : NULL;
}

static const char *errno_number(const char *s, const char *end, int *ret)
{
	static const char rust[] = "Os { code: ";
	enum { ERRNO_MAX = 4095 }; /* linux: include/linux/err.h: MAX_ERRNO */
	const char *after;
	uint32_t number;

	if (end - s >= (ptrdiff_t)sizeof(rust) - 1 && !memcmp(s, rust, sizeof(rust) - 1))
		s += sizeof(rust) - 1;
	else if (s < end && *s == '-')
		s++;
	after = logvalue_number(s, end, &number);
	if (!after || !number || number > ERRNO_MAX)
		return NULL;
	*ret = (int)number;
	return after;
}

static const char *errno_word(const char *s, const char *end, int *ret)
{
	char name[20];
	size_t len = 0;

	while (s + len < end && len < sizeof(name) - 1 &&
	       (isupper((unsigned char)s[len]) || isdigit((unsigned char)s[len])))
		len++;
	memcpy(name, s, len);
	name[len] = '\0';
	*ret = len > 2 ? errno_from_name(name) : 0;
	return *ret ? s + len : NULL;
}

const char *logvalue_errno(const char *s, const char *end, int *ret)
{
	const char *after;

	*ret = 0;
	after = errno_text(s, end, ret);
	if (!after)
		after = errno_number(s, end, ret);
	if (!after)
		after = errno_word(s, end, ret);
	return after ? after : s;
}

/* Behind the first @text in @line, or NULL. */
static const char *behind(struct span line, const char *text)
{
	size_t len = strlen(text);
	const char *at = memmem(line.s, line.len, text, len);

	return at ? at + len : NULL;
}

/* The first address with a domain. */
static bool find_address(struct span line, struct pciaddr *ret)
{
	const char *end = line.s + line.len, *colon = line.s;

	for (; (colon = memchr(colon, ':', (size_t)(end - colon))); colon++) {
		const char *s = colon;

		while (s > line.s && colon - s < 9 && isxdigit((unsigned char)s[-1]))
			s--;
		/* At a boundary, and with the two colons that only an address with a domain has. */
		if (colon - s < 4 || colon - s > 8 || end - colon < 8 || colon[3] != ':' ||
		    (s > line.s && isalnum((unsigned char)s[-1])))
			continue;
		if (logvalue_address(s, end, ret))
			return true;
	}
	return false;
}

void logvalue_fill(struct span line, struct log_values *ret)
{
	const char *end = line.s + line.len, *at = behind(line, "host=");

	if (!ret->has_device && at)
		ret->has_device = logvalue_address(at, end, &ret->device) != NULL;
	if (!ret->has_device)
		ret->has_device = find_address(line, &ret->device);
	at = behind(line, "/dev/vfio/devices/vfio");
	if (!ret->has_cdev && at)
		ret->has_cdev = logvalue_number(at, end, &ret->cdev) != NULL;
	at = behind(line, "/dev/vfio/");
	if (!ret->has_group && at)
		ret->has_group = logvalue_number(at, end, &ret->group) != NULL;
}
