/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "answer/markdown.h"
#include "base/buf.h"
#include "tests/unit/unit.h"

static const struct {
	const char *html, *markdown;
} markdown_rows[] = {
	{ "In 2019, <a href=\"https://a.example/\" target=\"_blank\">A</a> "
	  "lost "
	  "<em>some</em> data &amp; said &quot;sorry&quot;.",
	    "In 2019, [A](https://a.example/) lost *some* data & said "
	    "\"sorry\"." },
	{ "", "" }, { "a < b &lt; 3 && c", "a < b < 3 && c" },
	{ "<b>a</b><i>b</i><STRONG >c</STRONG><code>d</code>",
	    "**a***b***c**`d`" },
	{ "<p>a</p>\n<p>b<br>c<br/>d</p><ul><li>e</li>\n<li>f</ul>g",
	    "a\n\nb\nc\nd\n\n- e\n- f\n\ng" },
	{ "  <div>a</div> ", "a" }, { "<span class='x>y'>a</span>", "a" },
	/* What is no tag is text, which Markdown takes for none either. */
	{ "&lt;script>alert(1)&lt;/script>",
	    "&lt;script>alert(1)&lt;/script>" },
	{ "a <b", "a &lt;b" }, { "<script>if (a<b) x('</b>')</script >y", "y" },
	{ "<style>a{}</style>b<script>never ended", "b" },
	{ "a<!-- <b>no</b> -->b<!-- no", "ab" },
	/* Links. */
	{ "<a href='javascript:x()'>a</a>", "a" },
	{ "<a href=' JavaScript:x()'>a</a>", "a" },
	{ "<a href='java\nscript:x()'>a</a>", "a" },
	{ "<a href='&#106;avascript:x()'>a</a>", "a" },
	{ "<a href='data:text/html,x'>a</a>", "a" },
	{ "<a href=//a.example/x>a</a>", "[a](//a.example/x)" },
	{ "<a class=x href=/x?a=b&amp;c=d>a</a>", "[a](/x?a=b&c=d)" },
	{ "<a href='mailto:a@b.example'>a", "[a](mailto:a@b.example)" },
	{ "<a href='https://a.example/a_(b)'>a</a>",
	    "[a](https://a.example/a_(b))" },
	{ "<a href='https://a.example/a) [x](y'>a</a>",
	    "[a](https://a.example/a%29%20[x]%28y)" },
	{ "<a href='x'>a<a href='y'>b</a>", "[a](x)[b](y)" },
	{ "<a name=x>a</a>", "a" }, { "<a href=>a</a>", "a" },
	/* Characters. */
	{ "&eacute;&#233;&#xE9;&mdash;&nbsp;|&#x1F600;",
	    "&eacute;\xc3\xa9\xc3\xa9\xe2\x80\x94 |\xf0\x9f\x98\x80" },
	{ "&#0;&#x110000;&#xd800;&#x;&#99999999999999;&amp",
	    "&#0;&#x110000;"
	    "&#xd800;&#x;&#99999999999999;&amp" },
	{ "&#60;b&#62;", "&lt;b>" }, { "<>a</>", "<>a" }, { "a<", "a<" },
	{ "\xff<b>\xfe</b>", "\xff**\xfe**" }
};

START_TEST(html_becomes_markdown)
{
	struct buf b;
	size_t i;

	buf_init(&b, 1U << 20);
	for (i = 0; i < COUNT(markdown_rows); i++) {
		buf_reset(&b);
		markdown_add(
		    &b, markdown_rows[i].html, strlen(markdown_rows[i].html));
		ck_assert_str_eq(b.data, markdown_rows[i].markdown);
	}
	buf_free(&b);
}
END_TEST

/* What can be at the end of memory is not read beyond. */
START_TEST(each_beginning_is_taken)
{
	const char *html;
	struct buf b;
	size_t i, n;
	char *s;

	buf_init(&b, 1U << 20);
	for (i = 0; i < COUNT(markdown_rows); i++) {
		html = markdown_rows[i].html;
		for (n = 0; n <= strlen(html); n++) {
			s = malloc(n + (n == 0));
			memcpy(s, html, n);
			buf_reset(&b);
			markdown_add(&b, s, n);
			ck_assert(!b.failed);
			free(s);
		}
	}
	buf_free(&b);
}
END_TEST

START_TEST(what_does_not_fit_ends_it)
{
	char room[8];
	struct buf b;

	buf_fixed(&b, room, sizeof(room));
	markdown_add(&b, "<b>123456789</b>", 16);
	ck_assert(b.failed);
}
END_TEST

/* Not even one that would take minutes if each < were looked at up to the end of the
 * text. */
START_TEST(no_text_takes_long)
{
	static const char *const parts[] = { "<a", "<a b=\"<a b='",
		"<a =\"<a\" ='<a'", "<a href=\"((((((((\">", "<!--", "<!" };
	const size_t size = 1U << 21;
	char *html = malloc(size);
	struct buf b;
	size_t i, n, at;

	for (i = 0; i < COUNT(parts); i++) {
		n = strlen(parts[i]);
		for (at = 0; at + n <= size; at += n)
			memcpy(html + at, parts[i], n);
		buf_init(&b, 8U << 20);
		markdown_add(&b, html, at);
		ck_assert_msg(!b.failed, "%s", parts[i]);
		buf_free(&b);
	}
	free(html);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { html_becomes_markdown,
		each_beginning_is_taken, what_does_not_fit_ends_it,
		no_text_takes_long };

	return unit_run("markdown", tests, COUNT(tests));
}
