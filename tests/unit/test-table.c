/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <json-c/json_tokener.h>
#include <locale.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/macro.h"
#include "report/json.h"
#include "report/prose.h"
#include "report/table.h"
#include "scene.h"

struct fruit {
	const char *name, *color;
	uint64_t weight;
	bool weighed;
};

static void get_color(const void *at, struct value *ret)
{
	value_set_text(ret, *(const char *const *)at);
	ret->style = STYLE_YES;
}

/* Not weighed is not known, and not none. */
static void get_weight(const void *row, struct value *ret)
{
	const struct fruit *f = row;

	if (f->weighed)
		value_set_number(ret, f->weight);
}

static const struct field fruit_fields[] = {
	{ "name", "what it is called", FIELD_TEXT(struct fruit, name),
	  .flags = FIELD_COLUMN | FIELD_DEFAULT, .needs = 1 },
	{ "skin_color", "its colour", FIELD_MEMBER(struct fruit, color, const char *, get_color),
	  .flags = FIELD_COLUMN | FIELD_DEFAULT | FIELD_YIELDS, .needs = 2 },
	{ "weight", "grams", FIELD_GET(get_weight), .flags = FIELD_COLUMN | FIELD_RIGHT,
	  .needs = 4 },
};
static const struct field_table fruits = FIELD_TABLE("fruit", fruit_fields);

static const struct fruit apple = { "apple", "red", 150, true };
static const struct fruit kiwi = { "kiwi", NULL, 90, true };
static const struct fruit evil = { "e\033v", "x\"y", 0, false };

struct fixture {
	struct arena *a;
	struct columns columns;
	struct table_row rows[4];
	struct table table;
	struct output view;
	char *text;
	size_t len;
};

static void begin(struct fixture *f)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	f->a = arena_new();
	columns_all(&fruits, f->a, &f->columns);
	f->rows[0].row = &kiwi;
	f->rows[1].row = &apple;
	f->rows[2].row = &evil;
	f->table = (struct table){
		.fields = &fruits, .columns = &f->columns, .rows = f->rows, .nr_rows = 3
	};
	f->view = (struct output){ .headings = true, .utf8 = true };
	f->view.stream = open_memstream(&f->text, &f->len);
}

static void end(struct fixture *f)
{
	fclose(f->view.stream);
	free(f->text);
	arena_free(f->a);
}

static const char *printed(struct fixture *f)
{
	assert_int_equal(table_print(&f->table, &f->view, NULL), 0);
	fflush(f->view.stream);
	return f->text;
}

static void test_table_tells_none_from_unknown(struct fixture *f)
{
	assert_string_equal(printed(f), "NAME   SKIN_COLOR WEIGHT\n"
					"kiwi   -              90\n"
					"apple  red           150\n"
					"e\\x1bv x\"y             ?\n");
}

static void test_table_raw_and_pairs_escape(struct fixture *f)
{
	f->view.format = FORMAT_PAIRS;
	assert_string_equal(printed(f), "NAME=\"kiwi\" SKIN_COLOR=\"\" WEIGHT=\"90\"\n"
					"NAME=\"apple\" SKIN_COLOR=\"red\" WEIGHT=\"150\"\n"
					"NAME=\"e\\x1bv\" SKIN_COLOR=\"x\\x22y\" WEIGHT=\"?\"\n");
}

static void test_table_csv_quotes_what_has_to_be(struct fixture *f)
{
	static const struct fruit mixed = { "pears, plums", "", 1, true };

	f->view.format = FORMAT_CSV;
	f->rows[1].row = &mixed;
	assert_string_equal(printed(f), "NAME,SKIN_COLOR,WEIGHT\r\n"
					"kiwi,,90\r\n"
					"\"pears, plums\",\"\",1\r\n"
					"e\\x1bv,\"x\"\"y\",?\r\n");
}

static void test_table_csv_without_headings(struct fixture *f)
{
	f->view.format = FORMAT_CSV;
	f->view.headings = false;
	f->table.nr_rows = 1;
	assert_string_equal(printed(f), "kiwi,,90\r\n");
}

static void test_table_colors_cells(struct fixture *f)
{
	f->view.color = true;
	f->view.headings = false;
	color_scheme_default(&f->view.scheme);
	f->table.nr_rows = 2;
	assert_non_null(strstr(printed(f), "\033[32mred"));
}

static void test_table_gives_way_when_narrow(struct fixture *f)
{
	columns_default(&fruits, f->a, &f->columns);
	f->view.width = 12;
	assert_string_equal(printed(f), "NAME\nkiwi\napple\ne\\x1bv\n");
}

static void test_table_survives_one_column(struct fixture *f)
{
	f->view.width = 1;
	assert_true(strlen(printed(f)) > 0);
}

static void test_table_tree_below_parents(struct fixture *f)
{
	f->view.tree = true;
	f->view.utf8 = false;
	f->rows[1].parent = 1;
	f->table.nr_rows = 2;
	assert_string_equal(printed(f), "NAME    SKIN_COLOR WEIGHT\n"
					"kiwi    -              90\n"
					"`-apple red           150\n");
}

static void test_table_tree_of_three_levels(struct fixture *f)
{
	f->view.tree = true;
	f->view.utf8 = true;
	f->rows[1].parent = 1;
	f->rows[2] = (struct table_row){ &apple, 2 };
	f->rows[3] = (struct table_row){ &kiwi, 1 };
	f->table.nr_rows = 4;
	assert_string_equal(printed(f), "NAME      SKIN_COLOR WEIGHT\n"
					"kiwi      -              90\n"
					"├─apple   red           150\n"
					"│ └─apple red           150\n"
					"└─kiwi    -              90\n");
}

/* ---- sentences ---- */

struct tale {
	const char *place, *story, *moral;
};

static const struct field tale_fields[] = {
	{ "place", "where", FIELD_TEXT(struct tale, place),
	  .flags = FIELD_COLUMN | FIELD_TRUNCATE },
	{ "story", "what", FIELD_MEMBER(struct tale, story, const char *, get_color),
	  .flags = FIELD_COLUMN | FIELD_WRAPS },
	{ "moral", "why", FIELD_TEXT(struct tale, moral), .flags = FIELD_COLUMN | FIELD_WRAPS },
};
static const struct field_table tales = FIELD_TABLE("tale", tale_fields);

static const struct tale hare = { "field", "the hare slept because it was much too sure of itself",
				  NULL };
static const struct tale fox = { "vineyard", "the fox found the grapes sour",
				 "who is too small finds fault" };

static void tell(struct fixture *f, const char *list, size_t width)
{
	assert_int_equal(columns_parse(&tales, f->a, list, &f->columns, NULL), 0);
	f->rows[0] = (struct table_row){ &hare, 0 };
	f->rows[1] = (struct table_row){ &fox, 0 };
	f->table.fields = &tales;
	f->table.nr_rows = 2;
	f->view.width = width;
}

static void test_sentences_break_between_words(struct fixture *f)
{
	tell(f, "place,story", 40);
	assert_string_equal(printed(f), "PLACE    STORY\n"
					"field    the hare slept because it was\n"
					"         much too sure of itself\n"
					"vineyard the fox found the grapes sour\n");
}

static void test_sentences_between_columns_are_padded(struct fixture *f)
{
	f->view.headings = false;
	f->table.indent = 2;
	tell(f, "story,place", 40);
	assert_string_equal(printed(f), "  the hare slept because it   field\n"
					"  was much too sure of itself\n"
					"  the fox found the grapes    vineyard\n"
					"  sour\n");
}

/* What one of two does not need is the other's. */
static void test_sentences_share_the_room(struct fixture *f)
{
	tell(f, "story,moral", 80);
	assert_string_equal(printed(f),
			    "STORY                                          MORAL\n"
			    "the hare slept because it was much too sure of -\n"
			    "itself\n"
			    "the fox found the grapes sour                  who is too small finds fault\n");
}

static void test_sentences_stay_whole_without_a_width(struct fixture *f)
{
	tell(f, "place,story", 0);
	assert_string_equal(printed(f),
			    "PLACE    STORY\n"
			    "field    the hare slept because it was much too sure of itself\n"
			    "vineyard the fox found the grapes sour\n");
}

static void test_sentences_run_on_where_too_little_is_left(struct fixture *f)
{
	tell(f, "place,story", 24);
	assert_string_equal(printed(f),
			    "PLACE    STORY\n"
			    "field    the hare slept because it was much too sure of itself\n"
			    "vineyard the fox found the grapes sour\n");
}

static void test_sentences_stay_whole_for_programs(struct fixture *f)
{
	tell(f, "place,story", 40);
	f->view.format = FORMAT_PAIRS;
	assert_string_equal(printed(f),
			    "PLACE=\"field\" STORY=\"the hare slept because it was much too sure of itself\"\n"
			    "PLACE=\"vineyard\" STORY=\"the fox found the grapes sour\"\n");
}

/* The name is cut to leave room, and not to nothing. */
static void test_sentences_leave_a_name_its_least(struct fixture *f)
{
	static const struct tale wood = { "a wood that nobody has seen the end of",
					  "the wolf was eaten by the grandmother", NULL };

	tell(f, "place,story", 52);
	f->rows[0].row = &wood;
	f->table.nr_rows = 1;
	assert_string_equal(printed(f), "PLACE                     STORY\n"
					"a wood that nobody has s… the wolf was eaten by the\n"
					"                          grandmother\n");
}

/* Columns that nobody chose give way to one that was added; a heading stays whole. */
static void test_added_column_keeps_the_width(struct fixture *f)
{
	static const struct tale wood = { "a wood that nobody has seen the end of", "a wolf",
					  NULL };

	tell(f, "place,story", 0);
	f->columns.chosen = false;
	assert_int_equal(columns_parse(&tales, f->a, "+moral", &f->columns, NULL), 0);
	f->view.width = 26;
	f->view.utf8 = false;
	f->rows[0].row = &wood;
	f->table.nr_rows = 1;
	assert_string_equal(printed(f), "PLACE         STORY  MORAL\n"
					"a wood tha... a wolf -\n");
}

static void test_columns_added_by_name_stay(struct fixture *f)
{
	struct columns c;

	columns_default(&fruits, f->a, &c);
	assert_int_equal(columns_parse(&fruits, f->a, "+weight", &c, NULL), 0);
	f->columns = c;
	f->view.width = 13;
	assert_string_equal(printed(f),
			    "NAME   WEIGHT\nkiwi       90\napple     150\ne\\x1bv      ?\n");
}

static void test_sort_of_nothing(struct fixture *f)
{
	f->table.nr_rows = 0;
	table_sort(&f->table, &fruit_fields[2], f->a);
	assert_string_equal(printed(f), "");
}

static void test_sentences_of_wide_characters_keep_columns(struct fixture *f)
{
	static const struct tale panda = { "竹林", "熊猫吃了竹子 熊猫睡着了 熊猫再吃竹子", NULL };

	tell(f, "story,place", 40);
	f->rows[0].row = &panda;
	f->table.nr_rows = 1;
	assert_string_equal(printed(f), "STORY                   PLACE\n"
					"熊猫吃了竹子 熊猫睡着了 竹林\n"
					"熊猫再吃竹子\n");
}

static void test_sentences_are_coloured_line_by_line(struct fixture *f)
{
	f->view.color = true;
	color_scheme_default(&f->view.scheme);
	tell(f, "place,story", 40);
	f->table.nr_rows = 1;
	assert_string_equal(printed(f), "PLACE STORY\n"
					"field \033[32mthe hare slept because it was\033[0m\n"
					"      \033[32mmuch too sure of itself\033[0m\n");
}

static void test_sentences_below_a_parent(struct fixture *f)
{
	f->view.tree = true;
	f->view.utf8 = false;
	tell(f, "place,story", 40);
	f->rows[1].parent = 1;
	assert_string_equal(printed(f), "PLACE      STORY\n"
					"field      the hare slept because it\n"
					"|          was much too sure of itself\n"
					"`-vineyard the fox found the grapes\n"
					"           sour\n");
}

static void test_sentences_that_have_branches_run_on(struct fixture *f)
{
	f->view.tree = true;
	f->view.utf8 = false;
	tell(f, "story", 40);
	f->rows[1].parent = 1;
	assert_string_equal(printed(f), "STORY\n"
					"the hare slept because it was much too sure of itself\n"
					"`-the fox found the grapes sour\n");
}

static void test_sort_puts_unknown_last(struct fixture *f)
{
	f->rows[0].row = &evil;
	f->rows[2].row = &kiwi;
	table_sort(&f->table, &fruit_fields[2], f->a);
	assert_ptr_equal(f->table.rows[0].row, &kiwi);
	assert_ptr_equal(f->table.rows[1].row, &apple);
	assert_ptr_equal(f->table.rows[2].row, &evil);
}

static void test_sort_keeps_children_with_parents(struct fixture *f)
{
	f->rows[1] = (struct table_row){ &evil, 1 };
	f->rows[2] = (struct table_row){ &apple, 0 };
	table_sort(&f->table, &fruit_fields[0], f->a);
	assert_ptr_equal(f->table.rows[0].row, &apple);
	assert_ptr_equal(f->table.rows[1].row, &kiwi);
	assert_ptr_equal(f->table.rows[2].row, &evil);
	assert_int_equal(f->table.rows[2].parent, 2);
}

static void test_sort_of_three_levels(struct fixture *f)
{
	f->rows[1] = (struct table_row){ &kiwi, 1 };
	f->rows[2] = (struct table_row){ &evil, 2 };
	f->rows[3] = (struct table_row){ &apple, 1 };
	f->table.nr_rows = 4;
	table_sort(&f->table, &fruit_fields[0], f->a);
	assert_ptr_equal(f->table.rows[0].row, &kiwi);
	assert_ptr_equal(f->table.rows[1].row, &apple);
	assert_int_equal(f->table.rows[1].parent, 1);
	assert_ptr_equal(f->table.rows[2].row, &kiwi);
	assert_int_equal(f->table.rows[2].parent, 1);
	assert_ptr_equal(f->table.rows[3].row, &evil);
	assert_int_equal(f->table.rows[3].parent, 3);
}

static void test_columns_add_and_choose(struct fixture *f)
{
	struct columns c;

	columns_default(&fruits, f->a, &c);
	assert_int_equal(columns_parse(&fruits, f->a, "+weight,NAME", &c, NULL), 0);
	assert_int_equal(c.nr, 3);
	assert_ptr_equal(c.fields[2], &fruit_fields[2]);
	assert_int_equal(columns_needs(&c), 7);
	assert_int_equal(columns_parse(&fruits, f->a, "Weight", &c, NULL), 0);
	assert_int_equal(c.nr, 1);
}

static void test_columns_unknown_names_the_nearest(struct fixture *f)
{
	struct failure *failure = NULL;

	assert_int_equal(columns_parse(&fruits, f->a, "NAME,WIEGHT", &f->columns, &failure),
			 -EINVAL);
	assert_int_equal(failure->status, STATUS_USAGE);
	assert_string_equal(failure->text, "unknown column 'WIEGHT': did you mean WEIGHT?");
	failure_free(failure);
	failure = NULL;
	assert_int_equal(columns_parse(&fruits, f->a, "", &f->columns, &failure), -EINVAL);
	failure_free(failure);
}

static void test_json_document_is_one_object(struct fixture *f)
{
	struct json_object *doc, *array, *item;
	struct json_doc d;

	json_doc_begin(&d, f->view.stream);
	json_doc_member(&d, "schema", json_object_new_int(1));
	json_doc_table(&d, "fruits", &f->table, false);
	json_doc_array_begin(&d, "empty");
	json_doc_array_end(&d);
	json_doc_end(&d);
	fflush(f->view.stream);
	doc = json_tokener_parse(f->text);
	assert_non_null(doc);
	assert_true(json_object_object_get_ex(doc, "empty", &array));
	assert_int_equal(json_object_array_length(array), 0);
	assert_true(json_object_object_get_ex(doc, "fruits", &array));
	assert_int_equal(json_object_array_length(array), 3);
	item = json_object_array_get_idx(array, 2);
	assert_string_equal(json_object_get_string(json_object_object_get(item, "name")), "e\033v");
	assert_null(json_object_object_get(item, "weight"));
	item = json_object_array_get_idx(array, 0);
	assert_int_equal(json_object_get_int(json_object_object_get(item, "weight")), 90);
	json_object_put(doc);
}

static void test_prose_wraps_below_the_text(struct fixture *f)
{
	struct prose p = { .out = &f->view, .indent = 2, .label_width = 8 };

	f->view.width = 40;
	prose_label(&p, "label", STYLE_NONE, "%s", "one two three four five six seven eight");
	fflush(f->view.stream);
	assert_string_equal(f->text, "  label   one two three four five six\n"
				     "          seven eight\n");
}

/* What is copied into a shell is one line, however long. */
static void test_prose_keeps_commands_whole(struct fixture *f)
{
	struct prose p = { .out = &f->view, .indent = 2, .label_width = 8 };

	f->view.width = 40;
	prose_label(&p, "label", STYLE_NONE, "%s",
		    "bind the other: vfiotool bind 0000:01:00.1, or else: echo Y > /sys/module/a/parameters/b and so on modprobe a");
	fflush(f->view.stream);
	assert_string_equal(f->text, "  label   bind the other:\n"
				     "          vfiotool bind 0000:01:00.1, or\n"
				     "          else:\n"
				     "          echo Y > /sys/module/a/parameters/b\n"
				     "          and so on modprobe a\n");
}

static void test_prose_survives_a_narrow_terminal(struct fixture *f)
{
	struct prose p = { .out = &f->view, .indent = 2, .label_width = 8 };

	f->view.width = 20;
	prose_label(&p, "label", STYLE_NONE, "%s", "one two three four");
	fflush(f->view.stream);
	assert_string_equal(f->text, "  label\n    one two three\n    four\n");
}

/* C1 controls, marks of direction and DEL are no raw part of a document; other characters are. */
static void test_json_text_is_not_acted_on(struct fixture *f)
{
	static const char text[] = "\"\xc2\x9b"
				   "31m\xe2\x80\xaexx\x7f \xc3\xa4 \xf0\x9f\x98\x80\"";

	json_write(f->view.stream, text, strlen(text));
	fflush(f->view.stream);
	assert_string_equal(f->text, "\"\\u009b31m\\u202exx\\u007f \xc3\xa4 \xf0\x9f\x98\x80\"");
}
