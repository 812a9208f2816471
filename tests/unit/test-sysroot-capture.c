/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Captures as written, as read back, and as an enemy would write them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "sysroot/capture.h"
#include "scene.h"

#define HEADER "{\"vfiotool-capture\":1}\n"

static int load(const char *text, size_t len, struct capture **ret, struct failure **reterr)
{
	FILE *in = fmemopen((void *)(uintptr_t)text, len, "r");
	int r;

	assert_non_null(in);
	r = capture_load(in, ret, reterr);
	fclose(in);
	return r;
}

static struct capture *write_and_load(const struct capture *c)
{
	struct capture *ret = NULL;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_int_equal(capture_write(c, out), 0);
	fclose(out);
	assert_int_equal(load(text, len, &ret, NULL), 0);
	free(text);
	return ret;
}

static void assert_fact_equal(const struct fact *got, const struct fact *expected)
{
	assert_int_equal(got->state, expected->state);
	assert_int_equal(got->err, expected->err);
	assert_int_equal(got->len, expected->len);
	if (expected->raw)
		assert_memory_equal(got->raw, expected->raw, expected->len + 1);
	else
		assert_null(got->raw);
}

#define PRESENT(text)                                                          \
	{                                                                      \
		.state = FACT_PRESENT, .raw = (text), .len = sizeof(text) - 1, \
	}

static const struct fact answers[] = {
	PRESENT("0x8086"),
	PRESENT(""),
	PRESENT("\n"),
	PRESENT("DRIVER=e1000e\nPCI_CLASS=20000\n"),
	PRESENT("quote \" backslash \\ slash / tab \t escape \033[31m"),
	PRESENT("a\0b\0"),
	PRESENT("\0"),
	PRESENT("na\xc3\xafve \xe2\x82\xac"),
	PRESENT("\xff\xfe latin"),
	PRESENT("\xed\xa0\x80 a surrogate"),
	PRESENT("\xc0\x80 overlong"),
	PRESENT("\xe0\x80\x80 overlong"),
	PRESENT("\xf0\x9f\x92\xa9"),
	PRESENT("cut \xe2\x82"),
	PRESENT("\x7f"),
	{ .state = FACT_ABSENT, .err = ENOENT },
	{ .state = FACT_ABSENT, .err = ENOTDIR },
	{ .state = FACT_ABSENT, .err = 0 },
	{ .state = FACT_DENIED, .err = EACCES },
	{ .state = FACT_DENIED, .err = EPERM },
	{ .state = FACT_DENIED, .err = 0 },
	{ .state = FACT_FAILED, .err = EIO },
	{ .state = FACT_FAILED, .err = ENOENT },
	{ .state = FACT_FAILED, .err = ENOTDIR },
	{ .state = FACT_FAILED, .err = EACCES },
	{ .state = FACT_FAILED, .err = 524 }, /* ENOTSUPP, which has no name outside the kernel */
	{ .state = FACT_FAILED, .err = 0 },
};

static void test_capture_round_trip_of_every_answer(void)
{
	static const char *const verbs[] = { "read", "link", "list", "stat", "access", "ask" };
	struct capture *c = capture_new(), *again;
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		snprintf(path, sizeof(path), "/sys/answer/%zu", i);
		for (size_t v = 0; v < ARRAY_SIZE(verbs); v++)
			capture_add(c, verbs[v], path, &answers[i]);
	}
	again = write_and_load(c);
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		snprintf(path, sizeof(path), "/sys/answer/%zu", i);
		for (size_t v = 0; v < ARRAY_SIZE(verbs); v++) {
			struct fact f = capture_find(again, verbs[v], path);

			assert_fact_equal(&f, &answers[i]);
		}
	}
	capture_free(again);
	capture_free(c);
}

static void test_capture_round_trip_of_odd_paths(void)
{
	static const char *const paths[] = {
		"/", "", "/a b", "/a\nb", "/\xff", "/\xc3\xa9", "\"\\"
	};
	struct capture *c = capture_new(), *again;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		capture_add(c, "read", paths[i], &answers[0]);
	again = write_and_load(c);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct fact f = capture_find(again, "read", paths[i]);

		assert_fact_equal(&f, &answers[0]);
		assert_string_equal(f.path, paths[i]);
	}
	capture_free(again);
	capture_free(c);
}

static void test_capture_long_path_and_answer(void)
{
	struct capture *c = capture_new(), *again;
	size_t path_len = 100000, raw_len = 5 << 20;
	char *path = malloc(path_len + 1), *raw = malloc(raw_len + 1);
	struct fact f = { .state = FACT_PRESENT, .raw = raw, .len = raw_len }, got;

	memset(path, 'p', path_len);
	path[path_len] = '\0';
	memset(raw, 'r', raw_len);
	raw[raw_len] = '\0';
	capture_add(c, "read", path, &f);
	again = write_and_load(c);
	got = capture_find(again, "read", path);
	assert_fact_equal(&got, &f);
	capture_free(again);
	capture_free(c);
	free(path);
	free(raw);
}

static void test_capture_add_keeps_the_first(void)
{
	struct capture *c = capture_new();
	struct fact f;

	capture_add(c, "read", "/x", &answers[0]);
	capture_add(c, "read", "/x", &answers[1]);
	f = capture_find(c, "read", "/x");
	assert_fact_equal(&f, &answers[0]);
	capture_free(c);
}

static void test_capture_find_of_what_is_not_there(void)
{
	struct capture *c = capture_new();
	struct fact unread = { .state = FACT_UNREAD }, f;

	capture_add(c, "read", "/x", &answers[0]);
	capture_add(c, "read", "/unread", &unread);
	f = capture_find(c, "link", "/x");
	assert_int_equal(f.state, FACT_UNREAD);
	f = capture_find(c, "read", "/unread");
	assert_int_equal(f.state, FACT_UNREAD);
	f = capture_find(c, "read", "");
	assert_int_equal(f.state, FACT_UNREAD);
	capture_free(c);
}

static const char *const hostile[] = {
	"",
	"\n",
	"{}\n",
	"[]\n",
	"null\n",
	"\"vfiotool-capture\"\n",
	"{\"vfiotool-capture\":2}\n",
	"{\"vfiotool-capture\":\"1\"}\n",
	"{\"vfiotool-capture\":true}\n",
	"{\"vfiotool-capture\":1.0}\n",
	"{\"vfiotool-capture\":1",
	"{\"vfiotool-capture\":1} trailing\n",
	HEADER "\n",
	HEADER "{}\n",
	HEADER HEADER,
	HEADER "null\n",
	HEADER "[]\n",
	HEADER "[\"read\"]\n",
	HEADER "[\"read\",\"/x\"]\n",
	HEADER "[\"read\",\"/x\",null]\n",
	HEADER "[\"read\",\"/x\",1]\n",
	HEADER "[\"read\",\"/x\",true]\n",
	HEADER "[\"read\",\"/x\",[\"y\"]]\n",
	HEADER "[\"read\",\"/x\",{}]\n",
	HEADER "[\"read\",\"/x\",{\"hex\":1}]\n",
	HEADER "[\"read\",\"/x\",{\"hex\":\"0\"}]\n",
	HEADER "[\"read\",\"/x\",{\"hex\":\"0g\"}]\n",
	HEADER "[\"read\",\"/x\",{\"hex\":\"AB\"}]\n",
	HEADER "[\"read\",\"/x\",{\"hex\":\"00\\u0000\"}]\n",
	HEADER "[\"write\",\"/x\",\"y\"]\n",
	HEADER "[\"read\\u0000\",\"/x\\u0000y\",\"y\"]\n",
	HEADER "[\"read\",\"/x\\u0000y\",\"y\"]\n",
	HEADER "[\"read\",{\"hex\":\"2f0041\"},\"y\"]\n",
	HEADER "[1,\"/x\",\"y\"]\n",
	HEADER "[\"read\",1,\"y\"]\n",
	HEADER "[\"read\",null,\"y\"]\n",
	HEADER "[\"read\",\"/x\",null,\"ENOSUCHNAME\"]\n",
	HEADER "[\"read\",\"/x\",null,\"\"]\n",
	HEADER "[\"read\",\"/x\",null,-1]\n",
	HEADER "[\"read\",\"/x\",null,4096]\n",
	HEADER "[\"read\",\"/x\",null,18446744073709551617]\n",
	HEADER "[\"read\",\"/x\",null,2.5]\n",
	HEADER "[\"read\",\"/x\",null,null]\n",
	HEADER "[\"read\",\"/x\",\"y\",\"ENOENT\"]\n",
	HEADER "[\"read\",\"/x\",null,\"EIO\",\"present\"]\n",
	HEADER "[\"read\",\"/x\",null,\"EIO\",\"unread\"]\n",
	HEADER "[\"read\",\"/x\",null,\"EIO\",1]\n",
	HEADER "[\"read\",\"/x\",null,\"EIO\",null]\n",
	HEADER "[\"read\",\"/x\",null,\"EIO\",\"failed\",1]\n",
	HEADER "[\"read\",\"/x\",\"y\"] \"more\"\n",
	HEADER "[\"read\",\"/x\",\"y\"][\"read\",\"/z\",\"y\"]\n",
	HEADER "[\"read\",\"/x\",\"y\"]\n[\"read\",\"/x\",\"z\"]\n",
	HEADER "[\"read\",\"/x\",\"y\"\n",
	HEADER "[\"read\",\"/x\",\"y\n",
	HEADER "[\"read\",\"/x\",'y']\n",
	HEADER "[\"read\",\"/x\",\"\xff\"]\n",
	HEADER "[\"read\",\"/x\",NaN]\n",
	HEADER "/* comment */[\"read\",\"/x\",\"y\"]\n",
	HEADER "[[[[[[[[[[[[[[[[[[[[[[[[\n",
};

static void test_capture_load_refuses_what_is_none(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		struct capture *c = NULL;
		struct failure *why = NULL;
		size_t len = strlen(hostile[i]);
		int r = load(len ? hostile[i] : "x", len ? len : 1, &c, &why);

		if (r != -EBADMSG || c || !why)
			fail_msg("%d for %s", r, hostile[i]);
		assert_null(strchr(why->text, '\n'));
		failure_free(why);
	}
}

static void test_capture_load_of_an_empty_file(void)
{
	FILE *in = fopen("/dev/null", "re");
	struct failure *why = NULL;
	struct capture *c = NULL;

	assert_int_equal(capture_load(in, &c, &why), -EBADMSG);
	assert_string_equal(why->text, "it is empty");
	failure_free(why);
	fclose(in);
}

static void test_capture_load_refuses_a_nul_in_a_line(void)
{
	static const char text[] = HEADER "[\"read\",\"/x\",\"y\"]\0garbage\n";
	struct capture *c = NULL;

	assert_int_equal(load(text, sizeof(text) - 1, &c, NULL), -EBADMSG);
}

static void test_capture_load_names_the_line(void)
{
	static const char text[] = HEADER "[\"read\",\"/x\",\"y\"]\n\nx\n";
	struct failure *why = NULL;
	struct capture *c = NULL;

	assert_int_equal(load(text, sizeof(text) - 1, &c, &why), -EBADMSG);
	assert_string_equal(why->text, "line 3 is not a capture line");
	failure_free(why);
}

static void test_capture_load_last_line_without_newline(void)
{
	static const char text[] = HEADER "[\"read\",\"/x\",\"y\"]";
	struct capture *c = NULL;
	struct fact f;

	assert_int_equal(load(text, sizeof(text) - 1, &c, NULL), 0);
	f = capture_find(c, "read", "/x");
	assert_string_equal(f.raw, "y");
	capture_free(c);
}

/* A sparse file of any size is a line without an end: it must not be read into memory whole. */
static void test_capture_load_of_an_endless_line(void)
{
	FILE *in = tmpfile();
	struct failure *why = NULL;
	struct capture *c = NULL;

	assert_int_equal(ftruncate(fileno(in), (off_t)1 << 40), 0);
	assert_int_equal(capture_load(in, &c, &why), -E2BIG);
	assert_string_equal(why->text, "line 1 exceeds the limits of a capture");
	assert_true(ftell(in) < 2 * CAPTURE_LINE_MAX);
	failure_free(why);
	fclose(in);
}

static void test_capture_load_carries_the_errno_of_the_read(void)
{
	int fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	FILE *in = fdopen(fd, "re");
	struct capture *c = NULL;

	assert_non_null(in);
	assert_int_equal(capture_load(in, &c, NULL), -EISDIR);
	fclose(in);
}

static void test_capture_write_carries_the_errno_of_a_full_disk(void)
{
	struct capture *c = capture_new();
	FILE *out = fopen("/dev/full", "we");

	assert_non_null(out);
	assert_int_equal(capture_write(c, out), -ENOSPC);
	fclose(out);
	for (int i = 0; i < 5000; i++) {
		char path[32];

		snprintf(path, sizeof(path), "/%d", i);
		capture_add(c, "read", path, &answers[0]);
	}
	out = fopen("/dev/full", "we");
	assert_int_equal(capture_write(c, out), -ENOSPC);
	fclose(out);
	capture_free(c);
}
